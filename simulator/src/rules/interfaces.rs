//! Rules of virtual interfaces.

use super::{
    fields::{Field, Form, accept, require},
    gateway_unlocked, interface_unlocked, name_free, owned, peers,
};
use crate::{
    errors::Refusal,
    settings::{PendingDelete, Settings},
    state::{Cloud, Object, flag, number, peers as peers_of, text},
};

const CREATE: &[Field] = &[
    ("name", Form::Text(64)),
    ("description", Form::Description),
    ("direct_connect_id", Form::Uuid),
    ("lag_id", Form::Uuid),
    ("type", Form::OneOf(&["private", "public"])),
    ("service_type", Form::OneOf(&["VGW", "GDGW", "LGW"])),
    ("vgw_id", Form::Uuid),
    ("gateway_id", Form::Uuid),
    ("vlan", Form::Integer(0, 3999)),
    ("bandwidth", Form::Integer(2, 2_147_483_647)),
    ("local_gateway_v4_ip", Form::Text(255)),
    ("remote_gateway_v4_ip", Form::Text(255)),
    ("local_gateway_v6_ip", Form::Text(255)),
    ("remote_gateway_v6_ip", Form::Text(255)),
    ("address_family", Form::OneOf(&["ipv4", "ipv6"])),
    ("route_mode", Form::OneOf(&["static", "bgp"])),
    ("bgp_asn", Form::Asn),
    ("bgp_md5", Form::Text(255)),
    ("remote_ep_group", Form::Texts(0, 2000)),
    ("service_ep_group", Form::Texts(0, 2000)),
    ("priority", Form::OneOf(&["normal", "low"])),
    ("enable_bfd", Form::Flag),
    ("enable_nqa", Form::Flag),
    ("enterprise_project_id", Form::EnterpriseProject),
    ("resource_tenant_id", Form::Text(36)),
    ("tags", Form::Tags),
];

const UPDATE: &[Field] = &[
    ("name", Form::Text(64)),
    ("description", Form::Description),
    ("bandwidth", Form::Integer(2, 2_147_483_647)),
    ("remote_ep_group", Form::Texts(0, 2000)),
    ("service_ep_group", Form::Texts(0, 2000)),
    ("priority", Form::OneOf(&["normal", "low"])),
    ("enable_bfd", Form::Flag),
    ("enable_nqa", Form::Flag),
    ("status", Form::OneOf(&["ACCEPTED", "REJECTED"])),
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
    ("ha_type", Form::OneOf(&["nqa", "bfd"])),
    ("ha_mode", Form::OneOf(&["auto_single", "auto_multi", "static_single", "static_multi", "enhance_nqa"])),
    ("detect_multiplier", Form::Integer(3, 20)),
    ("min_rx_interval", Form::Integer(200, 5000)),
    ("min_tx_interval", Form::Integer(200, 5000)),
    ("remote_disclaim", Form::Integer(1, 16_384)),
    ("local_disclaim", Form::Integer(1, 16_384)),
    ("ipv6_remote_disclaim", Form::Integer(1, 16_384)),
    ("ipv6_local_disclaim", Form::Integer(1, 16_384)),
];

/// Form of a creation; answers the accepted body.
pub fn accept_create(body: Object, settings: &Settings) -> Result<Object, Refusal> {
    let body = accept(body, CREATE, &[], settings)?;
    require(&body, &["type", "vlan", "bandwidth", "route_mode"])?;
    if flag(&body, "enable_bfd") && flag(&body, "enable_nqa") {
        return Err(Refusal::parameter("enable_bfd and enable_nqa exclude each other"));
    }
    priority_fits(&body, text(&body, "route_mode"))?;
    Ok(body)
}

/// Rules of a creation; `peer` is the one that comes with the interface.
pub fn create(cloud: &Cloud, body: &Object, peer: &Object, project_id: &str, settings: &Settings) -> Result<(), Refusal> {
    if text(body, "type") == "public" {
        return Err(Refusal::rule("DC.1215"));
    }
    let connection = connection_usable(cloud, body, project_id)?;
    let gateway = gateway_usable(cloud, body, project_id, settings)?;
    hosted_fits(cloud, connection, body)?;
    vlan_fits(cloud, connection, body)?;
    bandwidth_fits(cloud, connection, text(body, "id"), number(body, "bandwidth"))?;
    connections_of_gateway_fit(cloud, gateway, connection, settings)?;
    peers::peer_fits(Some(gateway), peer, settings)?;
    name_free(&cloud.interfaces, project_id, "", body, settings)?;
    if owned(&cloud.interfaces, project_id).count() >= settings.quotas.virtual_interfaces {
        return Err(Refusal::rule_because(&settings.quota_code, "The quota of virtual interfaces is used up."));
    }
    Ok(())
}

