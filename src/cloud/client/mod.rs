//! The client of one account in one region: authenticates, spends the budget, and carries out [`Call`]s.
//!
//! All that goes out goes through one place ([`Client::dispatch`]), which stays shut once the cloud has rejected the credentials.

pub(in crate::cloud) mod answer;
pub(in crate::cloud) mod call;
mod limits;
mod list;
mod span;
pub(in crate::cloud) mod transport;

pub use answer::{Answer, Page};
pub use call::{Call, Method};
pub use limits::Limits;
pub use list::Listed;
pub use transport::Endpoint;

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
use crate::cloud::auth::rejection::{Proof, Rejection};
use crate::cloud::errors::catalogue::{OwnCode, code_label};
use crate::cloud::errors::class::ErrorClass;
use crate::cloud::errors::{CloudError, RequestOutcome};
use crate::cloud::throttle::circuit_breaker::{CircuitBreaker, CircuitBreakerState, WhenOpen};
use crate::cloud::throttle::rate_limiter::{Priority, QueueFull, QueueKey, RateLimiter, RateLimiterState, direction};
use crate::telemetry::metrics;
use transport::{Auth, Failed, Request, Transport};

/// How an account is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Region, e.g. `eu-west-101`; names the project when none is given.
    pub region: String,
    /// Base URL of Direct Connect, without a path.
    pub dc_endpoint: String,
    /// Base URL of IAM, without a path.
    pub iam_endpoint: String,
    /// Project id (32 hex digits); looked up at IAM when absent.
    pub project_id: Option<String>,
    /// PEM certificates to trust beside the system's.
    pub ca_bundle: Option<String>,
    /// Reads a minute.
    pub reads_per_minute: u32,
    /// Writes a minute.
    pub writes_per_minute: u32,
    /// Calls that may be made at once after a rest.
    pub burst: u32,
    /// How the cloud is spared.
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

/// One for each endpoint.
struct Breakers {
    dc: CircuitBreaker,
    iam: CircuitBreaker,
}

