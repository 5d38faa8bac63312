//! Connections. The API only reads them; they are ordered elsewhere.

use axum::http::StatusCode;

use super::{
    Call, OperationResult,
    listing::{Listing, select_fields},
    render,
};
use crate::{
    http::ApiError,
    rules::of_project,
    state::{Cloud, text},
};

pub fn list(cloud: &mut Cloud, call: &Call<'_>, _: &[String]) -> OperationResult {
    let listing =
        Listing { wrapper: "direct_connects", repeated: &["id", "hosting_id"], comma_separated: &["name", "enterprise_project_id"] };
    listing
        .respond(call, of_project(&cloud.connections, &call.caller.project_id), |connection| render::connection(connection, call.settings))
}

pub fn show(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let connection = ids.first().and_then(|id| cloud.connections.get(id));
    let connection = connection
        .filter(|connection| text(connection, "tenant_id") == call.caller.project_id)
        .ok_or_else(|| ApiError::not_found("DC.1012"))?;
    let shown = select_fields(render::connection(connection, call.settings), &call.query.comma_separated("fields"));
    Ok(call.success(StatusCode::OK, "direct_connect", shown))
}
