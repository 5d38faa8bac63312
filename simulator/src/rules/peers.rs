//! Rules of peers, including the first peer of a new interface.

use super::{
    check_gateway_unlocked, check_interface_unlocked, check_no_switchover, check_not_shut_down,
    fields::{Field, FieldType, require, validate},
    gateways,
    network::{AddressFamily, check_interconnect_subnet, local_subnets, overlap, parse_interconnect_subnet, parse_remote_subnets},
};
use crate::{
    http::ApiError,
    settings::{PendingDelete, Settings},
    state::{Cloud, Object, is_pending, number, peers, text, texts},
};

/// The ASN of the cloud.
const RESERVED_ASN: u64 = 64_512;

const CREATE: &[Field] = &[
    ("vif_id", FieldType::Uuid),
    ("name", FieldType::Text(64)),
    ("description", FieldType::Description),
    ("address_family", FieldType::OneOf(&["ipv4", "ipv6"])),
    ("local_gateway_ip", FieldType::Text(255)),
    ("remote_gateway_ip", FieldType::Text(255)),
    ("route_mode", FieldType::OneOf(&["bgp", "static"])),
    ("bgp_asn", FieldType::Asn),
    ("bgp_md5", FieldType::Text(255)),
    ("remote_ep_group", FieldType::Texts(0, 2000)),
];

const UPDATE: &[Field] =
    &[("name", FieldType::Text(64)), ("description", FieldType::Description), ("remote_ep_group", FieldType::Texts(0, 2000))];

const IMMUTABLE: &[&str] =
    &["id", "vif_id", "address_family", "local_gateway_ip", "remote_gateway_ip", "route_mode", "bgp_asn", "bgp_md5", "status"];

/// Validates the body of a create, without looking at other resources.
pub fn validate_create(body: Object, settings: &Settings) -> Result<Object, ApiError> {
    let body = validate(body, CREATE, &[], settings)?;
    require(&body, &["vif_id", "address_family", "local_gateway_ip", "remote_gateway_ip"])?;
    Ok(body)
}

pub fn check_create(cloud: &Cloud, interface: &Object, body: &Object, settings: &Settings) -> Result<(), ApiError> {
    check_interface_changeable(cloud, interface, settings)?;
    let family = text(body, "address_family");
    if peers(interface).any(|peer| text(peer, "address_family") == family) {
        return Err(ApiError::with_detail(&settings.switches.u5_duplicate_family_code, "The interface has a peer of this family."));
    }
    check_peer(cloud.gateways.get(text(interface, "vgw_id")), body, settings)
}

/// Returns the validated changes.
pub fn check_update(cloud: &Cloud, interface: &Object, peer: &Object, body: Object, settings: &Settings) -> Result<Object, ApiError> {
    let body = validate(body, UPDATE, IMMUTABLE, settings)?;
    check_interface_changeable(cloud, interface, settings)?;
    check_peer_unlocked(peer, settings)?;
    let mut changed = peer.clone();
    changed.extend(body.clone());
    check_remote_subnets(cloud.gateways.get(text(interface, "vgw_id")), &changed, settings)?;
    Ok(body)
}

pub fn check_delete(cloud: &Cloud, interface: &Object, peer: &Object, settings: &Settings) -> Result<(), ApiError> {
    check_not_shut_down(interface, settings)?;
    if settings.switches.u3_delete_while_pending == PendingDelete::Refuse {
        check_interface_changeable(cloud, interface, settings)?;
        check_peer_unlocked(peer, settings)?;
    }
    if peers(interface).count() < 2 {
        return Err(ApiError::with_detail(&settings.switches.u5_last_peer_code, "The last peer cannot be deleted."));
    }
    Ok(())
}

/// Checks the address family, addresses, ASN and subnets of a peer on a gateway.
pub fn check_peer(gateway: Option<&Object>, peer: &Object, settings: &Settings) -> Result<(), ApiError> {
    let family = AddressFamily::parse(text(peer, "address_family"))?;
    let local = gateway.map(|gateway| local_subnets(gateway, family)).unwrap_or_default();
    if family == AddressFamily::V6 && gateway.is_some() && local.is_empty() {
        return Err(ApiError::invalid_parameter("the virtual gateway has no IPv6 subnets"));
    }
    let interconnect = parse_interconnect_subnet(text(peer, "local_gateway_ip"), text(peer, "remote_gateway_ip"), family)?;
    if overlap(&[interconnect], &local) {
        return Err(ApiError::bad_request("DC.1105"));
    }
    check_asn(gateway, peer)?;
    check_remote_subnets(gateway, peer, settings)
}

fn check_asn(gateway: Option<&Object>, peer: &Object) -> Result<(), ApiError> {
    if text(peer, "route_mode") != "bgp" {
        return Ok(());
    }
    let asn = number(peer, "bgp_asn").ok_or_else(|| ApiError::bad_request("DC.1203"))?;
    let of_cloud = gateway.and_then(gateways::asn);
    if asn == RESERVED_ASN || of_cloud == Some(asn) { Err(ApiError::bad_request("DC.1223")) } else { Ok(()) }
}

pub fn check_remote_subnets(gateway: Option<&Object>, peer: &Object, settings: &Settings) -> Result<(), ApiError> {
    let family = AddressFamily::parse(text(peer, "address_family"))?;
    let remote = parse_remote_subnets(&texts(peer, "remote_ep_group"), family)?;
    let limit = if text(peer, "route_mode") == "bgp" { settings.quotas.bgp_routes } else { settings.quotas.static_routes };
    if remote.len() > limit {
        return Err(ApiError::bad_request("DC.1400"));
    }
    let local = gateway.map(|gateway| local_subnets(gateway, family)).unwrap_or_default();
    if overlap(&remote, &local) {
        return Err(ApiError::bad_request("DC.1105"));
    }
    let interconnect = parse_interconnect_subnet(text(peer, "local_gateway_ip"), text(peer, "remote_gateway_ip"), family)?;
    check_interconnect_subnet(&interconnect, &remote, settings)
}

pub(super) fn check_peer_unlocked(peer: &Object, settings: &Settings) -> Result<(), ApiError> {
    if is_pending(peer) { Err(ApiError::bad_request(&settings.locks.interface_code)) } else { Ok(()) }
}

pub(super) fn check_interface_changeable(cloud: &Cloud, interface: &Object, settings: &Settings) -> Result<(), ApiError> {
    check_interface_unlocked(interface, settings)?;
    check_no_switchover(cloud, interface, settings)?;
    check_not_shut_down(interface, settings)?;
    cloud.gateways.get(text(interface, "vgw_id")).map_or(Ok(()), |gateway| check_gateway_unlocked(gateway, settings))?;
    match text(interface, "status") {
        "ERROR" | "AUTHORIZATION" | "REJECTED" => Err(ApiError::bad_request("DC.1205")),
        _ => Ok(()),
    }
}
