//! Something that expires and is renewed in time: keys or a token.
//!
//! One exchange at a time, however many ask. It is renewed in the background when the end is near, and what is held serves until it really ends: a
//! source that is slow or fails delays and fails nobody before. After a failed exchange the next one waits, also if nothing is held.

use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::Instrument;

use super::proof::Fresh;
use crate::backoff::{at_most, doubled, exponential};
use crate::cloud::errors::catalogue::OwnCode;
use crate::cloud::errors::{CloudError, RequestOutcome};

/// It is renewed when this is left (or half of its life, if that is less): longer than any call, and long enough for many tries.
const MARGIN: Duration = Duration::from_mins(10);
/// First and longest wait between two failed exchanges.
const BACKOFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(1));
/// What was refused is replaced out of turn at once, but then not before this time, which doubles up to a minute.
const FORCED_AGAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(1));
/// Fewer failures are not worth a word while there is time.
const NOTED: u32 = 3;

/// Where it comes from.
pub(in crate::cloud) trait Source: Send + Sync + 'static {
    type Value: Clone + Send + 'static;

    /// Name of the exchange.
    fn operation(&self) -> &'static str;

    /// The time by which it expires.
    fn now(&self) -> Timestamp;

    /// Gets a new one. MUST end at some time: others wait for it.
    fn exchange(&self) -> impl Future<Output = Result<Fresh<Self::Value>, CloudError>> + Send;
}

/// The present one, and its renewal. Cheap to clone.
pub(in crate::cloud) struct Renewed<S: Source>(Arc<Inner<S>>);

struct Inner<S: Source> {
    source: S,
    state: Mutex<State<S::Value>>,
    /// Number of exchanges that have ended.
    ended: watch::Sender<u64>,
}

struct State<T> {
    held: Option<Held<T>>,
    running: bool,
    /// Number of exchanges that have ended.
    exchanges: u64,
    failing: Option<Failing>,
    /// How often what was refused was replaced out of turn, one time soon after the other, and when that was.
    forced: Option<(u32, Instant)>,
}

/// What is to be used now.
#[derive(Clone)]
pub(in crate::cloud) struct Current<T> {
    pub value: T,
    /// Number of the exchange that gave it.
    number: u64,
    pub expires_at: Timestamp,
}

struct Held<T> {
    current: Current<T>,
    /// Near the end.
    renew_at: Timestamp,
    /// So near that failures are worth a word.
    worry_at: Timestamp,
}

/// Exchanges that fail, one after the other.
struct Failing {
    times: u32,
    since: Timestamp,
    error: CloudError,
    /// No further exchange before.
    until: Instant,
}

/// The renewal has failed for long.
#[derive(Clone, Debug, PartialEq)]
pub struct RenewalFailure {
    /// When the first of these exchanges failed.
    pub since: Timestamp,
    /// The error of the last one.
    pub error: CloudError,
    /// When what is held ends; `None` if nothing is held any more.
    pub expires_at: Option<Timestamp>,
}

enum Look<T> {
    Held(Current<T>),
    /// An exchange has failed, and the next one is not due.
    Rests(CloudError),
    /// An exchange is under way.
    Exchange(watch::Receiver<u64>),
}

impl<S: Source> Clone for Renewed<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: Source> Renewed<S> {
    /// Nothing is held before somebody asks.
    pub fn new(source: S) -> Self {
        let state = State { held: None, running: false, exchanges: 0, failing: None, forced: None };
        Self(Arc::new(Inner { source, state: Mutex::new(state), ended: watch::Sender::new(0) }))
    }

    /// The present one; a new one if that has ended.
    ///
    /// # Errors
    /// Nothing is held, and the exchange failed, now or a moment ago.
    pub async fn get(&self) -> Result<Current<S::Value>, CloudError> {
        loop {
            let mut ended = match self.look() {
                Look::Held(held) => return Ok(held),
                Look::Rests(error) => return Err(error),
                Look::Exchange(ended) => ended,
            };
            // The sender lives as long as this.
            let _ = ended.changed().await;
            if let Some(outcome) = self.outcome() {
                return outcome;
            }
        }
    }

    /// The cloud has refused it. Returns whether another one is worth a try: it is got out of turn, but not again and again.
    pub fn refused(&self, refused: &Current<S::Value>) -> bool {
        let mut state = self.0.lock();
        if state.held.as_ref().is_none_or(|held| held.current.number != refused.number) {
            return true;
        }
        let recent = state.forced.filter(|(_, at)| at.elapsed() < FORCED_AGAIN.1);
        let times = recent.map_or(0, |(times, _)| times);
        let wait = doubled(FORCED_AGAIN.0, FORCED_AGAIN.1, times);
        if recent.is_some_and(|(_, at)| at.elapsed() < wait) {
            return false;
        }
        state.forced = Some((times + 1, Instant::now()));
        state.held = None;
        if let Some(failing) = &mut state.failing {
            failing.until = Instant::now();
        }
        true
    }

    /// Whether the renewal has failed for long: what is held is about to end, or has ended.
    pub fn failure(&self) -> Option<RenewalFailure> {
        let now = self.0.source.now();
        let state = self.0.lock();
        let Failing { times, since, error, until: _ } = state.failing.as_ref()?;
        let held = state.held.as_ref().filter(|held| held.holds(now));
        let is_long = held.is_none_or(|held| *times >= NOTED && now >= held.worry_at);
        let expires_at = held.map(|held| held.current.expires_at);
        is_long.then(|| RenewalFailure { since: *since, error: error.clone(), expires_at })
    }

