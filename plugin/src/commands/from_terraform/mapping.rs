//! What becomes of each resource of the provider `huaweicloud`: its attributes as the cloud would show the resource. Kept in step with
//! `docs/from-terraform.md`.

use secrecy::SecretString;
use serde_json::{Map, Value, json};

use crate::takeover::BgpKey;

/// A secret attribute.
const KEY: &str = "bgp_md5";

/// What becomes of a resource.
pub enum Becomes {
    /// Objects.
    Objects(Mapping),
    /// Nothing: what there is to do instead.
    Nothing(&'static str),
}

/// How attributes become what the cloud shows. Those of the same name need no entry.
pub struct Mapping {
    /// The kinds of the objects.
    pub kinds: &'static [&'static str],
    /// Attributes with another name in the cloud.
    renamed: &'static [(&'static str, &'static str)],
    /// Blocks that are one object in the cloud.
    blocks: &'static [&'static str],
    /// The rest.
    finish: fn(&mut Map<String, Value>),
}

const fn objects(kinds: &'static [&'static str]) -> Mapping {
    Mapping { kinds, renamed: &[], blocks: &[], finish: |_| {} }
}

/// The resources of the provider.
pub const RESOURCES: &[(&str, Becomes)] = &[
    ("huaweicloud_dc_virtual_gateway", Becomes::Objects(Mapping { renamed: &[("asn", "bgp_asn")], ..objects(&["VirtualGateway"]) })),
    (
        "huaweicloud_dc_virtual_interface",
        Becomes::Objects(Mapping { blocks: &["extend_attribute"], finish: interface, ..objects(&["VirtualInterface", "Peer"]) }),
    ),
    (
        "huaweicloud_dc_hosted_connect",
        Becomes::Objects(Mapping { renamed: &[("resource_tenant_id", "tenant_id")], ..objects(&["HostedConnection"]) }),
    ),
    ("huaweicloud_dc_global_gateway", Becomes::Objects(objects(&["GlobalGateway"]))),
    (
        "huaweicloud_dc_global_gateway_peer_link",
        Becomes::Objects(Mapping { blocks: &["peer_site", "bandwidth_info"], ..objects(&["PeerLink"]) }),
    ),
    (
        "huaweicloud_dc_global_gateway_route_table",
        Becomes::Objects(Mapping { renamed: &[("gdgw_id", "gateway_id")], ..objects(&["GlobalGatewayRoute"]) }),
    ),
    ("huaweicloud_dc_connect_gateway", Becomes::Objects(objects(&["ConnectGateway"]))),
    (
        "huaweicloud_dc_connect_gateway_geip_associate",
        Becomes::Objects(Mapping { finish: association, ..objects(&["GlobalEipAssociation"]) }),
    ),
    (
        "huaweicloud_dc_virtual_interface_accepter",
        Becomes::Nothing("the acceptance of an interface of another account; remove it from the state, it holds nothing that has to stay"),
    ),
    (
        "huaweicloud_dc_virtual_interface_switchover",
        Becomes::Nothing("a switchover test; end it in the console if it goes on, then remove it from the state"),
    ),
    ("huaweicloud_dc_vif_peer_detection", Becomes::Nothing("a single measurement; remove it from the state")),
];

/// What becomes of a type of resources, if it is one of Direct Connect.
#[must_use]
pub fn of_type(type_: &str) -> Option<&'static Becomes> {
    RESOURCES.iter().find(|(name, _)| *name == type_).map(|(_, becomes)| becomes)
}

impl Mapping {
    /// The resource as the cloud would show it, without keys.
    #[must_use]
    pub fn item(&self, attributes: &Map<String, Value>) -> Value {
        let mut item = attributes.clone();
        item.remove(KEY);
        for peer in item.get_mut("vif_peers").and_then(Value::as_array_mut).into_iter().flatten() {
            peer.as_object_mut().map(|peer| peer.remove(KEY));
        }
        for (attribute, field) in self.renamed {
            if let Some(value) = item.remove(*attribute) {
                item.insert((*field).to_owned(), value);
            }
        }
        for block in self.blocks {
            let first = item.remove(*block).and_then(|list| list.as_array()?.first().cloned());
            item.extend(first.map(|first| ((*block).to_owned(), first)));
        }
        let tags = item.remove("tags").and_then(|tags| tags.as_object().cloned()).unwrap_or_default();
        item.insert("tags".to_owned(), tags.into_iter().map(|(key, value)| json!({ "key": key, "value": value })).collect());
        // What is listed at a gateway has the ID of that before its own.
        let id = item.get("id").and_then(Value::as_str).and_then(|id| id.rsplit('/').next()).map(str::to_owned);
        item.extend(id.map(|id| ("id".to_owned(), json!(id))));
        (self.finish)(&mut item);
        item.into()
    }
}

