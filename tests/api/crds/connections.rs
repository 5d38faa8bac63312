//! Rules of `Connection` and `HostedConnection`.

use serde_json::{Value, json};

use super::table::{Case, OTHER, PROJECT, Table, UUID, common, common_accepted, prove, spec, tags, tags_accepted};

fn object(kind: &str, name: &str, spec: &Value) -> Value {
    json!({ "apiVersion": "directconnect.huaweicloud.com/v1alpha1", "kind": kind, "metadata": { "name": name }, "spec": spec })
}

/// The cases of a base that imports by id, without those of fields that are other here.
fn shared(cases: Vec<Case>) -> Vec<Case> {
    let is_other = |change: &Value| {
        let spec = &change["spec"];
        // A connection need not be named, and has a tag more.
        !spec["import"].is_null() || change["metadata"].is_object() || spec["tags"].as_object().is_some_and(|tags| tags.len() == 10)
    };
    cases.into_iter().filter(|(change, _)| !is_other(change)).collect()
}

#[tokio::test]
async fn connections_are_checked() {
    let base = object("Connection", "line", &json!({ "import": { "id": UUID }, "name": "line" }));
    let by_name = object("Connection", "line-by-name", &json!({ "import": { "naturalKey": true }, "name": "line" }));
    let found = |mut object: Value| {
        object["status"] = json!({ "id": UUID });
        object
    };
    let many = |count: usize| (0..count).map(|i| (format!("k{i}"), json!(""))).collect::<serde_json::Map<_, _>>();
    let required: &[&str] = &["spec.import", "import is required: a connection is ordered in the console"];
    let never: &[&str] = &["spec.policy.deletion", "a connection is never deleted by the operator; cancel it in the console"];
    let mut refused = shared(common());
    refused.extend(shared(tags()));
    refused.extend([
        (spec(json!({ "import": null })), required),
        (spec(json!({ "import": { "id": null } })), &["spec.import", "import must have exactly one of id, naturalKey"]),
        (spec(json!({ "import": { "naturalKey": true } })), &["import must have exactly one of id, naturalKey"]),
        (spec(json!({ "import": { "id": "line" } })), &["spec.import.id", "import.id must be a UUID"]),
        (spec(json!({ "import": { "id": null, "naturalKey": false } })), &["import.naturalKey can only be true"]),
        (
            spec(json!({ "import": { "id": null, "naturalKey": true }, "name": null })),
            &["spec.name", "name is required with import.naturalKey"],
        ),
        (spec(json!({ "policy": { "deletion": "Delete" } })), never),
        (spec(json!({ "policy": { "ignoreFields": ["bandwidth"] } })), &["policy.ignoreFields must contain only fields", "peerLocation"]),
        (spec(json!({ "peerLocation": "p".repeat(256) })), &["spec.peerLocation", "255"]),
        (spec(json!({ "tags": many(11) })), &["spec.tags", "10"]),
    ]);
    let mut accepted: Vec<Value> = common_accepted();
    accepted.retain(|change| change["spec"].get("import").is_none());
    accepted.extend(tags_accepted());
    accepted.extend([
        spec(json!({ "name": null })),
        json!({ "metadata": { "name": "n".repeat(65) }, "spec": { "name": null } }),
        spec(json!({ "import": { "id": null, "naturalKey": true } })),
        spec(json!({ "policy": { "deletion": "Retain", "ignoreFields": ["name", "tags"] }, "peerLocation": "p".repeat(255) })),
        spec(json!({ "tags": many(10) })),
    ]);
    let mutable = vec![
        spec(
            json!({ "name": "new", "description": "new", "peerLocation": "new", "tags": { "a": "b" }, "policy": { "deletion": "Retain" } }),
        ),
        spec(json!({ "name": null })),
    ];
    let immutable: Vec<Case> = vec![
        (spec(json!({ "import": { "id": OTHER } })), &["spec.import", "import is immutable", "import.id is immutable"]),
        (spec(json!({ "import": null })), required),
        (spec(json!({ "import": { "id": null, "naturalKey": true } })), &["spec.import", "import is immutable"]),
        (spec(json!({ "accountRef": { "name": "late" } })), &["spec.accountRef", "accountRef is immutable"]),
        (spec(json!({ "policy": { "deletion": "Delete" } })), never),
    ];
    let of_name: Vec<Case> = vec![
        (spec(json!({ "name": null })), &["spec.name", "name is required with import.naturalKey"]),
        (spec(json!({ "import": { "naturalKey": null, "id": UUID } })), &["spec.import", "import is immutable"]),
    ];
    prove(vec![
        Table { base: found(base), accepted, refused, mutable, immutable },
        Table {
            base: object("Connection", "line-not-found", &json!({ "import": { "naturalKey": true }, "name": "line" })),
            accepted: Vec::new(),
            refused: Vec::new(),
            mutable: vec![spec(json!({ "import": { "naturalKey": null, "id": UUID } })), spec(json!({ "name": "new" }))],
            immutable: Vec::new(),
        },
        Table {
            base: found(by_name),
            accepted: Vec::new(),
            refused: Vec::new(),
            mutable: vec![spec(json!({ "name": "new" }))],
            immutable: of_name,
        },
    ])
    .await;
}

