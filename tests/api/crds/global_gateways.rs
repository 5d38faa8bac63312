//! Rules of `GlobalGateway`.

use serde_json::{Value, json};

use super::table::{Case, OTHER, Table, UUID, common_accepted, common_with_description, prove, spec, tags, tags_accepted};

fn gateway(name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "directconnect.huaweicloud.com/v1alpha1", "kind": "GlobalGateway",
        "metadata": { "name": name }, "spec": spec,
    })
}

fn refused() -> Vec<Case> {
    let mut cases = common_with_description(255);
    cases.extend(tags());
    cases.extend([
        (spec(json!({ "bgpAsn": 0 })), &["spec.bgpAsn", "1"] as &[&str]),
        (spec(json!({ "bgpAsn": 4_294_967_296_i64 })), &["spec.bgpAsn", "4294967295"]),
        (spec(json!({ "addressFamily": "ipv6" })), &["spec.addressFamily", "\"ipv4\", \"dual\""]),
        (
            spec(json!({ "enterpriseProjectId": "1" })),
            &["spec.enterpriseProjectId", "enterpriseProjectId must be a UUID in lower case, or 0"],
        ),
    ]);
    cases
}

#[tokio::test]
async fn global_gateways_are_checked() {
    let mut accepted = common_accepted();
    accepted.extend(tags_accepted());
    accepted.extend([
        spec(json!({ "bgpAsn": 4_294_967_295_i64, "enterpriseProjectId": "0", "addressFamily": "dual" })),
        spec(json!({ "description": "d".repeat(255), "enterpriseProjectId": OTHER })),
    ]);
    let full = gateway(
        "full-global",
        &json!({
            "accountRef": { "name": "team-a" }, "import": { "id": UUID }, "bgpAsn": 64512, "enterpriseProjectId": "0",
            "addressFamily": "ipv4", "tags": { "a": "b" },
        }),
    );
    prove(vec![
        Table {
            base: gateway("plain-global", &json!({})),
            accepted,
            refused: refused(),
            mutable: vec![spec(json!({ "addressFamily": "dual" }))],
            immutable: vec![
                (spec(json!({ "bgpAsn": 64512 })), &["spec.bgpAsn", "bgpAsn is immutable"]),
                (spec(json!({ "tags": { "a": "b" } })), &["spec.tags", "tags is immutable"]),
                (spec(json!({ "accountRef": { "name": "late" } })), &["spec.accountRef", "accountRef is immutable"]),
            ],
        },
        Table {
            base: full,
            accepted: Vec::new(),
            refused: Vec::new(),
            mutable: vec![
                spec(json!({ "name": "new", "description": "new", "addressFamily": "dual", "policy": { "ignoreFields": ["tags"] } })),
                spec(json!({ "addressFamily": null, "import": null })),
            ],
            immutable: vec![
                (
                    spec(json!({ "bgpAsn": 64999 })),
                    &["spec.bgpAsn", "bgpAsn is immutable: to change it, delete the object and create it again"],
                ),
                (spec(json!({ "enterpriseProjectId": null })), &["spec.enterpriseProjectId", "enterpriseProjectId is immutable"]),
                (spec(json!({ "tags": { "a": "c" } })), &["spec.tags", "tags is immutable"]),
                (spec(json!({ "tags": null })), &["spec.tags", "tags is immutable"]),
                (spec(json!({ "accountRef": null })), &["spec.accountRef", "accountRef is immutable"]),
                (spec(json!({ "import": { "id": OTHER } })), &["spec.import.id", "import.id is immutable"]),
            ],
        },
    ])
    .await;
}
