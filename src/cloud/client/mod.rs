//! The client of one account in one region: authenticates, limits the rate, and sends [`Call`]s.
//!
//! All requests are sent by one function (`Client::dispatch`), which sends nothing more once the cloud has rejected the credentials.

pub(in crate::cloud) mod answer;
mod endpoints;
mod guard;
mod list;
mod span;
pub(in crate::cloud) mod transport;

pub use answer::{Answer, Page};

use jiff::Timestamp;
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde_json::json;
use std::time::Duration;
use tokio::sync::{Mutex, OnceCell};
use tokio::time::Instant;
use tracing::Instrument;

use crate::cloud::auth::clock::{Clock, agree};
use crate::cloud::auth::credentials::{Credentials, Projects, Token, TokenAnswer};
use crate::cloud::auth::rejection::{Refused, Rejection};
use crate::cloud::call::{Call, Method};
use crate::cloud::endpoint::{BaseUrl, Endpoint};
use crate::cloud::errors::catalogue::{OwnCode, code_label};
use crate::cloud::errors::class::ErrorClass;
use crate::cloud::errors::{CloudError, RequestOutcome};
use crate::cloud::limits::Limits;
use crate::cloud::throttle::circuit_breaker::{CircuitBreaker, CircuitBreakerState, OpenPolicy, Unanswered};
use crate::cloud::throttle::rate_limiter::{Priority, QueueFull, QueueKey, RateLimiter, RateLimiterState, direction};
use crate::telemetry::metrics;
use transport::{Auth, Failed, Request, Transport};

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
    settings: Settings,
    credentials: Credentials,
    transport: Transport,
    reads: RateLimiter,
    writes: RateLimiter,
    token: Mutex<Option<Token>>,
    project: OnceCell<String>,
    clock: Clock,
    rejection: Rejection,
    breakers: Breakers,
    metrics: metrics::Cloud,
}

/// The circuit breaker of each endpoint.
struct Breakers {
    dc: CircuitBreaker,
    iam: CircuitBreaker,
    sts: CircuitBreaker,
}

impl Client {
    /// A client that has sent nothing yet. Its calls are counted in `metrics`.
    ///
    /// # Errors
    /// When the CA bundle is not valid PEM or the system has no trust store.
    pub fn new(settings: Settings, credentials: Credentials, metrics: metrics::Cloud) -> Result<Self, String> {
        let transport = Transport::new(&settings, credentials.secrets())?;
        let breaker = || CircuitBreaker::new(settings.limits.failures, settings.limits.open_for);
        let limiter = |per_minute| RateLimiter::new(per_minute, settings.burst, settings.limits);
        Ok(Self {
            reads: limiter(settings.reads_per_minute),
            writes: limiter(settings.writes_per_minute),
            breakers: Breakers { dc: breaker(), iam: breaker(), sts: breaker() },
            project: settings.project_id.clone().map_or_else(OnceCell::new, |id| OnceCell::new_with(Some(id))),
            settings,
            credentials,
            transport,
            token: Mutex::new(None),
            clock: Clock::new(),
            rejection: Rejection::new(),
            metrics,
        })
    }

    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The error with which the cloud rejected the credentials, if it did. From then on no call is sent: each one ends at once with this error.
    /// Only a client with other credentials helps, and the cloud locks a user after a few wrong attempts.
    #[must_use]
    pub fn rejected(&self) -> Option<CloudError> {
        self.rejection.get()
    }

    /// Resolves once the cloud has rejected the credentials.
    pub async fn until_rejected(&self) {
        self.rejection.until().await;
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
        self.metrics.waited(direction(queue.read), queue.priority.label(), started.elapsed());
    }

