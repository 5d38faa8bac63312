//! The rate limiter of an account: one token bucket for reads and one for writes, shared by all kinds.
//!
//! Each priority has a queue: a user's change goes ahead of a wait for the cloud, and that ahead of drift detection and correction. A 429
//! response pauses the bucket (the cloud counts throttled calls too) and halves the rate, once for all calls that were in flight together; each
//! success raises it again by a little. Queues are short: a caller that finds one full retries later.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::cloud::limits::Limits;

/// Longest retry after a full queue: by then the rate may have changed.
const MAX_RETRY_AFTER: Duration = Duration::from_mins(1);

/// The state of a rate limiter at one instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateLimiterState {
    /// Waiting calls by the label of their priority.
    pub waiting: [(&'static str, usize); 3],
    /// The current rate as a fraction of its limit, 0 to 1.
    pub ratio: f64,
    /// Whether it is paused after a 429.
    pub paused: bool,
}

/// Order in which waiting calls get a permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// A changed spec.
    Change,
    /// A resource that settles and is waited for.
    Wait,
    /// Drift detection and correction, for which nobody waits.
    Background,
}

impl Priority {
    /// From the highest to the lowest.
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

/// Which queue a call waits in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueKey {
    /// Reads if true, otherwise writes.
    pub read: bool,
    pub priority: Priority,
}

/// Too many calls wait in a queue: nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many calls wait for the rate limiter already")]
pub struct QueueFull {
    pub queue: QueueKey,
    pub retry_after: Duration,
}

/// Label for metrics.
pub(in crate::cloud) const fn direction(read: bool) -> &'static str {
    if read { "read" } else { "write" }
}

/// A token bucket of one account and direction.
pub struct RateLimiter {
    bucket: Mutex<Bucket>,
    freed: Notify,
    limits: Limits,
}

struct Bucket {
    /// Calls a second, as configured.
    limit: f64,
    /// Calls a second, at present.
    rate: f64,
    burst: f64,
    tokens: f64,
    refilled_at: Instant,
    paused_until: Option<Instant>,
    waiting: [usize; 3],
    /// The latest retry that was given to a caller that found the queue full, by priority.
    last_retry: [Instant; 3],
}

impl RateLimiter {
    /// A full bucket of `burst` calls that refills at `per_minute`.
    #[must_use]
    pub fn new(per_minute: u32, burst: u32, limits: Limits) -> Self {
        let limit = f64::from(per_minute.max(1)) / 60.0;
        let burst = f64::from(burst.max(1));
        let now = Instant::now();
        let bucket = Bucket {
            limit,
            rate: limit,
            burst,
            tokens: burst,
            refilled_at: now,
            paused_until: None,
            waiting: [0; 3],
            last_retry: [now; 3],
        };
        Self { bucket: Mutex::new(bucket), freed: Notify::new(), limits }
    }

    /// If the queue is full, the time after which to retry: another one for each caller, by when it may find room.
    #[must_use]
    pub fn full(&self, priority: Priority) -> Option<Duration> {
        let limit = usize::try_from(self.limits.queue).unwrap_or(usize::MAX);
        self.bucket().retry_after_if_full(priority, limit, Instant::now())
    }

    /// Waits for a permit for one call.
    pub async fn acquire(&self, priority: Priority) {
        let _waiter = Waiter::enqueue(self, priority);
        loop {
            // Registered before the bucket is read, so that no notification in between is missed.
            let freed = self.freed.notified();
            let attempt = self.bucket().try_acquire(priority, Instant::now());
            match attempt {
                TryAcquire::Acquired => return,
                TryAcquire::NotBefore(at) => sleep_until(at).await,
                TryAcquire::AfterOthers(at) => {
                    let _ = timeout_at(at, freed).await;
                }
            }
        }
    }

