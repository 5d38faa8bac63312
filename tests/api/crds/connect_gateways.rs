//! Rules of `ConnectGateway`.

use serde_json::{Value, json};

use super::table::{OTHER, Table, UUID, common_accepted, common_with_description, prove, spec};

fn gateway(name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "directconnect.huaweicloud.com/v1alpha1", "kind": "ConnectGateway",
        "metadata": { "name": name }, "spec": spec,
    })
}

#[tokio::test]
async fn connect_gateways_are_checked() {
    let mut accepted = common_accepted();
    accepted.extend([
        spec(json!({ "addressFamily": "ipv4" })),
        spec(json!({ "addressFamily": "dual", "description": "d".repeat(255) })),
        spec(json!({ "policy": { "ignoreFields": ["name", "description", "addressFamily"] } })),
    ]);
    let mut refused = common_with_description(255);
    refused.extend([
        (spec(json!({ "addressFamily": "ipv6" })), &["spec.addressFamily", "\"ipv4\", \"dual\""] as &[_]),
        (spec(json!({ "addressFamily": "" })), &["spec.addressFamily", "\"ipv4\", \"dual\""]),
    ]);
    let full = gateway(
        "full-cgw",
        &json!({ "accountRef": { "name": "team-a" }, "import": { "id": UUID }, "name": "edge", "addressFamily": "ipv4" }),
    );
    prove(vec![
        Table {
            base: gateway("plain-cgw", &json!({})),
            accepted,
            refused,
            mutable: vec![spec(json!({ "name": "new", "addressFamily": "dual" })), spec(json!({ "import": { "naturalKey": true } }))],
            immutable: vec![(spec(json!({ "accountRef": { "name": "late" } })), &["spec.accountRef", "accountRef is immutable"])],
        },
        Table {
            base: full,
            accepted: Vec::new(),
            refused: Vec::new(),
            mutable: vec![
                spec(json!({ "name": "new", "description": "new", "addressFamily": "dual", "policy": { "deletion": "Retain" } })),
                spec(json!({ "name": null, "addressFamily": null, "import": null })),
            ],
            immutable: vec![
                (spec(json!({ "accountRef": { "name": "other" } })), &["spec.accountRef", "accountRef is immutable"]),
                (spec(json!({ "accountRef": null })), &["spec.accountRef", "accountRef is immutable"]),
                (spec(json!({ "import": { "id": OTHER } })), &["spec.import.id", "import.id is immutable"]),
            ],
        },
    ])
    .await;
}
