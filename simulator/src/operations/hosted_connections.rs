//! Hosted connections, which a partner provides for others on an operations connection.
//!
//! Each is a connection of its tenant. The partner sees and changes the same object here, in another form.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{
    Call, OperationResult, Success,
    listing::{Listing, selected},
    new_id, render,
};
use crate::{
    http::ApiError,
    rules::hosted_connections as rules,
    settings::HostedId,
    state::{
        Cloud, Object,
        pending::{FinalState, PendingResource},
        seeds, set, text,
    },
};

const WRAPPER: &str = "hosted_connect";

/// What a hosted connection has of its operations connection.
const OF_HOSTING: [&str; 5] = ["port_type", "location", "provider", "device_id", "public_border_group"];

pub fn list(cloud: &mut Cloud, call: &Call<'_>, _: &[String]) -> OperationResult {
    let listing = Listing { wrapper: "hosted_connects", repeated: &["id", "hosting_id"], comma_separated: &["name"] };
    let mut hosted: Vec<Object> = cloud.hosted_by(call.project_id).map(|connection| for_partner(cloud, connection)).collect();
    hosted.sort_by_cached_key(|connection| text(connection, "id").to_owned());
    listing.respond(call, hosted.iter(), |connection| render::hosted_connection(connection, call.settings))
}

pub fn show(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let hosted = for_partner(cloud, find(cloud, call, ids)?);
    let shown = selected(render::hosted_connection(&hosted, call.settings), call)?;
    Ok(call.success(StatusCode::OK, WRAPPER, shown))
}

pub fn create(cloud: &mut Cloud, call: &Call<'_>, _: &[String]) -> OperationResult {
    let mut body = rules::check_create(cloud, call.object(WRAPPER)?, call.project_id, call.settings)?;
    let tenant = body.remove("resource_tenant_id").and_then(|tenant| tenant.as_str().map(str::to_owned)).unwrap_or_default();
    if let Some(hosting) = cloud.connections.get(text(&body, "hosting_id")) {
        body.extend(OF_HOSTING.map(|key| (key.to_owned(), hosting.get(key).cloned().unwrap_or_default())));
    }
    for key in ["create_time", "apply_time"] {
        set(&mut body, key, call.now.stamp());
    }
    set(&mut body, "type", "hosted");
    set(&mut body, "status", "PENDING_CREATE");
    let id = new_id();
    if call.settings.switches.u49_tenants_hosted_id == HostedId::Own {
        cloud.hosted_ids.insert(new_id(), id.clone());
    }
    let name = text(&body, "name").to_owned();
    cloud.connections.insert(id.clone(), seeds::connection(&tenant, &id, &name, Value::Object(body)));
    let fresh = call.settings.switches.u38_fresh_hosted_status.clone();
    schedule(cloud, call, call.settings.settle_ms.hosted_connection.create, &id, FinalState::Status(fresh));
    respond(cloud, call, &id, StatusCode::CREATED)
}

pub fn update(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let hosted = find(cloud, call, ids).map_err(|error| error.with_status(call.settings.switches.u4_not_found_status))?;
    let (id, status) = (text(hosted, "id").to_owned(), text(hosted, "status").to_owned());
    let changes = rules::check_update(cloud, hosted, call.changes(WRAPPER)?, call.settings)?;
    let Some(hosted) = cloud.connections.get_mut(&id) else {
        return Err(not_found());
    };
    let differs = call.apply(hosted, changes);
    if differs || call.settings.switches.u8_unchanged_update_pends {
        set(hosted, "status", "PENDING_UPDATE");
        schedule(cloud, call, call.settings.settle_ms.hosted_connection.update, &id, FinalState::Status(status));
    }
    respond(cloud, call, &id, StatusCode::OK)
}

pub fn delete(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let hosted = find(cloud, call, ids)?;
    let id = text(hosted, "id").to_owned();
    rules::check_delete(cloud, hosted, call.settings)?;
    cloud.connections.get_mut(&id).into_iter().for_each(|hosted| set(hosted, "status", "PENDING_DELETE"));
    schedule(cloud, call, call.settings.settle_ms.hosted_connection.delete, &id, FinalState::Deleted);
    Ok(Success::no_content())
}

/// The connection with the id that its partner sees.
fn for_partner(cloud: &Cloud, connection: &Object) -> Object {
    let mut hosted = connection.clone();
    let own = cloud.hosted_ids.iter().find(|(_, connection_id)| *connection_id == text(connection, "id"));
    if let Some((id, _)) = own {
        set(&mut hosted, "id", json!(id));
    }
    hosted
}

fn schedule(cloud: &mut Cloud, call: &Call<'_>, after_ms: u64, id: &str, outcome: FinalState) {
    cloud.pending.schedule(call.now, after_ms, PendingResource::Connection(id.to_owned()), outcome.or_error(call.error_reason));
    cloud.settle(call.now, call.settings);
}

/// By the id that the partner sees, which is then not the tenant's.
fn find<'c>(cloud: &'c Cloud, call: &Call<'c>, ids: &[String]) -> Result<&'c Object, ApiError> {
    let wanted = ids.first().map(String::as_str).unwrap_or_default();
    let is_tenants = cloud.hosted_ids.values().any(|id| id == wanted);
    let id = cloud.connection_id(wanted);
    let found = cloud.hosted_by(call.project_id).find(|connection| text(connection, "id") == id);
    found.filter(|_| !is_tenants).ok_or_else(not_found)
}

fn respond(cloud: &Cloud, call: &Call<'_>, id: &str, status: StatusCode) -> OperationResult {
    let hosted = for_partner(cloud, cloud.connections.get(id).ok_or_else(not_found)?);
    Ok(call.success(status, WRAPPER, render::hosted_connection(&hosted, call.settings)))
}

fn not_found() -> ApiError {
    ApiError::not_found("DC.1012")
}
