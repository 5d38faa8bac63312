//! Flux' side: the expressions of `deploy/flux`, evaluated in the order of its controller (RFC 0009).

use cel::{Context, Program, Value as Cel};
use serde_json::Value;

use super::kstatus::{Kstatus, is_stale};
use support::controlplane::root;
use support::world::API_VERSION;

/// `spec.healthCheckExprs` of the example.
pub fn expressions() -> Vec<Value> {
    let yaml = std::fs::read_to_string(root().join("deploy/flux/kustomization.yaml")).unwrap();
    let kustomization: Value = serde_saphyr::from_str(&yaml).unwrap();
    assert_eq!(kustomization["apiVersion"], "kustomize.toolkit.fluxcd.io/v1");
    kustomization["spec"]["healthCheckExprs"].as_array().unwrap().clone()
}

/// What Flux makes of an object: first the generation, then `inProgress`, `failed`, `current`; when none holds, it waits.
pub fn verdict(expressions: &[Value], kind: &str, object: &Value) -> Kstatus {
    if is_stale(object) {
        return Kstatus::InProgress;
    }
    let of_kind = expressions.iter().find(|entry| entry["apiVersion"] == API_VERSION && entry["kind"] == kind);
    let of_kind = of_kind.unwrap_or_else(|| panic!("no expressions for {kind}"));
    [("inProgress", Kstatus::InProgress), ("failed", Kstatus::Failed), ("current", Kstatus::Current)]
        .into_iter()
        .find_map(|(name, verdict)| holds(of_kind[name].as_str().unwrap(), object).then_some(verdict))
        .unwrap_or(Kstatus::InProgress)
}

/// The fields of the object are the variables. Flux takes an error for "not known", which holds up a roll-out until its timeout.
fn holds(expression: &str, object: &Value) -> bool {
    let program = Program::compile(expression).unwrap_or_else(|error| panic!("{expression}: {error}"));
    let mut context = Context::default();
    for (name, value) in object.as_object().unwrap() {
        context.add_variable(name.as_str(), value).unwrap();
    }
    match program.execute(&context) {
        Ok(Cel::Bool(holds)) => holds,
        other => panic!("{expression}: {other:?}\n{object:#}"),
    }
}
