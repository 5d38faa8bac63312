//! Rules of hosted connections.

use super::{
    check_name_unique,
    connections::{check_available, check_bandwidth},
    fields::{Field, FieldType, require, validate},
    one_of_project,
};
use crate::{
    http::ApiError,
    settings::{PendingDelete, Refusal, Settings},
    state::{Cloud, Object, number, text},
};

const CREATE: &[Field] = &[
    ("name", FieldType::Text(64)),
    ("description", FieldType::Description),
    ("hosting_id", FieldType::Uuid),
    ("vlan", FieldType::Integer(0, 3999)),
    ("bandwidth", FieldType::Integer(2, 400_000)),
    ("resource_tenant_id", FieldType::Project),
    ("peer_location", FieldType::Text(255)),
];

const UPDATE: &[Field] = &[
    ("name", FieldType::Text(64)),
    ("description", FieldType::Description),
    ("bandwidth", FieldType::Integer(2, 400_000)),
    ("peer_location", FieldType::Text(255)),
];

const IMMUTABLE: &[&str] = &[
    "id",
    "type",
    "port_type",
    "location",
    "provider",
    "provider_status",
    "vlan",
    "hosting_id",
    "resource_tenant_id",
    "tenant_id",
    "admin_state_up",
    "status",
];

/// Returns the validated body.
pub fn check_create(cloud: &Cloud, body: Object, project_id: &str, settings: &Settings) -> Result<Object, ApiError> {
    let body = validate(body, CREATE, &[], settings)?;
    require(&body, &["hosting_id", "bandwidth", "resource_tenant_id"])?;
    let vlan = number(&body, "vlan").ok_or_else(|| ApiError::bad_request("DC.1003"))?;
    if vlan == 0 {
        return Err(ApiError::bad_request("DC.1017"));
    }
    let hosting_id = text(&body, "hosting_id");
    let hosting = one_of_project(&cloud.connections, project_id, hosting_id).ok_or_else(|| ApiError::bad_request("DC.1012"))?;
    if text(hosting, "type") != "hosting" {
        return Err(ApiError::bad_request("DC.1004"));
    }
    if text(hosting, "status") != "ACTIVE" {
        return Err(ApiError::bad_request("DC.1005"));
    }
    let same_vlan = |other: &Object| text(other, "hosting_id") == hosting_id && number(other, "vlan") == Some(vlan);
    if cloud.connections.values().any(same_vlan) {
        return Err(ApiError::bad_request("DC.1008"));
    }
    check_available(cloud, hosting_id, number(&body, "bandwidth").unwrap_or_default())?;
    check_name_unique(&cloud.connections, text(&body, "resource_tenant_id"), "", &body, settings)?;
    Ok(body)
}

/// Returns the validated changes.
pub fn check_update(cloud: &Cloud, hosted: &Object, body: Object, settings: &Settings) -> Result<Object, ApiError> {
    let body = validate(body, UPDATE, IMMUTABLE, settings)?;
    check_unlocked(hosted)?;
    if let Some(bandwidth) = number(&body, "bandwidth") {
        check_bandwidth(cloud, hosted, bandwidth)?;
    }
    check_name_unique(&cloud.connections, text(hosted, "tenant_id"), text(hosted, "id"), &body, settings)?;
    Ok(body)
}

pub fn check_delete(cloud: &Cloud, hosted: &Object, settings: &Settings) -> Result<(), ApiError> {
    if settings.switches.u3_delete_while_pending == PendingDelete::Refuse {
        check_unlocked(hosted)?;
    }
    let used = cloud.interfaces_of_connection(text(hosted, "id")).next().is_some();
    if used && settings.switches.u39_delete_used_hosted == Refusal::Refuse {
        return Err(ApiError::bad_request("DC.1007"));
    }
    Ok(())
}

/// Rejects a connection with a pending change. `BUILD` is none here.
fn check_unlocked(hosted: &Object) -> Result<(), ApiError> {
    if text(hosted, "status").starts_with("PENDING_") { Err(ApiError::bad_request("DC.1005")) } else { Ok(()) }
}
