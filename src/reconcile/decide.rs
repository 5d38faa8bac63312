//! The decision: what one pass does, from what it saw. Pure: no clock, no network, no chance.
//!
//! The rows of its table (`docs/design/decision.md#the-table`) stand here in their order; what comes before a look at the cloud (pause, finalizer,
//! account, leave to use it) stands in the pass itself. There is at most one mutation in a step, so that every point at which the process can die
//! is the same as a fresh start.

use crate::api::{DeletionPolicy, DriftPolicy, Management, Reason, WaitingFor};
use crate::cloud::{Call, Priority};

use super::kind::{Difference, ResourcePhase};

/// Everything a decision depends on.
#[derive(Clone, Debug, PartialEq)]
pub struct Situation {
    /// The object is being deleted.
    pub deleting: bool,
    /// Whether the cloud may be written at all.
    pub management: Management,
    /// What happens to the cloud resource when the object goes.
    pub deletion: DeletionPolicy,
    /// What is done about differences.
    pub drift: DriftPolicy,
    /// The spec changed since it last matched the cloud: a difference is then a wish, not a drift.
    pub spec_changed: bool,
    /// Objects that still refer to this one.
    pub dependants: Vec<WaitingFor>,
    /// Objects that this one refers to and that are not ready.
    pub references: Vec<WaitingFor>,
    /// What is known of an earlier create.
    pub intent: IntentState,
    /// What the cloud shows.
    pub cloud: Presence,
    /// Id of a resource of ours that was deleted by somebody else.
    pub lost: Option<String>,
    /// Fields that were set so often that they can't stay: somebody else sets them, too, or the cloud does not keep them.
    pub contested: Vec<&'static str>,
    /// The call that would create the resource; `None` when a secret it needs is missing.
    pub create: Option<Call>,
    /// How many tags the resource is to have, the account's and the owner's among them, when the cloud takes no such number.
    pub too_many_tags: Option<usize>,
}

/// What is known of a create.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntentState {
    /// None was recorded, or its outcome is settled.
    None,
    /// Recorded for a call that has not been sent.
    Fresh,
    /// A call may have been sent whose outcome is not known yet.
    Unconfirmed,
}

/// What the cloud shows of the object's resource.
#[derive(Clone, Debug, PartialEq)]
pub enum Presence {
    /// Not yet looked at closely enough.
    Unknown,
    /// It is not there.
    Absent,
    /// The id that an import names is not there.
    ImportNotFound(String),
    /// It is there.
    Present(Box<Found>),
    /// More than one could be it.
    Ambiguous(Vec<String>),
}

/// A resource that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The cloud's id.
    pub id: String,
    /// Whose it is.
    pub owner: Ownership,
    /// Its id stands in the object's status.
    pub recorded: bool,
    /// Where it is in its life.
    pub phase: ResourcePhase,
    /// Where it differs from the spec; ignored fields are left out.
    pub differences: Vec<Difference>,
    /// The call that removes the first differences.
    pub update: Option<Call>,
    /// The call that deletes it.
    pub delete: Call,
    /// The cloud deletes it only together with what holds it.
    pub deleted_with_parent: bool,
    /// It hangs on something that is gone from the cloud for good: it is of no use, and only a new one will be.
    pub orphaned: bool,
}

/// Whose a resource is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// Ours: by id in status, by tag, or by natural key with an intent where there are no tags.
    Ours,
    /// Nobody's that we know, and the spec asks for it to be imported.
    Imported,
    /// Somebody else's, as far as the object's namespace may know whose.
    Foreign(String),
}

/// What a pass does.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Nothing is left to do.
    NoChange,
    /// Nothing is left to do but to tell of differences that stay.
    Report(Vec<Difference>),
    /// Takes our finalizer off: the object may go.
    RemoveFinalizer,
    /// Writes down that a create follows.
    RecordIntent,
    /// Creates the resource.
    Create(Call),
    /// Writes the id of a resource of ours to status.
    Adopt(String),
    /// Sends one legal change of the series.
    Update(Call, Vec<Difference>),
    /// Deletes the resource.
    Delete(Call),
    /// Deletes a resource that is of no use any more, for this reason; the next pass makes a new one.
    Replace(Call, String),
    /// Waits; something else wakes the object.
    Wait(Wait),
    /// Stops until somebody changes something: the object, the cloud or what is granted.
    Stall(Reason, String),
}

/// What is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wait {
    /// The cloud settles the resource.
    Cloud(Reason),
    /// The next LIST.
    List,
    /// The outcome of an earlier create becomes certain.
    UnconfirmedCreate,
    /// Objects that refer to this one go first.
    Dependants(Vec<WaitingFor>),
    /// What holds the resource goes first, and takes it along.
    Parent,
    /// Objects that this one needs.
    References(Vec<WaitingFor>),
    /// A secret that the create needs.
    Secret,
}