    /// Takes the 429 response to a call: pauses, and halves the rate.
    pub fn throttled(&self, retry_after: Option<Duration>) {
        let now = Instant::now();
        let end = now + retry_after.unwrap_or(self.limits.pause);
        let mut bucket = self.bucket();
        // A call that was in flight when the pause began says nothing new about the rate, but perhaps about the length of the pause.
        if !bucket.is_paused(now) {
            bucket.rate = (bucket.rate / 2.0).max(bucket.limit / f64::from(self.limits.floor));
        }
        bucket.tokens = 0.0;
        bucket.paused_until = Some(bucket.paused_until.map_or(end, |until| until.max(end)));
    }

    /// Takes a successful response: raises the rate again.
    pub fn succeeded(&self) {
        let mut bucket = self.bucket();
        bucket.rate = (bucket.rate + bucket.limit / f64::from(self.limits.gain)).min(bucket.limit);
    }

    #[must_use]
    pub fn state(&self) -> RateLimiterState {
        let bucket = self.bucket();
        let waiting = Priority::ALL.map(|priority| (priority.label(), bucket.waiting.get(priority as usize).copied().unwrap_or_default()));
        RateLimiterState { waiting, ratio: bucket.rate / bucket.limit, paused: bucket.is_paused(Instant::now()) }
    }

    fn bucket(&self) -> MutexGuard<'_, Bucket> {
        self.bucket.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum TryAcquire {
    Acquired,
    NotBefore(Instant),
    AfterOthers(Instant),
}

impl Bucket {
    fn is_paused(&self, now: Instant) -> bool {
        self.paused_until.is_some_and(|until| now < until)
    }

    fn retry_after_if_full(&mut self, priority: Priority, limit: usize, now: Instant) -> Option<Duration> {
        let waiting = self.waiting.get(priority as usize).copied().unwrap_or_default();
        let last = self.last_retry.get_mut(priority as usize).filter(|_| waiting >= limit)?;
        let one = Duration::from_secs_f64(1.0 / self.rate);
        let open = self.paused_until.map_or(now, |until| until.max(now));
        // By then half of the queue has its permits, unless higher priorities go ahead.
        let first = open + one.mul_f64(f64::from(u32::try_from(limit / 2).unwrap_or(u32::MAX)));
        *last = ((*last).max(first) + one).min(now + MAX_RETRY_AFTER);
        Some(*last - now)
    }

    fn try_acquire(&mut self, priority: Priority, now: Instant) -> TryAcquire {
        if let Some(until) = self.paused_until {
            if now < until {
                return TryAcquire::NotBefore(until);
            }
            self.paused_until = None;
            self.refilled_at = now;
        }
        self.tokens = (self.tokens + (now - self.refilled_at).as_secs_f64() * self.rate).min(self.burst);
        self.refilled_at = now;
        let next = now + Duration::from_secs_f64(((1.0 - self.tokens).max(0.0) / self.rate).max(0.001));
        if self.waiting.iter().take(priority as usize).any(|ahead| *ahead > 0) {
            TryAcquire::AfterOthers(next)
        } else if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            TryAcquire::Acquired
        } else {
            TryAcquire::NotBefore(next)
        }
    }
}

/// A place in a queue, given up on drop: also when the waiting call is cancelled.
struct Waiter<'a> {
    limiter: &'a RateLimiter,
    priority: Priority,
}

