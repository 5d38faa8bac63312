//! What the controllers of accounts and of all other kinds tell in the same way: who writes, the time, an error of the cloud, a status.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::api::{Patch, PatchParams};
use kube::{Api, Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::error::Error;
use std::fmt::Debug;
use std::time::Duration;
use tokio::time::Instant;
use tracing::Span;

use crate::api::{ConditionType, LastError, Reason, find_condition, is_true};
use crate::cloud::CloudError;
use crate::metrics::Readings;
use crate::metrics::table::{OBJECTS, QUEUE_DEPTH, QUEUE_OLDEST, STALLED};

/// Field manager and reporter of all that the operator writes.
pub const MANAGER: &str = "direct-connect-operator";

/// A pass over one object: all that is logged and called within carries whose it is. `namespace` is empty for what has none.
#[must_use]
pub fn pass(kind: &'static str, namespace: &str, name: &str, account: &str) -> Span {
    let namespace = (!namespace.is_empty()).then_some(namespace);
    // Of the highest level, so that a warning tells its object even where nothing but warnings is logged.
    tracing::error_span!(parent: None, "reconcile", kind, namespace, name, account)
}

/// An error with its causes: no level repeats its source, so all levels together tell the whole.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {}", chain(source)))
}

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

/// Writes the status of `object`, whole, by server-side apply. The uid guards against an object of the same name, `version` against one that has
/// changed. What the definitions do not declare is left out: while an upgrade goes on they may be older than this process.
///
/// # Errors
/// As the API server's.
pub async fn write_status<K>(api: &Api<K>, object: &K, version: Option<String>, status: &impl Serialize) -> kube::Result<K>
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug,
{
    let (name, params) = (object.name_any(), PatchParams::apply(MANAGER).force());
    let mut metadata = json!({ "name": name, "uid": object.uid() });
    if let (Some(version), Some(metadata)) = (version, metadata.as_object_mut()) {
        metadata.insert("resourceVersion".to_owned(), version.into());
    }
    let mut patch = json!({ "apiVersion": K::api_version(&()), "kind": K::kind(&()), "metadata": metadata, "status": status });
    match api.patch_status(&name, &params, &Patch::Apply(&patch)).await {
        Err(kube::Error::Api(refusal)) if leave_out_undeclared(&mut patch, &refusal.message) => {
            tracing::warn!("the definitions are older than the operator, apply those of its version: {}", refusal.message);
            api.patch_status(&name, &params, &Patch::Apply(&patch)).await
        }
        written => written,
    }
}

/// Takes out of `patch` what the API server says not to know of it. False when it says nothing of the kind.
fn leave_out_undeclared(patch: &mut Value, message: &str) -> bool {
    let undeclared = message.lines().filter_map(|line| line.trim().strip_suffix(": field not declared in schema"));
    let mut is_left_out = false;
    for path in undeclared.filter_map(|line| line.split_whitespace().last()) {
        let Some((holder, field)) = path.rsplit_once('.') else { continue };
        let holder = patch.pointer_mut(&holder.replace('.', "/")).and_then(Value::as_object_mut);
        is_left_out |= holder.is_some_and(|holder| holder.remove(field).is_some());
    }
    is_left_out
}

/// How long ago an object was made.
#[must_use]
pub fn age(object: &impl Resource) -> Option<Duration> {
    let made = object.meta().creation_timestamp.as_ref()?;
    jiff::Timestamp::now().duration_since(made.0).try_into().ok()
}

/// Counts an object by what its conditions tell.
pub fn count_object(readings: &mut Readings, kind: &'static str, conditions: &[Condition]) {
    let reason = find_condition(conditions, ConditionType::Ready)
        .map_or("none", |ready| Reason::ALL.iter().map(|reason| reason.as_str()).find(|known| *known == ready.reason).unwrap_or("other"));
    readings.count(&OBJECTS, [kind, reason], 1);
    readings.count(&STALLED, [kind], usize::from(is_true(conditions, ConditionType::Stalled)));
}

/// Tells how many objects wait for a pass, each since an instant.
pub fn count_queue(readings: &mut Readings, kind: &'static str, since: impl Iterator<Item = Instant>) {
    readings.add(&QUEUE_DEPTH, [kind], 0.0);
    readings.add(&QUEUE_OLDEST, [kind], 0.0);
    for since in since {
        readings.count(&QUEUE_DEPTH, [kind], 1);
        readings.highest(&QUEUE_OLDEST, [kind], since.elapsed().as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{NewCondition, set_condition};

    fn conditions(reason: Reason, stalled: bool) -> Vec<Condition> {
        let mut conditions = Vec::new();
        for (type_, status) in [(ConditionType::Ready, !stalled), (ConditionType::Stalled, stalled)] {
            let new = NewCondition { type_, status: status.into(), reason, message: String::new(), observed_generation: None };
            set_condition(&mut conditions, new, now());
        }
        conditions
    }

    #[test]
    fn what_older_definitions_do_not_declare_is_left_out() {
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
        for (message, gone, is_left_out) in rows {
            let mut patch = whole.clone();
            assert_eq!(leave_out_undeclared(&mut patch, message), is_left_out, "{message}");
            assert_eq!(patch["status"]["intent"]["target"].is_null(), !gone.is_empty(), "{message}");
            assert_eq!(patch["status"]["new"].is_null(), gone == "both", "{message}");
            assert_eq!((&patch["status"]["id"], &patch["status"]["intent"]["time"]), (&json!("1"), &json!("t")), "{message}");
        }
    }

    #[test]
    fn an_object_counts_by_a_reason_that_is_known() {
        let mut readings = Readings::default();
        let mut foreign = conditions(Reason::Conflict, true);
        for condition in &mut foreign {
            condition.reason = "OfTomorrow".to_owned();
        }
        for conditions in [conditions(Reason::Available, false), conditions(Reason::Conflict, true), foreign, Vec::new()] {
            count_object(&mut readings, "Peer", &conditions);
        }
        for reason in ["Available", "Conflict", "other", "none"] {
            assert_eq!(readings.get(&OBJECTS, ["Peer", reason]), Some(1.0), "{reason}");
        }
        assert_eq!(readings.get(&STALLED, ["Peer"]), Some(2.0));
        assert_eq!(readings.get(&OBJECTS, ["Peer", "OfTomorrow"]), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_queue_is_as_old_as_its_first() {
        let mut readings = Readings::default();
        let begun = Instant::now();
        tokio::time::advance(Duration::from_secs(30)).await;
        count_queue(&mut readings, "Peer", [Instant::now(), begun].into_iter());
        count_queue(&mut readings, "VirtualGateway", std::iter::empty());
        assert_eq!((readings.get(&QUEUE_DEPTH, ["Peer"]), readings.get(&QUEUE_OLDEST, ["Peer"])), (Some(2.0), Some(30.0)));
        assert_eq!(readings.get(&QUEUE_OLDEST, ["VirtualGateway"]), Some(0.0));
    }
}
