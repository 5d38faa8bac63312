//! Errors of calls, and the class of each of the cloud's error codes.
//!
//! The class is read from the cloud's `error_code`, never from the HTTP status alone (`docs/design/cloud-api.md#errors`): the service answers
//! almost everything with 400, and a gateway's 404 says that an API is absent, not that a resource is gone. The reconciler handles all errors of
//! one class alike.

pub(in crate::cloud) mod catalogue;
pub(in crate::cloud) mod class;
pub(in crate::cloud) mod redact;

pub use catalogue::{CATALOGUE, Code, OwnCode, code_label};
pub use class::ErrorClass;

use serde_json::Value;
use std::fmt;
use std::time::Duration;

/// A failed call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{operation}: {code}: {message}")]
pub struct CloudError {
    pub class: ErrorClass,
    /// The cloud's `error_code`; without one an [`OwnCode`] or the HTTP status.
    pub code: String,
    /// The cloud's text, truncated, or what is wrong with the answer.
    pub message: String,
    /// HTTP status, if there was an answer.
    pub http_status: Option<u16>,
    /// The cloud's id of the request, for its support.
    pub request_id: Option<String>,
    /// The vendor's operation id.
    pub operation: &'static str,
    /// Whether the call may have taken effect.
    pub outcome: RequestOutcome,
    /// The cloud's `Retry-After`.
    pub retry_after: Option<Duration>,
}

/// Whether a failed call may have taken effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestOutcome {
    /// It had no effect: the cloud refused it or was not reached.
    Refused,
    /// There was no readable answer: it may have taken effect.
    Unknown,
}

impl CloudError {
    /// An error that is not the service's own answer.
    pub(in crate::cloud) fn local(operation: &'static str, code: OwnCode, message: impl fmt::Display, outcome: RequestOutcome) -> Self {
        Self {
            class: code.class(),
            code: code.as_str().to_owned(),
            message: truncate(&message.to_string()),
            http_status: None,
            request_id: None,
            operation,
            outcome,
            retry_after: None,
        }
    }

    /// Reads the answer of a failed call, in any of the shapes of `docs/design/cloud-api.md#shapes-of-errors`. Anything else is an error of class
    /// server with unknown outcome, so that a proxy's page is never taken for an answer of the service.
    #[must_use]
    pub fn from_answer(operation: &'static str, status: u16, request_id: Option<String>, body: &[u8]) -> Self {
        let parsed = serde_json::from_slice::<Value>(body).ok();
        let error = parsed.as_ref().and_then(read_error);
        let request_id = request_id.or_else(|| parsed.as_ref().and_then(read_request_id));
        let (code, message, readable) = match error {
            Some((code, message)) => (code.unwrap_or_else(|| status.to_string()), message, true),
            // Opaque, but it tells of the account.
            None if parsed.as_ref().is_some_and(|body| body.get("encoded_authorization_message").is_some()) => {
                (status.to_string(), String::new(), false)
            }
            None => (status.to_string(), String::from_utf8_lossy(body.get(..body.len().min(200)).unwrap_or(body)).into_owned(), false),
        };
        let class = classify(&code, status, readable);
        let outcome = if status < 500 && (readable || status == 429) { RequestOutcome::Refused } else { RequestOutcome::Unknown };
        Self { class, code, message: truncate(&message), http_status: Some(status), request_id, operation, outcome, retry_after: None }
    }
}

/// Longest message that is kept, in characters.
const MESSAGE_LIMIT: usize = 512;

fn truncate(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(MESSAGE_LIMIT) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or(text)),
        None => text.to_owned(),
    }
}

/// Code and message in any of the documented shapes: `error_code`/`error_msg`, `errorCode`/`errorMsg`, `code`/`message`, or one of these one
/// level down (keystone's `error`).
fn read_error(body: &Value) -> Option<(Option<String>, String)> {
    const SHAPES: [(&str, &str); 3] = [("error_code", "error_msg"), ("errorCode", "errorMsg"), ("code", "message")];
    let object = body.as_object()?;
    for (code, message) in SHAPES {
        if object.contains_key(code) || object.contains_key(message) {
            let message = object.get(message).and_then(Value::as_str).unwrap_or_default().to_owned();
            return Some((object.get(code).and_then(code_text), message));
        }
    }
    object.values().filter(|value| value.is_object()).find_map(read_error)
}

