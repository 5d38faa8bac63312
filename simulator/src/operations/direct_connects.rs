//! Connections, which are ordered elsewhere.

use axum::http::StatusCode;

use super::{
    Call, OperationResult, Success,
    listing::{Listing, selected},
    render,
};
use crate::{
    http::ApiError,
    rules::{connections as rules, of_project, one_of_project},
    state::{
        Cloud, Object,
        pending::{FinalState, PendingResource},
        set, text,
    },
};

const WRAPPER: &str = "direct_connect";

pub fn list(cloud: &mut Cloud, call: &Call<'_>, _: &[String]) -> OperationResult {
    let listing =
        Listing { wrapper: "direct_connects", repeated: &["id", "hosting_id"], comma_separated: &["name", "enterprise_project_id"] };
    listing.respond(call, of_project(&cloud.connections, call.project_id), |connection| render::connection(connection, call.settings))
}

pub fn show(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let connection = find(cloud, call, ids)?;
    let shown = selected(render::connection(connection, call.settings), call)?;
    Ok(call.success(StatusCode::OK, WRAPPER, shown))
}

/// Changes a connection at once.
pub fn update(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let connection = find(cloud, call, ids).map_err(|error| error.with_status(call.settings.switches.u4_not_found_status))?;
    let id = text(connection, "id").to_owned();
    let changes = rules::check_update(cloud, connection, call.changes(WRAPPER)?, call.settings)?;
    let Some(connection) = cloud.connections.get_mut(&id) else {
        return Err(not_found());
    };
    call.apply(connection, changes);
    Ok(call.success(StatusCode::OK, WRAPPER, render::connection(connection, call.settings)))
}

pub fn delete(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let connection = find(cloud, call, ids)?;
    let id = text(connection, "id").to_owned();
    rules::check_delete(cloud, connection, call.settings)?;
    cloud.connections.get_mut(&id).into_iter().for_each(|connection| set(connection, "status", "PENDING_DELETE"));
    let outcome = FinalState::Deleted.or_error(call.error_reason);
    cloud.pending.schedule(call.now, call.settings.settle_ms.delete, PendingResource::Connection(id), outcome);
    cloud.settle(call.now, call.settings);
    Ok(Success::no_content())
}

fn find<'c>(cloud: &'c Cloud, call: &Call<'_>, ids: &[String]) -> Result<&'c Object, ApiError> {
    ids.first().and_then(|id| one_of_project(&cloud.connections, call.project_id, id)).ok_or_else(not_found)
}

fn not_found() -> ApiError {
    ApiError::not_found("DC.1012")
}
