//! The row of `HostedConnection`.

use serde_json::{Value, json};
use support::simulator::{OPERATIONS, PARTNER};

use crate::every_kind::row::{Change, Drift, Ids, Row};

pub const ROW: Row = Row {
    kind: "HostedConnection",
    before: Vec::new,
    spec,
    observed: || json!({ "name": "edge", "status": "BUILD", "hostingId": OPERATIONS, "vlan": 300, "bandwidth": 50, "tenantId": PARTNER }),
    healthy: Some("True"),
    blank: &[],
    table: "direct_connects",
    foreign: ("direct_connect", |_| {
        json!({
            "name": "edge", "description": "ours", "type": "hosted", "hosting_id": OPERATIONS, "vlan": 300, "bandwidth": 50,
            "tenant_id": PARTNER,
        })
    }),
    list: "ListHostedDirectConnects",
    create: Some("CreateHostedDirectConnect"),
    update: Some("UpdateHostedDirectConnect"),
    delete: Some("DeleteHostedDirectConnect"),
    changes,
    drift: || Drift { field: "description", ours: json!({ "description": "ours" }), theirs: json!({ "description": "theirs" }) },
    by_id: true,
    by_natural_key: true,
    quota: None,
    feature: Some("hostedConnections"),
};

fn spec(_: &Ids) -> Value {
    json!({
        "name": "edge", "description": "ours", "hostingId": OPERATIONS, "vlan": 300, "bandwidth": 50,
        "resourceTenantId": PARTNER,
    })
}

fn changes() -> Vec<Change> {
    let one = |spec, shown| Change { spec, shown, calls: &["UpdateHostedDirectConnect"] };
    vec![
        one(json!({ "name": "other" }), json!({ "name": "other" })),
        one(json!({ "description": "new" }), json!({ "description": "new" })),
        one(json!({ "bandwidth": 60 }), json!({ "bandwidth": 60 })),
        one(json!({ "peerLocation": "there" }), json!({ "peer_location": "there" })),
        one(
            json!({ "name": "third", "description": "", "bandwidth": 70, "peerLocation": "" }),
            json!({ "name": "third", "description": "", "bandwidth": 70, "peer_location": "" }),
        ),
    ]
}
