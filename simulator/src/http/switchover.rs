//! Switchover tests: an interface is shut down on purpose, and brought back.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Call, Outcome, listing::Listing, new_id, virtual_interfaces as interfaces};
use crate::{
    engine::{Outcome as Settled, Subject},
    errors::Refusal,
    rules::{
        fields::{Form, accept, require},
        interfaces as rules, owned,
    },
    state::{Cloud, Object, set, text},
};

const WRAPPER: &str = "switchover_test_record";

pub fn start(cloud: &mut Cloud, call: &Call<'_>, _: &[String]) -> Outcome {
    let fields = [
        ("resource_id", Form::Uuid),
        ("operation", Form::OneOf(&["shutdown", "undo_shutdown"])),
        ("resource_type", Form::OneOf(&["virtual_interface"])),
    ];
    let body = accept(call.object(WRAPPER)?, &fields, &[], call.settings)?;
    require(&body, &["resource_id", "operation"])?;
    let interface_id = text(&body, "resource_id").to_owned();
    let interface = interfaces::find(cloud, call, std::slice::from_ref(&interface_id))?;
    rules::usable(cloud, interface, call.settings)?;
    let becomes = match (text(&body, "operation"), text(interface, "status")) {
        ("shutdown", "ACTIVE" | "DOWN") => "ADMIN_SHUTDOWN",
        ("undo_shutdown", "ADMIN_SHUTDOWN") => "ACTIVE",
        _ => return Err(Refusal::rule("DC.1210")),
    };
    let record = record(call, body);
    let id = text(&record, "id").to_owned();
    cloud.switchovers.insert(id.clone(), record.clone());
    let subject = Subject::Switchover { record: id, interface: interface_id };
    let settled = Settled::Status(becomes.to_owned()).unless(call.failure);
    cloud.agenda.schedule(call.now, call.settings.settle_ms.update, subject, settled);
    cloud.settle(call.now, call.settings);
    Ok(call.answer(StatusCode::CREATED, WRAPPER, Value::Object(record)))
}

/// Lists the tests that are over; the documents say that others are not shown.
pub fn list(cloud: &mut Cloud, call: &Call<'_>, _: &[String]) -> Outcome {
    let listing = Listing { wrapper: "switchover_test_records", repeated: &["resource_id"], joined: &[] };
    let complete = owned(&cloud.switchovers, &call.caller.project_id).filter(|record| text(record, "operate_status") == "COMPLETE");
    listing.answer(call, complete, |record| Value::Object(record.clone()))
}

fn record(call: &Call<'_>, body: Object) -> Object {
    let mut record = body;
    let given = json!({
        "id": new_id(), "tenant_id": call.caller.project_id, "resource_type": "virtual_interface",
        "operate_status": "STARTING", "start_time": call.now.stamp(),
    });
    if let Value::Object(fields) = given {
        fields.into_iter().for_each(|(key, value)| set(&mut record, &key, value));
    }
    record
}
