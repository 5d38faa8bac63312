//! The object for what is in the cloud already, of every kind: it compares without a difference, whatever the cloud shows.

use kube::{CustomResourceExt, Resource};
use serde_json::{Value, json};
use support::contract::examples;

use super::{
    ConnectGatewayKind, ConnectionKind, GlobalEipAssociationKind, GlobalGatewayKind, GlobalGatewayRouteKind, HostedConnectionKind,
    PeerKind, PeerLinkKind, VirtualGatewayKind, VirtualInterfaceKind,
};
use crate::api::{Defaults, ObjectReference};
use crate::cloud::Listed;
use crate::graph::Contributions;
use crate::reconcile::{Desired, Existing, Kind, Links, Registration, Tagging};

/// Items of the LIST of a kind.
type Items<'a> = &'a [Value];

/// What the vendor's documents show in an answer to the kind's LIST, and these items.
fn items<K: Kind>(more: Items<'_>) -> Vec<Value> {
    let answers = examples().remove(K::Listed::OPERATIONS.0).unwrap_or_default();
    let documented = answers.iter().filter_map(|answer| answer[K::Listed::PLURAL].as_array()).flatten();
    documented.chain(more).cloned().collect()
}

/// Checks that the objects for these items, and for those of the vendor's documents, are what the cloud shows; returns their specs.
fn check<K: Kind>(more: Items<'_>) -> Vec<Value>
where
    K::Object: CustomResourceExt,
{
    let mut specs = Vec::new();
    for item in items::<K>(more) {
        let listed: K::Listed = serde_json::from_value(item.clone()).unwrap();
        for existing in Registration::of::<K>().existing_in(&item).unwrap() {
            let spec = existing.spec(&|_, _| None).unwrap_or_else(|problem| panic!("{}: {problem}: {item}", K::NAME));
            let seen = K::resources(&listed).into_iter().find(|seen| K::id(seen) == existing.id).unwrap();
            // Objects of any name: the name in the cloud is the spec's, or none that a spec can hold.
            let object = json!({
                "apiVersion": K::Object::api_version(&()), "kind": K::NAME, "metadata": { "name": "any" }, "spec": spec,
            });
            let object: K::Object = serde_json::from_value(object).unwrap();
            let has_name = spec["name"].is_string();
            let differences = K::compare(&desired::<K>(&object), &seen);
            let differences: Vec<_> = differences.into_iter().filter(|difference| has_name || difference.path != "name").collect();
            assert_eq!(differences, [], "{}: {item}", K::NAME);
            specs.push(spec);
        }
    }
    specs
}

fn desired<K: Kind>(object: &K::Object) -> Desired<'_, K::Object> {
    static DEFAULTS: std::sync::LazyLock<Defaults> = std::sync::LazyLock::new(Defaults::default);
    static LINKS: Links = Links::new();
    Desired {
        object,
        links: &LINKS,
        created_as: None,
        defaults: &DEFAULTS,
        owner: None,
        tagging: Tagging::All,
        contributions: Contributions::none(),
        secret: None,
    }
}

fn existing<K: Kind>(item: &Value) -> Existing
where
    K::Object: CustomResourceExt,
{
    Registration::of::<K>().existing_in(item).unwrap().remove(0)
}

const ID: &str = "0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f";

fn interface() -> Value {
    json!({
        "id": ID, "name": "office", "direct_connect_id": "c", "vgw_id": "g", "service_type": "VGW", "type": "private", "vlan": 30,
        "bandwidth": 50, "priority": "low", "enable_bfd": true, "enable_nqa": false, "address_family": "ipv4", "status": "ACTIVE",
        "remote_ep_group": ["fd00:bbbb::/64"],
        "extend_attribute": { "ha_type": "bfd", "ha_mode": "auto_single", "detect_multiplier": 5, "min_rx_interval": 1000,
            "min_tx_interval": 1000, "remote_disclaim": 0 },
        "tags": [{ "key": "team", "value": "network" }, { "key": "direct-connect-operator-owner", "value": "c:n/x" }],
        "vif_peers": [
            { "id": "p1", "address_family": "ipv4", "route_mode": "bgp", "bgp_asn": 65000, "local_gateway_ip": "10.0.0.1/30",
                "remote_gateway_ip": "10.0.0.2/30", "remote_ep_group": ["10.1.1.0/24", "10.1.0.0/24"] },
            { "id": "p2", "vif_id": ID, "name": "office-v6", "address_family": "ipv6", "route_mode": "static",
                "local_gateway_ip": "fd00:aaaa::1/64", "remote_gateway_ip": "fd00:aaaa::2/64", "remote_ep_group": ["FD00:BBBB::/64"] },
        ],
    })
}

