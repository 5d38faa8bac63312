//! The Helm chart: sound, in step with the definitions, strict about its values, and no freer with rights than the operator needs.

mod documents;
mod harness;
mod kinds;
mod kustomize;
mod notes;
mod protection;
mod shards;
mod simulator;
mod table;
mod table_around;
mod tenancy;
mod values;

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use support::controlplane::{ControlPlane, root};
use support::process::{operator_binary, simulator_binary};
use support::release::{accounts_chart, chart, text};

/// `helm template` of the operator's chart with these values: the objects, or why not.
fn rendered(plane: &ControlPlane, values: &Value) -> Result<Vec<Value>, String> {
    rendered_of(&chart(), plane, values)
}

/// The same of any chart.
pub fn rendered_of(chart: &Path, plane: &ControlPlane, values: &Value) -> Result<Vec<Value>, String> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("values.json");
    std::fs::write(&file, values.to_string()).unwrap();
    let yaml = plane.run("helm", &["template", "test", text(chart), "-n", "system", "--kube-version", "1.33.0", "-f", text(&file)])?;
    let documents: Vec<Value> = serde_saphyr::from_multiple(&yaml).map_err(|error| error.to_string())?;
    Ok(documents.into_iter().filter(|document| !document.is_null()).collect())
}

fn of_kind<'a>(objects: &'a [Value], kind: &str) -> Vec<&'a Value> {
    objects.iter().filter(|object| object["kind"] == kind).collect()
}

fn files(folder: &Path) -> BTreeMap<String, String> {
    let entries = folder.read_dir().unwrap_or_else(|error| panic!("{}: {error}", folder.display())).map(Result::unwrap);
    entries.map(|entry| (entry.file_name().to_string_lossy().into_owned(), std::fs::read_to_string(entry.path()).unwrap())).collect()
}

#[test]
fn its_definitions_are_those_of_the_operator() {
    let (source, copy) = (files(&root().join("crds")), files(&chart().join("files/crds")));
    assert!(source == copy && !source.is_empty(), "crds/ and the chart's copy differ: run `make generate`");
}

/// Vendors and distributions add something to the version.
#[tokio::test]
async fn helm_refuses_it_on_an_older_kubernetes_only() {
    let plane = ControlPlane::shared().await;
    let about: Value = serde_saphyr::from_str(&std::fs::read_to_string(chart().join("Chart.yaml")).unwrap()).unwrap();
    let minor: u32 = about["kubeVersion"].as_str().unwrap().split('.').nth(1).unwrap().parse().unwrap();
    let render = |version: &str| plane.run("helm", &["template", "test", text(&chart()), "--kube-version", version]);
    for version in
        [format!("1.{minor}.0"), format!("1.{minor}.0-gke.100"), format!("1.{minor}.4+k3s1"), format!("1.{}.2-eks-0a1b2c3", minor + 4)]
    {
        render(&version).unwrap_or_else(|error| panic!("{version}: {error}"));
    }
    for version in [format!("1.{}.99", minor - 1), format!("1.{}.14-gke.100", minor - 1)] {
        let refused = render(&version).unwrap_err();
        assert!(refused.contains("chart requires kubeVersion: >="), "{version}: {refused}");
    }
}

