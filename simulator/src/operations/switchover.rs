//! Switchover tests, which shut down an interface and start it again.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Call, OperationResult, listing::Listing, new_id, virtual_interfaces as interfaces};
use crate::{
    http::ApiError,
    rules::{
        fields::{FieldType, require, validate},
        interfaces as rules, of_project,
    },
    state::{
        Cloud, Object,
        pending::{FinalState, PendingResource},
        set, text,
    },
};

const WRAPPER: &str = "switchover_test_record";

pub fn start(cloud: &mut Cloud, call: &Call<'_>, _: &[String]) -> OperationResult {
    let fields = [
        ("resource_id", FieldType::Uuid),
        ("operation", FieldType::OneOf(&["shutdown", "undo_shutdown"])),
        ("resource_type", FieldType::OneOf(&["virtual_interface"])),
    ];
    let body = validate(call.object(WRAPPER)?, &fields, &[], call.settings)?;
    require(&body, &["resource_id", "operation"])?;
    let interface_id = text(&body, "resource_id").to_owned();
    let interface = interfaces::find(cloud, call, std::slice::from_ref(&interface_id))?;
    rules::check_changeable(cloud, interface, call.settings)?;
    let new_status = match (text(&body, "operation"), text(interface, "status")) {
        ("shutdown", "ACTIVE" | "DOWN") => "ADMIN_SHUTDOWN",
        ("undo_shutdown", "ADMIN_SHUTDOWN") => "ACTIVE",
        _ => return Err(ApiError::bad_request("DC.1210")),
    };
    let record = record(call, body);
    let id = text(&record, "id").to_owned();
    cloud.switchovers.insert(id.clone(), record.clone());
    let resource = PendingResource::Switchover { record: id, interface: interface_id };
    let final_state = FinalState::Status(new_status.to_owned()).or_error(call.error_reason);
    cloud.pending.schedule(call.now, call.settings.settle_ms.update, resource, final_state);
    cloud.settle(call.now, call.settings);
    Ok(call.success(StatusCode::CREATED, WRAPPER, Value::Object(record)))
}

/// Lists the complete tests only, as documented.
pub fn list(cloud: &mut Cloud, call: &Call<'_>, _: &[String]) -> OperationResult {
    let listing = Listing { wrapper: "switchover_test_records", repeated: &["resource_id"], comma_separated: &[] };
    let complete = of_project(&cloud.switchovers, call.project_id).filter(|record| text(record, "operate_status") == "COMPLETE");
    listing.respond(call, complete, |record| Value::Object(record.clone()))
}

fn record(call: &Call<'_>, body: Object) -> Object {
    let mut record = body;
    let defaults = json!({
        "id": new_id(), "tenant_id": call.project_id, "resource_type": "virtual_interface",
        "operate_status": "STARTING", "start_time": call.now.stamp(),
        // Until the end it is the start, as in the vendor's example.
        "end_time": call.now.stamp(),
    });
    if let Value::Object(fields) = defaults {
        fields.into_iter().for_each(|(key, value)| set(&mut record, &key, value));
    }
    record
}