#[test]
fn the_object_for_a_resource_compares_without_a_difference() {
    let of_router = json!({ "id": ID, "name": "r", "enterprise_router_id": "r", "local_ep_group_ipv6": ["fd00::/64"], "bgp_asn": 1 });
    assert_eq!(check::<VirtualGatewayKind>(&[of_router]).len(), 3);
    let global = json!({
        "id": ID, "name": "", "direct_connect_id": "c", "vgw_id": "g", "gateway_id": "w", "service_type": "GDGW", "type": "public", "vlan": 0,
        "bandwidth": 2, "service_ep_group": ["1.0.0.0/8"], "enable_nqa": true, "extend_attribute": { "ha_type": "nqa", "min_rx_interval": 2000 },
        "vif_peers": [{ "id": "p", "address_family": "ipv6", "route_mode": "static", "local_gateway_ip": "fd00::1/64",
            "remote_gateway_ip": "fd00::2/64", "remote_ep_group": ["fd01::/64"] }],
    });
    let specs = check::<VirtualInterfaceKind>(&[interface(), global]);
    let bgp = specs.iter().find(|spec| spec["routeMode"] == "bgp").unwrap();
    assert_eq!((&bgp["remoteEpGroup"], &bgp["tags"]), (&json!(["10.1.0.0/24", "10.1.1.0/24"]), &json!({ "team": "network" })));
    assert_eq!(bgp["extendAttribute"]["remoteDisclaim"], Value::Null, "out of the bounds of the schema");
    let global = specs.iter().find(|spec| spec["globalGatewayId"] == "w").unwrap();
    assert_eq!((&global["virtualGatewayId"], &global["addressFamily"], &global["type"]), (&Value::Null, &json!("ipv6"), &json!("public")));

    let peers = check::<PeerKind>(&[interface()]);
    assert_eq!(peers.len(), 1, "the peer that came with an interface is part of it");
    assert_eq!(peers[0]["remoteEpGroup"], json!(["fd00:bbbb::/64"]));
    let to_gateway = json!({
        "id": ID, "global_dc_gateway_id": "g", "name": "a", "create_owner": "dc",
        "peer_site": { "gateway_id": "h", "region_id": "r", "project_id": "p", "type": "GDGW" },
    });
    assert_eq!(check::<PeerLinkKind>(&[to_gateway]).len(), 2);
    let own =
        json!({ "id": ID, "name": "g", "tags": [{ "key": "a", "value": "b" }], "address_family": "dual", "bgp_asn": 4_200_000_000_i64 });
    assert!(check::<GlobalGatewayKind>(&[own]).len() >= 2);
    let connections = check::<ConnectionKind>(&[json!({ "id": ID, "name": "line", "description": "d", "peer_location": "p" })]);
    assert!(connections.iter().any(|spec| spec["name"].is_null()), "a name with a space, as in the documents, is in no spec");
    assert!(check::<HostedConnectionKind>(&[]).len() >= 2);
    assert!(!check::<ConnectGatewayKind>(&[]).is_empty());
}

#[test]
fn parts_of_others_are_referred_to_by_where_they_are_listed() {
    let route =
        json!({ "id": ID, "gateway_id": "g", "destination": "10.0.0.0/8", "nexthop": "p1", "type": "vif_peer", "description": "a`b" });
    let other = json!({ "id": ID, "gateway_id": "g", "destination": "fd00::/64", "nexthop": "h", "type": "gdgw" });
    // The example of the documents has no network.
    for item in [&route, &other] {
        let listed = serde_json::from_value(item.clone()).unwrap();
        let spec = existing::<GlobalGatewayRouteKind>(item).spec(&|_, _| None).unwrap();
        assert_eq!(spec["nexthop"], item["nexthop"]);
        let object = serde_json::from_value(json!({ "metadata": { "name": "a" }, "spec": spec })).unwrap();
        assert_eq!(GlobalGatewayRouteKind::compare(&desired::<GlobalGatewayRouteKind>(&object), &listed), []);
    }
    let documented = items::<GlobalGatewayRouteKind>(&[]).remove(0);
    let problem = existing::<GlobalGatewayRouteKind>(&documented).spec(&|_, _| None).unwrap_err();
    assert!(problem.contains("destination has no network"), "{problem}");
    // A row does not say at which gateway it is listed.
    let mut bound = items::<GlobalEipAssociationKind>(&[]).remove(0);
    bound["connect_gateway_id"] = json!("cgw");
    let spec = existing::<GlobalEipAssociationKind>(&bound).spec(&|_, _| None).unwrap();
    assert_eq!((&spec["import"], &spec["type"]), (&json!({ "naturalKey": true }), &json!("IP_SEGMENT")));
}

