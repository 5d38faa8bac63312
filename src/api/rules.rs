//! CEL rules that several kinds share. Each message names the field and says what is allowed.
//!
//! A rule stands at the field where that is enough: such a rule runs only when the field is present, and a rule with
//! `oldSelf` only when it was there before too. Rules on adding, removing or combining fields stand at the struct, and
//! name the field by their path. Rules that take addresses apart pass what is no address: its own rule tells that.

use kube::core::{Message, Rule};
use schemars::{Schema, SchemaGenerator, json_schema};

use super::common::OWNER_TAG;

const UUID: &str = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";
const DNS_LABEL: &str = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";
const DNS_SUBDOMAIN: &str = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";

/// Networks that no customer can route over a line (VPC and Direct Connect console guides).
const UNROUTABLE: [&str; 4] = ["100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"];

/// A rule that explains itself.
pub fn rule(rule: impl Into<String>, message: impl AsRef<str>) -> Rule {
    Rule::new(rule).message(message.as_ref())
}

/// A test of a string; raw, so that a regular expression keeps its backslashes.
fn matches(subject: &str, pattern: &str) -> String {
    format!("{subject}.matches(r'{pattern}')")
}

/// Shown at a field though it stands at the struct.
fn at(field: &str, rule: Rule) -> Rule {
    rule.field_path(format!(".{field}"))
}

/// A string that names a Kubernetes object.
pub fn object_name(field: &str) -> Rule {
    rule(matches("self", DNS_SUBDOMAIN), format!("{field} must be the name of an object: lower case letters, digits, dashes and dots"))
}

/// A string that names a namespace.
pub fn namespace_name(field: &str) -> Rule {
    rule(matches("self", DNS_LABEL), format!("{field} must be the name of a namespace: lower case letters, digits and dashes"))
}

/// Strings that name namespaces.
pub fn namespace_names(field: &str) -> Rule {
    let test = format!("self.all(n, {})", matches("n", DNS_LABEL));
    rule(test, format!("{field} must hold names of namespaces: lower case letters, digits and dashes"))
}

/// A key of a Secret.
pub fn secret_key(field: &str) -> Rule {
    rule(matches("self", "^[-._a-zA-Z0-9]+$"), format!("{field} must be a key of a Secret: letters, digits, dashes, underscores and dots"))
}

/// An id of the cloud.
pub fn uuid(field: &str) -> Rule {
    rule(matches("self", UUID), format!("{field} must be a UUID in lower case, like 0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f"))
}

/// Ids of the cloud.
pub fn uuids(field: &str) -> Rule {
    let test = format!("self.all(id, {})", matches("id", UUID));
    rule(test, format!("{field} must hold UUIDs in lower case, like 0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f"))
}

/// The id of a project, which is also that of a tenant.
pub fn project_id(field: &str) -> Rule {
    rule(matches("self", "^[0-9a-f]{32}$"), format!("{field} must be the id of a project: 32 hex digits in lower case"))
}

/// The id of an enterprise project.
pub fn enterprise_project_id(field: &str) -> Rule {
    let test = format!("self == '0' || {}", matches("self", UUID));
    rule(test, format!("{field} must be a UUID in lower case, or 0 for the default enterprise project"))
}

/// A description, in which the cloud takes no angle brackets.
pub fn description() -> Rule {
    rule(matches("self", "^[^<>]*$"), "description must not contain angle brackets")
}

/// The object's name stands in for `spec.name`, and must then be one that the cloud takes.
pub fn name_fits() -> Rule {
    rule(
        "has(self.spec.name) || size(self.metadata.name) <= 64",
        "spec.name is required when metadata.name has more than 64 characters: the cloud takes names of 1 to 64",
    )
    .field_path(".spec.name")
}

/// A field that keeps its value once it has one. At the field.
pub fn fixed(field: &str) -> Rule {
    rule("self == oldSelf", format!("{field} is immutable"))
}

/// An optional field that can't be changed, added or removed. At the struct.
///
/// Written with `has()`: the API server finds no bound for the cost of comparing CEL's optional values.
pub fn immutable(field: &str) -> Rule {
    let test = format!("has(self.{field}) == has(oldSelf.{field}) && (!has(self.{field}) || self.{field} == oldSelf.{field})");
    at(field, rule(test, format!("{field} is immutable: it can't be changed, added or removed")))
}

/// The same for a field of two values, of which absence means one and `other` is the other. At the struct.
pub fn immutable_choice(field: &str, default: &str, other: &str) -> Rule {
    let is_other = |object: &str| format!("(has({object}.{field}) && {object}.{field} == '{other}')");
    let test = format!("{} == {}", is_other("self"), is_other("oldSelf"));
    at(field, rule(test, format!("{field} is immutable; absent it is {default}")))
}

