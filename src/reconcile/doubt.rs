//! A create that may have been sent and whose outcome is not known (`docs/design/crash-safety.md#doubt-window`).

use std::time::Duration;
use tokio::time::Instant;

use crate::api::{Intent, Status};

use super::object_state::ObjectState;

impl ObjectState {
    /// The intent of `status` whose create may have been sent.
    #[must_use]
    pub fn sent_intent<'a, O>(&self, status: &'a Status<O>) -> Option<&'a Intent> {
        status.intent.as_ref().filter(|intent| self.create.fresh_intent.as_ref() != Some(&intent.time))
    }

    /// Begins the time of doubt about a create that an earlier process may have sent. Its deadline is held against this machine's clock only once.
    pub fn begin_doubt<O>(&mut self, status: &Status<O>) {
        let now = jiff::Timestamp::now();
        let until = self.sent_intent(status).map(|intent| Instant::now() + time_in_doubt(intent, now));
        self.create.in_doubt_until = self.create.in_doubt_until.or(until);
    }
}

/// How long the create that `intent` announced may still arrive. It was given half of this time to be begun, so that it may not be less, nor more
/// than all of it, whatever this machine's clock says beside the other's.
fn time_in_doubt(intent: &Intent, now: jiff::Timestamp) -> Duration {
    let whole: Duration = intent.deadline.0.duration_since(intent.time.0).try_into().unwrap_or_default();
    let left: Duration = intent.deadline.0.duration_since(now).try_into().unwrap_or_default();
    left.clamp(whole / 2, whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

    #[test]
    fn a_create_is_doubted_for_its_time_whatever_the_clock_says() {
        let time: jiff::Timestamp = "2026-04-25T09:30:00Z".parse().unwrap();
        let after = |seconds: i64| time.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap();
        let intent = Intent { time: Time(time), deadline: Time(after(120)), target: None };
        for (now, left) in [(0, 120), (20, 100), (60, 60), (90, 60), (1200, 60), (-1200, 120)] {
            assert_eq!(time_in_doubt(&intent, after(now)), Duration::from_secs(left), "{now} s after the intent");
        }
    }
}
