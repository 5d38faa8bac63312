//! What is said of a field in three places, held against each other: what the comparison reports, what the API server keeps as it is, and what
//! `policy.ignoreFields` can name.

use kube::{CustomResourceExt, Resource};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

use super::{
    ConnectGatewayKind, ConnectionKind, GlobalEipAssociationKind, GlobalGatewayKind, GlobalGatewayRouteKind, HostedConnectionKind,
    PeerKind, PeerLinkKind, VirtualGatewayKind, VirtualInterfaceKind,
};
use crate::api::Defaults;
use crate::graph::Contributions;
use crate::reconcile::{Desired, Difference, Kind, Links, Tagging};

/// Fields that a status does not show: a plan without the cloud takes them to be as the object in the cluster says.
const NOT_IN_STATUS: [&str; 8] =
    ["bgpAsn", "description", "localGatewayIp", "peerLocation", "remoteGatewayIp", "routeMode", "serviceEpGroup", "type"];

/// Checks a kind: each spec with what the cloud shows for it differs from it in fields that the other specs leave out, or in all of them.
fn check<K: Kind>(specs: &[Value], links: &Links, seen: &Value)
where
    K::Object: CustomResourceExt,
{
    let specs: Vec<(Value, Links)> = specs.iter().map(|spec| (spec.clone(), links.clone())).collect();
    check_with::<K>(&specs, seen);
}

/// The same, each spec with what its references lead to.
fn check_with<K: Kind>(specs: &[(Value, Links)], seen: &Value)
where
    K::Object: CustomResourceExt,
{
    let seen: K::Resource = read(seen);
    let mut reported = BTreeMap::new();
    for (spec, links) in specs {
        let object: K::Object =
            read(&json!({ "apiVersion": K::Object::api_version(&()), "kind": K::NAME, "metadata": { "name": "a" }, "spec": spec }));
        let defaults = Defaults::default();
        let desired = Desired {
            object: &object,
            links,
            created_as: None,
            defaults: &defaults,
            owner: None,
            tagging: Tagging::All,
            contributions: Contributions::none(),
            secret: None,
        };
        let recalled = K::recalled(&desired, K::id(&seen), Some(&K::observed(&seen))).unwrap();
        let by_status = K::compare(&desired, &recalled);
        for difference in K::compare(&desired, &seen) {
            let is_told = by_status.contains(&difference) || NOT_IN_STATUS.contains(&difference.path);
            assert!(is_told, "{} {}: the status does not tell of it: {by_status:?}", K::NAME, difference.path);
        }
        for difference in K::compare(&desired, &seen) {
            let Difference { path, mutable, .. } = difference;
            let call = K::update(&desired, &seen, &[difference]);
            assert_eq!(call.is_some(), mutable, "{} {path}: a field that can change, and only that, leads to a call", K::NAME);
            assert_ne!(reported.insert(path.to_owned(), mutable), Some(!mutable), "{} {path}", K::NAME);
        }
    }
    let (immutable, ignorable) = of_schema(&serde_json::to_value(K::Object::crd()).unwrap());
    assert_eq!(reported.keys().cloned().collect::<BTreeSet<_>>(), ignorable, "{}: compared, and named by ignoreFields", K::NAME);
    for (path, mutable) in reported {
        assert_eq!(immutable.contains(&path), !mutable, "{} {path}: immutable in the definition and in the comparison", K::NAME);
    }
}

/// The fields of the spec that the API server keeps as they are, and those that `policy.ignoreFields` can name.
fn of_schema(crd: &Value) -> (BTreeSet<String>, BTreeSet<String>) {
    let spec = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
    let (mut immutable, mut ignorable) = (BTreeSet::new(), BTreeSet::new());
    for rule in spec["x-kubernetes-validations"].as_array().unwrap() {
        let text = rule["rule"].as_str().unwrap();
        if text.contains("oldSelf") {
            immutable.insert(rule["fieldPath"].as_str().unwrap().trim_start_matches('.').to_owned());
        }
        if let Some((_, list)) = text.split_once("ignoreFields.all(f, f in [") {
            let names = list.trim_end_matches("])").split(", ");
            ignorable.extend(names.map(|name| name.trim_matches('\'').to_owned()));
        }
    }
    (immutable, ignorable)
}

fn read<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap()
}

fn with(spec: &Value, field: &str, value: Value) -> Value {
    let mut spec = spec.clone();
    spec[field] = value;
    spec
}

