//! CEL rules that combine fields of a spec, and those that keep fields as they are.

use kube::core::Rule;
use schemars::transform::Transform;

use super::rules::{about, all};

const CHOICE: &str = "delete the object and create it anew to change it";

/// Optional fields that can be neither added nor removed nor changed.
pub fn immutable(fields: &[&str]) -> Vec<Rule> {
    let rules = fields.iter().map(|field| {
        let same = format!("has(self.{field}) == has(oldSelf.{field}) && (!has(self.{field}) || self.{field} == oldSelf.{field})");
        about(field, same, format!("{field} is immutable: {CHOICE}"))
    });
    rules.collect()
}

/// An optional field with a default: to spell the default out is no change.
fn immutable_default(field: &str, default: &str) -> Rule {
    let value = |object: &str| format!("(has({object}.{field}) ? {object}.{field} : '{default}')");
    about(field, format!("{} == {}", value("self"), value("oldSelf")), format!("{field} is immutable: {CHOICE}"))
}

/// A cloud object takes its Kubernetes object's name, which can be longer, unless the spec has one. Stands at the object.
pub fn name_fits() -> Rule {
    Rule::new("has(self.spec.name) || self.metadata.name.size() <= 64")
        .message("name must be set, with 1 to 64 characters, when the name of the object is longer than 64")
        .field_path(".spec.name")
}

/// Fields in which the cloud may differ: those that are compared.
fn ignorable(fields: &[&str]) -> Rule {
    let names: Vec<_> = fields.iter().map(|field| format!("'{field}'")).collect();
    about(
        "policy",
        format!("!has(self.policy) || !has(self.policy.ignoreFields) || self.policy.ignoreFields.all(f, f in [{}])", names.join(", ")),
        format!("policy.ignoreFields must have only fields that are compared with the cloud: {}", fields.join(", ")),
    )
}

/// What a `VirtualInterface` and a `Peer` have in common: one session of one address family.
fn session() -> Vec<Rule> {
    let both = "!isCIDR(self.localGatewayIp) || !isCIDR(self.remoteGatewayIp)";
    let family = "(has(self.addressFamily) && self.addressFamily == 'ipv6' ? 6 : 4)";
    let of_family = |field: &str| format!("!isCIDR(self.{field}) || cidr(self.{field}).ip().family() == {family}");
    let gateway_family = |field: &str| {
        about(field, of_family(field), format!("{field} must be of the address family that addressFamily tells: ipv4 (default) or ipv6"))
    };
    let bgp = "self.routeMode == 'bgp'";
    vec![
        gateway_family("localGatewayIp"),
        gateway_family("remoteGatewayIp"),
        about(
            "remoteGatewayIp",
            format!("{both} || cidr(self.localGatewayIp).masked() == cidr(self.remoteGatewayIp).masked()"),
            "remoteGatewayIp must be in the subnet of localGatewayIp, with the same prefix length",
        ),
        about(
            "remoteGatewayIp",
            format!("{both} || !(cidr(self.localGatewayIp) == cidr(self.remoteGatewayIp))"),
            "remoteGatewayIp must be another address than localGatewayIp",
        ),
        about("bgpAsn", format!("!({bgp}) || has(self.bgpAsn)"), "bgpAsn is required with routeMode bgp: 1 to 4294967295, not 64512"),
        about("bgpAsn", format!("{bgp} || !has(self.bgpAsn)"), "bgpAsn is only allowed with routeMode bgp"),
        about("bgpMd5SecretRef", format!("{bgp} || !has(self.bgpMd5SecretRef)"), "bgpMd5SecretRef is only allowed with routeMode bgp"),
        about(
            "remoteEpGroup",
            format!("{bgp} || (has(self.remoteEpGroup) && self.remoteEpGroup.size() >= 1 && self.remoteEpGroup.size() <= 50)"),
            "remoteEpGroup must have 1 to 50 networks with routeMode static",
        ),
        networks_family("remoteEpGroup", family),
    ]
}

