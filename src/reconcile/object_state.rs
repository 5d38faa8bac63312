//! What is kept of each object between two attempts, for the life of the process. Losing it costs a LIST or a wait, never safety: what safety
//! needs is in the object's status.
//!
//! There are two parts. An object's [`ObjectState`] belongs to its attempt: it is taken out at the beginning and put back at the end, since an
//! object is never reconciled twice at once. What others read and write meanwhile, the watch and those who wake objects, is [`Tracked`].

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use std::collections::{HashMap, HashSet};
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::cache::ActivePolling;
use crate::cloud::{Call, CloudError, ErrorClass, QueueKey};

use super::backoff::Backoff;
use super::drift_conflicts::DriftConflicts;
use super::kind::Tagging;
use super::unseen_writes::UnseenWrites;

/// What the attempts of one object hand on to each other.
#[derive(Default)]
pub struct ObjectState {
    /// Of its create.
    pub create: CreateState,
    /// Of the LISTs that it waits for.
    pub polling: PollingState,
    /// It found the rate limiter's queue full, with this generation of the spec, and comes back then.
    pub queue_full: Option<(QueueKey, Option<i64>, Instant)>,
    /// After failures.
    pub backoff: Backoff,
    /// The last failure, as users may see it.
    pub failure: Option<CloudError>,
    /// The last change that was sent and has not been seen to take effect.
    pub changed: Option<Call>,
    /// Updates that were answered for this generation of the spec.
    pub updates: (Option<i64>, Vec<Call>),
    /// Answered writes that reads may not show yet.
    pub unseen: UnseenWrites,
    /// Deletes that the cloud answered with "not found": what they were to delete is gone, whatever a LIST shows.
    pub not_found: Vec<Call>,
    /// What was corrected lately.
    pub drift_conflicts: DriftConflicts,
    /// Whether its first time to be Ready is still to be counted.
    pub readiness: Readiness,
}

/// State of an object's create.
#[derive(Default)]
pub struct CreateState {
    /// Time of the intent that this process recorded and whose create it has not sent.
    pub fresh_intent: Option<Time>,
    /// A create that may have been sent can't take effect after this.
    pub in_doubt_until: Option<Instant>,
    /// The rate limiter's permit was obtained for the create that the intent announces.
    pub permit: bool,
    /// Tags that the next create carries, where one with more was refused.
    pub tagging: Option<Tagging>,
    /// For this generation of the spec a create without tags was refused as well: it is not the tags.
    pub tags_cleared: Option<i64>,
}

/// State of an object's waiting for LISTs.
#[derive(Default)]
pub struct PollingState {
    /// A LIST must begin after this to say anything about the object: our last write has no other answer.
    pub fresh_after: Option<Instant>,
    /// Held while the cloud is expected to change by itself.
    pub active: Option<ActivePolling>,
    /// The last value of the annotation that asked for a reconcile.
    pub requested: Option<String>,
}

/// An object's way to its first time Ready.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Readiness {
    /// It may have been Ready before this process saw it.
    #[default]
    Unknown,
    /// It has never been, and this process has seen it so.
    Awaited,
    /// It was, and that was counted: a status that could not be written is reported again, and counts once.
    Counted,
}

impl ObjectState {
    /// Notes an update that was answered.
    pub fn updated(&mut self, call: &Call, generation: Option<i64>) {
        if self.updates.0 != generation {
            self.updates = (generation, Vec::new());
        }
        if !self.updates.1.contains(call) {
            self.updates.1.push(call.clone());
        }
    }

    /// Whether this update was answered for this generation of the spec.
    #[must_use]
    pub fn has_sent(&self, call: &Call, generation: Option<i64>) -> bool {
        self.updates.0 == generation && self.updates.1.contains(call)
    }

    /// Notes a change that the cloud has carried out; `None` when nothing is left to change. Returns whether it is the same as the one before,
    /// which had no effect then: the cloud does not show it, or somebody else undid it before it was seen. To send it without end would use up
    /// the rate limit.
    pub fn sent(&mut self, change: Option<&Call>, generation: Option<i64>) -> bool {
        let again = change.is_some() && self.changed.as_ref() == change;
        if again {
            self.backoff.fail(ErrorClass::Server, generation, None);
        } else {
            self.backoff = Backoff::default();
        }
        self.changed = change.cloned();
        again
    }
}

/// What others than its own attempt need of an object.
pub struct Tracked<O> {
    /// The newest version that we know: our own last write may be ahead of the watch.
    pub latest: Option<Arc<O>>,
    /// Since when it waits for an attempt.
    pub queued: Option<Instant>,
    /// Attempts that failed at the API server, one after the other.
    pub failures: u32,
    /// Interrupts its attempt's wait for the rate limiter when the object has changed.
    pub interrupt: Option<oneshot::Sender<()>>,
    /// Name of the account in use.
    pub account: String,
    /// Listed items whose change concerns it.
    pub watched: HashSet<String>,
    /// The next LIST concerns it, whatever it shows.
    pub awaits_list: bool,
    /// It waits for room in a quota.
    pub quota: Option<QuotaWait>,
    /// A field of it is in conflict until then.
    pub drift_conflict_until: Option<Instant>,
}

