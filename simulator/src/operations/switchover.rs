//! Switchover tests, which shut down an interface and start it again.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Call, OperationResult, listing::Listing, new_id, virtual_interfaces as interfaces, with_defaults};
use crate::{
    clock::Moment,
    rules::{of_project, switchovers as rules},
    settings::StatusWhileStarting,
    state::{
        Cloud, Object,
        pending::{FinalState, PendingResource},
        text,
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
    let id = new_id();
    let record = new(&id, call.project_id, body, call.now);
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

/// A record with all fields of a response. Its end is its start until it is carried out, as in the vendor's example.
pub fn new(id: &str, project_id: &str, body: Object, now: Moment) -> Object {
    let defaults = json!({
        "id": id, "tenant_id": project_id, "resource_type": "virtual_interface", "operate_status": "STARTING",
        "start_time": now.stamp(), "end_time": now.stamp(),
    });
    with_defaults(defaults, body)
}