    /// Whether the last exchange failed.
    pub fn fails(&self) -> bool {
        self.0.lock().failing.is_some()
    }

    /// Changes whenever an exchange ends.
    pub fn exchanges(&self) -> watch::Receiver<u64> {
        self.0.ended.subscribe()
    }

    fn look(&self) -> Look<S::Value> {
        let now = self.0.source.now();
        let mut state = self.0.lock();
        let held = state.held.as_ref().filter(|held| held.holds(now));
        let is_due = held.is_none_or(|held| now >= held.renew_at);
        let held = held.map(|held| held.current.clone());
        let rests = state.failing.as_ref().filter(|failing| Instant::now() < failing.until).map(|failing| failing.error.clone());
        if is_due && !state.running && rests.is_none() {
            state.running = true;
            let running = Running(Some(Arc::clone(&self.0)));
            tokio::spawn(running.exchange().in_current_span());
        }
        match (held, rests) {
            (Some(held), _) => Look::Held(held),
            (None, Some(error)) if !state.running => Look::Rests(error),
            (None, _) => Look::Exchange(self.0.ended.subscribe()),
        }
    }

    /// What the exchange that has just ended means for those who wait for it. `None`: what it gave was refused meanwhile.
    fn outcome(&self) -> Option<Result<Current<S::Value>, CloudError>> {
        let now = self.0.source.now();
        let state = self.0.lock();
        // What is new may have ended by a clock that is wrong. It serves once: the answer of the cloud corrects the clock.
        let serves = |held: &&Held<S::Value>| held.current.number == state.exchanges || held.holds(now);
        let held = state.held.as_ref().filter(serves).map(|held| Ok(held.current.clone()));
        held.or_else(|| state.failing.as_ref().map(|failing| Err(failing.error.clone())))
    }
}

impl<S: Source> Inner<S> {
    fn lock(&self) -> MutexGuard<'_, State<S::Value>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn finish(&self, result: Result<Fresh<S::Value>, CloudError>) {
        let now = self.source.now();
        let operation = self.source.operation();
        let mut state = self.lock();
        state.running = false;
        state.exchanges += 1;
        let number = state.exchanges;
        let failed = match result {
            Ok(Fresh { value, expires_at }) => {
                state.held = Some(Held::new(value, number, now, expires_at));
                (expires_at <= now).then(|| {
                    let what = format!("what it gives has ended at {expires_at:.0} already");
                    CloudError::local(operation, OwnCode::Expired, what, RequestOutcome::Refused)
                })
            }
            Err(error) => Some(error),
        };
        let holds = state.held.as_ref().filter(|held| held.holds(now)).map(|held| held.current.expires_at);
        let before = state.failing.take();
        let times = before.as_ref().map_or(0, |failing| failing.times);
        state.failing = failed.clone().map(|error| {
            let times = times.saturating_add(1);
            let wait = exponential(BACKOFF.0, BACKOFF.1, times).max(error.retry_after.unwrap_or_default());
            Failing { times, since: before.map_or(now, |failing| failing.since), error, until: Instant::now() + wait }
        });
        drop(state);
        self.ended.send_modify(|ended| *ended = number);
        match (failed, times, holds) {
            (Some(error), 0, Some(end)) => {
                tracing::warn!(code = error.code, "renewal of credentials failed, those in use hold until {end:.0}: {error}");
            }
            (Some(error), 0, None) => tracing::warn!(code = error.code, "no credentials: {error}"),
            (Some(_), _, _) | (None, 0, _) => {}
            (None, _, _) => tracing::info!(operation, "credentials are renewed again after {times} failures"),
        }
    }
}

impl<T> Held<T> {
    fn new(value: T, number: u64, now: Timestamp, expires_at: Timestamp) -> Self {
        let life = Duration::try_from(expires_at.duration_since(now)).unwrap_or_default();
        // Accounts whose keys were given out together do not renew them together.
        let margin = at_most(MARGIN.min(life / 2));
        let before = |margin| SignedDuration::try_from(margin).ok().and_then(|margin| expires_at.checked_sub(margin).ok()).unwrap_or(now);
        Self { current: Current { value, number, expires_at }, renew_at: before(margin), worry_at: before(margin / 2) }
    }

    fn holds(&self, now: Timestamp) -> bool {
        now < self.current.expires_at
    }
}

/// The exchange that is under way. One that is cut off counts as failed: nobody waits for it for ever.
struct Running<S: Source>(Option<Arc<Inner<S>>>);

impl<S: Source> Running<S> {
    async fn exchange(mut self) {
        let Some(inner) = self.0.clone() else { return };
        let result = inner.source.exchange().await;
        self.0 = None;
        inner.finish(result);
    }
}

impl<S: Source> Drop for Running<S> {
    fn drop(&mut self) {
        if let Some(inner) = self.0.take() {
            let what = "the exchange was cut off";
            inner.finish(Err(CloudError::local(inner.source.operation(), OwnCode::Internal, what, RequestOutcome::Refused)));
        }
    }
}

#[cfg(test)]
#[path = "renewed_tests.rs"]
mod tests;
