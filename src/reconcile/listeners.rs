//! Who wakes a kind's objects besides their watch: the caches of the cloud, and the accounts.

use kube::runtime::reflector::ObjectRef;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::broadcast::error::RecvError;

use crate::accounts::Change;
use crate::cache::{CloudCache, Event};
use crate::cloud::Listed;
use crate::graph::owner::{OWNER_TAG, object_of};

use super::kind::Kind;
use super::object_state::Tracked;
use super::reconciler::Reconciler;

/// Caches that a kind listens to, by address.
#[derive(Default)]
pub struct Listeners(Mutex<HashSet<usize>>);

impl Listeners {
    fn add(&self, address: usize) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(address)
    }

    fn remove(&self, address: usize) {
        self.remove_if(address, || true);
    }

    /// Whoever listens meanwhile for an object that came finds it removed, or comes in time for the condition.
    fn remove_if(&self, address: usize, condition: impl FnOnce() -> bool) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_to_go = condition();
        if is_to_go {
            all.remove(&address);
        }
        is_to_go
    }
}

impl<K: Kind> Reconciler<K> {
    /// Listens to a cache from the first time that one of its objects is reconciled until the account has none of them left.
    pub(super) fn listen(self: &Arc<Self>, account: &str, cache: &Arc<CloudCache<K::Listed>>) {
        let address = Arc::as_ptr(cache).addr();
        if !self.listeners.add(address) {
            return;
        }
        let (reconciler, account, mut events) = (Arc::clone(self), account.to_owned(), cache.subscribe());
        // For as long as this is held no other cache can have the address.
        let held = Arc::downgrade(cache);
        tokio::spawn(async move {
            loop {
                match events.recv().await {
                    Ok(Event::Listed(changed)) => {
                        reconciler
                            .wake_where(&account, |tracked| tracked.awaits_list || tracked.watched.iter().any(|id| changed.contains(id)));
                        if let Some(cache) = held.upgrade() {
                            reconciler.wake_owners(&cache, &changed);
                        }
                    }
                    Ok(Event::Failed) => reconciler.wake_where(&account, |tracked| tracked.awaits_list),
                    Err(RecvError::Lagged(_)) => reconciler.wake_where(&account, |_| true),
                    // The cache is gone.
                    Err(RecvError::Closed) => return reconciler.listeners.remove(address),
                }
                if reconciler.listeners.remove_if(address, || !reconciler.states.has_any(&account)) {
                    return;
                }
            }
        });
    }

    /// Wakes the objects whose owner tag is on a resource that changed: it may be another one than theirs.
    fn wake_owners(&self, cache: &CloudCache<K::Listed>, changed: &HashSet<String>) {
        let view = cache.view();
        let tags = changed.iter().filter_map(|id| view.get(id)).flat_map(|listed| listed.tags()).filter(|tag| tag.key == OWNER_TAG);
        for owner in tags.filter_map(|tag| object_of(&tag.value, K::NAME, &self.cluster)) {
            self.wake_by_name(&owner.namespace, &owner.name);
        }
    }

    /// Wakes the objects of an account that `concerned` picks.
    fn wake_where(&self, account: &str, concerned: impl Fn(&mut Tracked<K::Object>) -> bool) {
        for object in self.states.concerned(account, concerned) {
            let _ = self.wake.send(ObjectRef::from_obj(object.as_ref()));
        }
    }
}

/// An account that changes concerns all its objects.
pub(super) async fn listen_to_accounts<K: Kind>(reconciler: Arc<Reconciler<K>>) {
    let mut changes = reconciler.accounts.subscribe();
    loop {
        match changes.recv().await {
            Ok(Change::State(name)) => reconciler.wake_where(&name, |_| true),
            Ok(Change::Room { account, news }) => reconciler.wake_where(&account, |tracked| tracked.take_room(news)),
            Ok(Change::Listed) | Err(RecvError::Lagged(_)) => {
                for object in reconciler.store.state() {
                    reconciler.wake(object.as_ref());
                }
            }
            Err(RecvError::Closed) => return,
        }
    }
}
