//! The row of `GlobalGatewayRoute`. One operation makes, changes and deletes routes.

use serde_json::{Value, json};
use support::line::global_gateway;

use crate::every_kind::row::{Change, Drift, Ids, Row};

const GATEWAY: &str = "backbone";
const NEXT: &str = "next";
const DESTINATION: &str = "10.20.0.0/16";
const WRITE: &str = "UpdateGdgwRouteTable";

pub const ROW: Row = Row {
    kind: "GlobalGatewayRoute",
    before: || vec![global_gateway(GATEWAY), global_gateway(NEXT)],
    spec,
    observed: || json!({ "destination": DESTINATION, "type": "gdgw", "addressFamily": "ipv4", "obtainMode": "specific", "status": "ACTIVE" }),
    healthy: None,
    blank: &[],
    table: "gdgw_routetables",
    foreign: ("gdgw_route", |ids| {
        json!({
            "gateway_id": ids.before[GATEWAY], "destination": DESTINATION, "nexthop": ids.before[NEXT], "type": "gdgw",
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
        "globalGatewayRef": { "name": GATEWAY }, "nextHopGlobalGatewayRef": { "name": NEXT }, "destination": DESTINATION,
        "description": "ours",
    })
}

fn changes() -> Vec<Change> {
    let one = |text: &str| Change { spec: json!({ "description": text }), shown: json!({ "description": text }), calls: &[WRITE] };
    vec![one("new"), one("newer"), one("")]
}