#[tokio::test]
async fn hosted_connections_are_checked() {
    let base = object(
        "HostedConnection",
        "hosted",
        &json!({
            "hostingConnectionRef": { "name": "operations" }, "vlan": 100, "bandwidth": 50, "resourceTenantId": PROJECT,
            "import": { "id": UUID },
        }),
    );
    let one: &[&str] = &["spec must have exactly one of hostingConnectionRef, hostingId"];
    let mut refused: Vec<Case> = common().into_iter().filter(|(change, _)| change["spec"]["import"].is_null()).collect();
    refused.extend([
        (spec(json!({ "import": { "id": "x" } })), &["spec.import.id", "import.id must be a UUID"] as &[_]),
        (spec(json!({ "import": { "naturalKey": true } })), &["import must have exactly one of id, naturalKey"]),
        (spec(json!({ "import": { "id": null, "naturalKey": false } })), &["import.naturalKey can only be true"]),
        (spec(json!({ "hostingConnectionRef": null })), one),
        (spec(json!({ "hostingId": UUID })), one),
        (spec(json!({ "hostingConnectionRef": null, "hostingId": "line" })), &["spec.hostingId", "hostingId must be a UUID"]),
        (
            spec(json!({ "hostingConnectionRef": { "name": "Line" } })),
            &["spec.hostingConnectionRef.name", "name must be the name of an object"],
        ),
        (spec(json!({ "hostingConnectionRef": { "namespace": "a.b" } })), &["spec.hostingConnectionRef.namespace", "name of a namespace"]),
        (spec(json!({ "vlan": null })), &["spec.vlan", "Required"]),
        (spec(json!({ "vlan": 0 })), &["spec.vlan", "greater than or equal to 1"]),
        (spec(json!({ "vlan": 4000 })), &["spec.vlan", "3999"]),
        (spec(json!({ "bandwidth": null })), &["spec.bandwidth", "Required"]),
        (spec(json!({ "bandwidth": 1 })), &["spec.bandwidth", "greater than or equal to 2"]),
        (spec(json!({ "bandwidth": 400_001 })), &["spec.bandwidth", "400000"]),
        (spec(json!({ "resourceTenantId": null })), &["spec.resourceTenantId", "Required"]),
        (spec(json!({ "resourceTenantId": "tenant" })), &["spec.resourceTenantId", "must be 32 hexadecimal digits"]),
        (spec(json!({ "resourceTenantId": PROJECT.to_uppercase() })), &["spec.resourceTenantId", "must be 32 hexadecimal digits"]),
        (spec(json!({ "peerLocation": "p".repeat(256) })), &["spec.peerLocation", "255"]),
        (spec(json!({ "policy": { "ignoreFields": ["tags"] } })), &["policy.ignoreFields must contain only fields", "resourceTenantId"]),
    ]);
    let mut accepted: Vec<Value> = common_accepted().into_iter().filter(|change| change["spec"]["import"].is_null()).collect();
    accepted.extend([
        spec(json!({ "hostingConnectionRef": null, "hostingId": UUID })),
        spec(json!({ "hostingConnectionRef": { "namespace": "partner" } })),
        spec(json!({ "vlan": 1, "bandwidth": 2 })),
        spec(json!({ "vlan": 3999, "bandwidth": 400_000, "peerLocation": "p".repeat(255) })),
        spec(json!({ "import": { "id": null, "naturalKey": true } })),
    ]);
    let mutable = vec![
        spec(json!({ "name": "n", "description": "d", "peerLocation": "p", "bandwidth": 100, "policy": { "deletion": "Retain" } })),
        spec(json!({ "import": null })),
    ];
    let immutable: Vec<Case> = vec![
        (spec(json!({ "hostingConnectionRef": { "name": "other" } })), &["spec.hostingConnectionRef", "hostingConnectionRef is immutable"]),
        (
            spec(json!({ "hostingConnectionRef": null, "hostingId": UUID })),
            &["hostingConnectionRef is immutable", "hostingId is immutable"],
        ),
        (spec(json!({ "vlan": 101 })), &["spec.vlan", "vlan is immutable"]),
        (spec(json!({ "resourceTenantId": "f".repeat(32) })), &["spec.resourceTenantId", "resourceTenantId is immutable"]),
        (spec(json!({ "accountRef": { "name": "late" } })), &["spec.accountRef", "accountRef is immutable"]),
        (spec(json!({ "import": { "id": OTHER } })), &["spec.import.id", "import.id is immutable"]),
    ];
    prove(vec![Table { base, accepted, refused, mutable, immutable }]).await;
}