    /// As [`Self::permit`], unless the queue is full: for calls that can be as many as there are objects.
    ///
    /// # Errors
    /// The queue is full.
    pub async fn queue(&self, call: &Call, priority: Priority) -> Result<(), QueueFull> {
        let queue = QueueKey { read: call.method.is_read(), priority };
        if let Some(retry_after) = self.full(queue).filter(|_| self.rejected().is_none()) {
            self.metrics.queue_full(direction(queue.read), priority.label());
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
        self.rejection.check()?;
        self.project.get_or_try_init(|| self.find_project()).await.map(String::as_str)
    }

    /// When the token in use expires; `None` for access keys and before the first call.
    pub async fn token_expires_at(&self) -> Option<Timestamp> {
        self.token.lock().await.as_ref().map(|token| token.expires_at)
    }

    /// The circuit breaker of each endpoint.
    #[must_use]
    pub fn breakers(&self) -> [(Endpoint, CircuitBreakerState); 3] {
        let Breakers { dc, iam, sts } = &self.breakers;
        [(Endpoint::Dc, dc.state()), (Endpoint::Iam, iam.state()), (Endpoint::Sts, sts.state())]
    }

    /// The base URL of a service to which requests have been sent, if there were any.
    #[must_use]
    pub fn endpoint_in_use(&self, endpoint: Endpoint) -> Option<&str> {
        self.transport.endpoints().in_use(endpoint)
    }

    /// The state of the rate limiters by the label of their direction.
    #[must_use]
    pub fn rate_limiters(&self) -> [(&'static str, RateLimiterState); 2] {
        [true, false].map(|read| (direction(read), self.rate_limiter(read).state()))
    }

    /// Whether an endpoint has not answered for longer than its circuit breaker stays open.
    #[must_use]
    pub fn unanswered(&self) -> Option<Unanswered> {
        let Breakers { dc, iam, sts } = &self.breakers;
        [dc, iam, sts].into_iter().find_map(CircuitBreaker::unanswered)
    }

    /// When temporary credentials expire, if their Secret says so.
    #[must_use]
    pub const fn credentials_end(&self) -> Option<Timestamp> {
        self.credentials.end()
    }

    pub(in crate::cloud) const fn metrics(&self) -> &metrics::Cloud {
        &self.metrics
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
            body: call.bytes(),
            secret: call.secret(),
            begin_by: call.begin_by,
            waits_for_breaker: call.waits_for_breaker,
        };
        self.authenticated(&request, Some(project)).await
    }

    async fn authenticated(&self, request: &Request<'_>, project: Option<&str>) -> Result<Answer, CloudError> {
        match &self.credentials {
            Credentials::AccessKey { access_key, secret_key, security_token, expires_at: _ } => {
                let sign = |at| Auth::Sign { access_key, secret_key, security_token: security_token.as_ref(), project, at };
                self.signed(request, sign).await
            }
            Credentials::Password { .. } => self.with_token(request).await,
        }
    }

    async fn signed<'a>(&self, request: &Request<'_>, sign: impl Fn(Timestamp) -> Auth<'a>) -> Result<Answer, CloudError> {
        let mut signed_at = self.clock.now();
        let mut answer = self.dispatch(request, &sign(signed_at)).await;
        // The clock may have been wrong: retry with the cloud's time. The request was refused, so nothing is created twice.
        if let Err(Failed { error, date: Some(date) }) = &answer
            && error.class == ErrorClass::Auth
            && self.clock.adjust(signed_at, *date)
        {
            signed_at = self.clock.now();
            answer = self.dispatch(request, &sign(signed_at)).await;
        }
        answer.map_err(|Failed { error, date }| {
            let clock_agrees = date.is_some_and(|date| agree(signed_at, date));
            self.rejection.record(&error, Refused::Signature { clock_agrees });
            error
        })
    }

    async fn with_token(&self, request: &Request<'_>) -> Result<Answer, CloudError> {
        let token = self.token().await.map_err(not_sent)?;
        match self.dispatch(request, &Auth::Token(&token.value)).await.map_err(CloudError::from) {
            // The token may have been revoked: retry with a new one. The request was refused, so nothing is created twice.
            Err(error) if error.class == ErrorClass::Auth => self.forget_token(&token).await,
            other => return other,
        }
        let token = self.token().await.map_err(not_sent)?;
        let answer = self.dispatch(request, &Auth::Token(&token.value)).await.map_err(CloudError::from);
        answer.inspect_err(|error| self.rejection.record(error, Refused::Token))
    }

    /// Sends one request, unless credentials, deadline or circuit breaker forbid it. Every request goes through here.
    async fn dispatch(&self, request: &Request<'_>, auth: &Auth<'_>) -> Result<Answer, Failed> {
        self.rejection.check()?;
        if request.begin_by.is_some_and(|instant| instant < Instant::now()) {
            let what = "not sent: its deadline passed while it waited";
            return Err(CloudError::local(request.operation, OwnCode::Timeout, what, RequestOutcome::Refused).into());
        }
        let (breaker, policy) = match request.endpoint {
            Endpoint::Dc if request.waits_for_breaker => (&self.breakers.dc, OpenPolicy::Wait),
            Endpoint::Dc if request.method.is_read() => (&self.breakers.dc, OpenPolicy::Probe),
            Endpoint::Dc => (&self.breakers.dc, OpenPolicy::Reject),
            Endpoint::Iam => (&self.breakers.iam, OpenPolicy::Probe),
            Endpoint::Sts => (&self.breakers.sts, OpenPolicy::Probe),
        };
        let admitted = breaker.admit(request.operation, policy).await?;
        // The credentials may have been rejected while it waited.
        self.rejection.check()?;
        let flight = self.metrics.begin(request.operation);
        let (span, started) = (span::open(request.operation), Instant::now());
        let answer = self.transport.send(request, auth).instrument(span.clone()).await;
        span::close(&span, request.method, &answer, started.elapsed());
        admitted.finish(answer.as_ref().err().map(|failed| &failed.error));
        match answer {
            Ok(answer) => Ok(Answer { counted: Some(flight.answered()), ..answer }),
            Err(failed) => {
                flight.failed(failed.error.class.label(), code_label(&failed.error.code));
                Err(failed)
            }
        }
    }

