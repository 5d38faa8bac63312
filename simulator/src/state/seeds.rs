//! What exists at the start: connections and locations, and of other services routers and global EIPs. The ids are fixed, as samples, tests and
//! the demo refer to them.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Cloud, Object, set};
use crate::operations::direct_connect_locations;

/// Where the second router is.
const OTHER_REGION: &str = "eu-west-102";
/// A project of the first account in that region.
const OTHER_PROJECT: &str = "0605768a3300d5762f82c01180692875";

/// The document of `--seeds`.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Seeds {
    /// Connections of the first project. A connection with the id of a built-in one replaces it.
    pub connections: Vec<Connection>,
}

#[derive(Clone, Deserialize)]
pub struct Connection {
    /// Required: manifests refer to it.
    id: String,
    name: String,
    /// Other fields of the API's `direct_connect`, over the defaults of the built-in ones.
    #[serde(flatten)]
    fields: Object,
}

pub fn cloud(project_id: &str, region: &str, seeds: &Seeds) -> Cloud {
    let built_in = [
        ("line-a", json!({"port_type": "10G", "bandwidth": 10_000, "location": "location-a", "device_id": "10.255.0.1"})),
        ("line-b", json!({"port_type": "10G", "bandwidth": 10_000, "location": "location-b", "device_id": "10.255.0.2"})),
        (
            "line-c",
            json!({"port_type": "1G", "bandwidth": 1_000, "location": "location-a", "device_id": "10.255.0.3", "charge_mode": "bandwidth"}),
        ),
        (
            "operations",
            json!({"port_type": "100G", "bandwidth": 100_000, "location": "location-a", "device_id": "10.255.0.4", "type": "hosting"}),
        ),
        (
            "hosted",
            json!({"port_type": "10G", "bandwidth": 500, "location": "location-a", "device_id": "10.255.0.4", "type": "hosted",
            "vlan": 100, "hosting_id": connection_id(4)}),
        ),
        (
            "line-under-construction",
            json!({"port_type": "10G", "bandwidth": 10_000, "location": "location-b", "device_id": "10.255.0.6", "status": "BUILD"}),
        ),
    ];
    let mut cloud = Cloud::default();
    for (ordinal, (name, fields)) in (1..).zip(built_in) {
        let id = connection_id(ordinal);
        cloud.connections.insert(id.clone(), connection(project_id, &id, name, fields));
    }
    for Connection { id, name, fields } in seeds.connections.clone() {
        let mut seeded = connection(project_id, &id, &name, json!({"port_type": "10G", "bandwidth": 10_000, "location": "location-a"}));
        seeded.extend(fields);
        cloud.connections.insert(id, seeded);
    }
    for (ordinal, (name, speeds)) in (1..).zip([("location-a", json!(["1G", "10G", "100G"])), ("location-b", json!(["10G"]))]) {
        let id = location_id(ordinal);
        cloud.locations.insert(id.clone(), location(region, &id, name, speeds));
    }
    for (ordinal, (name, region, project)) in (1..).zip([("router-a", region, project_id), ("router-b", OTHER_REGION, OTHER_PROJECT)]) {
        let id = format!("a0000000-0000-4000-8000-{ordinal:012}");
        cloud.routers.insert(id.clone(), object(json!({"id": id, "name": name, "region_id": region, "tenant_id": project})));
    }
    for (ordinal, kind) in [(1, "IP_ADDRESS"), (2, "IP_ADDRESS"), (101, "IP_SEGMENT")] {
        let id = format!("e0000000-0000-4000-8000-{ordinal:012}");
        cloud.addresses.insert(id.clone(), object(json!({"id": id, "type": kind})));
    }
    cloud
}

fn object(fields: Value) -> Object {
    if let Value::Object(fields) = fields { fields } else { Object::new() }
}

fn location_id(ordinal: u32) -> String {
    format!("d0000000-0000-4000-8000-{ordinal:012}")
}

fn location(region: &str, id: &str, name: &str, speeds: Value) -> Object {
    let mut fields = Object::new();
    for key in ["name", "city", "site_code"] {
        set(&mut fields, key, name);
    }
    for key in ["address", "locales"] {
        set(&mut fields, key, json!({"en_us": name, "zh_cn": name}));
    }
    set(&mut fields, "region_id", region);
    set(&mut fields, "available_port_speeds", speeds);
    direct_connect_locations::new(id, fields)
}

fn connection_id(ordinal: u32) -> String {
    format!("c0000000-0000-4000-8000-{ordinal:012}")
}

/// A connection of the given fields over the default ones.
pub fn connection(project_id: &str, id: &str, name: &str, fields: Value) -> Object {
    let mut connection = Object::new();
    set(&mut connection, "id", id);
    set(&mut connection, "name", name);
    set(&mut connection, "tenant_id", project_id);
    let common = json!({
        "description": "", "type": "standard", "status": "ACTIVE", "provider_status": "ACTIVE", "admin_state_up": true,
        "vgw_type": "default", "charge_mode": "prepayment", "enterprise_project_id": "0", "public_border_group": "center",
        "provider": "Simulated Carrier", "peer_location": "", "vlan": null, "hosting_id": null, "lag_id": null, "reason": null,
        "device_id": "10.255.0.9", "email": "line@example.com", "order_id": "", "product_id": "", "spec_code": "10ge", "auto_renew": 0,
        "support_feature": [], "ies_id": null, "peer_port_type": null, "peer_provider": null, "modified_bandwidth": null,
        "change_mode": null, "ratio_95peak": null, "onestopdc_status": null, "onestop_product_id": null,
        "building_line_product_id": null, "last_onestop_product_id": null, "last_building_line_product_id": null,
        "create_time": "2026-01-15T08:00:00.000Z", "apply_time": "2026-01-10T08:00:00.000Z", "tags": [],
    });
    for source in [common, fields] {
        if let Value::Object(fields) = source {
            connection.extend(fields);
        }
    }
    connection
}
