//! What all reconciles of accounts share, and what is kept of each account between two of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;
use tokio::time::Instant;

use super::caches::CloudCaches;
use super::inventory::Looks;
use super::state::Accounts;
use crate::api::CloudAccount;
use crate::api::cloud_account::Quota;
use crate::cloud::Settings;
use crate::cluster::status_writer::StatusWriter;
use crate::cluster::watch::shard::Shard;
use crate::graph::{Index, ObjectKey};
use crate::shutdown;
use crate::telemetry::metrics::{self, Metrics};

/// What all reconciles share.
pub(super) struct Context {
    pub client: kube::Client,
    pub statuses: StatusWriter<CloudAccount>,
    pub accounts: Arc<Accounts>,
    pub index: Arc<Index>,
    /// The objects that are known.
    pub shard: Shard,
    pub reconcile: metrics::Reconcile,
    pub cloud: metrics::Cloud,
    /// True once the process is to end.
    stop: watch::Receiver<bool>,
    known: Mutex<HashMap<String, Known>>,
}

/// What the last pass used and found.
#[derive(Default)]
pub(super) struct Known {
    pub built: Option<Built>,
    pub failures: u32,
    /// Reconciles that failed at the API server, one after the other.
    pub refused: u32,
    /// Credentials that were rejected are left alone until then.
    pub check_at: Option<Instant>,
    /// What is to be said of the account's Secret while it is being deleted.
    pub secret_goes: Option<String>,
    /// Since when it waits for a pass.
    pub queued: Option<Instant>,
    /// For the inventory. A new client does not begin anew: an account leads to the same resources with other credentials.
    pub looks: Looks,
}

/// A client that was made, and what it was made of.
#[derive(Clone)]
pub(super) struct Built {
    pub settings: Settings,
    /// Fingerprint of the credentials: of their settings, and of what is in the Secret, whose metadata may change without it.
    pub fingerprint: [u8; 32],
    pub caches: Arc<CloudCaches>,
    pub quotas: Vec<Quota>,
    /// When they were; never before a client has proved itself.
    pub quotas_read: Option<Instant>,
    /// When they were first read since somebody began to wait for room: more than that is news.
    pub watched: Option<Instant>,
}

impl Context {
    pub fn new(
        client: kube::Client,
        accounts: Arc<Accounts>,
        index: Arc<Index>,
        shard: Shard,
        stop: watch::Receiver<bool>,
        metrics: &Metrics,
    ) -> Self {
        let (reconcile, cloud) = (metrics.reconcile.clone(), metrics.cloud.clone());
        Self {
            statuses: StatusWriter::new(client.clone()),
            client,
            accounts,
            index,
            shard,
            reconcile,
            cloud,
            stop,
            known: Mutex::default(),
        }
    }

    /// Resolves when the process is to end.
    pub async fn stopped(&self) {
        shutdown::stopped(self.stop.clone()).await;
    }

    /// Works on what is known of one account. Of one that went meanwhile nothing is kept: it would be kept for ever.
    pub fn known<T>(&self, name: &str, work: impl FnOnce(&mut Known) -> T) -> T {
        match self.all_known().get_mut(name) {
            Some(known) => work(known),
            None => work(&mut Known::default()),
        }
    }

    /// An account is there, new or changed.
    pub fn there_is(&self, name: &str) {
        self.accounts.there_is(name);
        self.all_known().entry(name.to_owned()).or_default();
        self.queue(name);
    }

    /// An account was changed or woken.
    pub fn queue(&self, name: &str) {
        self.known(name, |known| _ = known.queued.get_or_insert_with(Instant::now));
    }

    /// What is known of all accounts, by name.
    pub fn all_known(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The account is gone.
    pub fn forget(&self, name: &str) {
        self.all_known().remove(name);
        self.index.forget(&ObjectKey::account(name));
        self.accounts.remove(name);
    }
}
