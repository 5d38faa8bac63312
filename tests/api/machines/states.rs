//! Statuses as the operator writes them, and what each machine is to make of them.

use serde_json::{Value, json};

use super::kstatus::Kstatus::{self, Current, Failed, InProgress, Terminating};
use super::{argo, flux, kstatus};
use support::world::{API_VERSION, KINDS};

const PAUSED: &str = "directconnect.huaweicloud.com/paused";

struct State {
    what: &'static str,
    object: Value,
    kstatus: Kstatus,
    argo: &'static str,
    flux: Kstatus,
}

/// An object of generation 2 whose status speaks of `observed`; conditions are type, status, reason.
fn object(observed: i64, conditions: &[(&str, &str, &str)]) -> Value {
    let conditions: Vec<Value> = conditions
        .iter()
        .map(|(type_, status, reason)| {
            json!({ "type": type_, "status": status, "reason": reason, "message": "the particulars", "observedGeneration": observed,
                "lastTransitionTime": "2026-01-01T00:00:00Z" })
        })
        .collect();
    let status = if conditions.is_empty() {
        json!({ "observedGeneration": observed })
    } else {
        json!({ "observedGeneration": observed, "conditions": conditions })
    };
    json!({ "apiVersion": API_VERSION, "metadata": { "name": "x", "generation": 2 }, "spec": {}, "status": status })
}

fn with(mut object: Value, metadata: &str, value: Value) -> Value {
    object["metadata"][metadata] = value;
    object
}

fn paused(object: Value) -> Value {
    with(object, "annotations", json!({ PAUSED: "true" }))
}

fn deleted(object: Value) -> Value {
    with(object, "deletionTimestamp", json!("2026-01-02T00:00:00Z"))
}

fn ready(observed: i64, reason: &str, healthy: (&str, &str)) -> Value {
    object(observed, &[("Ready", "True", reason), ("Synced", "True", reason), ("Healthy", healthy.0, healthy.1)])
}

fn reconciling(reason: &str) -> Value {
    object(2, &[("Ready", "False", reason), ("Synced", "Unknown", reason), ("Healthy", "Unknown", reason), ("Reconciling", "True", reason)])
}

fn stalled(reason: &str) -> Value {
    object(2, &[("Ready", "False", reason), ("Synced", "Unknown", reason), ("Healthy", "Unknown", reason), ("Stalled", "True", reason)])
}

#[rustfmt::skip]
fn lines() -> Vec<State> {
    let state = |what, object, kstatus, argo, flux| State { what, object, kstatus, argo, flux };
    let up = ("True", "Up");
    vec![
        state("fresh, with what the definition fills in", object(0, &[]), InProgress, "Progressing", InProgress),
        state("waits for another", reconciling("WaitingForReference"), InProgress, "Progressing", InProgress),
        state("is being created", reconciling("Creating"), InProgress, "Progressing", InProgress),
        state("ready", ready(2, "Available", up), Current, "Healthy", Current),
        state("ready for an earlier spec", ready(1, "Available", up), InProgress, "Progressing", InProgress),
        state("stalled by its spec", stalled("Invalid"), Failed, "Degraded", Failed),
        state("stalled by an earlier spec", with(stalled("Invalid"), "generation", json!(3)), InProgress, "Progressing", InProgress),
        state("retried while the cloud is away", reconciling("CloudUnavailable"), InProgress, "Progressing", InProgress),
        state("drifted, and left so", stalled("Drifted"), Failed, "Degraded", Failed),
        state("drift is being corrected", reconciling("Updating"), InProgress, "Progressing", InProgress),
        state("only observed", ready(2, "Observed", up), Current, "Healthy", Current),
        state("only observed, and not there", stalled("NotFound"), Failed, "Degraded", Failed),
        state("built, and down", ready(2, "Available", ("False", "Down")), Current, "Degraded", Current),
        state("built, and shut on purpose", ready(2, "Available", ("False", "AdminShutdown")), Current, "Suspended", Current),
        state("paused from the beginning", paused(object(0, &[("Synced", "False", "Paused")])), InProgress, "Suspended", InProgress),
        state("paused when ready", paused(ready(2, "Available", up)), Current, "Suspended", Current),
        state("paused, then changed", paused(ready(1, "Available", up)), InProgress, "Suspended", InProgress),
        state("deleted before it was seen", deleted(object(0, &[])), Terminating, "Progressing", InProgress),
        state("deleted when ready", deleted(ready(2, "Available", up)), Terminating, "Progressing", InProgress),
        state("deleted, and waits", deleted(reconciling("WaitingForDependants")), Terminating, "Progressing", InProgress),
        state("deleted, and refused", deleted(stalled("Forbidden")), Terminating, "Progressing", InProgress),
    ]
}

#[rustfmt::skip]
fn accounts() -> Vec<State> {
    let state = |what, object, kstatus, argo, flux| State { what, object, kstatus, argo, flux };
    let refused = |reason| object(2, &[("Ready", "False", reason), ("Stalled", "True", reason)]);
    vec![
        state("fresh", object(0, &[]), InProgress, "Progressing", InProgress),
        state("ready", object(2, &[("Ready", "True", "Available")]), Current, "Healthy", Current),
        state("ready for earlier endpoints", object(1, &[("Ready", "True", "Available")]), InProgress, "Progressing", InProgress),
        state("credentials rejected", refused("CredentialsRejected"), Failed, "Degraded", Failed),
        state("no Secret", refused("SecretMissing"), Failed, "Degraded", Failed),
        state("away", object(2, &[("Ready", "False", "EndpointUnreachable"), ("Reconciling", "True", "EndpointUnreachable")]), InProgress, "Progressing", InProgress),
        state("deleted, and in use", deleted(object(2, &[("Ready", "True", "Available")])), Terminating, "Progressing", InProgress),
        state("deleted, and waits", deleted(object(2, &[("Ready", "True", "Available"), ("Reconciling", "True", "WaitingForDependants")])), Terminating, "Progressing", InProgress),
    ]
}

#[test]
fn every_state_is_read_right_by_kstatus_argo_and_flux() {
    let (script, expressions) = (argo::script(), flux::expressions());
    let cases = KINDS.iter().flat_map(|kind| lines().into_iter().map(move |state| (*kind, state)));
    for (kind, State { what, object, kstatus, argo, flux }) in cases.chain(accounts().into_iter().map(|state| ("CloudAccount", state))) {
        let (health, message) = argo::health(&script, &object);
        let read = (kstatus::compute(&object), health.as_str(), flux::verdict(&expressions, kind, &object));
        assert_eq!(read, (kstatus, argo, flux), "{kind} {what}\n{object:#}");
        assert!(!message.is_empty(), "{kind} {what}");
    }
}

#[test]
fn a_reference_grant_is_in_force_from_its_creation_on() {
    let grant =
        json!({ "apiVersion": API_VERSION, "kind": "DirectConnectGrant", "metadata": { "name": "x", "generation": 1 }, "spec": {} });
    assert_eq!((kstatus::compute(&grant), argo::health(&argo::script(), &grant).0.as_str()), (Current, "Healthy"));
}

/// Why the definitions give every object a status: this is what the machines made of one without.
#[test]
fn an_object_without_status_would_be_taken_for_settled_by_kstatus_only() {
    let bare = json!({ "apiVersion": API_VERSION, "metadata": { "name": "x", "generation": 1 }, "spec": {} });
    assert_eq!(kstatus::compute(&bare), Current);
    assert_eq!(argo::health(&argo::script(), &bare).0, "Progressing");
}
