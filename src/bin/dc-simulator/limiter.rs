//! Throttling: for each user a bucket of reads and one of writes.

use std::{collections::BTreeMap, time::Instant};

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
    /// Takes a token from a user's bucket; false when it is empty. A bucket holds one minute's worth.
    pub fn admit(&mut self, user: &str, is_read: bool, per_minute: Option<u32>, now: Instant) -> bool {
        let Some(limit) = per_minute.map(f64::from) else {
            return true;
        };
        let bucket = self.buckets.entry((user.to_owned(), is_read)).or_insert(Bucket { tokens: limit, filled: now });
        let refill = now.duration_since(bucket.filled).as_secs_f64() * limit / 60.0;
        bucket.tokens = (bucket.tokens + refill).min(limit);
        bucket.filled = now;
        if bucket.tokens < 1.0 {
            return false;
        }
        bucket.tokens -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_bucket_holds_a_minute_and_refills() {
        let mut limiter = Limiter::default();
        let start = Instant::now();
        let mut admit = |user, is_read, second| limiter.admit(user, is_read, Some(2), start + Duration::from_secs(second));
        assert_eq!([0, 0, 0].map(|second| admit("a", false, second)), [true, true, false]);
        assert!(admit("b", false, 0) && admit("a", true, 0));
        assert_eq!([29, 30, 31].map(|second| admit("a", false, second)), [false, true, false]);
    }
}