/// Fields of the spec that the cloud does not show; null takes one away.
#[must_use]
pub fn more_of_spec(kind: &str, attributes: &Map<String, Value>) -> Map<String, Value> {
    let tenant = attributes.get("resource_tenant_id").filter(|tenant| tenant.as_str().is_some_and(|tenant| !tenant.is_empty()));
    match (kind, tenant) {
        // Tags and project of an interface for another account are of that account.
        ("VirtualInterface", Some(tenant)) => Map::from_iter([
            ("resourceTenantId".to_owned(), tenant.clone()),
            ("enterpriseProjectId".to_owned(), Value::Null),
            ("tags".to_owned(), Value::Null),
        ]),
        _ => Map::new(),
    }
}

/// The BGP key of the interface or peer `id`. It is told only `with_secrets`.
#[must_use]
pub fn bgp_key(attributes: &Map<String, Value>, id: &str, with_secrets: bool) -> BgpKey {
    let peers = attributes.get("vif_peers").and_then(Value::as_array).into_iter().flatten();
    let peer = peers.into_iter().find(|peer| peer["id"] == id).map(|peer| &peer[KEY]);
    match peer.or(attributes.get(KEY)).map(|key| key.as_str().unwrap_or_default()) {
        None => BgpKey::Unknown,
        Some("") => BgpKey::None,
        // As the cloud may mask it.
        Some(key) if key.chars().all(|letter| letter == '*') => BgpKey::Unknown,
        Some(_) if !with_secrets => BgpKey::Withheld,
        Some(key) => BgpKey::Known(SecretString::from(key.to_owned())),
    }
}

/// A state without peers, as of a plan, tells of the first by arguments.
fn interface(item: &mut Map<String, Value>) {
    if item.get("vif_peers").and_then(Value::as_array).is_some_and(|peers| !peers.is_empty()) {
        return;
    }
    let text = |key: &str| item.get(key).filter(|value| value.as_str().is_some_and(|text| !text.is_empty())).cloned();
    let family = text("address_family").unwrap_or_else(|| json!("ipv4"));
    let version = if family == "ipv6" { "v6" } else { "v4" };
    let address = |end: &str| text(&format!("{end}_gateway_{version}_ip"));
    let peer = json!({
        "id": "", "address_family": family, "route_mode": text("route_mode"), "bgp_asn": item.get("asn"),
        "local_gateway_ip": address("local"), "remote_gateway_ip": address("remote"), "remote_ep_group": item.get("remote_ep_group"),
    });
    item.insert("vif_peers".to_owned(), json!([peer]));
}

