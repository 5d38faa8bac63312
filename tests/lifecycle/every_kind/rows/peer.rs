//! The row of `Peer`.

use serde_json::{Value, json};
use support::line::{gateway, interface, peer};

use crate::every_kind::row::{Change, Drift, Ids, Row};

const INTERFACE: &str = "vif";

pub const ROW: Row = Row {
    kind: "Peer",
    before: || vec![gateway("gw", 1), interface(INTERFACE, "gw", 30)],
    spec,
    observed: || json!({ "name": "second", "addressFamily": "ipv6", "routeMode": "static", "remoteEpGroup": ["fd00:bbbb::/64"] }),
    healthy: Some("True"),
    blank: &["BGP"],
    table: "virtual_interfaces",
    foreign: ("vif_peer", |ids| {
        json!({
            "vif_id": ids.before[INTERFACE], "name": "second", "description": "ours", "address_family": "ipv6", "route_mode": "static",
            "local_gateway_ip": "fd00:aaaa::1/64", "remote_gateway_ip": "fd00:aaaa::2/64", "remote_ep_group": ["fd00:bbbb::/64"],
        })
    }),
    list: "ListVirtualInterfaces",
    create: Some("CreateVifPeer"),
    update: Some("UpdateVifPeer"),
    delete: Some("DeleteVifPeer"),
    changes,
    drift: || Drift { field: "description", ours: json!({ "description": "ours" }), theirs: json!({ "description": "theirs" }) },
    by_id: true,
    by_natural_key: true,
    quota: None,
    feature: None,
};

fn spec(_: &Ids) -> Value {
    let mut spec = peer("it", INTERFACE)["spec"].clone();
    (spec["name"], spec["description"]) = (json!("second"), json!("ours"));
    spec
}

fn changes() -> Vec<Change> {
    let one = |spec, shown| Change { spec, shown, calls: &["UpdateVifPeer"] };
    vec![
        one(json!({ "name": "other" }), json!({ "name": "other" })),
        one(json!({ "description": "new" }), json!({ "description": "new" })),
        one(json!({ "remoteEpGroup": ["fd00:cccc::/64"] }), json!({ "remote_ep_group": ["fd00:cccc::/64"] })),
        one(
            json!({ "name": "third", "description": "", "remoteEpGroup": ["fd00:dddd::/64"] }),
            json!({ "name": "third", "description": "", "remote_ep_group": ["fd00:dddd::/64"] }),
        ),
    ]
}
