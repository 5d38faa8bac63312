//! Answers on the wire, and answers that never get there.

use axum::{
    body::{Body, Bytes},
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use futures::stream;
use serde_json::Value;
use uuid::Uuid;

use crate::{engine::Moment, errors::Refusal};

/// An answer before it is put on the wire.
#[derive(Clone)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: Vec<(&'static str, String)>,
    pub body: Bytes,
    pub error_code: Option<String>,
    /// Project of the caller, once it is known.
    pub project_id: Option<String>,
}

impl Reply {
    pub fn new(status: StatusCode, headers: Vec<(&'static str, String)>, body: Option<&Value>, request_id: &str) -> Self {
        let mut headers = headers;
        headers.push(("x-request-id", request_id.to_owned()));
        let body = body.map(|body| body.to_string().into()).unwrap_or_default();
        Self { status, headers, body, error_code: None, project_id: None }
    }

    pub fn refused(refusal: &Refusal, request_id: &str) -> Self {
        let body = refusal.body(request_id);
        let reply = Self::new(refusal.status, Vec::new(), Some(&body), request_id);
        Self { error_code: Some(refusal.code.clone()), ..reply }
    }

    /// The answer of a fault, in the shape of the one whose code it bears.
    pub fn injected(status: u16, code: Option<&str>, message: Option<&str>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let code = code.unwrap_or("APIGW.0601");
        let message = message.unwrap_or("Injected fault");
        let refusal =
            if code.starts_with("DC.") { Refusal::service(status, code, message) } else { Refusal::gateway(status, code, message) };
        Self::refused(&refusal, &new_request_id())
    }

    /// With the cloud's time, which the server would fill in from the machine's clock.
    pub fn dated(mut self, now: Moment) -> Self {
        self.headers.push(("date", now.http_date()));
        self
    }

    pub fn into_response(self) -> Response {
        let has_body = !self.body.is_empty();
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if has_body {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        for (name, value) in self.headers {
            if let Ok(value) = value.parse() {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        response
    }
}

/// An answer whose body fails at once: nothing is sent and the connection is closed.
pub fn dropped_connection() -> Response {
    let aborted = || std::io::Error::from(std::io::ErrorKind::ConnectionAborted);
    Response::new(Body::from_stream(stream::once(async move { Err::<Bytes, _>(aborted()) })))
}

pub fn new_request_id() -> String {
    Uuid::new_v4().simple().to_string()
}
