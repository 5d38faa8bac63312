//! How a request to the cloud is handled: latency, faults, authentication, rate limits, the operation, the journal.
//!
//! The state is locked while an operation runs, but not while a request waits, so that a delayed response does not
//! delay other requests.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    body::to_bytes,
    extract::State,
    http::{Method, StatusCode},
    response::Response,
};

use super::{Simulator, SimulatorState};
use crate::{
    auth::{Caller, authenticate, authorize, authorize_domain},
    clock::Moment,
    faults::{ActiveFaults, Fault, garbage, set_fields},
    http::{ApiError, HttpResponse, Query, Request, dropped_connection, new_request_id},
    identity,
    journal::{Entry, loggable_headers},
    operations::{
        Call, Success, projects,
        routes::{self, Handler, Owner, Route},
    },
    rate_limit::RateLimiter,
    settings::Settings,
    state::Cloud,
};

/// The API gateway's limit for a request body.
const MAX_BODY: usize = 12 << 20;
/// Name of requests without an operation, in the journal and for faults.
const UNKNOWN_OPERATION: &str = "Unknown";

/// A request with all that it is handled by.
struct Exchange<'a> {
    request: &'a Request,
    route: Option<&'a Route>,
    faults: &'a ActiveFaults,
    settings: &'a Settings,
    now: Moment,
    request_id: String,
    is_read: bool,
}

struct Handled {
    /// The response for the journal. `None` if the request did not reach the service.
    response: Option<HttpResponse>,
    /// The response that the client gets. `None` if the connection is dropped.
    sent: Option<HttpResponse>,
    executed: bool,
}

/// Handles every request outside of the admin API.
pub async fn handle(State(simulator): State<Arc<Simulator>>, request: axum::extract::Request) -> Response {
    let arrived = Instant::now();
    let Some(request) = read(request).await else {
        return too_large().with_date(simulator.state().now()).into_response();
    };
    let route = routes::find(&request);
    let operation = route.as_ref().map_or(UNKNOWN_OPERATION, |route| route.name);
    let faults = simulator.state().faults.take(operation, is_read(&request, route.as_ref()));
    let wait_ms = simulator.state().settings.latency_ms(operation) + faults.delay_ms();
    sleep(wait_ms).await;
    let sent = simulator.execute_and_record(&request, route.as_ref(), &faults, arrived);
    sleep(faults.response_delay_ms()).await;
    sent.map_or_else(dropped_connection, HttpResponse::into_response)
}

/// Whether the request only reads, whatever its method.
fn is_read(request: &Request, route: Option<&Route>) -> bool {
    request.method == Method::GET || route.is_some_and(Route::is_list)
}

