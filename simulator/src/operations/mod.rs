//! The operations of the cloud's API, as functions of the cloud and a [`Call`].
//!
//! They know nothing of sockets, authentication, faults or the journal, which `server/handle.rs` adds.

pub mod connect_gateways;
pub mod direct_connect_locations;
mod direct_connects;
mod extend_attributes;
pub mod gdgw_routes;
pub mod global_eips;
pub mod global_gateways;
mod hosted_connections;
mod listing;
pub mod peer_detections;
pub mod peer_links;
pub mod projects;
mod quotas;
pub mod render;
mod rms;
pub mod routes;
pub mod switchover;
mod tag_queries;
mod tags;
pub mod vif_peers;
pub mod virtual_gateways;
pub mod virtual_interfaces;

use axum::http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    clock::Moment,
    http::{ApiError, Query},
    settings::{EmptyDescription, Settings},
    state::Object,
};

/// The body of a create, over the defaults of the other fields of a response.
fn with_defaults(defaults: Value, body: Object) -> Object {
    let Value::Object(mut object) = defaults else {
        return body;
    };
    object.extend(body);
    object
}

/// The input of an operation.
pub struct Call<'a> {
    pub settings: &'a Settings,
    /// The project of the caller.
    pub project_id: &'a str,
    pub region: &'a str,
    pub query: &'a Query,
    pub body: &'a [u8],
    pub now: Moment,
    pub request_id: &'a str,
    /// Set by the fault `error_state`: the change ends in status ERROR with this reason.
    pub error_reason: Option<&'a str>,
}

impl Call<'_> {
    /// The body of a create: the object under the key `wrapper`.
    pub fn object(&self, wrapper: &str) -> Result<Object, ApiError> {
        match self.document()?.remove(wrapper) {
            Some(Value::Object(object)) => Ok(object),
            _ => Err(ApiError::with_detail("DC.0000", &format!("{wrapper} is missing."))),
        }
    }

    pub fn document(&self) -> Result<Object, ApiError> {
        serde_json::from_slice(self.body).map_err(|_| ApiError::bad_request("DC.0000"))
    }

    /// The body of an update. An empty description has the effect of the switch (`docs/design/uncertain-facts.md#u20`).
    pub fn changes(&self, wrapper: &str) -> Result<Object, ApiError> {
        let mut changes = self.object(wrapper)?;
        let empty = changes.get("description").is_some_and(is_empty);
        if empty && self.settings.switches.u20_empty_description != EmptyDescription::Empty {
            changes.remove("description");
        }
        Ok(changes)
    }

    /// Applies validated changes to a resource. Returns whether it differs from before.
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
        document.values().find_map(|inner| inner.get("description")).is_some_and(is_empty)
    }

    /// A response with one resource under the key `wrapper`.
    pub fn success(&self, status: StatusCode, wrapper: &str, resource: Value) -> Success {
        let mut body = json!({"request_id": self.request_id});
        if let Value::Object(fields) = &mut body {
            fields.insert(wrapper.to_owned(), resource);
        }
        Success { status, body: Some(body) }
    }
}

fn is_empty(text: &Value) -> bool {
    text.is_null() || text == ""
}

pub struct Success {
    pub status: StatusCode,
    pub body: Option<Value>,
}

impl Success {
    pub fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT, body: None }
    }
}

pub type OperationResult = Result<Success, ApiError>;

pub fn new_id() -> String {
    Uuid::new_v4().to_string()
}
