//! Sends requests: every request of an account goes through here, its calls and the exchanges of its credentials.
//!
//! Nothing more is sent once the cloud has rejected the credentials. Each request is counted, has a span, and minds the circuit breaker of its endpoint.

use secrecy::SecretString;
use tokio::time::Instant;
use tracing::Instrument;

use super::Settings;
use super::answer::Answer;
use super::body::TooLate;
use super::span;
use super::transport::{Auth, Failed, Request, Transport};
use crate::cloud::auth::clock::Clock;
use crate::cloud::auth::rejection::Rejection;
use crate::cloud::call::Method;
use crate::cloud::endpoint::Endpoint;
use crate::cloud::errors::catalogue::code_label;
use crate::cloud::throttle::circuit_breaker::{CircuitBreaker, CircuitBreakerState, OpenPolicy, Unanswered};
use crate::telemetry::metrics;

/// What all requests of an account share.
pub(in crate::cloud) struct Dispatcher {
    pub settings: Settings,
    pub transport: Transport,
    pub clock: Clock,
    pub rejection: Rejection,
    pub metrics: metrics::Cloud,
    breakers: Breakers,
}

/// The circuit breaker of each endpoint.
struct Breakers {
    dc: CircuitBreaker,
    iam: CircuitBreaker,
    sts: CircuitBreaker,
}

impl Dispatcher {
    /// `secrets` are those of the account that are known from the start.
    pub fn new(settings: Settings, secrets: Vec<SecretString>, metrics: metrics::Cloud) -> Result<Self, String> {
        let transport = Transport::new(&settings, secrets)?;
        let breaker = || CircuitBreaker::new(settings.limits.failures, settings.limits.open_for);
        let breakers = Breakers { dc: breaker(), iam: breaker(), sts: breaker() };
        Ok(Self { settings, transport, clock: Clock::new(), rejection: Rejection::new(), metrics, breakers })
    }

    /// The circuit breaker of each endpoint.
    pub fn breakers(&self) -> [(Endpoint, CircuitBreakerState); 3] {
        [Endpoint::Dc, Endpoint::Iam, Endpoint::Sts].map(|endpoint| (endpoint, self.breaker(endpoint).state()))
    }

    /// Whether Direct Connect has not answered for longer than its circuit breaker stays open. That the identity services do not answer is
    /// told where it matters: when no credentials are left.
    pub fn unanswered(&self) -> Option<Unanswered> {
        self.breakers.dc.unanswered()
    }

    /// Sends one request, unless credentials, deadline or circuit breaker forbid it.
    pub async fn dispatch(&self, request: &Request<'_>, auth: &Auth<'_>) -> Result<Answer, Failed> {
        self.rejection.check()?;
        if request.begin_by.is_some_and(|instant| instant < Instant::now()) {
            return Err(TooLate.of(request.operation).into());
        }
        let policy = match request.endpoint {
            Endpoint::Iam | Endpoint::Sts => OpenPolicy::Probe,
            Endpoint::Dc if request.waits_for_breaker => OpenPolicy::Wait,
            Endpoint::Dc if request.method.is_read() => OpenPolicy::Probe,
            Endpoint::Dc => OpenPolicy::Reject,
        };
        let admitted = self.breaker(request.endpoint).admit(request.operation, policy).await?;
        // The credentials may have been rejected while it waited.
        self.rejection.check()?;
        let answer = self.observed(request.operation, request.method, self.transport.send(request, auth)).await;
        admitted.finish(answer.as_ref().err().map(|failed| &failed.error));
        answer
    }

    /// Counts a request, and gives it a span.
    pub async fn observed(
        &self,
        operation: &'static str,
        method: Method,
        request: impl Future<Output = Result<Answer, Failed>>,
    ) -> Result<Answer, Failed> {
        let flight = self.metrics.begin(operation);
        let (span, started) = (span::open(operation), Instant::now());
        let answer = request.instrument(span.clone()).await;
        span::close(&span, method, &answer, started.elapsed());
        match answer {
            Ok(answer) => Ok(Answer { counted: Some(flight.answered()), ..answer }),
            Err(failed) => {
                flight.failed(failed.error.class.label(), code_label(&failed.error.code));
                Err(failed)
            }
        }
    }

    const fn breaker(&self, endpoint: Endpoint) -> &CircuitBreaker {
        match endpoint {
            Endpoint::Dc => &self.breakers.dc,
            Endpoint::Iam => &self.breakers.iam,
            Endpoint::Sts => &self.breakers.sts,
        }
    }
}
