//! The accounts of the cloud: which are ready, with which client and mirrors. Fed by the reconcile of `CloudAccount`, asked by the engine.

mod reconcile;

pub use reconcile::controller;
pub(crate) use reconcile::waits;

use kube::core::{Selector, SelectorExt};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::broadcast;
use tokio::task::AbortHandle;

use crate::api::cloud_account::Namespaces;
use crate::api::{Defaults, Reason};
use crate::cloud::{Client, CloudError, Listed, VirtualGateway, VirtualInterface};
use crate::mirror::{Mirror, Rhythm, refresh};

/// An account that is ready.
pub struct Account {
    /// Its client.
    pub client: Arc<Client>,
    /// Defaults for objects that say nothing.
    pub defaults: Defaults,
    /// Namespaces that may use it; all when absent.
    pub open_to: Option<Namespaces>,
    /// Whether its region keeps tags.
    pub tags: bool,
    mirrors: Arc<Mirrors>,
}

/// Whether an account can be used.
#[derive(Clone)]
pub enum State {
    /// It can.
    Ready(Arc<Account>),
    /// It can't, for this reason.
    NotReady(Reason, String, Option<CloudError>),
}

/// All accounts by name.
pub struct Accounts {
    states: Mutex<HashMap<String, State>>,
    changed: broadcast::Sender<String>,
    /// Hot rhythm of the mirrors; the cold one is each account's own.
    hot: (Duration, Duration),
    call_limit: Duration,
}

/// One mirror for each collection, refreshed from the first time it is asked for.
pub struct Mirrors {
    client: Arc<Client>,
    rhythm: Rhythm,
    virtual_gateways: Slot<VirtualGateway>,
    virtual_interfaces: Slot<VirtualInterface>,
}

/// A mirror and the task that feeds it. Dropping it ends the task.
pub struct Slot<R>(OnceLock<(Arc<Mirror<R>>, AbortHandle)>);

/// A collection that is mirrored.
pub trait Mirrored: Listed {
    /// Its place among the account's mirrors.
    fn slot(mirrors: &Mirrors) -> &Slot<Self>;
}

impl Mirrored for VirtualGateway {
    fn slot(mirrors: &Mirrors) -> &Slot<Self> {
        &mirrors.virtual_gateways
    }
}

impl Mirrored for VirtualInterface {
    fn slot(mirrors: &Mirrors) -> &Slot<Self> {
        &mirrors.virtual_interfaces
    }
}

impl<R> Drop for Slot<R> {
    fn drop(&mut self) {
        if let Some((_, task)) = self.0.get() {
            task.abort();
        }
    }
}

impl Mirrors {
    fn new(client: Arc<Client>, rhythm: Rhythm) -> Self {
        Self { client, rhythm, virtual_gateways: Slot(OnceLock::new()), virtual_interfaces: Slot(OnceLock::new()) }
    }
}

impl Account {
    /// Whether objects of a namespace with these labels may use the account.
    #[must_use]
    pub fn is_open_to(&self, namespace: &str, labels: &BTreeMap<String, String>) -> bool {
        let Some(open_to) = &self.open_to else { return true };
        let named = open_to.names.as_ref().is_some_and(|names| names.iter().any(|name| name == namespace));
        // A selector that can't be read opens nothing.
        let selected =
            open_to.selector.clone().is_some_and(|selector| Selector::try_from(selector).is_ok_and(|selector| selector.matches(labels)));
        named || selected
    }

    /// The mirror of a collection.
    #[must_use]
    pub fn mirror<R: Mirrored>(&self) -> Arc<Mirror<R>> {
        let Mirrors { client, rhythm, .. } = self.mirrors.as_ref();
        let (mirror, _) = R::slot(&self.mirrors).0.get_or_init(|| {
            let mirror = Arc::new(Mirror::new());
            let task = tokio::spawn(refresh(Arc::clone(&mirror), Arc::clone(client), *rhythm));
            (mirror, task.abort_handle())
        });
        Arc::clone(mirror)
    }
}

impl Accounts {
    /// No accounts. `hot` are the first and the longest beat while something settles, `call_limit` the longest time of one call.
    #[must_use]
    pub fn new(hot: (Duration, Duration), call_limit: Duration) -> Self {
        /// A listener that lags behind this looks at everything.
        const EVENTS: usize = 64;
        Self { states: Mutex::default(), changed: broadcast::Sender::new(EVENTS), hot, call_limit }
    }

    /// Whether `name` can be used.
    #[must_use]
    pub fn get(&self, name: &str) -> State {
        self.states().get(name).cloned().unwrap_or_else(|| {
            State::NotReady(Reason::WaitingForAccount, format!("there is no CloudAccount {name}, or it has not been looked at yet"), None)
        })
    }

    /// Names of accounts whose state changes from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<String> {
        self.changed.subscribe()
    }

    /// Longest time of one call.
    #[must_use]
    pub const fn call_limit(&self) -> Duration {
        self.call_limit
    }

    fn set(&self, name: &str, state: State) {
        self.states().insert(name.to_owned(), state);
        let _ = self.changed.send(name.to_owned());
    }

    fn remove(&self, name: &str) {
        self.states().remove(name);
        let _ = self.changed.send(name.to_owned());
    }

    fn states(&self) -> MutexGuard<'_, HashMap<String, State>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