#[test]
fn of_a_connection() {
    let spec = json!({ "import": { "id": "1" }, "name": "a", "description": "a", "peerLocation": "a", "tags": { "a": "a" } });
    let seen = json!({
        "id": "1", "name": "b", "description": "b", "peer_location": "b", "bandwidth": 1, "type": "standard", "port_type": "1G",
        "tags": [{ "key": "a", "value": "b" }],
    });
    check::<ConnectionKind>(&[spec], &Links::new(), &seen);
}

#[test]
fn of_a_hosted_connection() {
    let spec = json!({
        "name": "a", "description": "a", "vlan": 1, "bandwidth": 2, "resourceTenantId": "a", "peerLocation": "a",
        "hostingConnectionRef": { "name": "a" },
    });
    let seen = json!({
        "id": "1", "name": "b", "description": "b", "hosting_id": "b", "vlan": 2, "bandwidth": 3, "tenant_id": "b", "peer_location": "b",
    });
    let by_id = with(&spec, "hostingId", json!("a"));
    check::<HostedConnectionKind>(&[spec, by_id], &Links::from([("hostingConnectionRef", "a".to_owned())]), &seen);
}

#[test]
fn of_a_gateway() {
    let spec = json!({
        "name": "a", "description": "a", "vpcId": "a", "enterpriseRouterId": "a", "localEpGroup": ["10.0.0.0/8"],
        "localEpGroupIpv6": ["fd00::/16"], "bgpAsn": 1, "enterpriseProjectId": "a", "tags": { "a": "a" },
    });
    let seen = json!({
        "id": "1", "name": "b", "description": "b", "vpc_id": "b", "enterprise_router_id": "b", "local_ep_group": ["11.0.0.0/8"],
        "local_ep_group_ipv6": ["fd01::/16"], "bgp_asn": 2, "enterprise_project_id": "b", "tags": [{ "key": "a", "value": "b" }],
    });
    check::<VirtualGatewayKind>(&[spec], &Links::new(), &seen);
}

#[test]
fn of_a_global_gateway() {
    let spec = json!({
        "name": "a", "description": "a", "bgpAsn": 1, "addressFamily": "ipv4", "enterpriseProjectId": "a", "tags": { "a": "a" },
    });
    let seen = json!({
        "id": "1", "name": "b", "description": "b", "bgp_asn": 2, "address_family": "dual", "enterprise_project_id": "b",
        "tags": [{ "key": "a", "value": "b" }],
    });
    check::<GlobalGatewayKind>(&[spec], &Links::new(), &seen);
}

#[test]
fn of_an_interface() {
    let spec = json!({
        "name": "a", "description": "a", "connectionId": "a", "lagId": "a", "globalGatewayId": "a", "type": "private", "vlan": 1, "bandwidth": 2,
        "routeMode": "bgp", "bgpAsn": 1, "localGatewayIp": "10.0.0.1/30", "remoteGatewayIp": "10.0.0.2/30", "remoteEpGroup": ["10.0.0.0/8"],
        "serviceEpGroup": ["10.0.0.0/8"], "priority": "normal", "enableBfd": true, "enableNqa": true,
        "extendAttribute": { "haType": "bfd" }, "enterpriseProjectId": "a", "tags": { "a": "a" },
    });
    let peer = json!({
        "id": "2", "address_family": "ipv4", "route_mode": "static", "bgp_asn": 2, "local_gateway_ip": "11.0.0.1/30",
        "remote_gateway_ip": "11.0.0.2/30", "remote_ep_group": ["11.0.0.0/8"],
    });
    let seen = json!({
        "id": "1", "name": "b", "description": "b", "direct_connect_id": "b", "lag_id": "b", "vgw_id": "b", "gateway_id": "b", "type": "public",
        "vlan": 2, "bandwidth": 3, "service_ep_group": ["11.0.0.0/8"], "priority": "low", "enable_bfd": false, "enable_nqa": false,
        "extend_attribute": { "ha_type": "nqa" }, "enterprise_project_id": "b", "tags": [{ "key": "a", "value": "b" }], "vif_peers": [peer],
    });
    let by_id = with(&spec, "virtualGatewayId", json!("a"));
    let by_name = with(&with(&spec, "connectionId", json!(null)), "globalGatewayId", json!(null));
    let hosted = with(&by_name, "hostedConnectionRef", json!({ "name": "a" }));
    let references = ["connectionRef", "hostedConnectionRef", "virtualGatewayRef", "globalGatewayRef"];
    let links = references.into_iter().map(|field| (field, "a".to_owned())).collect();
    check::<VirtualInterfaceKind>(&[spec, by_id, by_name, hosted], &links, &seen);
}

