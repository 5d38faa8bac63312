//! Temporary keys that the identity services have issued, and a record of what they issued.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Caller, accounts::AccessKey};
use crate::clock::Moment;

/// The issued keys by their ids. Expired ones are kept, as calls with them are counted.
#[derive(Default)]
pub struct TemporaryKeys {
    issued: BTreeMap<String, TemporaryKey>,
}

pub struct TemporaryKey {
    pub key: AccessKey,
    pub caller: Caller,
    pub expires_at: Timestamp,
    /// Calls that were accepted.
    calls: u64,
    /// Calls that were rejected because the key had expired.
    rejected: u64,
}

impl TemporaryKeys {
    /// Issues a key with which requests are those of `caller`.
    pub fn issue(&mut self, caller: Caller, lifetime_s: u32, now: Moment) -> (AccessKey, Timestamp) {
        let random = || Uuid::new_v4().simple().to_string().to_uppercase();
        let part = |length: usize| random().get(..length).unwrap_or_default().to_owned();
        let key = AccessKey {
            id: format!("AKSIMULATOR{}", part(9)),
            secret: format!("SKsimulator/{}", part(28)),
            security_token: Some(format!("SIMULATEDSECURITYTOKEN{}{}+/=", random(), random())),
        };
        let expires_at = now.after_seconds(lifetime_s).timestamp;
        let entry = TemporaryKey { key: key.clone(), caller, expires_at, calls: 0, rejected: 0 };
        self.issued.insert(key.id.clone(), entry);
        (key, expires_at)
    }

    pub fn find(&self, id: &str) -> Option<&TemporaryKey> {
        self.issued.get(id)
    }

    /// Counts a call with a valid signature. Returns whether the key is still valid; one that does not exist never expires.
    pub fn count_call(&mut self, id: &str, now: Timestamp) -> bool {
        let Some(key) = self.issued.get_mut(id) else {
            return true;
        };
        let valid = now < key.expires_at;
        *(if valid { &mut key.calls } else { &mut key.rejected }) += 1;
        valid
    }

    pub fn expire_all(&mut self, now: Timestamp) {
        self.issued.values_mut().for_each(|key| key.expires_at = key.expires_at.min(now));
    }
}

/// What was issued for an identity: by whom, to whom, until when.
#[derive(Default)]
pub struct Exchanges {
    list: Vec<Exchange>,
    /// Calls that were rejected because their token had expired.
    pub rejected_tokens: u64,
}

pub struct Exchange {
    pub operation: &'static str,
    /// Who got it: a session, a subject, a user.
    pub subject: String,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
    /// `None`: it was a token.
    pub access_key: Option<String>,
}

impl Exchanges {
    pub fn record(&mut self, exchange: Exchange) {
        self.list.push(exchange);
    }

    /// As the admin API shows it.
    pub fn document(&self, keys: &TemporaryKeys) -> Value {
        let exchanges: Vec<Value> = self
            .list
            .iter()
            .map(|Exchange { operation, subject, issued_at, expires_at, access_key }| {
                let key = access_key.as_deref().and_then(|id| keys.find(id));
                json!({
                    "operation": operation, "subject": subject, "issued_at": issued_at.to_string(), "expires_at": expires_at.to_string(),
                    "access_key": access_key, "calls": key.map(|key| key.calls), "rejected": key.map(|key| key.rejected),
                })
            })
            .collect();
        let rejected: u64 = keys.issued.values().map(|key| key.rejected).sum();
        json!({
            "count": exchanges.len(), "exchanges": exchanges,
            "rejected_expired_keys": rejected, "rejected_expired_tokens": self.rejected_tokens,
        })
    }
}
