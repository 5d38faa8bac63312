//! The rules of kstatus (sigs.k8s.io/cli-utils/pkg/kstatus, `status.Compute`) for a kind that it has no rules of its own for.
//!
//! In their order: `metadata.deletionTimestamp`; `status.observedGeneration`, if there is one, against `metadata.generation`; the first of
//! `Reconciling` and `Stalled` that is true; `Ready`; and an object that has none of these is taken for settled.

use serde_json::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kstatus {
    InProgress,
    Failed,
    Current,
    Terminating,
}

pub fn compute(object: &Value) -> Kstatus {
    if !object["metadata"]["deletionTimestamp"].is_null() {
        return Kstatus::Terminating;
    }
    if is_stale(object) {
        return Kstatus::InProgress;
    }
    let conditions = || object["status"]["conditions"].as_array().into_iter().flatten();
    let abnormal = conditions().filter(|condition| condition["status"] == "True").find_map(|condition| match condition["type"].as_str() {
        Some("Reconciling") => Some(Kstatus::InProgress),
        Some("Stalled") => Some(Kstatus::Failed),
        _ => None,
    });
    let ready = conditions().filter(|condition| condition["type"] == "Ready").find_map(|condition| match condition["status"].as_str() {
        Some("True") => Some(Kstatus::Current),
        Some("False" | "Unknown") => Some(Kstatus::InProgress),
        _ => None,
    });
    abnormal.or(ready).unwrap_or(Kstatus::Current)
}

/// Whether the status speaks of another generation. One that names none is not stale.
pub fn is_stale(object: &Value) -> bool {
    let (generation, observed) = (object["metadata"]["generation"].as_i64(), object["status"]["observedGeneration"].as_i64());
    matches!((generation, observed), (Some(generation), Some(observed)) if generation != observed)
}
