//! The row of `ConnectGateway`.

use serde_json::{Value, json};

use crate::every_kind::row::{Change, Drift, Ids, Row};

pub const ROW: Row = Row {
    kind: "ConnectGateway",
    before: Vec::new,
    spec,
    observed: || json!({ "name": "edge", "status": "DOWN", "addressFamily": "ipv4", "bgpAsn": 139_144, "currentGeipCount": 0 }),
    // Nothing uses it yet.
    healthy: Some("False"),
    blank: &[],
    table: "connect_gateways",
    foreign: ("connect_gateway", |_| json!({ "name": "edge", "description": "ours" })),
    list: "ListConnectGateways",
    create: Some("CreateConnectGateway"),
    update: Some("UpdateConnectGateway"),
    delete: Some("DeleteConnectGateway"),
    changes,
    drift: || Drift { field: "description", ours: json!({ "description": "ours" }), theirs: json!({ "description": "theirs" }) },
    by_id: true,
    by_natural_key: true,
    quota: Some("connect_gateways"),
    feature: Some("connectGateways"),
};

fn spec(_: &Ids) -> Value {
    json!({ "name": "edge", "description": "ours" })
}

fn changes() -> Vec<Change> {
    let one = |spec, shown| Change { spec, shown, calls: &["UpdateConnectGateway"] };
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
