use serde_json::{Value, json};

use super::{Grant, Grants, Presence, Role, Topology};
use crate::fixtures::{object, reference, with};
use crate::object::Object;

const LINE: &str = "c0000000-0000-4000-8000-000000000001";
const ROUTER: &str = "6d1f0000-0000-4000-8000-000000000001";

#[allow(clippy::needless_pass_by_value, reason = "a test gives a literal")]
fn interface(name: &str, more: Value) -> Object {
    let mut spec = json!({
        "vlan": 31, "bandwidth": 50, "routeMode": "bgp", "localGatewayIp": "10.0.0.1/30", "remoteGatewayIp": "10.0.0.2/30",
        "remoteEpGroup": ["10.1.0.0/16"],
    });
    spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    object("VirtualInterface", "team", name, spec)
}

#[allow(clippy::needless_pass_by_value, reason = "a test gives a literal")]
fn peer(name: &str, interface: Value) -> Object {
    let mut spec = json!({
        "addressFamily": "ipv6", "routeMode": "static", "localGatewayIp": "fd00::1/64", "remoteGatewayIp": "fd00::2/64",
        "remoteEpGroup": ["fd01::/64"],
    });
    spec.as_object_mut().unwrap().extend(interface.as_object().unwrap().clone());
    object("Peer", "team", name, spec)
}

fn gateway(namespace: &str, name: &str) -> Object {
    object("VirtualGateway", namespace, name, json!({ "vpcId": "vpc-1", "localEpGroup": ["172.16.0.0/24"] }))
}