#[test]
fn of_a_peer() {
    let spec = json!({
        "name": "a", "description": "a", "addressFamily": "ipv4", "routeMode": "bgp", "bgpAsn": 1, "localGatewayIp": "10.0.0.1/30",
        "remoteGatewayIp": "10.0.0.2/30", "remoteEpGroup": ["10.0.0.0/8"],
    });
    let seen = json!({
        "id": "1", "vif_id": "b", "name": "b", "description": "b", "address_family": "ipv6", "route_mode": "static", "bgp_asn": 2,
        "local_gateway_ip": "11.0.0.1/30", "remote_gateway_ip": "11.0.0.2/30", "remote_ep_group": ["11.0.0.0/8"],
    });
    let by_id = with(&spec, "virtualInterfaceId", json!("a"));
    check::<PeerKind>(&[spec, by_id], &Links::from([("virtualInterfaceRef", "a".to_owned())]), &seen);
}

#[test]
fn of_a_connect_gateway() {
    let spec = json!({ "name": "a", "description": "a", "addressFamily": "dual" });
    let seen = json!({ "id": "1", "name": "b", "description": "b", "address_family": "ipv4" });
    check::<ConnectGatewayKind>(&[spec], &Links::new(), &seen);
}

#[test]
fn of_a_binding_of_a_global_eip() {
    let spec = json!({ "globalEipId": "1", "type": "IP_SEGMENT", "gcbId": "a" });
    let seen = json!({ "global_eip_id": "1", "connect_gateway_id": "b", "type": "IP_ADDRESS", "gcb_id": "b" });
    let by_id = with(&spec, "connectGatewayId", json!("a"));
    check::<GlobalEipAssociationKind>(&[spec, by_id], &Links::from([("connectGatewayRef", "a".to_owned())]), &seen);
}

#[test]
fn of_a_peer_link() {
    let site = json!({ "enterpriseRouterId": "a", "regionId": "a", "projectId": "a" });
    let spec = json!({ "name": "a", "description": "a", "peerSite": site });
    let site = json!({ "gateway_id": "b", "region_id": "b", "project_id": "b" });
    let seen = json!({ "id": "1", "global_dc_gateway_id": "b", "name": "b", "description": "b", "peer_site": site });
    let by_id = with(&spec, "globalGatewayId", json!("a"));
    check::<PeerLinkKind>(&[spec, by_id], &Links::from([("globalGatewayRef", "a".to_owned())]), &seen);
}

#[test]
fn of_a_route() {
    let spec = json!({ "destination": "10.0.0.0/8", "description": "a" });
    let seen = json!({
        "id": "1", "gateway_id": "b", "destination": "11.0.0.0/8", "nexthop": "b", "type": "gdgw", "description": "b",
    });
    let reference = json!({ "name": "a" });
    let referred = |field: &'static str| check_links(field, &with(&spec, field, reference.clone()));
    let by_id = with(&with(&with(&spec, "globalGatewayId", json!("a")), "nexthop", json!("a")), "type", json!("vif_peer"));
    let links = Links::from([("globalGatewayRef", "a".to_owned())]);
    let fields = ["virtualInterfaceRef", "peerRef", "nextHopGlobalGatewayRef"];
    let mut specs: Vec<(Value, Links)> = fields.into_iter().map(referred).collect();
    specs.push((by_id, links));
    check_with::<GlobalGatewayRouteKind>(&specs, &seen);
}

/// A spec with what its reference leads to.
fn check_links(field: &'static str, spec: &Value) -> (Value, Links) {
    (spec.clone(), Links::from([("globalGatewayRef", "a".to_owned()), (field, "a".to_owned())]))
}

