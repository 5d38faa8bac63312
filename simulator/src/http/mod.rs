//! The cloud's HTTP interface: requests as they are received, operations, answers.
//!
//! Operations are plain functions over the cloud and a [`Call`]; they know nothing of sockets, credentials,
//! faults or the log, which [`crate::service`] wraps around them.

mod direct_connects;
mod extend_attributes;
mod listing;
pub mod projects;
mod quotas;
pub mod render;
pub mod routes;
mod switchover;
mod tags;
pub mod vif_peers;
pub mod virtual_gateways;
pub mod virtual_interfaces;

use axum::{
    body::Bytes,
    http::{HeaderMap, Method, StatusCode},
};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    auth::Caller,
    engine::Moment,
    errors::Refusal,
    settings::{EmptyDescription, Settings},
    state::Object,
};

/// A request as it came over the wire.
pub struct Received {
    pub method: Method,
    pub path: String,
    pub query: Query,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Received {
    /// A header's value; several of one name are joined.
    pub fn header(&self, name: &str) -> Option<String> {
        let values: Vec<_> = self.headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        if values.is_empty() { None } else { Some(values.join(",")) }
    }
}

/// The parameters of a query, decoded, in their order.
#[derive(Default)]
pub struct Query {
    pub raw: String,
    pub pairs: Vec<(String, String)>,
}

impl Query {
    /// Splits and decodes a query; a plus sign stands for itself.
    pub fn parse(raw: &str) -> Self {
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let pair = |part: &str| {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            (decode(key), decode(value))
        };
        let pairs = raw.split('&').filter(|part| !part.is_empty()).map(pair).collect();
        Self { raw: raw.to_owned(), pairs }
    }

    /// Values of a repeated key.
    pub fn all(&self, key: &str) -> Vec<&str> {
        self.pairs.iter().filter(|(name, _)| name == key).map(|(_, value)| value.as_str()).collect()
    }

    /// Values of a key that is joined by commas, repeated or both.
    pub fn commas(&self, key: &str) -> Vec<&str> {
        self.all(key).into_iter().flat_map(|value| value.split(',')).collect()
    }

    pub fn one(&self, key: &str) -> Option<&str> {
        self.all(key).first().copied()
    }
}

/// What an operation gets to know.
pub struct Call<'a> {
    pub settings: &'a Settings,
    pub caller: &'a Caller,
    pub query: &'a Query,
    pub body: &'a [u8],
    pub now: Moment,
    pub request_id: &'a str,
    /// An injected failure: the change settles into ERROR for this reason.
    pub failure: Option<&'a str>,
}

impl Call<'_> {
    /// The body: the object under the one key that wraps it.
    pub fn object(&self, wrapper: &str) -> Result<Object, Refusal> {
        match self.document()?.remove(wrapper) {
            Some(Value::Object(object)) => Ok(object),
            _ => Err(Refusal::rule_because("DC.0000", &format!("{wrapper} is missing."))),
        }
    }

    /// The whole body.
    pub fn document(&self) -> Result<Object, Refusal> {
        serde_json::from_slice(self.body).map_err(|_| Refusal::rule("DC.0000"))
    }

    /// The body of an update, in which an empty description means what the switch says (`docs/design/uncertain-facts.md#u20`).
    pub fn changes(&self, wrapper: &str) -> Result<Object, Refusal> {
        let mut changes = self.object(wrapper)?;
        let empty = changes.get("description").is_some_and(|text| text.is_null() || text == "");
        let as_told = self.settings.switches.u20_empty_description;
        if empty && as_told != EmptyDescription::Empty {
            changes.remove("description");
        }
        Ok(changes)
    }

    /// Lays accepted changes over a resource; answers whether any differs.
    pub fn apply(&self, resource: &mut Object, changes: Object) -> bool {
        let before = resource.clone();
        resource.extend(changes);
        if self.settings.switches.u20_empty_description == EmptyDescription::Null && self.clears_description() {
            resource.insert("description".to_owned(), Value::Null);
        }
        *resource != before
    }

    fn clears_description(&self) -> bool {
        let document = self.document().unwrap_or_default();
        let described = document.values().find_map(|inner| inner.get("description"));
        described.is_some_and(|text| text.is_null() || text == "")
    }

    /// An answer with one resource under its wrapper.
    pub fn answer(&self, status: StatusCode, wrapper: &str, resource: Value) -> Answer {
        let mut body = json!({"request_id": self.request_id});
        if let Value::Object(fields) = &mut body {
            fields.insert(wrapper.to_owned(), resource);
        }
        Answer { status, body: Some(body) }
    }
}

/// What an operation answers on success.
pub struct Answer {
    pub status: StatusCode,
    pub body: Option<Value>,
}

impl Answer {
    /// 204, without a body.
    pub fn empty() -> Self {
        Self { status: StatusCode::NO_CONTENT, body: None }
    }
}

/// An operation's answer or refusal.
pub type Outcome = Result<Answer, Refusal>;

pub fn new_id() -> String {
    Uuid::new_v4().to_string()
}
