//! Waiting longer each time, and never all at once.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// `duration` ± 20 %: those who began together do not come back together.
#[must_use]
pub fn jittered(duration: Duration) -> Duration {
    // A fresh RandomState is seeded by the system: enough chance for a spread, and no crate for it.
    let chance = RandomState::new().hash_one(0_u8) % 401;
    duration.mul_f64(0.8 + f64::from(u32::try_from(chance).unwrap_or(200)) / 1000.0)
}

/// The `failures`-th wait (from 1) of a series that doubles from `first` to `limit`, ± 20 %.
#[must_use]
pub fn exponential(first: Duration, limit: Duration, failures: u32) -> Duration {
    let factor = 2_u32.saturating_pow(failures.saturating_sub(1).min(16));
    jittered(first.saturating_mul(factor).min(limit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_wait_grows_to_its_limit_and_keeps_to_the_spread(failures in 1u32..100) {
            let (first, limit) = (Duration::from_secs(1), Duration::from_mins(1));
            let bare = first.saturating_mul(2u32.saturating_pow((failures - 1).min(16))).min(limit);
            let wait = exponential(first, limit, failures);
            prop_assert!(wait >= bare.mul_f64(0.799) && wait <= bare.mul_f64(1.201), "{wait:?} of {bare:?}");
        }
    }
}
