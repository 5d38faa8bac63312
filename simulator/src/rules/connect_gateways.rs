//! Rules of connect gateways.

use super::{
    check_name_unique,
    fields::{Field, FieldType, require, validate},
    is_refused_narrowing, of_project,
};
use crate::{
    http::ApiError,
    settings::{GatewayInUse, Settings},
    state::{Cloud, Object, text},
};

const FIELDS: &[Field] =
    &[("name", FieldType::Name(64)), ("description", FieldType::LongDescription), ("address_family", FieldType::OneOf(&["ipv4", "dual"]))];

const IMMUTABLE: &[&str] = &["id", "tenant_id", "status", "bgp_asn", "access_site", "gateway_site", "gcb_id", "current_geip_count"];

/// Returns the validated body.
pub fn check_create(cloud: &Cloud, body: Object, project_id: &str, settings: &Settings) -> Result<Object, ApiError> {
    let body = validate(body, FIELDS, &[], settings)?;
    require(&body, &["name"])?;
    check_name_unique(&cloud.connect_gateways, project_id, "", &body, settings)?;
    if of_project(&cloud.connect_gateways, project_id).count() >= settings.quotas.connect_gateways {
        return Err(ApiError::with_detail(&settings.quota_code, "The quota of connect gateways is used up."));
    }
    Ok(body)
}

/// Returns the validated changes.
pub fn check_update(cloud: &Cloud, gateway: &Object, body: Object, settings: &Settings) -> Result<Object, ApiError> {
    let body = validate(body, FIELDS, IMMUTABLE, settings)?;
    if is_refused_narrowing(gateway, &body, settings) {
        return Err(ApiError::invalid_parameter("address_family cannot be changed back to ipv4"));
    }
    check_name_unique(&cloud.connect_gateways, text(gateway, "tenant_id"), text(gateway, "id"), &body, settings)?;
    Ok(body)
}

pub fn check_delete(cloud: &Cloud, gateway: &Object, settings: &Settings) -> Result<(), ApiError> {
    let used = cloud.bound_to(text(gateway, "id")).next().is_some();
    if used && settings.switches.u37_delete_used_connect_gateway == GatewayInUse::Refuse {
        return Err(ApiError::invalid_parameter("the connect gateway has global EIPs"));
    }
    Ok(())
}
