//! The account's budget of calls: one token bucket for reads and one for writes, shared by all kinds.
//!
//! Three classes wait in one line each: a user's change goes ahead of a wait for the cloud, and that ahead of a periodic look. A throttled
//! call halves the rate and closes the bucket for a while (the cloud counts throttled calls too); each success raises it again by a little.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout_at};

/// How long a bucket rests after a 429 that names no time: the cloud's windows are minutes.
const PAUSE: Duration = Duration::from_mins(1);
/// The rate never falls below this part of its limit.
const FLOOR: f64 = 1.0 / 16.0;
/// A success wins back this part of the limit.
const GAIN: f64 = 1.0 / 32.0;

/// Who goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// Somebody changed a spec and waits for it.
    Change,
    /// A resource settles and its owner waits.
    Wait,
    /// Nobody waits: drift is looked for.
    Look,
}

/// A token bucket of one account and direction.
pub struct Budget {
    state: Mutex<State>,
    freed: Notify,
}

struct State {
    limit: f64,
    rate: f64,
    burst: f64,
    tokens: f64,
    counted: Instant,
    closed_until: Option<Instant>,
    waiting: [usize; 3],
}

impl Budget {
    /// A full bucket of `burst` calls that refills at `per_minute`.
    #[must_use]
    pub fn new(per_minute: u32, burst: u32) -> Self {
        let limit = f64::from(per_minute.max(1)) / 60.0;
        let burst = f64::from(burst.max(1));
        let state = State { limit, rate: limit, burst, tokens: burst, counted: Instant::now(), closed_until: None, waiting: [0; 3] };
        Self { state: Mutex::new(state), freed: Notify::new() }
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
        let mut state = self.state();
        state.rate = (state.rate / 2.0).max(state.limit * FLOOR);
        state.tokens = 0.0;
        state.closed_until = Some(Instant::now() + retry_after.unwrap_or(PAUSE));
    }

    /// The cloud took a call.
    pub fn succeeded(&self) {
        let mut state = self.state();
        state.rate = (state.rate + state.limit * GAIN).min(state.limit);
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
    budget: &'a Budget,
    priority: Priority,
}

impl<'a> Place<'a> {
    fn take(budget: &'a Budget, priority: Priority) -> Self {
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

    #[tokio::test(start_paused = true)]
    async fn the_burst_is_free_and_the_rest_comes_at_the_rate() {
        let budget = Budget::new(60, 5);
        let start = Instant::now();
        for _ in 0..8 {
            budget.acquire(Priority::Change).await;
        }
        let taken = start.elapsed();
        assert!(taken >= Duration::from_millis(2900) && taken < Duration::from_millis(3200), "{taken:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_users_change_overtakes_what_waits_for_nobody() {
        let budget = Arc::new(Budget::new(60, 1));
        budget.acquire(Priority::Look).await;
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        for priority in [Priority::Look, Priority::Wait, Priority::Change] {
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
        assert_eq!(*order.lock().unwrap(), [Priority::Change, Priority::Wait, Priority::Look]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_throttled_bucket_rests_then_runs_at_half_the_rate() {
        let budget = Budget::new(60, 1);
        budget.throttled(Some(Duration::from_secs(30)));
        let start = Instant::now();
        budget.acquire(Priority::Change).await;
        assert!(start.elapsed() >= Duration::from_secs(32), "{:?}", start.elapsed());
    }
}
