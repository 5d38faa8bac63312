//! What the reconciler remembers of each object between two passes, for the life of the process. Losing it costs a look or a wait, never safety:
//! what safety needs stands in the object's status.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::backoff::exponential;
use crate::cache::ActivePolling;
use crate::cloud::{Call, ErrorClass, QueueKey};

/// The way of an object to its first time Ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// It may have been Ready before this process saw it.
    Unknown,
    /// It has never been, and this process has seen it so.
    Awaited,
    /// It was, and that was counted: a status that could not be written is told again, and counts once.
    Counted,
}

/// One object's.
pub struct ObjectState<O> {
    /// The newest version that we know: our own last write may be ahead of the watch.
    pub latest: Option<Arc<O>>,
    /// A LIST must begin after this to tell anything about the object: our last write has no other answer.
    pub fresh_after: Option<Instant>,
    /// Time of the intent that this process recorded and whose create it has not sent.
    pub fresh_intent: Option<Time>,
    /// A create that may have been sent can't arrive after this.
    pub doubt_until: Option<Instant>,
    /// The next create carries no tag but the owner's: its refusal tells whether the region takes tags at all.
    pub plain: bool,
    /// A permit of the rate limiter was obtained for the create that the intent announces.
    pub permit: bool,
    /// After failures.
    pub backoff: Backoff,
    /// The last change that was sent and has not yet been seen to be all.
    pub changed: Option<Call>,
    /// The account in use.
    pub account: String,
    /// Listed items whose change concerns the object.
    pub watched: HashSet<String>,
    /// The last value of the annotation that asked for a look.
    pub asked: Option<String>,
    /// The next LIST concerns it, whatever it shows.
    pub looking: bool,
    /// The cloud is expected to change by itself.
    pub attention: Option<ActivePolling>,
    /// What was set back lately.
    pub drift_conflicts: DriftConflicts,
    /// Since when it waits for a pass.
    pub queued: Option<Instant>,
    /// Calls the pass that waits for the budget when the object has changed.
    pub turn: Option<oneshot::Sender<()>>,
    /// It found a line full, with this generation of the spec, and comes back then.
    pub queue_full: Option<(QueueKey, Option<i64>, Instant)>,
    /// Whether its first time to be Ready is still to be counted.
    pub readiness: Readiness,
}

impl<O> Default for ObjectState<O> {
    fn default() -> Self {
        Self {
            latest: None,
            fresh_after: None,
            fresh_intent: None,
            doubt_until: None,
            plain: false,
            permit: false,
            backoff: Backoff::default(),
            changed: None,
            account: String::new(),
            watched: HashSet::new(),
            asked: None,
            looking: false,
            attention: None,
            drift_conflicts: DriftConflicts::default(),
            queued: None,
            turn: None,
            queue_full: None,
            readiness: Readiness::Unknown,
        }
    }
}

impl<O> ObjectState<O> {
    /// Takes a change that the cloud has carried out; `None` when nothing is left to change. Tells whether it is the same as the one before, which
    /// was in vain then: the cloud shows nothing of it, or somebody else undid it before it was seen. To send it without end would use up the
    /// budget.
    pub fn sent(&mut self, change: Option<&Call>, generation: Option<i64>) -> bool {
        let again = change.is_some() && self.changed.as_ref() == change;
        if again {
            self.backoff.fail(ErrorClass::Server, generation);
        } else {
            self.backoff = Backoff::default();
        }
        self.changed = change.cloned();
        again
    }

    /// It was changed or woken.
    pub fn queue(&mut self) {
        self.queued.get_or_insert_with(Instant::now);
    }

    /// A quota has room: one that waited for that need wait no more. Where that is no `news` it tries once more, and no further time: the room may have
    /// come after it was refused. Tells whether it need not wait.
    pub fn take_room(&mut self, news: bool) -> bool {
        let waited = self.backoff.class == Some(ErrorClass::Quota) && (news || !self.backoff.tried_again);
        if waited {
            self.backoff = Backoff { not_before: None, tried_again: !news, ..self.backoff };
        }
        waited
    }
}

