//! What the lines tell at a scrape: the health of interfaces, of their BGP sessions, and of the gateways behind them.

use kube::runtime::reflector::Store;
use std::collections::HashMap;
use std::sync::Arc;

use crate::api::virtual_interface::ObservedPeer;
use crate::api::{ConditionType, Managed, Reason, RouteMode, VirtualGateway, VirtualInterface, find_condition};
use crate::reconcile::Stores;
use crate::telemetry::metrics::table::{GATEWAYS, INTERFACES, SESSIONS};
use crate::telemetry::metrics::{Readings, Source};

use super::peer::is_session_up;

/// Reads gateways and interfaces.
struct Lines {
    gateways: Store<VirtualGateway>,
    interfaces: Store<VirtualInterface>,
}

/// Where gateways and interfaces are run.
pub(super) fn lines(stores: &Stores) -> Option<Arc<dyn Source>> {
    Some(Arc::new(Lines { gateways: stores.get()?, interfaces: stores.get()? }))
}

impl Source for Lines {
    fn read(&self, readings: &mut Readings) {
        let (gateways, interfaces) = (self.gateways.state(), self.interfaces.state());
        read(readings, gateways.iter().map(AsRef::as_ref), interfaces.iter().map(AsRef::as_ref));
    }
}

/// How an interface is, by its condition Healthy.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    Up,
    Down,
    AdminShutdown,
    Unknown,
}

impl Line {
    const fn label(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::AdminShutdown => "admin_shutdown",
            Self::Unknown => "unknown",
        }
    }
}

/// Interfaces of one gateway by their health. One that was shut is as good as down.
#[derive(Clone, Copy, Default)]
struct Tally {
    up: usize,
    down: usize,
    unknown: usize,
}

/// How a spec names a gateway.
#[derive(PartialEq, Eq, Hash)]
enum Named<'a> {
    /// Namespace and name.
    Object(&'a str, &'a str),
    /// Id.
    Resource(&'a str),
}

fn read<'a>(
    readings: &mut Readings,
    gateways: impl Iterator<Item = &'a VirtualGateway>,
    interfaces: impl Iterator<Item = &'a VirtualInterface>,
) {
    readings.open(&INTERFACES);
    readings.open(&SESSIONS);
    readings.open(&GATEWAYS);
    let mut tallies: HashMap<Named<'_>, Tally> = HashMap::new();
    // One that was never in the cloud is no line yet.
    for interface in interfaces.filter(|interface| interface.status().is_some_and(|status| status.id.is_some())) {
        let health = health(interface);
        readings.count(&INTERFACES, [health.label()], 1);
        sessions(readings, interface, health);
        if let Some(gateway) = gateway_of(interface) {
            let tally = tallies.entry(gateway).or_default();
            match health {
                Line::Up => tally.up += 1,
                Line::Unknown => tally.unknown += 1,
                Line::Down | Line::AdminShutdown => tally.down += 1,
            }
        }
    }
    for gateway in gateways {
        let namespace = gateway.metadata.namespace.as_deref().unwrap_or_default();
        let by_name = tallies.get(&Named::Object(namespace, gateway.metadata.name.as_deref().unwrap_or_default()));
        let id = gateway.status().and_then(|status| status.id.as_deref());
        let by_id = id.and_then(|id| tallies.get(&Named::Resource(id)));
        readings.count(&GATEWAYS, [lines_label(by_name.copied().unwrap_or_default(), by_id.copied().unwrap_or_default())], 1);
    }
}

fn gateway_of(interface: &VirtualInterface) -> Option<Named<'_>> {
    let spec = &interface.spec;
    let by_name = spec.virtual_gateway_ref.as_ref().map(|reference| {
        let own = interface.metadata.namespace.as_deref().unwrap_or_default();
        Named::Object(reference.namespace.as_deref().unwrap_or(own), &reference.name)
    });
    by_name.or_else(|| spec.virtual_gateway_id.as_deref().map(Named::Resource))
}

fn health(interface: &VirtualInterface) -> Line {
    let healthy = interface.status().and_then(|status| find_condition(&status.conditions, ConditionType::Healthy));
    match healthy.map(|healthy| (healthy.status.as_str(), healthy.reason.as_str())) {
        Some(("True", _)) => Line::Up,
        Some(("False", reason)) if reason == Reason::AdminShutdown.as_str() => Line::AdminShutdown,
        Some(("False", _)) => Line::Down,
        _ => Line::Unknown,
    }
}

/// What is told of a session is as old as what is told of its interface.
fn sessions(readings: &mut Readings, interface: &VirtualInterface, health: Line) {
    let observed = interface.status().and_then(|status| status.observed.as_ref());
    for state in observed.iter().flat_map(|observed| &observed.peers).filter_map(|peer| session(interface, peer)) {
        readings.count(&SESSIONS, [if health == Line::Unknown { "unknown" } else { state }], 1);
    }
}

