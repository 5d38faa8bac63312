//! One request from arrival to answer: latency, faults, credentials, limits, execution, log.
//!
//! Everything that changes is behind one lock, which is held for the execution of a request but never
//! while one waits: slow answers to one caller do not slow down another.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    body::to_bytes,
    extract::{Request, State},
    http::{Method, StatusCode},
    response::Response,
};

use crate::{
    auth::{Caller, authenticate, authorize, token::Tokens},
    engine::Moment,
    errors::Refusal,
    faults::{Fault, Faults, Strike, garbage},
    http::{
        Answer, Call, Query, Received, projects,
        routes::{self, Route, Target},
    },
    journal::{Entry, Journal, harmless_headers},
    limiter::Limiter,
    reply::{Reply, dropped_connection, new_request_id},
    seeds::{self, Account, Seeds},
    settings::Settings,
    state::Cloud,
};

/// What the API gateway takes as a body at most.
const MAX_BODY: usize = 12 << 20;
const UNKNOWN_OPERATION: &str = "Unknown";

/// The whole simulated cloud.
pub struct Service {
    accounts: Vec<Account>,
    initial: Settings,
    seeds: Seeds,
    world: Mutex<World>,
}

/// All that changes.
pub struct World {
    pub settings: Arc<Settings>,
    pub cloud: Cloud,
    pub tokens: Tokens,
    pub faults: Faults,
    pub journal: Journal,
    limiter: Limiter,
}

/// A request on its way through the service.
struct Passage<'a> {
    received: &'a Received,
    route: Option<&'a Route>,
    strike: &'a Strike,
    settings: &'a Settings,
    now: Moment,
    request_id: String,
}

/// What became of a request.
struct Treatment {
    /// What the service answered, `None` if it never saw the request.
    reply: Option<Reply>,
    /// What goes over the wire, `None` if the connection is dropped.
    sent: Option<Reply>,
    executed: bool,
}

impl Service {
    pub fn new(accounts: Vec<Account>, initial: Settings, seeds: Seeds) -> Self {
        let world = Mutex::new(World::new(&accounts, &initial, &seeds));
        Self { accounts, initial, seeds, world }
    }

    /// Exclusive access. A panic elsewhere must not end the simulated cloud, so poison is ignored.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Back to the start: seeds, settings, and nothing in the log.
    pub fn reset(&self) {
        *self.world() = World::new(&self.accounts, &self.initial, &self.seeds);
    }

    /// The project that owns the seeds.
    pub fn first_project(&self) -> &str {
        first_project(&self.accounts)
    }
}

impl World {
    fn new(accounts: &[Account], settings: &Settings, seeds: &Seeds) -> Self {
        Self {
            settings: Arc::new(settings.clone()),
            cloud: seeds::cloud(first_project(accounts), seeds),
            tokens: Tokens::default(),
            faults: Faults::default(),
            journal: Journal::default(),
            limiter: Limiter::default(),
        }
    }

    /// Now, by the cloud's clock.
    pub fn now(&self) -> Moment {
        Moment::now(self.settings.clock_offset_s)
    }

    /// Settles what is due, so that what follows sees the cloud as it is now.
    pub fn settle(&mut self, now: Moment) {
        let settings = Arc::clone(&self.settings);
        self.cloud.settle(now, &settings);
    }
}

/// Answers every request that is not for the admin API.
pub async fn serve(State(service): State<Arc<Service>>, request: Request) -> Response {
    let arrived = Instant::now();
    let Some(received) = receive(request).await else {
        return too_large().dated(service.world().now()).into_response();
    };
    let route = routes::find(&received.method, &received.path);
    let operation = route.as_ref().map_or(UNKNOWN_OPERATION, |route| route.name);
    let strike = service.world().faults.strike(operation, received.method == Method::GET);
    let wait_ms = service.world().settings.latency_ms(operation) + strike.delay_ms();
    pause(wait_ms).await;
    let sent = service.treat(&received, route.as_ref(), &strike, arrived);
    pause(strike.late_ms()).await;
    sent.map_or_else(dropped_connection, Reply::into_response)
}

