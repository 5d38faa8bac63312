//! Connections, which are ordered elsewhere and only read here.

use axum::http::StatusCode;

use super::{
    Call, Outcome,
    listing::{Listing, choose},
    render,
};
use crate::{
    errors::Refusal,
    rules::owned,
    state::{Cloud, text},
};

pub fn list(cloud: &mut Cloud, call: &Call<'_>, _: &[String]) -> Outcome {
    let listing = Listing { wrapper: "direct_connects", repeated: &["id", "hosting_id"], joined: &["name", "enterprise_project_id"] };
    listing.answer(call, owned(&cloud.connections, &call.caller.project_id), |line| render::connection(line, call.settings))
}

pub fn show(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> Outcome {
    let line = ids.first().and_then(|id| cloud.connections.get(id));
    let line = line.filter(|line| text(line, "tenant_id") == call.caller.project_id).ok_or_else(|| Refusal::missing("DC.1012"))?;
    let shown = choose(render::connection(line, call.settings), &call.query.commas("fields"));
    Ok(call.answer(StatusCode::OK, "direct_connect", shown))
}
