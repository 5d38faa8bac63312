//! Rules of `GlobalGatewayRoute`.

use serde_json::{Value, json};

use super::table::{Case, OTHER, Table, UUID, common_accepted, common_with_description, prove, spec};

fn route(name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "directconnect.huaweicloud.com/v1alpha1", "kind": "GlobalGatewayRoute",
        "metadata": { "name": name }, "spec": spec,
    })
}

/// What all kinds share, but for names, which routes have not, and the characters of descriptions.
fn common() -> Vec<Case> {
    let is_other = |(_, expected): &Case| expected[0] == "spec.name" || expected.contains(&"description must not contain < or >");
    common_with_description(255).into_iter().filter(|case| !is_other(case)).collect()
}

fn refused() -> Vec<Case> {
    let gateways: &[&str] = &["spec must have exactly one of globalGatewayRef, globalGatewayId"];
    let next: &[&str] = &["spec must have exactly one of virtualInterfaceRef, peerRef, nextHopGlobalGatewayRef, nexthop"];
    let network: &[&str] = &["spec.destination", "destination must be a network in CIDR notation, like 10.1.0.0/16 or fd00:1::/64"];
    let type_: &[&str] = &["spec.type", "type is required with nexthop: vif_peer or gdgw; otherwise it is not allowed"];
    let text: &[&str] = &["spec.description", "description must not contain <, > or a backtick"];
    let reference = json!({ "name": "a" });
    let mut cases = common();
    cases.extend([
        (spec(json!({ "globalGatewayRef": null })), gateways),
        (spec(json!({ "globalGatewayId": UUID })), gateways),
        (spec(json!({ "globalGatewayRef": { "namespace": "a.b" } })), &["spec.globalGatewayRef.namespace", "name of a namespace"]),
        (spec(json!({ "globalGatewayRef": null, "globalGatewayId": "g" })), &["spec.globalGatewayId", "globalGatewayId must be a UUID"]),
        (spec(json!({ "virtualInterfaceRef": null })), next),
        (spec(json!({ "peerRef": reference })), next),
        (spec(json!({ "nextHopGlobalGatewayRef": reference })), next),
        (spec(json!({ "nexthop": UUID, "type": "gdgw" })), next),
        (spec(json!({ "virtualInterfaceRef": null, "nexthop": UUID })), type_),
        (spec(json!({ "type": "vif_peer" })), type_),
        (spec(json!({ "virtualInterfaceRef": null, "nexthop": UUID, "type": "er" })), &["spec.type", "\"vif_peer\", \"gdgw\""]),
        (spec(json!({ "virtualInterfaceRef": null, "nexthop": "n", "type": "gdgw" })), &["spec.nexthop", "nexthop must be a UUID"]),
        (spec(json!({ "destination": null })), &["spec.destination", "Required"]),
        (spec(json!({ "destination": "10.20.0.1/16" })), network),
        (spec(json!({ "destination": "FD00::/64" })), network),
        (spec(json!({ "destination": "10.20.0.0" })), network),
        (spec(json!({ "destination": "everywhere" })), network),
        (spec(json!({ "description": "a<b" })), text),
        (spec(json!({ "description": "a>b" })), text),
        (spec(json!({ "description": "a`b" })), text),
    ]);
    cases
}

#[tokio::test]
async fn routes_are_checked() {
    let reference = json!({ "name": "other", "namespace": "shared" });
    let base =
        json!({ "globalGatewayRef": { "name": "backbone" }, "destination": "10.20.0.0/16", "virtualInterfaceRef": { "name": "line" } });
    let by_id = json!({
        "accountRef": { "name": "team-a" }, "import": { "id": UUID }, "globalGatewayId": UUID, "destination": "fd00:1::/64", "nexthop": UUID,
        "type": "vif_peer",
    });
    let mut accepted = common_accepted();
    accepted.extend([
        spec(json!({ "destination": "0.0.0.0/0", "description": "d".repeat(255) })),
        spec(json!({ "destination": "fd00:1::/64", "virtualInterfaceRef": null, "peerRef": reference })),
        spec(json!({ "virtualInterfaceRef": null, "nextHopGlobalGatewayRef": reference })),
        spec(json!({ "virtualInterfaceRef": null, "nexthop": UUID, "type": "gdgw" })),
    ]);
    let fixed = |change: Value, told: &'static [&'static str]| (spec(change), told);
    prove(vec![
        Table {
            base: route("plain", &base),
            accepted,
            refused: refused(),
            mutable: vec![spec(json!({ "description": "new", "policy": { "deletion": "Retain", "ignoreFields": ["description"] } }))],
            immutable: vec![
                fixed(json!({ "destination": "10.21.0.0/16" }), &["spec.destination", "destination is immutable"]),
                fixed(json!({ "globalGatewayRef": { "name": "b" } }), &["spec.globalGatewayRef", "globalGatewayRef is immutable"]),
                fixed(json!({ "virtualInterfaceRef": { "name": "b" } }), &["spec.virtualInterfaceRef", "virtualInterfaceRef is immutable"]),
                fixed(json!({ "virtualInterfaceRef": null, "peerRef": { "name": "b" } }), &["spec.peerRef", "peerRef is immutable"]),
                fixed(
                    json!({ "virtualInterfaceRef": null, "nextHopGlobalGatewayRef": { "name": "b" } }),
                    &["spec.nextHopGlobalGatewayRef", "nextHopGlobalGatewayRef is immutable"],
                ),
                fixed(json!({ "accountRef": { "name": "late" } }), &["spec.accountRef", "accountRef is immutable"]),
            ],
        },
        Table {
            base: route("by-id", &by_id),
            accepted: Vec::new(),
            refused: Vec::new(),
            mutable: vec![spec(json!({ "import": null, "description": "new" }))],
            immutable: vec![
                fixed(json!({ "globalGatewayId": OTHER }), &["spec.globalGatewayId", "globalGatewayId is immutable"]),
                fixed(json!({ "nexthop": OTHER }), &["spec.nexthop", "nexthop is immutable"]),
                fixed(json!({ "type": "gdgw" }), &["spec.type", "type is immutable"]),
                fixed(json!({ "import": { "id": OTHER } }), &["spec.import.id", "import.id is immutable"]),
            ],
        },
    ])
    .await;
}