async fn sleep(ms: u64) {
    if ms > 0 {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
}

impl Simulator {
    /// Returns the response to send, or `None` if the connection must be dropped.
    fn execute_and_record(
        &self,
        request: &Request,
        route: Option<&Route>,
        faults: &ActiveFaults,
        arrived: Instant,
    ) -> Option<HttpResponse> {
        let mut state = self.state();
        let now = state.now();
        state.settle(now);
        let settings = &*Arc::clone(&state.settings);
        let request_id = new_request_id();
        let exchange = Exchange { request, route, faults, settings, now, request_id, is_read: is_read(request, route) };
        let handled = self.execute_with_faults(&mut state, &exchange);
        if handled.executed && !exchange.is_read {
            state.remember();
        }
        state.journal.record(entry(&exchange, &handled, arrived), settings);
        handled.sent.map(|sent| sent.with_date(now))
    }

    fn execute_with_faults(&self, state: &mut SimulatorState, exchange: &Exchange<'_>) -> Handled {
        match exchange.faults.response_fault() {
            Some(Fault::ResetBefore) => Handled { response: None, sent: None, executed: false },
            Some(Fault::Status { status, code, message, retry_after_s }) => {
                let response = HttpResponse::injected(*status, code.as_deref(), message.as_deref());
                let response = with_retry_after(response, *retry_after_s, exchange);
                Handled { response: Some(response.clone()), sent: Some(response), executed: false }
            }
            Some(Fault::LoseAnswer) => {
                let response = self.execute(state, exchange);
                Handled { response: Some(response), sent: None, executed: true }
            }
            Some(Fault::Garbage { format, body, mib }) => {
                let response = self.execute(state, exchange);
                let body = garbage(*format, body.as_deref(), *mib, &response.body).into();
                let sent = HttpResponse { body, ..response.clone() };
                Handled { response: Some(response), sent: Some(sent), executed: true }
            }
            Some(Fault::SetFields { id, fields, remove }) => {
                let response = self.execute(state, exchange);
                let changed = || set_fields(&response.body, id.as_deref(), fields, remove).into();
                let body = if response.status.is_success() { changed() } else { response.body.clone() };
                let sent = HttpResponse { body, ..response.clone() };
                Handled { response: Some(response), sent: Some(sent), executed: true }
            }
            Some(Fault::Delay { .. } | Fault::LateAnswer { .. } | Fault::ErrorState { .. }) | None => {
                let response = self.execute(state, exchange);
                Handled { response: Some(response.clone()), sent: Some(response), executed: true }
            }
        }
    }

    fn execute(&self, state: &mut SimulatorState, exchange: &Exchange<'_>) -> HttpResponse {
        let error_response = |error: &ApiError| HttpResponse::from_error(error, &exchange.request_id);
        let Some(route) = exchange.route else {
            return error_response(&unknown_operation());
        };
        match route.handler {
            Handler::IssueToken => return self.issue_token(state, exchange).unwrap_or_else(|error| error_response(&error)),
            Handler::Identity(operation) => return self.exchange_identity(state, exchange, route.name, operation),
            Handler::ListProjects | Handler::Cloud(_) => {}
        }
        let Exchange { request, settings, now, .. } = exchange;
        let authenticated = authenticate(request, &self.accounts, &mut state.issued, settings, *now);
        let caller = match authenticated {
            Ok(caller) => caller,
            Err(error) => return error_response(&error),
        };
        let response = match self.execute_as(&caller, state, exchange, route) {
            Ok(Success { status, body }) => HttpResponse::new(status, Vec::new(), body.as_ref(), &exchange.request_id),
            Err(error) => error_response(&error),
        };
        let throttled = response.status == StatusCode::TOO_MANY_REQUESTS;
        let retry_after = exchange.settings.switches.u14_retry_after_s.filter(|_| throttled);
        let response = with_retry_after(response, retry_after, exchange);
        HttpResponse { project_id: caller.project_id, ..response }
    }

    fn issue_token(&self, state: &mut SimulatorState, exchange: &Exchange<'_>) -> Result<HttpResponse, ApiError> {
        let Exchange { request, settings, now, request_id, .. } = exchange;
        let new = state.issued.tokens.issue(request, &self.accounts, settings, now.timestamp)?;
        let headers = vec![("x-subject-token", new.token)];
        Ok(HttpResponse::new(StatusCode::CREATED, headers, Some(&new.description), request_id))
    }

    fn exchange_identity(
        &self,
        state: &mut SimulatorState,
        exchange: &Exchange<'_>,
        name: &'static str,
        operation: identity::Operation,
    ) -> HttpResponse {
        let Exchange { request, settings, now, request_id, .. } = exchange;
        let call = identity::Call { operation: name, request, accounts: &self.accounts, settings, now: *now, request_id };
        let mut response = operation(&mut state.issued, &call).unwrap_or_else(|error| HttpResponse::from_error(&error, request_id));
        if request.path.starts_with("/v3.0/") {
            response.headers.push(("x-iam-trace-id", request_id.clone()));
        }
        response
    }

    fn execute_as(&self, caller: &Caller, state: &mut SimulatorState, exchange: &Exchange<'_>, route: &Route) -> Result<Success, ApiError> {
        let Exchange { request, settings, now, .. } = exchange;
        throttle(&mut state.rate_limiter, exchange, caller)?;
        let Handler::Cloud(operation) = route.handler else {
            let projects = projects::list(&self.accounts, caller, &request.query, settings)?;
            return Ok(Success { status: StatusCode::OK, body: Some(projects) });
        };
        let project_id = self.authorized_project(caller, &route.owner)?;
        if settings.project_missing {
            return Err(project_unavailable());
        }
        let call = Call {
            settings,
            project_id: &project_id,
            region: self.region(),
            query: &request.query,
            body: &request.body,
            now: *now,
            request_id: &exchange.request_id,
            error_reason: exchange.faults.error_reason(),
        };
        match lagging(state, exchange, route) {
            Some(mut cloud) => operation(&mut cloud, &call, &route.ids),
            None => operation(&mut state.cloud, &call, &route.ids),
        }
    }
}

impl Simulator {
    /// The project whose resources the caller may use. A domain has only one.
    fn authorized_project(&self, caller: &Caller, owner: &Owner) -> Result<String, ApiError> {
        match owner {
            Owner::Project(project_id) => authorize(caller, project_id).map(|()| project_id.clone()),
            Owner::Domain(domain_id) => {
                authorize_domain(caller, domain_id)?;
                let account = self.accounts.iter().find(|account| account.domain_id() == *domain_id);
                Ok(account.map(|account| account.project_id.clone()).unwrap_or_default())
            }
            Owner::Caller => Ok(String::new()),
        }
    }
}

/// The cloud as a read that lags shows it. `None` if the operation sees the present state.
fn lagging(state: &SimulatorState, exchange: &Exchange<'_>, route: &Route) -> Option<Cloud> {
    let Exchange { settings, now, is_read, .. } = exchange;
    let is_list = route.is_list();
    if !is_read || !is_list && route.ids.is_empty() {
        return None;
    }
    let lag = &settings.read_lag_ms;
    let mut cloud = state.history.before(Duration::from_millis(if is_list { lag.list } else { lag.show }), *now, settings)?;
    if is_list && lag.ghosts > 0 {
        state.history.add_ghosts(&mut cloud, Duration::from_millis(lag.ghosts), *now, settings);
    }
    Some(cloud)
}

/// Adds `Retry-After`, in seconds or as a date by the clock of the cloud.
fn with_retry_after(mut response: HttpResponse, seconds: Option<u32>, exchange: &Exchange<'_>) -> HttpResponse {
    if let Some(seconds) = seconds {
        let as_date = exchange.settings.rate_limits.retry_after_as_date;
        let wait = if as_date { exchange.now.after_seconds(seconds).http_date() } else { seconds.to_string() };
        response.headers.push(("retry-after", wait));
    }
    response
}

async fn read(request: axum::extract::Request) -> Option<Request> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_BODY).await.ok()?;
    Some(Request {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: Query::parse(parts.uri.query().unwrap_or_default()),
        headers: parts.headers,
        body,
    })
}