/// Exactly one of these optional fields of a struct.
pub fn exactly_one(owner: &str, fields: &[&str]) -> Rule {
    let present: Vec<_> = fields.iter().map(|field| format!("(has(self.{field}) ? 1 : 0)")).collect();
    rule(format!("{} == 1", present.join(" + ")), format!("{owner} must have exactly one of {}", fields.join(", ")))
}

/// Names of spec fields in `policy.ignoreFields`.
pub fn ignore_fields(fields: &[&str]) -> Rule {
    let quoted: Vec<_> = fields.iter().map(|field| format!("'{field}'")).collect();
    let test =
        format!("!has(self.policy) || !has(self.policy.ignoreFields) || self.policy.ignoreFields.all(f, f in [{}])", quoted.join(", "));
    rule(test, format!("policy.ignoreFields must hold names of fields of the spec: {}", fields.join(", "))).field_path(".policy")
}

/// An address with its prefix length.
pub fn gateway(field: &str) -> Rule {
    rule("isCIDR(self)", format!("{field} must be an address with its prefix length, like 10.0.0.1/30 or fd00::1/64"))
}

/// The gateway addresses fit each other: one subnet, two addresses, neither of them the subnet itself.
pub fn gateway_pair() -> Rule {
    let test = both_gateways(
        "cidr(self.localGatewayIp).masked() == cidr(self.remoteGatewayIp).masked() && \
         !(cidr(self.localGatewayIp).ip() == cidr(self.remoteGatewayIp).ip())",
    );
    at(
        "remoteGatewayIp",
        rule(test, "remoteGatewayIp must be another address of the subnet of localGatewayIp, with the same prefix length"),
    )
}

/// The address of an IPv4 subnet is no host's. RFC 3021 and 6164 except the subnets of two.
pub fn gateway_is_host(field: &str) -> Rule {
    rule(
        "!isCIDR(self) || cidr(self).ip().family() == 6 || cidr(self).prefixLength() > 30 || !(cidr(self).ip() == cidr(self).masked().ip())",
        format!("{field} must be the address of a host, not that of its subnet"),
    )
}

/// The gateway addresses are of the address family; `family` is a CEL expression for it.
pub fn gateway_family(family: &str) -> Rule {
    let test = both_gateways(&format!(
        "[self.localGatewayIp, self.remoteGatewayIp].all(a, cidr(a).ip().family() == ({family} == 'ipv6' ? 6 : 4))"
    ));
    at("localGatewayIp", rule(test, "localGatewayIp and remoteGatewayIp must be of the addressFamily, ipv4 unless it says ipv6"))
}

fn both_gateways(test: &str) -> String {
    format!("!isCIDR(self.localGatewayIp) || !isCIDR(self.remoteGatewayIp) || ({test})")
}

/// Networks in the one way to write each, so that a set of texts is a set of networks.
pub fn networks(field: &str) -> Rule {
    let test = "isCIDR(n) && string(cidr(n).masked()) == n";
    naming_first(&format!("{field} must hold networks in canonical CIDR notation, without host bits, like 10.0.0.0/8 or fd00::/8"), test)
}

/// Networks of one address family; 4 or 6.
pub fn networks_of_family(field: &str, family: u8) -> Rule {
    let test = format!("!isCIDR(n) || cidr(n).ip().family() == {family}");
    naming_first(&format!("{field} must hold IPv{family} networks"), &test)
}

/// Networks that a line can carry.
pub fn networks_routable(field: &str) -> Rule {
    let outside: Vec<_> = UNROUTABLE.iter().map(|range| format!("!cidr('{range}').containsCIDR(n)")).collect();
    let test = format!("!isCIDR(n) || ({})", outside.join(" && "));
    naming_first(&format!("{field} must not hold networks of {}", UNROUTABLE.join(", ")), &test)
}

/// The networks behind the line are of the address family; `family` is a CEL expression for it.
pub fn remote_networks_family(family: &str) -> Rule {
    let test = format!(
        "!has(self.remoteEpGroup) || self.remoteEpGroup.all(n, !isCIDR(n) || cidr(n).ip().family() == ({family} == 'ipv6' ? 6 : 4))"
    );
    at("remoteEpGroup", rule(test, "remoteEpGroup must hold networks of the addressFamily, ipv4 unless it says ipv6"))
}

