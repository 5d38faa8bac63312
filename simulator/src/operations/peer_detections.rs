//! Detections, each of which measures once how many packets to the remote gateway of a peer are lost.

use axum::http::StatusCode;
use serde_json::json;

use super::{Call, OperationResult, Success, listing::Listing, new_id, render, with_defaults};
use crate::{
    auth::accounts::domain_of,
    http::ApiError,
    rules::{of_project, peer_detections as rules},
    settings::DetectionPath,
    state::{
        Cloud, Object,
        pending::{FinalState, PendingResource},
        set, text,
    },
};

const WRAPPER: &str = "vif_peer_detection";

pub fn list(cloud: &mut Cloud, call: &Call<'_>, _: &[String]) -> OperationResult {
    let listing = Listing { wrapper: "vif_peer_detections", repeated: &[], comma_separated: &[] };
    let own = of_project(&cloud.detections, call.project_id);
    listing.respond_from_offset_uncounted(call, own, |detection| render::detection(detection, call.settings))
}

pub fn show(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let found = find(cloud, call, ids);
    let detection = found.last().ok_or_else(not_found)?;
    Ok(call.success(StatusCode::OK, WRAPPER, render::detection(detection, call.settings)))
}

/// Its status is 200, not 201 as of other creates.
pub fn create(cloud: &mut Cloud, call: &Call<'_>, _: &[String]) -> OperationResult {
    let mut body = rules::check_create(cloud, call.object(WRAPPER)?, call.project_id, call.settings)?;
    set(&mut body, "start_time", call.now.stamp_of_seconds());
    let id = new_id();
    let detection = new(&id, call.project_id, body);
    let shown = render::detection(&detection, call.settings);
    cloud.detections.insert(id.clone(), detection);
    let outcome = FinalState::Status("complete".to_owned()).or_error(call.error_reason);
    cloud.pending.schedule(call.now, call.settings.settle_ms.detection, PendingResource::Detection(id), outcome);
    cloud.settle(call.now, call.settings);
    Ok(call.success(StatusCode::OK, WRAPPER, shown))
}

pub fn delete(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let found: Vec<String> = find(cloud, call, ids).into_iter().map(|detection| text(detection, "id").to_owned()).collect();
    if found.is_empty() {
        return Err(not_found());
    }
    cloud.detections.retain(|id, _| !found.contains(id));
    Ok(Success::no_content())
}

/// A detection with all fields of a response, in progress unless `body` says otherwise.
pub fn new(id: &str, project_id: &str, body: Object) -> Object {
    let defaults = json!({
        "id": id, "tenant_id": project_id, "project_id": project_id, "domain_id": domain_of(project_id), "vif_peer_id": null,
        "status": "processing", "loss_ratio": 0, "start_time": null, "end_time": null,
    });
    with_defaults(defaults, body)
}

/// The detections that the id in the path names, the latest last (`docs/design/uncertain-facts.md#u40`).
fn find<'c>(cloud: &'c Cloud, call: &'c Call<'_>, ids: &[String]) -> Vec<&'c Object> {
    let key = match call.settings.switches.u40_detection_path {
        DetectionPath::Detection => "id",
        DetectionPath::VifPeer => "vif_peer_id",
    };
    let wanted = ids.first().map(String::as_str).unwrap_or_default();
    let named = of_project(&cloud.detections, call.project_id).filter(|detection| text(detection, key) == wanted);
    let mut found: Vec<&Object> = named.collect();
    found.sort_by_key(|detection| text(detection, "start_time"));
    found
}

fn not_found() -> ApiError {
    ApiError::not_found("DC.0002")
}
