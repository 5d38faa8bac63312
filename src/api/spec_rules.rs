//! CEL rules that combine fields of a spec, and rules of immutable fields.

use kube::core::Rule;
use schemars::transform::Transform;

use super::rules::{about, all};

const CHOICE: &str = "to change it, delete the object and create it again";

/// Optional fields that cannot be added, removed or changed.
pub fn immutable(fields: &[&str]) -> Vec<Rule> {
    let rules = fields.iter().map(|field| {
        let same = format!("has(self.{field}) == has(oldSelf.{field}) && (!has(self.{field}) || self.{field} == oldSelf.{field})");
        about(field, same, format!("{field} is immutable: {CHOICE}"))
    });
    rules.collect()
}

/// Immutable fields: one with an ID, and references that can be set in its place. That such a reference leads to the resource of that ID can't be
/// said here: another one is told as a difference that can't be changed.
fn replaceable(id: &str, references: &[&str]) -> Vec<Rule> {
    let kept = |field: &str| format!("has(self.{field}) && self.{field} == oldSelf.{field}");
    let names = references.join(" or ");
    let choice = format!("{names} to the same resource can replace {id}; {CHOICE}");
    let set = references.iter().map(|field| format!("has(self.{field})")).collect::<Vec<_>>().join(" || ");
    let of_id = about(id, format!("has(oldSelf.{id}) ? ({}) || {set} : !has(self.{id})", kept(id)), format!("{id} is immutable: {choice}"));
    let of_references = references.iter().map(|field| {
        let same = kept(field);
        let rule = format!("has(oldSelf.{field}) ? {same} : !has(self.{field}) || has(oldSelf.{id})");
        about(field, rule, format!("{field} is immutable: {choice}"))
    });
    std::iter::once(of_id).chain(of_references).collect()
}

/// An optional immutable field with a default. To set the default explicitly is no change.
fn immutable_default(field: &str, default: &str) -> Rule {
    let value = |object: &str| format!("(has({object}.{field}) ? {object}.{field} : '{default}')");
    about(field, format!("{} == {}", value("self"), value("oldSelf")), format!("{field} is immutable: {CHOICE}"))
}

/// The name of the cloud resource defaults to the name of the object, which can be longer than the cloud allows. Set at the object.
pub fn name_fits() -> Rule {
    Rule::new("has(self.spec.name) || self.metadata.name.size() <= 64")
        .message("name is required if the name of the object has more than 64 characters: set a name of 1 to 64 characters")
        .field_path(".spec.name")
}

/// Which connection an object is for does not change once it is found. Set at the object.
pub fn import_is_kept() -> Rule {
    let is_found = "has(oldSelf.status) && has(oldSelf.status.id) && has(oldSelf.spec.__import__) && has(self.spec.__import__)";
    Rule::new(format!("!({is_found}) || self.spec.__import__ == oldSelf.spec.__import__"))
        .message(format!("import is immutable once the connection is found: {CHOICE}").as_str())
        .field_path(".spec.import")
}

/// Fields that `ignoreFields` accepts: those that are compared with the cloud.
fn ignorable(fields: &[&str]) -> Rule {
    let names: Vec<_> = fields.iter().map(|field| format!("'{field}'")).collect();
    about(
        "policy",
        format!("!has(self.policy) || !has(self.policy.ignoreFields) || self.policy.ignoreFields.all(f, f in [{}])", names.join(", ")),
        format!("policy.ignoreFields must contain only fields that are compared with the cloud: {}", fields.join(", ")),
    )
}

/// What a `VirtualInterface` and a `Peer` have in common: one session of one address family.
fn session() -> Vec<Rule> {
    let both = "!isCIDR(self.localGatewayIp) || !isCIDR(self.remoteGatewayIp)";
    let family = "(has(self.addressFamily) && self.addressFamily == 'ipv6' ? 6 : 4)";
    let of_family = |field: &str| format!("!isCIDR(self.{field}) || cidr(self.{field}).ip().family() == {family}");
    let gateway_family = |field: &str| {
        about(field, of_family(field), format!("{field} must be of the address family in addressFamily: ipv4 (default) or ipv6"))
    };
    let bgp = "self.routeMode == 'bgp'";
    vec![
        gateway_family("localGatewayIp"),
        gateway_family("remoteGatewayIp"),
        about(
            "remoteGatewayIp",
            format!("{both} || cidr(self.localGatewayIp).masked() == cidr(self.remoteGatewayIp).masked()"),
            "remoteGatewayIp must be in the same subnet as localGatewayIp, with the same prefix length",
        ),
        about(
            "remoteGatewayIp",
            format!("{both} || !(cidr(self.localGatewayIp) == cidr(self.remoteGatewayIp))"),
            "remoteGatewayIp must not be the same address as localGatewayIp",
        ),
        about("bgpAsn", format!("!({bgp}) || has(self.bgpAsn)"), "bgpAsn is required with routeMode bgp: 1 to 4294967295 except 64512"),
        about("bgpAsn", format!("{bgp} || !has(self.bgpAsn)"), "bgpAsn is only allowed with routeMode bgp"),
        about("bgpMd5SecretRef", format!("{bgp} || !has(self.bgpMd5SecretRef)"), "bgpMd5SecretRef is only allowed with routeMode bgp"),
        about(
            "remoteEpGroup",
            format!("{bgp} || (has(self.remoteEpGroup) && self.remoteEpGroup.size() >= 1 && self.remoteEpGroup.size() <= 50)"),
            "remoteEpGroup must contain 1 to 50 networks with routeMode static",
        ),
        networks_family("remoteEpGroup", family),
    ]
}

