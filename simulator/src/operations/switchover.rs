//! Switchover tests, which shut down an interface and start it again.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Call, OperationResult, listing::Listing, new_id, virtual_interfaces as interfaces};
use crate::{
    rules::{of_project, switchovers as rules},
    settings::StatusWhileStarting,
    state::{
        Cloud, Object,
        pending::{FinalState, PendingResource},
        set, text,
    },
};

const WRAPPER: &str = "switchover_test_record";

pub fn start(cloud: &mut Cloud, call: &Call<'_>, _: &[String]) -> OperationResult {
    let body = rules::validate_start(call.object(WRAPPER)?, call.settings)?;
    let interface_id = text(&body, "resource_id").to_owned();
    let interface = interfaces::find(cloud, call, std::slice::from_ref(&interface_id))?;
    let before = text(interface, "status").to_owned();
    let shuts = text(&body, "operation") == "shutdown";
    let has_effect = rules::check_start(cloud, interface, text(&body, "operation"), call.settings)?;
    let record = record(call, body);
    let id = text(&record, "id").to_owned();
    cloud.switchovers.insert(id.clone(), record.clone());
    let after = if shuts { "ADMIN_SHUTDOWN" } else { "ACTIVE" };
    if has_effect && shuts && call.settings.switches.u41_status_while_starting == StatusWhileStarting::AdminShutdown {
        cloud.set_interface_status(&interface_id, after, call.now, call.settings);
    }
    let final_state = FinalState::Status(after.to_owned()).or_error(call.error_reason);
    let resource = PendingResource::Switchover { record: id, interface: interface_id, before: has_effect.then_some(before) };
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
