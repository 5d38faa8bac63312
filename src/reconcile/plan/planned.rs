//! What a plan tells of an object.

use serde::Serialize;

use crate::api::{Reason, WaitingFor};
use crate::cloud::Call;
use crate::reconcile::kind::{Difference, Kind};

/// What becomes of an object and its resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Nothing.
    #[default]
    None,
    /// The resource is created.
    Create,
    /// An existing resource is taken over, and changed if it differs.
    Import,
    /// The resource is changed.
    Update,
    /// The resource is deleted, and another one created.
    Replace,
    /// The object goes, and its resource with it, unless the message says that it is kept.
    Delete,
    /// It waits for something that no step of the plan brings about.
    Wait,
    /// It is refused: by the API server, or by the operator, which stops with a reason.
    Refused,
}

/// One object of a plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Planned {
    /// Its kind.
    pub kind: &'static str,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What becomes of it.
    pub action: Action,
    /// In which round it acts first, from 1: an object of a later round waits for those before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<usize>,
    /// ID of its resource, if that exists already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Fields that are changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// Fields that differ in the cloud and stay as they are there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differs: Vec<Change>,
    /// Calls that change the cloud, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<PlannedCall>,
    /// What it does to traffic.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub disruptive: Vec<&'static str>,
    /// Objects of the plan that it waited for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<WaitingFor>,
    /// Objects that it still waits for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waits_for: Vec<WaitingFor>,
    /// Why it is replaced, or what becomes of the resource of an object that goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Reason of the condition Ready while it waits or is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// When the state was read that it is compared with; absent if the cloud was read for the plan, or there is no such state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
    /// What could not be checked, and what it needs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_checked: Vec<String>,
}

/// One field of a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// Field of the spec.
    pub path: &'static str,
    /// Value in the cloud.
    pub from: String,
    /// Value in the spec.
    pub to: String,
    /// What the change does to traffic, if it may disturb it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disruptive: Option<&'static str>,
}

/// One call of the cloud's API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedCall {
    /// The vendor's name of the operation.
    pub operation: &'static str,
    /// Its path after the project.
    pub path: String,
}

impl Change {
    pub(super) fn of<K: Kind>(difference: &Difference) -> Self {
        let Difference { path, mutable: _, is_shown: _, is_of_spec: _, desired, observed } = difference;
        Self { path, from: observed.clone(), to: desired.clone(), disruptive: K::disruption(difference) }
    }
}

impl From<&Call> for PlannedCall {
    fn from(call: &Call) -> Self {
        Self { operation: call.operation, path: call.path_in_project() }
    }
}

impl Planned {
    /// Refused for this reason.
    #[must_use]
    pub fn refused(self, reason: &str, message: String) -> Self {
        Self { action: Action::Refused, reason: Some(reason.to_owned()), message: Some(message), ..self }
    }

    /// Whether anything changes, or is refused.
    #[must_use]
    pub fn is_found(&self) -> bool {
        self.action != Action::None
    }

    /// It does `action` in this round. What it has begun it goes on with.
    pub(super) fn acts(&mut self, action: Action, round: usize) {
        if matches!(self.action, Action::None | Action::Wait | Action::Refused) {
            self.action = action;
        }
        self.step.get_or_insert(round);
        // Only objects of the plan could have ended a wait.
        self.after.append(&mut self.waits_for);
        (self.reason, self.message) = (None, None);
    }

    /// It does nothing in this round, as `action` says, for this reason.
    pub(super) fn rests(&mut self, action: Action, reason: Option<Reason>, message: Option<String>, waits_for: Vec<WaitingFor>) {
        if self.step.is_none() {
            self.action = action;
        }
        (self.reason, self.message, self.waits_for) = (reason.map(|reason| reason.as_str().to_owned()), message, waits_for);
    }
}
