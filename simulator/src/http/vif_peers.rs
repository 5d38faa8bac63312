//! Peers: created, differs and deleted on their own, read only in their interface.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Answer, Call, Outcome, new_id, render, virtual_interfaces};
use crate::{
    engine::{Outcome as Settled, Subject},
    errors::Refusal,
    rules::peers as rules,
    state::{Cloud, Object, add_peer, flag, set, text},
};

const WRAPPER: &str = "vif_peer";

pub fn create(cloud: &mut Cloud, call: &Call<'_>, _: &[String]) -> Outcome {
    let body = rules::accept_create(call.object(WRAPPER)?, call.settings)?;
    let interface_id = text(&body, "vif_id").to_owned();
    let interface = virtual_interfaces::find(cloud, call, std::slice::from_ref(&interface_id))
        .map_err(|refusal| refusal.with_status(call.settings.switches.u4_not_found_status))?;
    let id = new_id();
    let mut peer = fresh(&id, &call.caller.project_id, body);
    rules::create(cloud, interface, &peer, call.settings)?;
    set(&mut peer, "status", "PENDING_CREATE");
    for key in ["enable_bfd", "enable_nqa"] {
        set(&mut peer, key, flag(interface, key));
    }
    set(&mut peer, "device_id", text(interface, "device_id"));
    let settled = virtual_interfaces::fresh_status(&peer, call.settings).to_owned();
    cloud.interfaces.get_mut(&interface_id).into_iter().for_each(|interface| add_peer(interface, peer.clone()));
    settle_after(cloud, call, call.settings.settle_ms.create, &interface_id, &id, Settled::Status(settled));
    answer(cloud, call, &id, StatusCode::CREATED)
}

pub fn update(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> Outcome {
    let (interface, peer) = find(cloud, call, ids)?;
    let (interface_id, id) = (text(interface, "id").to_owned(), text(peer, "id").to_owned());
    let status = text(peer, "status").to_owned();
    let changes = rules::update(cloud, interface, peer, call.changes(WRAPPER)?, call.settings)?;
    let Some(peer) = cloud.peer_mut(&interface_id, &id) else {
        return Err(missing(call));
    };
    let differs = call.apply(peer, changes);
    if differs || call.settings.switches.u8_unchanged_update_pends {
        set(peer, "status", "PENDING_UPDATE");
        settle_after(cloud, call, call.settings.settle_ms.update, &interface_id, &id, Settled::Status(status));
    }
    answer(cloud, call, &id, StatusCode::OK)
}

pub fn delete(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> Outcome {
    let (interface, peer) = find(cloud, call, ids)?;
    let (interface_id, id) = (text(interface, "id").to_owned(), text(peer, "id").to_owned());
    rules::delete(cloud, interface, peer, call.settings)?;
    cloud.peer_mut(&interface_id, &id).into_iter().for_each(|peer| set(peer, "status", "PENDING_DELETE"));
    settle_after(cloud, call, call.settings.settle_ms.delete, &interface_id, &id, Settled::Gone);
    Ok(Answer::empty())
}

/// A peer with all fields that an answer shows.
pub fn fresh(id: &str, project_id: &str, body: Object) -> Object {
    let defaults = json!({
        "id": id, "tenant_id": project_id, "name": "", "description": "", "route_mode": "static", "bgp_asn": null, "bgp_md5": null,
        "bgp_status": null, "bgp_route_limit": 100, "receive_route_num": -1, "remote_ep_group": [], "service_ep_group": null,
        "device_id": null, "enable_bfd": false, "enable_nqa": false, "status": "ACTIVE",
    });
    let Value::Object(mut peer) = defaults else {
        return body;
    };
    peer.extend(body);
    peer
}

fn settle_after(cloud: &mut Cloud, call: &Call<'_>, after_ms: u64, interface: &str, peer: &str, outcome: Settled) {
    let subject = Subject::Peer { interface: interface.to_owned(), peer: peer.to_owned() };
    cloud.agenda.schedule(call.now, after_ms, subject, outcome.unless(call.failure));
    cloud.settle(call.now, call.settings);
}

fn find<'c>(cloud: &'c Cloud, call: &Call<'_>, ids: &[String]) -> Result<(&'c Object, &'c Object), Refusal> {
    let id = ids.first().map(String::as_str).unwrap_or_default();
    let interface = cloud.interface_of_peer(id).filter(|interface| cloud.interface_visible(interface, &call.caller.project_id));
    interface.zip(cloud.peer(id)).ok_or_else(|| missing(call))
}

fn answer(cloud: &Cloud, call: &Call<'_>, id: &str, status: StatusCode) -> Outcome {
    let peer = cloud.peer(id).ok_or_else(|| missing(call))?;
    let mut answer = call.answer(status, WRAPPER, render::peer(peer, call.settings));
    if let (false, Some(Value::Object(body))) = (call.settings.extra_fields, &mut answer.body) {
        // The schema of this answer alone has no request id; examples show one.
        body.remove("request_id");
    }
    Ok(answer)
}

fn missing(call: &Call<'_>) -> Refusal {
    Refusal::missing("DC.0002").with_status(call.settings.switches.u4_not_found_status)
}
