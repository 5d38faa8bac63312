//! Rules of `GlobalEipAssociation`.

use serde_json::{Value, json};

use super::table::{Case, OTHER, Table, UUID, common, common_accepted, prove_but, spec};

fn binding(name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "directconnect.huaweicloud.com/v1alpha1", "kind": "GlobalEipAssociation",
        "metadata": { "name": name }, "spec": spec,
    })
}

/// A binding has no name and no description, and nothing of it is a field that could be ignored under these names.
fn is_of_a_binding((change, _): &Case) -> bool {
    let spec = &change["spec"];
    spec["name"].is_null()
        && spec["description"].is_null()
        && spec["policy"]["ignoreFields"].is_null()
        && spec["import"]["id"].is_null()
        && change["metadata"].is_null()
}

#[tokio::test]
async fn bindings_of_global_eips_are_checked() {
    let one: &[&str] = &["spec must have exactly one of connectGatewayRef, connectGatewayId"];
    let by_key: &[&str] = &["spec.import", "import can only have naturalKey: globalEipId names the binding"];
    let mut refused: Vec<Case> = common().into_iter().filter(is_of_a_binding).collect();
    refused.extend([
        (spec(json!({ "connectGatewayRef": null })), one),
        (spec(json!({ "connectGatewayId": UUID })), one),
        (
            spec(json!({ "connectGatewayRef": null, "connectGatewayId": "cgw" })),
            &["spec.connectGatewayId", "connectGatewayId must be a UUID"],
        ),
        (spec(json!({ "connectGatewayRef": { "name": "A" } })), &["spec.connectGatewayRef.name", "name must be the name of an object"]),
        (spec(json!({ "connectGatewayRef": { "namespace": "a.b" } })), &["spec.connectGatewayRef.namespace", "name of a namespace"]),
        (spec(json!({ "globalEipId": "eip" })), &["spec.globalEipId", "globalEipId must be a UUID"]),
        (spec(json!({ "globalEipId": null })), &["spec.globalEipId", "Required"]),
        (spec(json!({ "gcbId": UUID.to_uppercase() })), &["spec.gcbId", "gcbId must be a UUID in lower case"]),
        (spec(json!({ "type": "SEGMENT" })), &["spec.type", "\"IP_ADDRESS\", \"IP_SEGMENT\""]),
        (spec(json!({ "import": { "id": UUID } })), by_key),
        (spec(json!({ "import": { "id": "eip" } })), &["spec.import.id", "import.id must be a UUID"]),
        (spec(json!({ "import": { "id": UUID, "naturalKey": true } })), &["import must have exactly one of id, naturalKey"]),
        (spec(json!({ "policy": { "ignoreFields": ["globalEipId"] } })), &["policy.ignoreFields must contain only fields", "gcbId"]),
    ]);
    let accepted = common_accepted().into_iter().filter(|change| is_of_a_binding(&(change.clone(), &[]))).chain([
        spec(json!({ "connectGatewayRef": { "name": "gateway", "namespace": "network" } })),
        spec(json!({ "connectGatewayRef": null, "connectGatewayId": UUID })),
        spec(json!({ "type": "IP_SEGMENT", "gcbId": OTHER })),
        spec(json!({ "type": "IP_ADDRESS", "policy": { "ignoreFields": ["connectGatewayRef", "connectGatewayId", "type", "gcbId"] } })),
    ]);
    let by_name = json!({ "connectGatewayRef": { "name": "gateway" }, "globalEipId": UUID });
    let by_id =
        json!({ "accountRef": { "name": "team-a" }, "connectGatewayId": UUID, "globalEipId": UUID, "gcbId": UUID, "type": "IP_SEGMENT" });
    let fixed = |field: &'static str, value: Value| -> Case {
        let told: &[&str] = match field {
            "connectGatewayRef" => &["connectGatewayRef is immutable"],
            "connectGatewayId" => &["connectGatewayId is immutable"],
            "globalEipId" => &["globalEipId is immutable"],
            "type" => &["type is immutable"],
            "gcbId" => &["gcbId is immutable"],
            _ => &["accountRef is immutable"],
        };
        (spec(json!({ field: value })), told)
    };
    // No binding has an ID in its import.
    prove_but(
        &["import.id is immutable once set"],
        vec![
            Table {
                base: binding("by-name", &by_name),
                accepted: accepted.collect(),
                refused,
                mutable: vec![
                    spec(json!({ "type": "IP_ADDRESS" })),
                    spec(json!({ "import": { "naturalKey": true }, "policy": { "deletion": "Retain" } })),
                ],
                immutable: vec![
                    fixed("connectGatewayRef", json!({ "name": "other" })),
                    fixed("globalEipId", json!(OTHER)),
                    fixed("type", json!("IP_SEGMENT")),
                    fixed("gcbId", json!(OTHER)),
                    fixed("accountRef", json!({ "name": "late" })),
                    (spec(json!({ "connectGatewayRef": null, "connectGatewayId": UUID })), &["connectGatewayRef is immutable"]),
                ],
            },
            Table {
                base: binding("by-id", &by_id),
                accepted: Vec::new(),
                refused: vec![(spec(json!({ "import": { "id": UUID } })), by_key)],
                mutable: vec![spec(json!({ "policy": { "management": "ObserveOnly" } }))],
                immutable: vec![
                    fixed("connectGatewayId", json!(OTHER)),
                    fixed("globalEipId", json!(OTHER)),
                    fixed("type", Value::Null),
                    fixed("gcbId", Value::Null),
                    fixed("accountRef", Value::Null),
                ],
            },
        ],
    )
    .await;
}
