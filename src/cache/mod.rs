//! The cloud informer: what the cloud's LIST of one collection showed, kept for all who ask.
//!
//! One [`CloudCache`] for each account and collection. It is fed by a refresher ([`refresh()`]) and by the answers to our own writes and reads
//! ([`CloudCache::put`]). It knows nothing of kinds and specs: it tells which ids changed, and who cares is for the listener to know.
//!
//! Freshness is asked for, not assumed: [`CloudCache::demand`] names an instant, and the next LIST that begins after it serves all who wait.

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

use crate::cloud::{CloudError, Listed};
use items::{Entry, Items};

/// What a refresh brought.
#[derive(Clone, Debug)]
pub enum Event {
    /// A LIST was read; these ids are new, changed or missing since the last one.
    Listed(Arc<HashSet<String>>),
    /// A LIST failed; [`View::error`] says how.
    Failed,
}

/// How many events a slow listener may lag behind; one that lags must look at everything.
const EVENTS: usize = 64;

/// The cloud's resources of one collection, as last seen.
pub struct CloudCache<R> {
    state: Mutex<State<R>>,
    wanted: Notify,
    /// Shared with all who wait for a change in the cloud; the rhythm is active while somebody does.
    attention: ActivePolling,
    events: broadcast::Sender<Event>,
}

/// Keeps the rhythm of a cache active for as long as it is held.
#[derive(Clone, Debug, Default)]
pub struct ActivePolling(Arc<()>);

struct State<R> {
    items: Items<R>,
    listed: Option<Instant>,
    /// When it was made.
    made: Instant,
    /// Why the last LIST failed, and since when all have.
    failing: Option<(CloudError, Instant)>,
    demanded: Option<Instant>,
    /// When the latest of those came who wait for a change.
    active_since: Instant,
}

impl<R: Listed> CloudCache<R> {
    /// An empty cache that nobody refreshes yet.
    #[must_use]
    pub fn new() -> Self {
        let now = Instant::now();
        let state = State { items: Items::default(), listed: None, made: now, failing: None, demanded: None, active_since: now };
        Self {
            state: Mutex::new(state),
            wanted: Notify::new(),
            attention: ActivePolling::default(),
            events: broadcast::Sender::new(EVENTS),
        }
    }

    /// What is known now.
    #[must_use]
    pub fn view(&self) -> View<R> {
        let state = self.state();
        View { items: state.items.clone(), listed: state.listed, failing: state.failing.clone() }
    }

