//! What switchover tests do to interfaces.

use super::{
    Cloud, Object, is_pending, peers, peers_mut,
    pending::{FinalState, PendingResource, update_session},
    set, text,
};
use crate::{
    clock::Moment,
    settings::{Settings, StatusAfterUndo},
};

impl Cloud {
    /// The record of a test of the interface that has not been carried out yet.
    pub fn switchover_in_progress(&self, interface_id: &str) -> Option<&Object> {
        let starts = |record: &&Object| matches!(text(record, "operate_status"), "STARTING" | "INPROGRESS");
        self.switchovers.values().filter(starts).find(|record| text(record, "resource_id") == interface_id)
    }

    /// Sets the status of an interface, and ends the sessions of one that is not up.
    pub fn set_interface_status(&mut self, id: &str, status: &str, now: Moment, settings: &Settings) {
        let Some(interface) = self.interfaces.get_mut(id) else {
            return;
        };
        set(interface, "status", status);
        set(interface, "update_time", now.stamp());
        peers_mut(interface).for_each(|peer| update_session(peer, status == "ACTIVE", settings));
    }

    /// A test that fails leaves the interface as it was.
    pub(super) fn settle_switchover(
        &mut self,
        (record, interface, before): (&str, &str, Option<&str>),
        final_state: &FinalState,
        now: Moment,
        settings: &Settings,
    ) {
        let (outcome, status) = match final_state {
            FinalState::Status(status) => ("COMPLETE", Some(status.as_str())),
            FinalState::Error(_) | FinalState::Deleted => ("ERROR", before),
        };
        if let Some(record) = self.switchovers.get_mut(record) {
            set(record, "operate_status", outcome);
            set(record, "end_time", now.stamp());
        }
        let present = self.interfaces.get(interface).filter(|interface| !is_pending(interface));
        let (Some(before), Some(status), Some(present)) = (before, status, present) else {
            return;
        };
        let with_sessions = peers(present).any(|peer| text(peer, "route_mode") == "bgp");
        let undone = before == "ADMIN_SHUTDOWN" && status == "ACTIVE";
        if undone && with_sessions && settings.switches.u46_status_after_undo == StatusAfterUndo::Down {
            self.set_interface_status(interface, "DOWN", now, settings);
            self.schedule_session(interface, now, settings);
        } else if text(present, "status") != status {
            self.set_interface_status(interface, status, now, settings);
        }
    }

    /// The session of an interface comes up. One with a pending change has to wait for its end.
    pub(super) fn settle_session(&mut self, id: &str, now: Moment, settings: &Settings) {
        match self.interfaces.get(id) {
            Some(interface) if is_pending(interface) => self.schedule_session(id, now, settings),
            Some(interface) if text(interface, "status") == "DOWN" => self.set_interface_status(id, "ACTIVE", now, settings),
            _ => {}
        }
    }

    fn schedule_session(&mut self, id: &str, now: Moment, settings: &Settings) {
        let resource = PendingResource::Session(id.to_owned());
        self.pending.schedule(now, settings.settle_ms.update.max(1), resource, FinalState::Status("ACTIVE".to_owned()));
    }
}
