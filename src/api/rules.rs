//! CEL rules that several kinds share. Each message names the field and says what is allowed.
//!
//! A rule stands at the field where that is enough: such a rule runs only when the field is present, and a rule with
//! `oldSelf` only when it was there before too. Rules on adding, removing or combining fields stand at the struct.

use kube::core::Rule;

const UUID: &str = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";
const DNS_LABEL: &str = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";
const DNS_SUBDOMAIN: &str = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";

fn rule(rule: impl Into<String>, message: impl AsRef<str>) -> Rule {
    Rule::new(rule).message(message.as_ref())
}

/// A quoted CEL string; raw, so that a regular expression keeps its backslashes.
fn matches(pattern: &str) -> String {
    format!("self.matches(r'{pattern}')")
}

/// A string that names a Kubernetes object.
pub fn object_name(field: &str) -> Rule {
    rule(matches(DNS_SUBDOMAIN), format!("{field} must be the name of an object: lower case letters, digits, dashes and dots"))
}

/// A string that names a namespace.
pub fn namespace_name(field: &str) -> Rule {
    rule(matches(DNS_LABEL), format!("{field} must be the name of a namespace: lower case letters, digits and dashes"))
}

/// A key of a Secret.
pub fn secret_key(field: &str) -> Rule {
    rule(matches(r"^[-._a-zA-Z0-9]+$"), format!("{field} must be a key of a Secret: letters, digits, dashes, underscores and dots"))
}

/// An id of the cloud.
pub fn uuid(field: &str) -> Rule {
    rule(matches(UUID), format!("{field} must be a UUID in lower case, like 0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f"))
}

/// A field that keeps its value once it has one.
pub fn fixed(field: &str) -> Rule {
    rule("self == oldSelf", format!("{field} is immutable"))
}

/// Exactly one of these optional fields of a struct.
pub fn exactly_one(owner: &str, fields: &[&str]) -> Rule {
    let present: Vec<_> = fields.iter().map(|field| format!("has(self.{field}) ? 1 : 0")).map(|one| format!("({one})")).collect();
    rule(format!("{} == 1", present.join(" + ")), format!("{owner} must have exactly one of {}", fields.join(", ")))
}