impl<'a> Waiter<'a> {
    fn enqueue(limiter: &'a RateLimiter, priority: Priority) -> Self {
        if let Some(count) = limiter.bucket().waiting.get_mut(priority as usize) {
            *count += 1;
        }
        Self { limiter, priority }
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        if let Some(count) = self.limiter.bucket().waiting.get_mut(self.priority as usize) {
            *count -= 1;
        }
        self.limiter.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn limiter(per_minute: u32, burst: u32) -> RateLimiter {
        RateLimiter::new(per_minute, burst, Limits::default())
    }

    #[tokio::test(start_paused = true)]
    async fn the_burst_is_free_and_the_rest_comes_at_the_rate() {
        let limiter = limiter(60, 5);
        let start = Instant::now();
        for _ in 0..8 {
            limiter.acquire(Priority::Change).await;
        }
        let taken = start.elapsed();
        assert!(taken >= Duration::from_millis(2900) && taken < Duration::from_millis(3200), "{taken:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_users_change_overtakes_what_waits_for_nobody() {
        let limiter = Arc::new(limiter(60, 1));
        limiter.acquire(Priority::Background).await;
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        for priority in [Priority::Background, Priority::Wait, Priority::Change] {
            let (limiter, order) = (Arc::clone(&limiter), Arc::clone(&order));
            tasks.push(tokio::spawn(async move {
                limiter.acquire(priority).await;
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
    async fn a_caller_that_finds_the_queue_full_retries_about_when_there_is_room() {
        const QUEUE: usize = 32;
        let (limiter, times) = (Arc::new(limiter(60, 1)), Arc::new(Mutex::new(0)));
        let call = |priority| {
            let (limiter, times) = (Arc::clone(&limiter), Arc::clone(&times));
            tokio::spawn(async move {
                while let Some(retry_after) = limiter.full(priority) {
                    assert!(!retry_after.is_zero() && retry_after <= MAX_RETRY_AFTER, "{retry_after:?}");
                    *times.lock().unwrap() += 1;
                    tokio::time::sleep(retry_after).await;
                }
                limiter.acquire(priority).await;
            })
        };
        let begun = Instant::now();
        let corrections: Vec<_> = (0..8 * QUEUE).map(|_| call(Priority::Background)).collect();
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(limiter.state().waiting[Priority::Background as usize].1 <= QUEUE);
        call(Priority::Change).await.unwrap();
        assert!(begun.elapsed() <= Duration::from_secs(3), "another priority has its own queue: {:?}", begun.elapsed());
        for correction in corrections {
            correction.await.unwrap();
        }
        let (all, times) = (begun.elapsed(), *times.lock().unwrap());
        assert!(all <= Duration::from_secs(8 * 32 + 10), "the queue never ran empty: {all:?}");
        assert!(times <= 8 * QUEUE * 4, "no caller retried much more often than once a minute: {times}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_throttled_bucket_pauses_then_continues_at_half_the_rate() {
        let limiter = limiter(60, 1);
        assert!(limiter.state().ratio > 0.99 && !limiter.state().paused);
        limiter.throttled(Some(Duration::from_secs(30)));
        assert!(limiter.state().ratio < 0.51 && limiter.state().paused);
        let start = Instant::now();
        limiter.acquire(Priority::Change).await;
        assert!(start.elapsed() >= Duration::from_secs(32), "{:?}", start.elapsed());
        assert!(!limiter.state().paused && limiter.state().waiting.iter().all(|(_, waiting)| *waiting == 0));
    }

    #[tokio::test(start_paused = true)]
    async fn calls_that_were_in_flight_together_halve_the_rate_once() {
        // Seconds since the first 429, its Retry-After, and then the ratio of the rate and the seconds left of the pause.
        let rows = [
            ("the first", 0, Some(30), 0.5, 30),
            ("another at once", 0, Some(10), 0.5, 30),
            ("one that names no time", 5, None, 0.5, 60),
            ("one that names a short time", 64, Some(10), 0.5, 10),
            ("after the pause", 74, Some(30), 0.25, 30),
            ("within the second pause", 75, Some(30), 0.25, 30),
        ];
        let (limiter, begun) = (limiter(60, 1), Instant::now());
        for (row, second, retry_after, ratio, pause) in rows {
            sleep_until(begun + Duration::from_secs(second)).await;
            limiter.throttled(retry_after.map(Duration::from_secs));
            assert!((limiter.state().ratio - ratio).abs() < 0.001, "{row}: {:?}", limiter.state());
            let left = limiter.bucket().paused_until.map(|until| until - Instant::now());
            assert_eq!(left, Some(Duration::from_secs(pause)), "{row}");
        }
    }
}
