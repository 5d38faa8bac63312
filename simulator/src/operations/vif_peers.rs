//! Peers. They are created, updated and deleted on their own, but read only as a part of their interface.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Call, OperationResult, Success, new_id, render, virtual_interfaces, with_defaults};
use crate::{
    http::ApiError,
    rules::peers as rules,
    state::{
        Cloud, Object, add_peer, flag,
        pending::{FinalState, PendingResource},
        set, text,
    },
};

const WRAPPER: &str = "vif_peer";

pub fn create(cloud: &mut Cloud, call: &Call<'_>, _: &[String]) -> OperationResult {
    let body = rules::validate_create(call.object(WRAPPER)?, call.settings)?;
    let interface_id = text(&body, "vif_id").to_owned();
    let interface = virtual_interfaces::find(cloud, call, std::slice::from_ref(&interface_id))
        .map_err(|error| error.with_status(call.settings.switches.u4_not_found_status))?;
    let id = new_id();
    let mut peer = new(&id, call.project_id, body);
    rules::check_create(cloud, interface, &peer, call.settings)?;
    set(&mut peer, "status", "PENDING_CREATE");
    for key in ["enable_bfd", "enable_nqa"] {
        set(&mut peer, key, flag(interface, key));
    }
    set(&mut peer, "device_id", text(interface, "device_id"));
    let status = virtual_interfaces::status_after_create(&peer, call.settings).to_owned();
    cloud.interfaces.get_mut(&interface_id).into_iter().for_each(|interface| add_peer(interface, peer.clone()));
    schedule(cloud, call, call.settings.settle_ms.create, &interface_id, &id, FinalState::Status(status));
    respond(cloud, call, &id, StatusCode::CREATED)
}

pub fn update(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let (interface, peer) = find(cloud, call, ids)?;
    let (interface_id, id) = (text(interface, "id").to_owned(), text(peer, "id").to_owned());
    let status = text(peer, "status").to_owned();
    let changes = rules::check_update(cloud, interface, peer, call.changes(WRAPPER)?, call.settings)?;
    let Some(peer) = cloud.peer_mut(&interface_id, &id) else {
        return Err(not_found(call));
    };
    let differs = call.apply(peer, changes);
    if differs || call.settings.switches.u8_unchanged_update_pends {
        set(peer, "status", "PENDING_UPDATE");
        schedule(cloud, call, call.settings.settle_ms.update, &interface_id, &id, FinalState::Status(status));
    }
    respond(cloud, call, &id, StatusCode::OK)
}

pub fn delete(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let (interface, peer) = find(cloud, call, ids)?;
    let (interface_id, id) = (text(interface, "id").to_owned(), text(peer, "id").to_owned());
    rules::check_delete(cloud, interface, peer, call.settings)?;
    cloud.peer_mut(&interface_id, &id).into_iter().for_each(|peer| set(peer, "status", "PENDING_DELETE"));
    schedule(cloud, call, call.settings.settle_ms.delete, &interface_id, &id, FinalState::Deleted);
    Ok(Success::no_content())
}

/// A peer with all fields of a response.
pub fn new(id: &str, project_id: &str, body: Object) -> Object {
    // With static routes the number has no meaning.
    let received = if text(&body, "route_mode") == "bgp" { 0 } else { -1 };
    let defaults = json!({
        "id": id, "tenant_id": project_id, "name": "", "description": "", "route_mode": "static", "bgp_asn": null, "bgp_md5": null,
        "bgp_status": null, "bgp_route_limit": 100, "receive_route_num": received, "remote_ep_group": [], "service_ep_group": null,
        "device_id": null, "enable_bfd": false, "enable_nqa": false, "status": "ACTIVE",
    });
    with_defaults(defaults, body)
}

fn schedule(cloud: &mut Cloud, call: &Call<'_>, after_ms: u64, interface: &str, peer: &str, outcome: FinalState) {
    let resource = PendingResource::Peer { interface: interface.to_owned(), peer: peer.to_owned() };
    cloud.pending.schedule(call.now, after_ms, resource, outcome.or_error(call.error_reason));
    cloud.settle(call.now, call.settings);
}

fn find<'c>(cloud: &'c Cloud, call: &Call<'_>, ids: &[String]) -> Result<(&'c Object, &'c Object), ApiError> {
    let id = ids.first().map(String::as_str).unwrap_or_default();
    let interface = cloud.interface_of_peer(id).filter(|interface| cloud.interface_visible(interface, call.project_id));
    interface.zip(cloud.peer(id)).ok_or_else(|| not_found(call))
}

fn respond(cloud: &Cloud, call: &Call<'_>, id: &str, status: StatusCode) -> OperationResult {
    let peer = cloud.peer(id).ok_or_else(|| not_found(call))?;
    let mut response = call.success(status, WRAPPER, render::peer(peer, call.settings));
    if let (false, Some(Value::Object(body))) = (call.settings.extra_fields, &mut response.body) {
        // The schema of this response has no request id, unlike all others. The examples have one.
        body.remove("request_id");
    }
    Ok(response)
}

fn not_found(call: &Call<'_>) -> ApiError {
    ApiError::not_found("DC.0002").with_status(call.settings.switches.u4_not_found_status)
}
