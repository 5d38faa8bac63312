//! What the API server says to a manifest: it carries everything out but the last write, with the user's rights.

use direct_connect_operator::reconcile::plan::{Planned, Subject};
use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams};
use serde_json::{Map, Value};

use crate::cluster::Cluster;
use crate::error::Error;
use crate::object::Object;

/// Where `kubectl apply` keeps what it applied last, unless it applies on the server's side.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The manager as which `kubectl apply --server-side` applies.
const KUBECTL: &str = "kubectl";

/// What came of a dry run.
pub enum DryRun {
    /// The object would be stored like this.
    Accepted(Subject),
    /// The API server refuses: the schema, a rule, a policy, a quota, or a missing right.
    Refused(Box<Planned>),
    /// There is no such object to delete.
    NotThere,
}

/// Applies a manifest. An object that `kubectl apply` has applied on the client's side is patched as it would do that: fields that the last manifest
/// had and this one has not are removed.
pub async fn apply(cluster: &Cluster, manifest: Object, field_manager: Option<&str>) -> Result<DryRun, Error> {
    let api = cluster.api(manifest.kind, Some(manifest.namespace()));
    let what = manifest.slash_name();
    let present = api.get_opt(manifest.name()).await.map_err(Error::kubernetes(&*what))?;
    let present = present.as_ref().map(serde_json::to_value).transpose().map_err(|error| Error::Usage(format!("{what}: {error}")))?;
    // What another manager's list of fields lacks it would not remove.
    let manager = field_manager.or_else(|| present.as_ref().and_then(applier)).unwrap_or(KUBECTL).to_owned();
    let parameters = PatchParams { dry_run: true, field_manager: Some(manager), ..PatchParams::default() };
    let last = present.as_ref().and_then(last_applied);
    let tried = match &last {
        Some(last) => api.patch(manifest.name(), &parameters, &Patch::Merge(three_way(last, &manifest.value))).await,
        None => api.patch(manifest.name(), &parameters.force(), &Patch::Apply(&manifest.value)).await,
    };
    decided(&manifest, present, tried)
}

/// Deletes an object that may be there.
pub async fn delete(cluster: &Cluster, object: Object) -> Result<DryRun, Error> {
    let api = cluster.api(object.kind, Some(object.namespace()));
    let what = object.slash_name();
    let Some(present) = api.get_opt(object.name()).await.map_err(Error::kubernetes(&*what))? else { return Ok(DryRun::NotThere) };
    let tried = api.delete(object.name(), &DeleteParams::default().dry_run()).await.map(|_| present.clone());
    let present = serde_json::to_value(present).map_err(|error| Error::Usage(format!("{what}: {error}")))?;
    Ok(match decided(&object, Some(present), tried)? {
        DryRun::Accepted(subject) => DryRun::Accepted(Subject { is_deleted: true, ..subject }),
        other => other,
    })
}

fn decided(object: &Object, present: Option<Value>, tried: kube::Result<DynamicObject>) -> Result<DryRun, Error> {
    let what = object.slash_name();
    match tried {
        Ok(stored) => {
            let stored = serde_json::to_value(stored).map_err(|error| Error::Usage(format!("{what}: {error}")))?;
            Ok(DryRun::Accepted(Subject { object: stored, present, is_deleted: false }))
        }
        // What is wrong with the request, not with the server.
        Err(kube::Error::Api(status)) if (400..500).contains(&status.code) && ![401, 408, 429].contains(&status.code) => {
            let planned = Planned {
                kind: object.kind.kind,
                namespace: object.namespace().to_owned(),
                name: object.name().to_owned(),
                id: object.id().map(str::to_owned),
                ..Planned::default()
            };
            Ok(DryRun::Refused(Box::new(planned.refused(&status.reason, status.message))))
        }
        Err(error) => Err(Error::kubernetes(what)(error)),
    }
}

/// The only manager that has applied the spec on the server's side.
fn applier(present: &Value) -> Option<&str> {
    let managers = present.pointer("/metadata/managedFields")?.as_array()?;
    let applied = |entry: &&Value| entry["operation"] == "Apply" && entry.pointer("/fieldsV1/f:spec").is_some();
    let mut managers = managers.iter().filter(applied).filter_map(|entry| entry["manager"].as_str());
    managers.next().filter(|_| managers.next().is_none())
}

fn last_applied(present: &Value) -> Option<Value> {
    let text = present.pointer("/metadata/annotations")?.get(LAST_APPLIED)?.as_str()?;
    serde_json::from_str(text).ok()
}

/// The merge patch that `kubectl apply` sends: the manifest, and null for what the last one had and this one has not. Lists are replaced.
fn three_way(last: &Value, manifest: &Value) -> Value {
    let (Value::Object(last), Value::Object(new)) = (last, manifest) else { return manifest.clone() };
    let removed = last.keys().filter(|field| !new.contains_key(*field)).map(|field| (field.clone(), Value::Null));
    let kept =
        new.iter().map(|(field, value)| (field.clone(), last.get(field).map_or_else(|| value.clone(), |last| three_way(last, value))));
    removed.chain(kept).collect::<Map<_, _>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_object_is_applied_as_by_whoever_has_applied_its_spec() {
        let entry =
            |manager: &str, operation: &str, field: &str| json!({ "manager": manager, "operation": operation, "fieldsV1": { field: {} } });
        let spec = entry("argocd", "Apply", "f:spec");
        let rows = [
            (
                "one has applied it",
                vec![entry("operator", "Apply", "f:status"), spec.clone(), entry("edit", "Update", "f:spec")],
                Some("argocd"),
            ),
            ("two have", vec![spec, entry("flux", "Apply", "f:spec")], None),
            ("nobody has", vec![entry("edit", "Update", "f:spec")], None),
        ];
        for (row, managers, expected) in rows {
            assert_eq!(applier(&json!({ "metadata": { "managedFields": managers } })), expected, "{row}");
        }
    }

    #[test]
    fn what_the_last_manifest_had_and_this_one_has_not_is_removed() {
        let rows = [
            ("the same", json!({ "a": 1 }), json!({ "a": 1 }), json!({ "a": 1 })),
            (
                "a field goes",
                json!({ "a": 1, "b": { "c": 1, "d": 1 } }),
                json!({ "b": { "d": 2 } }),
                json!({ "a": null, "b": { "c": null, "d": 2 } }),
            ),
            ("a field comes", json!({}), json!({ "a": { "b": 1 } }), json!({ "a": { "b": 1 } })),
            ("lists are replaced", json!({ "a": [1, 2] }), json!({ "a": [2] }), json!({ "a": [2] })),
        ];
        for (row, last, manifest, patch) in rows {
            assert_eq!(three_way(&last, &manifest), patch, "{row}");
        }
    }
}
