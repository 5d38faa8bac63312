//! Addresses and subnets: syntax, duplicates, overlaps.

use ipnet::IpNet;

use crate::{
    errors::Refusal,
    settings::{InterconnectSubnet, Settings},
    state::{Object, texts},
};

/// Ranges that cannot lie behind a customer's router.
const FORBIDDEN: [&str; 4] = ["100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    V4,
    V6,
}

impl Family {
    pub fn parse(name: &str) -> Result<Self, Refusal> {
        match name {
            "ipv4" => Ok(Self::V4),
            "ipv6" => Ok(Self::V6),
            _ => Err(Refusal::parameter("address_family is invalid")),
        }
    }

    fn holds(self, net: &IpNet) -> bool {
        matches!((self, net), (Self::V4, IpNet::V4(_)) | (Self::V6, IpNet::V6(_)))
    }
}

/// Parses a list of subnets of one family: `DC.0004` for what is none, `DC.1401` for a duplicate.
pub fn subnets(list: &[&str], family: Family) -> Result<Vec<IpNet>, Refusal> {
    let parsed: Option<Vec<IpNet>> =
        list.iter().map(|text| text.parse::<IpNet>().ok().filter(|net| family.holds(net)).map(|net| net.trunc())).collect();
    let nets = parsed.ok_or_else(|| Refusal::rule("DC.0004"))?;
    let mut distinct = nets.clone();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() < nets.len() { Err(Refusal::rule("DC.1401")) } else { Ok(nets) }
}

/// Parses remote subnets, which must also not be of a range that is never routed.
pub fn remote_subnets(list: &[&str], family: Family) -> Result<Vec<IpNet>, Refusal> {
    let nets = subnets(list, family)?;
    let forbidden: Vec<IpNet> = FORBIDDEN.iter().filter_map(|text| text.parse().ok()).collect();
    if overlap(&nets, &forbidden) { Err(Refusal::rule("DC.0004")) } else { Ok(nets) }
}

/// The subnet of the two gateway addresses, which must be two of one subnet.
pub fn interconnect(local: &str, remote: &str, family: Family) -> Result<IpNet, Refusal> {
    let parse = |text: &str| text.parse::<IpNet>().ok().filter(|net| family.holds(net));
    let (Some(local), Some(remote)) = (parse(local), parse(remote)) else {
        return Err(Refusal::rule("DC.0004"));
    };
    if local.trunc() != remote.trunc() || local.addr() == remote.addr() {
        return Err(Refusal::rule_because("DC.0004", "The gateways must be two addresses of one subnet."));
    }
    Ok(local.trunc())
}

pub fn overlap(some: &[IpNet], others: &[IpNet]) -> bool {
    some.iter().any(|one| others.iter().any(|other| one.contains(other) || other.contains(one)))
}

/// The local subnets of a gateway of one family, as far as they can be read.
pub fn local_subnets(gateway: &Object, family: Family) -> Vec<IpNet> {
    let key = if family == Family::V4 { "local_ep_group" } else { "local_ep_group_ipv6" };
    texts(gateway, key).iter().filter_map(|text| text.parse().ok()).collect()
}

/// How the interconnection stands to the remote subnets (`docs/design/uncertain-facts.md#u17`).
pub fn interconnect_fits(interconnect: &IpNet, remote: &[IpNet], settings: &Settings) -> Result<(), Refusal> {
    let within = remote.iter().any(|net| net.contains(interconnect));
    match settings.switches.u17_interconnect_subnet {
        InterconnectSubnet::Require if !within => Err(Refusal::parameter("remote_ep_group must hold the interconnection subnet")),
        InterconnectSubnet::Forbid if overlap(&[*interconnect], remote) => {
            Err(Refusal::parameter("remote_ep_group must not overlap the interconnection subnet"))
        }
        _ => Ok(()),
    }
}
