//! Rules of virtual interfaces.

use super::{
    check_gateway_unlocked, check_interface_unlocked, check_name_unique, check_no_switchover, check_not_shut_down,
    fields::{Field, FieldType, require, validate},
    global_gateways, of_project, peers,
};
use crate::{
    http::ApiError,
    settings::{PendingDelete, Refusal, Settings},
    state::{Cloud, Object, flag, number, peers as peers_of, text},
};

const CREATE: &[Field] = &[
    ("name", FieldType::Text(64)),
    ("description", FieldType::Description),
    ("direct_connect_id", FieldType::Uuid),
    ("lag_id", FieldType::Uuid),
    ("type", FieldType::OneOf(&["private", "public"])),
    ("service_type", FieldType::OneOf(&["VGW", "GDGW", "LGW"])),
    ("vgw_id", FieldType::Uuid),
    ("gateway_id", FieldType::Uuid),
    ("vlan", FieldType::Integer(0, 3999)),
    ("bandwidth", FieldType::Integer(2, 2_147_483_647)),
    ("local_gateway_v4_ip", FieldType::Text(255)),
    ("remote_gateway_v4_ip", FieldType::Text(255)),
    ("local_gateway_v6_ip", FieldType::Text(255)),
    ("remote_gateway_v6_ip", FieldType::Text(255)),
    ("address_family", FieldType::OneOf(&["ipv4", "ipv6"])),
    ("route_mode", FieldType::OneOf(&["static", "bgp"])),
    ("bgp_asn", FieldType::Asn),
    ("bgp_md5", FieldType::Text(255)),
    ("remote_ep_group", FieldType::Texts(0, 2000)),
    ("service_ep_group", FieldType::Texts(0, 2000)),
    ("priority", FieldType::OneOf(&["normal", "low"])),
    ("enable_bfd", FieldType::Flag),
    ("enable_nqa", FieldType::Flag),
    ("enterprise_project_id", FieldType::EnterpriseProject),
    ("resource_tenant_id", FieldType::Text(36)),
    ("tags", FieldType::Tags),
];

const UPDATE: &[Field] = &[
    ("name", FieldType::Text(64)),
    ("description", FieldType::Description),
    ("bandwidth", FieldType::Integer(2, 2_147_483_647)),
    ("remote_ep_group", FieldType::Texts(0, 2000)),
    ("service_ep_group", FieldType::Texts(0, 2000)),
    ("priority", FieldType::OneOf(&["normal", "low"])),
    ("enable_bfd", FieldType::Flag),
    ("enable_nqa", FieldType::Flag),
    ("status", FieldType::OneOf(&["ACCEPTED", "REJECTED"])),
];

const IMMUTABLE: &[&str] = &[
    "id",
    "direct_connect_id",
    "lag_id",
    "type",
    "service_type",
    "vgw_id",
    "gateway_id",
    "vlan",
    "local_gateway_v4_ip",
    "remote_gateway_v4_ip",
    "local_gateway_v6_ip",
    "remote_gateway_v6_ip",
    "address_family",
    "route_mode",
    "bgp_asn",
    "bgp_md5",
    "enterprise_project_id",
    "resource_tenant_id",
    "tags",
    "extend_attribute",
];

const EXTEND: &[Field] = &[
    ("ha_type", FieldType::OneOf(&["nqa", "bfd"])),
    ("ha_mode", FieldType::OneOf(&["auto_single", "auto_multi", "static_single", "static_multi", "enhance_nqa"])),
    ("detect_multiplier", FieldType::Integer(3, 20)),
    ("min_rx_interval", FieldType::Integer(200, 5000)),
    ("min_tx_interval", FieldType::Integer(200, 5000)),
    ("remote_disclaim", FieldType::Integer(1, 16_384)),
    ("local_disclaim", FieldType::Integer(1, 16_384)),
    ("ipv6_remote_disclaim", FieldType::Integer(1, 16_384)),
    ("ipv6_local_disclaim", FieldType::Integer(1, 16_384)),
];

/// Validates the body of a create, without looking at other resources.
pub fn validate_create(body: Object, settings: &Settings) -> Result<Object, ApiError> {
    let body = validate(body, CREATE, &[], settings)?;
    require(&body, &["type", "vlan", "bandwidth", "route_mode"])?;
    if flag(&body, "enable_bfd") && flag(&body, "enable_nqa") {
        return Err(ApiError::invalid_parameter("enable_bfd and enable_nqa exclude each other"));
    }
    check_priority(&body, text(&body, "route_mode"))?;
    Ok(body)
}

