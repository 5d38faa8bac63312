//! Rules of connections.

use super::{
    check_name_unique,
    fields::{Field, FieldType, validate},
};
use crate::{
    http::ApiError,
    settings::Settings,
    state::{Cloud, Object, number, text},
};

const UPDATE: &[Field] = &[
    ("name", FieldType::Text(64)),
    ("description", FieldType::Description),
    ("bandwidth", FieldType::Integer(2, 100_000)),
    ("peer_location", FieldType::Text(255)),
    ("provider_status", FieldType::OneOf(&["ACTIVE", "DOWN"])),
    ("status", FieldType::OneOf(&["PENDING_PAY", "APPLY"])),
];

const IMMUTABLE: &[&str] = &[
    "id",
    "type",
    "port_type",
    "location",
    "provider",
    "vlan",
    "hosting_id",
    "device_id",
    "lag_id",
    "charge_mode",
    "enterprise_project_id",
    "tags",
    "tenant_id",
];

/// Returns the validated changes.
pub fn check_update(cloud: &Cloud, connection: &Object, body: Object, settings: &Settings) -> Result<Object, ApiError> {
    let body = validate(body, UPDATE, IMMUTABLE, settings)?;
    if matches!(text(connection, "status"), "PENDING_DELETE" | "DELETED") || body.contains_key("status") && !is_ordered(connection) {
        return Err(ApiError::bad_request("DC.1005"));
    }
    if let Some(bandwidth) = number(&body, "bandwidth") {
        check_bandwidth(cloud, connection, bandwidth)?;
    }
    check_name_unique(&cloud.connections, text(connection, "tenant_id"), text(connection, "id"), &body, settings)?;
    Ok(body)
}

/// Only what is paid by use is deleted here. What is paid for a period is unsubscribed from, elsewhere.
pub fn check_delete(cloud: &Cloud, connection: &Object, settings: &Settings) -> Result<(), ApiError> {
    if matches!(text(connection, "status"), "PENDING_DELETE" | "DELETED") {
        return Err(ApiError::bad_request("DC.1005"));
    }
    let id = text(connection, "id");
    let hosts_others = cloud.connections.values().any(|other| text(other, "hosting_id") == id);
    if hosts_others || cloud.interfaces_of_connection(id).next().is_some() {
        return Err(ApiError::bad_request("DC.1007"));
    }
    if text(connection, "charge_mode") == "prepayment" {
        return Err(ApiError::with_detail(&settings.prepaid_delete_code, "The connection is paid for a period."));
    }
    Ok(())
}

/// The status of an order can be set until it is paid.
fn is_ordered(connection: &Object) -> bool {
    matches!(text(connection, "status"), "APPLY" | "DENY" | "PENDING_SURVEY" | "PENDING_PAY")
}

/// Only a hosted connection gets another bandwidth: more, and of what its operations connection has left.
pub fn check_bandwidth(cloud: &Cloud, connection: &Object, wanted: u64) -> Result<(), ApiError> {
    let present = number(connection, "bandwidth").unwrap_or_default();
    if wanted == present {
        return Ok(());
    }
    if text(connection, "type") != "hosted" {
        return Err(ApiError::bad_request("DC.1011"));
    }
    if wanted < present {
        return Err(ApiError::bad_request("DC.1010"));
    }
    check_available(cloud, text(connection, "hosting_id"), wanted - present)
}

/// Rejects more bandwidth than the connections on an operations connection leave.
pub fn check_available(cloud: &Cloud, hosting: &str, more: u64) -> Result<(), ApiError> {
    let hosted = cloud.connections.values().filter(|other| text(other, "hosting_id") == hosting);
    let used: u64 = hosted.filter_map(|other| number(other, "bandwidth")).sum();
    let available = cloud.connections.get(hosting).and_then(|hosting| number(hosting, "bandwidth"));
    if available.is_some_and(|available| used + more > available) { Err(ApiError::bad_request("DC.1000")) } else { Ok(()) }
}
