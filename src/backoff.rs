//! Waiting longer each time, and never all at once.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// `duration` ± 20 %: those who began together do not come back together.
#[must_use]
pub fn jittered(duration: Duration) -> Duration {
    duration.mul_f64(0.8 + 0.4 * chance())
}

/// 80 to 100 % of `duration`, where a longer wait would break a promise.
#[must_use]
pub fn at_most(duration: Duration) -> Duration {
    duration.mul_f64(0.8 + 0.2 * chance()).min(duration)
}

/// Any part of `duration`: those who began together are spread evenly over the whole of it.
#[must_use]
pub fn any_part(duration: Duration) -> Duration {
    duration.mul_f64(chance()).min(duration)
}

/// From 0 to 1, evenly.
fn chance() -> f64 {
    const STEPS: u32 = 1_000_000;
    // A fresh RandomState is seeded by the system: enough chance for a spread, and no crate for it.
    let chance = RandomState::new().hash_one(0_u8) % (u64::from(STEPS) + 1);
    f64::from(u32::try_from(chance).unwrap_or_default()) / f64::from(STEPS)
}

/// The `failures`-th wait (from 1) of a series that doubles from `first` to `limit`, ± 20 %.
#[must_use]
pub fn exponential(first: Duration, limit: Duration, failures: u32) -> Duration {
    jittered(doubled(first, limit, failures))
}

/// The same without a spread, where the next wait must not be shorter.
#[must_use]
pub fn doubled(first: Duration, limit: Duration, failures: u32) -> Duration {
    let factor = 2_u32.saturating_pow(failures.saturating_sub(1).min(16));
    first.saturating_mul(factor).min(limit)
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

        #[test]
        fn a_promise_is_kept(seconds in 1u64..100_000) {
            let promised = Duration::from_secs(seconds);
            let wait = at_most(promised);
            prop_assert!(wait >= promised.mul_f64(0.799) && wait <= promised, "{wait:?} of {promised:?}");
        }
    }

    #[test]
    fn any_part_is_spread_over_the_whole() {
        let whole = Duration::from_secs(100);
        let mut tenths = [0; 10];
        for _ in 0..2000 {
            let part = any_part(whole);
            assert!(part <= whole);
            let tenth = usize::try_from(part.as_secs() / 10).unwrap().min(9);
            tenths[tenth] += 1;
        }
        assert!(tenths.iter().all(|parts| (100..300).contains(parts)), "{tenths:?}");
    }
}
