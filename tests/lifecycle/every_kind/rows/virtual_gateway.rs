//! The row of `VirtualGateway`.

use serde_json::{Value, json};
use support::line::{gateway, vpc};

use crate::every_kind::row::{Change, Drift, Ids, Row};

pub const ROW: Row = Row {
    kind: "VirtualGateway",
    before: Vec::new,
    spec,
    observed: || json!({ "name": "edge", "status": "ACTIVE", "vpcId": vpc(1), "localEpGroup": ["172.16.1.0/24"], "localEpGroupIpv6": ["fd00:1::/64"] }),
    healthy: Some("True"),
    blank: &[],
    table: "virtual_gateways",
    foreign: ("virtual_gateway", |_| {
        json!({
            "name": "edge", "description": "ours", "vpc_id": vpc(1), "local_ep_group": ["172.16.1.0/24"],
            "local_ep_group_ipv6": ["fd00:1::/64"], "tags": [],
        })
    }),
    list: "ListVirtualGateways",
    create: Some("CreateVirtualGateway"),
    update: Some("UpdateVirtualGateway"),
    delete: Some("DeleteVirtualGateway"),
    changes,
    drift: || Drift { field: "description", ours: json!({ "description": "ours" }), theirs: json!({ "description": "theirs" }) },
    by_id: true,
    by_natural_key: true,
    quota: Some("virtual_gateways"),
    feature: None,
};

fn spec(_: &Ids) -> Value {
    let mut spec = gateway("it", 1)["spec"].clone();
    (spec["name"], spec["description"]) = (json!("edge"), json!("ours"));
    spec
}

fn changes() -> Vec<Change> {
    let one = |spec, shown| Change { spec, shown, calls: &["UpdateVirtualGateway"] };
    vec![
        one(json!({ "name": "other" }), json!({ "name": "other" })),
        one(json!({ "description": "new" }), json!({ "description": "new" })),
        one(json!({ "localEpGroup": ["172.17.0.0/24"] }), json!({ "local_ep_group": ["172.17.0.0/24"] })),
        one(json!({ "localEpGroupIpv6": ["fd00:2::/64"] }), json!({ "local_ep_group_ipv6": ["fd00:2::/64"] })),
        Change { spec: json!({ "tags": { "team": "network" } }), shown: json!({}), calls: &["BatchCreateResourceTags"] },
        one(
            json!({ "name": "third", "description": "", "localEpGroup": ["172.18.0.0/24"] }),
            json!({ "name": "third", "description": "", "local_ep_group": ["172.18.0.0/24"] }),
        ),
    ]
}
