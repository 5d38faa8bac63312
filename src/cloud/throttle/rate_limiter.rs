//! The account's budget of calls: one token bucket for reads and one for writes, shared by all kinds.
//!
//! Three classes wait in one line each: a user's change goes ahead of a wait for the cloud, and that ahead of drift, looked for or set back. A
//! throttled call closes the bucket for a while (the cloud counts throttled calls too) and halves the rate, once for all that were under way
//! together; each success raises it again by a little. A line is short: who finds it full comes back later.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::cloud::client::Limits;

/// Who found a line full comes back no later: by then the rate may be another.
const BACK: Duration = Duration::from_mins(1);

/// How a bucket stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateLimiterState {
    /// Calls that wait, by the label of their priority.
    pub waiting: [(&'static str, usize); 3],
    /// The present rate as a part of its limit.
    pub ratio: f64,
    /// It rests after a 429.
    pub paused: bool,
}

/// Who goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// Somebody changed a spec and waits for it.
    Change,
    /// A resource settles and its owner waits.
    Wait,
    /// Nobody waits: drift is looked for, or set back.
    Background,
}

impl Priority {
    /// All, the first first.
    const ALL: [Self; 3] = [Self::Change, Self::Wait, Self::Background];

    /// Label for metrics.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Wait => "settle",
            Self::Background => "resync",
        }
    }
}

/// Calls that wait for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueKey {
    /// Of the reads, else of the writes.
    pub read: bool,
    /// Their class.
    pub priority: Priority,
}

/// Too many calls wait in a line: nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many calls wait for the budget already")]
pub struct QueueFull {
    /// The queue that was full.
    pub queue: QueueKey,
    /// When to try again.
    pub retry_after: Duration,
}

/// Label for metrics.
pub(in crate::cloud) const fn direction(read: bool) -> &'static str {
    if read { "read" } else { "write" }
}

/// A token bucket of one account and direction.
pub struct RateLimiter {
    state: Mutex<State>,
    freed: Notify,
    limits: Limits,
}

struct State {
    limit: f64,
    rate: f64,
    burst: f64,
    tokens: f64,
    counted: Instant,
    closed_until: Option<Instant>,
    waiting: [usize; 3],
    /// Who was turned away last comes back then.
    promised: [Instant; 3],
}

impl RateLimiter {
    /// A full bucket of `burst` calls that refills at `per_minute`.
    #[must_use]
    pub fn new(per_minute: u32, burst: u32, limits: Limits) -> Self {
        let limit = f64::from(per_minute.max(1)) / 60.0;
        let burst = f64::from(burst.max(1));
        let now = Instant::now();
        let state =
            State { limit, rate: limit, burst, tokens: burst, counted: now, closed_until: None, waiting: [0; 3], promised: [now; 3] };
        Self { state: Mutex::new(state), freed: Notify::new(), limits }
    }

    /// If the line is full, the time after which to come back: each who asks is told another, by when there may be a place for it.
    #[must_use]
    pub fn full(&self, priority: Priority) -> Option<Duration> {
        let line = usize::try_from(self.limits.line).unwrap_or(usize::MAX);
        self.state().turn_away(priority, line, Instant::now())
    }

    /// Waits for one call's worth of budget.
    pub async fn acquire(&self, priority: Priority) {
        let _place = Place::take(self, priority);
        loop {
            // Registered before the look, so that a bucket that is freed in between is not missed.
            let freed = self.freed.notified();
            let taken = self.state().try_take(priority, Instant::now());
            match taken {
                Taken::Now => return,
                Taken::NotBefore(at) => sleep_until(at).await,
                Taken::AfterOthers(at) => {
                    let _ = timeout_at(at, freed).await;
                }
            }
        }
    }

    /// The cloud refused a call because of its rate.
    pub fn throttled(&self, retry_after: Option<Duration>) {
        let now = Instant::now();
        let end = now + retry_after.unwrap_or(self.limits.pause);
        let mut state = self.state();
        // What was under way when the bucket closed tells nothing new of the rate, but perhaps of how long to rest.
        if !state.is_paused(now) {
            state.rate = (state.rate / 2.0).max(state.limit / f64::from(self.limits.floor));
        }
        state.tokens = 0.0;
        state.closed_until = Some(state.closed_until.map_or(end, |until| until.max(end)));
    }

    /// The cloud took a call.
    pub fn succeeded(&self) {
        let mut state = self.state();
        state.rate = (state.rate + state.limit / f64::from(self.limits.gain)).min(state.limit);
    }

