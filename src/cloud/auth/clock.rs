//! The cloud's time: this machine's clock, and how far the cloud's has been seen ahead of it.
//!
//! The cloud refuses signatures whose time is more than 15 minutes off (`docs/design/cloud-api.md#signing`), and tells its own time with
//! each answer. So a machine whose clock is wrong is told of it, and served all the same.

use jiff::{SignedDuration, Timestamp};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is less than this is the way of the request and of its answer, not the clock.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(2);

/// A clock that is mended by what answers tell.
pub(in crate::cloud) struct Clock {
    /// How far the cloud's clock is ahead of this machine's; negative when it is behind.
    ahead: Mutex<SignedDuration>,
}

impl Clock {
    /// A clock that trusts this machine's.
    pub const fn new() -> Self {
        Self { ahead: Mutex::new(SignedDuration::ZERO) }
    }

    /// The cloud's time, as far as it is known.
    pub fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        // Beyond the calendar there is no better guess than the machine's.
        now.checked_add(*self.ahead()).unwrap_or(now)
    }

    /// Holds the time that a request bore against the time that its answer told, and goes by the latter from now on when they differ.
    /// True when they did: what was refused for its time may be tried again.
    pub fn mend(&self, bore: Timestamp, told: Timestamp) -> bool {
        if agree(bore, told) {
            return false;
        }
        let ahead = told.duration_since(Timestamp::now());
        let before = std::mem::replace(&mut *self.ahead(), ahead);
        // Calls that were under way together find the same.
        if (ahead - before).abs() > TOLERANCE {
            tell(ahead);
        }
        true
    }

    fn ahead(&self) -> MutexGuard<'_, SignedDuration> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a request bore the time that its answer told.
pub(in crate::cloud) fn agree(bore: Timestamp, told: Timestamp) -> bool {
    told.duration_since(bore).abs() <= TOLERANCE
}

fn tell(ahead: SignedDuration) {
    let seconds = ahead.abs().as_secs();
    if ahead.abs() <= TOLERANCE {
        tracing::info!("this machine's clock agrees with the cloud's again");
    } else if ahead.is_positive() {
        tracing::warn!(seconds, "this machine's clock is {seconds} s behind the cloud's, whose time is used instead: set the clock right");
    } else {
        tracing::warn!(
            seconds,
            "this machine's clock is {seconds} s ahead of the cloud's, whose time is used instead: set the clock right"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn off_by(clock: &Clock, minutes: i64) -> bool {
        let ahead = clock.now().duration_since(Timestamp::now());
        (ahead - SignedDuration::from_mins(minutes)).abs() < SignedDuration::from_secs(5)
    }

    #[test]
    fn the_clouds_time_is_taken_over_when_a_request_was_off() {
        let clock = Clock::new();
        for (minutes, mended, ahead) in [(1, false, 0), (-2, false, 0), (20, true, 20), (-3000, true, -3000), (0, false, -3000)] {
            let bore = Timestamp::now();
            let told = bore + SignedDuration::from_mins(minutes);
            assert_eq!((clock.mend(bore, told), off_by(&clock, ahead)), (mended, true), "{minutes} min");
        }
    }

    #[test]
    fn a_second_call_that_bore_the_old_time_learns_the_same() {
        let clock = Clock::new();
        let bore = clock.now();
        let told = bore + SignedDuration::from_mins(20);
        assert!(clock.mend(bore, told) && clock.mend(bore, told));
        assert!(!clock.mend(clock.now(), told), "the third one bears the right time");
        assert!(off_by(&clock, 20));
    }

    #[test]
    fn a_machine_that_is_set_right_is_trusted_again() {
        let clock = Clock::new();
        let right = Timestamp::now();
        clock.mend(right, right + SignedDuration::from_mins(60));
        assert!(clock.mend(clock.now(), Timestamp::now()));
        assert!(off_by(&clock, 0));
    }

    #[test]
    fn a_time_beyond_the_calendar_breaks_nothing() {
        let clock = Clock::new();
        for told in [Timestamp::MAX, Timestamp::MIN] {
            assert!(clock.mend(clock.now(), told));
            assert!(clock.now().duration_since(told).abs() < SignedDuration::from_secs(5) || off_by(&clock, 0));
        }
    }
}
