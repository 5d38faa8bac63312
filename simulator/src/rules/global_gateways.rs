//! Rules of global gateways and of the interfaces on them.

use serde_json::Value;

use super::{
    check_gateway_unlocked, check_name_unique,
    fields::{Field, FieldType, require, validate},
    is_refused_narrowing, of_project,
};
use crate::{
    http::ApiError,
    settings::{CreateTags, PendingDelete, Settings, UsedGatewayDelete},
    state::{Cloud, Object, number, text},
};

const CREATE: &[Field] = &[
    ("name", FieldType::Name(64)),
    ("description", FieldType::LongDescription),
    ("bgp_asn", FieldType::Asn),
    ("address_family", FieldType::OneOf(&["ipv4", "dual"])),
    ("enterprise_project_id", FieldType::EnterpriseProject),
    ("tags", FieldType::Tags),
    ("tenant_id", FieldType::Text(255)),
];

const UPDATE: &[Field] =
    &[("name", FieldType::Name(64)), ("description", FieldType::LongDescription), ("address_family", FieldType::OneOf(&["ipv4", "dual"]))];

const IMMUTABLE: &[&str] = &["id", "bgp_asn", "enterprise_project_id", "tags", "tenant_id", "status"];

/// Returns the validated body.
pub fn check_create(cloud: &Cloud, mut body: Object, project_id: &str, settings: &Settings) -> Result<Object, ApiError> {
    // The schema wants a number, the vendor's example has text.
    if let Some(asn) = body.get("bgp_asn").and_then(Value::as_str).and_then(|asn| asn.parse::<u64>().ok()) {
        body.insert("bgp_asn".to_owned(), asn.into());
    }
    let mut body = validate(body, CREATE, &[], settings)?;
    require(&body, &["name"])?;
    check_name(&body)?;
    if body.remove("tenant_id").is_some_and(|tenant| tenant != project_id) {
        return Err(ApiError::invalid_parameter("tenant_id is another project than that of the path"));
    }
    check_tags(&mut body, settings)?;
    check_name_unique(&cloud.global_gateways, project_id, "", &body, settings)?;
    if of_project(&cloud.global_gateways, project_id).count() >= settings.quotas.global_dc_gateways {
        return Err(ApiError::with_detail(&settings.quota_code, "The quota of global gateways is used up."));
    }
    Ok(body)
}

/// Returns the validated changes.
pub fn check_update(cloud: &Cloud, gateway: &Object, body: Object, settings: &Settings) -> Result<Object, ApiError> {
    let body = validate(body, UPDATE, IMMUTABLE, settings)?;
    check_name(&body)?;
    check_gateway_unlocked(gateway, settings)?;
    if is_refused_narrowing(gateway, &body, settings) {
        return Err(ApiError::invalid_parameter("address_family cannot become ipv4 again"));
    }
    check_name_unique(&cloud.global_gateways, text(gateway, "tenant_id"), text(gateway, "id"), &body, settings)?;
    Ok(body)
}

/// A gateway is in use while it has interfaces or links, or is the other side of a link.
pub fn check_delete(cloud: &Cloud, gateway: &Object, settings: &Settings) -> Result<(), ApiError> {
    if settings.switches.u3_delete_while_pending == PendingDelete::Refuse {
        check_gateway_unlocked(gateway, settings)?;
    }
    let id = text(gateway, "id");
    let leads_here = |link: &Object| link.get("peer_site").and_then(|site| site.get("gateway_id")).is_some_and(|peer| peer == id);
    let used = cloud.interfaces_of_global_gateway(id).next().is_some()
        || cloud.links_of_global_gateway(id).next().is_some()
        || cloud.peer_links.values().any(leads_here);
    match settings.switches.u26_delete_used_global_gateway {
        UsedGatewayDelete::InvalidParameter if used => Err(ApiError::invalid_parameter("the global gateway is in use")),
        UsedGatewayDelete::InUse if used => Err(ApiError::bad_request("DC.1106")),
        _ => Ok(()),
    }
}

/// Checks the gateway of a new interface. It belongs to the same project, or to the one that must accept the interface.
pub fn check_interface_create(cloud: &Cloud, interface: &Object, project_id: &str, settings: &Settings) -> Result<(), ApiError> {
    let gateway = cloud.global_gateways.get(text(interface, "gateway_id")).ok_or_else(|| ApiError::bad_request("DC.0002"))?;
    let owner = interface.get("resource_tenant_id").map_or(project_id, |_| text(interface, "resource_tenant_id"));
    if text(gateway, "tenant_id") != owner {
        return Err(ApiError::bad_request("DC.1213"));
    }
    check_gateway_unlocked(gateway, settings)?;
    if text(gateway, "status") == "ERROR" {
        return Err(ApiError::bad_request("DC.1205"));
    }
    let same_asn = text(interface, "route_mode") == "bgp" && number(interface, "bgp_asn") == number(gateway, "bgp_asn");
    if same_asn { Err(ApiError::bad_request("DC.1223")) } else { Ok(()) }
}

/// The links of a gateway keep its last interface (`docs/design/uncertain-facts.md#u27`).
pub fn check_interface_delete(cloud: &Cloud, interface: &Object, settings: &Settings) -> Result<(), ApiError> {
    let gateway = text(interface, "gateway_id");
    let kept = !gateway.is_empty()
        && cloud.interfaces_of_global_gateway(gateway).count() == 1
        && cloud.links_of_global_gateway(gateway).next().is_some();
    if kept && !settings.switches.u27_delete_last_interface {
        return Err(ApiError::invalid_parameter("the global gateway of the interface has peer links"));
    }
    Ok(())
}

/// A name may not be empty.
fn check_name(body: &Object) -> Result<(), ApiError> {
    let is_empty = body.contains_key("name") && text(body, "name").is_empty();
    if is_empty { Err(ApiError::invalid_parameter("name is invalid")) } else { Ok(()) }
}

/// What becomes of the tags (`docs/design/uncertain-facts.md#u28`).
fn check_tags(body: &mut Object, settings: &Settings) -> Result<(), ApiError> {
    let given = body.get("tags").and_then(Value::as_array).is_some_and(|tags| !tags.is_empty());
    match settings.switches.u28_global_gateway_tags {
        CreateTags::Refuse if given => return Err(ApiError::invalid_parameter("tags is not a parameter")),
        CreateTags::Drop => drop(body.remove("tags")),
        _ => {}
    }
    Ok(())
}
