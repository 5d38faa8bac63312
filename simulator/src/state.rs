//! The simulated cloud's resources, as wire objects.
//!
//! Resources are kept as the JSON objects that answers carry: the rules read few of their fields, and an
//! out-of-band change may write any of them. Peers live inside their interface, because the API shows them
//! nowhere else. What the API never shows stands beside the objects.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::engine::Agenda;

pub type Object = Map<String, Value>;

/// Resources of one kind by id; the order is that of lists without a sort key.
pub type Table = BTreeMap<String, Object>;

#[derive(Default)]
pub struct Cloud {
    pub connections: Table,
    pub gateways: Table,
    pub interfaces: Table,
    pub switchovers: Table,
    /// Interface id to the project that must accept it (`resource_tenant_id`, never returned).
    pub invited: BTreeMap<String, String>,
    /// Changes that have yet to settle.
    pub agenda: Agenda,
}

/// The text of a field, or the empty string.
pub fn text<'o>(object: &'o Object, key: &str) -> &'o str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The number in a field, if there is one.
pub fn number(object: &Object, key: &str) -> Option<u64> {
    object.get(key).and_then(Value::as_u64)
}

pub fn flag(object: &Object, key: &str) -> bool {
    object.get(key).and_then(Value::as_bool).unwrap_or_default()
}

/// The texts of a list field.
pub fn texts<'o>(object: &'o Object, key: &str) -> Vec<&'o str> {
    let list = object.get(key).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).collect()
}

pub fn set(object: &mut Object, key: &str, value: impl Into<Value>) {
    object.insert(key.to_owned(), value.into());
}

/// Whether the status says that a change is under way.
pub fn is_pending(object: &Object) -> bool {
    let status = text(object, "status");
    status.starts_with("PENDING_") || status == "BUILD"
}

/// The peers of an interface.
pub fn peers(interface: &Object) -> impl Iterator<Item = &Object> {
    let list = interface.get("vif_peers").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_object)
}

pub fn peers_mut(interface: &mut Object) -> impl Iterator<Item = &mut Object> {
    let list = interface.get_mut("vif_peers").and_then(Value::as_array_mut);
    list.into_iter().flatten().filter_map(Value::as_object_mut)
}

/// Adds a peer to an interface.
pub fn add_peer(interface: &mut Object, peer: Object) {
    let list = interface.entry("vif_peers").or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(list) = list {
        list.push(Value::Object(peer));
    }
}

/// Removes a peer from an interface.
pub fn remove_peer(interface: &mut Object, id: &str) {
    if let Some(Value::Array(list)) = interface.get_mut("vif_peers") {
        list.retain(|peer| peer.get("id").and_then(Value::as_str) != Some(id));
    }
}

impl Cloud {
    /// The interface that holds a peer.
    pub fn interface_of_peer(&self, peer_id: &str) -> Option<&Object> {
        self.interfaces.values().find(|interface| peers(interface).any(|peer| text(peer, "id") == peer_id))
    }

    /// A peer by its id.
    pub fn peer(&self, peer_id: &str) -> Option<&Object> {
        self.interface_of_peer(peer_id).and_then(|interface| peers(interface).find(|peer| text(peer, "id") == peer_id))
    }

    pub fn peer_mut(&mut self, interface_id: &str, peer_id: &str) -> Option<&mut Object> {
        peers_mut(self.interfaces.get_mut(interface_id)?).find(|peer| text(peer, "id") == peer_id)
    }

    /// Interfaces on a gateway.
    pub fn interfaces_of_gateway<'c>(&'c self, gateway_id: &'c str) -> impl Iterator<Item = &'c Object> {
        self.interfaces.values().filter(move |interface| text(interface, "vgw_id") == gateway_id)
    }

    /// Interfaces on a connection.
    pub fn interfaces_of_connection<'c>(&'c self, connection_id: &'c str) -> impl Iterator<Item = &'c Object> {
        self.interfaces.values().filter(move |interface| text(interface, "direct_connect_id") == connection_id)
    }

    /// Whether a project may see an interface: it owns it, or is invited to accept it.
    pub fn interface_visible(&self, interface: &Object, project_id: &str) -> bool {
        let invited = self.invited.get(text(interface, "id"));
        text(interface, "tenant_id") == project_id || invited.is_some_and(|project| project == project_id)
    }
}
