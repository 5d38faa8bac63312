//! The circuit breaker of one endpoint: after failures in a row it is left alone for a while, and then asked by one read at a time until it
//! answers again.
//!
//! What is refused meanwhile ends at once with the code of the last failure: it is what is known of the cloud, and nothing was sent. The rest of
//! that failure is told by nobody but its own call, whose object may be another tenant's. No write of Direct Connect is ever the probe, so that
//! none is lost on a cloud that is not well.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::backoff::exponential;
use crate::cloud::errors::class::ErrorClass;
use crate::cloud::errors::{CloudError, RequestOutcome};

/// Closed until calls fail in a row.
pub(in crate::cloud) struct CircuitBreaker {
    state: Mutex<State>,
    changed: Notify,
    /// So many failures in a row open it.
    threshold: u32,
    /// First and longest time for which the endpoint is left alone.
    rest: (Duration, Duration),
}

/// What it is at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CircuitBreakerState {
    /// Calls go through.
    Closed,
    /// The next read that comes is the probe, or is under way.
    HalfOpen,
    /// Nothing goes through.
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
struct State {
    failures: u32,
    open: Option<Open>,
}

struct Open {
    error: CloudError,
    until: Instant,
    probing: bool,
    times: u32,
}

/// How a call takes a breaker that is not closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cloud) enum WhenOpen {
    /// It is refused.
    Refused,
    /// It may be the probe, and is refused where it can't be.
    Probes,
    /// It waits until it may be the probe, or the breaker is closed.
    Waits,
}

impl CircuitBreaker {
    pub fn new(threshold: u32, rest: (Duration, Duration)) -> Self {
        Self { state: Mutex::default(), changed: Notify::new(), threshold, rest }
    }

    pub fn state(&self) -> CircuitBreakerState {
        match &self.lock().open {
            None => CircuitBreakerState::Closed,
            Some(open) if open.probing || open.until <= Instant::now() => CircuitBreakerState::HalfOpen,
            Some(_) => CircuitBreakerState::Open,
        }
    }