/// Rules of an update; answers the accepted body.
pub fn update(cloud: &Cloud, interface: &Object, body: Object, settings: &Settings) -> Result<Object, Refusal> {
    let body = accept(body, UPDATE, IMMUTABLE, settings)?;
    for alone in ["priority", "status"] {
        if body.contains_key(alone) && body.len() > 1 {
            return Err(Refusal::parameter(&format!("{alone} cannot be changed with other fields at the same time")));
        }
    }
    detection_fits(interface, &body)?;
    usable(cloud, interface, settings)?;
    if let Some(bandwidth) = number(&body, "bandwidth") {
        bandwidth_may_change(cloud, interface, bandwidth)?;
    }
    priority_fits(&body, peers_of(interface).next().map_or("static", |peer| text(peer, "route_mode")))?;
    if let (Some(remote), Some(peer)) = (body.get("remote_ep_group"), peers_of(interface).next()) {
        let mut changed = peer.clone();
        changed.insert("remote_ep_group".to_owned(), remote.clone());
        peers::remote_fits(cloud.gateways.get(text(interface, "vgw_id")), &changed, settings)?;
    }
    name_free(&cloud.interfaces, text(interface, "tenant_id"), text(interface, "id"), &body, settings)?;
    Ok(body)
}

/// Rules of a change of the extended attributes; answers the accepted body.
pub fn extend(cloud: &Cloud, interface: &Object, body: Object, settings: &Settings) -> Result<Object, Refusal> {
    let body = accept(body, EXTEND, &[], settings)?;
    usable(cloud, interface, settings)?;
    Ok(body)
}

/// Rules of a deletion.
pub fn delete(cloud: &Cloud, interface: &Object, settings: &Settings) -> Result<(), Refusal> {
    if settings.switches.u3_delete_while_pending == PendingDelete::Refuse {
        interface_unlocked(interface, settings)?;
        cloud.gateways.get(text(interface, "vgw_id")).map_or(Ok(()), |gateway| gateway_unlocked(gateway, settings))?;
    }
    if text(interface, "status") == "ERROR" && !settings.switches.u2_delete_error_interface {
        return Err(Refusal::rule("DC.1210"));
    }
    Ok(())
}

/// Refuses changes to an interface that is locked, or in a state from which no change leads.
pub fn usable(cloud: &Cloud, interface: &Object, settings: &Settings) -> Result<(), Refusal> {
    interface_unlocked(interface, settings)?;
    cloud.gateways.get(text(interface, "vgw_id")).map_or(Ok(()), |gateway| gateway_unlocked(gateway, settings))?;
    match text(interface, "status") {
        "ERROR" => Err(Refusal::rule("DC.1205")),
        "AUTHORIZATION" | "REJECTED" | "DELETED" => Err(Refusal::rule("DC.1210")),
        _ => Ok(()),
    }
}

fn connection_usable<'c>(cloud: &'c Cloud, body: &Object, project_id: &str) -> Result<&'c Object, Refusal> {
    if body.contains_key("lag_id") {
        return Err(Refusal::rule("DC.1015"));
    }
    if !body.contains_key("direct_connect_id") {
        return Err(Refusal::rule("DC.1200"));
    }
    let connection = cloud.connections.get(text(body, "direct_connect_id")).filter(|found| text(found, "tenant_id") == project_id);
    let connection = connection.ok_or_else(|| Refusal::rule("DC.1012"))?;
    if text(connection, "type") == "hosting" {
        return Err(Refusal::rule("DC.1204"));
    }
    if text(connection, "status") != "ACTIVE" {
        return Err(Refusal::rule("DC.1005"));
    }
    Ok(connection)
}

