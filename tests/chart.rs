//! The Helm chart: sound, in step with the definitions, strict about its values, and no freer with rights than the operator needs.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "support/mod.rs"]
mod support;

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::controlplane::{ControlPlane, root};
use support::process::binary;

fn chart() -> PathBuf {
    root().join("charts/direct-connect-operator")
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn account() -> Value {
    json!({ "account": {
        "create": true, "region": "eu-west-101", "credentials": { "accessKey": { "secretRef": { "name": "keys" } } },
    } })
}

/// `helm template` with these values: the objects, or why not.
fn rendered(plane: &ControlPlane, values: &Value) -> Result<Vec<Value>, String> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("values.json");
    std::fs::write(&file, values.to_string()).unwrap();
    let yaml = plane.run("helm", &["template", "test", text(&chart()), "-n", "system", "--kube-version", "1.33.0", "-f", text(&file)])?;
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

#[tokio::test]
async fn lint_finds_nothing() {
    let plane = ControlPlane::shared().await;
    let dir = tempfile::tempdir().unwrap();
    for (name, values) in [("default", json!({})), ("account", account())] {
        let file = dir.path().join(name);
        std::fs::write(&file, values.to_string()).unwrap();
        plane.run("helm", &["lint", "--strict", text(&chart()), "-f", text(&file)]).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[tokio::test]
async fn it_renders_what_was_asked_for() {
    let plane = ControlPlane::shared().await;
    let all = rendered(&plane, &json!({})).unwrap();
    let kinds = |kind: &str| of_kind(&all, kind).len();
    assert_eq!((kinds("CustomResourceDefinition"), kinds("Deployment"), kinds("CloudAccount")), (4, 1, 0));
    for crd in of_kind(&all, "CustomResourceDefinition") {
        assert_eq!(crd["metadata"]["annotations"]["helm.sh/resource-policy"], "keep", "{}", crd["metadata"]["name"]);
    }
    let mortal = rendered(&plane, &json!({ "crds": { "keep": false } })).unwrap();
    assert!(of_kind(&mortal, "CustomResourceDefinition").iter().all(|crd| crd["metadata"]["annotations"].is_null()));
    let none = rendered(&plane, &json!({ "crds": { "enabled": false }, "rbac": { "create": false } })).unwrap();
    assert!(of_kind(&none, "CustomResourceDefinition").is_empty() && of_kind(&none, "ClusterRole").is_empty());

    let strategy = |all: &[Value]| of_kind(all, "Deployment")[0]["spec"]["strategy"]["type"].clone();
    let two = rendered(&plane, &json!({ "replicaCount": 2 })).unwrap();
    assert_eq!((strategy(&two), of_kind(&two, "Role").len()), (json!("RollingUpdate"), 1));
    let without_election = rendered(&plane, &json!({ "leaderElection": { "enabled": false } })).unwrap();
    assert_eq!((strategy(&without_election), of_kind(&without_election, "Role").len()), (json!("Recreate"), 0));

    let with_account = rendered(&plane, &account()).unwrap();
    let [account] = of_kind(&with_account, "CloudAccount")[..] else { panic!("one account") };
    assert_eq!(account["metadata"]["name"], "default");
    assert_eq!(account["spec"]["credentials"]["accessKey"]["secretRef"], json!({ "namespace": "system", "name": "keys" }));
}

#[tokio::test]
async fn the_container_is_confined_and_its_environment_is_one_the_operator_knows() {
    let plane = ControlPlane::shared().await;
    let all = rendered(&plane, &json!({ "config": { "namespace": "lines", "clusterId": "blue" } })).unwrap();
    let pod = &of_kind(&all, "Deployment")[0]["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    assert_eq!(
        (&pod["securityContext"]["runAsNonRoot"], &pod["securityContext"]["seccompProfile"]["type"]),
        (&json!(true), &json!("RuntimeDefault"))
    );
    let context = &container["securityContext"];
    assert_eq!(
        (&context["readOnlyRootFilesystem"], &context["allowPrivilegeEscalation"], &context["capabilities"]["drop"]),
        (&json!(true), &json!(false), &json!(["ALL"]))
    );
    let help = Command::new(binary("dc-operator")).args(["run", "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    for variable in container["env"].as_array().unwrap() {
        let name = variable["name"].as_str().unwrap();
        assert!(help.contains(&format!("[env: {name}=")), "dc-operator does not know {name}");
    }
}

#[tokio::test]
async fn a_wrong_value_is_refused_by_its_name() {
    let plane = ControlPlane::shared().await;
    let wrong = [
        ("logLevl", json!({ "config": { "logLevl": "debug" } })),
        ("replicaCount", json!({ "replicaCount": 2, "leaderElection": { "enabled": false } })),
        ("leaseDuration", json!({ "leaderElection": { "leaseDuration": "15" } })),
        ("pullPolicy", json!({ "image": { "pullPolicy": "Sometimes" } })),
        ("region", json!({ "account": { "create": true, "credentials": { "accessKey": { "secretRef": { "name": "keys" } } } } })),
        ("credentials", json!({ "account": { "create": true, "region": "eu-west-101" } })),
    ];
    for (name, values) in wrong {
        let refused = rendered(&plane, &values).expect_err(name);
        assert!(refused.contains(name), "{name}: {refused}");
    }
}

/// Verb, resource, and whether the operator's service account may.
const RIGHTS: [(&str, &str, bool); 26] = [
    ("list", "cloudaccounts.directconnect.huaweicloud.com", true),
    ("watch", "virtualgateways.directconnect.huaweicloud.com", true),
    ("patch", "virtualinterfaces.directconnect.huaweicloud.com", true),
    ("patch", "peers.directconnect.huaweicloud.com/status", true),
    ("get", "secrets", true),
    ("watch", "namespaces", true),
    ("create", "events.events.k8s.io", true),
    ("patch", "events.events.k8s.io", true),
    ("create", "virtualgateways.directconnect.huaweicloud.com", false),
    ("update", "virtualinterfaces.directconnect.huaweicloud.com", false),
    ("delete", "peers.directconnect.huaweicloud.com", false),
    ("deletecollection", "virtualinterfaces.directconnect.huaweicloud.com", false),
    ("delete", "cloudaccounts.directconnect.huaweicloud.com", false),
    ("list", "secrets", false),
    ("watch", "secrets", false),
    ("create", "secrets", false),
    ("patch", "secrets", false),
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

/// The same in the namespace of the release alone.
const RIGHTS_AT_HOME: [(&str, &str, bool); 7] = [
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
    let values = plane.dir().join("values.json");
    std::fs::write(&values, account().to_string()).unwrap();
    let helm = |arguments: &[&str]| plane.run("helm", arguments).unwrap_or_else(|error| panic!("{error}"));
    let (chart, values) = (chart(), text(&values).to_owned());
    helm(&["install", "test", text(&chart), "-n", "system", "--create-namespace", "-f", &values]);

    let user = "--as=system:serviceaccount:system:test-direct-connect-operator";
    let everywhere = RIGHTS.iter().map(|right| (right, "--all-namespaces"));
    let wrong: Vec<String> = everywhere
        .chain(RIGHTS_AT_HOME.iter().map(|right| (right, "--namespace=system")))
        .filter(|((verb, resource, may), place)| {
            // Exits with 1 when the answer is no.
            let told = plane.run("kubectl", &["auth", "can-i", verb, resource, user, place, "-q"]);
            told.is_ok() != *may
        })
        .map(|((verb, resource, may), place)| format!("{verb} {resource} {place}: must {}be allowed", if *may { "" } else { "not " }))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    let region = |wanted: &str| assert_eq!(plane.kubectl(&["get", "cloudaccount", "default", "-o", "jsonpath={.spec.region}"]), wanted);
    let uid = || plane.kubectl(&["get", "cloudaccount", "default", "-o", "jsonpath={.metadata.uid}"]);
    region("eu-west-101");
    let before = uid();
    helm(&["upgrade", "test", text(&chart), "-n", "system", "-f", &values, "--set", "account.extraSpec.syncInterval=10m"]);
    assert_eq!(plane.kubectl(&["get", "cloudaccount", "default", "-o", "jsonpath={.spec.syncInterval}"]), "10m");
    assert_eq!(uid(), before, "an upgrade changes the account in place");

    helm(&["uninstall", "test", "-n", "system"]);
    region("eu-west-101");
    assert_eq!(plane.kubectl(&["get", "crds", "-o", "name"]).lines().count(), 4);
    assert_eq!(
        plane.kubectl(&["get", "deployments,serviceaccounts", "-n", "system", "-l", "app.kubernetes.io/instance=test", "-o", "name"]),
        ""
    );
    // And it comes back to what it left.
    helm(&["install", "test", text(&chart), "-n", "system", "-f", &values]);
    assert_eq!(uid(), before);
}
