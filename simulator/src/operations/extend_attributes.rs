//! Extended attributes of an interface: parameters of BFD and NQA.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Call, OperationResult, virtual_interfaces as interfaces};
use crate::{
    rules::interfaces as rules,
    state::{Cloud, Object, pending::FinalState, set, text},
};

const WRAPPER: &str = "extend_attribute";

pub fn update(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let interface = interfaces::find(cloud, call, ids).map_err(|error| error.with_status(call.settings.switches.u4_not_found_status))?;
    let (id, status) = (text(interface, "id").to_owned(), text(interface, "status").to_owned());
    let changes = rules::check_extend_attributes(cloud, interface, call.object(WRAPPER)?, call.settings)?;
    let mut attribute = interface.get(WRAPPER).and_then(Value::as_object).cloned().unwrap_or_else(defaults);
    attribute.extend(changes);
    let shown = Value::Object(attribute);
    if let Some(interface) = cloud.interfaces.get_mut(&id) {
        set(interface, WRAPPER, shown.clone());
        set(interface, "status", "PENDING_UPDATE");
    }
    interfaces::schedule(cloud, call, call.settings.settle_ms.update, &id, FinalState::Status(status));
    Ok(call.success(StatusCode::OK, WRAPPER, shown))
}

fn defaults() -> Object {
    let defaults = json!({"detect_multiplier": 5, "min_rx_interval": 1000, "min_tx_interval": 1000});
    if let Value::Object(defaults) = defaults { defaults } else { Object::new() }
}
