//! CEL rules that several kinds share. Each message names the field and says what is allowed.
//!
//! A rule is set at the field where possible: it then runs only if the field is set, and a rule with `oldSelf` only if the field was set before
//! too. Rules on adding, removing or combining fields are set at the struct.
//!
//! The API server rejects a CRD whose rules can be too expensive. It estimates the cost with the longest values that the schema allows, so every
//! list, map and string that a rule reads has a bound.

use kube::core::{Rule, validate};
use schemars::Schema;
use schemars::transform::Transform;
use serde_json::{Map, Value, json};

const UUID: &str = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";
const DNS_LABEL: &str = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";
const DNS_SUBDOMAIN: &str = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
/// The console's rule; its Chinese letters are the range that the vendor's own tools check.
const CLOUD_NAME: &str = r"^[\x{4e00}-\x{9fa5}0-9a-zA-Z_.-]+$";
/// Authority and path, nothing else: the operator appends the paths of the API.
const BASE_URL: &str = r"^https?://[^/?#@\s]+(/[^?#@\s]*)?$";
/// Whole numbers from the largest unit down, as kubectl prints durations.
const DURATION: &str = "^([0-9]{1,5}h)?([0-9]{1,6}m)?([0-9]{1,8}s)?([0-9]{1,11}ms)?$";
const VLANS: &str = "^(0|[1-9][0-9]{0,3})(-(0|[1-9][0-9]{0,3}))?$";

fn rule(rule: impl Into<String>, message: impl AsRef<str>) -> Rule {
    Rule::new(rule).message(message.as_ref())
}

/// A quoted CEL string; raw, so that a regular expression keeps its backslashes.
fn matches(pattern: &str) -> String {
    format!("self.matches(r'{pattern}')")
}

/// A rule of a struct that the API server reports at one of its fields.
pub fn about(field: &str, expression: impl Into<String>, message: impl AsRef<str>) -> Rule {
    rule(expression, message).field_path(format!(".{field}"))
}

/// A string that names a Kubernetes object.
pub fn object_name(field: &str) -> Rule {
    rule(matches(DNS_SUBDOMAIN), format!("{field} must be the name of an object: lower case letters, digits, dashes and dots"))
}

/// A string that names a namespace.
pub fn namespace_name(field: &str) -> Rule {
    rule(matches(DNS_LABEL), format!("{field} must be the name of a namespace: lower case letters, digits and dashes"))
}

/// A key of a Secret.
pub fn secret_key(field: &str) -> Rule {
    rule(matches(r"^[-._a-zA-Z0-9]+$"), format!("{field} must be a key of a Secret: letters, digits, dashes, underscores and dots"))
}

/// An id of the cloud.
pub fn uuid(field: &str) -> Rule {
    rule(matches(UUID), format!("{field} must be a UUID in lower case, like 0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f"))
}

/// An id of an enterprise project.
pub fn enterprise_project(field: &str) -> Rule {
    let expression = format!("self == '0' || {}", matches(UUID));
    rule(expression, format!("{field} must be a UUID in lower case, or 0 for the default enterprise project"))
}

/// An id of a project.
pub fn project(field: &str) -> Rule {
    rule(matches("^[0-9a-f]{32}$"), format!("{field} must be 32 hexadecimal digits in lower case"))
}

/// A region; it becomes a part of host names.
pub fn region(field: &str) -> Rule {
    rule(matches(DNS_LABEL), format!("{field} must be a region like eu-west-101: lower case letters, digits and dashes"))
}

/// A base URL.
pub fn base_url(field: &str) -> Rule {
    rule(
        format!("{} && isURL(self)", matches(BASE_URL)),
        format!("{field} must be a base URL like https://dcaas.example.com, without user, query or fragment"),
    )
}

/// Plain HTTP only where it is asked for.
pub fn secure_endpoints() -> impl Transform {
    let secure = |field: &str| {
        let allowed = format!("!has(self.{field}) || self.{field}.startsWith('https://') || (has(self.insecure) && self.insecure)");
        about(field, allowed, format!("endpoints.{field} must start with https://; http:// is only allowed with endpoints.insecure: true"))
    };
    all(["dc", "iam", "sts"].map(secure).to_vec())
}

