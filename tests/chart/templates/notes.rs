//! What is told after an installation: the next command, for each case.

use serde_json::{Value, json};

use super::{account, chart, documents, text};
use support::controlplane::ControlPlane;

fn notes(plane: &ControlPlane, values: &Value) -> String {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("values.json");
    std::fs::write(&file, values.to_string()).unwrap();
    let chart = chart();
    let install = ["install", "test", text(&chart), "-n", "system", "--dry-run=client", "-o", "json", "-f", text(&file)];
    let release: Value = serde_json::from_str(&plane.run("helm", &install).unwrap()).unwrap();
    release["info"]["notes"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_next_command_is_the_one_of_the_case() {
    let plane = ControlPlane::shared().await;
    let rollout = "kubectl -n system rollout status deployment/test-direct-connect-operator";
    let (secret, look) = ("kubectl -n system create secret generic direct-connect", "kubectl get cloudaccount default -o wide");
    let scrape = "Nothing scrapes the metrics yet";
    // What is told, and what is not.
    let cases: [(&str, Value, &[&str], &[&str]); 8] = [
        ("nothing set", json!({}), &[rollout, secret, look, scrape], &["simulated", "a part of the objects", "crds.enabled"]),
        ("stopped", json!({ "replicaCount": 0 }), &["The operator is stopped"], &[rollout]),
        ("account", account(), &[rollout, look, "Secret keys in namespace system"], &[secret]),
        ("without definitions", json!({ "crds": { "enabled": false } }), &["kubectl wait --for=condition=Established crd/"], &[]),
        (
            "without rights",
            json!({ "rbac": { "create": false } }),
            &["--as=system:serviceaccount:system:test-direct-connect-operator"],
            &[],
        ),
        (
            "simulator",
            json!({ "simulator": { "enabled": true } }),
            &[
                "rollout status deployment/test-direct-connect-operator-simulator",
                look,
                "kubectl create namespace try",
                "kubectl -n try apply",
            ],
            &[secret, "accountRef"],
        ),
        (
            "everything",
            documents::everything(),
            &[
                "in the namespaces left, right",
                "shard in (a,b)",
                "kubectl -n left apply",
                "connectionId: c0000000-0000-4000-8000-000000000007",
            ],
            &[scrape, "create namespace"],
        ),
        (
            "account of another name",
            json!({ "simulator": { "enabled": true }, "account": { "name": "trial" } }),
            &["accountRef:", "kubectl delete cloudaccount trial"],
            &[],
        ),
    ];
    for (case, values, told, kept) in cases {
        let notes = notes(&plane, &values);
        for part in told {
            assert!(notes.contains(part), "{case}: {part} is missing in\n{notes}");
        }
        for part in kept {
            assert!(!notes.contains(part), "{case}: {part} is told in\n{notes}");
        }
    }
}

#[tokio::test]
async fn what_the_notes_apply_is_accepted() {
    let plane = ControlPlane::shared().await;
    let trial = json!({ "simulator": { "enabled": true }, "account": { "name": "trial" } });
    for (case, values, objects) in
        [("account", json!({}), 1), ("simulator", json!({ "simulator": { "enabled": true } }), 2), ("named", trial, 2)]
    {
        let notes = notes(&plane, &values);
        let indented = notes.split("<<EOF\n").nth(1).and_then(|rest| rest.split("  EOF").next()).unwrap();
        let yaml: String = indented.lines().flat_map(|line| [line.strip_prefix("  ").unwrap_or(line), "\n"]).collect();
        let file = plane.dir().join(format!("notes-{case}.yaml"));
        std::fs::write(&file, yaml).unwrap();
        let applied = plane.kubectl(&["apply", "--server-side", "--dry-run=server", "-o", "name", "-f", text(&file)]);
        assert_eq!(applied.lines().count(), objects, "{case}: {applied}");
    }
}