/// `peer` is the first peer, which is created with the interface.
pub fn check_create(cloud: &Cloud, body: &Object, peer: &Object, project_id: &str, settings: &Settings) -> Result<(), ApiError> {
    if text(body, "type") == "public" {
        return Err(ApiError::bad_request("DC.1215"));
    }
    let connection = find_connection(cloud, body, project_id)?;
    let gateway = if text(body, "service_type") == "GDGW" {
        global_gateways::check_interface_create(cloud, body, project_id, settings)?;
        None
    } else {
        Some(find_gateway(cloud, body, project_id, settings)?)
    };
    check_hosted_connection(cloud, connection, body)?;
    check_vlan(cloud, connection, body)?;
    check_bandwidth(cloud, connection, text(body, "id"), number(body, "bandwidth"))?;
    gateway.map_or(Ok(()), |gateway| check_connections_of_gateway(cloud, gateway, connection, settings))?;
    peers::check_peer(gateway, peer, settings)?;
    check_name_unique(&cloud.interfaces, project_id, "", body, settings)?;
    if of_project(&cloud.interfaces, project_id).count() >= settings.quotas.virtual_interfaces {
        return Err(ApiError::with_detail(&settings.quota_code, "The quota of virtual interfaces is used up."));
    }
    Ok(())
}

/// Returns the validated changes.
pub fn check_update(cloud: &Cloud, interface: &Object, body: Object, settings: &Settings) -> Result<Object, ApiError> {
    let body = validate(body, UPDATE, IMMUTABLE, settings)?;
    for alone in ["priority", "status"] {
        if body.contains_key(alone) && body.len() > 1 {
            return Err(ApiError::invalid_parameter(&format!("{alone} cannot be changed with other fields at the same time")));
        }
    }
    check_fault_detection(interface, &body)?;
    check_changeable(cloud, interface, settings)?;
    check_not_shut_down(interface, settings)?;
    if let Some(bandwidth) = number(&body, "bandwidth") {
        check_bandwidth_change(cloud, interface, bandwidth)?;
    }
    check_priority(&body, peers_of(interface).next().map_or("static", |peer| text(peer, "route_mode")))?;
    if let (Some(remote), Some(peer)) = (body.get("remote_ep_group"), peers_of(interface).next()) {
        let mut changed = peer.clone();
        changed.insert("remote_ep_group".to_owned(), remote.clone());
        peers::check_remote_subnets(cloud.gateways.get(text(interface, "vgw_id")), &changed, settings)?;
    }
    check_name_unique(&cloud.interfaces, text(interface, "tenant_id"), text(interface, "id"), &body, settings)?;
    Ok(body)
}

/// Returns the validated changes.
pub fn check_extend_attributes(cloud: &Cloud, interface: &Object, body: Object, settings: &Settings) -> Result<Object, ApiError> {
    let body = validate(body, EXTEND, &[], settings)?;
    check_changeable(cloud, interface, settings)?;
    check_not_shut_down(interface, settings)?;
    Ok(body)
}

pub fn check_delete(cloud: &Cloud, interface: &Object, settings: &Settings) -> Result<(), ApiError> {
    if settings.switches.u42_delete_shut_interface == Refusal::Refuse {
        check_not_shut_down(interface, settings)?;
    }
    if settings.switches.u3_delete_while_pending == PendingDelete::Refuse {
        check_interface_unlocked(interface, settings)?;
        check_no_switchover(cloud, interface, settings)?;
        cloud.gateways.get(text(interface, "vgw_id")).map_or(Ok(()), |gateway| check_gateway_unlocked(gateway, settings))?;
    }
    if text(interface, "status") == "ERROR" && !settings.switches.u2_delete_error_interface {
        return Err(ApiError::bad_request("DC.1210"));
    }
    global_gateways::check_interface_delete(cloud, interface, settings)
}

/// Rejects changes of an interface that is locked or in a status that does not allow them.
pub fn check_changeable(cloud: &Cloud, interface: &Object, settings: &Settings) -> Result<(), ApiError> {
    check_interface_unlocked(interface, settings)?;
    check_no_switchover(cloud, interface, settings)?;
    cloud.gateways.get(text(interface, "vgw_id")).map_or(Ok(()), |gateway| check_gateway_unlocked(gateway, settings))?;
    match text(interface, "status") {
        "ERROR" => Err(ApiError::bad_request("DC.1205")),
        "AUTHORIZATION" | "REJECTED" | "DELETED" => Err(ApiError::bad_request("DC.1210")),
        _ => Ok(()),
    }
}

fn find_connection<'c>(cloud: &'c Cloud, body: &Object, project_id: &str) -> Result<&'c Object, ApiError> {
    if body.contains_key("lag_id") {
        return Err(ApiError::bad_request("DC.1015"));
    }
    if !body.contains_key("direct_connect_id") {
        return Err(ApiError::bad_request("DC.1200"));
    }
    let connection = cloud.connections.get(text(body, "direct_connect_id")).filter(|found| text(found, "tenant_id") == project_id);
    let connection = connection.ok_or_else(|| ApiError::bad_request("DC.1012"))?;
    if text(connection, "type") == "hosting" {
        return Err(ApiError::bad_request("DC.1204"));
    }
    // For a hosted connection this is the word for one that is provisioned.
    let provisioned = text(connection, "type") == "hosted" && text(connection, "status") == "BUILD";
    if text(connection, "status") != "ACTIVE" && !provisioned {
        return Err(ApiError::bad_request("DC.1005"));
    }
    Ok(connection)
}