/// Certificates in PEM.
pub fn pem_certificates(field: &str) -> Rule {
    rule(
        "self.contains('-----BEGIN CERTIFICATE-----')",
        format!("{field} must contain PEM-encoded certificates: -----BEGIN CERTIFICATE----- ..."),
    )
}

/// A URN.
pub fn urn(field: &str) -> Rule {
    rule(matches(r"^\S+$"), format!("{field} must be a URN without spaces"))
}

/// A name of an identity provider; it becomes a header.
pub fn identity_provider(field: &str) -> Rule {
    rule(matches(r"^[-\w]+$"), format!("{field} must be the name of an identity provider: letters, digits, dashes and underscores"))
}

/// An external ID of an agency.
pub fn external_id(field: &str) -> Rule {
    rule(matches(r"^\S+$"), format!("{field} must be an external ID without spaces"))
}

/// Where a `ServiceAccount` token is exchanged.
pub fn one_service() -> Rule {
    let by_sts = "has(self.providerUrn) && has(self.agencyUrn) && !has(self.idpId)";
    let by_iam = "has(self.idpId) && !has(self.providerUrn) && !has(self.agencyUrn)";
    rule(format!("({by_sts}) || ({by_iam})"), "workloadIdentity must have providerUrn and agencyUrn, or only idpId")
}

/// How an agency is named.
pub fn one_agency() -> Rule {
    let by_urn = "has(self.urn) && !has(self.agencyName) && !has(self.domainName)";
    let by_name = "has(self.agencyName) && has(self.domainName) && !has(self.urn) && !has(self.externalId)";
    rule(
        format!("({by_urn}) || ({by_name})"),
        "assumeAgency must have urn, which may have externalId with it, or agencyName and domainName",
    )
}

/// An agency is assumed by its URN with a signature only.
pub fn agency_by_signature() -> Rule {
    let by_token = "has(self.password) || (has(self.workloadIdentity) && has(self.workloadIdentity.idpId))";
    about(
        "assumeAgency",
        format!("!has(self.assumeAgency) || !has(self.assumeAgency.urn) || !({by_token})"),
        "assumeAgency.urn needs access keys, and password and workloadIdentity.idpId give a token; use assumeAgency.agencyName and domainName, or another way to authenticate",
    )
}

/// A path that is not that of the pod's token for the API server.
pub fn no_api_server_token(field: &str) -> Rule {
    let folders = ["/var/run/secrets/kubernetes.io/", "/run/secrets/kubernetes.io/"];
    let outside = folders.map(|folder| format!("!self.startsWith('{folder}')")).join(" && ");
    rule(outside, format!("{field} must not be the token for the API server; project one whose audience is the client ID of the provider"))
}

/// An absolute path.
pub fn absolute_path(field: &str) -> Rule {
    rule("self.startsWith('/')", format!("{field} must be an absolute path that starts with /"))
}

/// A duration within bounds.
pub fn duration(field: &str, least: &str, most: &str) -> Rule {
    let form = matches(DURATION);
    rule(
        format!("self != '' && {form} && duration(self) >= duration('{least}') && duration(self) <= duration('{most}')"),
        format!("{field} must be a duration from {least} to {most}, like 90s, 5m or 1h30m"),
    )
}

/// A VLAN or a range of VLANs.
fn vlans(field: &str) -> Rule {
    // The pattern comes first: without it int() would fail on other texts, and the user would read of that.
    let part = |index: u8| format!("int(self.split('-')[{index}])");
    let range = format!("(!self.contains('-') ? {first} : {last}) <= 3999", first = part(0), last = part(1));
    let order = format!("(!self.contains('-') || {} <= {})", part(0), part(1));
    rule(
        format!("{} && {range} && {order}", matches(VLANS)),
        format!("{field} must be a VLAN from 0 to 3999 or a range from low to high, like 100 or 100-199"),
    )
}

/// A name in the cloud.
pub fn cloud_name() -> Rule {
    rule(matches(CLOUD_NAME), "name must have 1 to 64 characters: letters, digits, underscores, dots and dashes")
}

/// A description in the cloud.
pub fn description() -> Rule {
    rule("!self.contains('<') && !self.contains('>')", "description must not contain < or >")
}

/// A description of a route in the cloud.
pub fn route_description() -> Rule {
    rule("!self.contains('<') && !self.contains('>') && !self.contains('`')", "description must not contain <, > or a backtick")
}

