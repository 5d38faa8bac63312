//! The objects of a small line, alike in all tests that do not care: a gateway, an interface of static routes, its peers. And the same line as
//! somebody else would have built it in the cloud.

use serde_json::{Value, json};

use crate::simulator::{LINE_A, PROJECT, REGION};
use crate::world::{API_VERSION, World};

pub fn object(kind: &str, name: &str, spec: &Value) -> Value {
    json!({ "apiVersion": API_VERSION, "kind": kind, "metadata": { "name": name }, "spec": spec })
}

/// `object` with these fields of its spec set; null takes one away.
pub fn with(mut object: Value, spec: &Value) -> Value {
    let fields = object["spec"].as_object_mut().unwrap();
    for (field, value) in spec.as_object().unwrap() {
        fields.insert(field.clone(), value.clone());
    }
    fields.retain(|_, value| !value.is_null());
    object
}

pub fn vpc(number: u8) -> String {
    format!("00000000-0000-4000-8000-0000000000{number:02}")
}

pub fn gateway(name: &str, number: u8) -> Value {
    let spec = json!({
        "vpcId": vpc(number), "localEpGroup": [format!("172.16.{number}.0/24")], "localEpGroupIpv6": [format!("fd00:{number}::/64")],
    });
    object("VirtualGateway", name, &spec)
}

pub fn interface(name: &str, gateway: &str, vlan: u16) -> Value {
    let spec = json!({
        "connectionId": LINE_A, "virtualGatewayRef": { "name": gateway }, "vlan": vlan, "bandwidth": 50, "routeMode": "static",
        "localGatewayIp": "10.0.0.1/30", "remoteGatewayIp": "10.0.0.2/30", "remoteEpGroup": ["10.1.123.0/24"],
    });
    object("VirtualInterface", name, &spec)
}

/// The second family of an interface.
pub fn peer(name: &str, interface: &str) -> Value {
    let spec = json!({
        "virtualInterfaceRef": { "name": interface }, "addressFamily": "ipv6", "routeMode": "static",
        "localGatewayIp": "fd00:aaaa::1/64", "remoteGatewayIp": "fd00:aaaa::2/64", "remoteEpGroup": ["fd00:bbbb::/64"],
    });
    object("Peer", name, &spec)
}

/// The first peer of [`interface`], as an object of its own.
pub fn first_peer(name: &str, interface: &str) -> Value {
    let spec = json!({
        "virtualInterfaceRef": { "name": interface }, "addressFamily": "ipv4", "routeMode": "static", "name": interface,
        "localGatewayIp": "10.0.0.1/30", "remoteGatewayIp": "10.0.0.2/30", "remoteEpGroup": ["10.1.123.0/24"],
    });
    object("Peer", name, &spec)
}

/// An enterprise router.
pub const ROUTER: &str = "6d1f0000-0000-4000-8000-000000000001";

pub fn global_gateway(name: &str) -> Value {
    object("GlobalGateway", name, &json!({}))
}

/// An interface of static routes on a global gateway.
pub fn on_global(name: &str, gateway: &str, vlan: u16) -> Value {
    with(interface(name, gateway, vlan), &json!({ "virtualGatewayRef": null, "globalGatewayRef": { "name": gateway } }))
}

/// A link of a global gateway to [`ROUTER`].
pub fn peer_link(name: &str, gateway: &str, interface: Option<&str>) -> Value {
    let site = json!({ "enterpriseRouterId": ROUTER, "regionId": REGION, "projectId": PROJECT });
    let interface = interface.map(|name| json!({ "name": name }));
    let link = object("PeerLink", name, &json!({ "globalGatewayRef": { "name": gateway }, "peerSite": site }));
    with(link, &json!({ "virtualInterfaceRef": interface }))
}

/// A route of a global gateway to the peer of an interface.
pub fn route(name: &str, gateway: &str, destination: &str, interface: &str) -> Value {
    let spec = json!({
        "globalGatewayRef": { "name": gateway }, "destination": destination, "virtualInterfaceRef": { "name": interface },
    });
    object("GlobalGatewayRoute", name, &spec)
}

pub fn id(object: &Value) -> String {
    object["status"]["id"].as_str().unwrap_or_else(|| panic!("no id: {object:#}")).to_owned()
}

/// Ids of a line that somebody else built.
pub struct Foreign {
    pub gateway: String,
    pub interface: String,
    /// Of IPv4, which came with the interface.
    pub first: String,
    /// Of IPv6.
    pub second: String,
}

impl Foreign {
    /// Fields of a spec that name its gateway by the id.
    pub fn to_gateway(&self) -> Value {
        json!({ "virtualGatewayRef": null, "virtualGatewayId": self.gateway })
    }

    /// Fields of a spec that name its interface by the id.
    pub fn to_interface(&self) -> Value {
        json!({ "virtualInterfaceRef": null, "virtualInterfaceId": self.interface })
    }
}

impl World {
    /// What [`gateway`] describes, made by somebody else.
    pub async fn foreign_gateway(&self, name: &str, number: u8, tags: &Value) -> String {
        let body = json!({
            "name": name, "vpc_id": vpc(number), "local_ep_group": [format!("172.16.{number}.0/24")],
            "local_ep_group_ipv6": [format!("fd00:{number}::/64")], "tags": tags,
        });
        self.cloud.create("virtual_gateway", body).await["id"].as_str().unwrap().to_owned()
    }

    /// What [`gateway`] `gw`, [`interface`] `vif` and [`peer`] `peer` describe, made by somebody else.
    pub async fn foreign_line(&self, number: u8, vlan: u16) -> Foreign {
        let gateway = self.foreign_gateway("gw", number, &json!([])).await;
        let body = json!({
            "name": "vif", "direct_connect_id": LINE_A, "vgw_id": gateway, "vlan": vlan, "bandwidth": 50, "route_mode": "static",
            "local_gateway_v4_ip": "10.0.0.1/30", "remote_gateway_v4_ip": "10.0.0.2/30", "remote_ep_group": ["10.1.123.0/24"],
        });
        let made = self.cloud.create("virtual_interface", body).await;
        let (interface, first) = (made["id"].as_str().unwrap(), made["vif_peers"][0]["id"].as_str().unwrap());
        let body = json!({
            "vif_id": interface, "name": "peer", "address_family": "ipv6", "route_mode": "static", "local_gateway_ip": "fd00:aaaa::1/64",
            "remote_gateway_ip": "fd00:aaaa::2/64", "remote_ep_group": ["fd00:bbbb::/64"],
        });
        let second = self.cloud.create("vif_peer", body).await["id"].as_str().unwrap().to_owned();
        Foreign { gateway, interface: interface.to_owned(), first: first.to_owned(), second }
    }
}
