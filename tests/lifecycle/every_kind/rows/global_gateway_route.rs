//! The row of `GlobalGatewayRoute`. One operation makes, changes and deletes routes.

use serde_json::{Value, json};
use support::line::{global_gateway, on_global, peer, with};

use crate::every_kind::row::{Change, Drift, Ids, Row};

const GATEWAY: &str = "backbone";
const PEER: &str = "six";
const DESTINATION: &str = "fd00:20::/64";
const WRITE: &str = "UpdateGdgwRouteTable";

pub const ROW: Row = Row {
    kind: "GlobalGatewayRoute",
    before: || {
        let gateway = with(global_gateway(GATEWAY), &json!({ "addressFamily": "dual" }));
        vec![gateway, on_global("line", GATEWAY, 40), peer(PEER, "line")]
    },
    spec,
    observed: || json!({ "destination": DESTINATION, "type": "vif_peer", "addressFamily": "ipv6", "obtainMode": "specific", "status": "ACTIVE" }),
    healthy: None,
    blank: &[],
    table: "gdgw_routetables",
    foreign: ("gdgw_route", |ids| {
        json!({
            "gateway_id": ids.before[GATEWAY], "destination": DESTINATION, "nexthop": ids.before[PEER], "type": "vif_peer",
            "description": "ours",
        })
    }),
    list: "ListGdgwRouteTables",
    create: Some(WRITE),
    update: Some(WRITE),
    delete: Some(WRITE),
    changes,
    drift: || Drift { field: "description", ours: json!({ "description": "ours" }), theirs: json!({ "description": "theirs" }) },
    by_id: true,
    by_natural_key: true,
    quota: None,
    feature: Some("globalGateways"),
};

fn spec(_: &Ids) -> Value {
    json!({
        "globalGatewayRef": { "name": GATEWAY }, "peerRef": { "name": PEER }, "destination": DESTINATION, "description": "ours",
    })
}

fn changes() -> Vec<Change> {
    let one = |text: &str| Change { spec: json!({ "description": text }), shown: json!({ "description": text }), calls: &[WRITE] };
    vec![one("new"), one("newer"), one("")]
}
