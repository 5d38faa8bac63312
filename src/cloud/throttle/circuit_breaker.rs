//! The circuit breaker of one endpoint: it opens after consecutive failures, and then lets through one read at a time as a probe until one
//! succeeds.
//!
//! A call that is rejected while it is open ends at once with class and code of the last failure; nothing was sent. The message and the request
//! id of that failure are left out: its object may be another tenant's. No write of Direct Connect is ever the probe, so that none is lost on a
//! failing cloud.

use jiff::Timestamp;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::backoff::exponential;
use crate::cloud::errors::class::ErrorClass;
use crate::cloud::errors::{CloudError, RequestOutcome};

/// Closed until calls fail consecutively.
pub(in crate::cloud) struct CircuitBreaker {
    inner: Mutex<Inner>,
    changed: Notify,
    /// Consecutive failures that open it.
    threshold: u32,
    /// First and longest time for which it stays open.
    open_for: (Duration, Duration),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CircuitBreakerState {
    /// Calls are let through.
    Closed,
    /// The next read is the probe, or a probe is in flight.
    HalfOpen,
    /// Nothing is let through.
    Open,
}

impl CircuitBreakerState {
    /// Label for metrics.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::HalfOpen => "half_open",
            Self::Open => "open",
        }
    }
}

#[derive(Default)]
struct Inner {
    failures: u32,
    /// The first of the consecutive failures.
    failing: Option<(Instant, Unanswered)>,
    open: Option<Open>,
}

/// An endpoint does not answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Unanswered {
    /// When the first call failed.
    pub since: Timestamp,
    /// The error of that call.
    pub error: CloudError,
}

struct Open {
    error: CloudError,
    until: Instant,
    probing: bool,
    /// How often it has opened since it was closed, for the backoff.
    times: u32,
}

/// What a call does when the breaker is not closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cloud) enum OpenPolicy {
    /// It is rejected.
    Reject,
    /// It may be the probe, otherwise it is rejected.
    Probe,
    /// It waits until it may be the probe, or the breaker is closed.
    Wait,
}

impl CircuitBreaker {
    pub fn new(threshold: u32, open_for: (Duration, Duration)) -> Self {
        Self { inner: Mutex::default(), changed: Notify::new(), threshold, open_for }
    }

    pub fn state(&self) -> CircuitBreakerState {
        match &self.lock().open {
            None => CircuitBreakerState::Closed,
            Some(open) if open.probing || open.until <= Instant::now() => CircuitBreakerState::HalfOpen,
            Some(_) => CircuitBreakerState::Open,
        }
    }

    /// Whether no call was answered for longer than the breaker stays open.
    pub fn unanswered(&self) -> Option<Unanswered> {
        let inner = self.lock();
        inner.failing.as_ref().filter(|(since, _)| since.elapsed() > self.open_for.1).map(|(_, unanswered)| unanswered.clone())
    }

