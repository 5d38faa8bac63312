//! The cache of the cloud: the LIST of one collection, shared by all reconciles, like an informer of Kubernetes.
//!
//! There is one [`CloudCache`] for each account and collection. It is filled by polling ([`refresh()`]) and by the answers to the operator's own
//! writes and reads ([`CloudCache::put`]). It knows nothing about kinds and specs: it reports which ids changed, and listeners map them to
//! objects.
//!
//! [`CloudCache::demand`] asks for data that is not older than an instant; the next LIST that starts after it serves all who wait.

mod items;
mod refresh;
mod view;

pub use refresh::{PollSchedule, refresh};
pub use view::View;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, broadcast};
use tokio::time::Instant;

use crate::cloud::{CloudError, ErrorClass, Item, Listed, Unreadable};
use items::{Entry, Items};

/// The result of a LIST.
#[derive(Clone, Debug)]
pub enum Event {
    /// It succeeded; these ids are new, changed or gone since the last one.
    Listed(Arc<HashSet<String>>),
    /// It failed, see [`View::error`].
    Failed,
}

/// How many events a slow listener may lag behind. One that lags further must process all objects.
const EVENTS: usize = 64;

/// The resources of one collection, as last read.
pub struct CloudCache<R> {
    inner: Mutex<Inner<R>>,
    /// Wakes the poller when the next LIST may be due earlier.
    wake: Notify,
    /// Cloned by all who wait for a change in the cloud; polling is active while a clone exists.
    active: ActivePolling,
    events: broadcast::Sender<Event>,
}

/// Keeps polling active for as long as it is held.
#[derive(Clone, Debug, Default)]
pub struct ActivePolling(Arc<()>);

struct Inner<R> {
    items: Items<R>,
    /// When the last successful LIST started.
    listed: Option<Instant>,
    created: Instant,
    /// The error of the last LIST, and since when all have failed.
    failing: Option<(CloudError, Instant)>,
    demanded: Option<Instant>,
    /// When active polling was last requested.
    active_since: Instant,
    /// When somebody last asked for the cache.
    asked: Instant,
    /// Nobody needs it: it is empty and not refreshed.
    is_resting: bool,
}

impl<R: Listed> CloudCache<R> {
    /// An empty cache. [`refresh()`] fills it.
    #[must_use]
    pub fn new() -> Self {
        let now = Instant::now();
        let inner = Inner {
            items: Items::default(),
            listed: None,
            created: now,
            failing: None,
            demanded: None,
            active_since: now,
            asked: now,
            is_resting: false,
        };
        Self { inner: Mutex::new(inner), wake: Notify::new(), active: ActivePolling::default(), events: broadcast::Sender::new(EVENTS) }
    }

    /// A snapshot of the present contents.
    #[must_use]
    pub fn view(&self) -> View<R> {
        let inner = self.lock();
        View { items: inner.items.clone(), listed: inner.listed, failing: inner.failing.clone() }
    }

    #[must_use]
    pub fn get(&self, id: &str) -> Option<Arc<R>> {
        self.lock().items.get(id).map(|entry| Arc::clone(&entry.item))
    }

    /// The items with fields that can't be read.
    #[must_use]
    pub fn unreadable(&self) -> Vec<Arc<Unreadable<R>>> {
        self.lock().items.unreadable().map(Arc::clone).collect()
    }

    /// Age of the last successful LIST (before the first one, of the cache itself), and number of resources.
    #[must_use]
    pub fn age_and_size(&self) -> (Duration, usize) {
        let inner = self.lock();
        (inner.listed.unwrap_or(inner.created).elapsed(), inner.items.len())
    }

    /// Somebody is about to use it. One that rests is refreshed again.
    pub fn ask(&self) {
        let mut inner = self.lock();
        inner.asked = Instant::now();
        if inner.is_resting {
            // A LIST that was under way may have filled it.
            inner.empty();
            (inner.is_resting, inner.created) = (false, inner.asked);
            drop(inner);
            self.wake.notify_one();
        }
    }