fn networks_family(field: &str, family: &str) -> Rule {
    about(
        field,
        format!("!has(self.{field}) || self.{field}.all(n, !isCIDR(n) || cidr(n).ip().family() == {family})"),
        format!("{field} must have only networks of the address family that addressFamily tells: ipv4 (default) or ipv6"),
    )
}

/// The rules of a `VirtualGateway`.
pub fn virtual_gateway() -> impl Transform {
    let mut rules = immutable(&["accountRef", "vpcId", "enterpriseRouterId", "bgpAsn", "enterpriseProjectId"]);
    rules.push(about(
        "localEpGroup",
        "!has(self.vpcId) || has(self.localEpGroup)",
        "localEpGroup is required with vpcId: 1 to 50 IPv4 networks in CIDR notation",
    ));
    rules.push(ignorable(&[
        "name",
        "description",
        "vpcId",
        "enterpriseRouterId",
        "localEpGroup",
        "localEpGroupIpv6",
        "bgpAsn",
        "enterpriseProjectId",
        "tags",
    ]));
    all(rules)
}

/// The rules of a `VirtualInterface`.
pub fn virtual_interface() -> impl Transform {
    let mut rules = session();
    let family = "(has(self.addressFamily) && self.addressFamily == 'ipv6' ? 6 : 4)";
    rules.push(networks_family("serviceEpGroup", family));
    rules.push(about(
        "serviceEpGroup",
        "!has(self.serviceEpGroup) || (has(self.type) && self.type == 'public')",
        "serviceEpGroup is only allowed with type public",
    ));
    rules.push(about(
        "priority",
        "!has(self.priority) || self.priority != 'low' || self.routeMode == 'bgp'",
        "priority low is only allowed with routeMode bgp; with static it must be normal",
    ));
    rules.push(about(
        "enableNqa",
        "!has(self.enableBfd) || !has(self.enableNqa) || !self.enableBfd || !self.enableNqa",
        "enableNqa must not be true together with enableBfd: only one of them can watch the line",
    ));
    rules.push(about(
        "enterpriseProjectId",
        "!has(self.resourceTenantId) || !has(self.enterpriseProjectId)",
        "enterpriseProjectId is only allowed without resourceTenantId",
    ));
    rules.extend(immutable(&[
        "accountRef",
        "connectionId",
        "lagId",
        "virtualGatewayRef",
        "virtualGatewayId",
        "globalGatewayId",
        "vlan",
        "routeMode",
        "bgpAsn",
        "bgpMd5SecretRef",
        "localGatewayIp",
        "remoteGatewayIp",
        "resourceTenantId",
        "enterpriseProjectId",
    ]));
    rules.push(immutable_default("type", "private"));
    rules.push(immutable_default("addressFamily", "ipv4"));
    rules.push(ignorable(&[
        "name",
        "description",
        "connectionId",
        "lagId",
        "virtualGatewayRef",
        "globalGatewayId",
        "type",
        "vlan",
        "bandwidth",
        "routeMode",
        "bgpAsn",
        "localGatewayIp",
        "remoteGatewayIp",
        "remoteEpGroup",
        "serviceEpGroup",
        "priority",
        "enableBfd",
        "enableNqa",
        "extendAttribute",
        "enterpriseProjectId",
        "tags",
    ]));
    all(rules)
}

/// The rules of a `Peer`.
pub fn peer() -> impl Transform {
    let mut rules = session();
    rules.extend(immutable(&[
        "accountRef",
        "virtualInterfaceRef",
        "virtualInterfaceId",
        "addressFamily",
        "localGatewayIp",
        "remoteGatewayIp",
        "routeMode",
        "bgpAsn",
        "bgpMd5SecretRef",
    ]));
    rules.push(ignorable(&[
        "name",
        "description",
        "addressFamily",
        "localGatewayIp",
        "remoteGatewayIp",
        "routeMode",
        "bgpAsn",
        "remoteEpGroup",
    ]));
    all(rules)
}
