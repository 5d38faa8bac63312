//! Responses, and connections that are dropped without one.

use axum::{
    body::{Body, Bytes},
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use futures::stream;
use serde_json::Value;
use uuid::Uuid;

use super::ApiError;
use crate::clock::Moment;

#[derive(Clone)]
pub struct HttpResponse {
    pub status: StatusCode,
    pub headers: Vec<(&'static str, String)>,
    pub body: Bytes,
    pub error_code: Option<String>,
    /// Project of the caller, once it is known.
    pub project_id: Option<String>,
}

impl HttpResponse {
    pub fn new(status: StatusCode, headers: Vec<(&'static str, String)>, body: Option<&Value>, request_id: &str) -> Self {
        let mut headers = headers;
        headers.push(("x-request-id", request_id.to_owned()));
        let body = body.map(|body| body.to_string().into()).unwrap_or_default();
        Self { status, headers, body, error_code: None, project_id: None }
    }

    /// A body of plain text.
    pub fn text(status: StatusCode, text: &str, request_id: &str) -> Self {
        let response = Self::new(status, vec![("content-type", "text/plain".to_owned())], None, request_id);
        Self { body: text.to_owned().into(), ..response }
    }

    pub fn from_error(error: &ApiError, request_id: &str) -> Self {
        let body = error.body(request_id);
        let response = Self::new(error.status, Vec::new(), Some(&body), request_id);
        Self { error_code: Some(error.code.clone()), ..response }
    }

    /// The response of the fault `status`. A code that starts with `DC.` selects the format of Direct Connect.
    pub fn injected(status: u16, code: Option<&str>, message: Option<&str>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let code = code.unwrap_or("APIGW.0601");
        let message = message.unwrap_or("Injected fault");
        let error = if code.starts_with("DC.") {
            ApiError::direct_connect(status, code, message)
        } else {
            ApiError::api_gateway(status, code, message)
        };
        Self::from_error(&error, &new_request_id())
    }

    /// Sets `Date` to the time of the cloud. Otherwise the HTTP server sets it to that of the machine.
    pub fn with_date(mut self, now: Moment) -> Self {
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

/// A response whose body fails at once, so that the connection is closed before anything is sent.
pub fn dropped_connection() -> Response {
    let aborted = || std::io::Error::from(std::io::ErrorKind::ConnectionAborted);
    Response::new(Body::from_stream(stream::once(async move { Err::<Bytes, _>(aborted()) })))
}

pub fn new_request_id() -> String {
    Uuid::new_v4().simple().to_string()
}
