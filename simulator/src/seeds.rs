//! What exists at the start: accounts and connections.
//!
//! The ids are fixed, because samples, tests and the demonstration name them.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::state::{Cloud, Object, set};

/// Who may sign in, and to which project this leads.
#[derive(Clone)]
pub struct Account {
    pub domain: String,
    pub user: String,
    pub password: String,
    pub project_id: String,
    pub project_name: String,
    pub keys: Vec<AccessKey>,
}

/// A pair of keys; a temporary one is valid only with its security token.
#[derive(Clone)]
pub struct AccessKey {
    pub id: String,
    pub secret: String,
    pub security_token: Option<String>,
}

/// What exists at the start besides what is built in; unknown names are refused.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Seeds {
    /// Connections of the first project. One with the id of a built-in one takes its place.
    pub connections: Vec<Connection>,
}

/// A connection as the document of seeds names it.
#[derive(Clone, Deserialize)]
pub struct Connection {
    /// The objects of a cluster refer to it, so it is not made up.
    id: String,
    name: String,
    /// Every other field of the API's `direct_connect`; what is not there is as in the built-in ones.
    #[serde(flatten)]
    particulars: Object,
}

/// Temporary keys of the first account.
pub fn temporary_key() -> AccessKey {
    AccessKey {
        id: "AKSIMULATORTEMP00001".to_owned(),
        secret: "SKsimulatorTemp/00000000000000000000000+".to_owned(),
        security_token: Some("SIMULATEDSECURITYTOKEN0001+/=".to_owned()),
    }
}

/// The other side of cross-account interfaces.
pub fn partner(region: &str) -> Account {
    Account {
        domain: "simulated-partner".to_owned(),
        user: "partner".to_owned(),
        password: "Simulated-Pass2".to_owned(),
        project_id: "0605768a3300d5762f82c01180692874".to_owned(),
        project_name: region.to_owned(),
        keys: vec![AccessKey {
            id: "AKSIMULATOR000000002".to_owned(),
            secret: "SKsimulator/000000000000000000000000002+".to_owned(),
            security_token: None,
        }],
    }
}

/// A cloud with nothing but the connections, all of one project.
pub fn cloud(project_id: &str, seeds: &Seeds) -> Cloud {
    let lines = [
        ("line-a", json!({"port_type": "10G", "bandwidth": 10_000, "location": "location-a", "device_id": "10.255.0.1"})),
        ("line-b", json!({"port_type": "10G", "bandwidth": 10_000, "location": "location-b", "device_id": "10.255.0.2"})),
        ("line-c", json!({"port_type": "1G", "bandwidth": 1_000, "location": "location-a", "device_id": "10.255.0.3"})),
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
    for (ordinal, (name, particulars)) in (1..).zip(lines) {
        let id = connection_id(ordinal);
        cloud.connections.insert(id.clone(), connection(project_id, &id, name, particulars));
    }
    for Connection { id, name, particulars } in seeds.connections.clone() {
        let mut seeded = connection(project_id, &id, &name, json!({"port_type": "10G", "bandwidth": 10_000, "location": "location-a"}));
        seeded.extend(particulars);
        cloud.connections.insert(id, seeded);
    }
    cloud
}

fn connection_id(ordinal: u32) -> String {
    format!("c0000000-0000-4000-8000-{ordinal:012}")
}

/// A connection with the fields that every one of them has.
pub fn connection(project_id: &str, id: &str, name: &str, particulars: Value) -> Object {
    let mut connection = Object::new();
    set(&mut connection, "id", id);
    set(&mut connection, "name", name);
    set(&mut connection, "tenant_id", project_id);
    let common = json!({
        "description": "", "type": "standard", "status": "ACTIVE", "provider_status": "ACTIVE", "admin_state_up": true,
        "vgw_type": "default", "charge_mode": "prepayment", "enterprise_project_id": "0", "public_border_group": "center",
        "provider": "Simulated Carrier", "peer_location": "", "vlan": null, "hosting_id": null, "lag_id": null, "reason": null,
        "create_time": "2026-01-15T08:00:00.000Z", "apply_time": "2026-01-10T08:00:00.000Z", "tags": [],
    });
    for source in [common, particulars] {
        if let Value::Object(fields) = source {
            connection.extend(fields);
        }
    }
    connection
}
