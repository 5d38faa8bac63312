//! The rows about rights of the table in docs/tenancy.md, asked of a real API server with the chart installed.

use serde_json::json;
use std::time::Duration;

use super::{can_i, chart, of_kind, rendered, text};
use support::controlplane::{ControlPlane, root};
use support::eventually;

/// Who may in a namespace: nobody without a role, then the three roles of Kubernetes, each of which may what the one before may.
const ROLES: [&str; 4] = ["nobody", "view", "edit", "admin"];
const NEVER: &str = "never";

/// Verb, resource of the group, and the least role that may.
const RIGHTS: [(&str, &str, &str); 27] = [
    ("get", "virtualgateways", "view"),
    ("list", "virtualinterfaces", "view"),
    ("watch", "peers", "view"),
    ("list", "directconnectgrants", "view"),
    ("create", "virtualgateways", "edit"),
    ("update", "virtualgateways", "edit"),
    ("delete", "virtualgateways", "edit"),
    ("create", "virtualinterfaces", "edit"),
    ("patch", "virtualinterfaces", "edit"),
    ("delete", "virtualinterfaces", "edit"),
    ("deletecollection", "virtualinterfaces", "edit"),
    ("create", "peers", "edit"),
    ("patch", "peers", "edit"),
    ("delete", "peers", "edit"),
    ("create", "directconnectgrants", "admin"),
    ("patch", "directconnectgrants", "admin"),
    ("delete", "directconnectgrants", "admin"),
    ("patch", "virtualgateways/status", NEVER),
    ("update", "virtualinterfaces/status", NEVER),
    ("patch", "peers/status", NEVER),
    ("get", "cloudaccounts", NEVER),
    ("list", "cloudaccounts", NEVER),
    ("create", "cloudaccounts", NEVER),
    ("patch", "cloudaccounts", NEVER),
    ("delete", "cloudaccounts", NEVER),
    ("patch", "cloudaccounts/status", NEVER),
    ("*", "*", NEVER),
];

/// Whether `user` may, in a namespace.
fn may(plane: &ControlPlane, user: &str, namespace: &str, verb: &str, resource: &str) -> bool {
    can_i(plane, verb, resource, &[&format!("--as={user}"), "-n", namespace])
}

#[tokio::test]
async fn each_role_of_a_namespace_may_what_the_table_says_and_no_more() {
    let plane = ControlPlane::shared().await;
    // The definitions are there already; the rights of tenants need no operator.
    let values = "crds.enabled=false,replicaCount=0,protection.enabled=false";
    plane.run("helm", &["install", "roles", text(&chart()), "-n", "platform", "--create-namespace", "--set", values]).unwrap();
    plane.kubectl(&["create", "namespace", "team"]);
    for role in &ROLES[1..] {
        plane.kubectl(&["-n", "team", "create", "rolebinding", role, &format!("--clusterrole={role}"), &format!("--user={role}")]);
    }
    eventually("the roles are aggregated", Duration::from_mins(1), || async {
        let last = [("view", "get", "peers"), ("edit", "create", "peers"), ("admin", "create", "directconnectgrants")];
        let told = |(role, verb, kind)| may(&plane, role, "team", verb, &format!("{kind}.directconnect.huaweicloud.com"));
        last.into_iter().all(told).then_some(())
    })
    .await;
    let mut wrong = Vec::new();
    for (verb, resource, least) in RIGHTS {
        let (kind, subresource) = resource.split_at(resource.find('/').unwrap_or(resource.len()));
        let resource = format!("{kind}.directconnect.huaweicloud.com{subresource}");
        let first = ROLES.iter().position(|role| *role == least).unwrap_or(ROLES.len());
        for (place, role) in ROLES.iter().enumerate() {
            let expected = place >= first;
            if may(&plane, role, "team", verb, &resource) != expected {
                wrong.push(format!("{role}: {verb} {resource} must {}be allowed", if expected { "" } else { "not " }));
            }
        }
    }
    // What Kubernetes itself keeps from tenants, and this design stands on.
    for role in ROLES {
        for (verb, resource, namespace) in [
            ("patch", "namespaces", "team"),
            ("get", "secrets", "platform"),
            ("get", "virtualgateways.directconnect.huaweicloud.com", "platform"),
            ("create", "directconnectgrants.directconnect.huaweicloud.com", "platform"),
        ] {
            if may(&plane, role, namespace, verb, resource) {
                wrong.push(format!("{role}: {verb} {resource} in {namespace} must not be allowed"));
            }
        }
    }
    assert!(!may(&plane, "view", "team", "get", "secrets"), "who may look may not read Secrets");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn the_roles_are_left_out_when_they_are_not_wanted_and_speak_of_nothing_but_the_kinds_of_tenants() {
    let plane = ControlPlane::shared().await;
    let roles = |values| {
        let all = rendered(&plane, &values).unwrap();
        let tenants = of_kind(&all, "ClusterRole").into_iter().cloned();
        tenants.filter(|role| role["metadata"]["labels"].to_string().contains("aggregate-to-")).collect::<Vec<_>>()
    };
    assert!(roles(json!({ "rbac": { "aggregateClusterRoles": false } })).is_empty());
    assert!(roles(json!({ "rbac": { "create": false } })).is_empty());
    let all = roles(json!({}));
    assert_eq!(all.len(), 3);
    for rule in all.iter().flat_map(|role| role["rules"].as_array().unwrap()) {
        assert_eq!(rule["apiGroups"], json!(["directconnect.huaweicloud.com"]), "{rule}");
        for resource in rule["resources"].as_array().unwrap() {
            let tenants = [
                "virtualgateways",
                "virtualinterfaces",
                "peers",
                "connectgateways",
                "globaleipassociations",
                "globalgateways",
                "peerlinks",
                "globalgatewayroutes",
                "connections",
                "hostedconnections",
                "directconnectgrants",
            ];
            assert!(tenants.contains(&resource.as_str().unwrap()), "{rule}");
        }
    }
}

#[tokio::test]
async fn the_example_of_the_guide_is_accepted() {
    let plane = ControlPlane::shared().await;
    let guide = std::fs::read_to_string(root().join("docs/tenancy.md")).unwrap();
    let blocks: Vec<&str> = guide.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let file = plane.dir().join("tenancy.yaml");
    std::fs::write(&file, blocks.join("---\n")).unwrap();
    let applied = plane.kubectl(&["apply", "--server-side", "-f", text(&file), "-o", "name"]);
    assert_eq!(applied.lines().count(), 8, "{applied}");
}
