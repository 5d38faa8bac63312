//! Rules of peer links.

use serde_json::Value;

use super::{
    check_gateway_unlocked,
    fields::{Field, FieldType, require, validate},
};
use crate::{
    http::ApiError,
    settings::{PendingDelete, Settings},
    state::{Cloud, Object, text},
};

const LINK: &[Field] = &[("name", FieldType::Name(64)), ("description", FieldType::Text(128))];

const PEER_SITE: &[Field] = &[("gateway_id", FieldType::Uuid), ("project_id", FieldType::Text(36)), ("region_id", FieldType::Text(36))];

const IMMUTABLE: &[&str] = &["id", "peer_site", "global_dc_gateway_id", "tenant_id", "status"];

/// Returns the validated body.
pub fn check_create(cloud: &Cloud, gateway: &Object, mut body: Object, settings: &Settings) -> Result<Object, ApiError> {
    let site = body.remove("peer_site");
    let mut body = validate(body, LINK, &[], settings)?;
    require(&body, &["name"])?;
    let Some(Value::Object(site)) = site else {
        return Err(ApiError::invalid_parameter("peer_site is required"));
    };
    let site = validate(site, PEER_SITE, &[], settings)?;
    require(&site, &["gateway_id", "project_id", "region_id"])?;
    check_peer(cloud, gateway, &site, settings)?;
    check_gateway_unlocked(gateway, settings)?;
    let id = text(gateway, "id");
    if settings.switches.u23_peer_link_needs_interface && cloud.interfaces_of_global_gateway(id).next().is_none() {
        return Err(ApiError::invalid_parameter("the global gateway has no virtual interface"));
    }
    let mut links = cloud.links_of_global_gateway(id);
    if !settings.switches.u24_several_links_to_one_peer && links.any(|link| peer_gateway(link) == text(&site, "gateway_id")) {
        return Err(ApiError::invalid_parameter("the global gateway has a link to this peer"));
    }
    if cloud.links_of_global_gateway(id).count() >= settings.quotas.peer_links {
        return Err(ApiError::with_detail(&settings.quota_code, "The quota of peer links is used up."));
    }
    body.insert("peer_site".to_owned(), Value::Object(site));
    Ok(body)
}

/// Returns the validated changes.
pub fn check_update(link: &Object, body: Object, settings: &Settings) -> Result<Object, ApiError> {
    let body = validate(body, LINK, IMMUTABLE, settings)?;
    check_gateway_unlocked(link, settings)?;
    Ok(body)
}

pub fn check_delete(link: &Object, settings: &Settings) -> Result<(), ApiError> {
    if settings.switches.u3_delete_while_pending == PendingDelete::Refuse {
        check_gateway_unlocked(link, settings)?;
    }
    if text(link, "status") == "ERROR" && !settings.switches.u50_delete_in_error {
        return Err(ApiError::invalid_parameter("the peer link is in status ERROR"));
    }
    Ok(())
}

/// The id of the router or gateway at the other side.
pub fn peer_gateway(link: &Object) -> &str {
    link.get("peer_site").and_then(Value::as_object).map_or("", |site| text(site, "gateway_id"))
}

/// The other side must exist: another global gateway in its own project, or an enterprise router, of the known ones in its project and region.
fn check_peer(cloud: &Cloud, gateway: &Object, site: &Object, settings: &Settings) -> Result<(), ApiError> {
    let (peer, project) = (text(site, "gateway_id"), text(site, "project_id"));
    let is_project = project.len() == 32 && project.chars().all(|character| character.is_ascii_digit() || character.is_ascii_lowercase());
    if !is_project {
        return Err(ApiError::invalid_parameter("project_id is invalid"));
    }
    if peer == text(gateway, "id") {
        return Err(ApiError::invalid_parameter("a global gateway has no link to itself"));
    }
    let named = |list: &[String], id: &str| list.iter().any(|missing| missing == id);
    let in_other_project = cloud.global_gateways.get(peer).is_some_and(|peer| text(peer, "tenant_id") != project);
    let is_known = |router: &Object| text(router, "tenant_id") == project && text(router, "region_id") == text(site, "region_id");
    let is_elsewhere = cloud.routers.get(peer).is_some_and(|router| !is_known(router));
    if in_other_project || is_elsewhere || named(&settings.missing_projects, project) || named(&settings.missing_routers, peer) {
        return Err(ApiError::bad_request("DC.0002"));
    }
    Ok(())
}
