//! The admission policies against deletion by mistake, on a real API server.

use serde_json::{Value, json};
use std::time::Duration;

use super::{of_kind, rendered, text};
use support::controlplane::{ControlPlane, root};
use support::eventually;

const BOUND: Duration = Duration::from_mins(1);
const PROTECTED: &str = "directconnect.huaweicloud.com/protected=true";
const UUID: &str = "00000000-0000-4000-8000-000000000001";
const CRDS: [&str; 12] = [
    "cloudaccounts",
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

#[tokio::test]
async fn it_is_rendered_as_the_values_say() {
    let plane = ControlPlane::shared().await;
    let policies = |values: &Value| -> Vec<String> {
        let all = rendered(&plane, values).unwrap();
        let (policies, bindings) = (of_kind(&all, "ValidatingAdmissionPolicy"), of_kind(&all, "ValidatingAdmissionPolicyBinding"));
        let bound: Vec<&Value> = bindings.iter().map(|binding| &binding["spec"]["policyName"]).collect();
        assert_eq!(policies.iter().map(|policy| &policy["metadata"]["name"]).collect::<Vec<_>>(), bound, "each is bound");
        bound.into_iter().map(|name| name.as_str().unwrap().trim_start_matches("test-direct-connect-operator-").to_owned()).collect()
    };
    let (objects, definitions, finalizers) = ("protected-objects", "protected-definitions", "finalizers");
    let mut default = policies(&json!({}));
    default.sort();
    assert_eq!(default, [finalizers, definitions, objects]);
    assert_eq!(
        policies(&json!({ "crds": { "keep": false } })),
        [objects, finalizers],
        "definitions that are to go with the release are not held"
    );
    assert!(policies(&json!({ "protection": { "enabled": false } })).is_empty());
}

/// One object of each kind, in this namespace.
fn objects(namespace: &str) -> Vec<Value> {
    let object = |kind: &str, spec: Value| {
        let metadata = json!({ "name": format!("{namespace}-{}", kind.to_lowercase()), "namespace": namespace });
        json!({ "apiVersion": "directconnect.huaweicloud.com/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec })
    };
    let addresses = json!({ "localGatewayIp": "10.0.0.1/30", "remoteGatewayIp": "10.0.0.2/30", "remoteEpGroup": ["10.1.0.0/24"] });
    let with = |mut spec: Value| {
        spec.as_object_mut().unwrap().extend(addresses.as_object().unwrap().clone());
        spec
    };
    let mut account = object(
        "CloudAccount",
        json!({ "region": "eu-west-101", "credentials": { "accessKey": { "secretRef": { "namespace": "n", "name": "s" } } } }),
    );
    account["metadata"].as_object_mut().unwrap().remove("namespace");
    vec![
        account,
        object("VirtualGateway", json!({ "vpcId": UUID, "localEpGroup": ["172.16.0.0/24"] })),
        object(
            "VirtualInterface",
            with(json!({ "connectionId": UUID, "virtualGatewayId": UUID, "vlan": 30, "bandwidth": 50, "routeMode": "static" })),
        ),
        object("Peer", with(json!({ "virtualInterfaceId": UUID, "addressFamily": "ipv4", "routeMode": "static" }))),
        object("ConnectGateway", json!({})),
        object("GlobalEipAssociation", json!({ "connectGatewayId": UUID, "globalEipId": UUID })),
        object("GlobalGateway", json!({})),
        object(
            "PeerLink",
            json!({
                "globalGatewayId": UUID,
                "peerSite": { "enterpriseRouterId": UUID, "regionId": "eu-west-101", "projectId": "0".repeat(32) },
            }),
        ),
        object(
            "GlobalGatewayRoute",
            json!({ "globalGatewayId": UUID, "destination": "10.20.0.0/16", "nexthop": UUID, "type": "vif_peer" }),
        ),
        object("Connection", json!({ "import": { "id": UUID } })),
        object("HostedConnection", json!({ "hostingId": UUID, "vlan": 100, "bandwidth": 50, "resourceTenantId": "0".repeat(32) })),
        object("DirectConnectGrant", json!({ "from": [{ "kind": "Peer", "namespace": "team" }], "to": [{ "kind": "VirtualInterface" }] })),
    ]
}

/// Applies the plain file and one object of each kind; waits until the policies are in force.
async fn guarded(namespace: &str) -> (std::sync::Arc<ControlPlane>, Vec<String>) {
    let plane = ControlPlane::shared().await;
    plane.kubectl(&["apply", "--server-side", "-f", text(&root().join("deploy/protection.yaml"))]);
    plane.kubectl(&["create", "namespace", namespace]);
    let names = objects(namespace).iter().map(|object| apply(&plane, object)).collect();
    let probe = json!({ "apiVersion": "directconnect.huaweicloud.com/v1alpha1", "kind": "VirtualGateway",
        "metadata": { "name": "probe", "namespace": namespace, "annotations": { "directconnect.huaweicloud.com/protected": "true" } },
        "spec": { "vpcId": UUID, "localEpGroup": ["172.16.0.0/24"] } });
    let probe = apply(&plane, &probe);
    let crd = "crd/peers.directconnect.huaweicloud.com";
    eventually("both policies are in force", BOUND, || async {
        let held = |what: &str| plane.run("kubectl", &["-n", namespace, "delete", what, "--dry-run=server"]).is_err();
        (held(&probe) && held(crd)).then_some(())
    })
    .await;
    plane.kubectl(&["-n", namespace, "annotate", &probe, "directconnect.huaweicloud.com/protected-"]);
    plane.kubectl(&["-n", namespace, "delete", &probe]);
    (plane, names)
}

/// Returns `resource.group/name`.
fn apply(plane: &ControlPlane, object: &Value) -> String {
    // The probe has the same name in each namespace.
    let [namespace, name] = ["namespace", "name"].map(|field| object["metadata"][field].as_str().unwrap_or_default());
    let file = plane.dir().join(format!("{namespace}-{name}.json"));
    std::fs::write(&file, object.to_string()).unwrap();
    plane.kubectl(&["apply", "--server-side", "-f", text(&file), "-o", "name"]).trim().to_owned()
}

/// Runs the command that a refusal tells.
fn follow(plane: &ControlPlane, refusal: &str) {
    let command = refusal.split("kubectl ").last().unwrap_or_else(|| panic!("{refusal}")).trim();
    assert!(command.contains("annotate"), "the refusal says how to go on: {refusal}");
    plane.kubectl(&command.split(' ').collect::<Vec<_>>());
}

#[tokio::test]
async fn a_protected_object_of_any_kind_stays_until_the_told_command_was_run() {
    let (plane, names) = guarded("guarded").await;
    assert_eq!(names.len(), CRDS.len(), "one of each kind");
    for name in names {
        let delete = || plane.run("kubectl", &["-n", "guarded", "delete", &name]);
        plane.kubectl(&["-n", "guarded", "annotate", &name, PROTECTED]);
        let refused = delete().expect_err(&name);
        assert!(refused.contains("Forbidden") && refused.contains("is protected from deletion"), "{refused}");
        plane.kubectl(&["-n", "guarded", "get", &name]);
        follow(&plane, &refused);
        delete().unwrap_or_else(|error| panic!("the annotation is gone: {error}"));
    }
}

#[tokio::test]
async fn a_protected_object_outlasts_the_deletion_of_all_and_of_its_namespace() {
    let (plane, names) = guarded("held").await;
    let [gateway] = names.iter().filter(|name| name.starts_with("virtualgateway")).collect::<Vec<_>>()[..] else { panic!("{names:?}") };
    plane.kubectl(&["-n", "held", "annotate", gateway, PROTECTED]);
    let collection = "/apis/directconnect.huaweicloud.com/v1alpha1/namespaces/held/virtualgateways";
    let refused = plane.run("kubectl", &["delete", "--raw", collection]).unwrap_err();
    assert!(refused.contains("VirtualGateway held-virtualgateway is protected from deletion"), "{refused}");

    plane.kubectl(&["delete", "namespace", "held", "--wait=false"]);
    let told = eventually("the namespace says by what it is held", BOUND, || async {
        let conditions = plane.kubectl(&["get", "namespace", "held", "-o", "jsonpath={.status.conditions}"]);
        conditions.contains("is protected from deletion").then_some(conditions)
    })
    .await;
    assert!(told.contains("held-virtualgateway") && told.contains("-n held annotate"), "{told}");
    plane.kubectl(&["-n", "held", "get", gateway]);
    follow(&plane, &refused);
    eventually("the namespace goes", BOUND, || async { plane.run("kubectl", &["get", "namespace", "held"]).is_err().then_some(()) }).await;
}

#[tokio::test]
async fn a_definition_stays_unless_it_is_said_that_it_may_go() {
    let (plane, _) = guarded("definitions").await;
    for plural in CRDS {
        let crd = format!("crd/{plural}.directconnect.huaweicloud.com");
        // Others share the definitions: nothing is really deleted.
        let delete = || plane.run("kubectl", &["delete", &crd, "--dry-run=server"]);
        let refused = delete().expect_err(plural);
        assert!(refused.contains("this definition would delete every"), "{refused}");
        follow(&plane, &refused);
        delete().unwrap_or_else(|error| panic!("annotated, it may go: {error}"));
        plane.kubectl(&["annotate", &crd, "directconnect.huaweicloud.com/protected-"]);
    }
    let foreign = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": { "name": "peers.example.com" },
        "spec": { "group": "example.com", "scope": "Namespaced", "names": { "plural": "peers", "kind": "Peer" }, "versions": [{
            "name": "v1", "served": true, "storage": true, "schema": { "openAPIV3Schema": { "type": "object" } },
        }] },
    });
    let foreign = apply(&plane, &foreign);
    plane.kubectl(&["delete", &foreign]);
}

/// What `kubectl replace` with a manifest without finalizers leaves for a moment.
#[tokio::test]
async fn an_object_in_the_cloud_is_not_deleted_without_its_finalizer() {
    let namespace = "bare";
    let (plane, names) = guarded(namespace).await;
    let gateway = names.iter().find(|name| name.starts_with("virtualgateway")).unwrap();
    let delete = |more: &[&str]| plane.run("kubectl", &[&["-n", namespace, "delete", gateway], more].concat());
    let patch = |more: &[&str], patch: Value| {
        let patch = patch.to_string();
        plane.kubectl(&[&["-n", namespace, "patch", gateway, "--type=merge", "-p", &patch], more].concat());
    };
    // It has nothing in the cloud yet.
    delete(&["--dry-run=server"]).unwrap();
    // What is kept in the cloud anyway needs no finalizer.
    patch(&["--subresource=status"], json!({ "status": { "id": "cloud-1" } }));
    patch(&[], json!({ "spec": { "policy": { "deletion": "Retain" } } }));
    delete(&["--dry-run=server"]).unwrap();
    patch(&[], json!({ "spec": { "policy": null } }));
    for status in [
        json!({ "id": "cloud-1" }),
        json!({ "id": null, "intent": { "time": "2026-04-25T09:30:00Z", "deadline": "2026-04-25T09:32:00Z" } }),
    ] {
        patch(&["--subresource=status"], json!({ "status": status }));
        let refused = eventually("it is held", BOUND, || async { delete(&["--dry-run=server"]).err() }).await;
        assert!(refused.contains("Forbidden") && refused.contains("lacks the finalizer"), "{refused}");
    }
    let finalizer = json!({ "metadata": { "finalizers": ["directconnect.huaweicloud.com/cloud-resource", "example.com/other"] } });
    patch(&[], finalizer);
    delete(&["--wait=false"]).unwrap();
    // It is being deleted already, whatever becomes of its finalizers.
    patch(&[], json!({ "metadata": { "finalizers": ["example.com/other"] } }));
    delete(&["--wait=false"]).unwrap();
    patch(&[], json!({ "metadata": { "finalizers": null } }));

    let gateway = apply(&plane, objects(namespace).iter().find(|object| object["kind"] == "VirtualGateway").unwrap());
    patch(&["--subresource=status"], json!({ "status": { "id": "cloud-1" } }));
    follow(&plane, &plane.run("kubectl", &["-n", namespace, "delete", &gateway]).unwrap_err());
    plane.kubectl(&["-n", namespace, "delete", &gateway]);
}