#[tokio::test]
async fn lint_finds_nothing() {
    let plane = ControlPlane::shared().await;
    let dir = tempfile::tempdir().unwrap();
    for (name, values) in [("default", json!({})), ("everything", documents::everything())] {
        let file = dir.path().join(name);
        std::fs::write(&file, values.to_string()).unwrap();
        plane.run("helm", &["lint", "--strict", text(&chart()), "-f", text(&file)]).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[tokio::test]
async fn the_environment_is_one_that_the_programs_know() {
    let plane = ControlPlane::shared().await;
    let all = rendered(&plane, &documents::everything()).unwrap();
    let mut seen = 0;
    let operator = ("direct-connect-operator", operator_binary(), &["run", "--help"][..]);
    let simulator = ("direct-connect-simulator", simulator_binary(), &["--help"][..]);
    for (image, program, arguments) in [operator, simulator] {
        let help = Command::new(program).args(arguments).output().unwrap();
        // It is broken into lines, also between the bracket and the name.
        let help = String::from_utf8(help.stdout).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        let containers = of_kind(&all, "Deployment").into_iter().map(|deployment| &deployment["spec"]["template"]["spec"]["containers"][0]);
        for container in containers.filter(|container| container["image"].as_str().unwrap().starts_with(image)) {
            for variable in container["env"].as_array().unwrap() {
                let name = variable["name"].as_str().unwrap();
                assert!(help.contains(&format!("[env: {name}")), "{image} does not know {name}");
                seen += 1;
            }
        }
    }
    assert!(seen > 15, "{seen} variables");
}

#[tokio::test]
async fn a_wrong_value_is_refused_by_its_name() {
    let plane = ControlPlane::shared().await;
    let wrong = [
        ("logLevl", json!({ "config": { "logLevl": "debug" } })),
        ("replicaCount", json!({ "replicaCount": 2, "leaderElection": { "enabled": false } })),
        ("leaseDuration", json!({ "leaderElection": { "leaseDuration": "15" } })),
        ("kept", json!({ "protection": { "kept": true } })),
        ("namespace", json!({ "config": { "namespace": "lines" } })),
        ("watchNamespaces", json!({ "watchNamespaces": "lines" })),
        ("secretNamespaces", json!({ "rbac": { "secretNamespaces": ["Lines"] } })),
        ("digest", json!({ "image": { "digest": "latest" } })),
        ("maxUnavailable", json!({ "podDisruptionBudget": { "maxUnavailable": "half" } })),
        ("commonLabels", json!({ "commonLabels": { "app.kubernetes.io/name": "other" } })),
        ("connections", json!({ "simulator": { "connections": [{ "id": "line-d", "name": "line-d" }] } })),
        ("podMonitor", json!({ "monitoring": { "podMonitor": { "enabled": true }, "serviceMonitor": { "enabled": true } } })),
        ("pullPolicy", json!({ "image": { "pullPolicy": "Sometimes" } })),
        ("region", json!({ "simulator": { "region": "" } })),
        ("audience", json!({ "workloadIdentity": { "enabled": true } })),
        ("expirationSeconds", json!({ "workloadIdentity": { "expirationSeconds": 60 } })),
    ];
    for (name, values) in wrong {
        let refused = rendered(&plane, &values).expect_err(name);
        assert!(refused.contains(name), "{name}: {refused}");
    }
}

/// `kubectl auth can-i`; a subresource stands behind a slash, which kubectl itself would read as a name.
fn can_i(plane: &ControlPlane, verb: &str, resource: &str, who: &[&str]) -> bool {
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let subresource = format!("--subresource={subresource}");
    let question = ["auth", "can-i", verb, resource, &subresource, "-q"];
    // Exits with 1 when the answer is no.
    plane.run("kubectl", &[&question[..], who].concat()).is_ok()
}

/// Verb, resource, and whether the operator's service account may.
const RIGHTS: &[(&str, &str, bool)] = &[
    ("list", "cloudaccounts.directconnect.huaweicloud.com", true),
    ("watch", "virtualgateways.directconnect.huaweicloud.com", true),
    ("patch", "virtualinterfaces.directconnect.huaweicloud.com", true),
    ("patch", "peers.directconnect.huaweicloud.com/status", true),
    ("update", "peers.directconnect.huaweicloud.com/status", false),
    ("get", "secrets", true),
    ("watch", "namespaces", true),
    ("create", "events.events.k8s.io", true),
    ("patch", "events.events.k8s.io", false),
    ("create", "virtualgateways.directconnect.huaweicloud.com", false),
    ("update", "virtualinterfaces.directconnect.huaweicloud.com", false),
    ("delete", "peers.directconnect.huaweicloud.com", false),
    ("deletecollection", "virtualinterfaces.directconnect.huaweicloud.com", false),
    ("delete", "cloudaccounts.directconnect.huaweicloud.com", false),
    ("watch", "secrets", true),
    ("patch", "secrets", true),
    ("watch", "directconnectgrants.directconnect.huaweicloud.com", true),
    ("patch", "directconnectgrants.directconnect.huaweicloud.com", false),
    ("create", "secrets", false),
    ("delete", "secrets", false),
    ("patch", "namespaces", false),
    ("list", "pods", false),
    ("create", "pods", false),
    ("list", "configmaps", false),
    ("create", "serviceaccounts/token", false),
    ("create", "leases.coordination.k8s.io", false),
    ("patch", "customresourcedefinitions.apiextensions.k8s.io", false),
    ("escalate", "clusterroles.rbac.authorization.k8s.io", false),
];

/// The same in the namespace of the release alone; behind the slash stands a name.
const RIGHTS_AT_HOME: &[(&str, &str, bool)] = &[
    ("create", "leases.coordination.k8s.io", true),
    ("get", "leases.coordination.k8s.io/test-direct-connect-operator", true),
    ("update", "leases.coordination.k8s.io/test-direct-connect-operator", true),
    ("delete", "leases.coordination.k8s.io/test-direct-connect-operator", false),
    ("get", "leases.coordination.k8s.io/other", false),
    ("update", "leases.coordination.k8s.io/other", false),
    ("list", "leases.coordination.k8s.io", false),
];

#[tokio::test]
async fn installed_it_gives_the_operator_its_rights_and_no_others_and_uninstalled_it_leaves_the_objects() {
    let plane = ControlPlane::start().await;
    let helm = |arguments: &[&str]| plane.run("helm", arguments).unwrap_or_else(|error| panic!("{error}"));
    let chart = chart();
    helm(&["install", "test", text(&chart), "-n", "system", "--create-namespace"]);

    let user = "--as=system:serviceaccount:system:test-direct-connect-operator";
    let everywhere = RIGHTS.iter().filter(|(verb, resource, may)| can_i(&plane, verb, resource, &[user, "--all-namespaces"]) != *may);
    let at_home = RIGHTS_AT_HOME.iter().filter(|(verb, resource, may)| {
        plane.run("kubectl", &["auth", "can-i", verb, resource, user, "--namespace=system", "-q"]).is_ok() != *may
    });
    let wrong: Vec<String> = everywhere
        .chain(at_home)
        .map(|(verb, resource, may)| format!("{verb} {resource}: must {}be allowed", if *may { "" } else { "not " }))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    // An account of any cloud.
    plane.kubectl(&["wait", "--for=condition=Established", "--timeout=60s", "crd", "cloudaccounts.directconnect.huaweicloud.com"]);
    helm(&["install", "accounts", text(&accounts_chart()), "-n", "system", "--set", "accounts.default.simulator=none"]);
    let uid = || plane.kubectl(&["get", "cloudaccount", "default", "-o", "jsonpath={.metadata.uid}"]);
    let before = uid();
    helm(&["uninstall", "test", "-n", "system"]);
    assert_eq!(plane.kubectl(&["get", "crds", "-o", "name"]).lines().count(), direct_connect_operator::kinds::crds().len());
    assert_eq!(
        plane.kubectl(&["get", "deployments,serviceaccounts", "-n", "system", "-l", "app.kubernetes.io/instance=test", "-o", "name"]),
        ""
    );
    // And it comes back to what it left.
    helm(&["install", "test", text(&chart), "-n", "system"]);
    assert_eq!(uid(), before);
}