async fn pause(ms: u64) {
    if ms > 0 {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
}

impl Service {
    /// Executes a request, notes it and answers what goes over the wire, if anything.
    fn treat(&self, received: &Received, route: Option<&Route>, strike: &Strike, arrived: Instant) -> Option<Reply> {
        let mut world = self.world();
        let now = world.now();
        world.settle(now);
        let settings = &*Arc::clone(&world.settings);
        let request_id = new_request_id();
        let passage = Passage { received, route, strike, settings, now, request_id };
        let treatment = self.suffer(&mut world, &passage);
        world.journal.note(entry(&passage, &treatment, arrived), settings);
        treatment.sent.map(|sent| sent.dated(now))
    }

    /// Executes a request under the faults that strike it.
    fn suffer(&self, world: &mut World, passage: &Passage<'_>) -> Treatment {
        match passage.strike.of_the_answer() {
            Some(Fault::ResetBefore) => Treatment { reply: None, sent: None, executed: false },
            Some(Fault::Status { status, code, message }) => {
                let reply = Reply::injected(*status, code.as_deref(), message.as_deref());
                Treatment { reply: Some(reply.clone()), sent: Some(reply), executed: false }
            }
            Some(Fault::LoseAnswer) => {
                let reply = self.execute(world, passage);
                Treatment { reply: Some(reply), sent: None, executed: true }
            }
            Some(Fault::Garbage { format, body, mib }) => {
                let reply = self.execute(world, passage);
                let body = garbage(*format, body.as_deref(), *mib, &reply.body).into();
                let sent = Reply { body, ..reply.clone() };
                Treatment { reply: Some(reply), sent: Some(sent), executed: true }
            }
            Some(Fault::Delay { .. } | Fault::LateAnswer { .. } | Fault::ErrorState { .. }) | None => {
                let reply = self.execute(world, passage);
                Treatment { reply: Some(reply.clone()), sent: Some(reply), executed: true }
            }
        }
    }

    fn execute(&self, world: &mut World, passage: &Passage<'_>) -> Reply {
        let refused = |refusal: &Refusal| Reply::refused(refusal, &passage.request_id);
        let Some(route) = passage.route else {
            return refused(&no_such_operation());
        };
        if matches!(route.target, Target::IssueToken) {
            return self.issue_token(world, passage).unwrap_or_else(|refusal| refused(&refusal));
        }
        let authenticated = authenticate(passage.received, &self.accounts, &world.tokens, passage.now);
        let caller = match authenticated {
            Ok(caller) => caller,
            Err(refusal) => return refused(&refusal),
        };
        let mut reply = match self.operate(world, passage, route, &caller) {
            Ok(Answer { status, body }) => Reply::new(status, Vec::new(), body.as_ref(), &passage.request_id),
            Err(refusal) => refused(&refusal),
        };
        let retry_after = passage.settings.switches.u14_retry_after_s;
        if let (StatusCode::TOO_MANY_REQUESTS, Some(seconds)) = (reply.status, retry_after) {
            reply.headers.push(("retry-after", seconds.to_string()));
        }
        Reply { project_id: Some(caller.project_id), ..reply }
    }

    fn issue_token(&self, world: &mut World, passage: &Passage<'_>) -> Result<Reply, Refusal> {
        let Passage { received, settings, now, request_id, .. } = passage;
        let issued = world.tokens.issue(&received.body, &self.accounts, settings, now.timestamp)?;
        let headers = vec![("x-subject-token", issued.token)];
        Ok(Reply::new(StatusCode::CREATED, headers, Some(&issued.description), request_id))
    }

    /// Executes an operation for a caller who is known.
    fn operate(&self, world: &mut World, passage: &Passage<'_>, route: &Route, caller: &Caller) -> Result<Answer, Refusal> {
        let Passage { received, settings, now, .. } = passage;
        throttle(&mut world.limiter, passage, caller)?;
        if let Some(project) = &route.project {
            authorize(caller, project)?;
            if settings.project_missing {
                return Err(project_unavailable());
            }
        }
        let call = Call {
            settings,
            caller,
            query: &received.query,
            body: &received.body,
            now: *now,
            request_id: &passage.request_id,
            failure: passage.strike.error_reason(),
        };
        match route.target {
            Target::Cloud(operation) => operation(&mut world.cloud, &call, &route.ids),
            Target::ListProjects | Target::IssueToken => {
                Ok(Answer { status: StatusCode::OK, body: Some(projects::list(&self.accounts, caller, call.query, settings)) })
            }
        }
    }
}

async fn receive(request: Request) -> Option<Received> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_BODY).await.ok()?;
    Some(Received {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: Query::parse(parts.uri.query().unwrap_or_default()),
        headers: parts.headers,
        body,
    })
}

fn throttle(limiter: &mut Limiter, passage: &Passage<'_>, caller: &Caller) -> Result<(), Refusal> {
    let limits = &passage.settings.rate_limits;
    let is_read = passage.received.method == Method::GET;
    if limiter.admit(&caller.user, is_read, limits, passage.now.instant) {
        return Ok(());
    }
    let limit = limits.per_minute(is_read).unwrap_or_default();
    let message = format!("The throttling threshold has been reached: policy user over ratelimit,limit:{limit},time:1 minute");
    Err(Refusal::gateway(StatusCode::TOO_MANY_REQUESTS, "APIGW.0308", &message))
}

fn entry(passage: &Passage<'_>, treatment: &Treatment, arrived: Instant) -> Entry {
    let Passage { received, route, strike, now, .. } = passage;
    let Treatment { reply, executed, .. } = treatment;
    let changes = received.method != Method::GET && route.is_some_and(|route| matches!(route.target, Target::Cloud(_)));
    let success = reply.as_ref().is_some_and(|reply| reply.status.is_success());
    Entry {
        time: now.stamp(),
        operation: route.map_or(UNKNOWN_OPERATION, |route| route.name),
        method: received.method.to_string(),
        path: received.path.clone(),
        query: received.query.raw.clone(),
        request_headers: harmless_headers(received),
        request_body: received.body.clone(),
        status: reply.as_ref().map(|reply| reply.status.as_u16()),
        response_body: reply.as_ref().map(|reply| reply.body.clone()).unwrap_or_default(),
        error_code: reply.as_ref().and_then(|reply| reply.error_code.clone()),
        committed: changes && success && *executed,
        project_id: reply.as_ref().and_then(|reply| reply.project_id.clone()),
        latency_ms: u64::try_from(arrived.elapsed().as_millis()).unwrap_or(u64::MAX),
        fault: strike.of_the_answer().map(Fault::kind),
    }
}

fn first_project(accounts: &[Account]) -> &str {
    accounts.first().map_or("", |account| account.project_id.as_str())
}

fn too_large() -> Reply {
    let message = "The request body is too large";
    let refusal = Refusal::gateway(StatusCode::PAYLOAD_TOO_LARGE, "APIGW.0201", message);
    Reply::refused(&refusal, &new_request_id())
}

fn no_such_operation() -> Refusal {
    let message = "The API does not exist or has not been published in the environment";
    Refusal::gateway(StatusCode::NOT_FOUND, "APIGW.0101", message)
}

fn project_unavailable() -> Refusal {
    Refusal::gateway(StatusCode::FORBIDDEN, "APIGW.0310", "The project is unavailable")
}