/// The gateway of a new interface. It belongs to the same project, or to the one that must accept the interface.
fn find_gateway<'c>(cloud: &'c Cloud, body: &Object, project_id: &str, settings: &Settings) -> Result<&'c Object, ApiError> {
    if text(body, "service_type") == "LGW" {
        return Err(ApiError::bad_request("DC.1216"));
    }
    require(body, &["vgw_id"])?;
    let owner = body.get("resource_tenant_id").map_or(project_id, |_| text(body, "resource_tenant_id"));
    let gateway = cloud.gateways.get(text(body, "vgw_id")).ok_or_else(|| ApiError::bad_request("DC.1111"))?;
    if text(gateway, "tenant_id") != owner {
        return Err(ApiError::bad_request("DC.1213"));
    }
    check_gateway_unlocked(gateway, settings)?;
    if text(gateway, "status") == "ERROR" { Err(ApiError::bad_request("DC.1205")) } else { Ok(gateway) }
}

fn check_hosted_connection(cloud: &Cloud, connection: &Object, body: &Object) -> Result<(), ApiError> {
    if text(connection, "type") != "hosted" {
        return Ok(());
    }
    if cloud.interfaces_of_connection(text(connection, "id")).next().is_some() {
        return Err(ApiError::bad_request("DC.1206"));
    }
    if number(connection, "vlan") == number(body, "vlan") { Ok(()) } else { Err(ApiError::bad_request("DC.1207")) }
}

fn check_vlan(cloud: &Cloud, connection: &Object, body: &Object) -> Result<(), ApiError> {
    let vlan = number(body, "vlan");
    for other in cloud.interfaces_of_connection(text(connection, "id")) {
        match number(other, "vlan") {
            // VLAN 0 is layer 3 mode, which needs the whole connection.
            Some(0) => return Err(ApiError::bad_request("DC.1219")),
            used if used == vlan || vlan == Some(0) => return Err(ApiError::bad_request("DC.1209")),
            _ => {}
        }
    }
    Ok(())
}

/// The interfaces of a connection share its bandwidth.
fn check_bandwidth(cloud: &Cloud, connection: &Object, id: &str, wanted: Option<u64>) -> Result<(), ApiError> {
    let used: u64 = cloud
        .interfaces_of_connection(text(connection, "id"))
        .filter(|other| text(other, "id") != id)
        .filter_map(|other| number(other, "bandwidth"))
        .sum();
    let available = number(connection, "bandwidth").unwrap_or_default();
    if used + wanted.unwrap_or_default() > available { Err(ApiError::bad_request("DC.1000")) } else { Ok(()) }
}

fn check_bandwidth_change(cloud: &Cloud, interface: &Object, wanted: u64) -> Result<(), ApiError> {
    let Some(connection) = cloud.connections.get(text(interface, "direct_connect_id")) else {
        return Ok(());
    };
    if text(connection, "type") == "hosted" && number(interface, "bandwidth") != Some(wanted) {
        return Err(ApiError::bad_request("DC.1208"));
    }
    check_bandwidth(cloud, connection, text(interface, "id"), Some(wanted))
}

/// A gateway can use two connections at most, at different locations.
fn check_connections_of_gateway(cloud: &Cloud, gateway: &Object, connection: &Object, settings: &Settings) -> Result<(), ApiError> {
    let mut used: Vec<&str> = cloud.interfaces_of_gateway(text(gateway, "id")).map(|other| text(other, "direct_connect_id")).collect();
    used.sort_unstable();
    used.dedup();
    if used.len() >= 2 && !used.contains(&text(connection, "id")) {
        return Err(ApiError::bad_request("DC.1117"));
    }
    let location = |id: &&str| cloud.connections.get(*id).map(|other| text(other, "location"));
    if settings.distinct_locations && used.iter().filter_map(location).any(|used| used == text(connection, "location")) {
        return Err(ApiError::bad_request("DC.1112"));
    }
    Ok(())
}

/// Only a BGP interface can have low priority.
fn check_priority(body: &Object, route_mode: &str) -> Result<(), ApiError> {
    if text(body, "priority") == "low" && route_mode != "bgp" {
        return Err(ApiError::invalid_parameter("priority low needs route_mode bgp"));
    }
    Ok(())
}

/// BFD and NQA exclude each other, and cannot be changed in the same request.
fn check_fault_detection(interface: &Object, body: &Object) -> Result<(), ApiError> {
    if body.contains_key("enable_bfd") && body.contains_key("enable_nqa") {
        return Err(ApiError::invalid_parameter("enable_bfd and enable_nqa cannot be changed at the same time"));
    }
    for (one, other) in [("enable_bfd", "enable_nqa"), ("enable_nqa", "enable_bfd")] {
        if flag(body, one) && flag(interface, other) {
            return Err(ApiError::invalid_parameter(&format!("{one} needs {other} to be disabled first")));
        }
    }
    Ok(())
}