/// The state of a peer's session, if it has one: the cloud may be silent about one that the spec asks for.
fn session(interface: &VirtualInterface, peer: &ObservedPeer) -> Option<&'static str> {
    let spec = &interface.spec;
    let is_own = peer.address_family.as_deref() == Some(spec.address_family_or_default().as_str());
    match peer.bgp_status.as_deref() {
        Some(state) if is_session_up(state) => Some("up"),
        Some("") => Some("unknown"),
        Some(_) => Some("down"),
        None => (is_own && spec.route_mode == RouteMode::Bgp).then_some("unknown"),
    }
}

const fn lines_label(named: Tally, by_id: Tally) -> &'static str {
    let (up, down, unknown) = (named.up + by_id.up, named.down + by_id.down, named.unknown + by_id.unknown);
    match (up, down, unknown) {
        (0, 0, _) => "none",
        (_, 0, _) => "all_up",
        (0, _, 0) => "all_down",
        _ => "some_down",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn gateway(name: &str, id: &str) -> VirtualGateway {
        let value = json!({
            "apiVersion": "directconnect.huaweicloud.com/v1alpha1", "kind": "VirtualGateway", "metadata": { "name": name, "namespace": "net" },
            "spec": { "localEpGroup": ["10.0.0.0/24"] }, "status": { "id": id, "observedGeneration": 1 },
        });
        serde_json::from_value(value).unwrap()
    }

    /// An interface on a gateway, with the status and the reason of its health.
    fn interface(on: &Value, healthy: (&str, &str), sessions: &[Option<&str>]) -> VirtualInterface {
        let peers = ["ipv4", "ipv6"].iter().zip(sessions);
        let peers: Vec<Value> = peers.map(|(family, state)| json!({ "addressFamily": family, "bgpStatus": state })).collect();
        let condition = json!({
            "type": "Healthy", "status": healthy.0, "reason": healthy.1, "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z",
        });
        let mut value = json!({
            "apiVersion": "directconnect.huaweicloud.com/v1alpha1", "kind": "VirtualInterface",
            "metadata": { "name": "vif", "namespace": "apps" },
            "spec": {
                "vlan": 1, "bandwidth": 2, "routeMode": "bgp", "localGatewayIp": "10.0.0.1/30", "remoteGatewayIp": "10.0.0.2/30",
            },
            "status": { "id": "v", "observedGeneration": 1, "conditions": [condition], "observed": { "peers": peers } },
        });
        value["spec"].as_object_mut().unwrap().extend(on.as_object().unwrap().clone());
        serde_json::from_value(value).unwrap()
    }

    #[test]
    #[allow(clippy::float_cmp, reason = "counts are whole numbers")]
    fn a_gateway_is_as_well_as_the_interfaces_that_refer_to_it() {
        let named = |name: &str| json!({ "virtualGatewayRef": { "name": name, "namespace": "net" } });
        let (up, down, shut, unknown) = (("True", "Up"), ("False", "Down"), ("False", "AdminShutdown"), ("Unknown", "CloudUnavailable"));
        let mut never_made = interface(&named("bare"), down, &[]);
        never_made.status.as_mut().unwrap().id = None;
        let interfaces = vec![
            interface(&named("whole"), up, &[Some("ACTIVE"), Some("established")]),
            interface(&named("half"), up, &[Some("DOWN")]),
            interface(&json!({ "virtualGatewayId": "id-half" }), down, &[None, None]),
            interface(&named("broken"), shut, &[]),
            interface(&json!({ "virtualGatewayId": "id-broken" }), down, &[Some("")]),
            interface(&named("doubtful"), down, &[]),
            interface(&named("doubtful"), unknown, &[Some("ACTIVE")]),
            interface(&named("away"), unknown, &[]),
            interface(&json!({ "virtualGatewayRef": { "name": "whole" } }), down, &[]),
            never_made,
        ];
        let gateways = ["whole", "half", "broken", "doubtful", "away", "bare"].map(|name| gateway(name, &format!("id-{name}")));
        let mut readings = Readings::default();
        read(&mut readings, gateways.iter(), interfaces.iter());
        let told = |readings: &Readings| ["all_up", "some_down", "all_down", "none"].map(|lines| readings.get(&GATEWAYS, [lines]).unwrap());
        assert_eq!(told(&readings), [1.0, 2.0, 1.0, 2.0]);
        let health = ["up", "down", "admin_shutdown", "unknown"].map(|health| readings.get(&INTERFACES, [health]).unwrap());
        assert_eq!(health, [2.0, 4.0, 1.0, 2.0]);
        let sessions = ["up", "down", "unknown"].map(|state| readings.get(&SESSIONS, [state]).unwrap());
        assert_eq!(sessions, [2.0, 1.0, 3.0]);
    }
}
