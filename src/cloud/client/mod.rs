//! The client of one account in one region: authenticates, limits the rate, and sends [`Call`]s.
//!
//! All requests are sent by one function (`Dispatcher::dispatch`), which sends nothing more once the cloud has rejected the credentials.

pub(in crate::cloud) mod answer;
mod authenticate;
mod body;
mod dispatch;
mod endpoints;
mod exchanges;
mod guard;
mod known_secrets;
mod list;
mod project;
mod span;
pub(in crate::cloud) mod transport;

pub use answer::{Answer, Page};

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::cloud::auth::credentials::Credentials;
use crate::cloud::auth::renewed::RenewalFailure;
use crate::cloud::call::Call;
use crate::cloud::endpoint::{BaseUrl, Endpoint};
use crate::cloud::errors::CloudError;
use crate::cloud::errors::class::ErrorClass;
use crate::cloud::limits::Limits;
use crate::cloud::throttle::circuit_breaker::{CircuitBreakerState, Unanswered};
use crate::cloud::throttle::rate_limiter::{Priority, QueueFull, QueueKey, RateLimiter, RateLimiterState, direction};
use crate::telemetry::metrics;
use authenticate::{Identity, not_sent};
use dispatch::Dispatcher;
use transport::Request;

/// Region, endpoints and limits of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Region, e.g. `eu-west-101`; names the project when none is given.
    pub region: String,
    /// Base URL of Direct Connect.
    pub dc_endpoint: BaseUrl,
    /// Base URL of IAM.
    pub iam_endpoint: BaseUrl,
    /// Base URL of STS.
    pub sts_endpoint: BaseUrl,
    /// Project id (32 hex digits); looked up at IAM when absent.
    pub project_id: Option<String>,
    /// PEM certificates to trust in addition to the system's.
    pub ca_bundle: Option<String>,
    pub reads_per_minute: u32,
    pub writes_per_minute: u32,
    /// Calls of one direction that may be sent at once after a quiet time.
    pub burst: u32,
    pub limits: Limits,
}

/// A client of the Direct Connect API. Has no `Debug`: it holds credentials.
pub struct Client {
    dispatcher: Arc<Dispatcher>,
    identity: Identity,
    /// When keys end that nobody renews.
    keys_end: Option<Timestamp>,
    reads: RateLimiter,
    writes: RateLimiter,
    project: OnceCell<String>,
}