/// An object's wait for room in a quota.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuotaWait {
    /// It was woken once on the mere chance of room.
    tried: bool,
    /// It was woken for room, and has not tried since.
    woken: bool,
}

impl<O> Default for Tracked<O> {
    fn default() -> Self {
        Self {
            latest: None,
            queued: None,
            failures: 0,
            interrupt: None,
            account: String::new(),
            watched: HashSet::new(),
            awaits_list: false,
            quota: None,
            drift_conflict_until: None,
        }
    }
}

impl<O> Tracked<O> {
    /// It was changed or woken.
    pub fn queue(&mut self) {
        self.queued.get_or_insert_with(Instant::now);
    }

    /// A quota has room: one that waits for that tries again. Where the room is no `news` it does so only once: the room may have come after it was
    /// refused. Returns whether it is to be woken.
    pub fn take_room(&mut self, news: bool) -> bool {
        let Some(wait) = self.quota.as_mut().filter(|wait| news || !wait.tried) else { return false };
        *wait = QuotaWait { tried: !news, woken: true };
        true
    }
}

/// All objects of a kind, by uid.
pub struct ObjectStates<O> {
    all: Mutex<HashMap<String, Entry<O>>>,
}

struct Entry<O> {
    /// `None` while an attempt has it.
    state: Option<ObjectState>,
    tracked: Tracked<O>,
}

impl<O> Default for Entry<O> {
    fn default() -> Self {
        Self { state: Some(ObjectState::default()), tracked: Tracked::default() }
    }
}

impl<O> Default for ObjectStates<O> {
    fn default() -> Self {
        Self { all: Mutex::default() }
    }
}

/// An object's state in the hands of its attempt; dropped, it goes back.
pub struct Taken<'a, O> {
    states: &'a ObjectStates<O>,
    uid: &'a str,
    state: ObjectState,
}

impl<O> Deref for Taken<'_, O> {
    type Target = ObjectState;

    fn deref(&self) -> &ObjectState {
        &self.state
    }
}

impl<O> DerefMut for Taken<'_, O> {
    fn deref_mut(&mut self) -> &mut ObjectState {
        &mut self.state
    }
}

impl<O> Drop for Taken<'_, O> {
    fn drop(&mut self) {
        // Of an object that is gone meanwhile nothing is kept: it would be kept for ever.
        if let Some(entry) = self.states.lock().get_mut(self.uid) {
            let state = std::mem::take(&mut self.state);
            entry.tracked.quota = entry.tracked.quota.filter(|_| state.backoff.quota_wait().is_some());
            entry.tracked.drift_conflict_until = state.drift_conflicts.until();
            entry.state = Some(state);
        }
    }
}

impl<O> ObjectStates<O> {
    /// Begins an attempt on `object`: it is queued no longer, and its state is the attempt's until that ends.
    pub fn begin<'a>(&'a self, uid: &'a str, object: &Arc<O>, account: &str) -> Taken<'a, O> {
        let mut all = self.lock();
        let mut state = None;
        if let Some(Entry { state: kept, tracked }) = all.get_mut(uid) {
            state = kept.take();
            tracked.latest = Some(Arc::clone(object));
            tracked.queued = None;
            account.clone_into(&mut tracked.account);
            if let (Some(state), Some(wait)) = (&mut state, tracked.quota.as_mut().filter(|wait| wait.woken)) {
                state.backoff.end_quota_wait(wait.tried);
                wait.woken = false;
            }
        }
        Taken { states: self, uid, state: state.unwrap_or_default() }
    }

    /// Works on what is tracked of an object. Of one that is gone nothing is kept.
    pub fn track<T>(&self, uid: &str, work: impl FnOnce(&mut Tracked<O>) -> T) -> T {
        match self.lock().get_mut(uid) {
            Some(entry) => work(&mut entry.tracked),
            None => work(&mut Tracked::default()),
        }
    }

    /// An object is there, new or changed.
    pub fn add(&self, uid: &str) {
        let mut all = self.lock();
        match all.get_mut(uid) {
            Some(entry) => entry.tracked.queue(),
            None => all.entry(uid.to_owned()).or_default().tracked.queue(),
        }
    }

    /// An object was woken, if it is there.
    pub fn queue(&self, uid: &str) {
        self.track(uid, Tracked::queue);
    }

    /// The object begins to wait for room in a quota. Called before anybody is asked for the room: the answer may come at once.
    pub fn await_quota(&self, uid: &str, backoff: &Backoff) {
        self.track(uid, |tracked| tracked.quota = backoff.quota_wait().map(|tried| QuotaWait { tried, woken: false }));
    }

