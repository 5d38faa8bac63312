//! Rules of peers, explicit ones and the one that comes with an interface.

use super::{
    fields::{Field, Form, accept, require},
    gateway_unlocked, gateways, interface_unlocked,
    network::{Family, interconnect, interconnect_fits, local_subnets, overlap, remote_subnets},
};
use crate::{
    errors::Refusal,
    settings::{PendingDelete, Settings},
    state::{Cloud, Object, is_pending, number, peers, text, texts},
};

/// The ASN that the cloud itself uses.
const RESERVED_ASN: u64 = 64_512;

const CREATE: &[Field] = &[
    ("vif_id", Form::Uuid),
    ("name", Form::Text(64)),
    ("description", Form::Description),
    ("address_family", Form::OneOf(&["ipv4", "ipv6"])),
    ("local_gateway_ip", Form::Text(255)),
    ("remote_gateway_ip", Form::Text(255)),
    ("route_mode", Form::OneOf(&["bgp", "static"])),
    ("bgp_asn", Form::Asn),
    ("bgp_md5", Form::Text(255)),
    ("remote_ep_group", Form::Texts(0, 2000)),
];

const UPDATE: &[Field] = &[("name", Form::Text(64)), ("description", Form::Description), ("remote_ep_group", Form::Texts(0, 2000))];

const IMMUTABLE: &[&str] =
    &["id", "vif_id", "address_family", "local_gateway_ip", "remote_gateway_ip", "route_mode", "bgp_asn", "bgp_md5", "status"];

/// Form of a creation; answers the accepted body.
pub fn accept_create(body: Object, settings: &Settings) -> Result<Object, Refusal> {
    let body = accept(body, CREATE, &[], settings)?;
    require(&body, &["vif_id", "address_family", "local_gateway_ip", "remote_gateway_ip"])?;
    Ok(body)
}

/// Rules of a creation on an interface.
pub fn create(cloud: &Cloud, interface: &Object, body: &Object, settings: &Settings) -> Result<(), Refusal> {
    interface_usable(cloud, interface, settings)?;
    let family = text(body, "address_family");
    if peers(interface).any(|peer| text(peer, "address_family") == family) {
        return Err(Refusal::rule_because(&settings.switches.u5_duplicate_family_code, "The interface has a peer of this family."));
    }
    peer_fits(cloud.gateways.get(text(interface, "vgw_id")), body, settings)
}

/// Rules of an update; answers the accepted body.
pub fn update(cloud: &Cloud, interface: &Object, peer: &Object, body: Object, settings: &Settings) -> Result<Object, Refusal> {
    let body = accept(body, UPDATE, IMMUTABLE, settings)?;
    interface_usable(cloud, interface, settings)?;
    peer_unlocked(peer, settings)?;
    let mut changed = peer.clone();
    changed.extend(body.clone());
    remote_fits(cloud.gateways.get(text(interface, "vgw_id")), &changed, settings)?;
    Ok(body)
}

/// Rules of a deletion.
pub fn delete(cloud: &Cloud, interface: &Object, peer: &Object, settings: &Settings) -> Result<(), Refusal> {
    if settings.switches.u3_delete_while_pending == PendingDelete::Refuse {
        interface_usable(cloud, interface, settings)?;
        peer_unlocked(peer, settings)?;
    }
    if peers(interface).count() < 2 {
        return Err(Refusal::rule_because(&settings.switches.u5_last_peer_code, "The last peer cannot be deleted."));
    }
    Ok(())
}

/// What a peer must fulfil towards a gateway: family, addresses, ASN, subnets.
pub fn peer_fits(gateway: Option<&Object>, peer: &Object, settings: &Settings) -> Result<(), Refusal> {
    let family = Family::parse(text(peer, "address_family"))?;
    let local = gateway.map(|gateway| local_subnets(gateway, family)).unwrap_or_default();
    if family == Family::V6 && gateway.is_some() && local.is_empty() {
        return Err(Refusal::parameter("the virtual gateway has no IPv6 subnets"));
    }
    let interconnect = interconnect(text(peer, "local_gateway_ip"), text(peer, "remote_gateway_ip"), family)?;
    if overlap(&[interconnect], &local) {
        return Err(Refusal::rule("DC.1105"));
    }
    asn_fits(gateway, peer)?;
    remote_fits(gateway, peer, settings)
}

fn asn_fits(gateway: Option<&Object>, peer: &Object) -> Result<(), Refusal> {
    if text(peer, "route_mode") != "bgp" {
        return Ok(());
    }
    let asn = number(peer, "bgp_asn").ok_or_else(|| Refusal::rule("DC.1203"))?;
    let of_cloud = gateway.and_then(gateways::asn);
    if asn == RESERVED_ASN || of_cloud == Some(asn) { Err(Refusal::rule("DC.1223")) } else { Ok(()) }
}

/// What the remote subnets of a peer must fulfil.
pub fn remote_fits(gateway: Option<&Object>, peer: &Object, settings: &Settings) -> Result<(), Refusal> {
    let family = Family::parse(text(peer, "address_family"))?;
    let remote = remote_subnets(&texts(peer, "remote_ep_group"), family)?;
    let limit = if text(peer, "route_mode") == "bgp" { settings.quotas.bgp_routes } else { settings.quotas.static_routes };
    if remote.len() > limit {
        return Err(Refusal::rule("DC.1400"));
    }
    let local = gateway.map(|gateway| local_subnets(gateway, family)).unwrap_or_default();
    if overlap(&remote, &local) {
        return Err(Refusal::rule("DC.1105"));
    }
    let interconnect = interconnect(text(peer, "local_gateway_ip"), text(peer, "remote_gateway_ip"), family)?;
    interconnect_fits(&interconnect, &remote, settings)
}

fn peer_unlocked(peer: &Object, settings: &Settings) -> Result<(), Refusal> {
    if is_pending(peer) { Err(Refusal::rule(&settings.locks.interface_code)) } else { Ok(()) }
}

fn interface_usable(cloud: &Cloud, interface: &Object, settings: &Settings) -> Result<(), Refusal> {
    interface_unlocked(interface, settings)?;
    cloud.gateways.get(text(interface, "vgw_id")).map_or(Ok(()), |gateway| gateway_unlocked(gateway, settings))?;
    match text(interface, "status") {
        "ERROR" | "AUTHORIZATION" | "REJECTED" => Err(Refusal::rule("DC.1205")),
        _ => Ok(()),
    }
}
