//! The chart of the `CloudAccount`s: strict about its values, and ordinary resources, which hand edits, an uninstallation and other tools do not harm.

mod edits;
mod moves;
mod values;

use serde_json::{Value, json};
use support::controlplane::ControlPlane;

/// What an account must have.
fn account() -> Value {
    json!({ "region": "eu-west-101", "credentials": { "accessKey": { "secretRef": { "name": "keys" } } } })
}

/// The same with more.
fn account_with(more: &Value) -> Value {
    let mut account = account();
    account.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    account
}

/// One field of a `CloudAccount`, as text; nothing if it is not there.
fn field(plane: &ControlPlane, name: &str, path: &str) -> String {
    plane.kubectl(&["get", "cloudaccount", name, "--ignore-not-found", "-o", &format!("jsonpath={{{path}}}")])
}