/// Checks that an answer says nothing by a field that it does not show, in whatever words: nothing is written, and nothing is immutable.
fn says_nothing_by_an_empty_field<K: Kind>(spec: &Value, links: &Links, seen: &Value) {
    let object: K::Object = read(&json!({ "metadata": { "name": "a" }, "spec": spec }));
    let defaults = Defaults::default();
    let desired = Desired {
        object: &object,
        links,
        created_as: None,
        defaults: &defaults,
        owner: None,
        tagging: Tagging::All,
        contributions: Contributions::none(),
        secret: None,
    };
    let shown = |seen: &Value| -> Vec<Difference> {
        // Of what can't be read nothing is concluded.
        let Ok(seen) = serde_json::from_value(seen.clone()) else { return Vec::new() };
        K::compare(&desired, &seen).into_iter().filter(|difference| difference.is_shown).collect()
    };
    assert_eq!(shown(seen), [], "{}: the answer matches the spec", K::NAME);
    let whole: K::Resource = read(seen);
    let recalled = K::recalled(&desired, K::id(&whole), Some(&K::observed(&whole))).unwrap();
    assert_eq!(K::compare(&desired, &recalled), [], "{}: the same by the status and the spec", K::NAME);
    assert_eq!(K::observed(&recalled), K::observed(&whole), "{}: what the status shows", K::NAME);
    assert_eq!((K::phase(&recalled), K::id(&recalled)), (K::phase(&whole), K::id(&whole)), "{}", K::NAME);
    let mut emptied = 0;
    for path in leaves(seen, "") {
        for nothing in [None, Some(Value::Null), Some(json!("")), Some(json!(0)), Some(json!([]))] {
            let mut seen = seen.clone();
            let (parent, field) = path.rsplit_once('/').unwrap();
            let fields = seen.pointer_mut(parent).unwrap().as_object_mut().unwrap();
            match &nothing {
                None => _ = fields.remove(field),
                // A number or a list where the documents have a text is not nothing, but odd.
                Some(value) if value.is_number() && !fields[field].is_number() || value.is_array() && !fields[field].is_array() => continue,
                Some(value) => fields[field] = value.clone(),
            }
            assert_eq!(shown(&seen), [], "{} {path}: {nothing:?}", K::NAME);
            emptied += 1;
        }
    }
    assert!(emptied > 20, "{}: {emptied}", K::NAME);
}

/// Pointers to all fields of an answer but those that identify it.
fn leaves(value: &Value, path: &str) -> Vec<String> {
    let fields = value.as_object().into_iter().flatten().filter(|(field, _)| !["id", "key", "value"].contains(&field.as_str()));
    let items = value.as_array().into_iter().flatten().enumerate().map(|(index, item)| (index.to_string(), item));
    let inner = items.flat_map(|(index, item)| leaves(item, &format!("{path}/{index}")));
    fields
        .flat_map(|(field, inner)| [format!("{path}/{field}")].into_iter().chain(leaves(inner, &format!("{path}/{field}"))))
        .chain(inner)
        .collect()
}

