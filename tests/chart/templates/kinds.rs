//! The rights of the chart name every kind that the operator runs.

use direct_connect_operator::kinds;
use direct_connect_operator::reconcile::Registration;
use serde_json::{Value, json};
use std::collections::BTreeSet;

use super::{of_kind, rendered};
use support::controlplane::ControlPlane;
use support::world::KINDS;

/// Resources of the group for which the rules of this role allow `verb`.
fn allowed(objects: &[Value], role: &str, verb: &str) -> BTreeSet<String> {
    let found = of_kind(objects, "ClusterRole").into_iter().filter(|object| object["metadata"]["name"] == role);
    let rules = found.flat_map(|role| role["rules"].as_array().unwrap());
    let of_group = |rule: &&Value| rule["apiGroups"] == json!(["directconnect.huaweicloud.com"]);
    let with_verb = |rule: &&Value| rule["verbs"].as_array().unwrap().contains(&json!(verb));
    let resources = rules.filter(of_group).filter(with_verb).flat_map(|rule| rule["resources"].as_array().unwrap());
    resources.map(|resource| resource.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn roles_name_the_kinds_that_are_run() {
    let plane = ControlPlane::shared().await;
    let objects = rendered(&plane, &json!({})).unwrap();
    let kinds: BTreeSet<String> = kinds::ALL.iter().map(Registration::plural).collect();
    let and = |more: &[&str]| -> BTreeSet<String> { kinds.iter().cloned().chain(more.iter().map(ToString::to_string)).collect() };
    let statuses = kinds.iter().map(|kind| format!("{kind}/status"));
    let patched: BTreeSet<String> = and(&["cloudaccounts", "cloudaccounts/status"]).into_iter().chain(statuses).collect();
    let names: BTreeSet<&str> =
        of_kind(&objects, "ClusterRole").into_iter().map(|role| role["metadata"]["name"].as_str().unwrap()).collect();
    let role = |end: &str| *names.iter().find(|name| name.ends_with(end)).unwrap_or_else(|| panic!("{end}: {names:?}"));
    let operator = *names.iter().find(|name| !allowed(&objects, name, "patch").is_disjoint(&and(&[])) && !name.ends_with("-edit")).unwrap();
    assert_eq!(allowed(&objects, operator, "watch"), and(&["cloudaccounts", "directconnectgrants"]));
    assert_eq!(allowed(&objects, operator, "patch"), patched);
    assert_eq!(allowed(&objects, role("-view"), "get"), and(&["directconnectgrants"]));
    assert_eq!(allowed(&objects, role("-edit"), "create"), kinds);
}

/// The support of the tests does not know the operator.
#[test]
fn tests_know_the_kinds_that_are_run() {
    assert_eq!(kinds::ALL.iter().map(|kind| kind.kind).collect::<Vec<_>>(), KINDS);
}