    /// Lets a call through, at once or, if it waits, when its turn has come.
    ///
    /// # Errors
    /// With class, code and HTTP status of the last failure.
    pub async fn admit(&self, operation: &'static str, manner: WhenOpen) -> Result<Admitted<'_>, CloudError> {
        loop {
            // Registered before the look, so that a change in between is not missed.
            let changed = self.changed.notified();
            let again_at = match self.lock().try_admit(manner, Instant::now()) {
                Admission::Through { probe } => return Ok(Admitted { breaker: self, probe }),
                Admission::Refused(error) => return Err(CloudError { operation, ..error }),
                Admission::NotBefore(until) => until,
            };
            match again_at {
                Some(until) => _ = timeout_at(until, changed).await,
                None => changed.await,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Admission {
    Through {
        probe: bool,
    },
    Refused(CloudError),
    /// Not before that instant; `None`: not before the probe under way has ended.
    NotBefore(Option<Instant>),
}

impl State {
    fn try_admit(&mut self, manner: WhenOpen, now: Instant) -> Admission {
        let Some(open) = &mut self.open else { return Admission::Through { probe: false } };
        let is_due = open.until <= now;
        if manner != WhenOpen::Refused && is_due && !open.probing {
            open.probing = true;
            return Admission::Through { probe: true };
        }
        if manner == WhenOpen::Waits {
            return Admission::NotBefore((!is_due).then_some(open.until));
        }
        Admission::Refused(CloudError {
            message: "not sent: the endpoint failed time after time and is left alone for a while".to_owned(),
            request_id: None,
            outcome: RequestOutcome::Refused,
            retry_after: None,
            ..open.error.clone()
        })
    }

    /// Tells whether it opened by that.
    fn failed(&mut self, error: &CloudError, probe: bool, threshold: u32, rest: (Duration, Duration)) -> bool {
        let now = Instant::now();
        match &mut self.open {
            Some(open) if probe => {
                open.times = open.times.saturating_add(1);
                open.until = now + exponential(rest.0, rest.1, open.times);
                open.error = error.clone();
                open.probing = false;
            }
            // It was sent before the breaker opened.
            Some(_) => {}
            None => {
                self.failures += 1;
                if self.failures >= threshold {
                    self.open = Some(Open { error: error.clone(), until: now + exponential(rest.0, rest.1, 1), probing: false, times: 1 });
                    return true;
                }
            }
        }
        false
    }
}

/// A call that was let through. One that ends without a verdict says nothing of the endpoint.
pub(in crate::cloud) struct Admitted<'a> {
    breaker: &'a CircuitBreaker,
    probe: bool,
}

impl Admitted<'_> {
    /// Takes the end of the call: any answer of the service itself closes the breaker, be it yes or no.
    pub fn judge(mut self, error: Option<&CloudError>) {
        let probe = std::mem::take(&mut self.probe);
        let failure = error.filter(|error| speaks_of_the_endpoint(error));
        let turned = {
            let mut state = self.breaker.lock();
            match failure {
                Some(error) => state.failed(error, probe, self.breaker.threshold, self.breaker.rest),
                None => std::mem::take(&mut *state).open.is_some(),
            }
        };
        self.breaker.changed.notify_waiters();
        // All calls wait for the lock: what is written elsewhere is written without it.
        match failure.filter(|_| turned) {
            Some(error) => {
                tracing::warn!(
                    code = error.code,
                    request_id = error.request_id,
                    "left alone after {} failures in a row: {error}",
                    self.breaker.threshold
                );
            }
            None if turned => tracing::info!("the cloud answers again"),
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

/// Whether the endpoint failed, and not the call.
fn speaks_of_the_endpoint(error: &CloudError) -> bool {
    error.class == ErrorClass::Server && error.http_status.is_none_or(|status| status >= 500)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    const THRESHOLD: u32 = 5;
    const REST: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

    fn error(status: u16) -> CloudError {
        CloudError::from_answer("ListVirtualGateways", status, None, br#"{"error_code":"APIGW.0613","error_msg":"away"}"#)
    }

    async fn call(breaker: &CircuitBreaker, manner: WhenOpen, status: Option<u16>) -> Result<(), CloudError> {
        breaker.admit("CreateVirtualGateway", manner).await?.judge(status.map(error).as_ref());
        Ok(())
    }

    /// One that has just opened.
    async fn open() -> CircuitBreaker {
        let breaker = CircuitBreaker::new(THRESHOLD, REST);
        for _ in 0..THRESHOLD {
            assert_eq!(breaker.state(), CircuitBreakerState::Closed);
            call(&breaker, WhenOpen::Refused, Some(503)).await.unwrap();
        }
        assert_eq!(breaker.state(), CircuitBreakerState::Open);
        breaker
    }

    #[tokio::test(start_paused = true)]
    async fn only_failures_of_the_endpoint_in_a_row_open_it() {
        let breaker = CircuitBreaker::new(THRESHOLD, REST);
        for status in [Some(503), None, Some(400), Some(404), Some(429)] {
            for _ in 1..THRESHOLD {
                call(&breaker, WhenOpen::Refused, Some(500)).await.unwrap();
            }
            call(&breaker, WhenOpen::Refused, status).await.unwrap();
            assert_eq!(breaker.state() == CircuitBreakerState::Open, status == Some(503), "{status:?}");
            // A read that succeeds once it has rested closes it.
            call(&breaker, WhenOpen::Waits, None).await.unwrap();
            assert_eq!(breaker.state(), CircuitBreakerState::Closed, "{status:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_refused_ends_at_once_with_the_last_error_and_without_effect() {
        let (breaker, now) = (open().await, Instant::now());
        for manner in [WhenOpen::Refused, WhenOpen::Probes] {
            let refused = call(&breaker, manner, None).await.unwrap_err();
            assert_eq!((refused.code.as_str(), refused.outcome, refused.http_status), ("APIGW.0613", RequestOutcome::Refused, Some(503)));
            assert_eq!((refused.operation, refused.request_id), ("CreateVirtualGateway", None), "it speaks of its own call");
            assert!(!refused.message.contains("away"), "and not of another's: {}", refused.message);
        }
        assert_eq!(now.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_is_never_the_probe() {
        let breaker = open().await;
        tokio::time::sleep(REST.1).await;
        assert_eq!(breaker.state(), CircuitBreakerState::HalfOpen);
        assert!(call(&breaker, WhenOpen::Refused, None).await.is_err());
        call(&breaker, WhenOpen::Probes, None).await.unwrap();
        call(&breaker, WhenOpen::Refused, None).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn one_probes_at_a_time_and_each_failure_doubles_the_rest() {
        let breaker = Arc::new(open().await);
        let mut rests = Vec::new();
        for _ in 0..8 {
            let start = Instant::now();
            let probe = breaker.admit("ListVirtualGateways", WhenOpen::Waits).await.unwrap();
            rests.push(start.elapsed());
            assert!(breaker.admit("ShowVirtualGateway", WhenOpen::Probes).await.is_err(), "one is under way");
            let other = tokio::spawn({
                let breaker = Arc::clone(&breaker);
                async move { breaker.admit("ListVirtualGateways", WhenOpen::Waits).await.map(|admitted| admitted.judge(Some(&error(500)))) }
            });
            tokio::task::yield_now().await;
            assert!(!other.is_finished());
            other.abort();
            probe.judge(Some(&error(500)));
        }
        assert!(rests[0] < Duration::from_millis(1300) && rests[3] > rests[1] * 2, "{rests:?}");
        assert!(rests[7] >= REST.1.mul_f64(0.79) && rests[7] <= REST.1.mul_f64(1.21), "{rests:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_is_given_up_makes_room_for_the_next() {
        let breaker = open().await;
        drop(breaker.admit("ListVirtualGateways", WhenOpen::Waits).await.unwrap());
        let now = Instant::now();
        call(&breaker, WhenOpen::Waits, None).await.unwrap();
        assert_eq!((now.elapsed(), breaker.state()), (Duration::ZERO, CircuitBreakerState::Closed));
    }
}