    /// Whether it is refreshed: somebody needs it, and the region has the collection.
    #[must_use]
    pub fn is_refreshed(&self) -> bool {
        let inner = self.lock();
        let is_unsupported = inner.failing.as_ref().is_some_and(|(error, _)| error.class == ErrorClass::Unsupported);
        !(inner.is_resting || inner.listed.is_none() && is_unsupported)
    }

    /// Empties it if nobody listens and nobody asked for it in the last `interval`. Then it rests until somebody asks again.
    fn rest_if_unneeded(&self, interval: Duration) -> bool {
        let mut inner = self.lock();
        if self.events.receiver_count() > 0 || self.is_active() || inner.asked.elapsed() < interval {
            return false;
        }
        inner.empty();
        inner.is_resting = true;
        true
    }

    /// Empties it, whoever listens. It rests until somebody asks again.
    pub fn rest(&self) {
        let mut inner = self.lock();
        inner.empty();
        inner.is_resting = true;
    }

    fn is_resting(&self) -> bool {
        self.lock().is_resting
    }

    async fn until_asked(&self) {
        loop {
            let woken = self.wake.notified();
            if !self.is_resting() {
                return;
            }
            woken.await;
        }
    }

    /// Events from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// Requests a LIST that starts at `instant` or later. One LIST serves all requests before it.
    pub fn demand(&self, instant: Instant) {
        let mut inner = self.lock();
        if inner.listed.is_none_or(|listed| listed < instant) {
            // The earliest request is kept: whoever is not satisfied by the next LIST repeats a later one.
            inner.demanded = Some(inner.demanded.map_or(instant, |demanded| demanded.min(instant)));
            drop(inner);
            self.wake.notify_one();
        }
    }

    /// Makes polling active for as long as the returned value is held. A caller that already `held` one of this cache does not restart the active
    /// interval.
    #[must_use]
    pub fn poll_actively(&self, held: Option<ActivePolling>) -> ActivePolling {
        if let Some(held) = held.filter(|held| Arc::ptr_eq(&held.0, &self.active.0)) {
            return held;
        }
        let active = self.active.clone();
        self.lock().active_since = Instant::now();
        self.wake.notify_one();
        active
    }

    fn is_active(&self) -> bool {
        Arc::strong_count(&self.active.0) > 1
    }

    /// Stores the answer to a call that was sent at `sent`, unless a later one is known.
    pub fn put(&self, item: R, sent: Instant) {
        let mut inner = self.lock();
        if inner.items.as_of(item.id()).is_none_or(|as_of| as_of <= sent) {
            inner.items.insert(Entry { item: Arc::new(item), as_of: sent });
        }
    }

    /// Stores the answer to a read that was sent at `sent`, unless the item is known: such a read can lag behind the LIST that shows it.
    pub fn put_new(&self, item: R, sent: Instant) {
        let mut inner = self.lock();
        if inner.items.as_of(item.id()).is_none() {
            inner.items.insert(Entry { item: Arc::new(item), as_of: sent });
        }
    }

