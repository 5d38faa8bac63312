//! Lines for tests: of every state, with long names and messages, on connections, gateways and networks of all sorts.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Page, Read, Unread, page};
use crate::fixtures;
use crate::object::Object;
use crate::topology::{Grants, Topology};

/// What nobody may get through.
pub const MARKUP: &str = "<script>alert(\"x\")</script>";
/// A connection.
pub const LINE: &str = "c0000000-0000-4000-8000-000000000099";
const ROUTER: &str = "6d1f0000-0000-4000-8000-000000000001";

/// An object with conditions: type, status, reason, message.
pub fn object(kind: &str, namespace: &str, name: &str, spec: Value, conditions: &[(&str, &str, &str, &str)]) -> Object {
    fixtures::conditions(fixtures::object(kind, namespace, name, spec), conditions)
}

/// Of an object that works.
pub const WELL: [(&str, &str, &str, &str); 3] = [
    ("Ready", "True", "Available", "The cloud resource matches the spec."),
    ("Synced", "True", "Available", ""),
    ("Healthy", "True", "Up", ""),
];

/// An interface with these fields besides the ones that it must have.
pub fn interface(namespace: &str, name: &str, more: &Value, conditions: &[(&str, &str, &str, &str)]) -> Object {
    let mut spec = json!({
        "vlan": 30, "bandwidth": 50, "routeMode": "static", "localGatewayIp": "10.0.0.1/30", "remoteGatewayIp": "10.0.0.2/30",
        "remoteEpGroup": ["10.1.0.0/16"],
    });
    spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    object("VirtualInterface", namespace, name, spec, conditions)
}

/// The second peer of an interface.
pub fn peer(namespace: &str, name: &str, interface: &str) -> Object {
    let spec = json!({
        "virtualInterfaceRef": { "name": interface }, "addressFamily": "ipv6", "routeMode": "static", "localGatewayIp": "fd00::1/64",
        "remoteGatewayIp": "fd00::2/64", "remoteEpGroup": ["fd01::/64"],
    });
    object("Peer", namespace, name, spec, &WELL)
}

/// The conditions of the line of this number, of every sort in turn.
fn conditions(number: usize) -> Vec<(&'static str, &'static str, &'static str, &'static str)> {
    let [ready, synced, _] = WELL;
    match number % 6 {
        1 => vec![
            ready,
            synced,
            ("Healthy", "False", "Down", "The BGP session of the peer 10.0.1.2 is down since the port of the customer has no light."),
        ],
        2 => vec![
            ("Ready", "False", "WaitingForReference", "VirtualGateway core-network-shared-services-production-eu-west-101 is not Ready."),
            ("Synced", "Unknown", "WaitingForReference", ""),
            ("Healthy", "Unknown", "WaitingForReference", ""),
            ("Reconciling", "True", "WaitingForReference", "VirtualGateway is not Ready."),
        ],
        4 => vec![
            ready,
            ("Synced", "False", "Drifted", "spec.bandwidth differs; a message with <script>alert(\"x\")</script> in it"),
            WELL[2],
        ],
        _ => WELL.to_vec(),
    }
}