/// Which fields were set again, when, and by which generation of the spec: one that does not stay is no longer contested for.
#[derive(Clone, Debug, Default)]
pub struct DriftConflicts(HashMap<&'static str, VecDeque<(Instant, Option<i64>)>>);

impl DriftConflicts {
    /// So many corrections of one field …
    const LIMIT: usize = 5;
    /// … within this time are a fight.
    const WINDOW: Duration = Duration::from_hours(1);

    /// Takes a correction of these fields.
    pub fn corrected(&mut self, fields: impl IntoIterator<Item = &'static str>, generation: Option<i64>) {
        for field in fields {
            let times = self.0.entry(field).or_default();
            times.push_back((Instant::now(), generation));
            if times.len() > Self::LIMIT {
                times.pop_front();
            }
        }
    }

    /// Fields that are contested for. A spec that is `new` has not been tried: it is no party to a fight in which its generation has done nothing.
    #[must_use]
    pub fn fields(&self, new: bool, generation: Option<i64>) -> Vec<&'static str> {
        let concerned = self.0.iter().filter(|(_, times)| !new || times.back().is_some_and(|(_, last)| *last == generation));
        concerned.filter(|(_, times)| Self::ends(times).is_some()).map(|(field, _)| *field).collect()
    }

    /// How long until some fight has calmed down.
    #[must_use]
    pub fn left(&self) -> Option<Duration> {
        self.0.values().filter_map(Self::ends).min()
    }

    fn ends(times: &VecDeque<(Instant, Option<i64>)>) -> Option<Duration> {
        let (first, _) = times.front().filter(|_| times.len() >= Self::LIMIT)?;
        (*first + Self::WINDOW).checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }
}

/// When a failed mutation is tried again.
#[derive(Clone, Copy, Debug, Default)]
pub struct Backoff {
    failures: u32,
    not_before: Option<Instant>,
    generation: Option<i64>,
    class: Option<ErrorClass>,
    /// The wait for room in a quota was ended on the mere chance.
    tried_again: bool,
}

impl Backoff {
    /// Takes a failure of `class` with the spec's `generation`, and returns the wait.
    pub fn fail(&mut self, class: ErrorClass, generation: Option<i64>) -> Duration {
        self.failures = if self.generation == generation { self.failures.saturating_add(1) } else { 1 };
        self.tried_again &= self.generation == generation && class == ErrorClass::Quota;
        self.generation = generation;
        self.class = Some(class);
        let (first, limit) = waits(class);
        let wait = exponential(first, limit, self.failures);
        self.not_before = Some(Instant::now() + wait);
        wait
    }

    /// What is left of the wait. A new spec need not wait.
    #[must_use]
    pub fn remaining(&self, generation: Option<i64>) -> Option<Duration> {
        let left = self.not_before?.checked_duration_since(Instant::now())?;
        (self.generation == generation && !left.is_zero()).then_some(left)
    }
}

/// First and longest wait after failures of `class`; it doubles in between.
pub(crate) const fn waits(class: ErrorClass) -> (Duration, Duration) {
    let (first, limit) = match class {
        ErrorClass::Server => (1, 120),
        ErrorClass::Busy => (2, 30),
        ErrorClass::InUse => (2, 60),
        ErrorClass::Absent => (5, 120),
        ErrorClass::Throttled => (30, 300),
        ErrorClass::Auth => (60, 600),
        // Only somebody's act helps: a slow look whether it was done outside of what we watch.
        ErrorClass::Invalid | ErrorClass::Conflict | ErrorClass::Quota | ErrorClass::Permission | ErrorClass::Unsupported => (600, 600),
    };
    (Duration::from_secs(first), Duration::from_secs(limit))
}

/// All objects' of a kind, by uid.
pub struct ObjectStates<O> {
    all: Mutex<HashMap<String, ObjectState<O>>>,
}

impl<O> Default for ObjectStates<O> {
    fn default() -> Self {
        Self { all: Mutex::default() }
    }
}

impl<O> ObjectStates<O> {
    /// Works on the state of one object. Passes of one object never overlap, so what `work` reads stays true until the next call. Of one that
    /// went meanwhile nothing is kept: it would be kept for ever.
    pub fn with<T>(&self, uid: &str, work: impl FnOnce(&mut ObjectState<O>) -> T) -> T {
        match self.lock().get_mut(uid) {
            Some(state) => work(state),
            None => work(&mut ObjectState::default()),
        }
    }

    /// An object is there, new or changed.
    pub fn there_is(&self, uid: &str) {
        let mut all = self.lock();
        match all.get_mut(uid) {
            Some(state) => state.queue(),
            None => all.entry(uid.to_owned()).or_default().queue(),
        }
    }

