//! The services that issue temporary keys and tokens for an identity: STS, IAM, the metadata service and the pod identity agent of a node.
//!
//! They know nothing of sockets, faults or the journal, which `server/handle.rs` adds.

pub mod iam;
pub mod metadata;
pub mod pod_identity;
pub mod sts;

use jiff::Timestamp;

use crate::{
    auth::{
        Caller, Issued,
        accounts::{AccessKey, Account},
        temporary_keys::Exchange,
    },
    clock::Moment,
    http::{ApiError, HttpResponse, Request},
    settings::{Agency, Settings},
};

/// A request to one of these services.
pub struct Call<'a> {
    /// The name of the operation.
    pub operation: &'static str,
    pub request: &'a Request,
    pub accounts: &'a [Account],
    pub settings: &'a Settings,
    pub now: Moment,
    pub request_id: &'a str,
}

pub type Operation = fn(&mut Issued, &Call<'_>) -> Result<HttpResponse, ApiError>;

/// A temporary key with its end.
pub struct Keys {
    key: AccessKey,
    expires_at: Timestamp,
}

impl Call<'_> {
    /// The account of a setting, where none is the first.
    fn account(&self, domain: Option<&str>) -> Option<&Account> {
        self.accounts.iter().find(|account| domain.is_none_or(|domain| account.domain == domain))
    }

    fn account_of(&self, agency: &Agency) -> Option<&Account> {
        self.account(agency.domain.as_deref())
    }

    /// The resource that a name such as `iam::ACCOUNT:agency:NAME` stands for: the id of the account, and the name.
    fn urn<'u>(urn: &'u str, kind: &str) -> Option<(&'u str, &'u str)> {
        match urn.splitn(5, ':').collect::<Vec<_>>().as_slice() {
            ["iam", "", account, of, name] if *of == kind => Some((account, name)),
            _ => None,
        }
    }

    /// Issues a temporary key with which requests are those of `user` in the account, and records it for `subject`.
    fn issue_keys(&self, issued: &mut Issued, account: &Account, user: &str, subject: &str, asked_s: u32) -> Keys {
        let caller = Caller { user: user.to_owned(), ..Caller::for_project(account) };
        let (key, expires_at) = issued.keys.issue(caller, self.settings.identity.lifetime(asked_s), self.now);
        self.record(issued, subject, expires_at, Some(key.id.clone()));
        Keys { key, expires_at }
    }

    fn record(&self, issued: &mut Issued, subject: &str, expires_at: Timestamp, access_key: Option<String>) {
        let (operation, issued_at) = (self.operation, self.now.timestamp);
        issued.exchanges.record(Exchange { operation, subject: subject.to_owned(), issued_at, expires_at, access_key });
    }
}

impl Keys {
    fn security_token(&self) -> &str {
        self.key.security_token.as_deref().unwrap_or_default()
    }

    /// The format of STS: UTC with milliseconds.
    fn expiration(&self) -> String {
        self.expires_at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
    }
}
