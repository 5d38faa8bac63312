//! Rate limits: two token buckets per user, for reads and for writes.

use std::{collections::BTreeMap, time::Instant};

use crate::settings::RateLimits;

/// Unused buckets are full.
#[derive(Default)]
pub struct RateLimiter {
    buckets: BTreeMap<(String, bool), Bucket>,
}

struct Bucket {
    tokens: f64,
    filled: Instant,
}

impl RateLimiter {
    /// Takes a token from the bucket of a user. Returns false if there is none. A bucket holds the tokens of one minute. If throttled calls count,
    /// they take tokens too, down to minus the same number.
    pub fn allow(&mut self, user: &str, is_read: bool, limits: &RateLimits, now: Instant) -> bool {
        let Some(limit) = limits.per_minute(is_read).map(f64::from) else {
            return true;
        };
        let bucket = self.buckets.entry((user.to_owned(), is_read)).or_insert(Bucket { tokens: limit, filled: now });
        let refill = now.duration_since(bucket.filled).as_secs_f64() * limit / 60.0;
        bucket.tokens = (bucket.tokens + refill).min(limit);
        bucket.filled = now;
        let allowed = bucket.tokens >= 1.0;
        if allowed || limits.throttled_calls_count {
            bucket.tokens = (bucket.tokens - 1.0).max(-limit);
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn limits(throttled_calls_count: bool) -> RateLimits {
        RateLimits { reads_per_minute: Some(2), writes_per_minute: Some(2), throttled_calls_count, ..RateLimits::default() }
    }

    #[test]
    fn a_bucket_holds_the_tokens_of_a_minute_and_refills() {
        let mut rate_limiter = RateLimiter::default();
        let start = Instant::now();
        let mut allow = |user, is_read, second| rate_limiter.allow(user, is_read, &limits(false), start + Duration::from_secs(second));
        assert_eq!([0, 0, 0].map(|second| allow("a", false, second)), [true, true, false]);
        assert!(allow("b", false, 0) && allow("a", true, 0));
        assert_eq!([29, 30, 31].map(|second| allow("a", false, second)), [false, true, false]);
    }

    #[test]
    fn throttled_calls_that_count_delay_the_next_allowed_call() {
        let start = Instant::now();
        // The number of throttled calls in the first second, and the second of the next allowed call: half a token is added per second, and at most
        // two are owed.
        for (throttled, waits) in [(0, 30), (1, 60), (2, 90), (3, 90), (50, 90)] {
            let is_allowed_at = |second| {
                let mut rate_limiter = RateLimiter::default();
                let mut allow = |second| rate_limiter.allow("a", true, &limits(true), start + Duration::from_secs(second));
                assert!(allow(0) && allow(0) && (0..throttled).all(|_| !allow(0)), "{throttled}");
                allow(second)
            };
            assert_eq!([waits - 1, waits].map(is_allowed_at), [false, true], "{throttled}");
        }
    }
}
