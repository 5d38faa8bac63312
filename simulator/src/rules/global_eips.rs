//! Rules of the global EIPs that are bound to connect gateways.

use serde_json::Value;

use super::{
    fields::{Field, FieldType, require, validate},
    of_project,
};
use crate::{
    http::ApiError,
    settings::{BoundElsewhere, PendingDelete, Refusal, Settings},
    state::{Cloud, Object, text},
};

const BIND: &[Field] = &[("gcb_id", FieldType::Uuid), ("global_eips", FieldType::Objects)];
const BIND_ITEM: &[Field] = &[("global_eip_id", FieldType::Uuid), ("type", FieldType::OneOf(&["IP_ADDRESS", "IP_SEGMENT"]))];
const UNBIND: &[Field] = &[("global_eips", FieldType::Objects)];
const UNBIND_ITEM: &[Field] = &[("global_eip_id", FieldType::Uuid)];

/// Returns the bandwidth package and the items.
pub fn check_bind(
    cloud: &Cloud,
    body: Object,
    gateway_id: &str,
    project_id: &str,
    settings: &Settings,
) -> Result<(Option<Value>, Vec<Object>), ApiError> {
    let mut body = validate(body, BIND, &[], settings)?;
    let items = items(&body, BIND_ITEM, settings)?;
    for item in &items {
        check_bindable(cloud, item, gateway_id, settings)?;
    }
    let new = items.iter().filter(|item| !cloud.global_eips.contains_key(text(item, "global_eip_id"))).count();
    if of_project(&cloud.global_eips, project_id).count() + new > settings.quotas.global_eips {
        return Err(ApiError::with_detail(&settings.quota_code, "The quota of global EIPs is used up."));
    }
    Ok((body.remove("gcb_id"), items))
}

fn check_bindable(cloud: &Cloud, item: &Object, gateway_id: &str, settings: &Settings) -> Result<(), ApiError> {
    let id = text(item, "global_eip_id");
    let kind = if text(item, "type") == "IP_SEGMENT" { "IP_SEGMENT" } else { "IP_ADDRESS" };
    let is_of_other_kind = cloud.addresses.get(id).is_some_and(|address| text(address, "type") != kind);
    if is_of_other_kind || settings.missing_global_eips.iter().any(|missing| missing == id) {
        return Err(ApiError::bad_request("DC.0002"));
    }
    let Some(bound) = cloud.global_eips.get(id) else {
        return Ok(());
    };
    let movable = settings.switches.u36_bound_elsewhere == BoundElsewhere::Move && text(bound, "connect_gateway_id") != gateway_id;
    if movable { Ok(()) } else { Err(ApiError::invalid_parameter("the global EIP is bound already")) }
}

/// Returns the ids of those that are to be unbound.
pub fn check_unbind(cloud: &Cloud, body: Object, gateway_id: &str, settings: &Settings) -> Result<Vec<String>, ApiError> {
    let body = validate(body, UNBIND, &[], settings)?;
    let ids = items(&body, UNBIND_ITEM, settings)?.iter().map(|item| text(item, "global_eip_id").to_owned()).collect::<Vec<_>>();
    for id in &ids {
        check_unbindable(cloud.global_eips.get(id), gateway_id, settings)?;
    }
    Ok(ids)
}

fn check_unbindable(bound: Option<&Object>, gateway_id: &str, settings: &Settings) -> Result<(), ApiError> {
    let Some(bound) = bound.filter(|bound| text(bound, "connect_gateway_id") == gateway_id) else {
        let refused = settings.switches.u47_unbind_unbound == Refusal::Refuse;
        return if refused { Err(ApiError::invalid_parameter("the global EIP is not bound")) } else { Ok(()) };
    };
    let pending = matches!(text(bound, "status"), "BINDING" | "UNBINDING");
    if pending && settings.switches.u3_delete_while_pending == PendingDelete::Refuse {
        return Err(ApiError::invalid_parameter("the global EIP is being bound or unbound"));
    }
    Ok(())
}

/// At least one item, and none twice.
fn items(body: &Object, fields: &[Field], settings: &Settings) -> Result<Vec<Object>, ApiError> {
    let list = body.get("global_eips").and_then(Value::as_array).filter(|list| !list.is_empty());
    let list = list.ok_or_else(|| ApiError::invalid_parameter("global_eips is required"))?;
    let mut items = Vec::new();
    for item in list.iter().filter_map(Value::as_object) {
        let item = validate(item.clone(), fields, &[], settings)?;
        require(&item, &["global_eip_id"])?;
        if items.iter().any(|other| text(other, "global_eip_id") == text(&item, "global_eip_id")) {
            return Err(ApiError::invalid_parameter("global_eips has an id twice"));
        }
        items.push(item);
    }
    Ok(items)
}
