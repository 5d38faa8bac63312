//! Reads for the resource management service, of all global gateways of a domain in a region.
//!
//! The ids of a call are the service, the region, the type of the resources, and in a read of one its id.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{
    Call, OperationResult, global_gateways,
    listing::{Listing, selected},
    render,
    tags::{key_of, tags_of},
};
use crate::{
    http::ApiError,
    rules::of_project,
    state::{Cloud, Object, set, text},
};

/// What these reads show of a gateway.
const FIELDS: [&str; 17] = [
    "id",
    "name",
    "description",
    "tenant_id",
    "bgp_asn",
    "region_id",
    "location_name",
    "locales",
    "enterprise_project_id",
    "status",
    "admin_state_up",
    "global_center_network_id",
    "current_peer_link_count",
    "available_peer_link_count",
    "created_time",
    "updated_time",
    "tags",
];

pub fn list(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let region = check(ids)?;
    let listing = Listing {
        wrapper: "global_dc_gateways",
        repeated: &["id", "status", "global_center_network_id", "site_network_id", "cloud_connection_id"],
        comma_separated: &["name", "enterprise_project_id"],
    };
    let cloud = &*cloud;
    listing.respond_from_offset_uncounted(call, of_region(cloud, call, region), |gateway| shown(cloud, gateway, call))
}

pub fn show(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let region = check(ids)?;
    let id = ids.get(3).map(String::as_str).unwrap_or_default();
    let gateway = of_region(cloud, call, region).find(|gateway| text(gateway, "id") == id);
    let gateway = gateway.ok_or_else(|| ApiError::not_found("DC.0002"))?;
    Ok(call.success(StatusCode::OK, "global_dc_gateway", selected(shown(cloud, gateway, call), call)?))
}

/// Returns the region. Only global gateways of Direct Connect can be read.
fn check(ids: &[String]) -> Result<&str, ApiError> {
    match ids {
        [service, region, kind, ..] if service == "dcaas" && kind == "gdgw" => Ok(region),
        _ => Err(ApiError::invalid_parameter("rp_name or resource_type is invalid")),
    }
}

/// A gateway without a region is in that of the cloud.
fn of_region<'c>(cloud: &'c Cloud, call: &'c Call<'_>, region: &'c str) -> impl Iterator<Item = &'c Object> {
    let is_in = move |gateway: &&Object| match text(gateway, "region_id") {
        "" => region == call.region,
        own => region == own,
    };
    of_project(&cloud.global_gateways, call.project_id).filter(is_in)
}

/// Tags are an object here.
fn shown(cloud: &Cloud, gateway: &Object, call: &Call<'_>) -> Value {
    let Value::Object(mut shown) = global_gateways::shown(cloud, gateway, call.settings, &[]) else {
        return Value::Null;
    };
    shown.retain(|key, _| FIELDS.contains(&key.as_str()));
    let tags =
        tags_of(gateway).iter().map(|tag| (key_of(tag).to_owned(), tag.get("value").cloned().unwrap_or_else(|| json!("")))).collect();
    set(&mut shown, "tags", Value::Object(tags));
    for key in ["site_network_id", "cloud_connection_id"] {
        set(&mut shown, key, gateway.get(key).cloned().unwrap_or_default());
    }
    render::apply_settings(shown, call.settings)
}