/// So many lines, and what they are tied to.
pub fn objects(lines: usize) -> Vec<Object> {
    let mut objects = Vec::new();
    let (mut interfaces, mut peers) = (Vec::new(), Vec::new());
    for number in 0..lines.div_ceil(8) {
        let spec = json!({ "id": format!("c0000000-0000-4000-8000-{number:012}") });
        objects.push(object("Connection", "platform", &format!("frankfurt-{number}"), spec, &WELL));
    }
    for number in 0..lines.div_ceil(2) {
        let namespace = format!("team-{}", number % 4);
        let name = if number == 2 { "core-network-shared-services-production-eu-west-101".to_owned() } else { format!("gateway-{number}") };
        let spec = json!({ "vpcId": format!("df17aa72-3bde-4468-a13b-{number:012}"), "localEpGroup": ["192.168.0.0/16"] });
        objects.push(object("VirtualGateway", &namespace, &name, spec, &WELL));
        for number in (2 * number..lines).take(2) {
            let vif = match number {
                3 => "a-name-of-a-virtual-interface-that-is-far-too-long-for-any-column-of-this-page".to_owned(),
                number => format!("office-{number}"),
            };
            let (bandwidth, mode) = ([50, 1000, 10_000][number % 3], ["bgp", "static"][number % 2]);
            let to = json!({
                "connectionRef": { "name": format!("frankfurt-{}", number / 8), "namespace": "platform" }, "virtualGatewayRef": { "name": name },
                "vlan": 30 + number, "bandwidth": bandwidth, "routeMode": mode,
            });
            let mut interface = interface(&namespace, &vif, &to, &conditions(number));
            if number % 2 == 0 {
                interface.value["status"]["observed"] = json!({ "peers": [{ "addressFamily": "ipv4", "bgpStatus": "ESTABLISHED" }] });
            }
            if number % 6 == 4 {
                interface.value["status"]["drift"] = json!([{ "path": "spec.bandwidth", "desired": "1000", "observed": MARKUP }]);
            }
            interfaces.push(interface);
            if number % 3 == 0 {
                peers.push(peer(&namespace, &format!("{vif}-ipv6"), &vif));
            }
        }
    }
    objects.extend(interfaces);
    objects.extend(peers);
    if lines > 1 {
        let (gateway, reference) = (json!({}), json!({ "name": "backbone" }));
        objects.push(object("GlobalGateway", "platform", "backbone", gateway, &WELL));
        let site = json!({ "enterpriseRouterId": ROUTER, "regionId": "eu-west-101", "projectId": "0605768a3300d5762f82c01180692873" });
        objects.push(object("PeerLink", "platform", "to-router", json!({ "globalGatewayRef": reference, "peerSite": site }), &WELL));
        let route =
            json!({ "globalGatewayRef": reference, "destination": "10.1.123.0/24", "virtualInterfaceRef": { "name": "backbone-line" } });
        objects.push(object("GlobalGatewayRoute", "platform", "to-office", route, &WELL));
        let line = json!({ "connectionId": LINE, "globalGatewayRef": reference, "vlan": 4000, "bandwidth": 100, "routeMode": "static" });
        objects.push(interface("platform", "backbone-line", &line, &[]));
    }
    objects
}

/// Teams may use the connections of the platform, but for one.
fn grants() -> Grants {
    let from = |team: &str| json!({ "kind": "VirtualInterface", "namespace": team });
    let grant = json!({
        "apiVersion": "directconnect.huaweicloud.com/v1alpha1", "kind": "DirectConnectGrant", "metadata": { "name": "teams", "namespace": "platform" },
        "spec": { "from": [from("team-0"), from("team-1"), from("team-3")], "to": [{ "kind": "Connection" }] },
    });
    Grants { grants: vec![serde_json::from_value(grant).unwrap()], namespaces: None }
}

/// The page of so many lines.
pub fn sample(lines: usize) -> Page {
    let objects = objects(lines);
    let topology = Topology::new(&objects, &grants());
    let quotas = json!([
        { "type": "virtualInterface", "used": lines, "limit": 250 }, { "type": "virtualGateway", "used": 19, "limit": 20 },
        { "type": "peerLink", "used": 3, "limit": 3 }, { "type": "directConnect", "used": 4, "limit": -1 },
    ]);
    let account = json!({
        "apiVersion": "directconnect.huaweicloud.com/v1alpha1", "kind": "CloudAccount", "metadata": { "name": "default" },
        "spec": { "region": "eu-west-101", "credentials": { "accessKey": { "secretRef": { "namespace": "direct-connect", "name": "key" } } } },
        "status": {
            "projectId": "0605768a3300d5762f82c01180692873", "managedObjects": objects.len(), "lastSyncTime": "2026-11-29T20:04:00Z", "quotas": quotas,
            "conditions": [{ "type": "Ready", "status": "True", "reason": "Available", "message": "", "lastTransitionTime": "2026-10-01T00:00:00Z" }],
        },
    });
    let at: Timestamp = "2026-11-29T20:05:00Z".parse().unwrap();
    let unread = vec![Unread { what: "pods".to_owned(), why: "pods is forbidden: User \"anna\" cannot list resource \"pods\"".to_owned() }];
    page(Read {
        scope: "all namespaces".to_owned(),
        at,
        operators: vec!["registry.example.com/direct-connect-operator:0.1.0".to_owned()],
        is_unreadable: false,
        objects: &objects,
        topology: &topology,
        accounts: &[serde_json::from_value(account).unwrap()],
        unread: if lines == 1 { unread } else { Vec::new() },
    })
}
