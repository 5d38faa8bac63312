//! Putting a finalizer on an object or taking it off, without losing anybody else's.

use kube::{Resource, ResourceExt};
use serde_json::{Value, json};

/// Whether `finalizer` is on `object`.
#[must_use]
pub fn is_on(object: &impl Resource, finalizer: &str) -> bool {
    object.finalizers().iter().any(|name| name == finalizer)
}

/// The merge patch after which `finalizer` is on `object`, or not. The resource version guards it against a change in between, the uid against
/// another object of the same name.
#[must_use]
pub fn patch(object: &impl Resource, finalizer: &str, present: bool) -> Value {
    let mut finalizers: Vec<&str> = object.finalizers().iter().map(String::as_str).filter(|name| *name != finalizer).collect();
    finalizers.extend(present.then_some(finalizer));
    json!({ "metadata": { "finalizers": finalizers, "resourceVersion": object.resource_version(), "uid": object.uid() } })
}
