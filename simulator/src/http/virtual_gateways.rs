//! Virtual gateways.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{
    Answer, Call, Outcome,
    listing::{Listing, choose},
    new_id, render,
};
use crate::{
    engine::{Outcome as Settled, Subject},
    errors::Refusal,
    rules::{gateways as rules, owned},
    state::{Cloud, Object, set, text},
};

const WRAPPER: &str = "virtual_gateway";

pub fn list(cloud: &mut Cloud, call: &Call<'_>, _: &[String]) -> Outcome {
    let listing = Listing { wrapper: "virtual_gateways", repeated: &["id", "vpc_id"], joined: &["enterprise_project_id"] };
    listing.answer(call, owned(&cloud.gateways, &call.caller.project_id), |gateway| render::gateway(gateway, call.settings))
}

pub fn show(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> Outcome {
    let gateway = find(cloud, call, ids)?;
    let shown = choose(render::gateway(gateway, call.settings), &call.query.commas("fields"));
    Ok(call.answer(StatusCode::OK, WRAPPER, shown))
}

pub fn create(cloud: &mut Cloud, call: &Call<'_>, _: &[String]) -> Outcome {
    let body = rules::create(cloud, call.object(WRAPPER)?, &call.caller.project_id, call.settings)?;
    let id = new_id();
    let mut gateway = fresh(&id, &call.caller.project_id, body, call.settings.switches.u10_default_asn);
    let pending = call.settings.switches.u13_pending_create_status.as_str();
    set(&mut gateway, "status", pending);
    cloud.gateways.insert(id.clone(), gateway);
    settle_after(cloud, call, call.settings.settle_ms.virtual_gateway.create, &id, Settled::Status("ACTIVE".to_owned()));
    answer(cloud, call, &id, StatusCode::CREATED)
}

pub fn update(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> Outcome {
    let gateway = find(cloud, call, ids).map_err(|refusal| refusal.with_status(call.settings.switches.u4_not_found_status))?;
    let id = text(gateway, "id").to_owned();
    let status = text(gateway, "status").to_owned();
    let changes = rules::update(cloud, gateway, call.changes(WRAPPER)?, call.settings)?;
    let Some(gateway) = cloud.gateways.get_mut(&id) else {
        return Err(missing());
    };
    let differs = call.apply(gateway, changes);
    if differs || call.settings.switches.u8_unchanged_update_pends {
        set(gateway, "status", "PENDING_UPDATE");
        settle_after(cloud, call, call.settings.settle_ms.virtual_gateway.update, &id, Settled::Status(status));
    }
    answer(cloud, call, &id, StatusCode::OK)
}

pub fn delete(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> Outcome {
    let gateway = find(cloud, call, ids)?;
    let id = text(gateway, "id").to_owned();
    rules::delete(cloud, gateway, call.settings)?;
    cloud.gateways.get_mut(&id).into_iter().for_each(|gateway| set(gateway, "status", "PENDING_DELETE"));
    settle_after(cloud, call, call.settings.settle_ms.virtual_gateway.delete, &id, Settled::Gone);
    Ok(Answer::empty())
}

/// A gateway with all fields that an answer shows.
pub fn fresh(id: &str, project_id: &str, body: Object, default_asn: u32) -> Object {
    let defaults = json!({
        "id": id, "tenant_id": project_id, "name": "", "description": "", "vpc_id": null, "local_ep_group": null,
        "local_ep_group_ipv6": null, "bgp_asn": default_asn, "enterprise_project_id": "0", "tags": [], "type": "default",
        "status": "ACTIVE", "admin_state_up": true, "device_id": "10.254.0.1", "redundant_device_id": "10.254.0.2",
        "public_border_group": "center",
    });
    let Value::Object(mut gateway) = defaults else {
        return body;
    };
    gateway.extend(body);
    gateway
}

fn settle_after(cloud: &mut Cloud, call: &Call<'_>, after_ms: u64, id: &str, outcome: Settled) {
    cloud.agenda.schedule(call.now, after_ms, Subject::Gateway(id.to_owned()), outcome.unless(call.failure));
    cloud.settle(call.now, call.settings);
}

fn find<'c>(cloud: &'c Cloud, call: &Call<'_>, ids: &[String]) -> Result<&'c Object, Refusal> {
    let gateway = ids.first().and_then(|id| cloud.gateways.get(id));
    gateway.filter(|gateway| text(gateway, "tenant_id") == call.caller.project_id).ok_or_else(missing)
}

fn answer(cloud: &Cloud, call: &Call<'_>, id: &str, status: StatusCode) -> Outcome {
    let gateway = cloud.gateways.get(id).ok_or_else(missing)?;
    Ok(call.answer(status, WRAPPER, render::gateway(gateway, call.settings)))
}

fn missing() -> Refusal {
    Refusal::missing("DC.1111")
}
