//! Changes by somebody else: no rule is asked, nothing is pending.

use serde_json::Value;

use crate::{
    engine::Moment,
    http::{new_id, vif_peers, virtual_gateways, virtual_interfaces},
    seeds,
    state::{Cloud, Object, Table, add_peer, peers_mut, remove_peer, set, text},
};

/// Creates a resource; answers nothing for an unknown kind, or a peer without an interface.
pub fn create(cloud: &mut Cloud, kind: &str, mut body: Object, project_id: &str, now: Moment) -> Option<Object> {
    let id = body.get("id").and_then(Value::as_str).map_or_else(new_id, str::to_owned);
    set(&mut body, "id", id.as_str());
    let project = body.get("tenant_id").and_then(Value::as_str).unwrap_or(project_id).to_owned();
    match kind {
        "direct_connect" => {
            let name = text(&body, "name").to_owned();
            let line = seeds::connection(&project, &id, &name, Value::Object(body));
            Some(insert(&mut cloud.connections, id, line))
        }
        "virtual_gateway" => Some(insert(&mut cloud.gateways, id.clone(), virtual_gateways::fresh(&id, &project, body, 64_512))),
        "virtual_interface" => {
            let peer = virtual_interfaces::implicit_peer(&id, &body, &project, "ACTIVE");
            let mut interface = virtual_interfaces::fresh(&id, &project, body, "10.255.0.1");
            add_peer(&mut interface, peer);
            set(&mut interface, "create_time", now.stamp());
            set(&mut interface, "update_time", now.stamp());
            Some(insert(&mut cloud.interfaces, id, interface))
        }
        "vif_peer" => {
            let interface = cloud.interfaces.get_mut(text(&body, "vif_id"))?;
            let peer = vif_peers::fresh(&id, &project, body);
            add_peer(interface, peer.clone());
            Some(peer)
        }
        _ => None,
    }
}

/// Overwrites fields of a resource, whatever its kind.
pub fn change(cloud: &mut Cloud, id: &str, mut fields: Object) -> Option<Object> {
    if let Some(interface) = cloud.interfaces.get_mut(id) {
        // The interface's subnets are a mirror of its first peer's.
        if let (Some(remote), Some(peer)) = (fields.remove("remote_ep_group"), peers_mut(interface).next()) {
            set(peer, "remote_ep_group", remote);
        }
    }
    let resource = find(cloud, id)?;
    resource.extend(fields);
    Some(resource.clone())
}

/// Deletes a resource, whatever its kind and use.
pub fn delete(cloud: &mut Cloud, id: &str) -> bool {
    if let Some(interface) = cloud.interface_of_peer(id).map(|interface| text(interface, "id").to_owned()) {
        cloud.interfaces.get_mut(&interface).into_iter().for_each(|interface| remove_peer(interface, id));
        return true;
    }
    cloud.invited.remove(id);
    [&mut cloud.connections, &mut cloud.gateways, &mut cloud.interfaces].into_iter().any(|table| table.remove(id).is_some())
}

fn find<'c>(cloud: &'c mut Cloud, id: &str) -> Option<&'c mut Object> {
    let Cloud { connections, gateways, interfaces, .. } = cloud;
    if let Some(found) = connections.get_mut(id).or_else(|| gateways.get_mut(id)) {
        return Some(found);
    }
    if interfaces.contains_key(id) {
        return interfaces.get_mut(id);
    }
    interfaces.values_mut().find_map(|interface| peers_mut(interface).find(|peer| text(peer, "id") == id))
}

fn insert(table: &mut Table, id: String, object: Object) -> Object {
    table.insert(id, object.clone());
    object
}
