//! What is told after an installation: the next command, for each case.

use serde_json::{Value, json};

use super::{accounts_chart, chart, documents, rendered_of, text};
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

/// What the notes pass to `kubectl apply`.
fn manifests(notes: &str) -> Vec<String> {
    let indented = notes.split("<<EOF\n").skip(1).map(|rest| rest.split("  EOF").next().unwrap());
    indented.map(|yaml| yaml.lines().flat_map(|line| [line.strip_prefix("  ").unwrap_or(line), "\n"]).collect()).collect()
}

#[tokio::test]
async fn the_next_command_is_the_one_of_the_case() {
    let plane = ControlPlane::shared().await;
    let rollout = "kubectl -n system rollout status deployment/test-direct-connect-operator";
    let (secret, look) = ("kubectl -n system create secret generic direct-connect", "kubectl get cloudaccount default -o wide");
    let scrape = "Nothing scrapes the metrics yet";
    // What is told, and what is not.
    let cases: [(&str, Value, &[&str], &[&str]); 7] = [
        ("nothing set", json!({}), &[rollout, secret, look, scrape], &["simulated", "a part of the objects", "crds.enabled"]),
        ("stopped", json!({ "replicaCount": 0 }), &["The operator is stopped"], &[rollout]),
        ("without definitions", json!({ "crds": { "enabled": false } }), &["kubectl wait --for=condition=Established crd/"], &[]),
        (
            "without rights",
            json!({ "rbac": { "create": false } }),
            &["--as=system:serviceaccount:system:test-direct-connect-operator"],
            &[],
        ),
        (
            "without keys",
            json!({ "workloadIdentity": { "enabled": true, "audience": "direct-connect" } }),
            &[
                "kubectl get --raw /openid/v1/jwks",
                "client ID: direct-connect",
                "subject (sub): system:serviceaccount:system:test-direct-connect-operator",
                look,
            ],
            &[secret],
        ),
        (
            "simulator",
            json!({ "simulator": { "enabled": true } }),
            &[
                "rollout status deployment/test-direct-connect-operator-simulator",
                "--set accounts.default.simulator=test-direct-connect-operator-simulator",
                look,
                "kubectl create namespace try",
                "kubectl -n try apply",
            ],
            &[secret],
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

/// The account of the notes is the one that the other chart makes.
#[tokio::test]
async fn both_ways_to_the_account_of_the_simulator_lead_to_the_same() {
    let plane = ControlPlane::shared().await;
    let told = &manifests(&notes(&plane, &json!({ "simulator": { "enabled": true } })))[0];
    let told: Value = serde_saphyr::from_str(told).unwrap();
    let accounts = json!({ "accounts": { "default": { "simulator": "test-direct-connect-operator-simulator" } } });
    let made = &rendered_of(&accounts_chart(), &plane, &accounts).unwrap()[0];
    for pointer in ["/kind", "/metadata/name", "/spec"] {
        assert_eq!(told.pointer(pointer), made.pointer(pointer), "{pointer}");
    }
}

#[tokio::test]
async fn what_the_notes_apply_is_accepted() {
    let plane = ControlPlane::shared().await;
    let identity = json!({ "workloadIdentity": { "enabled": true, "audience": "direct-connect" } });
    let simulator = json!({ "simulator": { "enabled": true } });
    for (case, values, objects) in [("account", json!({}), 1), ("identity", identity, 1), ("simulator", simulator, 3)] {
        let manifests = manifests(&notes(&plane, &values));
        let file = plane.dir().join(format!("notes-{case}.yaml"));
        std::fs::write(&file, manifests.join("---\n")).unwrap();
        let applied = plane.kubectl(&["apply", "--server-side", "--dry-run=server", "-o", "name", "-f", text(&file)]);
        assert_eq!(applied.lines().count(), objects, "{case}: {applied}");
    }
}
