//! One call of the API as a value: the request, and the key of the answer that holds the object.
//!
//! A [`Call`] is made without IO by the modules of the resources, printed in logs, compared in tests, and sent by
//! [`Client`](crate::cloud::Client). A secret is kept apart from the body, so that no printed call can show one.

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt;
use tokio::time::Instant;

use crate::cloud::auth::sign::escape;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads; safe to retry.
    Get,
    /// Creates; **not** safe to retry: the API has no idempotency token.
    Post,
    /// Replaces the given fields; safe to retry.
    Put,
    /// Deletes; safe to retry.
    Delete,
}

impl Method {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }

    /// Whether the call changes nothing in the cloud.
    #[must_use]
    pub const fn is_read(self) -> bool {
        matches!(self, Self::Get)
    }
}

/// One call of the Direct Connect API.
#[derive(Clone)]
pub struct Call {
    /// The vendor's operation id, e.g. `CreateVirtualGateway`.
    pub operation: &'static str,
    pub method: Method,
    /// Path segments after `/v3/{project_id}/`, not escaped.
    segments: Vec<String>,
    /// Query parameters, not escaped.
    pub query: Vec<(String, String)>,
    /// JSON body without its secret.
    pub body: Option<Value>,
    /// Top-level key of body and answer, e.g. `virtual_gateway`.
    pub wrapper: &'static str,
    secret: Option<(&'static str, SecretString)>,
    /// It is not sent after this instant.
    pub(in crate::cloud) begin_by: Option<Instant>,
    /// It waits for an open circuit breaker instead of being rejected.
    pub(in crate::cloud) waits_for_breaker: bool,
    partial: bool,
    deleting: bool,
}

impl Call {
    /// A call without query and body.
    #[must_use]
    pub fn new(operation: &'static str, method: Method, segments: &[&str], wrapper: &'static str) -> Self {
        let segments = segments.iter().map(ToString::to_string).collect();
        Self {
            operation,
            method,
            segments,
            query: Vec::new(),
            body: None,
            wrapper,
            secret: None,
            begin_by: None,
            waits_for_breaker: false,
            partial: false,
            deleting: matches!(method, Method::Delete),
        }
    }

    /// Not to be sent or retried after `instant`: a login before it may take long.
    #[must_use]
    pub fn begun_by(mut self, instant: Instant) -> Self {
        self.begin_by = Some(instant);
        self
    }

    /// Waits while the circuit breaker is open, and is its probe.
    #[must_use]
    pub(in crate::cloud) const fn waiting_for_breaker(mut self) -> Self {
        self.waits_for_breaker = true;
        self
    }

    /// Its answer does not show the resource, or only a part of it: the next LIST shows the result.
    #[must_use]
    pub const fn partial(mut self) -> Self {
        self.partial = true;
        self
    }

    /// Whether the answer does not show the whole resource.
    #[must_use]
    pub const fn is_partial(&self) -> bool {
        self.partial
    }

    /// It deletes a resource, whatever its method is.
    #[must_use]
    pub const fn deleting(mut self) -> Self {
        self.deleting = true;
        self
    }

    /// Whether it deletes a resource.
    #[must_use]
    pub const fn is_delete(&self) -> bool {
        self.deleting
    }

    /// With `body` under the wrapper's key. A body that has no JSON form is sent as `null` and refused by the cloud.
    #[must_use]
    pub fn with_body(mut self, body: &impl Serialize) -> Self {
        self.body = Some(json!({ self.wrapper: body }));
        self
    }

    /// With a body without the wrapper's key.
    #[must_use]
    pub fn with_bare_body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// With one more query parameter.
    #[must_use]
    pub fn with_query(mut self, key: &str, value: impl fmt::Display) -> Self {
        self.query.push((key.to_owned(), format!("{value}")));
        self
    }

    /// With a secret field of the wrapped body, which is added only to the bytes that are sent.
    #[must_use]
    pub fn with_secret(mut self, field: &'static str, secret: Option<SecretString>) -> Self {
        self.secret = secret.map(|secret| (field, secret));
        self
    }

    /// Escaped path of the call in `project`.
    #[must_use]
    pub fn path(&self, project: &str) -> String {
        let mut path = format!("/v3/{}", escape(project));
        for segment in &self.segments {
            path.push('/');
            path.push_str(&escape(segment));
        }
        path
    }

    /// Its path after the project, not escaped.
    #[must_use]
    pub fn path_in_project(&self) -> String {
        self.segments.join("/")
    }

    /// The end of its path: of a call that shows a resource, its ID.
    #[must_use]
    pub fn last_segment(&self) -> Option<&str> {
        self.segments.last().map(String::as_str)
    }

    #[must_use]
    pub(in crate::cloud) fn secret(&self) -> Option<&SecretString> {
        self.secret.as_ref().map(|(_, secret)| secret)
    }

    /// Bytes of the body, secret included; empty when there is none.
    #[must_use]
    pub(in crate::cloud) fn bytes(&self) -> Vec<u8> {
        let Some(mut body) = self.body.clone() else { return Vec::new() };
        if let Some((field, secret)) = &self.secret
            && let Some(inner) = body.get_mut(self.wrapper).and_then(Value::as_object_mut)
        {
            inner.insert((*field).to_owned(), Value::from(secret.expose_secret()));
        }
        body.to_string().into_bytes()
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            operation,
            method,
            segments,
            query,
            body,
            wrapper: _,
            secret,
            begin_by: _,
            waits_for_breaker: _,
            partial: _,
            deleting: _,
        } = self;
        write!(f, "{operation}: {} {}", method.as_str(), segments.join("/"))?;
        if !query.is_empty() {
            write!(f, "?{query:?}")?;
        }
        if let Some(body) = body {
            write!(f, " {body}")?;
        }
        if let Some((field, _)) = secret {
            write!(f, " with secret {field}")?;
        }
        Ok(())
    }
}

/// Two calls are equal when they send the same apart from the secret's value.
impl PartialEq for Call {
    fn eq(&self, other: &Self) -> bool {
        let Self { operation, method, segments, query, body, wrapper, secret, begin_by: _, waits_for_breaker: _, partial: _, deleting: _ } =
            self;
        *operation == other.operation
            && *method == other.method
            && *segments == other.segments
            && *query == other.query
            && *body == other.body
            && *wrapper == other.wrapper
            && secret.as_ref().map(|(field, _)| field) == other.secret.as_ref().map(|(field, _)| field)
    }
}
