//! The row of `VirtualInterface`.

use serde_json::{Value, json};
use support::line::{gateway, interface};
use support::simulator::LINE_A;

use crate::every_kind::row::{Change, Drift, Ids, Row};

const GATEWAY: &str = "gw";

pub const ROW: Row = Row {
    kind: "VirtualInterface",
    before: || vec![gateway(GATEWAY, 1)],
    spec,
    observed: || json!({ "name": "line", "status": "ACTIVE", "vlan": 30, "bandwidth": 50, "connectionId": LINE_A }),
    healthy: Some("True"),
    blank: &["BGP"],
    table: "virtual_interfaces",
    foreign: ("virtual_interface", |ids| {
        json!({
            "name": "line", "description": "ours", "direct_connect_id": LINE_A, "vgw_id": ids.before[GATEWAY], "vlan": 30, "bandwidth": 50,
            "route_mode": "static", "local_gateway_v4_ip": "10.0.0.1/30", "remote_gateway_v4_ip": "10.0.0.2/30",
            "remote_ep_group": ["10.1.123.0/24"],
        })
    }),
    list: "ListVirtualInterfaces",
    create: Some("CreateVirtualInterface"),
    update: Some("UpdateVirtualInterface"),
    delete: Some("DeleteVirtualInterface"),
    changes,
    drift: || Drift { field: "bandwidth", ours: json!({ "bandwidth": 50 }), theirs: json!({ "bandwidth": 99 }) },
    by_id: true,
    by_natural_key: true,
    quota: Some("virtual_interfaces"),
    feature: None,
};

fn spec(_: &Ids) -> Value {
    let mut spec = interface("it", GATEWAY, 30)["spec"].clone();
    (spec["name"], spec["description"]) = (json!("line"), json!("ours"));
    spec
}

fn changes() -> Vec<Change> {
    let one = |spec, shown| Change { spec, shown, calls: &["UpdateVirtualInterface"] };
    vec![
        one(json!({ "name": "other" }), json!({ "name": "other" })),
        one(json!({ "description": "new" }), json!({ "description": "new" })),
        one(json!({ "bandwidth": 80 }), json!({ "bandwidth": 80 })),
        one(json!({ "remoteEpGroup": ["10.2.0.0/24"] }), json!({ "remote_ep_group": ["10.2.0.0/24"] })),
        one(json!({ "enableNqa": true }), json!({ "enable_nqa": true })),
        Change { spec: json!({ "tags": { "team": "network" } }), shown: json!({}), calls: &["BatchCreateResourceTags"] },
        one(json!({ "name": "third", "bandwidth": 90 }), json!({ "name": "third", "bandwidth": 90 })),
    ]
}