#[test]
fn what_has_an_object_is_referred_to() {
    let refer = |found: &'static [(&'static str, &'static str)]| {
        move |kind: &'static str, id: &str| {
            let name = found.contains(&(kind, id)).then(|| format!("{kind}-{id}"))?;
            Some(ObjectReference { name, namespace: None })
        }
    };
    let to = |name: &str| json!({ "name": name });
    let spec = existing::<VirtualInterfaceKind>(&interface());
    let with_line = spec.spec(&refer(&[("Connection", "c"), ("VirtualGateway", "g")])).unwrap();
    assert_eq!((&with_line["connectionRef"], &with_line["connectionId"]), (&to("Connection-c"), &Value::Null));
    assert_eq!((&with_line["virtualGatewayRef"], &with_line["virtualGatewayId"]), (&to("VirtualGateway-g"), &Value::Null));
    let hosted = spec.spec(&refer(&[("HostedConnection", "c")])).unwrap();
    assert_eq!((&hosted["hostedConnectionRef"], &hosted["connectionId"]), (&to("HostedConnection-c"), &Value::Null));
    assert_eq!(spec.parts.values().collect::<Vec<_>>(), ["p1", "p2"]);

    let peer = existing::<PeerKind>(&interface()).spec(&refer(&[("VirtualInterface", ID)])).unwrap();
    assert_eq!((&peer["virtualInterfaceRef"], &peer["virtualInterfaceId"]), (&to(&format!("VirtualInterface-{ID}")), &Value::Null));
    let route = |nexthop: &str, type_: &str| {
        let item = json!({ "id": ID, "gateway_id": "g", "destination": "10.0.0.0/8", "nexthop": nexthop, "type": type_ });
        let found: &[_] =
            &[("GlobalGateway", "g"), ("VirtualInterface", "p1"), ("VirtualInterface", "p2"), ("Peer", "p2"), ("GlobalGateway", "h")];
        existing::<GlobalGatewayRouteKind>(&item).spec(&refer(found)).unwrap()
    };
    let rows = [
        ("p1", "vif_peer", "virtualInterfaceRef", "VirtualInterface-p1"),
        ("p2", "vif_peer", "peerRef", "Peer-p2"),
        ("h", "gdgw", "nextHopGlobalGatewayRef", "GlobalGateway-h"),
    ];
    for (nexthop, type_, field, name) in rows {
        let spec = route(nexthop, type_);
        assert_eq!((&spec[field], &spec["nexthop"], &spec["type"]), (&to(name), &Value::Null, &Value::Null), "{spec}");
        assert_eq!(spec["globalGatewayRef"], to("GlobalGateway-g"));
    }
    let link = json!({
        "id": ID, "global_dc_gateway_id": "g",
        "peer_site": { "gateway_id": "h", "region_id": "r", "project_id": "p", "type": "GDGW" },
    });
    let link = existing::<PeerLinkKind>(&link).spec(&refer(&[("GlobalGateway", "h")])).unwrap();
    assert_eq!((&link["peerSite"]["globalGatewayRef"], &link["globalGatewayId"]), (&to("GlobalGateway-h"), &json!("g")));
}

#[test]
fn what_no_object_can_stand_for_is_told() {
    let without = |field: &str| {
        let mut item = interface();
        item.as_object_mut().unwrap().remove(field);
        item
    };
    let with = |field: &str, value: Value| {
        let mut item = interface();
        item[field] = value;
        item
    };
    let rows = [
        (with("service_type", json!("LGW")), "service type LGW"),
        (without("vif_peers"), "its peers"),
        (without("vlan"), "its vlan"),
        (without("vgw_id"), "its vgw_id"),
        (without("direct_connect_id"), "its direct_connect_id"),
    ];
    for (item, problem) in rows {
        let told = existing::<VirtualInterfaceKind>(&item).spec(&|_, _| None).unwrap_err();
        assert!(told.contains(problem), "{told}");
    }
    let gateway = existing::<VirtualGatewayKind>(&json!({ "id": ID, "vpc_id": "v" })).spec(&|_, _| None).unwrap_err();
    assert!(gateway.contains("local_ep_group"), "{gateway}");
    let by_cloud_connect = items::<PeerLinkKind>(&[]).remove(0);
    assert!(existing::<PeerLinkKind>(&by_cloud_connect).only_observed.is_some_and(|why| why.contains("Cloud Connect")));
    assert_eq!(existing::<VirtualInterfaceKind>(&interface()).only_observed, None);
    assert_eq!(existing::<VirtualInterfaceKind>(&interface()).owner(), Some("c:n/x"));
}
