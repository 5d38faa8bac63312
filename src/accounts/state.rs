//! All accounts by name, and whether each can be used.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::broadcast;

use super::account::{Account, ResourceType};
use crate::api::Reason;
use crate::cloud::{CloudError, Limits, Surroundings};
use crate::cluster::secrets::SecretNamespaces;

/// Whether an account can be used.
#[derive(Clone)]
pub enum State {
    /// It can.
    Ready(Arc<Account>),
    /// It can't, for this reason.
    NotReady(Reason, String, Option<CloudError>),
    /// It has not been looked at since the process began; it will be.
    Unknown,
}

/// What became of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Its state changed, or what it allows.
    State(String),
    /// A quota has room: that is news, or it may have come before anybody looked.
    Room {
        /// Name of the account.
        account: String,
        /// It had less before.
        news: bool,
    },
    /// Which accounts there are is known now.
    Listed,
}

/// All accounts by name.
pub struct Accounts {
    states: Mutex<States>,
    changed: broadcast::Sender<Change>,
    /// First and longest interval of active polling; the idle one is each account's own.
    pub(super) active: (Duration, Duration),
    limits: Limits,
    surroundings: Surroundings,
    secrets: SecretNamespaces,
    types: Arc<[ResourceType]>,
    cluster: String,
}

#[derive(Default)]
struct States {
    /// Of those that are there.
    by_name: HashMap<String, State>,
    /// All that are there have been listed.
    listed: bool,
}

impl Accounts {
    /// No accounts. `active` are the first and the longest interval between two LISTs while something settles, `limits` those of their clients, `surroundings`
    /// where credentials may come from that no Secret holds, `secrets` where Secrets may be read, `types` all resource types that they may be asked for,
    /// `cluster` the name of this cluster in owner tags.
    #[must_use]
    pub fn new(
        active: (Duration, Duration),
        limits: Limits,
        surroundings: Surroundings,
        secrets: SecretNamespaces,
        types: impl IntoIterator<Item = ResourceType>,
        cluster: String,
    ) -> Self {
        /// A listener that lags behind this looks at everything.
        const EVENTS: usize = 64;
        Self {
            states: Mutex::default(),
            changed: broadcast::Sender::new(EVENTS),
            active,
            limits,
            surroundings,
            secrets,
            types: types.into_iter().collect(),
            cluster,
        }
    }

    /// Where Secrets may be read.
    #[must_use]
    pub const fn secrets(&self) -> &SecretNamespaces {
        &self.secrets
    }

    /// Whether `name` can be used.
    #[must_use]
    pub fn get(&self, name: &str) -> State {
        let states = self.states();
        match states.by_name.get(name) {
            Some(state) => state.clone(),
            None if states.listed => State::NotReady(Reason::WaitingForAccount, format!("CloudAccount {name} does not exist"), None),
            None => State::Unknown,
        }
    }

    /// There is an account of this name.
    pub(super) fn there_is(&self, name: &str) {
        self.states().by_name.entry(name.to_owned()).or_insert(State::Unknown);
    }

    /// All accounts are listed: one that is not there does not exist.
    pub(super) fn listed(&self) {
        let news = !std::mem::replace(&mut self.states().listed, true);
        if news {
            let _ = self.changed.send(Change::Listed);
        }
    }

    /// Resolves when it is known which accounts there are.
    pub async fn until_listed(&self) {
        let mut changes = self.subscribe();
        while !self.states().listed {
            // The sender lives as long as this does; one that lags looks again.
            let _ = changes.recv().await;
        }
    }

    /// Changes from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.changed.subscribe()
    }

    /// Limits of the clients.
    #[must_use]
    pub const fn limits(&self) -> Limits {
        self.limits
    }

    /// Where credentials may come from that no Secret holds.
    #[must_use]
    pub const fn surroundings(&self) -> &Surroundings {
        &self.surroundings
    }

    /// The name of this cluster in owner tags.
    #[must_use]
    pub fn cluster(&self) -> &str {
        &self.cluster
    }

    /// Types of the resources that accounts may be asked for.
    pub(super) fn types(&self) -> Arc<[ResourceType]> {
        Arc::clone(&self.types)
    }

    pub(super) fn set(&self, name: &str, state: State) {
        // One that went meanwhile does not come back by it.
        match self.states().by_name.get_mut(name) {
            Some(present) => *present = state,
            None => return,
        }
        let _ = self.changed.send(Change::State(name.to_owned()));
    }

    pub(super) fn room(&self, name: &str, news: bool) {
        let _ = self.changed.send(Change::Room { account: name.to_owned(), news });
    }

    pub(super) fn remove(&self, name: &str) {
        self.states().by_name.remove(name);
        let _ = self.changed.send(Change::State(name.to_owned()));
    }

    fn states(&self) -> MutexGuard<'_, States> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
