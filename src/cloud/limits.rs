//! Limits of the requests to the cloud, the same for all accounts.

use std::time::Duration;

/// Limits of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Timeout of one call, from its first byte to its last.
    pub call: Duration,
    /// Longest time for which reads may not show a write that was answered.
    pub read_lag: Duration,
    /// Page size of a LIST, 1 to 2000.
    pub page: u32,
    /// Pause of a rate limiter after a 429 without `Retry-After`: the cloud counts requests per minute.
    pub pause: Duration,
    /// Lower bound of the rate after 429 responses, as a divisor of its limit: 16 is one sixteenth.
    pub floor: u32,
    /// Increase of the rate with each successful response, as a divisor of its limit: 32 raises it by 1/32.
    pub gain: u32,
    /// Maximum number of calls of one priority and direction that wait for a permit. A reconcile that finds the queue full ends and is retried
    /// later, so that the reconciles of one account never use up the concurrency of all.
    pub queue: u32,
    /// Consecutive failures of an endpoint that open its circuit breaker. Fewer may be due to single calls.
    pub failures: u32,
    /// First and longest time for which it stays open.
    pub open_for: (Duration, Duration),
}

impl Limits {
    /// Time from recording the intent of a create until it can no longer take effect: one timeout to be sent, and one to be answered.
    #[must_use]
    pub fn create(&self) -> Duration {
        self.call * 2
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            call: Duration::from_mins(1),
            read_lag: Duration::from_mins(2),
            page: 2000,
            pause: Duration::from_mins(1),
            floor: 16,
            gain: 32,
            queue: 32,
            failures: 5,
            open_for: (Duration::from_secs(1), Duration::from_secs(30)),
        }
    }
}
