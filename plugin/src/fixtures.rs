//! Objects for tests.

use serde_json::{Value, json};

use crate::object::Object;

/// An object that is Ready; its resource has the id `NAME-id`.
#[allow(clippy::needless_pass_by_value, reason = "a test gives a literal")]
pub fn object(kind: &str, namespace: &str, name: &str, spec: Value) -> Object {
    let value = json!({
        "apiVersion": "directconnect.huaweicloud.com/v1alpha1", "kind": kind,
        "metadata": { "namespace": namespace, "name": name, "generation": 1 }, "spec": spec,
        "status": { "id": format!("{name}-id"), "observedGeneration": 1, "conditions": [] },
    });
    conditions(Object::of(value).unwrap(), &[("Ready", "True", "Available", "")])
}

/// With these conditions: type, status, reason, message.
pub fn conditions(object: Object, conditions: &[(&str, &str, &str, &str)]) -> Object {
    let conditions = conditions.iter().map(|(type_, status, reason, message)| {
        json!({
            "type": type_, "status": status, "reason": reason, "message": message, "lastTransitionTime": "2026-01-02T03:04:05Z",
        })
    });
    with(object, "/status/conditions", conditions.collect())
}

/// With a field, and the objects around it.
pub fn with(mut object: Object, pointer: &str, value: Value) -> Object {
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    if object.value.pointer(parent).is_none() {
        object = with(object, parent, json!({}));
    }
    object.value.pointer_mut(parent).unwrap()[field] = value;
    object
}

/// A reference in the same namespace.
pub fn reference(name: &str) -> Value {
    json!({ "name": name })
}

/// Two lines of a team on one connection: `office` works and has a peer, `branch` is down. Both end at a gateway of the namespace `network`,
/// whose grant is not known. A third object, a global gateway, has a link.
pub fn lines() -> Vec<Object> {
    let interface = |name: &str, vlan: u16| {
        let spec = json!({
            "connectionId": "c1", "virtualGatewayRef": { "name": "main", "namespace": "network" }, "vlan": vlan, "bandwidth": 50,
            "routeMode": "bgp", "localGatewayIp": "10.0.0.1/30", "remoteGatewayIp": "10.0.0.2/30", "remoteEpGroup": ["10.1.0.0/16"],
        });
        object("VirtualInterface", "team", name, spec)
    };
    let down = [("Ready", "True", "Available", ""), ("Healthy", "False", "Down", "the BGP session is not established: ipv4")];
    let peer = json!({
        "virtualInterfaceRef": reference("office"), "addressFamily": "ipv6", "routeMode": "static", "localGatewayIp": "fd00::1/64",
        "remoteGatewayIp": "fd00::2/64", "remoteEpGroup": ["fd01::/64"],
    });
    let site = json!({ "enterpriseRouterId": "er1", "regionId": "r1", "projectId": "p1" });
    vec![
        conditions(interface("branch", 32), &down),
        interface("office", 31),
        object("Peer", "team", "second", peer),
        object("VirtualGateway", "network", "main", json!({ "vpcId": "vpc1", "localEpGroup": ["172.16.0.0/24"] })),
        object("GlobalGateway", "team", "world", json!({})),
        object("PeerLink", "team", "link", json!({ "globalGatewayRef": reference("world"), "peerSite": site })),
    ]
}
