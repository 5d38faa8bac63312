//! The oldest supported version of Kubernetes: `tests/controlplane/oldest/go.mod` names it, every other place says the same, and its validation
//! takes the definitions. `make matrix` runs more against it.

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use support::controlplane::{ControlPlane, built, root};

/// Runs the validation of the oldest version: what it says, and whether it takes them all.
fn validate(files: &[PathBuf]) -> (bool, String) {
    let output = Command::new(built("definitions").join("validate-definitions")).args(files).output().unwrap();
    let told = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(told).unwrap())
}

fn definitions() -> Vec<PathBuf> {
    root().join("crds").read_dir().unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn it_takes_the_definitions() {
    let files = definitions();
    let (valid, told) = validate(&files);
    let (major, minor) = version();
    // New definitions may use what the version before knew.
    let summary = format!("definitions: {}, errors: 0, functions of CEL up to Kubernetes {major}.{}\n", files.len(), minor - 1);
    assert!(valid && told == summary && files.len() > 4, "{told}");
}

/// One field breaks one rule; the refusal names file and field.
#[tokio::test]
async fn it_refuses_what_only_newer_versions_know_and_what_costs_too_much() {
    let plane = ControlPlane::shared().await;
    let dir = tempfile::tempdir().unwrap();
    let text = json!({ "type": "string", "maxLength": 20 });
    let newer = json!({ "type": "string", "maxLength": 20, "x-kubernetes-validations": [{ "rule": "isSemver(self)" }] });
    let expensive = json!({
        "type": "array", "items": { "type": "string" }, "x-kubernetes-validations": [{ "rule": "self.all(a, self.all(b, a == b))" }],
    });
    let table = [
        ("valid", &text, "", true),
        ("newer", &newer, "undeclared reference to 'isSemver'", true),
        ("expensive", &expensive, "estimated rule cost exceeds budget", false),
        ("unstructured", &json!({ "description": "no type" }), "type: Required value", false),
        ("misspelt", &json!({ "type": "string", "maxLenght": 20 }), "unknown field", false),
    ];
    for (field, schema, refusal, newest_takes_it) in table {
        let file = dir.path().join(format!("{field}.yaml"));
        std::fs::write(&file, definition(field, schema).to_string()).unwrap();
        let newest = plane.run("kubectl", &["create", "--dry-run=server", "-f", file.to_str().unwrap()]);
        assert_eq!(newest.is_ok(), newest_takes_it, "{field}: {newest:?}");

        let (valid, told) = validate(&[definitions(), vec![file.clone()]].concat());
        assert_eq!(valid, refusal.is_empty(), "{field}: {told}");
        let line = told.lines().find(|line| line.starts_with(&format!("{}: ", file.display()))).unwrap_or_default();
        assert!(line.contains(refusal) && (valid || line.contains(field)), "{field}: {told}");
    }
}

/// A small definition with one field.
fn definition(field: &str, schema: &Value) -> Value {
    let schema = json!({ "type": "object", "properties": { field: schema } });
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": { "name": "examples.example.com" },
        "spec": {
            "group": "example.com", "scope": "Namespaced", "names": { "kind": "Example", "plural": "examples" },
            "versions": [{ "name": "v1", "served": true, "storage": true, "schema": { "openAPIV3Schema": schema } }],
        },
    })
}

#[test]
fn every_place_names_the_same_version() {
    let (major, minor) = version();
    let oldest = format!("{major}.{minor}");

    // The first release of it is what is promised. The libraries count from 0, and come from the same one.
    let module = read("tests/controlplane/oldest/go.mod");
    assert!(module.contains(&format!("\tk8s.io/kubernetes v{oldest}.0")), "not the first release of {oldest}");
    let replaced: Vec<&str> = module.lines().filter_map(|line| line.split_once(" => ")?.1.split(' ').nth(1)).collect();
    assert!(replaced.len() > 20 && replaced.iter().all(|version| *version == format!("v0.{minor}.0")), "{replaced:?}");

    let charts: Vec<PathBuf> = root().join("charts").read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!charts.is_empty());
    for chart in charts {
        let chart: Value = serde_saphyr::from_str(&read(chart.join("Chart.yaml"))).unwrap();
        // `-0` lets in the versions of vendors, as in 1.32.0-gke.100.
        assert_eq!(chart["kubeVersion"], format!(">={oldest}.0-0"), "{}", chart["name"]);
    }

    for page in ["README.md", "docs/upgrade.md"] {
        let text = read(page);
        let named: Vec<&str> = text
            .split("Kubernetes ")
            .skip(1)
            .filter_map(|rest| rest.split_once(' '))
            .filter(|(_, rest)| rest.starts_with("or newer"))
            .map(|(version, _)| version)
            .collect();
        assert_eq!(named, [&oldest], "{page}");
    }
}

/// As `go.mod` has it.
fn version() -> (u32, u32) {
    let module = read("tests/controlplane/oldest/go.mod");
    let line = module.lines().find_map(|line| line.strip_prefix("\tk8s.io/kubernetes v")).expect("it requires Kubernetes");
    let mut numbers = line.split(['.', ' ']).map_while(|number| number.parse().ok());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