    async fn find_project(&self) -> Result<String, CloudError> {
        const OPERATION: &str = "KeystoneListProjects";
        if let Credentials::Password { .. } = self.credentials {
            return Ok(self.token().await?.project_id);
        }
        let query = [("name".to_owned(), self.settings.region.clone())];
        let request = Request {
            operation: OPERATION,
            method: Method::Get,
            endpoint: Endpoint::Iam,
            path: "/v3/projects".to_owned(),
            query: &query,
            body: Vec::new(),
            secret: None,
            begin_by: None,
            waits_for_breaker: false,
        };
        let answer = self.authenticated(&request, None).await?;
        let projects: Projects = serde_json::from_slice(&answer.body)
            .map_err(|error| answer.unreadable(CloudError::local(OPERATION, OwnCode::Malformed, error, RequestOutcome::Unknown)))?;
        match projects.projects.as_slice() {
            [project] => Ok(project.id.clone()),
            found => Err(CloudError {
                http_status: Some(answer.status),
                request_id: answer.request_id,
                ..CloudError::local(
                    OPERATION,
                    OwnCode::ProjectUnknown,
                    format!("{} projects are named {}; set spec.projectId", found.len(), self.settings.region),
                    RequestOutcome::Refused,
                )
            }),
        }
    }

    /// The cached token, or a new one. The lock is held during the login, so that concurrent calls share it.
    async fn token(&self) -> Result<Token, CloudError> {
        let mut cached = self.token.lock().await;
        if let Some(token) = cached.as_ref().filter(|token| token.is_usable(self.clock.now())) {
            return Ok(token.clone());
        }
        let token = self.login().await?;
        *cached = Some(token.clone());
        Ok(token)
    }

    /// Drops the token that was refused, unless another call has renewed it meanwhile.
    async fn forget_token(&self, refused: &Token) {
        let mut cached = self.token.lock().await;
        if cached.as_ref().is_some_and(|token| token.issued_at == refused.issued_at) {
            *cached = None;
        }
    }

    async fn login(&self) -> Result<Token, CloudError> {
        const OPERATION: &str = "KeystoneCreateUserTokenByPassword";
        let Credentials::Password { domain, user, password } = &self.credentials else {
            return Err(CloudError::local(OPERATION, OwnCode::Internal, "an access key takes no token", RequestOutcome::Refused));
        };
        let scope = match &self.settings.project_id {
            Some(id) => json!({ "id": id }),
            None => json!({ "name": self.settings.region }),
        };
        let body = json!({ "auth": {
            "identity": { "methods": ["password"], "password": { "user": {
                "name": user, "password": secrecy::ExposeSecret::expose_secret(password), "domain": { "name": domain } } } },
            "scope": { "project": scope },
        }});
        let query = [("nocatalog".to_owned(), "true".to_owned())];
        let request = Request {
            operation: OPERATION,
            method: Method::Post,
            endpoint: Endpoint::Iam,
            path: "/v3/auth/tokens".to_owned(),
            query: &query,
            body: body.to_string().into_bytes(),
            secret: None,
            begin_by: None,
            waits_for_breaker: false,
        };
        let malformed = |what: &dyn std::fmt::Display| CloudError::local(OPERATION, OwnCode::Malformed, what, RequestOutcome::Refused);
        let sent_at = self.clock.now();
        let sent = self.dispatch(&request, &Auth::None).await.map_err(CloudError::from);
        let answer = sent.inspect_err(|error| self.rejection.record(error, Refused::Login))?;
        // The expiry of a token is in the cloud's time.
        if let Some(date) = answer.date {
            self.clock.adjust(sent_at, date);
        }
        let body: TokenAnswer = serde_json::from_slice(&answer.body).map_err(|error| answer.unreadable(malformed(&error)))?;
        let no_token = || answer.unreadable(malformed(&"the answer has no header X-Subject-Token"));
        let value = answer.subject_token.clone().ok_or_else(no_token)?;
        Ok(Token {
            value: SecretString::from(value),
            project_id: body.token.project.id,
            issued_at: self.clock.now(),
            expires_at: body.token.expires_at,
        })
    }
}

/// An error of a step before a call: the call has no effect, and a missing project says nothing about the call's resource.
fn not_sent(error: CloudError) -> CloudError {
    let class = if error.class == ErrorClass::Absent { ErrorClass::Invalid } else { error.class };
    CloudError { class, outcome: RequestOutcome::Refused, ..error }
}
