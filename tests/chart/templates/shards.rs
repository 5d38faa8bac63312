//! Several releases in one cluster, each for a part of the objects.

use serde_json::{Value, json};
use std::collections::BTreeSet;

use super::{can_i, chart, text};
use support::controlplane::ControlPlane;

/// What one release of several makes, and the others leave out.
const ONCE: &str = "crds.enabled=false,protection.enabled=false,rbac.aggregateClusterRoles=false";

/// Kind, namespace and name of each document.
fn identities(plane: &ControlPlane, release: &str, namespace: &str, set: &str) -> BTreeSet<[String; 3]> {
    let yaml = plane.run("helm", &["template", release, text(&chart()), "-n", namespace, "--set", set]).unwrap();
    let documents: Vec<Value> = serde_saphyr::from_multiple(&yaml).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    documents
        .iter()
        .filter(|document| !document.is_null())
        .map(|document| [&document["kind"], &document["metadata"]["namespace"], &document["metadata"]["name"]].map(text))
        .collect()
}

#[tokio::test]
async fn no_two_releases_make_the_same_object() {
    let plane = ControlPlane::shared().await;
    let rest = identities(&plane, "lines", "rest", "selector=shard notin (a\\,b)");
    let shard = |release, namespace, selector: &str| identities(&plane, release, namespace, &format!("{ONCE},{selector}"));
    let all = [
        rest,
        // The same name in other namespaces, and another name in the same.
        shard("lines", "left", "selector=shard=a"),
        shard("lines", "right", "watchNamespaces={team},rbac.secretNamespaces={team}"),
        shard("more", "right", "watchNamespaces={team},rbac.secretNamespaces={team},selector=shard=b"),
    ];
    let count: usize = all.iter().map(BTreeSet::len).sum();
    let together: BTreeSet<_> = all.iter().flatten().collect();
    assert_eq!(together.len(), count, "an object is made by two");
    for (place, shard) in all.iter().enumerate() {
        for kind in ["CustomResourceDefinition", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"] {
            assert_eq!(shard.iter().any(|[of, _, _]| of == kind), place == 0, "{kind} of release {place}");
        }
        assert_eq!(shard.iter().filter(|[of, _, _]| of == "ClusterRole").count(), if place == 0 { 4 } else { 1 }, "of release {place}");
    }
}

/// Verb, resource, and whether a shard may in a namespace that it watches, and elsewhere.
const RIGHTS: &[(&str, &str, bool, bool)] = &[
    ("list", "virtualgateways.directconnect.huaweicloud.com", true, false),
    ("watch", "virtualinterfaces.directconnect.huaweicloud.com", true, false),
    ("patch", "peers.directconnect.huaweicloud.com", true, false),
    ("patch", "virtualgateways.directconnect.huaweicloud.com/status", true, false),
    ("create", "events.events.k8s.io", true, false),
    ("delete", "virtualgateways.directconnect.huaweicloud.com", false, false),
    // Accounts belong to no namespace, grants lie in any.
    ("patch", "cloudaccounts.directconnect.huaweicloud.com", true, true),
    ("patch", "cloudaccounts.directconnect.huaweicloud.com/status", true, true),
    ("watch", "directconnectgrants.directconnect.huaweicloud.com", true, true),
    // Of some namespaces only.
    ("get", "secrets", true, false),
    ("list", "secrets", true, false),
    ("watch", "secrets", true, false),
    ("patch", "secrets", true, false),
    ("watch", "namespaces", true, true),
];

#[tokio::test]
async fn a_shard_has_its_rights_where_it_watches_and_nowhere_else() {
    let plane = ControlPlane::shared().await;
    for namespace in ["watched", "unwatched"] {
        plane.kubectl(&["create", "namespace", namespace]);
    }
    let chart = chart();
    // The release's namespace need not be watched.
    for (release, namespace) in [("lines", "shard-a"), ("lines", "shard-b"), ("more", "shard-b")] {
        let set = format!("{ONCE},watchNamespaces={{watched}},rbac.secretNamespaces={{watched}},selector=shard={namespace}");
        let install = ["install", release, text(&chart), "-n", namespace, "--create-namespace", "--set", &set];
        plane.run("helm", &install).unwrap_or_else(|error| panic!("{error}"));
    }
    let mut wrong = Vec::new();
    for account in ["shard-a:lines", "shard-b:lines", "shard-b:more"] {
        let user = format!("--as=system:serviceaccount:{account}-direct-connect-operator");
        for (verb, resource, inside, outside) in RIGHTS {
            for (namespace, expected) in [("watched", inside), ("unwatched", outside), (account.split(':').next().unwrap(), outside)] {
                if can_i(&plane, verb, resource, &[&user, "-n", namespace]) != *expected {
                    wrong.push(format!(
                        "{account}: {verb} {resource} in {namespace} must {}be allowed",
                        if *expected { "" } else { "not " }
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let leases = |release: &str| json!(format!("{release}-direct-connect-operator"));
    for (release, namespace) in [("lines", "shard-b"), ("more", "shard-b")] {
        let name = format!("{release}-direct-connect-operator");
        let role: Value = serde_json::from_str(&plane.kubectl(&["-n", namespace, "get", "role", &name, "-o", "json"])).unwrap();
        assert_eq!(role["rules"][1]["resourceNames"], json!([leases(release)]), "each has a lease of its own");
    }
}