impl Step {
    /// Whether the step changes something in the cloud.
    #[must_use]
    pub const fn is_cloud_write(&self) -> bool {
        matches!(self, Self::Create(_) | Self::Update(..) | Self::Delete(_) | Self::Replace(..))
    }

    /// Who goes first for the budget. What nobody asked for lets all others pass: setting back what somebody else did in the cloud.
    #[must_use]
    pub const fn priority(&self, situation: &Situation) -> Priority {
        let is_asked_for = situation.deleting || situation.spec_changed;
        match self {
            Self::Update(..) | Self::Replace(..) if !is_asked_for => Priority::Background,
            _ => Priority::Change,
        }
    }

    /// Label for logs and metrics.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::NoChange => "rest",
            Self::Report(_) => "report",
            Self::RemoveFinalizer => "remove_finalizer",
            Self::RecordIntent => "record_intent",
            Self::Create(_) => "create",
            Self::Adopt(_) => "adopt",
            Self::Update(..) => "update",
            Self::Delete(_) => "delete",
            Self::Replace(..) => "replace",
            Self::Wait(_) => "wait",
            Self::Stall(..) => "stall",
        }
    }
}

/// Decides what a pass does for an object that bears our finalizer: without it nothing is looked at.
#[must_use]
pub fn decide(situation: &Situation) -> Step {
    if situation.deleting { farewell(situation) } else { live(situation) }
}

/// The object is being deleted: what becomes of its resource.
fn farewell(situation: &Situation) -> Step {
    let kept = situation.deletion == DeletionPolicy::Retain || situation.management == Management::ObserveOnly;
    if kept {
        return Step::RemoveFinalizer;
    }
    match &situation.cloud {
        Presence::Unknown => Step::Wait(Wait::List),
        Presence::Absent | Presence::ImportNotFound(_) => leave(situation.intent),
        // One of them may be ours: which one, a person must say.
        Presence::Ambiguous(ids) => several(ids),
        Presence::Present(found) => match (&found.owner, &found.phase) {
            // Gone, an import that was never carried out, or somebody else's: nothing of ours to delete.
            (Ownership::Ours, ResourcePhase::Gone) | (Ownership::Imported | Ownership::Foreign(_), _) => leave(situation.intent),
            // An earlier object of the same name left it, and it was never taken up: it could not match.
            (Ownership::Ours, _) if is_left_over(situation, found) => leave(situation.intent),
            // Without its id nothing but the intent shows that it is ours, and a refused deletion must not take that away.
            (Ownership::Ours, _) if !found.recorded => Step::Adopt(found.id.clone()),
            (Ownership::Ours, ResourcePhase::Deleting) => Step::Wait(Wait::Cloud(Reason::Deleting)),
            (Ownership::Ours, _) if !situation.dependants.is_empty() => Step::Wait(Wait::Dependants(situation.dependants.clone())),
            (Ownership::Ours, _) if found.deleted_with_parent => Step::Wait(Wait::Parent),
            (Ownership::Ours, _) => Step::Delete(found.delete.clone()),
        },
    }
}

/// Nothing of ours is there. A create in doubt may still bring it.
fn leave(intent: IntentState) -> Step {
    match intent {
        IntentState::Unconfirmed => Step::Wait(Wait::UnconfirmedCreate),
        IntentState::None | IntentState::Fresh => Step::RemoveFinalizer,
    }
}

/// The object lives: what its resource needs.
fn live(situation: &Situation) -> Step {
    match &situation.cloud {
        Presence::Unknown => Step::Wait(Wait::List),
        Presence::Ambiguous(ids) => several(ids),
        Presence::ImportNotFound(id) => Step::Stall(Reason::NotFound, format!("spec.import.id: the cloud has no {id}")),
        Presence::Absent => create(situation),
        Presence::Present(found) => keep(situation, found),
    }
}

fn create(situation: &Situation) -> Step {
    if situation.intent == IntentState::Unconfirmed {
        return Step::Wait(Wait::UnconfirmedCreate);
    }
    if !situation.references.is_empty() {
        return Step::Wait(Wait::References(situation.references.clone()));
    }
    if situation.management == Management::ObserveOnly {
        return Step::Stall(Reason::NotFound, "spec.policy.management is ObserveOnly and the cloud has no such resource".to_owned());
    }
    if let (Some(id), DriftPolicy::Detect | DriftPolicy::Ignore, false) = (&situation.lost, situation.drift, situation.spec_changed) {
        return Step::Stall(
            Reason::NotFound,
            format!("{id} was deleted outside of this object, whose drift policy does not make it again"),
        );
    }
    if let Some(count) = situation.too_many_tags {
        return too_many_tags(count);
    }
    match (&situation.create, situation.intent) {
        (None, _) => Step::Wait(Wait::Secret),
        (Some(call), IntentState::Fresh) => Step::Create(call.clone()),
        (Some(_), _) => Step::RecordIntent,
    }
}