/// A segment has an ID of its own.
fn association(item: &mut Map<String, Value>) {
    if item.get("global_eip_segment_id").and_then(Value::as_str).is_some_and(|id| !id.is_empty()) {
        item.remove("global_eip_id");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use direct_connect_operator::kinds;
    use std::collections::BTreeMap;

    const PAGE: &str = include_str!("../../../../docs/from-terraform.md");

    /// The first table of the page.
    #[test]
    fn each_resource_becomes_what_the_page_says() {
        let table = PAGE.split_once("\n## Mapping\n").unwrap().1.trim_start().split("\n\n").next().unwrap();
        let rows: BTreeMap<&str, &str> = table
            .lines()
            .filter(|line| line.starts_with("| `huaweicloud_dc_"))
            .map(|line| line.split('|').map(|cell| cell.trim().trim_matches('`')).collect::<Vec<_>>())
            .map(|cells| (cells[1], cells[2]))
            .collect();
        let told: BTreeMap<&str, &str> = RESOURCES
            .iter()
            .map(|(name, becomes)| match becomes {
                Becomes::Objects(mapping) => (*name, mapping.kinds[0]),
                Becomes::Nothing(_) => (*name, "None"),
            })
            .collect();
        assert_eq!(told, rows);
    }

    #[test]
    fn keys_are_in_no_item_and_told_only_when_asked_for() {
        let attributes = json!({
            "id": "vif", "bgp_md5": "first-key", "vif_peers": [{ "id": "p1", "bgp_md5": "first-key" }, { "id": "p2", "bgp_md5": "****" }],
        });
        let attributes = attributes.as_object().unwrap();
        let Some(Becomes::Objects(mapping)) = of_type("huaweicloud_dc_virtual_interface") else { panic!() };
        assert!(!mapping.item(attributes).to_string().contains("key"));
        assert!(matches!(bgp_key(attributes, "vif", false), BgpKey::Withheld));
        assert!(matches!(bgp_key(attributes, "vif", true), BgpKey::Known(_)));
        assert!(matches!(bgp_key(attributes, "p2", true), BgpKey::Unknown), "masked");
        assert!(matches!(bgp_key(json!({ "bgp_md5": null }).as_object().unwrap(), "vif", true), BgpKey::None));
    }

    #[test]
    fn attributes_become_what_the_cloud_shows() {
        let id = "0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f";
        let rows = [
            (
                "huaweicloud_dc_virtual_gateway",
                json!({ "id": id, "name": "n", "vpc_id": "v", "local_ep_group": ["10.0.0.0/8"], "asn": 64513, "tags": { "a": "b" } }),
                json!({ "bgpAsn": 64513, "vpcId": "v", "tags": { "a": "b" } }),
            ),
            (
                "huaweicloud_dc_virtual_interface",
                json!({
                    "id": id, "name": "n", "direct_connect_id": "c", "gateway_id": "g", "service_type": "GDGW", "vlan": 1, "bandwidth": 2,
                    "route_mode": "bgp", "asn": 65000, "address_family": "ipv6", "local_gateway_v6_ip": "fd00::1/64",
                    "remote_gateway_v6_ip": "fd00::2/64", "remote_ep_group": [], "vif_peers": [], "extend_attribute": [{ "ha_type": "bfd" }],
                }),
                json!({ "globalGatewayId": "g", "bgpAsn": 65000, "addressFamily": "ipv6", "extendAttribute": { "haType": "bfd" } }),
            ),
            (
                "huaweicloud_dc_global_gateway_peer_link",
                json!({
                    "id": format!("g/{id}"), "name": "n", "global_dc_gateway_id": "g",
                    "peer_site": [{ "gateway_id": "r", "project_id": "p", "region_id": "x", "type": "ER" }],
                }),
                json!({ "globalGatewayId": "g", "import": { "id": id } }),
            ),
            (
                "huaweicloud_dc_global_gateway_route_table",
                json!({ "id": format!("g/{id}"), "gdgw_id": "g", "type": "gdgw", "destination": "10.0.0.0/8", "nexthop": "h" }),
                json!({ "globalGatewayId": "g", "nexthop": "h", "type": "gdgw", "import": { "id": id } }),
            ),
            (
                "huaweicloud_dc_connect_gateway_geip_associate",
                json!({ "id": "c/e", "connect_gateway_id": "c", "global_eip_id": "e", "type": "IP_SEGMENT", "global_eip_segment_id": "s" }),
                json!({ "connectGatewayId": "c", "globalEipId": "s", "type": "IP_SEGMENT", "import": { "naturalKey": true } }),
            ),
            (
                "huaweicloud_dc_hosted_connect",
                json!({ "id": id, "name": "n", "hosting_id": "h", "vlan": 1, "bandwidth": 2, "resource_tenant_id": "t" }),
                json!({ "hostingId": "h", "resourceTenantId": "t" }),
            ),
        ];
        for (type_, attributes, wanted) in rows {
            let Some(Becomes::Objects(mapping)) = of_type(type_) else { panic!("{type_}") };
            let kind = kinds::named(mapping.kinds[0]).unwrap();
            let existing = kind.existing_in(&mapping.item(attributes.as_object().unwrap())).unwrap();
            let spec = existing[0].spec(&|_, _| None).unwrap_or_else(|problem| panic!("{type_}: {problem}"));
            for (field, value) in wanted.as_object().unwrap() {
                assert_eq!(&spec[field], value, "{type_}: {spec}");
            }
        }
    }
}
