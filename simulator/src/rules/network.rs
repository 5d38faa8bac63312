//! Validation of addresses and subnets.

use ipnet::IpNet;

use crate::{
    http::ApiError,
    settings::{InterconnectSubnet, Settings},
    state::{Object, texts},
};

/// Ranges that cannot be remote subnets.
const FORBIDDEN: [&str; 4] = ["100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressFamily {
    V4,
    V6,
}

impl AddressFamily {
    pub fn parse(name: &str) -> Result<Self, ApiError> {
        match name {
            "ipv4" => Ok(Self::V4),
            "ipv6" => Ok(Self::V6),
            _ => Err(ApiError::invalid_parameter("address_family is invalid")),
        }
    }

    fn contains(self, net: &IpNet) -> bool {
        matches!((self, net), (Self::V4, IpNet::V4(_)) | (Self::V6, IpNet::V6(_)))
    }
}

/// Parses a list of subnets. Errors: `DC.0004` for an invalid one, `DC.1401` for a duplicate.
pub fn parse_subnets(list: &[&str], family: AddressFamily) -> Result<Vec<IpNet>, ApiError> {
    let parsed: Option<Vec<IpNet>> =
        list.iter().map(|text| text.parse::<IpNet>().ok().filter(|net| family.contains(net)).map(|net| net.trunc())).collect();
    let nets = parsed.ok_or_else(|| ApiError::bad_request("DC.0004"))?;
    let mut distinct = nets.clone();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() < nets.len() { Err(ApiError::bad_request("DC.1401")) } else { Ok(nets) }
}

/// Parses remote subnets, which must not be in a forbidden range.
pub fn parse_remote_subnets(list: &[&str], family: AddressFamily) -> Result<Vec<IpNet>, ApiError> {
    let nets = parse_subnets(list, family)?;
    let forbidden: Vec<IpNet> = FORBIDDEN.iter().filter_map(|text| text.parse().ok()).collect();
    if overlap(&nets, &forbidden) { Err(ApiError::bad_request("DC.0004")) } else { Ok(nets) }
}

/// The subnet of the two gateway addresses, which must differ and be in the same subnet.
pub fn parse_interconnect_subnet(local: &str, remote: &str, family: AddressFamily) -> Result<IpNet, ApiError> {
    let parse = |text: &str| text.parse::<IpNet>().ok().filter(|net| family.contains(net));
    let (Some(local), Some(remote)) = (parse(local), parse(remote)) else {
        return Err(ApiError::bad_request("DC.0004"));
    };
    if local.trunc() != remote.trunc() || local.addr() == remote.addr() {
        return Err(ApiError::with_detail("DC.0004", "The gateways must be two addresses of one subnet."));
    }
    Ok(local.trunc())
}

pub fn overlap(some: &[IpNet], others: &[IpNet]) -> bool {
    some.iter().any(|one| others.iter().any(|other| one.contains(other) || other.contains(one)))
}

/// The local subnets of a gateway. Invalid ones are ignored.
pub fn local_subnets(gateway: &Object, family: AddressFamily) -> Vec<IpNet> {
    let key = if family == AddressFamily::V4 { "local_ep_group" } else { "local_ep_group_ipv6" };
    texts(gateway, key).iter().filter_map(|text| text.parse().ok()).collect()
}

/// Whether the remote subnets must or must not contain the interconnection subnet (`docs/design/uncertain-facts.md#u17`).
pub fn check_interconnect_subnet(interconnect: &IpNet, remote: &[IpNet], settings: &Settings) -> Result<(), ApiError> {
    let within = remote.iter().any(|net| net.contains(interconnect));
    match settings.switches.u17_interconnect_subnet {
        InterconnectSubnet::Require if !within => Err(ApiError::invalid_parameter("remote_ep_group must hold the interconnection subnet")),
        InterconnectSubnet::Forbid if overlap(&[*interconnect], remote) => {
            Err(ApiError::invalid_parameter("remote_ep_group must not overlap the interconnection subnet"))
        }
        _ => Ok(()),
    }
}