/// Every edge as `FROM -> TO`, or `FROM .> TO` when it is an aside.
fn edges(objects: &[Object]) -> Vec<String> {
    let topology = Topology::new(objects, &Grants::default());
    let arrow = |role| if role == Role::Path { "->" } else { ".>" };
    topology.edges.iter().map(|edge| format!("{} {} {} by {}", edge.from, arrow(edge.role), edge.to, edge.field)).collect()
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn a_line_leads_from_the_connection_to_the_network() {
    let site = json!({ "enterpriseRouterId": ROUTER, "regionId": "r", "projectId": "p" });
    let remote = json!({ "globalGatewayId": "remote", "regionId": "r", "projectId": "p" });
    let rows: Vec<(&str, Vec<Object>, Vec<&str>)> = vec![
        (
            "ids",
            vec![interface("office", json!({ "connectionId": LINE, "virtualGatewayId": "gw" }))],
            vec![
                "Connection/c0000000-0000-4000-8000-000000000001 -> VirtualInterface/team/office by connectionId",
                "VirtualInterface/team/office -> VirtualGateway/gw by virtualGatewayId",
            ],
        ),
        (
            "ids of objects",
            vec![
                interface("office", json!({ "connectionId": "line-id", "virtualGatewayId": "main-id" })),
                gateway("team", "main"),
                object("Connection", "team", "line", json!({})),
                peer("second", json!({ "virtualInterfaceId": "office-id" })),
            ],
            vec![
                "Connection/team/line -> VirtualInterface/team/office by connectionId",
                "VirtualInterface/team/office -> Peer/team/second by virtualInterfaceId",
                "VirtualInterface/team/office -> VirtualGateway/team/main by virtualGatewayId",
                "VirtualGateway/team/main -> Vpc/vpc-1 by vpcId",
            ],
        ),
        (
            "names, by a share of the line",
            vec![
                interface("office", json!({ "hostedConnectionRef": reference("share"), "globalGatewayRef": reference("world") })),
                object(
                    "HostedConnection",
                    "team",
                    "share",
                    json!({ "hostingConnectionRef": reference("line"), "vlan": 1, "bandwidth": 10, "resourceTenantId": "t" }),
                ),
            ],
            vec![
                "Connection/team/line -> HostedConnection/team/share by hostingConnectionRef",
                "HostedConnection/team/share -> VirtualInterface/team/office by hostedConnectionRef",
                "VirtualInterface/team/office -> GlobalGateway/team/world by globalGatewayRef",
            ],
        ),
        (
            "a group of lines",
            vec![
                with(object("Connection", "team", "line", json!({})), "/status/observed", json!({ "lagId": "lag" })),
                interface("office", json!({ "lagId": "lag", "virtualGatewayId": "gw" })),
            ],
            vec![
                "Connection/team/line -> LinkAggregationGroup/lag by status.observed.lagId",
                "LinkAggregationGroup/lag -> VirtualInterface/team/office by lagId",
                "VirtualInterface/team/office -> VirtualGateway/gw by virtualGatewayId",
            ],
        ),
        (
            "links hang on their own gateway, not on the other end",
            vec![
                object("PeerLink", "team", "a", json!({ "globalGatewayRef": reference("world"), "peerSite": site })),
                object(
                    "PeerLink",
                    "team",
                    "b",
                    json!({ "globalGatewayId": "own", "peerSite": remote, "virtualInterfaceRef": reference("office") }),
                ),
            ],
            vec![
                "GlobalGateway/team/world -> PeerLink/team/a by globalGatewayRef",
                "GlobalGateway/own -> PeerLink/team/b by globalGatewayId",
                "PeerLink/team/a -> EnterpriseRouter/6d1f0000-0000-4000-8000-000000000001 by peerSite.enterpriseRouterId",
                "PeerLink/team/b .> VirtualInterface/team/office by virtualInterfaceRef",
                "PeerLink/team/b .> GlobalGateway/remote by peerSite.globalGatewayId",
            ],
        ),
        (
            "routes hang on their own gateway, not on the next hop",
            vec![
                object(
                    "GlobalGatewayRoute",
                    "team",
                    "to-peer",
                    json!({ "globalGatewayId": "own", "destination": "10.0.0.0/8", "peerRef": reference("second") }),
                ),
                object(
                    "GlobalGatewayRoute",
                    "team",
                    "to-gateway",
                    json!({ "globalGatewayId": "own", "destination": "10.0.0.0/8", "nextHopGlobalGatewayRef": reference("other") }),
                ),
                object(
                    "GlobalGatewayRoute",
                    "team",
                    "to-id",
                    json!({ "globalGatewayId": "own", "destination": "10.0.0.0/8", "nexthop": "peer-id", "type": "vif_peer" }),
                ),
                with(
                    interface("office", json!({ "connectionId": LINE, "globalGatewayId": "own" })),
                    "/status/observed",
                    json!({ "peers": [{ "id": "peer-id" }] }),
                ),
            ],
            vec![
                "Connection/c0000000-0000-4000-8000-000000000001 -> VirtualInterface/team/office by connectionId",
                "VirtualInterface/team/office -> GlobalGateway/own by globalGatewayId",
                "GlobalGateway/own -> GlobalGatewayRoute/team/to-gateway by globalGatewayId",
                "GlobalGateway/own -> GlobalGatewayRoute/team/to-id by globalGatewayId",
                "GlobalGateway/own -> GlobalGatewayRoute/team/to-peer by globalGatewayId",
                "GlobalGatewayRoute/team/to-gateway .> GlobalGateway/team/other by nextHopGlobalGatewayRef",
                "GlobalGatewayRoute/team/to-id .> VirtualInterface/team/office by nexthop",
                "GlobalGatewayRoute/team/to-peer .> Peer/team/second by peerRef",
            ],
        ),
        (
            "addresses",
            vec![object("GlobalEipAssociation", "team", "web", json!({ "connectGatewayRef": reference("inet"), "globalEipId": "eip" }))],
            vec![
                "ConnectGateway/team/inet -> GlobalEipAssociation/team/web by connectGatewayRef",
                "GlobalEipAssociation/team/web -> GlobalEip/eip by globalEipId",
            ],
        ),
    ];
    for (row, objects, expected) in rows {
        assert_eq!(edges(&objects), expected, "{row}");
    }
}

#[test]
fn a_node_tells_what_is_known_of_it() {
    let office = with(
        interface("office", json!({ "connectionId": LINE, "virtualGatewayRef": reference("main") })),
        "/status/observed",
        json!({ "peers": [{ "addressFamily": "ipv4", "bgpStatus": "ESTABLISHED" }, { "addressFamily": "ipv6" }] }),
    );
    let topology = Topology::new(&[office, peer("second", json!({ "virtualInterfaceRef": reference("office") }))], &Grants::default());
    let told = |key: &str| {
        let node = topology.node(key).unwrap();
        (
            node.presence,
            node.column,
            node.label.as_str(),
            node.facts.join(", "),
            node.summary.as_ref().map(|summary| summary.ready.as_str()),
        )
    };
    let facts = "VLAN 31, 50 Mbit/s, BGP ESTABLISHED".to_owned();
    assert_eq!(told("VirtualInterface/team/office"), (Presence::Object, 2, "vif/office", facts, Some("True")));
    assert_eq!(told("VirtualGateway/team/main"), (Presence::NotRead, 3, "vgw/main", String::new(), None));
    let line = "connection c0000000-0000-4000-8000-000000000001";
    assert_eq!(told("Connection/c0000000-0000-4000-8000-000000000001"), (Presence::Id, 0, line, String::new(), None));
    assert_eq!(topology.node("Peer/team/second").unwrap().part_of.as_deref(), Some("VirtualInterface/team/office"));
}

#[test]
fn the_same_objects_in_any_order_give_the_same() {
    let objects = [
        interface("office", json!({ "connectionId": LINE, "virtualGatewayRef": reference("main") })),
        interface("branch", json!({ "connectionId": LINE, "virtualGatewayRef": reference("main") })),
        peer("second", json!({ "virtualInterfaceRef": reference("office") })),
        gateway("team", "main"),
    ];
    let reversed: Vec<Object> = objects.iter().rev().cloned().collect();
    let one = Topology::new(&objects, &Grants::default());
    assert_eq!(one, Topology::new(&reversed, &Grants::default()));
    let keys: Vec<&str> = one.nodes.iter().map(|node| node.label.as_str()).collect();
    assert_eq!(
        keys,
        ["connection c0000000-0000-4000-8000-000000000001", "vif/branch", "vif/office", "vifpeer/second", "vgw/main", "VPC vpc-1"]
    );
}

#[test]
fn an_edge_to_another_namespace_tells_whether_it_is_granted() {
    let abroad = |status: Value| {
        let to = json!({ "connectionId": LINE, "virtualGatewayRef": { "name": "main", "namespace": "network" } });
        let mut office = interface("office", to);
        office.value["status"].as_object_mut().unwrap().extend(status.as_object().unwrap().clone());
        office
    };
    let given = || {
        let grant = json!({
            "apiVersion": "directconnect.huaweicloud.com/v1alpha1", "kind": "DirectConnectGrant",
            "metadata": { "namespace": "network", "name": "team" },
            "spec": { "from": [{ "kind": "VirtualInterface", "namespace": "team" }], "to": [{ "kind": "VirtualGateway" }] },
        });
        vec![serde_json::from_value(grant).unwrap()]
    };
    let own = || Some(["team".to_owned()].into());
    let waits = || json!({ "waitingFor": [{ "kind": "VirtualGateway", "namespace": "network", "name": "main" }], "conditions": [] });
    let rows = [
        ("a grant", json!({}), Grants { grants: given(), namespaces: None }, Grant::Granted),
        ("no grant", json!({}), Grants { grants: Vec::new(), namespaces: None }, Grant::Missing),
        ("grants of others, and the operator follows", json!({}), Grants { grants: Vec::new(), namespaces: own() }, Grant::Granted),
        ("grants of others, and it waits", waits(), Grants { grants: Vec::new(), namespaces: own() }, Grant::Unknown),
    ];
    for (row, status, grants, expected) in rows {
        let topology = Topology::new(&[abroad(status)], &grants);
        let grants: Vec<_> = topology.edges.iter().map(|edge| (edge.field.as_str(), edge.grant)).collect();
        assert_eq!(grants, [("connectionId", None), ("virtualGatewayRef", Some(expected))], "{row}");
    }
}

#[test]
fn around_a_node_is_what_lies_on_a_way_through_it() {
    let objects = [
        interface("office", json!({ "connectionId": LINE, "virtualGatewayRef": reference("main") })),
        interface("branch", json!({ "connectionId": LINE, "virtualGatewayRef": reference("other") })),
        peer("second", json!({ "virtualInterfaceRef": reference("office") })),
        gateway("team", "main"),
        with(gateway("team", "other"), "/spec/vpcId", json!("vpc-2")),
    ];
    let topology = Topology::new(&objects, &Grants::default());
    let line = "connection c0000000-0000-4000-8000-000000000001";
    let whole = [line, "vif/office", "vifpeer/second", "vgw/main", "VPC vpc-1"];
    for (key, expected) in [
        ("VirtualInterface/team/office", &whole[..]),
        ("Peer/team/second", &whole),
        ("VirtualGateway/team/main", &whole),
        ("Vpc/vpc-2", &[line, "vif/branch", "vgw/other", "VPC vpc-2"]),
        ("Vpc/unknown", &[]),
    ] {
        let part = topology.around(key);
        assert_eq!(part.nodes.iter().map(|node| node.label.as_str()).collect::<Vec<_>>(), expected, "{key}");
        assert_eq!(part.edges.len(), expected.len().saturating_sub(1), "{key}");
    }
}