/// A network of either family.
pub fn network(field: &str) -> Rule {
    rule(is_network("[4, 6]"), format!("{field} must be a network in CIDR notation, like 10.1.0.0/16 or fd00:1::/64, {CANONICAL}"))
}

/// The customer's number of autonomous system.
pub fn customer_asn() -> Rule {
    rule("self != 64512.0", "bgpAsn must be from 1 to 4294967295 and not 64512, which is reserved for the cloud")
}

/// The address of a gateway within its subnet. Both addresses of a /31 or /127 are hosts, and IPv6 has no broadcast address.
///
/// `!(a == b)` in place of `a != b`: the API server's estimate knows only of `==` that it costs little here.
pub fn gateway_address(field: &str) -> Rule {
    let is_host = "!(cidr(self) == cidr(self).masked())";
    // The number that the address is, by the sizes of networks with prefix lengths from 0 to 30.
    let sizes = (0..=30).map(|length| (1_u64 << (32 - length)).to_string()).collect::<Vec<_>>().join(", ");
    let number = "int(part[0]) * 16777216 + int(part[1]) * 65536 + int(part[2]) * 256 + int(part[3])";
    let is_broadcast = format!("[self.split('/')[0].split('.')].exists(part, ({number} + 1) % [{sizes}][cidr(self).prefixLength()] == 0)");
    rule(
        format!(
            "isCIDR(self) && (cidr(self).prefixLength() in [31, 127] || ({is_host} && (cidr(self).ip().family() == 6 || !{is_broadcast})))"
        ),
        format!(
            "{field} must be a host address with its prefix length, like 10.0.0.1/30 or fd00::1/64, not the address or the broadcast address of the network"
        ),
    )
}

/// A field that keeps its value once it has one.
pub fn fixed(field: &str) -> Rule {
    rule("self == oldSelf", format!("{field} is immutable once set"))
}

/// The project of an account that is in use.
pub fn project_of_objects() -> Rule {
    let project = |account: &str| format!("(has({account}.spec.projectId) ? {account}.spec.projectId : '')");
    // Before the first login there is no project, and a shard that does not know all objects counts none.
    let unused = "!has(oldSelf.status) || !has(oldSelf.status.projectId) || (has(oldSelf.status.managedObjects) && oldSelf.status.managedObjects == 0)";
    let same = "(has(self.spec.projectId) && self.spec.projectId == oldSelf.status.projectId)";
    about(
        "spec.projectId",
        format!("{} == {} || {unused} || {same}", project("self"), project("oldSelf")),
        "projectId can change only while no object uses the account (status.managedObjects is 0), or to the project in status.projectId",
    )
}

/// An integer that may be so large that clients write it as `4.2e+09`: for CEL that is no integer.
pub fn large_integer(schema: &mut Schema) {
    schema.insert("type".to_owned(), json!("number"));
    schema.insert("multipleOf".to_owned(), json!(1));
    schema.remove("format");
}

/// Exactly one of these optional fields of a struct.
pub fn exactly_one(owner: &str, fields: &[&str]) -> Rule {
    let present: Vec<_> = fields.iter().map(|field| format!("has(self.{field}) ? 1 : 0")).map(|one| format!("({one})")).collect();
    rule(format!("{} == 1", present.join(" + ")), format!("{owner} must have exactly one of {}", fields.join(", ")))
}

/// Characters of a key of a tag, as the vendor has them, but for the space, which may not be at either end.
const TAG_KEY: &str = r"-\p{L}\p{N}_.:=+@";

/// Keys of tags.
pub fn tag_keys() -> Rule {
    let key = format!("^[{TAG_KEY}]([{TAG_KEY} ]{{0,126}}[{TAG_KEY}])?$");
    rule(
        format!("self.all(k, k.matches(r'{key}') && !k.startsWith('_sys_') && k != 'direct-connect-operator-owner')"),
        "tags must have keys of 1 to 128 letters, digits, spaces and _ . : = + - @, without a space at either end, that do not start with _sys_ and are not direct-connect-operator-owner, which the operator sets",
    )
}

