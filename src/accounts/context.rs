//! What all passes over accounts share, and what is remembered of each account between two of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::time::Instant;

use super::{Accounts, Mirrors};
use crate::api::cloud_account::Quota;
use crate::cloud::Settings;
use crate::index::{Index, Key};

/// What all passes share.
pub(super) struct Context {
    pub client: kube::Client,
    pub accounts: Arc<Accounts>,
    pub index: Arc<Index>,
    /// The only namespace whose objects are known.
    pub namespace: Option<String>,
    known: Mutex<HashMap<String, Known>>,
}

/// What the last pass used and found.
#[derive(Default)]
pub(super) struct Known {
    pub built: Option<Built>,
    pub failures: u32,
    /// Credentials that were rejected are left alone until then.
    pub probe_at: Option<Instant>,
}

/// A client that was made, and what it was made of.
#[derive(Clone)]
pub(super) struct Built {
    pub settings: Settings,
    /// Fingerprint of what is in the Secret: its metadata may change without it.
    pub secret: [u8; 32],
    pub mirrors: Arc<Mirrors>,
    pub quotas: Vec<Quota>,
    /// When they were; never before a client has proved itself.
    pub quotas_read: Option<Instant>,
    /// When they were first read since somebody began to wait for room: more than that is news.
    pub watched: Option<Instant>,
}

impl Context {
    pub fn new(client: kube::Client, accounts: Arc<Accounts>, index: Arc<Index>, namespace: Option<String>) -> Self {
        Self { client, accounts, index, namespace, known: Mutex::default() }
    }

    /// Works on what is known of one account.
    pub fn known<T>(&self, name: &str, work: impl FnOnce(&mut Known) -> T) -> T {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        work(known.entry(name.to_owned()).or_default())
    }

    /// The account is gone.
    pub fn forget(&self, name: &str) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        self.index.forget(&Key::account(name));
        self.accounts.remove(name);
    }
}