fn networks_family(field: &str, family: &str) -> Rule {
    about(
        field,
        format!("!has(self.{field}) || self.{field}.all(n, !isCIDR(n) || cidr(n).ip().family() == {family})"),
        format!("{field} must contain only networks of the address family in addressFamily: ipv4 (default) or ipv6"),
    )
}

/// The rules of a `Connection`.
pub fn connection() -> impl Transform {
    let mut rules = immutable(&["accountRef"]);
    rules.extend([
        // CEL reserves the word: the field is called `__import__` in rules.
        about(
            "import",
            "has(self.__import__)",
            "import is required: a connection is ordered in the console, and the operator never creates one",
        ),
        about(
            "name",
            "!has(self.__import__) || !has(self.__import__.naturalKey) || has(self.name)",
            "name is required with import.naturalKey: it is the name of the connection in the cloud",
        ),
        about(
            "policy.deletion",
            "!has(self.policy) || !has(self.policy.deletion) || self.policy.deletion == 'Retain'",
            "policy.deletion must be Retain: a connection is never deleted by the operator; cancel it in the console",
        ),
        ignorable(&["name", "description", "peerLocation", "tags"]),
    ]);
    all(rules)
}

/// The rules of a `HostedConnection`.
pub fn hosted_connection() -> impl Transform {
    let mut rules = immutable(&["accountRef", "hostingConnectionRef", "hostingId", "vlan", "resourceTenantId"]);
    rules.push(ignorable(&[
        "name",
        "description",
        "hostingConnectionRef",
        "hostingId",
        "vlan",
        "bandwidth",
        "resourceTenantId",
        "peerLocation",
    ]));
    all(rules)
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
        "priority low is only allowed with routeMode bgp",
    ));
    rules.push(about(
        "enableNqa",
        "!has(self.enableBfd) || !has(self.enableNqa) || !self.enableBfd || !self.enableNqa",
        "enableNqa must not be true together with enableBfd",
    ));
    rules.push(about(
        "enterpriseProjectId",
        "!has(self.resourceTenantId) || !has(self.enterpriseProjectId)",
        "enterpriseProjectId is only allowed without resourceTenantId",
    ));
    rules.extend(replaceable("connectionId", &["connectionRef", "hostedConnectionRef"]));
    rules.extend(replaceable("virtualGatewayId", &["virtualGatewayRef"]));
    rules.extend(replaceable("globalGatewayId", &["globalGatewayRef"]));
    rules.extend(immutable(&[
        "accountRef",
        "lagId",
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
        "connectionRef",
        "hostedConnectionRef",
        "connectionId",
        "lagId",
        "virtualGatewayRef",
        "virtualGatewayId",
        "globalGatewayRef",
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
        "virtualInterfaceRef",
        "virtualInterfaceId",
        "addressFamily",
        "localGatewayIp",
        "remoteGatewayIp",
        "routeMode",
        "bgpAsn",
        "remoteEpGroup",
    ]));
    all(rules)
}

/// The rules of a `ConnectGateway`.
pub fn connect_gateway() -> impl Transform {
    let mut rules = immutable(&["accountRef"]);
    rules.push(ignorable(&["name", "description", "addressFamily"]));
    all(rules)
}

/// The rules of a `GlobalGateway`.
pub fn global_gateway() -> impl Transform {
    let mut rules = immutable(&["accountRef", "bgpAsn", "enterpriseProjectId", "tags"]);
    rules.push(ignorable(&["name", "description", "bgpAsn", "addressFamily", "enterpriseProjectId", "tags"]));
    all(rules)
}

/// The rules of a `GlobalEipAssociation`.
pub fn global_eip_association() -> impl Transform {
    let mut rules = immutable(&["accountRef", "connectGatewayRef", "connectGatewayId", "globalEipId", "gcbId"]);
    rules.push(immutable_default("type", "IP_ADDRESS"));
    rules.push(about(
        "import",
        "!has(self.import) || !has(self.import.id)",
        "import can only have naturalKey: globalEipId names the binding",
    ));
    rules.push(ignorable(&["connectGatewayRef", "connectGatewayId", "type", "gcbId"]));
    all(rules)
}

/// The rules of a `PeerLink`.
pub fn peer_link() -> impl Transform {
    let mut rules = immutable(&["accountRef", "globalGatewayRef", "globalGatewayId", "peerSite"]);
    rules.push(ignorable(&["name", "description", "globalGatewayRef", "globalGatewayId", "peerSite"]));
    all(rules)
}

/// The rules of a `GlobalGatewayRoute`.
pub fn global_gateway_route() -> impl Transform {
    let next_hop = ["virtualInterfaceRef", "peerRef", "nextHopGlobalGatewayRef", "nexthop", "type"];
    let fixed: Vec<&str> = ["globalGatewayRef", "globalGatewayId", "destination"].into_iter().chain(next_hop).collect();
    let mut rules = immutable(&["accountRef"]);
    rules.extend(immutable(&fixed));
    rules.push(about(
        "type",
        "has(self.type) == has(self.nexthop)",
        "type is required with nexthop: vif_peer or gdgw; otherwise it is not allowed",
    ));
    let compared: Vec<&str> = fixed.into_iter().chain(["description"]).collect();
    rules.push(ignorable(&compared));
    all(rules)
}
