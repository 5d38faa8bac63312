//! Connect gateways, with which global EIPs are reached over a connection.
//!
//! Their changes are instantaneous: the documents have no pending status.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{
    Call, OperationResult, Success,
    listing::{Listing, selected},
    new_id, render, with_defaults,
};
use crate::{
    http::ApiError,
    rules::{connect_gateways as rules, of_project, one_of_project},
    state::{
        Cloud, Object,
        pending::{FinalState, PendingResource},
        set, text,
    },
};

const WRAPPER: &str = "connect_gateway";

pub fn list(cloud: &mut Cloud, call: &Call<'_>, _: &[String]) -> OperationResult {
    let listing = Listing { wrapper: "connect_gateways", repeated: &["id", "status"], comma_separated: &["name"] };
    listing.respond_from_offset(call, of_project(&cloud.connect_gateways, call.project_id), |gateway| show_one(cloud, call, gateway))
}

pub fn show(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let shown = selected(show_one(cloud, call, find(cloud, call, ids)?), call)?;
    Ok(call.success(StatusCode::OK, WRAPPER, shown))
}

pub fn create(cloud: &mut Cloud, call: &Call<'_>, _: &[String]) -> OperationResult {
    let body = rules::check_create(cloud, call.object(WRAPPER)?, call.project_id, call.settings)?;
    let id = new_id();
    let mut gateway = new(&id, call.project_id, body);
    set(&mut gateway, "created_time", call.now.stamp_of_seconds());
    cloud.connect_gateways.insert(id.clone(), gateway);
    finish(cloud, call, &id, FinalState::Status("DOWN".to_owned()));
    respond(cloud, call, &id, StatusCode::CREATED)
}

pub fn update(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let gateway = find(cloud, call, ids).map_err(|error| error.with_status(call.settings.switches.u4_not_found_status))?;
    let (id, status) = (text(gateway, "id").to_owned(), text(gateway, "status").to_owned());
    let changes = rules::check_update(cloud, gateway, call.changes(WRAPPER)?, call.settings)?;
    let Some(gateway) = cloud.connect_gateways.get_mut(&id) else {
        return Err(not_found());
    };
    call.apply(gateway, changes);
    set(gateway, "updated_time", call.now.stamp_of_seconds());
    finish(cloud, call, &id, FinalState::Status(status));
    respond(cloud, call, &id, StatusCode::OK)
}

pub fn delete(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let gateway = find(cloud, call, ids)?;
    let id = text(gateway, "id").to_owned();
    rules::check_delete(cloud, gateway, call.settings)?;
    finish(cloud, call, &id, FinalState::Deleted);
    Ok(Success::no_content())
}

/// A gateway with all fields of a response that are stored. It is DOWN while it has no global EIP.
pub fn new(id: &str, project_id: &str, body: Object) -> Object {
    let defaults = json!({
        "id": id, "tenant_id": project_id, "name": "", "description": "", "address_family": "ipv4", "bgp_asn": 139_144,
        "status": "DOWN", "access_site": null, "gateway_site": null, "created_time": null, "updated_time": null,
    });
    with_defaults(defaults, body)
}

/// Completes a change at once.
fn finish(cloud: &mut Cloud, call: &Call<'_>, id: &str, outcome: FinalState) {
    cloud.pending.schedule(call.now, 0, PendingResource::ConnectGateway(id.to_owned()), outcome.or_error(call.error_reason));
    cloud.settle(call.now, call.settings);
}

pub fn find<'c>(cloud: &'c Cloud, call: &Call<'_>, ids: &[String]) -> Result<&'c Object, ApiError> {
    ids.first().and_then(|id| one_of_project(&cloud.connect_gateways, call.project_id, id)).ok_or_else(not_found)
}

fn show_one(cloud: &Cloud, call: &Call<'_>, gateway: &Object) -> Value {
    render::connect_gateway(cloud, gateway, call.settings)
}

fn respond(cloud: &Cloud, call: &Call<'_>, id: &str, status: StatusCode) -> OperationResult {
    let gateway = cloud.connect_gateways.get(id).ok_or_else(not_found)?;
    Ok(call.success(status, WRAPPER, show_one(cloud, call, gateway)))
}

/// No code of its own is published.
fn not_found() -> ApiError {
    ApiError::not_found("DC.0002")
}
