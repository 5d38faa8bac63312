//! Statuses: how they are written, and what the statuses of all kinds have in common.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::api::{Patch, PatchParams};
use kube::{Api, Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::fmt::Debug;

use crate::api::{FIELD_MANAGER, LastError};
use crate::cloud::CloudError;

/// Writes the status of `object`, whole, by server-side apply. The uid guards against an object of the same name, `version` against one that has
/// changed. What the definitions do not declare is left out: while an upgrade goes on they may be older than this process.
///
/// # Errors
/// As the API server's.
pub async fn write_status<K>(api: &Api<K>, object: &K, version: Option<String>, status: &impl Serialize) -> kube::Result<K>
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug,
{
    let (name, params) = (object.name_any(), PatchParams::apply(FIELD_MANAGER).force());
    let mut metadata = json!({ "name": name, "uid": object.uid() });
    if let (Some(version), Some(metadata)) = (version, metadata.as_object_mut()) {
        metadata.insert("resourceVersion".to_owned(), version.into());
    }
    let mut patch = json!({ "apiVersion": K::api_version(&()), "kind": K::kind(&()), "metadata": metadata, "status": status });
    match api.patch_status(&name, &params, &Patch::Apply(&patch)).await {
        Err(kube::Error::Api(refusal)) if omit_undeclared(&mut patch, &refusal.message) => {
            tracing::warn!("the definitions are older than the operator, apply those of its version: {}", refusal.message);
            api.patch_status(&name, &params, &Patch::Apply(&patch)).await
        }
        written => written,
    }
}

/// Takes out of `patch` what the API server says not to know of it. False when it says nothing of the kind.
fn omit_undeclared(patch: &mut Value, message: &str) -> bool {
    let undeclared = message.lines().filter_map(|line| line.trim().strip_suffix(": field not declared in schema"));
    let mut is_omitted = false;
    for path in undeclared.filter_map(|line| line.split_whitespace().last()) {
        let Some((holder, field)) = path.rsplit_once('.') else { continue };
        let holder = patch.pointer_mut(&holder.replace('.', "/")).and_then(Value::as_object_mut);
        is_omitted |= holder.is_some_and(|holder| holder.remove(field).is_some());
    }
    is_omitted
}

/// The present, in the form of conditions.
#[must_use]
pub fn now() -> Time {
    // Conditions carry whole seconds.
    Time(jiff::Timestamp::from_second(jiff::Timestamp::now().as_second()).unwrap_or_default())
}

/// An error as a status tells it. The same one told again keeps its first time and request: repeats are no news.
#[must_use]
pub fn last_error(last: Option<&LastError>, error: &CloudError, now: &Time) -> LastError {
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
pub fn join_names(names: impl ExactSizeIterator<Item = String>) -> String {
    const LIMIT: usize = 5;
    let more = names.len().saturating_sub(LIMIT);
    let more = (more > 0).then(|| format!("{more} more"));
    names.take(LIMIT).chain(more).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn what_older_definitions_do_not_declare_is_omitted() {
        let whole = json!({ "status": { "id": "1", "intent": { "time": "t", "target": { "name": "n" } }, "new": 1 } });
        let rows = [
            (
                "failed to create typed patch object (lines/gw; d.h.com/v1, Kind=V): .status.intent.target: field not declared in schema",
                "intent",
                true,
            ),
            (
                "failed to create typed patch object (a/b; c, Kind=V): errors:\n  .status.new: field not declared in schema\n  .status.intent.target: field not declared in schema",
                "both",
                true,
            ),
            ("failed: .status.conditions[type=\"Ready\"].new: field not declared in schema", "", false),
            ("Operation cannot be fulfilled on x: the object has been modified", "", false),
        ];
        for (message, gone, is_omitted) in rows {
            let mut patch = whole.clone();
            assert_eq!(omit_undeclared(&mut patch, message), is_omitted, "{message}");
            assert_eq!(patch["status"]["intent"]["target"].is_null(), !gone.is_empty(), "{message}");
            assert_eq!(patch["status"]["new"].is_null(), gone == "both", "{message}");
            assert_eq!((&patch["status"]["id"], &patch["status"]["intent"]["time"]), (&json!("1"), &json!("t")), "{message}");
        }
    }
}
