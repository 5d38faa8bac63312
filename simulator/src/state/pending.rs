//! Pending changes, and how they complete.
//!
//! There is no background task: each request first completes the changes that are due when it arrives. The state of the
//! cloud is therefore a function of the requests and their times.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use super::{Cloud, Object, peers_mut, remove_peer, set, text};
use crate::{clock::Moment, settings::Settings};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PendingResource {
    Connection(String),
    ConnectGateway(String),
    GlobalEip(String),
    Gateway(String),
    Interface(String),
    Peer {
        interface: String,
        peer: String,
    },
    /// `before` is the status of the interface at the start of a test that has an effect.
    Switchover {
        record: String,
        interface: String,
        before: Option<String>,
    },
    /// The session of an interface that was shut down.
    Session(String),
    Detection(String),
    GlobalGateway(String),
    PeerLink(String),
    GdgwRoute(String),
}

/// The state of a resource after the change.
#[derive(Clone, Debug)]
pub enum FinalState {
    Status(String),
    Error(String),
    Deleted,
}

impl FinalState {
    /// The fault `error_state` replaces the final state by an error.
    pub fn or_error(self, error_reason: Option<&str>) -> Self {
        error_reason.map_or(self, |reason| Self::Error(reason.to_owned()))
    }
}

#[derive(Clone, Default)]
pub struct PendingChanges {
    /// By the time at which they are due. The serial number keeps the order of changes due at the same time.
    due: BTreeMap<(Instant, u64), (PendingResource, FinalState)>,
    serial: u64,
}

impl PendingChanges {
    /// Adds a change. It replaces a pending change of the same resource.
    pub fn schedule(&mut self, now: Moment, after_ms: u64, resource: PendingResource, final_state: FinalState) {
        self.due.retain(|_, (other, _)| *other != resource);
        self.serial += 1;
        let due = now.instant + Duration::from_millis(after_ms);
        self.due.insert((due, self.serial), (resource, final_state));
    }

    pub fn make_all_due(&mut self, now: Moment) {
        let changes = std::mem::take(&mut self.due).into_iter();
        self.due = changes.map(|((_, serial), change)| ((now.instant, serial), change)).collect();
    }

    fn take_due(&mut self, now: Instant) -> Vec<(PendingResource, FinalState)> {
        let later = self.due.split_off(&(now, u64::MAX));
        std::mem::replace(&mut self.due, later).into_values().collect()
    }
}

impl Cloud {
    /// Completes the changes that are due.
    pub fn settle(&mut self, now: Moment, settings: &Settings) {
        loop {
            let due = self.pending.take_due(now.instant);
            if due.is_empty() {
                break;
            }
            for (resource, final_state) in due {
                self.complete(resource, &final_state, now, settings);
            }
        }
        if settings.switches.u30_routes_in_remote_subnets {
            self.show_routes_in_remote_subnets();
        }
    }

    fn complete(&mut self, resource: PendingResource, final_state: &FinalState, now: Moment, settings: &Settings) {
        match resource {
            PendingResource::Connection(id) => settle_connection(self, &id, final_state),
            PendingResource::ConnectGateway(id) => settle_connect_gateway(self, &id, final_state),
            PendingResource::GlobalEip(id) => settle_global_eip(self, &id, final_state),
            PendingResource::Gateway(id) => settle_gateway(self, &id, final_state),
            PendingResource::Interface(id) => {
                let gateway = self.interfaces.get(&id).map(|interface| text(interface, "gateway_id").to_owned());
                settle_interface(self, &id, final_state, now, settings);
                self.follow_interfaces(&gateway.unwrap_or_default(), now, settings);
            }
            PendingResource::Peer { interface, peer } => {
                settle_peer(self, &interface, &peer, final_state, settings);
            }
            PendingResource::Switchover { record, interface, before } => {
                self.settle_switchover((&record, &interface, before.as_deref()), final_state, now, settings);
            }
            PendingResource::Session(id) => self.settle_session(&id, now, settings),
            PendingResource::Detection(id) => settle_detection(self, &id, final_state, now, settings),
            PendingResource::GlobalGateway(id) => self.settle_global_gateway(&id, final_state, now, settings),
            PendingResource::PeerLink(id) => self.settle_peer_link(&id, final_state, now),
            PendingResource::GdgwRoute(id) => self.settle_gdgw_route(&id, final_state),
        }
    }
}

fn settle_connection(cloud: &mut Cloud, id: &str, final_state: &FinalState) {
    match final_state {
        FinalState::Deleted => cloud.remove_connection(id),
        final_state => cloud.connections.get_mut(id).into_iter().for_each(|connection| apply(connection, final_state)),
    }
}