    /// One resource as last seen.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<Arc<R>> {
        self.state().items.get(id).map(|entry| Arc::clone(&entry.item))
    }

    /// How old the latest LIST is (before the first one, the cache itself), and how many resources are held.
    #[must_use]
    pub fn standing(&self) -> (Duration, usize) {
        let state = self.state();
        (state.listed.unwrap_or(state.made).elapsed(), state.items.len())
    }

    /// Events from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// Asks for a LIST that begins at `instant` or later; shared with all who ask.
    pub fn demand(&self, instant: Instant) {
        let mut state = self.state();
        if state.listed.is_none_or(|listed| listed < instant) {
            // The earliest demand stands: later ones are raised again by whoever the next LIST does not satisfy.
            state.demanded = Some(state.demanded.map_or(instant, |demanded| demanded.min(instant)));
            drop(state);
            self.wanted.notify_one();
        }
    }

    /// Makes the rhythm active for as long as the answer is kept. Who already `held` this cache's has not begun to wait anew.
    #[must_use]
    pub fn poll_actively(&self, held: Option<ActivePolling>) -> ActivePolling {
        if let Some(held) = held.filter(|held| Arc::ptr_eq(&held.0, &self.attention.0)) {
            return held;
        }
        let attention = self.attention.clone();
        self.state().active_since = Instant::now();
        self.wanted.notify_one();
        attention
    }

    fn is_active(&self) -> bool {
        Arc::strong_count(&self.attention.0) > 1
    }

    /// Takes the answer to a call that was sent at `sent`, unless a later one is known.
    pub fn put(&self, item: R, sent: Instant) {
        let mut state = self.state();
        if state.items.get(item.id()).is_none_or(|known| known.as_of <= sent) {
            state.items.insert(Entry { item: Arc::new(item), as_of: sent });
        }
    }

    /// Takes the news that `id` is gone, by a call that was sent at `sent`.
    pub fn remove(&self, id: &str, sent: Instant) {
        let mut state = self.state();
        if state.items.get(id).is_some_and(|known| known.as_of <= sent) {
            state.items.remove(id);
        }
    }

    /// Takes a LIST that was begun at `begun`, and tells what changed.
    pub fn apply(&self, listed: Vec<R>, begun: Instant) -> HashSet<String> {
        let mut state = self.state();
        let mut changed = HashSet::new();
        let mut there = HashSet::with_capacity(listed.len());
        for item in listed {
            there.insert(item.id().to_owned());
            match state.items.get(item.id()) {
                // Our own later write knows more than this LIST.
                Some(entry) if entry.as_of > begun => {}
                Some(entry) if *entry.item == item => {}
                _ => {
                    changed.insert(item.id().to_owned());
                    state.items.insert(Entry { item: Arc::new(item), as_of: begun });
                }
            }
        }
        let gone = state.items.iter().filter(|entry| entry.as_of <= begun && !there.contains(entry.item.id()));
        let gone: Vec<String> = gone.map(|entry| entry.item.id().to_owned()).collect();
        for id in gone {
            state.items.remove(&id);
            changed.insert(id);
        }
        state.listed = Some(begun);
        state.failing = None;
        state.demanded = state.demanded.filter(|demanded| *demanded > begun);
        changed
    }

    fn fail(&self, error: CloudError) {
        let mut state = self.state();
        let since = state.failing.as_ref().map_or_else(Instant::now, |(_, since)| *since);
        state.failing = Some((error, since));
    }

    fn state(&self) -> MutexGuard<'_, State<R>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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

    fn gateway(id: &str, name: &str) -> VirtualGateway {
        serde_json::from_value(json!({ "id": id, "name": name })).unwrap()
    }

    fn names(cache: &CloudCache<VirtualGateway>) -> Vec<(String, String)> {
        let mut names: Vec<_> = cache.view().iter().map(|item| (item.id.clone(), item.name.clone().unwrap())).collect();
        names.sort();
        names
    }

    fn set(ids: &[&str]) -> HashSet<String> {
        ids.iter().map(ToString::to_string).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_tells_what_is_new_changed_and_missing() {
        let cache = CloudCache::new();
        assert_eq!(cache.apply(vec![gateway("a", "1"), gateway("b", "1"), gateway("c", "1")], Instant::now()), set(&["a", "b", "c"]));
        assert_eq!(cache.apply(vec![gateway("a", "1"), gateway("b", "2"), gateway("d", "1")], Instant::now()), set(&["b", "c", "d"]));
        assert_eq!(names(&cache), [("a".into(), "1".into()), ("b".into(), "2".into()), ("d".into(), "1".into())]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_was_overtaken_undoes_nothing() {
        let cache = CloudCache::new();
        let sent = Instant::now();
        tokio::time::advance(Duration::from_millis(1)).await;
        cache.put(gateway("a", "later"), Instant::now());
        cache.put(gateway("a", "earlier"), sent);
        cache.remove("a", sent);
        assert_eq!(names(&cache), [("a".into(), "later".into())]);
        cache.remove("a", Instant::now());
        assert!(names(&cache).is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn it_fails_since_the_first_of_the_lists_that_failed() {
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
    fn it_is_hot_while_somebody_holds_its_attention() {
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
    async fn a_list_begun_before_our_write_does_not_undo_it() {
        let cache = CloudCache::new();
        let begun = Instant::now();
        tokio::time::advance(Duration::from_millis(1)).await;
        cache.put(gateway("new", "ours"), Instant::now());
        cache.put(gateway("old", "changed"), Instant::now());
        assert_eq!(cache.apply(vec![gateway("old", "before")], begun), set(&[]));
        assert_eq!(names(&cache), [("new".into(), "ours".into()), ("old".into(), "changed".into())]);
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(cache.apply(vec![gateway("old", "after")], Instant::now()), set(&["new", "old"]));
    }
}