    /// An object was woken, if it is there.
    pub fn queue(&self, uid: &str) {
        self.with(uid, ObjectState::queue);
    }

    /// Looks at all of them, by uid.
    pub fn read<T>(&self, read: impl FnOnce(&HashMap<String, ObjectState<O>>) -> T) -> T {
        read(&self.lock())
    }

    /// Forgets an object that is gone.
    pub fn forget(&self, uid: &str) {
        self.lock().remove(uid);
    }

    /// Newest versions of the objects of `account` that `concerned` picks, to be woken.
    pub fn concerned(&self, account: &str, concerned: impl Fn(&mut ObjectState<O>) -> bool) -> Vec<Arc<O>> {
        let mut all = self.lock();
        let of_account = all.values_mut().filter(|state| state.account == account);
        let woken = of_account.filter_map(|state| {
            let latest = state.latest.clone().filter(|_| concerned(state))?;
            state.queue();
            Some(latest)
        });
        woken.collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, ObjectState<O>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::Method;

    #[tokio::test(start_paused = true)]
    async fn only_what_is_there_is_queued_and_it_waits_since_the_first_time() {
        let (states, begun) = (ObjectStates::<()>::default(), Instant::now());
        let queued = || states.read(|all| all.values().filter_map(|state| state.queued).collect::<Vec<_>>());
        states.queue("gone");
        states.there_is("there");
        tokio::time::advance(Duration::from_secs(1)).await;
        states.queue("there");
        assert_eq!(queued(), [begun]);
        states.with("there", |state| (state.latest, state.account) = (Some(Arc::new(())), "a".to_owned()));
        states.with("there", |state| state.queued = None);
        assert!(states.concerned("a", |_| false).is_empty() && queued().is_empty());
        assert_eq!((states.concerned("a", |_| true).len(), queued().len()), (1, 1));
        states.forget("there");
        states.queue("there");
        assert!(queued().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_in_vain_is_sent_ever_more_slowly() {
        let [name, tags] = ["name", "tags"].map(|what| Call::new(what, Method::Put, &[], ""));
        let left = |state: &ObjectState<()>, generation| state.backoff.remaining(Some(generation));
        let mut state = ObjectState::default();
        assert!(!state.sent(Some(&name), Some(1)) && !state.sent(Some(&tags), Some(1)));
        assert_eq!(left(&state, 1), None, "each did something");
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
        let waits = |state: &ObjectState<()>| state.backoff.remaining(Some(1)).is_some();
        let mut state = ObjectState::<()>::default();
        assert!(!state.take_room(true), "it waits for nothing");
        state.backoff.fail(ErrorClass::Busy, Some(1));
        assert!(!state.take_room(true) && waits(&state), "it waits for something else");
        state.backoff = Backoff::default();
        state.backoff.fail(ErrorClass::Server, Some(1));
        for (news, ended) in [(false, true), (false, false), (true, true), (false, true), (false, false)] {
            state.backoff.fail(ErrorClass::Quota, Some(1));
            assert_eq!((state.take_room(news), waits(&state)), (ended, !ended));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn five_corrections_within_an_hour_are_a_fight_until_it_has_calmed_down() {
        let minute = Duration::from_mins(1);
        let mut drift_conflicts = DriftConflicts::default();
        for _ in 0..4 {
            drift_conflicts.corrected(["name", "bandwidth"], Some(1));
            tokio::time::advance(minute * 10).await;
        }
        assert!(drift_conflicts.fields(false, Some(1)).is_empty());
        drift_conflicts.corrected(["name"], Some(1));
        assert_eq!((drift_conflicts.fields(false, Some(1)), drift_conflicts.left()), (vec!["name"], Some(minute * 20)));
        assert!(drift_conflicts.fields(true, Some(2)).is_empty(), "another spec may be tried once");
        assert_eq!((drift_conflicts.fields(true, Some(1)), drift_conflicts.fields(false, Some(2))), (vec!["name"], vec!["name"]));
        tokio::time::advance(minute * 20).await;
        assert!(drift_conflicts.fields(false, Some(1)).is_empty() && drift_conflicts.left().is_none());
        // One more within the hour of the other four.
        drift_conflicts.corrected(["name"], Some(1));
        assert_eq!(drift_conflicts.fields(false, Some(1)), ["name"]);
        tokio::time::advance(minute * 120).await;
        assert!(drift_conflicts.fields(false, Some(1)).is_empty());
    }
}