    /// Reads what is tracked of all objects.
    pub fn for_each(&self, mut read: impl FnMut(&Tracked<O>)) {
        self.lock().values().for_each(|entry| read(&entry.tracked));
    }

    /// Forgets an object that is gone.
    pub fn forget(&self, uid: &str) {
        self.lock().remove(uid);
    }

    /// Newest versions of the objects of `account` that `concerned` picks, to be woken.
    pub fn concerned(&self, account: &str, concerned: impl Fn(&mut Tracked<O>) -> bool) -> Vec<Arc<O>> {
        let mut all = self.lock();
        let of_account = all.values_mut().map(|entry| &mut entry.tracked).filter(|tracked| tracked.account == account);
        let woken = of_account.filter_map(|tracked| {
            let latest = tracked.latest.clone().filter(|_| concerned(tracked))?;
            tracked.queue();
            Some(latest)
        });
        woken.collect()
    }

    /// Whether there are objects of `account`.
    pub fn has_any(&self, account: &str) -> bool {
        self.lock().values().any(|entry| entry.tracked.account == account)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Entry<O>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::Method;
    use std::time::Duration;

    fn queued(states: &ObjectStates<()>) -> Vec<Instant> {
        let mut queued = Vec::new();
        states.for_each(|tracked| queued.extend(tracked.queued));
        queued
    }

    #[tokio::test(start_paused = true)]
    async fn only_what_is_there_is_queued_and_it_waits_since_the_first_time() {
        let (states, begun) = (ObjectStates::<()>::default(), Instant::now());
        states.queue("gone");
        states.add("there");
        tokio::time::advance(Duration::from_secs(1)).await;
        states.queue("there");
        assert_eq!(queued(&states), [begun]);
        drop(states.begin("there", &Arc::new(()), "a"));
        assert!(states.concerned("a", |_| false).is_empty() && states.concerned("b", |_| true).is_empty() && queued(&states).is_empty());
        assert_eq!((states.concerned("a", |_| true).len(), queued(&states).len()), (1, 1));
        states.forget("there");
        states.queue("there");
        assert!(queued(&states).is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_state_is_with_its_attempt_and_comes_back_at_its_end() {
        let states = ObjectStates::<()>::default();
        states.add("a");
        let mut taken = states.begin("a", &Arc::new(()), "");
        taken.create.permit = true;
        taken.drift_conflicts = DriftConflicts::default();
        (0..5).for_each(|_| taken.drift_conflicts.corrected(["name"], Some(1)));
        drop(taken);
        assert!(states.track("a", |tracked| tracked.drift_conflict_until).is_some());
        let taken = states.begin("a", &Arc::new(()), "");
        assert!(taken.create.permit);
        states.forget("a");
        drop(taken);
        states.add("a");
        assert!(!states.begin("a", &Arc::new(()), "").create.permit, "one that was gone begins anew");
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_without_effect_is_sent_ever_more_slowly() {
        let [name, tags] = ["name", "tags"].map(|what| Call::new(what, Method::Put, &[], ""));
        let left = |state: &ObjectState, generation| state.backoff.remaining(Some(generation), || 0);
        let mut state = ObjectState::default();
        assert!(!state.sent(Some(&name), Some(1)) && !state.sent(Some(&tags), Some(1)));
        assert_eq!(left(&state, 1), None, "each had an effect");
        assert!(state.sent(Some(&tags), Some(1)));
        let first = left(&state, 1).unwrap();
        assert!(state.sent(Some(&tags), Some(1)));
        assert!(left(&state, 1) > Some(first));
        assert_eq!(left(&state, 2), None, "another spec may help");
        assert!(!state.sent(None, Some(1)) && !state.sent(None, Some(1)));
        assert_eq!(left(&state, 1), None);
        assert!(!state.sent(Some(&tags), Some(1)), "it was seen in between");
    }

    #[tokio::test(start_paused = true)]
    async fn room_in_a_quota_ends_a_wait_and_what_may_be_room_ends_it_once() {
        let states = ObjectStates::<()>::default();
        let room = |news| states.track("a", |tracked| tracked.take_room(news));
        let fail = |class| {
            let mut taken = states.begin("a", &Arc::new(()), "");
            taken.backoff.fail(class, Some(1), None);
            states.await_quota("a", &taken.backoff);
        };
        let waits = || states.begin("a", &Arc::new(()), "").backoff.remaining(Some(1), || 0).is_some();
        states.add("a");
        assert!(!room(true), "it waits for nothing");
        fail(ErrorClass::Busy);
        assert!(!room(true) && waits(), "it waits for something else");
        for (news, ended) in [(false, true), (false, false), (true, true), (false, true), (false, false)] {
            fail(ErrorClass::Quota);
            assert_eq!((room(news), waits()), (ended, !ended));
        }
        let mut taken = states.begin("a", &Arc::new(()), "");
        taken.sent(None, Some(1));
        drop(taken);
        assert!(!room(true), "it waits no longer");
    }
}
