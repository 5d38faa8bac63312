//! Many objects at once: gateways, an interface on each, and the second peer of each interface.

use futures::{StreamExt, stream};
use kube::ResourceExt;
use kube::api::{Api, DynamicObject};
use kube::runtime::{WatchStreamExt, watcher};
use serde_json::{Value, json};
use std::collections::BTreeSet;

use crate::line::{object, peer};
use crate::simulator::Simulator;
use crate::world::{World, is};

/// Requests to the API server at a time.
pub const AT_ONCE: usize = 32;

/// Interfaces of one connection: its VLANs end at 3999.
pub const ON_A_LINE: usize = 2000;

/// How many of each kind.
#[derive(Clone, Copy)]
pub struct Load {
    pub gateways: usize,
    pub interfaces: usize,
    pub peers: usize,
}

impl Load {
    /// `objects`, in equal parts.
    pub const fn of(objects: usize) -> Self {
        let third = objects / 3;
        Self { gateways: objects - 2 * third, interfaces: third, peers: third }
    }

    pub const fn total(self) -> usize {
        self.gateways + self.interfaces + self.peers
    }

    /// By kind, in the order in which they need each other.
    pub const fn counts(self) -> [usize; 3] {
        [self.gateways, self.interfaces, self.peers]
    }

    /// All of them, each gateway before its interface and that before its peer.
    pub fn objects(self) -> Vec<Value> {
        let gateways = (0..self.gateways).map(gateway);
        let interfaces = (0..self.interfaces).map(interface);
        let peers = (0..self.peers).map(|number| peer(&format!("peer-{number}"), &format!("interface-{number}")));
        gateways.chain(interfaces).chain(peers).collect()
    }

    /// Quotas that allow for all of them, and the connections that the interfaces need.
    pub async fn make_room(self, cloud: &Simulator) {
        cloud.settings(json!({ "quotas": { "virtual_gateways": self.gateways + 10, "virtual_interfaces": self.interfaces + 10 } })).await;
        for number in 0..self.interfaces.div_ceil(ON_A_LINE) {
            let line = json!({ "id": line(number), "name": "line", "bandwidth": 100_000, "location": "location-a" });
            cloud.create("direct_connect", line).await;
        }
    }
}

fn line(number: usize) -> String {
    format!("c1000000-0000-4000-8000-{number:012}")
}

pub fn gateway(number: usize) -> Value {
    let spec = json!({
        "vpcId": format!("00000000-0000-4000-8000-{number:012}"), "localEpGroup": ["172.16.0.0/24"], "localEpGroupIpv6": ["fd00::/64"],
    });
    object("VirtualGateway", &format!("gateway-{number}"), &spec)
}

pub fn interface(number: usize) -> Value {
    let spec = json!({
        "connectionId": line(number / ON_A_LINE), "virtualGatewayRef": { "name": format!("gateway-{number}") },
        "vlan": 2 + number % ON_A_LINE, "bandwidth": 2, "routeMode": "static",
        "localGatewayIp": "10.0.0.1/30", "remoteGatewayIp": "10.0.0.2/30", "remoteEpGroup": ["10.1.123.0/24"],
    });
    object("VirtualInterface", &format!("interface-{number}"), &spec)
}

/// Applies objects, in their order.
pub async fn apply(world: &World, objects: Vec<Value>) {
    stream::iter(objects).for_each_concurrent(AT_ONCE, |object| async move { drop(world.apply(&object).await) }).await;
}

/// Watches until so many objects are Ready; `told` hears how many are, whenever that changes.
pub async fn until_ready(api: Api<DynamicObject>, wanted: usize, mut told: impl FnMut(usize)) {
    let mut objects = std::pin::pin!(watcher(api, watcher::Config::default()).default_backoff().applied_objects());
    let mut ready = BTreeSet::new();
    while ready.len() < wanted {
        let Some(object) = objects.next().await else { panic!("a watch has no end") };
        let Ok(object) = object else { continue };
        let (name, object) = ((object.namespace(), object.name_any()), serde_json::to_value(&object).unwrap());
        let changed = if is(&object, "Ready", "True") { ready.insert(name) } else { ready.remove(&name) };
        if changed {
            told(ready.len());
        }
    }
}
