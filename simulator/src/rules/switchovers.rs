//! Rules of switchover tests.

use super::{
    fields::{FieldType, require, validate},
    interfaces,
};
use crate::{
    http::ApiError,
    settings::{Refusal, Settings},
    state::{Cloud, Object, peers, text},
};

/// Validates the body of a start, without looking at other resources.
pub fn validate_start(body: Object, settings: &Settings) -> Result<Object, ApiError> {
    let fields = [
        ("resource_id", FieldType::Uuid),
        ("operation", FieldType::OneOf(&["shutdown", "undo_shutdown"])),
        ("resource_type", FieldType::OneOf(&["virtual_interface"])),
    ];
    let body = validate(body, &fields, &[], settings)?;
    require(&body, &["resource_id", "operation"])?;
    Ok(body)
}

/// Returns whether the operation has an effect, or only repeats what was done before (`docs/design/uncertain-facts.md#u43`).
pub fn check_start(cloud: &Cloud, interface: &Object, operation: &str, settings: &Settings) -> Result<bool, ApiError> {
    let accepts_repeated = settings.switches.u43_repeated_switchover == Refusal::Accept;
    let in_progress = cloud.switchover_in_progress(text(interface, "id"));
    if accepts_repeated && in_progress.is_some_and(|record| text(record, "operation") == operation) {
        return Ok(false);
    }
    interfaces::check_changeable(cloud, interface, settings)?;
    match (operation, text(interface, "status")) {
        ("shutdown", "ADMIN_SHUTDOWN") | ("undo_shutdown", "ACTIVE" | "DOWN") if accepts_repeated => Ok(false),
        ("shutdown", status @ ("ACTIVE" | "DOWN")) if status == "ACTIVE" && has_sessions(interface) || accepts_idle(settings) => Ok(true),
        ("undo_shutdown", "ADMIN_SHUTDOWN") => Ok(true),
        _ => Err(ApiError::bad_request("DC.1210")),
    }
}

fn has_sessions(interface: &Object) -> bool {
    peers(interface).any(|peer| text(peer, "route_mode") == "bgp")
}

/// Whether an interface that is DOWN or static can be shut down (`docs/design/uncertain-facts.md#u44`).
fn accepts_idle(settings: &Settings) -> bool {
    settings.switches.u44_shutdown_of_down_or_static == Refusal::Accept
}
