//! The cloud's time: the local clock, corrected by the offset to the cloud's.
//!
//! The cloud refuses signatures whose time is more than 15 minutes off (`docs/design/cloud-api.md#signing`), and sends its time with each
//! answer. So the operator works with a wrong local clock, and logs a warning.

use jiff::{SignedDuration, Timestamp};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A smaller difference is the latency of request and answer, not the clock.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(2);

/// A clock that is adjusted by the times of answers.
pub(in crate::cloud) struct Clock {
    /// The cloud's clock minus the local one.
    offset: Mutex<SignedDuration>,
}

impl Clock {
    pub const fn new() -> Self {
        Self { offset: Mutex::new(SignedDuration::ZERO) }
    }

    /// The cloud's time, as far as it is known.
    pub fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        // On an overflow there is no better guess than the local clock.
        now.checked_add(*self.offset()).unwrap_or(now)
    }

    /// Compares the time in a request with the time in its answer, and uses the latter from now on if they differ. Returns whether they do: a
    /// request that was refused because of its time may be retried.
    pub fn adjust(&self, sent: Timestamp, answered: Timestamp) -> bool {
        if agree(sent, answered) {
            return false;
        }
        let offset = answered.duration_since(Timestamp::now());
        let before = std::mem::replace(&mut *self.offset(), offset);
        // Calls that were in flight together find the same offset.
        if (offset - before).abs() > TOLERANCE {
            log(offset);
        }
        true
    }

    fn offset(&self) -> MutexGuard<'_, SignedDuration> {
        self.offset.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the time in a request agrees with the time in its answer.
pub(in crate::cloud) fn agree(sent: Timestamp, answered: Timestamp) -> bool {
    answered.duration_since(sent).abs() <= TOLERANCE
}

fn log(offset: SignedDuration) {
    let seconds = offset.abs().as_secs();
    if offset.abs() <= TOLERANCE {
        tracing::info!("the local clock agrees with the cloud's again");
    } else if offset.is_positive() {
        tracing::warn!(seconds, "the local clock is {seconds} s behind the cloud's; using the cloud's time. Correct the local clock");
    } else {
        tracing::warn!(seconds, "the local clock is {seconds} s ahead of the cloud's; using the cloud's time. Correct the local clock");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_offset_by(clock: &Clock, minutes: i64) -> bool {
        let offset = clock.now().duration_since(Timestamp::now());
        (offset - SignedDuration::from_mins(minutes)).abs() < SignedDuration::from_secs(5)
    }

    #[test]
    fn the_clouds_time_is_used_when_a_request_was_off() {
        let clock = Clock::new();
        for (minutes, adjusted, offset) in [(1, false, 0), (-2, false, 0), (20, true, 20), (-3000, true, -3000), (0, false, -3000)] {
            let sent = Timestamp::now();
            let answered = sent + SignedDuration::from_mins(minutes);
            assert_eq!((clock.adjust(sent, answered), is_offset_by(&clock, offset)), (adjusted, true), "{minutes} min");
        }
    }

    #[test]
    fn a_second_call_with_the_old_time_finds_the_same_offset() {
        let clock = Clock::new();
        let sent = clock.now();
        let answered = sent + SignedDuration::from_mins(20);
        assert!(clock.adjust(sent, answered) && clock.adjust(sent, answered));
        assert!(!clock.adjust(clock.now(), answered), "the third one has the right time");
        assert!(is_offset_by(&clock, 20));
    }

    #[test]
    fn a_corrected_local_clock_is_used_again() {
        let clock = Clock::new();
        let right = Timestamp::now();
        clock.adjust(right, right + SignedDuration::from_mins(60));
        assert!(clock.adjust(clock.now(), Timestamp::now()));
        assert!(is_offset_by(&clock, 0));
    }

    #[test]
    fn an_overflow_is_handled() {
        let clock = Clock::new();
        for answered in [Timestamp::MAX, Timestamp::MIN] {
            assert!(clock.adjust(clock.now(), answered));
            assert!(clock.now().duration_since(answered).abs() < SignedDuration::from_secs(5) || is_offset_by(&clock, 0));
        }
    }
}