impl Client {
    /// A client that has not called yet. What it does is counted in `metrics`.
    ///
    /// # Errors
    /// When the CA bundle is no PEM or the system has no trust store; the text says which.
    pub fn new(settings: Settings, credentials: Credentials, metrics: metrics::Cloud) -> Result<Self, String> {
        let transport = Transport::new(&settings, credentials.secrets())?;
        let breaker = || CircuitBreaker::new(settings.limits.failures, settings.limits.rest);
        let budget = |per_minute| RateLimiter::new(per_minute, settings.burst, settings.limits);
        Ok(Self {
            reads: budget(settings.reads_per_minute),
            writes: budget(settings.writes_per_minute),
            breakers: Breakers { dc: breaker(), iam: breaker() },
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

    /// How the account is reached.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Why the cloud does not accept the credentials, once it has said so. From then on no call is made: each one ends at once with this
    /// error, for nothing but a client with other credentials helps, and the cloud locks an account after a few wrong attempts.
    #[must_use]
    pub fn rejected(&self) -> Option<CloudError> {
        self.rejection.get()
    }

    /// Resolves once the cloud has rejected the credentials.
    pub async fn until_rejected(&self) {
        self.rejection.until().await;
    }

    /// Waits until the budget allows a call like `call`; not at all when the credentials are rejected, for then no call is made.
    pub async fn permit(&self, call: &Call, priority: Priority) {
        let line = QueueKey { read: call.method.is_read(), priority };
        tokio::select! {
            biased;
            () = self.until_rejected() => {}
            () = self.turn(line) => {}
        }
    }

    async fn turn(&self, line: QueueKey) {
        let begun = Instant::now();
        self.budget(line.read).acquire(line.priority).await;
        self.metrics.waited(direction(line.read), line.priority.label(), begun.elapsed());
    }

    /// The same, unless too many wait already: for calls that can be as many as there are objects.
    ///
    /// # Errors
    /// The line is full: when to come back.
    pub async fn queue(&self, call: &Call, priority: Priority) -> Result<(), QueueFull> {
        let line = QueueKey { read: call.method.is_read(), priority };
        if let Some(back) = self.full(line).filter(|_| self.rejected().is_none()) {
            self.metrics.queue_full(direction(line.read), priority.label());
            return Err(QueueFull { queue: line, retry_after: back });
        }
        self.permit(call, priority).await;
        Ok(())
    }

    /// If a line is full, when to come back.
    #[must_use]
    pub fn full(&self, line: QueueKey) -> Option<Duration> {
        self.budget(line.read).full(line.priority)
    }

    /// Makes a call for which [`Self::permit`] was obtained and reads what stands under its wrapper.
    ///
    /// # Errors
    /// As classified in [`CloudError`]; an answer that can't be read is of class server and its effect unknown.
    pub async fn fetch<T: DeserializeOwned>(&self, call: &Call) -> Result<T, CloudError> {
        self.send(call).await?.object(call.operation, call.wrapper)
    }

    /// Makes a call for which [`Self::permit`] was obtained.
    ///
    /// # Errors
    /// As classified in [`CloudError`].
    pub async fn send(&self, call: &Call) -> Result<Answer, CloudError> {
        let answer = self.attempt(call).await;
        match &answer {
            Ok(_) => self.budget(call.method.is_read()).succeeded(),
            Err(error) if error.class == ErrorClass::Throttled => self.budget(call.method.is_read()).throttled(error.retry_after),
            Err(_) => {}
        }
        answer
    }

    /// The project of the account: configured, or looked up at IAM once.
    ///
    /// # Errors
    /// When IAM is not reached, the credentials are rejected, or IAM knows no or more than one project of the region's name.
    pub async fn project_id(&self) -> Result<&str, CloudError> {
        self.rejection.check()?;
        self.project.get_or_try_init(|| self.find_project()).await.map(String::as_str)
    }

    /// When the token in use expires; `None` for access keys and before the first call.
    pub async fn token_expires_at(&self) -> Option<Timestamp> {
        self.token.lock().await.as_ref().map(|token| token.expires_at)
    }

    /// Whether each endpoint is called, or left alone since it fails.
    #[must_use]
    pub fn breakers(&self) -> [(Endpoint, CircuitBreakerState); 2] {
        [(Endpoint::Dc, self.breakers.dc.state()), (Endpoint::Iam, self.breakers.iam.state())]
    }

    /// How the budgets stand, by the label of their direction.
    #[must_use]
    pub fn budgets(&self) -> [(&'static str, RateLimiterState); 2] {
        [true, false].map(|read| (direction(read), self.budget(read).standing()))
    }

    /// When the credentials end for good: known of temporary keys whose Secret says so.
    #[must_use]
    pub const fn credentials_end(&self) -> Option<Timestamp> {
        self.credentials.end()
    }

    pub(in crate::cloud) const fn metrics(&self) -> &metrics::Cloud {
        &self.metrics
    }

    const fn budget(&self, read: bool) -> &RateLimiter {
        if read { &self.reads } else { &self.writes }
    }

    async fn attempt(&self, call: &Call) -> Result<Answer, CloudError> {
        // What fails before the call is sent has no effect of the call.
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
            patient: call.patient,
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
        let mut bore = self.clock.now();
        let mut answer = self.dispatch(request, &sign(bore)).await;
        // The time may have been wrong: once more with the cloud's. The request was refused, so nothing is made twice.
        if let Err(Failed { error, date: Some(told) }) = &answer
            && error.class == ErrorClass::Auth
            && self.clock.mend(bore, *told)
        {
            bore = self.clock.now();
            answer = self.dispatch(request, &sign(bore)).await;
        }
        answer.map_err(|Failed { error, date }| {
            let timely = date.is_some_and(|told| agree(bore, told));
            self.rejection.judge(&error, Proof::Signature { timely });
            error
        })
    }

    async fn with_token(&self, request: &Request<'_>) -> Result<Answer, CloudError> {
        let token = self.token().await.map_err(not_sent)?;
        match self.dispatch(request, &Auth::Token(&token.value)).await.map_err(CloudError::from) {
            // It may have been revoked: once more with a new one. The request was refused, so nothing is made twice.
            Err(error) if error.class == ErrorClass::Auth => self.forget_token(&token).await,
            other => return other,
        }
        let token = self.token().await.map_err(not_sent)?;
        let answer = self.dispatch(request, &Auth::Token(&token.value)).await.map_err(CloudError::from);
        answer.inspect_err(|error| self.rejection.judge(error, Proof::Token))
    }

    /// The one way out.
    async fn dispatch(&self, request: &Request<'_>, auth: &Auth<'_>) -> Result<Answer, Failed> {
        self.rejection.check()?;
        if request.begin_by.is_some_and(|instant| instant < Instant::now()) {
            let what = "its time was up before it could be sent; it is begun anew";
            return Err(CloudError::local(request.operation, OwnCode::Timeout, what, RequestOutcome::Refused).into());
        }
        let (breaker, manner) = match request.endpoint {
            Endpoint::Dc if request.patient => (&self.breakers.dc, WhenOpen::Waits),
            Endpoint::Dc if request.method.is_read() => (&self.breakers.dc, WhenOpen::Probes),
            Endpoint::Dc => (&self.breakers.dc, WhenOpen::Refused),
            Endpoint::Iam => (&self.breakers.iam, WhenOpen::Probes),
        };
        let admitted = breaker.admit(request.operation, manner).await?;
        // It may have waited.
        self.rejection.check()?;
        let flight = self.metrics.begin(request.operation);
        let (span, begun) = (span::open(request.operation), Instant::now());
        let answer = self.transport.send(request, auth).instrument(span.clone()).await;
        span::close(&span, request.method, &answer, begun.elapsed());
        admitted.judge(answer.as_ref().err().map(|failed| &failed.error));
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
            patient: false,
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

    /// The cached token, or a new one. The lock is held while it is fetched: all who wait share one login.
    async fn token(&self) -> Result<Token, CloudError> {
        let mut cached = self.token.lock().await;
        if let Some(token) = cached.as_ref().filter(|token| token.serves(self.clock.now())) {
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
            patient: false,
        };
        let malformed = |what: &dyn std::fmt::Display| CloudError::local(OPERATION, OwnCode::Malformed, what, RequestOutcome::Refused);
        let bore = self.clock.now();
        let sent = self.dispatch(&request, &Auth::None).await.map_err(CloudError::from);
        let answer = sent.inspect_err(|error| self.rejection.judge(error, Proof::Login))?;
        // Whether a token has expired is a question of the cloud's time.
        if let Some(told) = answer.date {
            self.clock.mend(bore, told);
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

/// An error of what comes before a call: the call has no effect, and a project that is not there says nothing of the call's resource.
fn not_sent(error: CloudError) -> CloudError {
    let class = if error.class == ErrorClass::Absent { ErrorClass::Invalid } else { error.class };
    CloudError { class, outcome: RequestOutcome::Refused, ..error }
}
