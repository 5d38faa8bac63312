//! Global gateways, which connect interfaces with enterprise routers and other global gateways.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{
    Call, OperationResult, Success,
    listing::{Listing, selected},
    new_id, render, with_defaults,
};
use crate::{
    http::ApiError,
    rules::{global_gateways as rules, of_project, one_of_project},
    settings::Settings,
    state::{
        Cloud, Object,
        pending::{FinalState, PendingResource},
        set, text,
    },
};

const WRAPPER: &str = "global_dc_gateway";
/// Fields that the answer to a create lacks.
const NOT_IN_CREATE: &[&str] = &["locales", "reason", "updated_time"];
/// Fields that the answer to an update lacks (`docs/design/uncertain-facts.md#u29`).
const NOT_IN_UPDATE: &[&str] = &["address_family", "locales", "reason", "tags"];

pub fn list(cloud: &mut Cloud, call: &Call<'_>, _: &[String]) -> OperationResult {
    let listing = Listing {
        wrapper: "global_dc_gateways",
        repeated: &["id", "status", "hosting_id", "global_center_network_id", "site_network_id", "cloud_connection_id"],
        comma_separated: &["name", "enterprise_project_id"],
    };
    let cloud = &*cloud;
    listing.respond(call, of_project(&cloud.global_gateways, call.project_id), |gateway| shown(cloud, gateway, call.settings, &[]))
}

pub fn show(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let gateway = find(cloud, call, ids)?;
    Ok(call.success(StatusCode::OK, WRAPPER, selected(shown(cloud, gateway, call.settings, &[]), call)?))
}

pub fn create(cloud: &mut Cloud, call: &Call<'_>, _: &[String]) -> OperationResult {
    let body = rules::check_create(cloud, call.object(WRAPPER)?, call.project_id, call.settings)?;
    let id = new_id();
    let mut gateway = new(&id, call.project_id, body, call.settings.switches.u10_default_asn);
    let status = &call.settings.switches.u21_fresh_global_gateway;
    set(&mut gateway, "status", status.as_str());
    set(&mut gateway, "region_id", call.region);
    set(&mut gateway, "created_time", call.now.stamp());
    set(&mut gateway, "updated_time", call.now.stamp());
    cloud.global_gateways.insert(id.clone(), gateway);
    schedule(cloud, call, call.settings.settle_ms.global_dc_gateway.create, &id, FinalState::Status(status.clone()));
    respond(cloud, call, &id, StatusCode::CREATED, NOT_IN_CREATE)
}

pub fn update(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let gateway = find(cloud, call, ids).map_err(|error| error.with_status(call.settings.switches.u4_not_found_status))?;
    let id = text(gateway, "id").to_owned();
    let status = text(gateway, "status").to_owned();
    let changes = rules::check_update(cloud, gateway, call.changes(WRAPPER)?, call.settings)?;
    let Some(gateway) = cloud.global_gateways.get_mut(&id) else {
        return Err(not_found());
    };
    let differs = call.apply(gateway, changes);
    if differs || call.settings.switches.u8_unchanged_update_pends {
        set(gateway, "status", "PENDING_UPDATE");
        set(gateway, "updated_time", call.now.stamp());
        schedule(cloud, call, call.settings.settle_ms.global_dc_gateway.update, &id, FinalState::Status(status));
    }
    let lacking = if call.settings.switches.u29_whole_update_answer { &[] } else { NOT_IN_UPDATE };
    respond(cloud, call, &id, StatusCode::OK, lacking)
}

pub fn delete(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let gateway = find(cloud, call, ids)?;
    let id = text(gateway, "id").to_owned();
    rules::check_delete(cloud, gateway, call.settings)?;
    // The documents have no other word for a change.
    cloud.global_gateways.get_mut(&id).into_iter().for_each(|gateway| set(gateway, "status", "PENDING_UPDATE"));
    schedule(cloud, call, call.settings.settle_ms.global_dc_gateway.delete, &id, FinalState::Deleted);
    Ok(Success::no_content())
}

/// A gateway with all fields of a response but the numbers of its links.
pub fn new(id: &str, project_id: &str, body: Object, default_asn: u32) -> Object {
    let defaults = json!({
        "id": id, "tenant_id": project_id, "name": "", "description": "", "bgp_asn": default_asn, "address_family": "ipv4",
        "enterprise_project_id": "0", "tags": [], "status": "DOWN", "reason": null, "admin_state_up": true, "region_id": null,
        "location_name": null, "locales": null, "global_center_network_id": null, "created_time": null, "updated_time": null,
    });
    with_defaults(defaults, body)
}

/// A gateway as responses show it, without the fields `lacking`.
pub fn shown(cloud: &Cloud, gateway: &Object, settings: &Settings, lacking: &[&str]) -> Value {
    let mut shown = gateway.clone();
    let links = cloud.links_of_global_gateway(text(gateway, "id")).count();
    set(&mut shown, "current_peer_link_count", links);
    set(&mut shown, "available_peer_link_count", settings.quotas.peer_links.saturating_sub(links));
    shown.retain(|key, _| !lacking.contains(&key.as_str()));
    render::apply_settings(shown, settings)
}

/// The gateway of the project that the first id names.
pub fn find<'c>(cloud: &'c Cloud, call: &Call<'_>, ids: &[String]) -> Result<&'c Object, ApiError> {
    ids.first().and_then(|id| one_of_project(&cloud.global_gateways, call.project_id, id)).ok_or_else(not_found)
}

fn schedule(cloud: &mut Cloud, call: &Call<'_>, after_ms: u64, id: &str, outcome: FinalState) {
    cloud.pending.schedule(call.now, after_ms, PendingResource::GlobalGateway(id.to_owned()), outcome.or_error(call.error_reason));
    cloud.settle(call.now, call.settings);
}

fn respond(cloud: &Cloud, call: &Call<'_>, id: &str, status: StatusCode, lacking: &[&str]) -> OperationResult {
    let gateway = cloud.global_gateways.get(id).ok_or_else(not_found)?;
    Ok(call.success(status, WRAPPER, shown(cloud, gateway, call.settings, lacking)))
}

fn not_found() -> ApiError {
    ApiError::not_found("DC.0002")
}
