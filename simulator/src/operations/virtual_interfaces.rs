//! Virtual interfaces, each of which is created with its first peer.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{
    Call, OperationResult, Success,
    listing::{Listing, selected},
    new_id, render, vif_peers, with_defaults,
};
use crate::{
    http::ApiError,
    rules::interfaces as rules,
    settings::Settings,
    state::{
        Cloud, Object, add_peer, flag, peers, peers_mut,
        pending::{FinalState, PendingResource},
        set, text,
    },
};

const WRAPPER: &str = "virtual_interface";

/// Fields of a create that belong to the first peer, not to the interface.
const PEER_FIELDS: [&str; 8] = [
    "local_gateway_v4_ip",
    "remote_gateway_v4_ip",
    "local_gateway_v6_ip",
    "remote_gateway_v6_ip",
    "route_mode",
    "bgp_asn",
    "bgp_md5",
    "remote_ep_group",
];

pub fn list(cloud: &mut Cloud, call: &Call<'_>, _: &[String]) -> OperationResult {
    let listing = Listing {
        wrapper: "virtual_interfaces",
        repeated: &["id", "status", "direct_connect_id", "vgw_id"],
        comma_separated: &["enterprise_project_id"],
    };
    let visible = cloud.interfaces.values().filter(|interface| cloud.interface_visible(interface, call.project_id));
    listing.respond(call, visible, |interface| render::interface(interface, call.settings))
}

pub fn show(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let interface = find(cloud, call, ids)?;
    let shown = selected(render::interface(interface, call.settings), call)?;
    Ok(call.success(StatusCode::OK, WRAPPER, shown))
}

pub fn create(cloud: &mut Cloud, call: &Call<'_>, _: &[String]) -> OperationResult {
    let mut body = rules::validate_create(call.object(WRAPPER)?, call.settings)?;
    let id = new_id();
    let pending = pending_create(call.settings);
    let mut peer = first_peer(&id, &body, call.project_id, pending);
    rules::check_create(cloud, &body, &peer, call.project_id, call.settings)?;
    if let Some(Value::String(project)) = body.remove("resource_tenant_id") {
        cloud.accepting_projects.insert(id.clone(), project);
    }
    if text(&body, "service_type") == "GDGW" && !call.settings.switches.u48_interface_keeps_vgw_id {
        body.remove("vgw_id");
    }
    let device = cloud.connections.get(text(&body, "direct_connect_id")).map_or("", |connection| text(connection, "device_id"));
    let mut interface = new(&id, call.project_id, body, device);
    set(&mut interface, "create_time", call.now.stamp());
    set(&mut interface, "update_time", call.now.stamp());
    set(&mut interface, "status", pending);
    let status = status_after_create(&peer, call.settings).to_owned();
    set(&mut peer, "device_id", device);
    add_peer(&mut interface, peer);
    if cloud.accepting_projects.contains_key(&id) {
        set(&mut interface, "status", "AUTHORIZATION");
        cloud.interfaces.insert(id.clone(), interface);
    } else {
        cloud.interfaces.insert(id.clone(), interface);
        schedule(cloud, call, call.settings.settle_ms.create, &id, FinalState::Status(status));
    }
    respond(cloud, call, &id, StatusCode::CREATED)
}

pub fn update(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let interface = find(cloud, call, ids).map_err(|error| error.with_status(call.settings.switches.u4_not_found_status))?;
    let id = text(interface, "id").to_owned();
    let changes = call.changes(WRAPPER)?;
    if changes.contains_key("status") && text(interface, "status") == "AUTHORIZATION" {
        if changes.len() > 1 {
            return Err(ApiError::invalid_parameter("status cannot be changed with other fields at the same time"));
        }
        return accept_or_reject(cloud, call, &id, text(&changes, "status"));
    }
    let status = text(interface, "status").to_owned();
    let changes = rules::check_update(cloud, interface, changes, call.settings)?;
    if changes.contains_key("status") {
        return Err(ApiError::bad_request("DC.1210"));
    }
    let Some(interface) = cloud.interfaces.get_mut(&id) else {
        return Err(not_found());
    };
    let differs = apply(call, interface, changes);
    if differs || call.settings.switches.u8_unchanged_update_pends {
        set(interface, "status", "PENDING_UPDATE");
        set(interface, "update_time", call.now.stamp());
        schedule(cloud, call, call.settings.settle_ms.update, &id, FinalState::Status(status));
    }
    respond(cloud, call, &id, StatusCode::OK)
}

pub fn delete(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let interface = find(cloud, call, ids)?;
    if text(interface, "tenant_id") != call.project_id {
        return Err(ApiError::bad_request("DC.1213"));
    }
    let id = text(interface, "id").to_owned();
    rules::check_delete(cloud, interface, call.settings)?;
    cloud.interfaces.get_mut(&id).into_iter().for_each(|interface| set(interface, "status", "PENDING_DELETE"));
    schedule(cloud, call, call.settings.settle_ms.delete, &id, FinalState::Deleted);
    Ok(Success::no_content())
}