    /// Lets a call through: at once, or when it may be the probe if it waits.
    ///
    /// # Errors
    /// With class, code and HTTP status of the last failure.
    pub async fn admit(&self, operation: &'static str, policy: OpenPolicy) -> Result<Admitted<'_>, CloudError> {
        loop {
            // Registered before the state is read, so that no change in between is missed.
            let changed = self.changed.notified();
            let retry_at = match self.lock().try_admit(policy, Instant::now()) {
                Admission::Through { probe } => return Ok(Admitted { breaker: self, probe }),
                Admission::Rejected(error) => return Err(CloudError { operation, ..error }),
                Admission::NotBefore(until) => until,
            };
            match retry_at {
                Some(until) => _ = timeout_at(until, changed).await,
                None => changed.await,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Admission {
    Through {
        probe: bool,
    },
    Rejected(CloudError),
    /// Not before that instant; `None`: not before the probe in flight has ended.
    NotBefore(Option<Instant>),
}

impl Inner {
    fn try_admit(&mut self, policy: OpenPolicy, now: Instant) -> Admission {
        let Some(open) = &mut self.open else { return Admission::Through { probe: false } };
        let is_due = open.until <= now;
        if policy != OpenPolicy::Reject && is_due && !open.probing {
            open.probing = true;
            return Admission::Through { probe: true };
        }
        if policy == OpenPolicy::Wait {
            return Admission::NotBefore((!is_due).then_some(open.until));
        }
        Admission::Rejected(CloudError {
            message: "not sent: the circuit breaker is open after repeated failures of the endpoint".to_owned(),
            request_id: None,
            outcome: RequestOutcome::Refused,
            retry_after: None,
            ..open.error.clone()
        })
    }

    /// Returns whether this failure opened it.
    fn failed(&mut self, error: &CloudError, probe: bool, threshold: u32, open_for: (Duration, Duration)) -> bool {
        let now = Instant::now();
        self.failing.get_or_insert_with(|| (now, Unanswered { since: Timestamp::now(), error: error.clone() }));
        match &mut self.open {
            Some(open) if probe => {
                open.times = open.times.saturating_add(1);
                open.until = now + exponential(open_for.0, open_for.1, open.times);
                open.error = error.clone();
                open.probing = false;
            }
            // It was sent before the breaker opened.
            Some(_) => {}
            None => {
                self.failures += 1;
                if self.failures >= threshold {
                    self.open =
                        Some(Open { error: error.clone(), until: now + exponential(open_for.0, open_for.1, 1), probing: false, times: 1 });
                    return true;
                }
            }
        }
        false
    }
}

/// A call that was let through. Dropped without [`Self::finish`] it says nothing about the endpoint.
pub(in crate::cloud) struct Admitted<'a> {
    breaker: &'a CircuitBreaker,
    probe: bool,
}

impl Admitted<'_> {
    /// Takes the result of the call: any response of the service itself closes the breaker, also an error.
    pub fn finish(mut self, error: Option<&CloudError>) {
        let probe = std::mem::take(&mut self.probe);
        let failure = error.filter(|error| is_failure_of_endpoint(error));
        let changed = {
            let mut inner = self.breaker.lock();
            match failure {
                Some(error) => inner.failed(error, probe, self.breaker.threshold, self.breaker.open_for),
                None => std::mem::take(&mut *inner).open.is_some(),
            }
        };
        self.breaker.changed.notify_waiters();
        // Logged without the lock: all calls wait for it.
        match failure.filter(|_| changed) {
            Some(error) => {
                tracing::warn!(
                    code = error.code,
                    request_id = error.request_id,
                    "circuit breaker opened after {} consecutive failures: {error}",
                    self.breaker.threshold
                );
            }
            None if changed => tracing::info!("circuit breaker closed"),
            None => {}
        }
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        if !self.probe {
            return;
        }
        if let Some(open) = &mut self.breaker.lock().open {
            open.probing = false;
        }
        self.breaker.changed.notify_waiters();
    }
}

/// Whether the endpoint failed, and not only the call.
fn is_failure_of_endpoint(error: &CloudError) -> bool {
    error.class == ErrorClass::Server && error.http_status.is_none_or(|status| status >= 500)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    const THRESHOLD: u32 = 5;
    const OPEN_FOR: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

    fn error(status: u16) -> CloudError {
        CloudError::from_answer("ListVirtualGateways", status, None, br#"{"error_code":"APIGW.0613","error_msg":"away"}"#)
    }

    async fn call(breaker: &CircuitBreaker, policy: OpenPolicy, status: Option<u16>) -> Result<(), CloudError> {
        breaker.admit("CreateVirtualGateway", policy).await?.finish(status.map(error).as_ref());
        Ok(())
    }

    /// A breaker that has just opened.
    async fn open() -> CircuitBreaker {
        let breaker = CircuitBreaker::new(THRESHOLD, OPEN_FOR);
        for _ in 0..THRESHOLD {
            assert_eq!(breaker.state(), CircuitBreakerState::Closed);
            call(&breaker, OpenPolicy::Reject, Some(503)).await.unwrap();
        }
        assert_eq!(breaker.state(), CircuitBreakerState::Open);
        breaker
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_not_answered_for_longer_than_it_stays_open_is_told() {
        let breaker = CircuitBreaker::new(THRESHOLD, OPEN_FOR);
        call(&breaker, OpenPolicy::Probe, Some(503)).await.unwrap();
        tokio::time::advance(OPEN_FOR.1).await;
        assert_eq!(breaker.unanswered(), None);
        tokio::time::advance(OPEN_FOR.0).await;
        assert_eq!(breaker.unanswered().map(|unanswered| unanswered.error), Some(error(503)));
        call(&breaker, OpenPolicy::Probe, Some(404)).await.unwrap();
        assert_eq!(breaker.unanswered(), None, "that was an answer");
    }

    #[tokio::test(start_paused = true)]
    async fn only_consecutive_failures_of_the_endpoint_open_it() {
        let breaker = CircuitBreaker::new(THRESHOLD, OPEN_FOR);
        for status in [Some(503), None, Some(400), Some(404), Some(429)] {
            for _ in 1..THRESHOLD {
                call(&breaker, OpenPolicy::Reject, Some(500)).await.unwrap();
            }
            call(&breaker, OpenPolicy::Reject, status).await.unwrap();
            assert_eq!(breaker.state() == CircuitBreakerState::Open, status == Some(503), "{status:?}");
            // A successful probe closes it.
            call(&breaker, OpenPolicy::Wait, None).await.unwrap();
            assert_eq!(breaker.state(), CircuitBreakerState::Closed, "{status:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_rejected_call_ends_at_once_with_the_last_error_and_without_effect() {
        let (breaker, now) = (open().await, Instant::now());
        for policy in [OpenPolicy::Reject, OpenPolicy::Probe] {
            let refused = call(&breaker, policy, None).await.unwrap_err();
            assert_eq!((refused.code.as_str(), refused.outcome, refused.http_status), ("APIGW.0613", RequestOutcome::Refused, Some(503)));
            assert_eq!((refused.operation, refused.request_id), ("CreateVirtualGateway", None), "its own operation");
            assert!(!refused.message.contains("away"), "nothing of another call: {}", refused.message);
        }
        assert_eq!(now.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_is_never_the_probe() {
        let breaker = open().await;
        tokio::time::sleep(OPEN_FOR.1).await;
        assert_eq!(breaker.state(), CircuitBreakerState::HalfOpen);
        assert!(call(&breaker, OpenPolicy::Reject, None).await.is_err());
        call(&breaker, OpenPolicy::Probe, None).await.unwrap();
        call(&breaker, OpenPolicy::Reject, None).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn there_is_one_probe_at_a_time_and_each_failure_doubles_the_open_time() {
        let breaker = Arc::new(open().await);
        let mut open_times = Vec::new();
        for _ in 0..8 {
            let start = Instant::now();
            let probe = breaker.admit("ListVirtualGateways", OpenPolicy::Wait).await.unwrap();
            open_times.push(start.elapsed());
            assert!(breaker.admit("ShowVirtualGateway", OpenPolicy::Probe).await.is_err(), "one is in flight");
            let other = tokio::spawn({
                let breaker = Arc::clone(&breaker);
                async move { breaker.admit("ListVirtualGateways", OpenPolicy::Wait).await.map(|admitted| admitted.finish(Some(&error(500)))) }
            });
            tokio::task::yield_now().await;
            assert!(!other.is_finished());
            other.abort();
            probe.finish(Some(&error(500)));
        }
        assert!(open_times[0] < Duration::from_millis(1300) && open_times[3] > open_times[1] * 2, "{open_times:?}");
        assert!(open_times[7] >= OPEN_FOR.1.mul_f64(0.79) && open_times[7] <= OPEN_FOR.1.mul_f64(1.21), "{open_times:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_is_dropped_makes_room_for_the_next() {
        let breaker = open().await;
        drop(breaker.admit("ListVirtualGateways", OpenPolicy::Wait).await.unwrap());
        let now = Instant::now();
        call(&breaker, OpenPolicy::Wait, None).await.unwrap();
        assert_eq!((now.elapsed(), breaker.state()), (Duration::ZERO, CircuitBreakerState::Closed));
    }
}