    /// How the bucket stands now.
    #[must_use]
    pub fn standing(&self) -> RateLimiterState {
        let state = self.state();
        let waiting = Priority::ALL.map(|priority| (priority.label(), state.waiting.get(priority as usize).copied().unwrap_or_default()));
        RateLimiterState { waiting, ratio: state.rate / state.limit, paused: state.is_paused(Instant::now()) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Taken {
    Now,
    NotBefore(Instant),
    AfterOthers(Instant),
}

impl State {
    fn is_paused(&self, now: Instant) -> bool {
        self.closed_until.is_some_and(|until| now < until)
    }

    fn turn_away(&mut self, priority: Priority, line: usize, now: Instant) -> Option<Duration> {
        let waiting = self.waiting.get(priority as usize).copied().unwrap_or_default();
        let promised = self.promised.get_mut(priority as usize).filter(|_| waiting >= line)?;
        let one = Duration::from_secs_f64(1.0 / self.rate);
        let open = self.closed_until.map_or(now, |until| until.max(now));
        // By then half of the line is through, unless others go ahead of it.
        let first = open + one.mul_f64(f64::from(u32::try_from(line / 2).unwrap_or(u32::MAX)));
        *promised = ((*promised).max(first) + one).min(now + BACK);
        Some(*promised - now)
    }

    fn try_take(&mut self, priority: Priority, now: Instant) -> Taken {
        if let Some(until) = self.closed_until {
            if now < until {
                return Taken::NotBefore(until);
            }
            self.closed_until = None;
            self.counted = now;
        }
        self.tokens = (self.tokens + (now - self.counted).as_secs_f64() * self.rate).min(self.burst);
        self.counted = now;
        let next = now + Duration::from_secs_f64(((1.0 - self.tokens).max(0.0) / self.rate).max(0.001));
        if self.waiting.iter().take(priority as usize).any(|ahead| *ahead > 0) {
            Taken::AfterOthers(next)
        } else if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            Taken::Now
        } else {
            Taken::NotBefore(next)
        }
    }
}

/// A place in the line of a class, given up on drop: also when the waiting call is cancelled.
struct Place<'a> {
    budget: &'a RateLimiter,
    priority: Priority,
}

impl<'a> Place<'a> {
    fn take(budget: &'a RateLimiter, priority: Priority) -> Self {
        if let Some(count) = budget.state().waiting.get_mut(priority as usize) {
            *count += 1;
        }
        Self { budget, priority }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(count) = self.budget.state().waiting.get_mut(self.priority as usize) {
            *count -= 1;
        }
        self.budget.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn budget(per_minute: u32, burst: u32) -> RateLimiter {
        RateLimiter::new(per_minute, burst, Limits::default())
    }

    #[tokio::test(start_paused = true)]
    async fn the_burst_is_free_and_the_rest_comes_at_the_rate() {
        let budget = budget(60, 5);
        let start = Instant::now();
        for _ in 0..8 {
            budget.acquire(Priority::Change).await;
        }
        let taken = start.elapsed();
        assert!(taken >= Duration::from_millis(2900) && taken < Duration::from_millis(3200), "{taken:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_users_change_overtakes_what_waits_for_nobody() {
        let budget = Arc::new(budget(60, 1));
        budget.acquire(Priority::Background).await;
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        for priority in [Priority::Background, Priority::Wait, Priority::Change] {
            let (budget, order) = (Arc::clone(&budget), Arc::clone(&order));
            tasks.push(tokio::spawn(async move {
                budget.acquire(priority).await;
                order.lock().unwrap().push(priority);
            }));
            tokio::task::yield_now().await;
        }
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), [Priority::Change, Priority::Wait, Priority::Background]);
    }

    #[tokio::test(start_paused = true)]
    async fn who_finds_a_full_line_comes_back_about_when_there_is_a_place() {
        const LINE: usize = 32;
        let (budget, times) = (Arc::new(budget(60, 1)), Arc::new(Mutex::new(0)));
        let call = |priority| {
            let (budget, times) = (Arc::clone(&budget), Arc::clone(&times));
            tokio::spawn(async move {
                while let Some(back) = budget.full(priority) {
                    assert!(!back.is_zero() && back <= BACK, "{back:?}");
                    *times.lock().unwrap() += 1;
                    tokio::time::sleep(back).await;
                }
                budget.acquire(priority).await;
            })
        };
        let begun = Instant::now();
        let corrections: Vec<_> = (0..8 * LINE).map(|_| call(Priority::Background)).collect();
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(budget.standing().waiting[Priority::Background as usize].1 <= LINE);
        call(Priority::Change).await.unwrap();
        assert!(begun.elapsed() <= Duration::from_secs(3), "another class has a line of its own: {:?}", begun.elapsed());
        for correction in corrections {
            correction.await.unwrap();
        }
        let (all, times) = (begun.elapsed(), *times.lock().unwrap());
        assert!(all <= Duration::from_secs(8 * 32 + 10), "the line never ran dry: {all:?}");
        assert!(times <= 8 * LINE * 4, "nobody asked much more often than once a minute: {times}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_throttled_bucket_rests_then_runs_at_half_the_rate() {
        let budget = budget(60, 1);
        assert!(budget.standing().ratio > 0.99 && !budget.standing().paused);
        budget.throttled(Some(Duration::from_secs(30)));
        assert!(budget.standing().ratio < 0.51 && budget.standing().paused);
        let start = Instant::now();
        budget.acquire(Priority::Change).await;
        assert!(start.elapsed() >= Duration::from_secs(32), "{:?}", start.elapsed());
        assert!(!budget.standing().paused && budget.standing().waiting.iter().all(|(_, waiting)| *waiting == 0));
    }

    #[tokio::test(start_paused = true)]
    async fn calls_that_were_under_way_together_halve_the_rate_once() {
        // Seconds since the first refusal, the rest that a refusal names, and what then is left of the rate and of the rest.
        let rows = [
            ("the first", 0, Some(30), 0.5, 30),
            ("another at once", 0, Some(10), 0.5, 30),
            ("one that names no time", 5, None, 0.5, 60),
            ("one that names a short time", 64, Some(10), 0.5, 10),
            ("after the rest", 74, Some(30), 0.25, 30),
            ("within the second rest", 75, Some(30), 0.25, 30),
        ];
        let (budget, begun) = (budget(60, 1), Instant::now());
        for (row, second, retry_after, ratio, rest) in rows {
            sleep_until(begun + Duration::from_secs(second)).await;
            budget.throttled(retry_after.map(Duration::from_secs));
            assert!((budget.standing().ratio - ratio).abs() < 0.001, "{row}: {:?}", budget.standing());
            let left = budget.state().closed_until.map(|until| until - Instant::now());
            assert_eq!(left, Some(Duration::from_secs(rest)), "{row}");
        }
    }
}
