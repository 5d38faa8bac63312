//! The accounts of the cloud: which are ready, with which client and caches. Fed by the reconcile of `CloudAccount`, asked by the reconciler.

mod context;
mod figures;
mod grants;
mod prepare;
mod reconcile;
mod secrets;

pub use grants::{IMPORT, Use, What};
pub(crate) use prepare::waits;
pub use reconcile::controller;

use kube::core::{Selector, SelectorExt};
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::broadcast;
use tokio::task::AbortHandle;

use crate::api::cloud_account::{Feature, Grant, Namespaces};
use crate::api::{Defaults, Reason};
use crate::cache::{CloudCache, PollSchedule, refresh};
use crate::cloud::{Client, CloudError, ErrorClass, Limits, Listed, Tag, VirtualGateway, VirtualInterface};
use crate::cluster::finalizer::RenamedFinalizer;
use crate::cluster::shard::Shard;
use crate::graph::Key;
use crate::graph::owner::{OWNER_TAG, keeper_of};

/// An account that is ready.
pub struct Account {
    /// Its client.
    pub client: Arc<Client>,
    /// Defaults for objects that say nothing.
    pub defaults: Defaults,
    /// Namespaces that may use it; all when absent.
    pub open_to: Option<Namespaces>,
    /// Who may use what.
    grants: Vec<Grant>,
    /// Whether its region keeps tags.
    tags: Feature,
    caches: Arc<CloudCaches>,
}

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

/// What stands behind the id of a cloud resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Behind {
    /// It has not been looked at yet; it will be.
    Unknown,
    /// The cloud has no such resource.
    Absent,
    /// This is used with it, and this object of the cluster owns it by its tag.
    There(Vec<What>, Option<Key>),
}

/// All accounts by name.
pub struct Accounts {
    states: Mutex<States>,
    changed: broadcast::Sender<Change>,
    /// Hot rhythm of the caches; the idle one is each account's own.
    active: (Duration, Duration),
    limits: Limits,
}

#[derive(Default)]
struct States {
    /// Of those that are there.
    by_name: HashMap<String, State>,
    /// All that are there have been listed.
    listed: bool,
}

/// What keeps an account and its Secret while objects need them. Operators of different shards share accounts: each has a finalizer of its own,
/// since it knows of its own objects only.
fn in_use(shard: &Shard) -> RenamedFinalizer {
    shard.finalizer("directconnect.huaweicloud.com/account-in-use")
}

/// One cache for each collection, refreshed from the first time it is asked for.
pub struct CloudCaches {
    /// Name of the account.
    account: String,
    client: Arc<Client>,
    rhythm: PollSchedule,
    /// Hears of rejected credentials.
    watch: AbortHandle,
    /// The region was found not to know tags.
    tags_refused: AtomicBool,
    /// Somebody waits for room in a quota.
    quotas_watched: AtomicBool,
    virtual_gateways: Slot<VirtualGateway>,
    virtual_interfaces: Slot<VirtualInterface>,
}

/// A cache and the task that feeds it. Dropping it ends the task.
pub struct Slot<R>(OnceLock<(Arc<CloudCache<R>>, AbortHandle)>);

/// A collection that is mirrored.
pub trait Cached: Listed {
    /// Its place among the account's caches.
    fn slot(caches: &CloudCaches) -> &Slot<Self>;
}

impl Cached for VirtualGateway {
    fn slot(caches: &CloudCaches) -> &Slot<Self> {
        &caches.virtual_gateways
    }
}

impl Cached for VirtualInterface {
    fn slot(caches: &CloudCaches) -> &Slot<Self> {
        &caches.virtual_interfaces
    }
}

impl<R> Drop for Slot<R> {
    fn drop(&mut self) {
        if let Some((_, task)) = self.0.get() {
            task.abort();
        }
    }
}

impl Drop for CloudCaches {
    fn drop(&mut self) {
        self.watch.abort();
    }
}

impl CloudCaches {
    fn new(account: String, client: Arc<Client>, rhythm: PollSchedule, watch: AbortHandle) -> Self {
        Self {
            account,
            client,
            rhythm,
            watch,
            tags_refused: AtomicBool::new(false),
            quotas_watched: AtomicBool::new(false),
            virtual_gateways: Slot(OnceLock::new()),
            virtual_interfaces: Slot(OnceLock::new()),
        }
    }
}

impl Account {
    /// Whether objects of a namespace with these labels may use the account.
    #[must_use]
    pub fn is_open_to(&self, namespace: &str, labels: &BTreeMap<String, String>) -> bool {
        self.open_to.as_ref().is_none_or(|open_to| includes(open_to, namespace, labels))
    }

    /// Whether objects of a namespace with these labels may use all of `uses`.
    ///
    /// # Errors
    /// With the field, its value and what is allowed.
    pub fn grants(&self, namespace: &str, labels: &BTreeMap<String, String>, uses: &[Use]) -> Result<(), String> {
        grants::check(&self.grants, namespace, labels, uses)
    }

    /// Whether there are limits at all to what its objects may use.
    #[must_use]
    pub fn has_grants(&self) -> bool {
        !self.grants.is_empty()
    }

