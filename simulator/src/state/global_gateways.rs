//! What global gateways, their links and their routes have to do with each other and with interfaces.

use serde_json::{Value, json};

use super::{
    Cloud, Object, peers, peers_mut,
    pending::{FinalState, PendingResource, apply},
    set, text,
};
use crate::{clock::Moment, settings::Settings};

impl Cloud {
    pub fn interfaces_of_global_gateway<'c>(&'c self, gateway_id: &'c str) -> impl Iterator<Item = &'c Object> {
        self.interfaces.values().filter(move |interface| text(interface, "gateway_id") == gateway_id)
    }

    pub fn links_of_global_gateway<'c>(&'c self, gateway_id: &'c str) -> impl Iterator<Item = &'c Object> {
        self.peer_links.values().filter(move |link| text(link, "global_dc_gateway_id") == gateway_id)
    }

    pub fn routes_of_global_gateway<'c>(&'c self, gateway_id: &'c str) -> impl Iterator<Item = &'c Object> {
        self.gdgw_routes.values().filter(move |route| text(route, "gateway_id") == gateway_id)
    }

    /// A gateway is connected while it has an interface that has been created (`docs/design/uncertain-facts.md#u22`).
    pub(super) fn follow_interfaces(&mut self, gateway_id: &str, now: Moment, settings: &Settings) {
        let created = |interface: &&Object| !matches!(text(interface, "status"), "PENDING_CREATE" | "BUILD" | "AUTHORIZATION" | "REJECTED");
        let line = self.interfaces_of_global_gateway(gateway_id).find(created).map(|interface| text(interface, "direct_connect_id"));
        let location = line.map(|line| self.connections.get(line).map_or("", |line| text(line, "location")).to_owned());
        let Some(gateway) = self.global_gateways.get_mut(gateway_id) else {
            return;
        };
        let switches = &settings.switches;
        let status = if location.is_some() { "ACTIVE" } else { &switches.u21_fresh_global_gateway };
        let settled = matches!(text(gateway, "status"), "DOWN" | "ACTIVE");
        if !switches.u22_interface_connects_global_gateway || !settled || text(gateway, "status") == status {
            return;
        }
        if let Some(location) = location {
            set(gateway, "location_name", location.as_str());
            set(gateway, "locales", json!({"en_us": location, "zh_cn": location}));
        }
        set(gateway, "status", "PENDING_UPDATE");
        let change = FinalState::Status(status.to_owned());
        let resource = PendingResource::GlobalGateway(gateway_id.to_owned());
        self.pending.schedule(now, settings.settle_ms.global_dc_gateway.update, resource, change);
    }

    /// With a gateway its links and routes are deleted.
    pub(super) fn settle_global_gateway(&mut self, id: &str, final_state: &FinalState, now: Moment, settings: &Settings) {
        if matches!(final_state, FinalState::Deleted) {
            self.global_gateways.remove(id);
            self.peer_links.retain(|_, link| text(link, "global_dc_gateway_id") != id);
            self.gdgw_routes.retain(|_, route| text(route, "gateway_id") != id);
            return;
        }
        if let Some(gateway) = self.global_gateways.get_mut(id) {
            apply(gateway, final_state);
            set(gateway, "updated_time", now.stamp());
        }
        self.follow_interfaces(id, now, settings);
    }

    /// The other side gives its id of the link when it is ready.
    pub(super) fn settle_peer_link(&mut self, id: &str, final_state: &FinalState, now: Moment) {
        if matches!(final_state, FinalState::Deleted) {
            self.peer_links.remove(id);
        } else if let Some(link) = self.peer_links.get_mut(id) {
            apply(link, final_state);
            set(link, "updated_time", now.stamp());
            let active = text(link, "status") == "ACTIVE";
            if let Some(Value::Object(site)) = link.get_mut("peer_site")
                && active
                && text(site, "type") == "ER"
                && text(site, "link_id").is_empty()
            {
                set(site, "link_id", crate::operations::new_id());
            }
        }
    }

    pub(super) fn settle_gdgw_route(&mut self, id: &str, final_state: &FinalState) {
        if let Some(route) = self.gdgw_routes.get_mut(id) {
            apply(route, final_state);
            // The vendor's schema of a route has no reason.
            route.remove("reason");
        }
    }

    /// Adds the destinations of routes to the remote subnets of the peers they lead to (`docs/design/uncertain-facts.md#u30`).
    pub(super) fn show_routes_in_remote_subnets(&mut self) {
        let Self { gdgw_routes, interfaces, .. } = self;
        for route in gdgw_routes.values().filter(|route| text(route, "type") == "vif_peer" && text(route, "status") == "ACTIVE") {
            let destination = text(route, "destination");
            let Some(list) = remote_subnets(interfaces.values_mut(), text(route, "nexthop")) else {
                continue;
            };
            if list.iter().all(|subnet| subnet != destination) {
                list.push(destination.into());
            }
        }
    }

    /// Deletes a route, and takes its destination off the remote subnets of its peer.
    pub fn remove_gdgw_route(&mut self, id: &str, settings: &Settings) -> Option<Object> {
        let route = self.gdgw_routes.remove(id)?;
        if settings.switches.u30_routes_in_remote_subnets
            && let Some(list) = remote_subnets(self.interfaces.values_mut(), text(&route, "nexthop"))
        {
            list.retain(|subnet| subnet != text(&route, "destination"));
        }
        Some(route)
    }
}

fn remote_subnets<'c>(mut interfaces: impl Iterator<Item = &'c mut Object>, peer: &str) -> Option<&'c mut Vec<Value>> {
    let interface = interfaces.find(|interface| peers(interface).any(|other| text(other, "id") == peer))?;
    let peer = peers_mut(interface).find(|other| text(other, "id") == peer)?;
    peer.get_mut("remote_ep_group").and_then(Value::as_array_mut)
}