    /// Stores a LIST that started at `started`, and returns the ids that changed.
    pub fn apply(&self, listed: Vec<Item<R>>, started: Instant) -> HashSet<String> {
        let mut inner = self.lock();
        let mut changed = HashSet::new();
        let mut present = HashSet::with_capacity(listed.len());
        for item in listed {
            let id = item.id().to_owned();
            // The answer to our own later call is newer than this LIST.
            let is_newer = inner.items.as_of(&id).is_some_and(|as_of| as_of > started);
            let is_same = match &item {
                Item::Readable(item) => inner.items.get(&id).is_some_and(|entry| *entry.item == *item),
                Item::Unreadable(item) => inner.items.get_unreadable(&id).is_some_and(|known| **known == *item),
            };
            if !is_newer && !is_same {
                changed.insert(id.clone());
                match item {
                    Item::Readable(item) => inner.items.insert(Entry { item: Arc::new(item), as_of: started }),
                    Item::Unreadable(item) => inner.items.insert_unreadable(Entry { item: Arc::new(item), as_of: started }),
                }
            }
            present.insert(id);
        }
        let gone = inner.items.ids().filter(|(id, as_of)| *as_of <= started && !present.contains(*id));
        let gone: Vec<String> = gone.map(|(id, _)| id.to_owned()).collect();
        for id in gone {
            inner.items.remove(&id);
            changed.insert(id);
        }
        inner.listed = Some(started);
        inner.failing = None;
        inner.demanded = inner.demanded.filter(|demanded| *demanded > started);
        changed
    }

    fn fail(&self, error: CloudError) {
        let mut inner = self.lock();
        let since = inner.failing.as_ref().map_or_else(Instant::now, |(_, since)| *since);
        inner.failing = Some((error, since));
    }

    fn lock(&self) -> MutexGuard<'_, Inner<R>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R> Inner<R> {
    fn empty(&mut self) {
        (self.items, self.listed, self.failing, self.demanded) = (Items::default(), None, None, None);
    }
}

