//! When a failed change of the cloud is tried again, by the class of its error.

use std::time::Duration;
use tokio::time::Instant;

use crate::backoff::exponential;
use crate::cloud::ErrorClass;

/// The wait of one object after failures.
#[derive(Clone, Copy, Debug, Default)]
pub struct Backoff {
    failures: u32,
    not_before: Option<Instant>,
    generation: Option<i64>,
    class: Option<ErrorClass>,
    /// The wait for a quota was ended once although nobody knew of room in it.
    tried_quota: bool,
}

impl Backoff {
    /// Counts a failure of `class` with the spec's `generation`, and returns the wait.
    pub fn fail(&mut self, class: ErrorClass, generation: Option<i64>) -> Duration {
        self.failures = if self.generation == generation { self.failures.saturating_add(1) } else { 1 };
        self.tried_quota &= self.generation == generation && class == ErrorClass::Quota;
        self.generation = generation;
        self.class = Some(class);
        let (first, limit) = waits(class);
        let wait = exponential(first, limit, self.failures);
        self.not_before = Some(Instant::now() + wait);
        wait
    }

    /// What is left of the wait. A new spec need not wait.
    #[must_use]
    pub fn remaining(&self, generation: Option<i64>) -> Option<Duration> {
        let left = self.not_before?.checked_duration_since(Instant::now())?;
        (self.generation == generation && !left.is_zero()).then_some(left)
    }

    /// Ends the wait for room in a quota. `tried`: on the mere chance.
    pub fn end_quota_wait(&mut self, tried: bool) {
        (self.not_before, self.tried_quota) = (None, tried);
    }

    /// Whether the last failure was for want of room in a quota, and whether that was tried again on the mere chance.
    #[must_use]
    pub fn quota_wait(&self) -> Option<bool> {
        (self.class == Some(ErrorClass::Quota)).then_some(self.tried_quota)
    }
}

/// First and longest wait after failures of `class`; it doubles in between.
pub(crate) const fn waits(class: ErrorClass) -> (Duration, Duration) {
    let (first, limit) = match class {
        ErrorClass::Server => (1, 120),
        ErrorClass::Busy => (2, 30),
        ErrorClass::InUse => (2, 60),
        ErrorClass::Absent => (5, 120),
        ErrorClass::Throttled => (30, 300),
        ErrorClass::Auth => (60, 600),
        // Only somebody's change helps. A slow retry finds changes of what is not watched.
        ErrorClass::Invalid | ErrorClass::Conflict | ErrorClass::Quota | ErrorClass::Permission | ErrorClass::Unsupported => (600, 600),
    };
    (Duration::from_secs(first), Duration::from_secs(limit))
}
