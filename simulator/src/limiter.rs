//! Throttling: for each user a bucket of reads and one of writes.

use std::{collections::BTreeMap, time::Instant};

use crate::settings::RateLimits;

/// Buckets by user; one that was never used is full.
#[derive(Default)]
pub struct Limiter {
    buckets: BTreeMap<(String, bool), Bucket>,
}

struct Bucket {
    tokens: f64,
    filled: Instant,
}

impl Limiter {
    /// Takes a token from a user's bucket; false when it is empty. A bucket holds one minute's worth. Where refused calls count, it owes as much
    /// at most.
    pub fn admit(&mut self, user: &str, is_read: bool, limits: &RateLimits, now: Instant) -> bool {
        let Some(limit) = limits.per_minute(is_read).map(f64::from) else {
            return true;
        };
        let bucket = self.buckets.entry((user.to_owned(), is_read)).or_insert(Bucket { tokens: limit, filled: now });
        let refill = now.duration_since(bucket.filled).as_secs_f64() * limit / 60.0;
        bucket.tokens = (bucket.tokens + refill).min(limit);
        bucket.filled = now;
        let admitted = bucket.tokens >= 1.0;
        if admitted || limits.throttled_calls_count {
            bucket.tokens = (bucket.tokens - 1.0).max(-limit);
        }
        admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn limits(throttled_calls_count: bool) -> RateLimits {
        RateLimits { reads_per_minute: Some(2), writes_per_minute: Some(2), throttled_calls_count }
    }

    #[test]
    fn a_bucket_holds_a_minute_and_refills() {
        let mut limiter = Limiter::default();
        let start = Instant::now();
        let mut admit = |user, is_read, second| limiter.admit(user, is_read, &limits(false), start + Duration::from_secs(second));
        assert_eq!([0, 0, 0].map(|second| admit("a", false, second)), [true, true, false]);
        assert!(admit("b", false, 0) && admit("a", true, 0));
        assert_eq!([29, 30, 31].map(|second| admit("a", false, second)), [false, true, false]);
    }

    #[test]
    fn refused_calls_that_count_put_off_the_next_admission() {
        let start = Instant::now();
        // Refused calls in the first second, and when the next call is admitted: at half a token in a second, up to a debt of two.
        for (refused, waits) in [(0, 30), (1, 60), (2, 90), (3, 90), (50, 90)] {
            let is_admitted_at = |second| {
                let mut limiter = Limiter::default();
                let mut admit = |second| limiter.admit("a", true, &limits(true), start + Duration::from_secs(second));
                assert!(admit(0) && admit(0) && (0..refused).all(|_| !admit(0)), "{refused}");
                admit(second)
            };
            assert_eq!([waits - 1, waits].map(is_admitted_at), [false, true], "{refused}");
        }
    }
}
