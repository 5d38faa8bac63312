//! The row of `GlobalEipAssociation`.

use serde_json::{Value, json};
use support::line::object;

use crate::every_kind::row::{Drift, Row};

const GATEWAY: &str = "gateway";

pub const ROW: Row = Row {
    kind: "GlobalEipAssociation",
    before: || vec![object("ConnectGateway", GATEWAY, &json!({}))],
    spec: |ids| json!({ "connectGatewayRef": { "name": GATEWAY }, "globalEipId": ids.own }),
    observed: || json!({ "status": "BIND_SUCCESSFULLY", "type": "IP_ADDRESS", "addressFamily": "ipv4" }),
    healthy: None,
    blank: &[],
    table: "global_eips",
    foreign: ("global_eip", |ids| json!({ "id": ids.own, "global_eip_id": ids.own, "connect_gateway_id": ids.before[GATEWAY] })),
    list: "ListGlobalEips",
    create: Some("BindGlobalEips"),
    update: None,
    delete: Some("UnbindGlobalEips"),
    changes: Vec::new,
    drift: || Drift { field: "", ours: Value::Null, theirs: Value::Null },
    by_id: false,
    by_natural_key: true,
    quota: Some("global_eips"),
    feature: Some("connectGateways"),
};
