//! How pending changes settle.
//!
//! There is no background task: a change is put on the agenda with the moment at which it is due, and every
//! request first settles what is due by its own arrival. So the cloud is a function of the requests and
//! their times, and a test may let a second pass in one step.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};

use crate::{
    settings::Settings,
    state::{Cloud, Object, peers_mut, remove_peer, set, text},
};

/// The moment of a request: one clock for durations, one for what is written into resources.
#[derive(Clone, Copy)]
pub struct Moment {
    pub instant: Instant,
    pub timestamp: Timestamp,
}

impl Moment {
    /// Now, by a cloud's clock that is so many seconds ahead of the machine's.
    pub fn now(clock_offset_s: i32) -> Self {
        let machine = Timestamp::now();
        let timestamp = machine.checked_add(SignedDuration::from_secs(clock_offset_s.into())).unwrap_or(machine);
        Self { instant: Instant::now(), timestamp }
    }

    /// As the service writes times: UTC with milliseconds.
    pub fn stamp(&self) -> String {
        self.timestamp.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
    }

    /// As the header `Date` has it (RFC 9110).
    pub fn http_date(&self) -> String {
        self.timestamp.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }
}

/// What a change is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    Gateway(String),
    Interface(String),
    Peer { interface: String, peer: String },
    Switchover { record: String, interface: String },
}

/// What the subject becomes when the change settles.
#[derive(Clone, Debug)]
pub enum Outcome {
    Status(String),
    Error(String),
    Gone,
}

impl Outcome {
    /// The outcome, unless an injected failure replaces it.
    pub fn unless(self, failure: Option<&str>) -> Self {
        failure.map_or(self, |reason| Self::Error(reason.to_owned()))
    }
}

/// Changes to come, by the moment at which they are due.
#[derive(Default)]
pub struct Agenda {
    due: BTreeMap<(Instant, u64), (Subject, Outcome)>,
    serial: u64,
}

impl Agenda {
    /// Notes a change; one that was under way for the same subject is superseded.
    pub fn schedule(&mut self, now: Moment, after_ms: u64, subject: Subject, outcome: Outcome) {
        self.due.retain(|_, (other, _)| *other != subject);
        self.serial += 1;
        let due = now.instant + Duration::from_millis(after_ms);
        self.due.insert((due, self.serial), (subject, outcome));
    }

    /// Makes every change due now.
    pub fn hasten(&mut self, now: Moment) {
        let hastened = std::mem::take(&mut self.due).into_iter();
        self.due = hastened.map(|((_, serial), change)| ((now.instant, serial), change)).collect();
    }

    fn take_due(&mut self, now: Instant) -> Vec<(Subject, Outcome)> {
        let later = self.due.split_off(&(now, u64::MAX));
        std::mem::replace(&mut self.due, later).into_values().collect()
    }
}

impl Cloud {
    /// Settles every change that is due.
    pub fn settle(&mut self, now: Moment, settings: &Settings) {
        for (subject, outcome) in self.agenda.take_due(now.instant) {
            match subject {
                Subject::Gateway(id) => settle_gateway(self, &id, &outcome),
                Subject::Interface(id) => settle_interface(self, &id, &outcome, now, settings),
                Subject::Peer { interface, peer } => {
                    settle_peer(self, &interface, &peer, &outcome, settings);
                }
                Subject::Switchover { record, interface } => {
                    settle_interface(self, &interface, &outcome, now, settings);
                    settle_switchover(self, &record, &outcome, now);
                }
            }
        }
    }
}

fn settle_gateway(cloud: &mut Cloud, id: &str, outcome: &Outcome) {
    match outcome {
        Outcome::Gone => {
            cloud.gateways.remove(id);
        }
        outcome => cloud.gateways.get_mut(id).into_iter().for_each(|gateway| enter(gateway, outcome)),
    }
}

fn settle_interface(cloud: &mut Cloud, id: &str, outcome: &Outcome, now: Moment, settings: &Settings) {
    if matches!(outcome, Outcome::Gone) {
        cloud.interfaces.remove(id);
        cloud.invited.remove(id);
        return;
    }
    let Some(interface) = cloud.interfaces.get_mut(id) else {
        return;
    };
    enter(interface, outcome);
    set(interface, "update_time", now.stamp());
    for peer in peers_mut(interface).filter(|peer| matches!(text(peer, "status"), "PENDING_CREATE" | "BUILD")) {
        enter(peer, outcome);
        follow_session(peer, settings);
    }
}

fn settle_peer(cloud: &mut Cloud, interface: &str, peer: &str, outcome: &Outcome, settings: &Settings) {
    if matches!(outcome, Outcome::Gone) {
        cloud.interfaces.get_mut(interface).into_iter().for_each(|interface| remove_peer(interface, peer));
    } else if let Some(peer) = cloud.peer_mut(interface, peer) {
        enter(peer, outcome);
        peer.remove("reason");
        follow_session(peer, settings);
    }
}

fn settle_switchover(cloud: &mut Cloud, record: &str, outcome: &Outcome, now: Moment) {
    let Some(record) = cloud.switchovers.get_mut(record) else {
        return;
    };
    let failed = matches!(outcome, Outcome::Error(_));
    set(record, "operate_status", if failed { "ERROR" } else { "COMPLETE" });
    set(record, "end_time", now.stamp());
}

fn enter(object: &mut Object, outcome: &Outcome) {
    match outcome {
        Outcome::Status(status) => set(object, "status", status.as_str()),
        Outcome::Error(reason) => {
            set(object, "status", "ERROR");
            set(object, "reason", reason.as_str());
        }
        Outcome::Gone => {}
    }
}

/// A BGP session is up exactly when its peer is ACTIVE; a static peer has none.
fn follow_session(peer: &mut Object, settings: &Settings) {
    if text(peer, "route_mode") != "bgp" {
        return;
    }
    let words = &settings.switches.u6_bgp_status;
    let word = if text(peer, "status") == "ACTIVE" { &words.up } else { &words.down };
    set(peer, "bgp_status", word.as_str());
}
