//! The log of all requests and responses, and counters.
//!
//! Bodies are kept as the bytes that were sent, which costs nothing while requests are handled. Secrets are redacted when
//! the log is read. The oldest entries are dropped when the log exceeds a number of entries or a size.

use std::collections::{BTreeMap, VecDeque};

use axum::body::Bytes;
use serde_json::{Value, json};

use crate::{http::Request, settings::Settings};

const SECRET_HEADERS: [&str; 4] = ["authorization", "x-auth-token", "x-metadata-token", "x-security-token"];
/// String values of these keys are redacted in bodies.
const SECRET_KEYS: [&str; 2] = ["bgp_md5", "password"];
const REDACTED: &str = "***";
/// The same of temporary keys and id tokens, but in their length, which the documents prescribe.
const TEMPORARY_SECRET_KEYS: [&str; 7] =
    ["id_token", "secret", "secret_access_key", "secretAccessKey", "security_token", "securitytoken", "securityToken"];
/// The string `id` is redacted in an object under these keys.
const KEYS_OF_TOKENS: [&str; 2] = ["id_token", "token"];

/// A request and its response.
pub struct Entry {
    pub time: String,
    pub operation: &'static str,
    pub method: String,
    pub path: String,
    pub query: String,
    pub request_headers: Vec<(String, String)>,
    pub request_body: Bytes,
    /// `None` if the connection was dropped before execution.
    pub status: Option<u16>,
    pub response_body: Bytes,
    pub error_code: Option<String>,
    /// Whether the request changed the cloud.
    pub committed: bool,
    pub project_id: Option<String>,
    pub latency_ms: u64,
    /// Kind of the fault that replaced or dropped the response.
    pub fault: Option<&'static str>,
}

#[derive(Default)]
pub struct Journal {
    entries: VecDeque<Entry>,
    /// Sequence number of the next entry.
    next: u64,
    bytes: usize,
    counters: BTreeMap<&'static str, Counter>,
}

#[derive(Default)]
struct Counter {
    total: u64,
    by_status: BTreeMap<String, u64>,
}

impl Journal {
    pub fn record(&mut self, entry: Entry, settings: &Settings) {
        let counter = self.counters.entry(entry.operation).or_default();
        counter.total += 1;
        *counter.by_status.entry(entry.status_label()).or_default() += 1;
        self.bytes += entry.bytes();
        self.entries.push_back(entry);
        self.next += 1;
        while self.entries.len() > settings.log_capacity || self.bytes > settings.log_bytes {
            let Some(oldest) = self.entries.pop_front() else {
                break;
            };
            self.bytes -= oldest.bytes();
        }
    }

    /// The entries from sequence number `since` on.
    pub fn since(&self, since: u64) -> Value {
        let first = self.next - self.entries.len() as u64;
        let skip = usize::try_from(since.saturating_sub(first)).unwrap_or(usize::MAX);
        let numbered = (first..).zip(&self.entries).skip(skip);
        let entries: Vec<Value> = numbered.map(|(seq, entry)| entry.document(seq)).collect();
        json!({"next": self.next, "entries": entries})
    }

    pub fn counters(&self) -> Value {
        let row = |counter: &Counter| json!({"total": counter.total, "by_status": counter.by_status});
        self.counters.iter().map(|(operation, counter)| ((*operation).to_owned(), row(counter))).collect()
    }
}

impl Entry {
    fn bytes(&self) -> usize {
        self.request_body.len() + self.response_body.len()
    }

    fn status_label(&self) -> String {
        self.status.map_or_else(|| "dropped".to_owned(), |status| status.to_string())
    }

    fn document(&self, seq: u64) -> Value {
        let headers: serde_json::Map<String, Value> =
            self.request_headers.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
        json!({
            "seq": seq, "time": self.time, "operation": self.operation, "method": self.method, "path": self.path, "query": self.query,
            "request_headers": headers, "request_body": redacted_body(&self.request_body),
            "status": self.status, "response_body": redacted_body(&self.response_body), "error_code": self.error_code,
            "committed": self.committed, "project_id": self.project_id, "latency_ms": self.latency_ms, "fault": self.fault,
        })
    }
}

pub fn loggable_headers(request: &Request) -> Vec<(String, String)> {
    let names = request.headers.keys().map(axum::http::HeaderName::as_str).filter(|name| !SECRET_HEADERS.contains(name));
    names.map(|name| (name.to_owned(), request.header(name).unwrap_or_default())).collect()
}

/// A body as JSON with its secrets redacted. Of other bodies only the length is shown, as they cannot be redacted.
fn redacted_body(body: &[u8]) -> Value {
    if body.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(body).map_or_else(|_| Value::from(format!("{} bytes that are no JSON", body.len())), redact)
}

fn redact(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(key, inner)| {
                let shown = redacted_field(&key, inner);
                (key, shown)
            })
            .collect(),
        Value::Array(list) => list.into_iter().map(redact).collect(),
        plain => plain,
    }
}

fn redacted_field(key: &str, value: Value) -> Value {
    match value {
        Value::String(_) if SECRET_KEYS.contains(&key) => Value::from(REDACTED),
        Value::String(text) if TEMPORARY_SECRET_KEYS.contains(&key) => stars(&text),
        Value::Object(mut fields) if KEYS_OF_TOKENS.contains(&key) => {
            if let Some(id @ Value::String(_)) = fields.get_mut("id") {
                *id = stars(id.as_str().unwrap_or_default());
            }
            redact(Value::Object(fields))
        }
        other => redact(other),
    }
}

fn stars(text: &str) -> Value {
    Value::from("*".repeat(text.chars().count()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_redacted_and_nothing_else_is() {
        let body = br#"{"a": {"bgp_md5": "hush", "list": [{"password": "hush"}], "n": 1}, "password": {"user": 1}}"#;
        let shown = json!({"a": {"bgp_md5": "***", "list": [{"password": "***"}], "n": 1}, "password": {"user": 1}});
        assert_eq!(redacted_body(body), shown);
        let body = br#"{"auth": {"id_token": {"id": "hush"}, "identity": {"token": {"id": "hush", "n": 1}}}, "id_token": "hush",
            "credential": {"access": "AK", "secret": "hush", "securitytoken": "hush"}, "token": {"user": {"id": "u"}}}"#;
        let shown = json!({"auth": {"id_token": {"id": "****"}, "identity": {"token": {"id": "****", "n": 1}}}, "id_token": "****",
            "credential": {"access": "AK", "secret": "****", "securitytoken": "****"}, "token": {"user": {"id": "u"}}});
        assert_eq!(redacted_body(body), shown);
        assert_eq!(redacted_body(b"hush"), json!("4 bytes that are no JSON"));
        assert_eq!(redacted_body(b""), Value::Null);
    }
}