fn settle_connect_gateway(cloud: &mut Cloud, id: &str, final_state: &FinalState) {
    if matches!(final_state, FinalState::Deleted) {
        cloud.connect_gateways.remove(id);
        cloud.global_eips.retain(|_, bound| text(bound, "connect_gateway_id") != id);
    } else {
        cloud.connect_gateways.get_mut(id).into_iter().for_each(|gateway| apply(gateway, final_state));
    }
}

fn settle_global_eip(cloud: &mut Cloud, id: &str, final_state: &FinalState) {
    if matches!(final_state, FinalState::Deleted) {
        cloud.global_eips.remove(id);
    } else if let Some(bound) = cloud.global_eips.get_mut(id) {
        apply(bound, final_state);
        let reason = bound.remove("reason");
        set(bound, "error_message", reason.unwrap_or_default());
    }
    show_use(cloud);
}

/// A connect gateway is ACTIVE while it is used, and otherwise DOWN.
fn show_use(cloud: &mut Cloud) {
    let Cloud { connect_gateways, global_eips, .. } = cloud;
    for (id, gateway) in connect_gateways.iter_mut().filter(|(_, gateway)| matches!(text(gateway, "status"), "ACTIVE" | "DOWN")) {
        let is_used = |bound: &Object| text(bound, "connect_gateway_id") == id && !matches!(text(bound, "status"), "BINDING" | "ERROR");
        set(gateway, "status", if global_eips.values().any(is_used) { "ACTIVE" } else { "DOWN" });
    }
}

fn settle_gateway(cloud: &mut Cloud, id: &str, final_state: &FinalState) {
    match final_state {
        FinalState::Deleted => {
            cloud.gateways.remove(id);
        }
        final_state => cloud.gateways.get_mut(id).into_iter().for_each(|gateway| apply(gateway, final_state)),
    }
}

fn settle_interface(cloud: &mut Cloud, id: &str, final_state: &FinalState, now: Moment, settings: &Settings) {
    if matches!(final_state, FinalState::Deleted) {
        cloud.interfaces.remove(id);
        cloud.accepting_projects.remove(id);
        return;
    }
    let Some(interface) = cloud.interfaces.get_mut(id) else {
        return;
    };
    apply(interface, final_state);
    set(interface, "update_time", now.stamp());
    for peer in peers_mut(interface).filter(|peer| matches!(text(peer, "status"), "PENDING_CREATE" | "BUILD")) {
        apply(peer, final_state);
        peer.remove("reason");
        update_session(peer, true, settings);
    }
}

fn settle_peer(cloud: &mut Cloud, interface: &str, peer: &str, final_state: &FinalState, settings: &Settings) {
    if matches!(final_state, FinalState::Deleted) {
        cloud.interfaces.get_mut(interface).into_iter().for_each(|interface| remove_peer(interface, peer));
    } else if let Some(peer) = cloud.peer_mut(interface, peer) {
        apply(peer, final_state);
        peer.remove("reason");
        update_session(peer, true, settings);
    }
}

/// A detection whose peer is gone meanwhile has failed.
fn settle_detection(cloud: &mut Cloud, id: &str, final_state: &FinalState, now: Moment, settings: &Settings) {
    let peer_exists = cloud.detections.get(id).is_some_and(|detection| cloud.peer(text(detection, "vif_peer_id")).is_some());
    let Some(detection) = cloud.detections.get_mut(id) else {
        return;
    };
    let failed = matches!(final_state, FinalState::Error(_)) || !peer_exists;
    set(detection, "status", if failed { "error" } else { "complete" });
    set(detection, "loss_ratio", if failed { 0 } else { settings.loss_ratio });
    set(detection, "end_time", now.stamp_of_seconds());
}

pub(super) fn apply(object: &mut Object, final_state: &FinalState) {
    match final_state {
        FinalState::Status(status) => set(object, "status", status.as_str()),
        FinalState::Error(reason) => {
            set(object, "status", "ERROR");
            set(object, "reason", reason.as_str());
        }
        FinalState::Deleted => {}
    }
}

/// A BGP session is up exactly when its peer is ACTIVE and its interface is not shut down, and receives routes while it is up. A static peer
/// has no session.
pub(super) fn update_session(peer: &mut Object, is_open: bool, settings: &Settings) {
    if text(peer, "route_mode") != "bgp" {
        return;
    }
    let values = &settings.switches.u6_bgp_status;
    let is_up = is_open && text(peer, "status") == "ACTIVE";
    let (status, routes) = if is_up { (&values.up, settings.received_routes) } else { (&values.down, 0) };
    set(peer, "bgp_status", status.as_str());
    set(peer, "receive_route_num", routes);
}