#[test]
fn an_answer_with_any_field_emptied_leads_to_no_write() {
    let connection = json!({ "name": "a", "description": "a", "peerLocation": "p", "tags": { "a": "a" } });
    let seen = json!({
        "id": "1", "name": "a", "description": "a", "peer_location": "p", "type": "standard", "port_type": "10G", "bandwidth": 5, "vlan": 1,
        "status": "ACTIVE", "location": "l", "provider": "q", "hosting_id": "h", "device_id": "d", "lag_id": "g", "charge_mode": "traffic",
        "reason": "r", "tags": [{ "key": "a", "value": "a" }],
    });
    says_nothing_by_an_empty_field::<ConnectionKind>(&connection, &Links::new(), &seen);

    let hosted = json!({
        "name": "a", "description": "a", "peerLocation": "p", "hostingId": "h", "vlan": 1, "bandwidth": 5, "resourceTenantId": "t",
    });
    let seen = json!({
        "id": "1", "name": "a", "description": "a", "peer_location": "p", "hosting_id": "h", "vlan": 1, "bandwidth": 5, "tenant_id": "t",
        "status": "BUILD", "location": "l", "provider": "q", "provider_status": "ACTIVE", "port_type": "10G", "apply_time": "then",
    });
    says_nothing_by_an_empty_field::<HostedConnectionKind>(&hosted, &Links::new(), &seen);

    let gateway = json!({
        "name": "a", "description": "a", "vpcId": "v", "localEpGroup": ["10.0.0.0/8"], "localEpGroupIpv6": ["fd00::/16"], "bgpAsn": 1,
        "enterpriseProjectId": "p", "tags": { "a": "a" },
    });
    let seen = json!({
        "id": "1", "name": "a", "description": "a", "vpc_id": "v", "local_ep_group": ["10.0.0.0/8"], "local_ep_group_ipv6": ["fd00::/16"],
        "bgp_asn": 1, "status": "ACTIVE", "enterprise_project_id": "p", "tags": [{ "key": "a", "value": "a" }],
    });
    says_nothing_by_an_empty_field::<VirtualGatewayKind>(&gateway, &Links::new(), &seen);

    let interface = json!({
        "name": "a", "description": "a", "connectionId": "c", "type": "private", "vlan": 1, "bandwidth": 2, "routeMode": "bgp", "bgpAsn": 1,
        "localGatewayIp": "10.0.0.1/30", "remoteGatewayIp": "10.0.0.2/30", "remoteEpGroup": ["10.0.0.0/8"], "priority": "normal",
        "enableBfd": true, "enableNqa": false, "extendAttribute": { "haType": "bfd", "minTxInterval": 1000 }, "enterpriseProjectId": "p",
        "tags": { "a": "a" },
    });
    let peer = json!({
        "id": "2", "name": "a", "vif_id": "1", "address_family": "ipv4", "route_mode": "bgp", "bgp_asn": 1, "local_gateway_ip": "10.0.0.1/30",
        "remote_gateway_ip": "10.0.0.2/30", "remote_ep_group": ["10.0.0.0/8"], "status": "ACTIVE", "bgp_status": "ACTIVE",
    });
    let seen = json!({
        "id": "1", "name": "a", "description": "a", "direct_connect_id": "c", "vgw_id": "g", "type": "private", "service_type": "VGW",
        "address_family": "ipv4", "vlan": 1, "bandwidth": 2, "priority": "normal", "enable_bfd": true, "enable_nqa": false,
        "extend_attribute": { "ha_type": "bfd", "min_tx_interval": 1000 }, "enterprise_project_id": "p", "status": "ACTIVE",
        "remote_ep_group": ["10.0.0.0/8"], "tags": [{ "key": "a", "value": "a" }], "vif_peers": [peer.clone()],
    });
    says_nothing_by_an_empty_field::<VirtualInterfaceKind>(&interface, &Links::from([("virtualGatewayRef", "g".to_owned())]), &seen);

    let spec = json!({
        "name": "a", "addressFamily": "ipv4", "routeMode": "bgp", "bgpAsn": 1, "localGatewayIp": "10.0.0.1/30",
        "remoteGatewayIp": "10.0.0.2/30", "remoteEpGroup": ["10.0.0.0/8"],
    });
    says_nothing_by_an_empty_field::<PeerKind>(&spec, &Links::from([("virtualInterfaceRef", "1".to_owned())]), &peer);

    let spec = json!({ "name": "a", "description": "a", "addressFamily": "dual" });
    let seen = json!({
        "id": "1", "name": "a", "description": "a", "address_family": "dual", "bgp_asn": 1, "status": "ACTIVE", "access_site": "s",
        "gateway_site": "s", "gcb_id": "g", "current_geip_count": 1,
    });
    says_nothing_by_an_empty_field::<ConnectGatewayKind>(&spec, &Links::new(), &seen);

    let spec = json!({ "globalEipId": "1", "gcbId": "g" });
    let seen = json!({
        "global_eip_id": "1", "connect_gateway_id": "c", "type": "IP_ADDRESS", "cidr": "a", "address_family": "ipv4", "gcb_id": "g",
        "status": "ACTIVE", "error_message": "a",
    });
    says_nothing_by_an_empty_field::<GlobalEipAssociationKind>(&spec, &Links::from([("connectGatewayRef", "c".to_owned())]), &seen);
    let spec = json!({
        "name": "a", "description": "a", "bgpAsn": 1, "addressFamily": "dual", "enterpriseProjectId": "p", "tags": { "a": "a" },
    });
    let seen = json!({
        "id": "1", "name": "a", "description": "a", "bgp_asn": 1, "address_family": "dual", "status": "ACTIVE", "location_name": "l",
        "region_id": "r", "enterprise_project_id": "p", "tags": [{ "key": "a", "value": "a" }],
    });
    says_nothing_by_an_empty_field::<GlobalGatewayKind>(&spec, &Links::new(), &seen);

    let site = json!({ "enterpriseRouterId": "r", "regionId": "r", "projectId": "p" });
    let spec = json!({ "name": "a", "description": "a", "globalGatewayId": "g", "peerSite": site });
    let seen = json!({
        "id": "1", "global_dc_gateway_id": "g", "name": "a", "description": "a", "status": "ACTIVE",
        "peer_site": { "gateway_id": "r", "region_id": "r", "project_id": "p", "type": "ER", "link_id": "l", "site_code": "s" },
        "bandwidth_info": { "bandwidth_size": 5, "gcb_id": "b" }, "instance_id": "i", "create_owner": "dc",
    });
    says_nothing_by_an_empty_field::<PeerLinkKind>(&spec, &Links::new(), &seen);

    let spec = json!({
        "description": "a", "globalGatewayId": "g", "destination": "10.0.0.0/8", "nexthop": "n", "type": "vif_peer",
    });
    let seen = json!({
        "id": "1", "gateway_id": "g", "destination": "10.0.0.0/8", "nexthop": "n", "type": "vif_peer", "address_family": "ipv4",
        "obtain_mode": "specific", "description": "a", "status": "ACTIVE",
    });
    says_nothing_by_an_empty_field::<GlobalGatewayRouteKind>(&spec, &Links::new(), &seen);
}