fn throttle(rate_limiter: &mut RateLimiter, exchange: &Exchange<'_>, caller: &Caller) -> Result<(), ApiError> {
    let limits = &exchange.settings.rate_limits;
    let is_read = exchange.is_read;
    if rate_limiter.allow(&caller.user, is_read, limits, exchange.now.instant) {
        return Ok(());
    }
    let limit = limits.per_minute(is_read).unwrap_or_default();
    let message = format!("The throttling threshold has been reached: policy user over ratelimit,limit:{limit},time:1 minute");
    Err(ApiError::api_gateway(StatusCode::TOO_MANY_REQUESTS, "APIGW.0308", &message))
}

fn entry(exchange: &Exchange<'_>, handled: &Handled, arrived: Instant) -> Entry {
    let Exchange { request, route, faults, now, .. } = exchange;
    let Handled { response, executed, .. } = handled;
    let changes = !exchange.is_read && route.is_some_and(|route| matches!(route.handler, Handler::Cloud(_)));
    let success = response.as_ref().is_some_and(|response| response.status.is_success());
    Entry {
        time: now.stamp(),
        operation: route.map_or(UNKNOWN_OPERATION, |route| route.name),
        method: request.method.to_string(),
        path: request.path.clone(),
        query: request.query.raw.clone(),
        request_headers: loggable_headers(request),
        request_body: request.body.clone(),
        status: response.as_ref().map(|response| response.status.as_u16()),
        response_body: response.as_ref().map(|response| response.body.clone()).unwrap_or_default(),
        error_code: response.as_ref().and_then(|response| response.error_code.clone()),
        committed: changes && success && *executed,
        project_id: response.as_ref().and_then(|response| response.project_id.clone()),
        latency_ms: u64::try_from(arrived.elapsed().as_millis()).unwrap_or(u64::MAX),
        fault: faults.response_fault().map(Fault::kind),
    }
}

fn too_large() -> HttpResponse {
    let message = "The request body is too large";
    let error = ApiError::api_gateway(StatusCode::PAYLOAD_TOO_LARGE, "APIGW.0201", message);
    HttpResponse::from_error(&error, &new_request_id())
}

fn unknown_operation() -> ApiError {
    let message = "The API does not exist or has not been published in the environment";
    ApiError::api_gateway(StatusCode::NOT_FOUND, "APIGW.0101", message)
}

fn project_unavailable() -> ApiError {
    ApiError::api_gateway(StatusCode::FORBIDDEN, "APIGW.0310", "The project is unavailable")
}