    /// What stands behind a cloud resource that a spec names by its id. `cluster` names this cluster in owner's tags.
    #[must_use]
    pub fn behind(&self, kind: &'static str, id: &str, cluster: &str) -> Behind {
        let keeper = |tags: &[Tag]| keeper_of(&tags.iter().find(|tag| tag.key == OWNER_TAG)?.value, kind, cluster);
        let network = |id: &Option<String>| id.clone().map(What::Network);
        let connection = |id: &Option<String>| id.clone().map(What::Connection);
        match kind {
            "VirtualGateway" => self.look::<VirtualGateway>(id, |gateway| {
                (network(&gateway.vpc_id).into_iter().chain(network(&gateway.enterprise_router_id)).collect(), keeper(&gateway.tags))
            }),
            _ => self.look::<VirtualInterface>(id, |interface| {
                let line = connection(&interface.direct_connect_id).into_iter().chain(connection(&interface.lag_id));
                (line.chain(interface.vlan.map(What::Vlan)).collect(), keeper(&interface.tags))
            }),
        }
    }

    fn look<R: Cached>(&self, id: &str, behind: impl Fn(&R) -> (Vec<What>, Option<Key>)) -> Behind {
        let view = self.cache::<R>().view();
        match view.get(id) {
            Some(item) => {
                let (uses, keeper) = behind(item);
                Behind::There(uses, keeper)
            }
            None if view.is_filled() => Behind::Absent,
            None => Behind::Unknown,
        }
    }

    /// Whether the region keeps tags, as far as is known.
    #[must_use]
    pub fn keeps_tags(&self) -> bool {
        match self.tags {
            Feature::Enabled => true,
            Feature::Disabled => false,
            Feature::Auto => !self.caches.tags_refused.load(Ordering::Relaxed),
        }
    }

    /// Whether the region has no operation that changes tags.
    #[must_use]
    pub fn lacks_tag_operation(&self, error: &CloudError) -> bool {
        self.tags == Feature::Auto && error.class == ErrorClass::Unsupported && error.operation == "BatchCreateResourceTags"
    }

    /// Whether a create that carried tags may have been refused for them: nothing is known yet of tags in this region.
    #[must_use]
    pub fn may_refuse_tags(&self, error: &CloudError) -> bool {
        self.tags == Feature::Auto && error.class == ErrorClass::Invalid && self.keeps_tags() && !self.shows_tags()
    }

    /// Concludes that the region does not support tags.
    pub fn do_without_tags(&self) {
        if !self.caches.tags_refused.swap(true, Ordering::Relaxed) {
            tracing::info!("the region does not support tags: resources are found by intents and natural keys alone");
        }
    }

    /// Whether a resource of ours is seen with its tag: then it is not tags as such that the region refuses.
    fn shows_tags(&self) -> bool {
        let is_ours = |tags: &[Tag]| tags.iter().any(|tag| tag.key == OWNER_TAG);
        self.cache::<VirtualGateway>().view().iter().any(|gateway| is_ours(&gateway.tags))
            || self.cache::<VirtualInterface>().view().iter().any(|interface| is_ours(&interface.tags))
    }

    /// Somebody waits for room in a quota: they are read often until there is some.
    pub fn watch_quotas(&self) {
        self.caches.quotas_watched.store(true, Ordering::Relaxed);
    }

    /// The cache of a collection.
    #[must_use]
    pub fn cache<R: Cached>(&self) -> Arc<CloudCache<R>> {
        let CloudCaches { account, client, rhythm, .. } = self.caches.as_ref();
        let (cache, _) = R::slot(&self.caches).0.get_or_init(|| {
            let cache = Arc::new(CloudCache::new());
            let task = tokio::spawn(refresh(Arc::clone(&cache), Arc::clone(client), *rhythm, account.clone()));
            (cache, task.abort_handle())
        });
        Arc::clone(cache)
    }
}

impl Accounts {
    /// No accounts. `active` are the first and the longest beat while something settles, `limits` those of their clients.
    #[must_use]
    pub fn new(active: (Duration, Duration), limits: Limits) -> Self {
        /// A listener that lags behind this looks at everything.
        const EVENTS: usize = 64;
        Self { states: Mutex::default(), changed: broadcast::Sender::new(EVENTS), active, limits }
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
    fn there_is(&self, name: &str) {
        self.states().by_name.entry(name.to_owned()).or_insert(State::Unknown);
    }

    /// All accounts are listed: one that is not there does not exist.
    fn listed(&self) {
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

    fn set(&self, name: &str, state: State) {
        // One that went meanwhile does not come back by it.
        match self.states().by_name.get_mut(name) {
            Some(present) => *present = state,
            None => return,
        }
        let _ = self.changed.send(Change::State(name.to_owned()));
    }

    fn room(&self, name: &str, news: bool) {
        let _ = self.changed.send(Change::Room { account: name.to_owned(), news });
    }

    fn remove(&self, name: &str) {
        self.states().by_name.remove(name);
        let _ = self.changed.send(Change::State(name.to_owned()));
    }

    fn states(&self) -> MutexGuard<'_, States> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a namespace with these labels is among `namespaces`.
fn includes(namespaces: &Namespaces, namespace: &str, labels: &BTreeMap<String, String>) -> bool {
    let named = namespaces.names.as_ref().is_some_and(|names| names.iter().any(|name| name == namespace));
    // A selector that can't be read opens nothing.
    let selected =
        namespaces.selector.clone().is_some_and(|selector| Selector::try_from(selector).is_ok_and(|selector| selector.matches(labels)));
    named || selected
}
