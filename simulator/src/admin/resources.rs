//! Changes that another client of the cloud makes. They are not checked against any rule and take effect at once.

use serde_json::Value;

use crate::{
    clock::Moment,
    operations::{
        connect_gateways, direct_connect_locations, gdgw_routes, global_eips, global_gateways, new_id, peer_detections, peer_links,
        switchover, vif_peers, virtual_gateways, virtual_interfaces,
    },
    state::{Cloud, Object, Table, add_peer, peers_mut, remove_peer, seeds, set, text},
};

/// Returns `None` if the kind is unknown, or the interface of a peer does not exist.
pub fn create(cloud: &mut Cloud, kind: &str, mut body: Object, project_id: &str, now: Moment) -> Option<Object> {
    let id = body.get("id").and_then(Value::as_str).map_or_else(new_id, str::to_owned);
    set(&mut body, "id", id.as_str());
    let project = body.get("tenant_id").and_then(Value::as_str).unwrap_or(project_id).to_owned();
    match kind {
        "direct_connect" => {
            let name = text(&body, "name").to_owned();
            let connection = seeds::connection(&project, &id, &name, Value::Object(body));
            Some(insert(&mut cloud.connections, id, connection))
        }
        "connect_gateway" => Some(insert(&mut cloud.connect_gateways, id.clone(), connect_gateways::new(&id, &project, body))),
        "global_eip" => Some(insert(&mut cloud.global_eips, id.clone(), global_eips::new(&id, &project, body))),
        "direct_connect_location" => Some(insert(&mut cloud.locations, id.clone(), direct_connect_locations::new(&id, body))),
        "virtual_gateway" => Some(insert(&mut cloud.gateways, id.clone(), virtual_gateways::new(&id, &project, body, 64_512))),
        "virtual_interface" => {
            let mut peer = virtual_interfaces::first_peer(&id, &body, &project, "ACTIVE");
            let mut interface = virtual_interfaces::new(&id, &project, body, "10.255.0.1");
            set(&mut peer, "device_id", text(&interface, "device_id"));
            add_peer(&mut interface, peer);
            set(&mut interface, "create_time", now.stamp());
            set(&mut interface, "update_time", now.stamp());
            Some(insert(&mut cloud.interfaces, id, interface))
        }
        "vif_peer" => {
            let interface = cloud.interfaces.get_mut(text(&body, "vif_id"))?;
            let peer = vif_peers::new(&id, &project, body);
            add_peer(interface, peer.clone());
            Some(peer)
        }
        "switchover_test_record" => Some(insert(&mut cloud.switchovers, id.clone(), switchover::new(&id, &project, body, now))),
        "vif_peer_detection" => Some(insert(&mut cloud.detections, id.clone(), peer_detections::new(&id, &project, body))),
        "global_dc_gateway" => Some(insert(&mut cloud.global_gateways, id.clone(), global_gateways::new(&id, &project, body, 64_512))),
        "peer_link" => {
            let link = peer_links::new(cloud, &id, &project, body, now);
            Some(insert(&mut cloud.peer_links, id, link))
        }
        "gdgw_route" => Some(insert(&mut cloud.gdgw_routes, id.clone(), gdgw_routes::new(&id, &project, body))),
        _ => None,
    }
}

/// Overwrites fields of a resource of any kind.
pub fn change(cloud: &mut Cloud, id: &str, mut fields: Object) -> Option<Object> {
    if let Some(interface) = cloud.interfaces.get_mut(id) {
        // The subnets of an interface are those of its first peer.
        if let (Some(remote), Some(peer)) = (fields.remove("remote_ep_group"), peers_mut(interface).next()) {
            set(peer, "remote_ep_group", remote);
        }
    }
    let id = cloud.connection_id(id).to_owned();
    let resource = find(cloud, &id)?;
    resource.extend(fields);
    Some(resource.clone())
}

/// Deletes a resource of any kind, even if it is in use.
pub fn delete(cloud: &mut Cloud, id: &str) -> bool {
    if let Some(interface) = cloud.interface_of_peer(id).map(|interface| text(interface, "id").to_owned()) {
        cloud.interfaces.get_mut(&interface).into_iter().for_each(|interface| remove_peer(interface, id));
        return true;
    }
    cloud.accepting_projects.remove(id);
    let connection = cloud.connection_id(id).to_owned();
    if cloud.connections.contains_key(&connection) {
        cloud.remove_connection(&connection);
        return true;
    }
    tables(cloud).into_iter().any(|table| table.remove(id).is_some()) || cloud.interfaces.remove(id).is_some()
}

fn find<'c>(cloud: &'c mut Cloud, id: &str) -> Option<&'c mut Object> {
    if cloud.interfaces.contains_key(id) {
        return cloud.interfaces.get_mut(id);
    }
    if let Some(interface) = cloud.interface_of_peer(id).map(|interface| text(interface, "id").to_owned()) {
        return cloud.peer_mut(&interface, id);
    }
    tables(cloud).into_iter().find_map(|table| table.get_mut(id))
}

/// All tables but that of the interfaces, which hold their peers.
fn tables(cloud: &mut Cloud) -> [&mut Table; 10] {
    let Cloud {
        connections,
        gateways,
        switchovers,
        detections,
        locations,
        connect_gateways,
        global_eips,
        global_gateways,
        peer_links,
        gdgw_routes,
        ..
    } = cloud;
    [connections, gateways, switchovers, detections, locations, connect_gateways, global_eips, global_gateways, peer_links, gdgw_routes]
}

fn insert(table: &mut Table, id: String, object: Object) -> Object {
    table.insert(id, object.clone());
    object
}
