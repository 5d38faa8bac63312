//! The resources of the simulated cloud.
//!
//! They are kept as the JSON objects that responses contain: the rules read only a few of their fields, and the admin
//! API may change any of them. Peers are stored in their interface, as the API returns them only there. What the API
//! never returns is stored beside the objects.

mod global_gateways;
pub mod history;
mod object;
pub mod pending;
pub mod seeds;
mod switchovers;

use std::collections::BTreeMap;

pub use object::{Object, add_peer, flag, is_pending, number, peers, peers_mut, remove_peer, set, text, texts};
use pending::PendingChanges;

/// Resources of one kind by id. The order is that of lists without a sort key.
pub type Table = BTreeMap<String, Object>;

#[derive(Clone, Default)]
pub struct Cloud {
    pub connections: Table,
    pub gateways: Table,
    pub interfaces: Table,
    pub switchovers: Table,
    pub detections: Table,
    /// Of the region, not of a project.
    pub locations: Table,
    pub connect_gateways: Table,
    /// The global EIPs and segments that are bound to connect gateways.
    pub global_eips: Table,
    /// Enterprise routers and global EIPs that are known. They belong to other services, and most ids there can be anything.
    pub routers: Table,
    pub addresses: Table,
    pub global_gateways: Table,
    pub peer_links: Table,
    /// The routes of all global gateways.
    pub gdgw_routes: Table,
    /// Id of a cross-account interface to the project that must accept it. The API takes it as `resource_tenant_id` and
    /// never returns it.
    pub accepting_projects: BTreeMap<String, String>,
    /// Id of a hosted connection for the partner to its id as a connection of the tenant, where the two differ
    /// (`docs/design/uncertain-facts.md#u49`).
    pub hosted_ids: BTreeMap<String, String>,
    pub pending: PendingChanges,
}

impl Cloud {
    pub fn interface_of_peer(&self, peer_id: &str) -> Option<&Object> {
        self.interfaces.values().find(|interface| peers(interface).any(|peer| text(peer, "id") == peer_id))
    }

    pub fn peer(&self, peer_id: &str) -> Option<&Object> {
        self.interface_of_peer(peer_id).and_then(|interface| peers(interface).find(|peer| text(peer, "id") == peer_id))
    }

    pub fn peer_mut(&mut self, interface_id: &str, peer_id: &str) -> Option<&mut Object> {
        peers_mut(self.interfaces.get_mut(interface_id)?).find(|peer| text(peer, "id") == peer_id)
    }

    pub fn interfaces_of_gateway<'c>(&'c self, gateway_id: &'c str) -> impl Iterator<Item = &'c Object> {
        self.interfaces.values().filter(move |interface| text(interface, "vgw_id") == gateway_id)
    }

    pub fn interfaces_of_connection<'c>(&'c self, connection_id: &'c str) -> impl Iterator<Item = &'c Object> {
        self.interfaces.values().filter(move |interface| text(interface, "direct_connect_id") == connection_id)
    }

    /// The global EIPs of a connect gateway.
    pub fn bound_to<'c>(&'c self, gateway_id: &'c str) -> impl Iterator<Item = &'c Object> {
        self.global_eips.values().filter(move |bound| text(bound, "connect_gateway_id") == gateway_id)
    }

    /// The id of a connection, of which `id` may be the one that only the partner sees.
    pub fn connection_id<'c>(&'c self, id: &'c str) -> &'c str {
        self.hosted_ids.get(id).map_or(id, String::as_str)
    }

    pub fn remove_connection(&mut self, id: &str) {
        self.connections.remove(id);
        self.hosted_ids.retain(|_, connection| connection != id);
    }

    /// The connections that the project provides for others on its operations connections, as they see them.
    pub fn hosted_by<'c>(&'c self, project_id: &'c str) -> impl Iterator<Item = &'c Object> {
        self.connections.values().filter(move |connection| {
            let hosting = self.connections.get(text(connection, "hosting_id"));
            text(connection, "type") == "hosted" && hosting.is_some_and(|hosting| text(hosting, "tenant_id") == project_id)
        })
    }

    /// An interface is visible to the project that owns it and to the one that must accept it.
    pub fn interface_visible(&self, interface: &Object, project_id: &str) -> bool {
        let accepting_project = self.accepting_projects.get(text(interface, "id"));
        text(interface, "tenant_id") == project_id || accepting_project.is_some_and(|project| project == project_id)
    }
}