/// The other project accepts or rejects an interface on its gateway.
fn accept_or_reject(cloud: &mut Cloud, call: &Call<'_>, id: &str, decision: &str) -> OperationResult {
    if cloud.accepting_projects.get(id).map(String::as_str) != Some(call.project_id) {
        return Err(ApiError::bad_request("DC.1213"));
    }
    let Some(interface) = cloud.interfaces.get_mut(id) else {
        return Err(not_found());
    };
    match decision {
        "REJECTED" => set(interface, "status", "REJECTED"),
        "ACCEPTED" => {
            set(interface, "status", pending_create(call.settings));
            let status = peers(interface).next().map_or("ACTIVE", |peer| status_after_create(peer, call.settings)).to_owned();
            schedule(cloud, call, call.settings.settle_ms.create, id, FinalState::Status(status));
        }
        _ => return Err(ApiError::invalid_parameter("status is invalid")),
    }
    respond(cloud, call, id, StatusCode::OK)
}

/// Applies changes to an interface. Its remote subnets are those of its first peer.
fn apply(call: &Call<'_>, interface: &mut Object, mut changes: Object) -> bool {
    let remote = changes.remove("remote_ep_group");
    let mut differs = false;
    if let (Some(remote), Some(peer)) = (remote, peers_mut(interface).next()) {
        differs = peer.insert("remote_ep_group".to_owned(), remote.clone()) != Some(remote);
    }
    for key in ["enable_bfd", "enable_nqa"] {
        if changes.contains_key(key) {
            let enabled = flag(&changes, key);
            peers_mut(interface).for_each(|peer| set(peer, key, enabled));
        }
    }
    call.apply(interface, changes) || differs
}

/// An interface with all fields of a response, without peers.
pub fn new(id: &str, project_id: &str, mut body: Object, device_id: &str) -> Object {
    body.retain(|key, _| !PEER_FIELDS.contains(&key.as_str()));
    let defaults = json!({
        "id": id, "tenant_id": project_id, "name": "", "description": "", "direct_connect_id": null, "lag_id": null, "type": "private",
        "service_type": "VGW", "vgw_id": null, "gateway_id": null, "address_family": "ipv4", "priority": "normal", "enable_bfd": false,
        "enable_nqa": false, "enterprise_project_id": "0", "tags": [], "service_ep_group": [], "status": "ACTIVE",
        "admin_state_up": true, "rate_limit": false, "route_limit": 50, "bgp_route_limit": 100, "device_id": device_id,
        "ies_id": null, "lgw_id": null, "reason": null, "extend_attribute": null, "vif_peers": [],
        "create_time": null, "update_time": null,
    });
    with_defaults(defaults, body)
}

/// The peer that a create describes by fields of the interface.
pub fn first_peer(vif_id: &str, body: &Object, project_id: &str, status: &str) -> Object {
    let family = if text(body, "address_family") == "ipv6" { "ipv6" } else { "ipv4" };
    let version = if family == "ipv6" { "v6" } else { "v4" };
    let fields = json!({
        "vif_id": vif_id, "name": text(body, "name"), "address_family": family, "status": status,
        "local_gateway_ip": text(body, &format!("local_gateway_{version}_ip")),
        "remote_gateway_ip": text(body, &format!("remote_gateway_{version}_ip")),
        "enable_bfd": flag(body, "enable_bfd"), "enable_nqa": flag(body, "enable_nqa"),
    });
    let mut fields = if let Value::Object(fields) = fields { fields } else { Object::new() };
    for key in ["route_mode", "bgp_asn", "bgp_md5", "remote_ep_group"] {
        if let Some(value) = body.get(key) {
            set(&mut fields, key, value.clone());
        }
    }
    vif_peers::new(&new_id(), project_id, fields)
}

fn pending_create(settings: &Settings) -> &str {
    &settings.switches.u13_pending_create_status
}

/// The status after a create (`docs/design/uncertain-facts.md#u7`).
pub fn status_after_create<'s>(peer: &Object, settings: &'s Settings) -> &'s str {
    let by_mode = &settings.switches.u7_fresh_status;
    if text(peer, "route_mode") == "bgp" { &by_mode.bgp } else { &by_mode.fixed }
}

pub fn schedule(cloud: &mut Cloud, call: &Call<'_>, after_ms: u64, id: &str, outcome: FinalState) {
    cloud.pending.schedule(call.now, after_ms, PendingResource::Interface(id.to_owned()), outcome.or_error(call.error_reason));
    cloud.settle(call.now, call.settings);
}

pub fn find<'c>(cloud: &'c Cloud, call: &Call<'_>, ids: &[String]) -> Result<&'c Object, ApiError> {
    let interface = ids.first().and_then(|id| cloud.interfaces.get(id));
    interface.filter(|interface| cloud.interface_visible(interface, call.project_id)).ok_or_else(not_found)
}

fn respond(cloud: &Cloud, call: &Call<'_>, id: &str, status: StatusCode) -> OperationResult {
    let interface = cloud.interfaces.get(id).ok_or_else(not_found)?;
    Ok(call.success(status, WRAPPER, render::interface(interface, call.settings)))
}

pub fn not_found() -> ApiError {
    ApiError::not_found("DC.1211")
}
