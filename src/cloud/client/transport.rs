//! Sends one request and reads its answer: headers, timeouts, a size limit, and no redirect that could send credentials elsewhere.

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::redirect::Policy;
use secrecy::{ExposeSecret, SecretString};
use std::error::Error;
use std::iter::successors;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

use crate::cloud::auth::proof::Keys;
use crate::cloud::auth::sign::{self, DATE_HEADER, Signable};
use crate::cloud::call::Method;
use crate::cloud::client::Settings;
use crate::cloud::client::answer::Answer;
use crate::cloud::client::body::{TimelyBody, TooLate};
use crate::cloud::client::endpoints::Endpoints;
use crate::cloud::client::guard;
use crate::cloud::client::known_secrets::KnownSecrets;
use crate::cloud::endpoint::Endpoint;
use crate::cloud::errors::catalogue::OwnCode;
use crate::cloud::errors::{CloudError, RequestOutcome, innermost};
use crate::proxy;

/// Timeout for opening a connection.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// An HTTP/2 connection is asked for a sign of life this often, also while no call is under way …
const PING_INTERVAL: Duration = Duration::from_secs(15);
/// … and is dead if it gives none for so long.
const PING_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection without a call is closed after this: a middle box may forget it.
const IDLE_LIMIT: Duration = Duration::from_mins(1);
/// TCP probes: the first one after this time without data, the interval of the next ones, and how many may be lost.
const TCP_PROBES: (Duration, Duration, u32) = (Duration::from_secs(15), Duration::from_secs(5), 3);
/// Data that the other side has not acknowledged after this shows that it is gone.
const TCP_UNACKNOWLEDGED: Duration = Duration::from_secs(30);
/// Largest answer that is read, in bytes: a page of 2,000 interfaces has about 5 MiB.
const BODY_LIMIT: usize = 32 << 20;
/// Upper bound of the cloud's `Retry-After`.
const MAX_RETRY_AFTER: Duration = Duration::from_mins(10);
const USER_AGENT: &str = concat!("direct-connect-operator/", env!("CARGO_PKG_VERSION"));

pub(in crate::cloud) struct Transport {
    settings: Settings,
    /// The connections. Replaced after a call that timed out: the next one gets a connection of its own.
    http: Mutex<Arc<reqwest::Client>>,
    endpoints: Endpoints,
    /// The account's secrets, which are redacted in the errors of all calls.
    known: KnownSecrets,
}

pub(in crate::cloud) struct Request<'a> {
    pub operation: &'static str,
    pub method: Method,
    pub endpoint: Endpoint,
    /// Escaped.
    pub path: String,
    pub query: &'a [(String, String)],
    /// One more header.
    pub header: Option<(&'static str, &'a str)>,
    pub body: Vec<u8>,
    /// The secret in the body, to be redacted in errors.
    pub secret: Option<&'a SecretString>,
    /// It is not sent after this instant, however long it waits for its connection.
    pub begin_by: Option<Instant>,
    /// It waits for an open circuit breaker instead of being rejected.
    pub waits_for_breaker: bool,
}

pub(in crate::cloud) enum Auth<'a> {
    None,
    Token(&'a SecretString),
    Sign {
        keys: &'a Keys,
        project: Option<&'a str>,
        /// The cloud's time.
        at: Timestamp,
    },
}

/// The error of a request.
pub(in crate::cloud) struct Failed {
    pub error: CloudError,
    /// The cloud's time when it answered, if it sent one.
    pub date: Option<Timestamp>,
}

impl From<CloudError> for Failed {
    fn from(error: CloudError) -> Self {
        Self { error, date: None }
    }
}

impl From<Failed> for CloudError {
    fn from(failed: Failed) -> Self {
        failed.error
    }
}

impl Transport {
    /// No connections yet. `secrets` are those of the account that are known from the start.
    pub fn new(settings: &Settings, secrets: Vec<SecretString>) -> Result<Self, String> {
        let http = Mutex::new(Arc::new(connections(settings)?));
        Ok(Self { settings: settings.clone(), http, endpoints: Endpoints::new(settings), known: KnownSecrets::new(secrets) })
    }

    /// The base URLs of the services.
    pub(super) const fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    fn connections(&self) -> MutexGuard<'_, Arc<reqwest::Client>> {
        self.http.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// No further call uses these connections, on one of which a call has timed out.
    fn abandon(&self, used: &Arc<reqwest::Client>) {
        let mut http = self.connections();
        if Arc::ptr_eq(&http, used)
            && let Ok(new) = connections(&self.settings)
        {
            *http = Arc::new(new);
        }
    }

