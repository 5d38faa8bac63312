//! The row of `Connection`.

use serde_json::{Value, json};

use crate::every_kind::row::{Change, Drift, Ids, Row};

pub const ROW: Row = Row {
    kind: "Connection",
    before: Vec::new,
    spec,
    observed: || json!({ "name": "edge", "status": "ACTIVE", "type": "standard", "portType": "10G", "bandwidth": 1000, "location": "here" }),
    healthy: Some("True"),
    blank: &[],
    table: "direct_connects",
    foreign: (
        "direct_connect",
        |_| json!({ "name": "edge", "description": "ours", "port_type": "10G", "bandwidth": 1000, "location": "here" }),
    ),
    list: "ListDirectConnects",
    create: None,
    update: Some("UpdateDirectConnect"),
    delete: None,
    changes,
    drift: || Drift { field: "description", ours: json!({ "description": "ours" }), theirs: json!({ "description": "theirs" }) },
    by_id: true,
    by_natural_key: true,
    quota: None,
    feature: None,
};

fn spec(_: &Ids) -> Value {
    json!({ "name": "edge", "description": "ours" })
}

fn changes() -> Vec<Change> {
    let one = |spec, shown| Change { spec, shown, calls: &["UpdateDirectConnect"] };
    vec![
        one(json!({ "name": "other" }), json!({ "name": "other" })),
        one(json!({ "description": "new" }), json!({ "description": "new" })),
        one(json!({ "peerLocation": "there" }), json!({ "peer_location": "there" })),
        // What the spec leaves open stays as it is.
        Change { spec: json!({ "description": null }), shown: json!({ "description": "new" }), calls: &[] },
        Change {
            spec: json!({ "tags": { "team": "network" } }),
            shown: json!({ "tags": [{ "key": "team", "value": "network" }] }),
            calls: &["BatchCreateResourceTags"],
        },
        Change { spec: json!({ "tags": {} }), shown: json!({ "tags": [{ "key": "team", "value": "network" }] }), calls: &[] },
        Change {
            spec: json!({ "name": "third", "description": "", "peerLocation": "", "tags": { "team": "lines" } }),
            shown: json!({ "name": "third", "description": "", "peer_location": "", "tags": [{ "key": "team", "value": "lines" }] }),
            calls: &["UpdateDirectConnect", "BatchCreateResourceTags"],
        },
    ]
}
