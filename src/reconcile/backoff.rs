//! When a failed change of the cloud is tried again, by the class of its error.

use std::time::Duration;
use tokio::time::Instant;

use crate::backoff::exponential;
use crate::cloud::ErrorClass;

/// First and longest wait before a call that was refused is tried again because something has changed that the refusal can depend on.
const CHANGED: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(1));

/// The wait of one object after failures.
#[derive(Clone, Copy, Debug, Default)]
pub struct Backoff {
    failures: u32,
    /// When it last failed, and the end of the wait.
    wait: Option<(Instant, Instant)>,
    generation: Option<i64>,
    /// Stands for all else that the failure can depend on.
    cause: Option<u64>,
    class: Option<ErrorClass>,
    /// The wait for a quota was ended once although nobody knew of room in it.
    tried_quota: bool,
}

impl Backoff {
    /// Counts a failure of `class` with the spec's `generation`, and returns the wait: as long as the cloud asks for, if it does.
    pub fn fail(&mut self, class: ErrorClass, generation: Option<i64>, retry_after: Option<Duration>) -> Duration {
        self.failures = if self.generation == generation { self.failures.saturating_add(1) } else { 1 };
        self.tried_quota &= self.generation == generation && class == ErrorClass::Quota;
        self.generation = generation;
        self.cause = None;
        self.class = Some(class);
        let (first, limit) = waits(class);
        let wait = retry_after.unwrap_or_else(|| exponential(first, limit, self.failures));
        let now = Instant::now();
        self.wait = Some((now, now + wait));
        wait
    }

    /// What the failure can depend on. When that changes, the wait is short.
    pub fn depends_on(&mut self, cause: u64) {
        self.cause = Some(cause);
    }

    /// Whether only a change by somebody ends the failure.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        self.class.is_some_and(|class| waits(class).0 >= SOMEBODY.0)
    }

    /// What is left of the wait. A new spec need not wait, and one whose `cause` is another now waits less the fewer times it was refused.
    #[must_use]
    pub fn remaining(&self, generation: Option<i64>, cause: impl FnOnce() -> u64) -> Option<Duration> {
        let (failed, until) = self.wait.filter(|(_, until)| self.generation == generation && *until > Instant::now())?;
        let until = match self.cause {
            Some(before) if before != cause() => until.min(failed + exponential(CHANGED.0, CHANGED.1, self.failures)),
            _ => until,
        };
        until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }

    /// Ends the wait for room in a quota. `tried`: on the mere chance.
    pub fn end_quota_wait(&mut self, tried: bool) {
        (self.wait, self.tried_quota) = (None, tried);
    }

    /// Whether the last failure was for want of room in a quota, and whether that was tried again on the mere chance.
    #[must_use]
    pub fn quota_wait(&self) -> Option<bool> {
        (self.class == Some(ErrorClass::Quota)).then_some(self.tried_quota)
    }
}

/// Waits where only a change by somebody helps. A slow retry finds changes of what is not watched.
const SOMEBODY: (Duration, Duration) = (Duration::from_mins(10), Duration::from_mins(10));

/// First and longest wait after failures of `class`; it doubles in between.
pub(crate) const fn waits(class: ErrorClass) -> (Duration, Duration) {
    let (first, limit) = match class {
        ErrorClass::Server => (1, 120),
        ErrorClass::Busy => (2, 30),
        ErrorClass::InUse => (2, 60),
        ErrorClass::Absent => (5, 120),
        ErrorClass::Throttled => (30, 300),
        ErrorClass::Auth => (60, 600),
        ErrorClass::Invalid | ErrorClass::Conflict | ErrorClass::Quota | ErrorClass::Permission | ErrorClass::Unsupported => {
            return SOMEBODY;
        }
    };
    (Duration::from_secs(first), Duration::from_secs(limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_refusal_is_tried_again_soon_when_what_it_depends_on_has_changed() {
        let second = Duration::from_secs(1);
        let mut backoff = Backoff::default();
        let left = |backoff: &Backoff, cause| backoff.remaining(Some(1), || cause);
        assert_eq!(left(&backoff, 1), None);
        backoff.fail(ErrorClass::Invalid, Some(1), None);
        backoff.depends_on(1);
        assert!(backoff.is_refusal() && left(&backoff, 1) > Some(second * 400));
        tokio::time::advance(second * 2).await;
        assert_eq!(left(&backoff, 2), None, "it waited longer than the short wait already");
        assert_eq!(backoff.remaining(Some(2), || 1), None, "another spec");
        // Refused again and again: each change helps later.
        for _ in 0..8 {
            backoff.fail(ErrorClass::Invalid, Some(1), None);
        }
        backoff.depends_on(2);
        assert!((second * 45..=second * 75).contains(&left(&backoff, 3).unwrap()), "{:?}", left(&backoff, 3));
    }

    #[tokio::test(start_paused = true)]
    async fn the_cloud_says_how_long() {
        let mut backoff = Backoff::default();
        let wait = Duration::from_secs(3);
        assert_eq!(backoff.fail(ErrorClass::Throttled, Some(1), Some(wait)), wait);
        assert_eq!(backoff.remaining(Some(1), || 1), Some(wait));
        assert!(!backoff.is_refusal());
    }
}