impl<R: Listed> Default for CloudCache<R> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::VirtualGateway;
    use serde_json::json;

    #[tokio::test(start_paused = true)]
    async fn one_that_nobody_needs_rests_until_somebody_asks() {
        let (cache, interval) = (CloudCache::new(), Duration::from_mins(5));
        apply(&cache, vec![gateway("1", "a")], Instant::now());
        assert!(!cache.rest_if_unneeded(interval), "asked for just now");
        tokio::time::advance(interval).await;
        let listener = cache.subscribe();
        assert!(!cache.rest_if_unneeded(interval), "somebody listens");
        drop(listener);
        let waiting = cache.poll_actively(None);
        assert!(!cache.rest_if_unneeded(interval), "somebody waits for a change");
        drop(waiting);
        assert!(cache.is_refreshed() && cache.rest_if_unneeded(interval));
        assert!(!cache.is_refreshed() && !cache.view().is_filled() && names(&cache).is_empty(), "what is old is not shown");
        let mut asked = std::pin::pin!(cache.until_asked());
        assert!(futures::poll!(asked.as_mut()).is_pending());
        cache.ask();
        asked.await;
        assert!(cache.is_refreshed() && !cache.rest_if_unneeded(interval));
    }

    fn gateway(id: &str, name: &str) -> VirtualGateway {
        serde_json::from_value(json!({ "id": id, "name": name })).unwrap()
    }

    fn names(cache: &CloudCache<VirtualGateway>) -> Vec<(String, String)> {
        let mut names: Vec<_> = cache.view().iter().map(|item| (item.id.clone(), item.name.clone().unwrap())).collect();
        names.sort();
        names
    }

    fn apply(cache: &CloudCache<VirtualGateway>, listed: Vec<VirtualGateway>, started: Instant) -> HashSet<String> {
        cache.apply(listed.into_iter().map(Item::Readable).collect(), started)
    }

    fn set(ids: &[&str]) -> HashSet<String> {
        ids.iter().map(ToString::to_string).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_reports_what_is_new_changed_and_gone() {
        let cache = CloudCache::new();
        assert_eq!(apply(&cache, vec![gateway("a", "1"), gateway("b", "1"), gateway("c", "1")], Instant::now()), set(&["a", "b", "c"]));
        assert_eq!(apply(&cache, vec![gateway("a", "1"), gateway("b", "2"), gateway("d", "1")], Instant::now()), set(&["b", "c", "d"]));
        assert_eq!(names(&cache), [("a".into(), "1".into()), ("b".into(), "2".into()), ("d".into(), "1".into())]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_item_that_can_not_be_read_is_there_and_hides_no_other() {
        let cache = CloudCache::new();
        let odd = || {
            Item::Unreadable(Unreadable { rest: gateway("a", "1"), fields: vec!["bgp_asn".to_owned()], problem: "bgp_asn: …".to_owned() })
        };
        let list = |a: Item<VirtualGateway>| cache.apply(vec![a, Item::Readable(gateway("b", "1"))], Instant::now());
        list(Item::Readable(gateway("a", "1")));
        assert_eq!(list(odd()), set(&["a"]));
        assert_eq!(list(odd()), set(&[]), "it is told once");
        let view = cache.view();
        assert!(view.get("a").is_none() && view.get_unreadable("a").is_some() && view.get("b").is_some());
        assert_eq!((cache.unreadable().len(), cache.age_and_size().1), (1, 2));
        assert_eq!(list(Item::Readable(gateway("a", "1"))), set(&["a"]));
        assert!(cache.view().get("a").is_some() && cache.unreadable().is_empty());
        list(odd());
        assert_eq!(apply(&cache, vec![gateway("b", "1")], Instant::now()), set(&["a"]));
        assert!(cache.unreadable().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn an_older_answer_does_not_replace_a_newer_one() {
        let cache = CloudCache::new();
        let sent = Instant::now();
        tokio::time::advance(Duration::from_millis(1)).await;
        cache.put(gateway("a", "later"), Instant::now());
        cache.put(gateway("a", "earlier"), sent);
        assert_eq!(names(&cache), [("a".into(), "later".into())]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_read_of_one_resource_replaces_nothing() {
        let cache = CloudCache::new();
        apply(&cache, vec![gateway("a", "listed")], Instant::now());
        tokio::time::advance(Duration::from_millis(1)).await;
        cache.put_new(gateway("a", "read"), Instant::now());
        cache.put_new(gateway("b", "read"), Instant::now());
        assert_eq!(names(&cache), [("a".into(), "listed".into()), ("b".into(), "read".into())]);
    }

    #[tokio::test(start_paused = true)]
    async fn failures_count_from_the_first_failed_list() {
        let cache = CloudCache::<VirtualGateway>::new();
        let fail = || cache.fail(CloudError::from_answer("ListVirtualGateways", 500, None, b""));
        assert_eq!(cache.view().failing_for(), Duration::ZERO);
        for seconds in [0, 7, 14] {
            fail();
            assert_eq!(cache.view().failing_for(), Duration::from_secs(seconds));
            tokio::time::advance(Duration::from_secs(7)).await;
        }
        cache.apply(vec![], Instant::now());
        assert_eq!((cache.view().failing_for(), cache.view().error()), (Duration::ZERO, None));
        fail();
        assert_eq!(cache.view().failing_for(), Duration::ZERO);
    }

    #[test]
    fn polling_is_active_while_it_is_held() {
        let (cache, other) = (CloudCache::<VirtualGateway>::new(), CloudCache::<VirtualGateway>::new());
        let first = cache.poll_actively(None);
        let second = cache.poll_actively(Some(other.poll_actively(None)));
        assert!(cache.is_active() && !other.is_active());
        drop(first);
        let second = cache.poll_actively(Some(second));
        assert!(cache.is_active());
        drop(second);
        assert!(!cache.is_active());
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_that_started_before_a_write_does_not_undo_it() {
        let cache = CloudCache::new();
        let started = Instant::now();
        tokio::time::advance(Duration::from_millis(1)).await;
        cache.put(gateway("new", "ours"), Instant::now());
        cache.put(gateway("old", "changed"), Instant::now());
        assert_eq!(apply(&cache, vec![gateway("old", "before")], started), set(&[]));
        assert_eq!(names(&cache), [("new".into(), "ours".into()), ("old".into(), "changed".into())]);
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(apply(&cache, vec![gateway("old", "after")], Instant::now()), set(&["new", "old"]));
    }
}
