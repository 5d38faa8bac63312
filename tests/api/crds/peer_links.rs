//! Rules of `PeerLink`.

use serde_json::{Value, json};

use super::table::{Case, OTHER, PROJECT, Table, UUID, common, common_accepted, prove, spec};

fn link(name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "directconnect.huaweicloud.com/v1alpha1", "kind": "PeerLink",
        "metadata": { "name": name }, "spec": spec,
    })
}

/// A change of the other side.
fn site(change: Value) -> Value {
    spec(Value::from_iter([("peerSite", change)]))
}

fn refused() -> Vec<Case> {
    let gateways: &[&str] = &["spec must have exactly one of globalGatewayRef, globalGatewayId"];
    let peers: &[&str] = &["spec.peerSite", "peerSite must have exactly one of enterpriseRouterId, globalGatewayRef, globalGatewayId"];
    let reference = json!({ "name": "a" });
    let mut cases = common();
    cases.extend([
        (spec(json!({ "globalGatewayRef": null })), gateways),
        (spec(json!({ "globalGatewayId": UUID })), gateways),
        (spec(json!({ "globalGatewayRef": null, "globalGatewayId": "g" })), &["spec.globalGatewayId", "globalGatewayId must be a UUID"]),
        (spec(json!({ "globalGatewayRef": { "name": "A" } })), &["spec.globalGatewayRef.name", "name must be the name of an object"]),
        (spec(json!({ "peerSite": null })), &["spec.peerSite", "Required"]),
        (site(json!({ "enterpriseRouterId": null })), peers),
        (site(json!({ "globalGatewayRef": reference })), peers),
        (site(json!({ "globalGatewayId": UUID })), peers),
        (
            site(json!({ "enterpriseRouterId": "er" })),
            &["spec.peerSite.enterpriseRouterId", "peerSite.enterpriseRouterId must be a UUID in lower case"],
        ),
        (
            site(json!({ "enterpriseRouterId": null, "globalGatewayId": "g" })),
            &["spec.peerSite.globalGatewayId", "peerSite.globalGatewayId must be a UUID in lower case"],
        ),
        (site(json!({ "regionId": null })), &["spec.peerSite.regionId", "Required"]),
        (site(json!({ "regionId": "EU West" })), &["spec.peerSite.regionId", "peerSite.regionId must be a region like eu-west-101"]),
        (site(json!({ "regionId": "r".repeat(37) })), &["spec.peerSite.regionId", "36"]),
        (site(json!({ "projectId": null })), &["spec.peerSite.projectId", "Required"]),
        (site(json!({ "projectId": "short" })), &["spec.peerSite.projectId", "peerSite.projectId must be 32 hexadecimal digits"]),
        (
            spec(json!({ "virtualInterfaceRef": { "name": "a", "namespace": "B" } })),
            &["spec.virtualInterfaceRef.namespace", "namespace must be the name of a namespace"],
        ),
    ]);
    cases
}

#[tokio::test]
async fn peer_links_are_checked() {
    let router = json!({ "enterpriseRouterId": UUID, "regionId": "eu-west-101", "projectId": PROJECT });
    let reference = json!({ "name": "other", "namespace": "shared" });
    let plain = link("plain", &json!({ "globalGatewayRef": { "name": "backbone" }, "peerSite": router }));
    let full = link(
        "full",
        &json!({
            "accountRef": { "name": "team-a" }, "import": { "id": UUID }, "globalGatewayId": UUID,
            "peerSite": { "globalGatewayId": OTHER, "regionId": "eu-west-0", "projectId": PROJECT },
        }),
    );
    let immutable: &[&str] = &["spec.peerSite", "peerSite is immutable: to change it, delete the object and create it again"];
    let mut accepted = common_accepted();
    accepted.extend([
        spec(json!({ "globalGatewayRef": null, "globalGatewayId": UUID, "virtualInterfaceRef": reference })),
        site(json!({ "enterpriseRouterId": null, "globalGatewayRef": reference })),
        site(json!({ "enterpriseRouterId": null, "globalGatewayId": OTHER })),
    ]);
    prove(vec![
        Table {
            base: plain,
            accepted,
            refused: refused(),
            mutable: vec![
                spec(json!({ "virtualInterfaceRef": reference, "name": "new", "description": "new" })),
                spec(json!({ "policy": { "ignoreFields": ["peerSite", "globalGatewayRef"] } })),
            ],
            immutable: vec![
                (spec(json!({ "globalGatewayRef": { "name": "b" } })), &["spec.globalGatewayRef", "globalGatewayRef is immutable"]),
                (
                    spec(json!({ "globalGatewayRef": null, "globalGatewayId": UUID })),
                    &["globalGatewayRef is immutable", "globalGatewayId is immutable"],
                ),
                (site(json!({ "enterpriseRouterId": OTHER })), immutable),
                (site(json!({ "enterpriseRouterId": null, "globalGatewayRef": reference })), immutable),
                (spec(json!({ "accountRef": { "name": "late" } })), &["spec.accountRef", "accountRef is immutable"]),
            ],
        },
        Table {
            base: full,
            accepted: Vec::new(),
            refused: Vec::new(),
            mutable: vec![spec(json!({ "import": null }))],
            immutable: vec![
                (spec(json!({ "globalGatewayId": OTHER })), &["spec.globalGatewayId", "globalGatewayId is immutable"]),
                (site(json!({ "globalGatewayId": UUID })), immutable),
                (site(json!({ "regionId": "eu-west-101" })), immutable),
                (site(json!({ "projectId": "1".repeat(32) })), immutable),
                (spec(json!({ "import": { "id": OTHER } })), &["spec.import.id", "import.id is immutable"]),
            ],
        },
    ])
    .await;
}