/// Values of tags.
pub fn tag_values(schema: &mut Schema) {
    let Some(values) = schema.get_mut("additionalProperties").and_then(Value::as_object_mut) else { return };
    values.insert("maxLength".to_owned(), json!(255));
    let value = format!("^([{TAG_KEY}/]([{TAG_KEY}/ ]*[{TAG_KEY}/])?)?$");
    let message = "a tag must have a value of up to 255 letters, digits, spaces and _ . : = + - @ /, without a space at either end";
    if let Ok(mut schema) = Schema::try_from(Value::Object(values.clone())) {
        add(&mut schema, rule(format!("self.matches(r'{value}')"), message));
        if let Value::Object(with_rule) = schema.to_value() {
            *values = with_rule;
        }
    }
}

/// Items that are keys of tags, or prefixes of them with a `*`.
pub fn tag_patterns(field: &str) -> impl Transform {
    let message = format!(
        "{field} must contain only keys of tags, or prefixes of keys followed by *: 1 to 128 letters, digits, spaces and _ . : = + - @"
    );
    each(rule(format!("self.matches(r'^[{TAG_KEY}]([{TAG_KEY} ]{{0,127}})[*]?$')"), message))
}

/// Removes the description of an enum's schema. It would replace the description of each optional field of this type, which says more: the
/// meaning of the values, the default, and whether the field is immutable.
pub fn described_by_its_field(schema: &mut Schema) {
    schema.remove("description");
}

/// Adds rules to a schema.
pub fn all(rules: Vec<Rule>) -> impl Transform {
    move |schema: &mut Schema| rules.iter().for_each(|rule| add(schema, rule.clone()))
}

fn add(schema: &mut Schema, rule: Rule) {
    // A rule is texts only, which always serialize; the test of each rule would miss one that is not there.
    let _ = validate(schema, rule);
}

/// Adds a rule to every item of a list.
fn each(rule: Rule) -> impl Transform {
    move |schema: &mut Schema| {
        let Some(items) = schema.get_mut("items") else { return };
        if let Ok(mut item) = Schema::try_from(items.clone()) {
            add(&mut item, rule.clone());
            *items = item.to_value();
        }
    }
}

const CANONICAL: &str = "in canonical form: lower case, shortened, no host bits set";

/// A string that is a network. `families` are 4 and 6.
fn is_network(families: &str) -> String {
    format!("isCIDR(self) && string(cidr(self).masked()) == self && cidr(self).ip().family() in {families}")
}

/// Items that are networks.
fn networks(field: &str, families: &str, example: &str) -> impl Transform {
    each(rule(is_network(families), format!("{field} must contain only {example}, {CANONICAL}")))
}

/// Items that are IPv4 networks.
pub fn networks_v4(field: &str) -> impl Transform {
    networks(field, "[4]", "IPv4 networks in CIDR notation, like 10.1.0.0/16")
}

/// Items that are IPv6 networks.
pub fn networks_v6(field: &str) -> impl Transform {
    networks(field, "[6]", "IPv6 networks in CIDR notation, like fd00:1::/64")
}

/// Items that are networks of either family.
pub fn networks_any(field: &str) -> impl Transform {
    networks(field, "[4, 6]", "networks in CIDR notation, like 10.1.0.0/16 or fd00:1::/64")
}

/// Items that are ids of the cloud.
pub fn uuids(field: &str) -> impl Transform {
    each(uuid(field))
}

/// Items that name namespaces.
pub fn namespace_names(field: &str) -> impl Transform {
    each(namespace_name(field))
}

/// Items that are VLANs or ranges of them.
pub fn vlan_ranges(field: &str) -> impl Transform {
    each(vlans(field))
}

/// Bounds of a label selector, which Kubernetes' own schema leaves open.
pub fn label_selector(schema: &mut Schema) {
    fn part<'a>(schema: &'a mut Schema, name: &str) -> Option<&'a mut Map<String, Value>> {
        schema.get_mut("properties")?.get_mut(name)?.as_object_mut()
    }
    if let Some(labels) = part(schema, "matchLabels") {
        labels.insert("maxProperties".to_owned(), json!(32));
    }
    if let Some(expressions) = part(schema, "matchExpressions") {
        expressions.insert("maxItems".to_owned(), json!(32));
    }
    let operator = schema.pointer_mut("/properties/matchExpressions/items/properties/operator");
    if let Some(operator) = operator.and_then(Value::as_object_mut) {
        operator.insert("enum".to_owned(), json!(["In", "NotIn", "Exists", "DoesNotExist"]));
    }
}
