//! Rules of `VirtualGateway`.

use serde_json::{Value, json};

use super::table::{Case, OTHER, Table, UUID, common, common_accepted, many, prove, spec, tags, tags_accepted};

fn gateway(name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "directconnect.huaweicloud.com/v1alpha1", "kind": "VirtualGateway",
        "metadata": { "name": name }, "spec": spec,
    })
}

fn refused() -> Vec<Case> {
    let v4: &[&str] = &["spec.localEpGroup[0]", "localEpGroup must contain only IPv4 networks in CIDR notation"];
    let v6: &[&str] = &["spec.localEpGroupIpv6[0]", "localEpGroupIpv6 must contain only IPv6 networks in CIDR notation"];
    let one: &[&str] = &["spec must have exactly one of vpcId, enterpriseRouterId"];
    let mut cases = common();
    cases.extend(tags());
    cases.extend([
        (spec(json!({ "vpcId": null })), one),
        (spec(json!({ "enterpriseRouterId": UUID })), one),
        (spec(json!({ "vpcId": "vpc-1" })), &["spec.vpcId", "vpcId must be a UUID"]),
        (spec(json!({ "vpcId": UUID.to_uppercase() })), &["spec.vpcId", "vpcId must be a UUID in lower case"]),
        (spec(json!({ "vpcId": null, "enterpriseRouterId": "er" })), &["spec.enterpriseRouterId", "enterpriseRouterId must be a UUID"]),
        (spec(json!({ "localEpGroup": null })), &["spec.localEpGroup", "localEpGroup is required with vpcId: 1 to 50"]),
        (spec(json!({ "localEpGroup": [] })), &["spec.localEpGroup", "at least 1"]),
        (spec(json!({ "localEpGroup": many(51, |i| format!("10.{i}.0.0/16")) })), &["spec.localEpGroup", "50"]),
        (spec(json!({ "localEpGroup": ["10.0.0.0"] })), v4),
        (spec(json!({ "localEpGroup": ["10.0.0.1/24"] })), v4),
        (spec(json!({ "localEpGroupIpv6": ["FD00:2::/64"] })), v6),
        (spec(json!({ "localEpGroup": ["10.0.0.0/33"] })), v4),
        (spec(json!({ "localEpGroup": ["10.0.0.0/08"] })), v4),
        (spec(json!({ "localEpGroup": ["fd00:1::/64"] })), v4),
        (spec(json!({ "localEpGroup": [""] })), v4),
        (spec(json!({ "localEpGroup": ["10.0.0.0/16", "10.0.0.0/16"] })), &["spec.localEpGroup[1]", "Duplicate"]),
        (spec(json!({ "localEpGroupIpv6": [] })), &["spec.localEpGroupIpv6", "at least 1"]),
        (spec(json!({ "localEpGroupIpv6": many(51, |i| format!("fd00:{i}::/64")) })), &["spec.localEpGroupIpv6", "50"]),
        (spec(json!({ "localEpGroupIpv6": ["10.0.0.0/16"] })), v6),
        (spec(json!({ "localEpGroupIpv6": ["fd00:1::1/64"] })), v6),
        (spec(json!({ "localEpGroupIpv6": ["::ffff:10.0.0.0/104"] })), v6),
        (spec(json!({ "bgpAsn": 0 })), &["spec.bgpAsn", "1"]),
        (spec(json!({ "bgpAsn": 4_294_967_296_i64 })), &["spec.bgpAsn", "4294967295"]),
        (
            spec(json!({ "enterpriseProjectId": "1" })),
            &["spec.enterpriseProjectId", "enterpriseProjectId must be a UUID in lower case, or 0"],
        ),
    ]);
    cases
}

fn immutable() -> Vec<Case> {
    vec![
        (spec(json!({ "vpcId": OTHER })), &["spec.vpcId", "vpcId is immutable"]),
        (spec(json!({ "vpcId": null, "enterpriseRouterId": UUID })), &["vpcId is immutable", "enterpriseRouterId is immutable"]),
        (spec(json!({ "bgpAsn": 64999 })), &["spec.bgpAsn", "bgpAsn is immutable: to change it, delete the object and create it again"]),
        (spec(json!({ "bgpAsn": null })), &["spec.bgpAsn", "bgpAsn is immutable"]),
        (spec(json!({ "enterpriseProjectId": "0" })), &["spec.enterpriseProjectId", "enterpriseProjectId is immutable"]),
        (spec(json!({ "accountRef": { "name": "other" } })), &["spec.accountRef", "accountRef is immutable"]),
        (spec(json!({ "accountRef": null })), &["spec.accountRef", "accountRef is immutable"]),
        (spec(json!({ "import": { "id": OTHER } })), &["spec.import.id", "import.id is immutable"]),
    ]
}

#[tokio::test]
async fn gateways_are_checked() {
    let full = gateway(
        "full",
        &json!({
            "accountRef": { "name": "team-a" }, "import": { "id": UUID }, "vpcId": UUID, "localEpGroup": ["10.0.0.0/16", "10.1.0.0/16"],
            "bgpAsn": 64512,
        }),
    );
    let mut accepted = common_accepted();
    accepted.extend(tags_accepted());
    accepted.extend([
        spec(json!({ "localEpGroup": many(50, |i| format!("10.{i}.0.0/16")), "localEpGroupIpv6": ["fd00:1::/64", "fd00:2::/64"] })),
        spec(json!({ "localEpGroup": ["0.0.0.0/0", "10.0.0.1/32"] })),
        spec(json!({ "vpcId": null, "enterpriseRouterId": UUID, "localEpGroup": null })),
        spec(json!({ "bgpAsn": 4_294_967_295_i64, "enterpriseProjectId": "0" })),
        spec(json!({ "enterpriseProjectId": OTHER })),
    ]);
    let plain = gateway("plain", &json!({ "vpcId": UUID, "localEpGroup": ["10.0.0.0/16"] }));
    prove(vec![
        Table {
            base: plain,
            accepted,
            refused: refused(),
            mutable: Vec::new(),
            immutable: vec![
                (spec(json!({ "bgpAsn": 64512 })), &["spec.bgpAsn", "bgpAsn is immutable"]),
                (spec(json!({ "accountRef": { "name": "late" } })), &["spec.accountRef", "accountRef is immutable"]),
            ],
        },
        Table {
            base: full,
            accepted: Vec::new(),
            refused: Vec::new(),
            mutable: vec![
                spec(json!({ "name": "new", "description": "new", "tags": { "a": "b" }, "localEpGroup": ["10.9.0.0/16"] })),
                spec(json!({ "localEpGroupIpv6": ["fd00:1::/64"], "policy": { "deletion": "Retain" } })),
                spec(json!({ "import": null })),
            ],
            immutable: immutable(),
        },
    ])
    .await;
}