/// The gateway of a new interface: the project's own, or that of the project which is to accept.
fn gateway_usable<'c>(cloud: &'c Cloud, body: &Object, project_id: &str, settings: &Settings) -> Result<&'c Object, Refusal> {
    match text(body, "service_type") {
        "GDGW" => return Err(Refusal::rule("DC.0002")),
        "LGW" => return Err(Refusal::rule("DC.1216")),
        _ => require(body, &["vgw_id"])?,
    }
    let owner = body.get("resource_tenant_id").map_or(project_id, |_| text(body, "resource_tenant_id"));
    let gateway = cloud.gateways.get(text(body, "vgw_id")).ok_or_else(|| Refusal::rule("DC.1111"))?;
    if text(gateway, "tenant_id") != owner {
        return Err(Refusal::rule("DC.1213"));
    }
    gateway_unlocked(gateway, settings)?;
    if text(gateway, "status") == "ERROR" { Err(Refusal::rule("DC.1205")) } else { Ok(gateway) }
}

fn hosted_fits(cloud: &Cloud, connection: &Object, body: &Object) -> Result<(), Refusal> {
    if text(connection, "type") != "hosted" {
        return Ok(());
    }
    if cloud.interfaces_of_connection(text(connection, "id")).next().is_some() {
        return Err(Refusal::rule("DC.1206"));
    }
    if number(connection, "vlan") == number(body, "vlan") { Ok(()) } else { Err(Refusal::rule("DC.1207")) }
}

fn vlan_fits(cloud: &Cloud, connection: &Object, body: &Object) -> Result<(), Refusal> {
    let vlan = number(body, "vlan");
    for other in cloud.interfaces_of_connection(text(connection, "id")) {
        match number(other, "vlan") {
            // Layer 3 mode takes the whole connection.
            Some(0) => return Err(Refusal::rule("DC.1219")),
            used if used == vlan || vlan == Some(0) => return Err(Refusal::rule("DC.1209")),
            _ => {}
        }
    }
    Ok(())
}

/// The interfaces of a connection share its bandwidth.
fn bandwidth_fits(cloud: &Cloud, connection: &Object, id: &str, wanted: Option<u64>) -> Result<(), Refusal> {
    let used: u64 = cloud
        .interfaces_of_connection(text(connection, "id"))
        .filter(|other| text(other, "id") != id)
        .filter_map(|other| number(other, "bandwidth"))
        .sum();
    let available = number(connection, "bandwidth").unwrap_or_default();
    if used + wanted.unwrap_or_default() > available { Err(Refusal::rule("DC.1000")) } else { Ok(()) }
}

fn bandwidth_may_change(cloud: &Cloud, interface: &Object, wanted: u64) -> Result<(), Refusal> {
    let Some(connection) = cloud.connections.get(text(interface, "direct_connect_id")) else {
        return Ok(());
    };
    if text(connection, "type") == "hosted" && number(interface, "bandwidth") != Some(wanted) {
        return Err(Refusal::rule("DC.1208"));
    }
    bandwidth_fits(cloud, connection, text(interface, "id"), Some(wanted))
}

/// A gateway uses at most two connections, and each must end at a location of its own.
fn connections_of_gateway_fit(cloud: &Cloud, gateway: &Object, connection: &Object, settings: &Settings) -> Result<(), Refusal> {
    let mut used: Vec<&str> = cloud.interfaces_of_gateway(text(gateway, "id")).map(|other| text(other, "direct_connect_id")).collect();
    used.sort_unstable();
    used.dedup();
    if used.len() >= 2 && !used.contains(&text(connection, "id")) {
        return Err(Refusal::rule("DC.1117"));
    }
    let location = |id: &&str| cloud.connections.get(*id).map(|other| text(other, "location"));
    if settings.distinct_locations && used.iter().filter_map(location).any(|used| used == text(connection, "location")) {
        return Err(Refusal::rule("DC.1112"));
    }
    Ok(())
}

/// Priority steers BGP routes; a static interface has only the normal one.
fn priority_fits(body: &Object, route_mode: &str) -> Result<(), Refusal> {
    if text(body, "priority") == "low" && route_mode != "bgp" {
        return Err(Refusal::parameter("priority low needs route_mode bgp"));
    }
    Ok(())
}

/// BFD and NQA exclude each other, and change one at a time.
fn detection_fits(interface: &Object, body: &Object) -> Result<(), Refusal> {
    if body.contains_key("enable_bfd") && body.contains_key("enable_nqa") {
        return Err(Refusal::parameter("enable_bfd and enable_nqa cannot be changed at the same time"));
    }
    for (one, other) in [("enable_bfd", "enable_nqa"), ("enable_nqa", "enable_bfd")] {
        if flag(body, one) && flag(interface, other) {
            return Err(Refusal::parameter(&format!("{one} needs {other} to be disabled first")));
        }
    }
    Ok(())
}