    /// Sends and reads one request.
    ///
    /// # Errors
    /// Any status but 2xx, a timeout, or an answer that is too large.
    pub async fn send(&self, request: &Request<'_>, auth: &Auth<'_>) -> Result<Answer, Failed> {
        let secrets = self.known.with(request.secret);
        match self.exchange(request, auth).await {
            Ok(answer) => Ok(Answer { secrets, ..answer }),
            Err(failed) => Err(Failed { error: secrets.redact(failed.error), ..failed }),
        }
    }

    /// What is redacted from now on, besides what was given at the start.
    pub const fn known(&self) -> &KnownSecrets {
        &self.known
    }

    async fn exchange(&self, request: &Request<'_>, auth: &Auth<'_>) -> Result<Answer, Failed> {
        let base = self.endpoints.base_url(request.endpoint, request.operation).await?;
        let http = Arc::clone(&self.connections());
        let sent = prepare(&http, base, request, auth)?.send().await;
        let response = sent.map_err(|error| {
            if error.is_timeout() && !error.is_connect() {
                self.abandon(&http);
            }
            unanswered(request.operation, &error)
        })?;
        let status = response.status().as_u16();
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (request_id, subject_token) = (header("X-Request-Id").or_else(|| header("X-IAM-Trace-Id")), header("X-Subject-Token"));
        let date = header("Date").and_then(|date| http_date(&date));
        let retry_after = header("Retry-After").and_then(|wait| retry_after(&wait, date.unwrap_or_else(Timestamp::now)));
        let body = read(request.operation, response).await.map_err(|error| CloudError { request_id: request_id.clone(), ..error })?;
        if (200..300).contains(&status) {
            Ok(Answer { status, request_id, subject_token, date, body, secrets: Arc::default(), counted: None })
        } else {
            let error = CloudError::from_answer(request.operation, status, request_id, &body);
            Err(Failed { error: CloudError { retry_after, ..error }, date })
        }
    }
}

fn prepare(http: &reqwest::Client, base: &str, request: &Request<'_>, auth: &Auth<'_>) -> Result<reqwest::RequestBuilder, CloudError> {
    let invalid = |what: String| CloudError::local(request.operation, OwnCode::Unreachable, what, RequestOutcome::Refused);
    let query = sign::canonical_query(request.query);
    let url = match query.as_str() {
        "" => format!("{base}{}", request.path),
        query => format!("{base}{}?{query}", request.path),
    };
    let url = reqwest::Url::parse(&url).map_err(|error| invalid(format!("{url}: {error}")))?;
    guard::check(request.method, &url, &request.body).map_err(|what| {
        let what = format!("not sent: {what}");
        CloudError::local(request.operation, OwnCode::ConnectionProtected, what, RequestOutcome::Refused)
    })?;
    let mut headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    headers.extend(request.header.map(|(name, value)| (name.to_owned(), value.to_owned())));
    match auth {
        Auth::None => {}
        Auth::Token(token) => headers.push(("X-Auth-Token".to_owned(), token.expose_secret().to_owned())),
        Auth::Sign { keys: Keys { access_key, secret_key, security_token }, project, at } => {
            let authority = url.host_str().map(|host| url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")));
            headers.push(("Host".to_owned(), authority.unwrap_or_default()));
            headers.push((DATE_HEADER.to_owned(), at.strftime("%Y%m%dT%H%M%SZ").to_string()));
            headers.extend(project.map(|id| ("X-Project-Id".to_owned(), id.to_owned())));
            headers.extend(security_token.as_ref().map(|token| ("X-Security-Token".to_owned(), token.expose_secret().to_owned())));
            let signable = Signable {
                method: request.method.as_str(),
                path: url.path(),
                query: request.query,
                headers: &headers,
                body: &request.body,
            };
            let authorization = sign::authorization(&signable, access_key, secret_key);
            headers.push(("Authorization".to_owned(), authorization));
        }
    }
    let method = match request.method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Delete => reqwest::Method::DELETE,
    };
    let builder = headers.into_iter().fold(http.request(method, url), |builder, (name, value)| builder.header(name, value));
    Ok(match request.begin_by {
        _ if request.body.is_empty() => builder,
        Some(instant) => builder.body(reqwest::Body::wrap(TimelyBody::new(request.body.clone(), instant))),
        None => builder.body(request.body.clone()),
    })
}