/// A test of each element `n` of a list, which names the first that fails.
fn naming_first(message: &str, test: &str) -> Rule {
    let expression = format!("'{message}; not ' + self.filter(n, !({test}))[0]");
    Rule { message: Some(Message::Expression(expression)), ..Rule::new(format!("self.all(n, {test})")) }
}

/// What BGP needs and static routes don't have. Four rules, so that each names its field.
pub fn bgp_needs_asn() -> Rule {
    at("bgpAsn", rule("self.routeMode != 'bgp' || has(self.bgpAsn)", "bgpAsn is required with routeMode bgp"))
}

/// See [`bgp_needs_asn`].
pub fn asn_needs_bgp() -> Rule {
    at("bgpAsn", rule("self.routeMode == 'bgp' || !has(self.bgpAsn)", "bgpAsn is only allowed with routeMode bgp"))
}

/// See [`bgp_needs_asn`].
pub fn md5_needs_bgp() -> Rule {
    let test = "self.routeMode == 'bgp' || !has(self.bgpMd5SecretRef)";
    at("bgpMd5SecretRef", rule(test, "bgpMd5SecretRef is only allowed with routeMode bgp"))
}

/// See [`bgp_needs_asn`].
pub fn asn_of_customer() -> Rule {
    rule("self != 64512", "bgpAsn must be 1 to 4294967295 but not 64512, which is the cloud's own")
}

/// The schema of tags: within the cloud's bounds, with room for the owner's mark, and without the names that are taken.
pub fn tags(_: &mut SchemaGenerator) -> Schema {
    let keys = rule(
        format!("self.all(k, size(k) >= 1 && size(k) <= 128 && !k.startsWith('_sys_') && k != '{OWNER_TAG}')"),
        format!("tags must have keys of 1 to 128 characters that don't begin with _sys_ and are not {OWNER_TAG}"),
    );
    json_schema!({
        "type": "object",
        "maxProperties": 9,
        "additionalProperties": { "type": "string", "maxLength": 255 },
        "x-kubernetes-validations": [keys],
    })
}

/// A base URL.
pub fn base_url(field: &str) -> Rule {
    let test = format!("isURL(self) && {}", matches("self", r"^https?://[^/?#@\s]+(/[^?#\s]*)?$"));
    rule(
        test,
        format!("endpoints.{field} must be a base URL like https://host or https://host:port/path, without user, query and fragment"),
    )
}

/// Base URLs are encrypted unless that is waived.
pub fn https_unless_insecure(field: &str) -> Rule {
    let test = format!("!has(self.{field}) || self.{field}.startsWith('https://') || self.?insecure.orValue(false)");
    at(field, rule(test, format!("endpoints.{field} must be https; http is only allowed with endpoints.insecure: true")))
}

/// Numbers and ranges of VLANs.
pub fn vlan_ranges(field: &str) -> Rule {
    let test = format!(
        "{} && int(n.split('-')[0]) <= int(n.split('-')[size(n.split('-')) - 1]) && int(n.split('-')[size(n.split('-')) - 1]) <= 3999",
        matches("n", "^(0|[1-9][0-9]{0,3})(-(0|[1-9][0-9]{0,3}))?$")
    );
    naming_first(&format!("{field} must hold VLANs from 0 to 3999 or ascending ranges of them, like 100 or 100-199"), &test)
}

/// The name of a region.
pub fn region() -> Rule {
    let test = matches("self", "^[a-z0-9]+(-[a-z0-9]+)+$");
    rule(test, "region must be the name of a region, like eu-west-101: lower case letters and digits, with dashes between")
}

/// How often an account is looked at. Go's durations, without fractions and with each unit at most once.
pub fn sync_interval() -> Rule {
    let test = format!(
        "{} && duration(self) >= duration('30s') && duration(self) <= duration('24h')",
        matches("self", "^([0-9]{1,5}h)?([0-9]{1,5}m)?([0-9]{1,5}s)?([0-9]{1,8}ms)?$") + " && self != ''"
    );
    rule(test, "syncInterval must be a duration from 30s to 24h, like 90s, 5m or 1h30m")
}

/// Certificates.
pub fn pem(field: &str) -> Rule {
    let test = "self.contains('-----BEGIN CERTIFICATE-----') && self.contains('-----END CERTIFICATE-----')";
    rule(test, format!("{field} must hold certificates in PEM: -----BEGIN CERTIFICATE----- and so on"))
}

/// A path in the operator's file system.
pub fn absolute_path(field: &str) -> Rule {
    rule("self.startsWith('/')", format!("{field} must be an absolute path, beginning with a slash"))
}
