//! Earlier states of the cloud, for reads that lag behind writes and for lists that still show what was deleted.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::{Cloud, Table, add_peer, peers, text};
use crate::{clock::Moment, settings::Settings};

/// The states after each change, the oldest first. Pending changes are part of a state: what they make of it later follows from it.
#[derive(Default)]
pub struct History {
    states: VecDeque<(Instant, Cloud)>,
}

impl History {
    /// Keeps the state after a change, and of the states before as many as reads can still show. Keeps nothing while no read lags.
    pub fn record(&mut self, cloud: &Cloud, now: Moment, settings: &Settings) {
        let Some(longest) = settings.read_lag_ms.longest().filter(|longest| !longest.is_zero()) else {
            self.states.clear();
            return;
        };
        self.states.push_back((now.instant, cloud.clone()));
        while self.states.get(1).is_some_and(|(instant, _)| *instant + longest <= now.instant) {
            self.states.pop_front();
        }
    }

    /// The state as reads that lag by `lag` show it. The oldest known one if none is that old.
    pub fn before(&self, lag: Duration, now: Moment, settings: &Settings) -> Option<Cloud> {
        let then = now.before(lag);
        let known = self.states.iter().rev().find(|(instant, _)| *instant <= then.instant).or_else(|| self.states.front());
        let mut cloud = known.map(|(_, cloud)| cloud.clone())?;
        cloud.settle(then, settings);
        Some(cloud)
    }

    /// Adds to `cloud` what was deleted less than `age` ago.
    pub fn add_ghosts(&self, cloud: &mut Cloud, age: Duration, now: Moment, settings: &Settings) {
        let then = now.before(age);
        let later = self.states.iter().rev().filter(|(instant, _)| *instant > then.instant).map(|(_, state)| state.clone());
        for state in later.chain(self.before(age, now, settings)) {
            add_missing(&mut cloud.connections, &state.connections);
            add_missing(&mut cloud.connect_gateways, &state.connect_gateways);
            add_missing(&mut cloud.global_eips, &state.global_eips);
            add_missing(&mut cloud.locations, &state.locations);
            add_missing(&mut cloud.gateways, &state.gateways);
            for (id, interface) in &state.interfaces {
                let Some(shown) = cloud.interfaces.get_mut(id) else { continue };
                let gone: Vec<_> =
                    peers(interface).filter(|old| peers(shown).all(|peer| text(peer, "id") != text(old, "id"))).cloned().collect();
                for peer in gone {
                    add_peer(shown, peer);
                }
            }
            add_missing(&mut cloud.interfaces, &state.interfaces);
            add_missing(&mut cloud.switchovers, &state.switchovers);
            add_missing(&mut cloud.detections, &state.detections);
            add_missing(&mut cloud.global_gateways, &state.global_gateways);
            add_missing(&mut cloud.peer_links, &state.peer_links);
            add_missing(&mut cloud.gdgw_routes, &state.gdgw_routes);
        }
    }
}

fn add_missing(shown: &mut Table, earlier: &Table) {
    for (id, object) in earlier {
        shown.entry(id.clone()).or_insert_with(|| object.clone());
    }
}
