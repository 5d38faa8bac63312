//! deploy/: what the chart renders, for those without Helm, and a base for kustomize that a real API server takes.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

use super::{chart, files, text};
use support::controlplane::{ControlPlane, root};

/// Files that `make generate` renders, and by which arguments.
const RENDERED: [(&str, &[&str]); 2] = [
    ("protection.yaml", &["--show-only", "templates/protection.yaml"]),
    (
        "kustomize/operator.yaml",
        // Kustomize does not know of the namespaces in a FlowSchema: in another one it would stay behind.
        &["--namespace", "direct-connect", "--set", "crds.enabled=false", "--set", "leaderElection.flowSchema.enabled=false"],
    ),
];

/// What Helm says of itself is left out for those without Helm.
fn plain(rendered: &str) -> String {
    let helms =
        ["# Source:", "app.kubernetes.io/instance:", "app.kubernetes.io/version:", "app.kubernetes.io/managed-by:", "helm.sh/chart:"];
    let lines = rendered.lines().filter(|line| !line.is_empty() && !helms.iter().any(|helms| line.trim_start().starts_with(helms)));
    lines.flat_map(|line| [line, "\n"]).collect()
}

#[tokio::test]
async fn the_plain_files_are_what_the_chart_renders() {
    let plane = ControlPlane::shared().await;
    let chart = chart();
    for (file, arguments) in RENDERED {
        let render = ["template", "direct-connect-operator", text(&chart)];
        let stored = std::fs::read_to_string(root().join("deploy").join(file)).unwrap();
        let rendered = plain(&plane.run("helm", &[&render[..], arguments].concat()).unwrap());
        assert!(stored == rendered, "deploy/{file} is not what the chart says: run `make generate`");
    }
}

#[test]
fn the_definitions_of_the_base_are_those_of_the_operator() {
    let all: String = files(&root().join("crds")).into_values().flat_map(|file| ["---\n".to_owned(), file]).collect();
    let stored = std::fs::read_to_string(root().join("deploy/kustomize/crds.yaml")).unwrap();
    assert!(stored == all, "deploy/kustomize/crds.yaml is not crds/: run `make generate`");
}

/// What `kubectl kustomize` makes of a folder, by kind and name.
fn built(plane: &ControlPlane, folder: &Path) -> BTreeMap<(String, String), Value> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(&plane.kubectl(&["kustomize", text(folder)])).unwrap();
    let name = |document: &Value, pointer: &str| document.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
    documents.into_iter().map(|document| ((name(&document, "/kind"), name(&document, "/metadata/name")), document)).collect()
}

fn deployment(all: &BTreeMap<(String, String), Value>) -> &Value {
    &all[&("Deployment".to_owned(), "direct-connect-operator".to_owned())]
}

#[tokio::test]
async fn the_base_is_whole_and_the_api_server_takes_it() {
    let plane = ControlPlane::shared().await;
    let base = root().join("deploy/kustomize");
    let all = built(&plane, &base);
    let count = |kind: &str| all.keys().filter(|(of, _)| of == kind).count();
    assert_eq!(
        ["Namespace", "CustomResourceDefinition", "Deployment", "ServiceAccount", "Service"].map(count),
        [1, direct_connect_operator::kinds::crds().len(), 1, 1, 1]
    );
    plane.kubectl(&["apply", "--server-side", "-f", text(&base.join("namespace.yaml"))]);
    let apply =
        ["apply", "--server-side", "--force-conflicts", "--dry-run=server", "--warnings-as-errors", "-o", "name", "-k", text(&base)];
    assert_eq!(plane.kubectl(&apply).lines().count(), all.len());
}

/// The one that the comment of the base shows.
#[tokio::test]
async fn the_example_moves_it_to_another_namespace_and_image() {
    let plane = ControlPlane::shared().await;
    let dir = tempfile::tempdir().unwrap();
    let (base, overlay) = (dir.path().join("path/to/deploy/kustomize"), dir.path().join("kustomization.yaml"));
    std::fs::create_dir_all(&base).unwrap();
    for entry in root().join("deploy/kustomize").read_dir().unwrap().map(Result::unwrap) {
        std::fs::copy(entry.path(), base.join(entry.file_name())).unwrap();
    }
    let comment = std::fs::read_to_string(base.join("kustomization.yaml")).unwrap();
    let example: String = comment
        .lines()
        .filter_map(|line| line.strip_prefix("#   "))
        .filter(|line| !line.starts_with("kubectl"))
        .flat_map(|line| [line, "\n"])
        .collect();
    std::fs::write(&overlay, example).unwrap();

    let all = built(&plane, dir.path());
    for ((kind, name), document) in &all {
        let namespace = &document["metadata"]["namespace"];
        assert!(namespace.is_null() || namespace == "network-system", "{kind} {name} stays in {namespace}");
        for subject in document["subjects"].as_array().into_iter().flatten() {
            assert_eq!(subject["namespace"], "network-system", "{kind} {name}");
        }
    }
    assert!(all.contains_key(&("Namespace".to_owned(), "network-system".to_owned())));
    let container = &deployment(&all)["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["image"], "registry.example.com/direct-connect-operator:dev");
    let env = container["env"].as_array().unwrap();
    assert!(env.contains(&json!({ "name": "DC_OPERATOR_CLUSTER_ID", "value": "blue" })));
    assert!(env.iter().all(|variable| variable["value"] != "direct-connect"), "the lease goes along: {env:?}");
}