impl Client {
    /// A client that has sent nothing yet. Its calls are counted in `metrics`.
    ///
    /// # Errors
    /// When the CA bundle is not valid PEM or the system has no trust store.
    pub fn new(settings: Settings, credentials: Credentials, metrics: metrics::Cloud) -> Result<Self, String> {
        let limiter = |per_minute| RateLimiter::new(per_minute, settings.burst, settings.limits);
        let (reads, writes) = (limiter(settings.reads_per_minute), limiter(settings.writes_per_minute));
        let project = settings.project_id.clone().map_or_else(OnceCell::new, |id| OnceCell::new_with(Some(id)));
        let dispatcher = Arc::new(Dispatcher::new(settings, credentials.secrets(), metrics)?);
        let keys_end = credentials.end();
        let identity = Identity::new(Arc::clone(&dispatcher), credentials);
        Ok(Self { dispatcher, identity, keys_end, reads, writes, project })
    }

    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.dispatcher.settings
    }

    /// The error with which the cloud rejected the credentials, if it did. From then on no call is sent: each one ends at once with this error.
    /// Only a client with other credentials helps, and the cloud locks a user after a few wrong attempts.
    #[must_use]
    pub fn rejected(&self) -> Option<CloudError> {
        self.dispatcher.rejection.get()
    }

    /// Resolves once the cloud has rejected the credentials.
    pub async fn until_rejected(&self) {
        self.dispatcher.rejection.until().await;
    }

    /// Waits for a permit of the rate limiter for `call`; not at all when the credentials are rejected, since then no call is sent.
    pub async fn permit(&self, call: &Call, priority: Priority) {
        let queue = QueueKey { read: call.method.is_read(), priority };
        tokio::select! {
            biased;
            () = self.until_rejected() => {}
            () = self.acquire(queue) => {}
        }
    }

    async fn acquire(&self, queue: QueueKey) {
        let started = Instant::now();
        self.rate_limiter(queue.read).acquire(queue.priority).await;
        self.metrics().waited(direction(queue.read), queue.priority.label(), started.elapsed());
    }

    /// As [`Self::permit`], unless the queue is full: for calls that can be as many as there are objects.
    ///
    /// # Errors
    /// The queue is full.
    pub async fn queue(&self, call: &Call, priority: Priority) -> Result<(), QueueFull> {
        let queue = QueueKey { read: call.method.is_read(), priority };
        if let Some(retry_after) = self.full(queue).filter(|_| self.rejected().is_none()) {
            self.metrics().queue_full(direction(queue.read), priority.label());
            return Err(QueueFull { queue, retry_after });
        }
        self.permit(call, priority).await;
        Ok(())
    }

    /// Whether the cloud has asked for a pause of calls like this one.
    #[must_use]
    pub fn is_paused(&self, call: &Call) -> bool {
        self.rate_limiter(call.method.is_read()).state().paused
    }

    /// If the queue is full, the time after which to retry.
    #[must_use]
    pub fn full(&self, queue: QueueKey) -> Option<Duration> {
        self.rate_limiter(queue.read).full(queue.priority)
    }

    /// Sends a call for which [`Self::permit`] was obtained and reads the object under its wrapper's key.
    ///
    /// # Errors
    /// As classified in [`CloudError`]; an answer that can't be read is of class server with unknown outcome.
    pub async fn fetch<T: DeserializeOwned>(&self, call: &Call) -> Result<T, CloudError> {
        self.send(call).await?.object(call.operation, call.wrapper)
    }

    /// Sends a call for which [`Self::permit`] was obtained.
    ///
    /// # Errors
    /// As classified in [`CloudError`].
    pub async fn send(&self, call: &Call) -> Result<Answer, CloudError> {
        let answer = self.attempt(call).await;
        match &answer {
            Ok(_) => self.rate_limiter(call.method.is_read()).succeeded(),
            Err(error) if error.class == ErrorClass::Throttled => self.rate_limiter(call.method.is_read()).throttled(error.retry_after),
            Err(_) => {}
        }
        answer
    }

    /// The project of the account: configured, or looked up at IAM once.
    ///
    /// # Errors
    /// When IAM can't be reached, the credentials are rejected, or IAM has no project of the region's name, or several.
    pub async fn project_id(&self) -> Result<&str, CloudError> {
        self.dispatcher.rejection.check()?;
        self.project.get_or_try_init(|| self.find_project()).await.map(String::as_str)
    }

    /// Whether there are credentials that serve: those that expire are renewed by it, in the background as long as they hold.
    ///
    /// # Errors
    /// There are none, and the exchange for new ones failed.
    pub async fn authenticate(&self) -> Result<(), CloudError> {
        self.dispatcher.rejection.check()?;
        self.identity.proof().await.map(|_| ())
    }

    /// Whether the last exchange for credentials failed.
    #[must_use]
    pub fn fails_to_authenticate(&self) -> bool {
        self.identity.fails()
    }

    /// Whether the renewal of credentials has failed for long: they are about to end, or have ended.
    #[must_use]
    pub fn renewal_failure(&self) -> Option<RenewalFailure> {
        self.identity.renewal_failure()
    }

    /// Resolves when a renewal has failed, or succeeded after a failure; never if nothing is renewed.
    pub async fn until_renewal_changes(&self) {
        let Some(mut exchanges) = self.identity.exchanges() else { return std::future::pending().await };
        let before = self.identity.fails();
        // The sender lives as long as the borrow.
        while exchanges.changed().await.is_ok() && !before && !self.identity.fails() {}
    }

    /// The circuit breaker of each endpoint.
    #[must_use]
    pub fn breakers(&self) -> [(Endpoint, CircuitBreakerState); 3] {
        self.dispatcher.breakers()
    }

    /// The base URL of a service to which requests have been sent, if there were any.
    #[must_use]
    pub fn endpoint_in_use(&self, endpoint: Endpoint) -> Option<&str> {
        self.dispatcher.transport.endpoints().in_use(endpoint)
    }

    /// The state of the rate limiters by the label of their direction.
    #[must_use]
    pub fn rate_limiters(&self) -> [(&'static str, RateLimiterState); 2] {
        [true, false].map(|read| (direction(read), self.rate_limiter(read).state()))
    }

    /// Whether Direct Connect has not answered for longer than its circuit breaker stays open.
    #[must_use]
    pub fn unanswered(&self) -> Option<Unanswered> {
        self.dispatcher.unanswered()
    }

    /// When the credentials end, if nobody renews them or the renewal has failed for long.
    #[must_use]
    pub fn credentials_end(&self) -> Option<Timestamp> {
        self.renewal_failure().and_then(|failure| failure.expires_at).or(self.keys_end)
    }

    pub(in crate::cloud) fn metrics(&self) -> &metrics::Cloud {
        &self.dispatcher.metrics
    }

    const fn rate_limiter(&self, read: bool) -> &RateLimiter {
        if read { &self.reads } else { &self.writes }
    }

    async fn attempt(&self, call: &Call) -> Result<Answer, CloudError> {
        // An error before the call is sent means that it has no effect.
        let project = self.project_id().await.map_err(not_sent)?;
        let request = Request {
            operation: call.operation,
            method: call.method,
            endpoint: Endpoint::Dc,
            path: call.path(project),
            query: &call.query,
            header: None,
            body: call.bytes(),
            secret: call.secret(),
            begin_by: call.begin_by,
            waits_for_breaker: call.waits_for_breaker,
        };
        self.identity.send(&request, Some(project)).await
    }
}