fn code_text(code: &Value) -> Option<String> {
    match code {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn read_request_id(body: &Value) -> Option<String> {
    ["request_id", "requestId"].iter().find_map(|key| body.get(key)?.as_str().map(str::to_owned))
}

/// The class of an error: server for every 5xx, then the class of the code in [`CATALOGUE`], then the HTTP status.
#[must_use]
pub fn classify(code: &str, status: u16, readable: bool) -> ErrorClass {
    // Every code that is documented with a 5xx status is of this class, and a failing server's other codes say nothing.
    if status >= 500 {
        return ErrorClass::Server;
    }
    if let Some(row) = CATALOGUE.iter().find(|row| row.code == code) {
        return row.class;
    }
    match status {
        429 => ErrorClass::Throttled,
        _ if !readable => ErrorClass::Server,
        401 => ErrorClass::Auth,
        403 => ErrorClass::Permission,
        404 if code.starts_with("APIGW.") => ErrorClass::Unsupported,
        404 => ErrorClass::Absent,
        408 => ErrorClass::Server,
        409 => ErrorClass::Conflict,
        // An unknown `DC.*` code with 400, and any other 4xx: the user must fix it. Retried slowly, since the cause is often a temporary state.
        400..=499 => ErrorClass::Invalid,
        _ => ErrorClass::Server,
    }
}

/// The innermost cause of an error of the HTTP client; the levels above only repeat the URL.
pub(in crate::cloud) fn innermost(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), innermost)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(status: u16, body: &str) -> CloudError {
        CloudError::from_answer("ShowVirtualGateway", status, None, body.as_bytes())
    }

    #[test]
    fn every_shape_is_read() {
        let table = [
            (400, r#"{"requestId":"r1","error_msg":"in use","error_code":"DC.1106"}"#, "DC.1106", ErrorClass::InUse, Some("r1")),
            (
                404,
                r#"{"error_msg":"no api","error_code":"APIGW.0101","request_id":"r2"}"#,
                "APIGW.0101",
                ErrorClass::Unsupported,
                Some("r2"),
            ),
            (401, r#"{"error":{"code":401,"message":"wrong","title":"Unauthorized"}}"#, "401", ErrorClass::Auth, None),
            (403, r#"{"error_code":"IAM.0002","error_msg":"no"}"#, "IAM.0002", ErrorClass::Permission, None),
            (404, r#"{"error_code":"DC.1211","error_msg":"gone"}"#, "DC.1211", ErrorClass::Absent, None),
            (400, r#"{"error_code":"DC.9999","error_msg":"new"}"#, "DC.9999", ErrorClass::Invalid, None),
            (429, "slow down", "429", ErrorClass::Throttled, None),
            (503, r#"{"error_code":"DC.9999"}"#, "DC.9999", ErrorClass::Server, None),
            (500, r#"{"error_code":"DC.1211","error_msg":"gone"}"#, "DC.1211", ErrorClass::Server, None),
        ];
        for (status, body, code, class, request_id) in table {
            let error = error(status, body);
            assert_eq!((error.code.as_str(), error.class, error.request_id.as_deref()), (code, class, request_id), "{body}");
        }
    }

    #[test]
    fn an_unreadable_answer_is_never_gone_and_its_effect_unknown() {
        for (status, body) in [(404, "<html>not found</html>"), (404, ""), (404, "[]"), (400, "{\"error_code"), (410, "null")] {
            let error = error(status, body);
            assert_eq!((error.class, error.outcome), (ErrorClass::Server, RequestOutcome::Unknown), "{status} {body}");
        }
    }

    #[test]
    fn no_code_has_two_rows() {
        let mut codes: Vec<&str> = CATALOGUE.iter().map(|row| row.code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), CATALOGUE.len());
    }
}
