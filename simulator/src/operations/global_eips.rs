//! Global EIPs, and segments of them, that are bound to connect gateways. They themselves belong to another service.

use axum::http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Call, OperationResult, connect_gateways, listing::Listing, render, with_defaults};
use crate::{
    http::ApiError,
    rules::global_eips as rules,
    settings::BindAnswer,
    state::{
        Cloud, Object,
        pending::{FinalState, PendingResource},
        set, text,
    },
};

const WRAPPER: &str = "global_eips";

pub fn list(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let gateway_id = text(connect_gateways::find(cloud, call, ids)?, "id");
    let listing = Listing { wrapper: WRAPPER, repeated: &["global_eip_id", "global_eip_segment_id", "status"], comma_separated: &[] };
    listing.respond_from_offset(call, cloud.bound_to(gateway_id), |bound| render::global_eip(bound, call.settings))
}

pub fn bind(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let gateway_id = gateway_id(cloud, call, ids)?;
    let (package, items) = rules::check_bind(cloud, call.document()?, &gateway_id, call.project_id, call.settings)?;
    let mut shown = Vec::new();
    for item in items {
        let id = text(&item, "global_eip_id").to_owned();
        let kind = if text(&item, "type") == "IP_SEGMENT" { "IP_SEGMENT" } else { "IP_ADDRESS" };
        let mut body = Object::new();
        set(&mut body, "type", kind);
        set(&mut body, "connect_gateway_id", gateway_id.as_str());
        set(&mut body, "gcb_id", package.clone().unwrap_or_default());
        set(&mut body, "created_time", call.now.stamp());
        set(&mut body, "status", "BINDING");
        cloud.global_eips.insert(id.clone(), new(&id, call.project_id, body));
        shown.push(json!({"global_eip_id": id, "type": kind, "status": "BINDING", "created_time": call.now.stamp()}));
        let bound = FinalState::Status(call.settings.switches.u33_bound_global_eip_status.clone());
        schedule(cloud, call, call.settings.settle_ms.global_eip.bind, &id, bound);
    }
    Ok(respond(call, shown))
}

pub fn unbind(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let gateway_id = gateway_id(cloud, call, ids)?;
    let wanted = rules::check_unbind(cloud, call.document()?, &gateway_id, call.settings)?;
    let mut shown = Vec::new();
    for id in wanted {
        let bound = cloud.global_eips.get_mut(&id).filter(|bound| text(bound, "connect_gateway_id") == gateway_id);
        let kind = bound.as_ref().map_or("IP_ADDRESS", |bound| text(bound, "type"));
        shown.push(json!({"global_eip_id": id, "type": kind, "status": "UNBINDING"}));
        if let Some(bound) = bound {
            set(bound, "status", "UNBINDING");
            schedule(cloud, call, call.settings.settle_ms.global_eip.unbind, &id, FinalState::Deleted);
        }
    }
    Ok(respond(call, shown))
}

/// A global EIP with all fields of a response. Its address follows from its id.
pub fn new(id: &str, project_id: &str, body: Object) -> Object {
    let is_segment = text(&body, "type") == "IP_SEGMENT";
    let [.., third, fourth] = Uuid::parse_str(id).unwrap_or_default().into_bytes();
    let cidr = if is_segment { format!("198.19.{third}.{}/28", fourth & 0xf0) } else { format!("198.18.{third}.{fourth}/32") };
    let segment = if is_segment { json!(id) } else { Value::Null };
    let defaults = json!({
        "id": id, "tenant_id": project_id, "connect_gateway_id": null, "global_eip_id": id, "global_eip_segment_id": segment,
        "type": "IP_ADDRESS", "cidr": cidr, "address_family": "ipv4", "gcb_id": null, "ie_vtep_ip": "10.254.1.1",
        "status": "BIND_SUCCESSFULLY", "error_message": null, "created_time": null,
    });
    with_defaults(defaults, body)
}

fn gateway_id(cloud: &Cloud, call: &Call<'_>, ids: &[String]) -> Result<String, ApiError> {
    let found = connect_gateways::find(cloud, call, ids).map_err(|error| error.with_status(call.settings.switches.u4_not_found_status));
    found.map(|gateway| text(gateway, "id").to_owned())
}

fn schedule(cloud: &mut Cloud, call: &Call<'_>, after_ms: u64, id: &str, outcome: FinalState) {
    cloud.pending.schedule(call.now, after_ms, PendingResource::GlobalEip(id.to_owned()), outcome.or_error(call.error_reason));
    cloud.settle(call.now, call.settings);
}

/// The items as a list, or the first one of them (`docs/design/uncertain-facts.md#u34`).
fn respond(call: &Call<'_>, items: Vec<Value>) -> super::Success {
    let shown = match call.settings.switches.u34_bind_answer {
        BindAnswer::List => Value::Array(items),
        BindAnswer::Object => items.into_iter().next().unwrap_or_default(),
    };
    call.success(StatusCode::CREATED, WRAPPER, shown)
}
