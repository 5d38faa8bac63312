//! What the controllers of accounts and of all other kinds tell in the same way: who writes, the time, an error of the cloud, a status.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::{Resource, ResourceExt};
use serde::Serialize;
use serde_json::{Value, json};

use crate::api::LastError;
use crate::cloud::CloudError;

/// Field manager and reporter of all that the operator writes.
pub const MANAGER: &str = "direct-connect-operator";

/// The present, in the form of conditions.
#[must_use]
pub fn now() -> Time {
    // Conditions carry whole seconds.
    Time(jiff::Timestamp::from_second(jiff::Timestamp::now().as_second()).unwrap_or_default())
}

/// An error as a status tells it. The same one told again keeps its first time and request: repeats are no news.
#[must_use]
pub fn told_error(last: Option<&LastError>, error: &CloudError, now: &Time) -> LastError {
    let told = last.filter(|last| last.code == error.code && last.message == error.message && last.operation == error.operation);
    told.cloned().unwrap_or_else(|| LastError {
        code: error.code.clone(),
        message: error.message.clone(),
        http_status: error.http_status.map(i32::from),
        request_id: error.request_id.clone(),
        operation: error.operation.to_owned(),
        time: now.clone(),
    })
}

/// Names in a message: the first few, and how many more there are, which do not help a reader.
#[must_use]
pub fn told_names(names: impl ExactSizeIterator<Item = String>) -> String {
    const LIMIT: usize = 5;
    let more = names.len().saturating_sub(LIMIT);
    let more = (more > 0).then(|| format!("{more} more"));
    names.take(LIMIT).chain(more).collect::<Vec<_>>().join(", ")
}

/// The whole status of `object`, for server-side apply. The uid guards against an object of the same name, `version` against one that has changed.
#[must_use]
pub fn status_patch<K: Resource<DynamicType = ()>>(object: &K, version: Option<String>, status: &impl Serialize) -> Value {
    let mut metadata = json!({ "name": object.name_any(), "uid": object.uid() });
    if let (Some(version), Some(metadata)) = (version, metadata.as_object_mut()) {
        metadata.insert("resourceVersion".to_owned(), version.into());
    }
    json!({ "apiVersion": K::api_version(&()), "kind": K::kind(&()), "metadata": metadata, "status": status })
}