/// A client without open connections.
fn connections(settings: &Settings) -> Result<reqwest::Client, String> {
    let Settings { ca_bundle, limits, .. } = settings;
    let mut builder = reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .connect_timeout(CONNECT_TIMEOUT.min(limits.call))
        .timeout(limits.call)
        .http2_keep_alive_interval(PING_INTERVAL)
        .http2_keep_alive_timeout(PING_TIMEOUT)
        .http2_keep_alive_while_idle(true)
        .pool_idle_timeout(IDLE_LIMIT)
        .tcp_keepalive(TCP_PROBES.0)
        .tcp_keepalive_interval(TCP_PROBES.1)
        .tcp_keepalive_retries(TCP_PROBES.2)
        .tcp_user_timeout(TCP_UNACKNOWLEDGED)
        // A redirect would send the credentials to any host that the answer names.
        .redirect(Policy::none());
    if let Some(pem) = ca_bundle {
        let certificates =
            reqwest::Certificate::from_pem_bundle(pem.as_bytes()).map_err(|error| format!("spec.endpoints.caBundle: {error}"))?;
        builder = builder.tls_certs_merge(certificates);
    }
    builder.build().map_err(|error| format!("HTTP client: {error}"))
}

fn http_date(text: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

/// A wait in seconds, or until a date by the cloud's clock, which shows `now`.
fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    let wait = match text.trim().parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => http_date(text)?.duration_since(now).try_into().unwrap_or_default(),
    };
    Some(wait.min(MAX_RETRY_AFTER))
}

/// The error of a request without an answer. It certainly had no effect only if no connection was opened, if its body was not sent, or if the server
/// says that it did not begin with it.
fn unanswered(operation: &'static str, error: &reqwest::Error) -> CloudError {
    let causes = || successors(error.source(), |&cause| cause.source());
    if let Some(late) = causes().find_map(|cause| cause.downcast_ref::<TooLate>()) {
        return late.of(operation);
    }
    let is_declined = causes().filter_map(|cause| cause.downcast_ref::<h2::Error>()).any(is_declined);
    let (code, outcome) = match (error.is_connect() || error.is_builder() || is_declined, error.is_timeout()) {
        (true, _) => (OwnCode::Unreachable, RequestOutcome::Refused),
        (false, true) => (OwnCode::Timeout, RequestOutcome::Unknown),
        (false, false) => (OwnCode::Unreachable, RequestOutcome::Unknown),
    };
    let proxy = error.url().filter(|_| error.is_connect()).and_then(|url| proxy::of(url.as_str()));
    let cause = innermost(error);
    CloudError::local(operation, code, proxy.map_or(cause.clone(), |proxy| format!("through the proxy {proxy}: {cause}")), outcome)
}

/// Whether the server ended the connection before this request, or refused to begin with it. Other requests reqwest sends again by itself.
fn is_declined(error: &h2::Error) -> bool {
    let (graceful, refused) = (Some(h2::Reason::NO_ERROR), Some(h2::Reason::REFUSED_STREAM));
    error.is_remote() && (error.is_go_away() && error.reason() == graceful || error.is_reset() && error.reason() == refused)
}

async fn read(operation: &'static str, mut response: reqwest::Response) -> Result<Vec<u8>, CloudError> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > BODY_LIMIT => {
                return Err(CloudError::local(
                    operation,
                    OwnCode::TooLarge,
                    format!("the answer is larger than {BODY_LIMIT} bytes"),
                    RequestOutcome::Unknown,
                ));
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body),
            Err(error) if error.is_timeout() => {
                return Err(CloudError::local(operation, OwnCode::Timeout, innermost(&error), RequestOutcome::Unknown));
            }
            Err(error) => return Err(CloudError::local(operation, OwnCode::Malformed, innermost(&error), RequestOutcome::Unknown)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_in_seconds_or_until_a_date_of_the_clouds_clock() {
        let now: Timestamp = "2026-11-29T05:00:00Z".parse().unwrap();
        let rows = [
            ("3", Some(3)),
            (" 120 ", Some(120)),
            ("Sun, 29 Nov 2026 05:00:07 GMT", Some(7)),
            ("Sun, 29 Nov 2026 04:59:00 GMT", Some(0)),
            ("86400", Some(600)),
            ("Mon, 30 Nov 2026 05:00:00 GMT", Some(600)),
            ("soon", None),
            ("-3", None),
            ("", None),
        ];
        for (text, seconds) in rows {
            assert_eq!(retry_after(text, now), seconds.map(Duration::from_secs), "{text:?}");
        }
    }
}
