//! The locations of a region at which connections end. They are the same for every project.

use axum::http::StatusCode;
use serde_json::json;

use super::{Call, OperationResult, listing::Listing, render, with_defaults};
use crate::{
    http::ApiError,
    state::{Cloud, Object},
};

pub fn list(cloud: &mut Cloud, call: &Call<'_>, _: &[String]) -> OperationResult {
    let listing = Listing { wrapper: "direct_connect_locations", repeated: &["id", "status"], comma_separated: &["name"] };
    listing.respond(call, cloud.locations.values(), |location| render::location(location, call.settings))
}

/// No code of its own is published for a location that does not exist.
pub fn show(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let location = ids.first().and_then(|id| cloud.locations.get(id)).ok_or_else(|| ApiError::not_found("DC.0002"))?;
    Ok(call.success(StatusCode::OK, "direct_connect_location", render::location(location, call.settings)))
}

/// A location with all fields of a response, and its status, which only a filter knows.
pub fn new(id: &str, body: Object) -> Object {
    let carrier = json!({
        "id": "b0000000-0000-4000-8000-000000000001", "short_name": "carrier", "type": "LEVEL_ONE",
        "provider_value": {"en_us": "Simulated Carrier", "zh_cn": "Simulated Carrier"},
    });
    let defaults = json!({
        "id": id, "name": "", "description": "", "address": {"en_us": "", "zh_cn": ""}, "locales": {"en_us": "", "zh_cn": ""},
        "city": "", "latitude": "52.1", "longitude": "11.6", "location_type": "pop", "site_code": "", "region_id": "",
        "support_region_type": "None", "public_border_group": null, "available_port_speeds": ["1G", "10G", "100G"],
        "provider_list": [carrier], "created_time": "2026-01-01T08:00:00.000Z", "updated_time": "2026-01-01T08:00:00.000Z",
        "status": "ACTIVE",
    });
    with_defaults(defaults, body)
}