fn keep(situation: &Situation, found: &Found) -> Step {
    match &found.owner {
        Ownership::Foreign(owner) => return Step::Stall(Reason::Conflict, format!("{} stands in its place: {owner}", found.id)),
        // What could never match is not taken: it would be deleted with the object.
        Ownership::Imported if !found.recorded && found.fixed().next().is_some() && situation.management == Management::Managed => {
            return immutable(found, "spec.import: the resource can't be made to match");
        }
        Ownership::Ours if is_left_over(situation, found) => {
            return immutable(found, "an earlier object of this name left a resource that can't be made to match");
        }
        Ownership::Ours | Ownership::Imported if !found.recorded => return Step::Adopt(found.id.clone()),
        Ownership::Ours | Ownership::Imported => {}
    }
    match &found.phase {
        // It goes or has gone without us: when it is gone it is made again.
        ResourcePhase::Deleting | ResourcePhase::Gone => Step::Wait(Wait::Cloud(Reason::Deleting)),
        ResourcePhase::Settling(reason) => Step::Wait(Wait::Cloud(*reason)),
        ResourcePhase::Failed(reason, text) => Step::Stall(*reason, text.clone()),
        ResourcePhase::Settled => compare(situation, found),
    }
}

fn compare(situation: &Situation, found: &Found) -> Step {
    let correct = situation.drift == DriftPolicy::Correct;
    if found.differences.is_empty() {
        Step::NoChange
    } else if situation.management == Management::ObserveOnly {
        Step::Report(found.differences.clone())
    } else if found.orphaned && correct && situation.deletion == DeletionPolicy::Delete {
        let fields: Vec<&str> = found.fixed().collect();
        Step::Replace(
            found.delete.clone(),
            format!("what {} meant is gone from the cloud, and with it the use of {}", fields.join(", "), found.id),
        )
    } else if found.fixed().next().is_some() {
        immutable(found, "the cloud can't change what differs")
    } else if let (true, Some(field)) = (correct, found.contested(&situation.contested)) {
        let message = format!(
            "{field} was set again and again within an hour and did not stay: somebody else sets it, too, or the cloud does not keep it; stop \
             that, take the value into the spec, or name {field} in spec.policy.ignoreFields"
        );
        Step::Stall(Reason::Drifted, message)
    } else if let (true, true, Some(count)) = (correct || situation.spec_changed, found.only_tags_differ(), situation.too_many_tags) {
        too_many_tags(count)
    } else {
        match (situation.drift, situation.spec_changed, &found.update) {
            (DriftPolicy::Correct, _, Some(call)) | (DriftPolicy::Detect | DriftPolicy::Ignore, true, Some(call)) => {
                Step::Update(call.clone(), found.differences.clone())
            }
            (DriftPolicy::Ignore, false, _) => Step::NoChange,
            (DriftPolicy::Detect, false, _) | (_, _, None) => Step::Report(found.differences.clone()),
        }
    }
}

/// A resource with our tag that no create of this object made, and that this object could never have.
fn is_left_over(situation: &Situation, found: &Found) -> bool {
    !found.recorded && situation.intent == IntentState::None && situation.lost.is_none() && found.fixed().next().is_some()
}

fn immutable(found: &Found, why: &str) -> Step {
    let fixed = found.differences.iter().filter(|difference| !difference.mutable);
    let told: Vec<String> =
        fixed.map(|fixed| format!("{} ({} in the cloud, {} in the spec)", fixed.path, fixed.observed, fixed.desired)).collect();
    Step::Stall(Reason::Immutable, format!("{why}: {}; set the spec to it, or delete the object and create it anew", told.join(", ")))
}

impl Found {
    /// Fields that differ and that the cloud can't change.
    fn fixed(&self) -> impl Iterator<Item = &'static str> {
        self.differences.iter().filter(|difference| !difference.mutable).map(|difference| difference.path)
    }

    fn only_tags_differ(&self) -> bool {
        self.differences.iter().all(|difference| difference.path == "tags")
    }

    fn contested(&self, contested: &[&'static str]) -> Option<&'static str> {
        self.differences.iter().map(|difference| difference.path).find(|path| contested.contains(path))
    }
}

fn too_many_tags(count: usize) -> Step {
    Step::Stall(
        Reason::Invalid,
        format!("spec.tags: {count} tags with those of the account's defaults and the owner's; the cloud takes 10: take some away"),
    )
}

fn several(ids: &[String]) -> Step {
    Step::Stall(
        Reason::Conflict,
        format!("{} cloud resources could be this one: {}; name one in spec.import.id", ids.len(), ids.join(", ")),
    )
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
