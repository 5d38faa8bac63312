//! Virtual gateways.

use axum::http::StatusCode;
use serde_json::json;

use super::{
    Call, OperationResult, Success,
    listing::{Listing, selected},
    new_id, render, with_defaults,
};
use crate::{
    http::ApiError,
    rules::{gateways as rules, of_project, one_of_project},
    state::{
        Cloud, Object,
        pending::{FinalState, PendingResource},
        set, text,
    },
};

const WRAPPER: &str = "virtual_gateway";

pub fn list(cloud: &mut Cloud, call: &Call<'_>, _: &[String]) -> OperationResult {
    let listing = Listing { wrapper: "virtual_gateways", repeated: &["id", "vpc_id"], comma_separated: &["enterprise_project_id"] };
    listing.respond(call, of_project(&cloud.gateways, call.project_id), |gateway| render::gateway(gateway, call.settings))
}

pub fn show(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let gateway = find(cloud, call, ids)?;
    let shown = selected(render::gateway(gateway, call.settings), call)?;
    Ok(call.success(StatusCode::OK, WRAPPER, shown))
}

pub fn create(cloud: &mut Cloud, call: &Call<'_>, _: &[String]) -> OperationResult {
    let body = rules::check_create(cloud, call.object(WRAPPER)?, call.project_id, call.settings)?;
    let id = new_id();
    let mut gateway = new(&id, call.project_id, body, call.settings.switches.u10_default_asn);
    let pending = call.settings.switches.u13_pending_create_status.as_str();
    set(&mut gateway, "status", pending);
    cloud.gateways.insert(id.clone(), gateway);
    schedule(cloud, call, call.settings.settle_ms.virtual_gateway.create, &id, FinalState::Status("ACTIVE".to_owned()));
    respond(cloud, call, &id, StatusCode::CREATED)
}

pub fn update(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let gateway = find(cloud, call, ids).map_err(|error| error.with_status(call.settings.switches.u4_not_found_status))?;
    let id = text(gateway, "id").to_owned();
    let status = text(gateway, "status").to_owned();
    let changes = rules::check_update(cloud, gateway, call.changes(WRAPPER)?, call.settings)?;
    let Some(gateway) = cloud.gateways.get_mut(&id) else {
        return Err(not_found());
    };
    let differs = call.apply(gateway, changes);
    if differs || call.settings.switches.u8_unchanged_update_pends {
        set(gateway, "status", "PENDING_UPDATE");
        schedule(cloud, call, call.settings.settle_ms.virtual_gateway.update, &id, FinalState::Status(status));
    }
    respond(cloud, call, &id, StatusCode::OK)
}

pub fn delete(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let gateway = find(cloud, call, ids)?;
    let id = text(gateway, "id").to_owned();
    rules::check_delete(cloud, gateway, call.settings)?;
    cloud.gateways.get_mut(&id).into_iter().for_each(|gateway| set(gateway, "status", "PENDING_DELETE"));
    schedule(cloud, call, call.settings.settle_ms.virtual_gateway.delete, &id, FinalState::Deleted);
    Ok(Success::no_content())
}

/// A gateway with all fields of a response.
pub fn new(id: &str, project_id: &str, body: Object, default_asn: u32) -> Object {
    let defaults = json!({
        "id": id, "tenant_id": project_id, "name": "", "description": "", "vpc_id": null, "local_ep_group": null,
        "local_ep_group_ipv6": null, "bgp_asn": default_asn, "enterprise_project_id": "0", "tags": [], "type": "default",
        "status": "ACTIVE", "admin_state_up": true, "device_id": "10.254.0.1", "redundant_device_id": "10.254.0.2",
        "public_border_group": "center",
    });
    with_defaults(defaults, body)
}

fn schedule(cloud: &mut Cloud, call: &Call<'_>, after_ms: u64, id: &str, outcome: FinalState) {
    cloud.pending.schedule(call.now, after_ms, PendingResource::Gateway(id.to_owned()), outcome.or_error(call.error_reason));
    cloud.settle(call.now, call.settings);
}

fn find<'c>(cloud: &'c Cloud, call: &Call<'_>, ids: &[String]) -> Result<&'c Object, ApiError> {
    ids.first().and_then(|id| one_of_project(&cloud.gateways, call.project_id, id)).ok_or_else(not_found)
}

fn respond(cloud: &Cloud, call: &Call<'_>, id: &str, status: StatusCode) -> OperationResult {
    let gateway = cloud.gateways.get(id).ok_or_else(not_found)?;
    Ok(call.success(status, WRAPPER, render::gateway(gateway, call.settings)))
}

fn not_found() -> ApiError {
    ApiError::not_found("DC.1111")
}
