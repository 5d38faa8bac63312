//! The row of `GlobalGateway`.

use serde_json::{Value, json};

use crate::every_kind::row::{Change, Drift, Ids, Row};

pub const ROW: Row = Row {
    kind: "GlobalGateway",
    before: Vec::new,
    spec,
    observed: || json!({ "name": "edge", "status": "DOWN", "addressFamily": "ipv4", "bgpAsn": 4_200_000_000_u32, "currentPeerLinkCount": 0 }),
    // No interface works on it yet.
    healthy: Some("False"),
    blank: &[],
    table: "global_dc_gateways",
    foreign: ("global_dc_gateway", |_| json!({ "name": "edge", "description": "ours", "bgp_asn": 4_200_000_000_u32 })),
    list: "ListGlobalDcGateways",
    create: Some("CreateGlobalDcGateway"),
    update: Some("UpdateGlobalDcGateway"),
    delete: Some("DeleteGlobalDcGateway"),
    changes,
    drift: || Drift { field: "description", ours: json!({ "description": "ours" }), theirs: json!({ "description": "theirs" }) },
    by_id: true,
    by_natural_key: true,
    quota: Some("global_dc_gateways"),
    feature: Some("globalGateways"),
};

fn spec(_: &Ids) -> Value {
    json!({ "name": "edge", "description": "ours", "bgpAsn": 4_200_000_000_u32 })
}

fn changes() -> Vec<Change> {
    let one = |spec, shown| Change { spec, shown, calls: &["UpdateGlobalDcGateway"] };
    vec![
        one(json!({ "name": "other" }), json!({ "name": "other" })),
        one(json!({ "description": "new" }), json!({ "description": "new" })),
        one(json!({ "addressFamily": "dual" }), json!({ "address_family": "dual" })),
        // What the spec leaves open stays as it is.
        Change { spec: json!({ "addressFamily": null }), shown: json!({ "address_family": "dual" }), calls: &[] },
        one(
            json!({ "name": "third", "description": "", "addressFamily": "ipv4" }),
            json!({ "name": "third", "description": "", "address_family": "ipv4" }),
        ),
    ]
}
