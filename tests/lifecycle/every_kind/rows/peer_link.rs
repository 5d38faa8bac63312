//! The row of `PeerLink`.

use serde_json::{Value, json};
use support::line::{ROUTER, global_gateway, on_global, peer_link};
use support::simulator::{PROJECT, REGION};

use crate::every_kind::row::{Change, Drift, Ids, Row};

const GATEWAY: &str = "backbone";

pub const ROW: Row = Row {
    kind: "PeerLink",
    before: || vec![global_gateway(GATEWAY), on_global("line", GATEWAY, 40)],
    spec,
    observed: || json!({ "name": "edge", "status": "ACTIVE", "bandwidth": 0 }),
    healthy: Some("True"),
    blank: &[],
    table: "peer_links",
    foreign: ("peer_link", |ids| {
        json!({
            "global_dc_gateway_id": ids.before[GATEWAY], "name": "edge", "description": "ours",
            "peer_site": { "gateway_id": ROUTER, "region_id": REGION, "project_id": PROJECT },
        })
    }),
    list: "ListPeerLinks",
    create: Some("CreatePeerLink"),
    update: Some("UpdatePeerLink"),
    delete: Some("DeletePeerLink"),
    changes,
    drift: || Drift { field: "description", ours: json!({ "description": "ours" }), theirs: json!({ "description": "theirs" }) },
    by_id: true,
    by_natural_key: true,
    quota: Some("peer_links"),
    feature: Some("globalGateways"),
};

fn spec(_: &Ids) -> Value {
    let mut spec = peer_link("it", GATEWAY, Some("line"))["spec"].clone();
    (spec["name"], spec["description"]) = (json!("edge"), json!("ours"));
    spec
}

fn changes() -> Vec<Change> {
    let one = |spec, shown| Change { spec, shown, calls: &["UpdatePeerLink"] };
    vec![
        one(json!({ "name": "other" }), json!({ "name": "other" })),
        one(json!({ "description": "new" }), json!({ "description": "new" })),
        // It is not sent.
        Change { spec: json!({ "virtualInterfaceRef": null }), shown: json!({ "description": "new" }), calls: &[] },
        one(json!({ "name": "third", "description": "" }), json!({ "name": "third", "description": "" })),
    ]
}
