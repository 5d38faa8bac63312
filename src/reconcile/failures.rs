//! Attempts that failed at the API server, in the log: counted by reason, at most once a minute, since many objects fail for one cause.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

use super::reconciler::Failure;

const INTERVAL: Duration = Duration::from_mins(1);

/// The failures of one kind since they were last logged.
pub struct Failures {
    kind: &'static str,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    logged: Option<Instant>,
    by_reason: BTreeMap<String, u64>,
}

impl Failures {
    pub fn new(kind: &'static str) -> Self {
        Self { kind, state: Mutex::default() }
    }

    /// Counts a failure. The first is logged at once.
    pub fn count(&self, failure: &Failure) {
        if let Some(counts) = self.take_due(reason(failure)) {
            tracing::info!(kind = self.kind, "reconciles failed and will be retried: {counts}");
        }
    }

    fn take_due(&self, reason: String) -> Option<String> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state.by_reason.entry(reason).or_default() += 1;
        if state.logged.is_some_and(|logged| logged.elapsed() < INTERVAL) {
            return None;
        }
        state.logged = Some(Instant::now());
        let counts = std::mem::take(&mut state.by_reason).into_iter().map(|(reason, count)| format!("{count} × {reason}"));
        Some(counts.collect::<Vec<_>>().join(", "))
    }
}

/// What many failures have in common.
fn reason(failure: &Failure) -> String {
    match failure {
        Failure::Kubernetes(kube::Error::Api(status)) => format!("{} {}", status.code, status.reason),
        Failure::Kubernetes(_) => "the API server was not reached".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_first_is_logged_at_once_and_the_others_together() {
        let failures = Failures::new("Peer");
        let take = |reason: &str| failures.take_due(reason.to_owned());
        assert_eq!(take("403 Forbidden").as_deref(), Some("1 × 403 Forbidden"));
        assert_eq!((take("403 Forbidden"), take("500 Internal")), (None, None));
        tokio::time::advance(INTERVAL).await;
        assert_eq!(take("403 Forbidden").as_deref(), Some("2 × 403 Forbidden, 1 × 500 Internal"));
    }
}
