//! The decision: what one attempt does, from what it observed. Pure: no clock, no network, no randomness.
//!
//! The rows of its table (`docs/design/decision.md#the-table`) are here in their order. What comes before the cloud is observed (pause,
//! finalizer, account, permission) is in the attempt itself. A step has at most one mutation, so that a restart at any point is the same as a
//! fresh start.

use crate::api::{DeletionPolicy, DriftPolicy, Management, Reason, WaitingFor};
use crate::cloud::{Call, Priority};

use super::kind::{Difference, ResourcePhase};

/// The input of a decision.
#[derive(Clone, Debug, PartialEq)]
pub struct Situation {
    /// The object is being deleted.
    pub deleting: bool,
    /// Whether the operator may write to the cloud.
    pub management: Management,
    /// What happens to the cloud resource when the object is deleted.
    pub deletion: DeletionPolicy,
    /// How drift is handled.
    pub drift: DriftPolicy,
    /// The spec changed since it last matched the cloud: differences are then changes to apply, not drift.
    pub spec_changed: bool,
    /// Objects that reference this one.
    pub dependants: Vec<WaitingFor>,
    /// Objects that this one references and that are not ready.
    pub references: Vec<WaitingFor>,
    /// What is known about an earlier create.
    pub intent: IntentState,
    /// State of the cloud resource.
    pub cloud: Presence,
    /// ID of a resource of ours that was deleted in the cloud by others.
    pub lost: Option<String>,
    /// Other resources with our owner tag.
    pub duplicates: Vec<Duplicate>,
    /// Fields with a drift conflict: they were corrected repeatedly and did not keep their value.
    pub contested: Vec<&'static str>,
    /// How the resource would be created. Only if it is absent.
    pub create: Option<Creation>,
    /// The tags, if they are more than the cloud allows.
    pub too_many_tags: Option<TooManyTags>,
}

/// More tags than the cloud allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyTags {
    /// Their number, the account's default tags and the owner tag among them.
    pub count: usize,
    /// Whether those of the spec can be changed.
    pub are_mutable: bool,
}

/// How a resource that is absent would be created.
#[derive(Clone, Debug, PartialEq)]
pub enum Creation {
    /// By this call.
    Call(Call),
    /// Not before its Secret can be used.
    NeedsSecret(UnusableSecret),
    /// Not by this operator.
    Never,
}

/// A Secret from which a create can't take what it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnusableSecret {
    /// The Secret, as the status names it.
    pub secret: WaitingFor,
    /// The Secret, the key, and what is wrong.
    pub problem: String,
}

/// What is known about a create.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntentState {
    /// No create was recorded, or its outcome is known.
    None,
    /// Recorded, but the call was not sent yet.
    Fresh,
    /// The call may have been sent, and its outcome is not known.
    Unconfirmed,
}

/// Whether the cloud resource of the object exists.
#[derive(Clone, Debug, PartialEq)]
pub enum Presence {
    /// Not observed yet.
    Unknown,
    /// It does not exist.
    Absent,
    /// A write to it was answered, and reads do not show it yet.
    NotVisible(String),
    /// The ID in `spec.import` does not exist.
    ImportNotFound(String),
    /// It exists.
    Present(Box<Found>),
    /// The account does not show it, and another object holds the only one that there can be, as the text says.
    Held(String),
    /// Several resources match.
    Ambiguous(Vec<String>),
    /// The resource, or one that may be it, has fields that can't be read. The text names both.
    Unreadable(String),
}

/// A resource that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The cloud's id.
    pub id: String,
    /// Whose it is.
    pub owner: Ownership,
    /// Its ID is in the status of the object.
    pub recorded: bool,
    /// Its lifecycle phase.
    pub phase: ResourcePhase,
    /// Fields in which it differs from the spec, without ignored fields.
    pub differences: Vec<Difference>,
    /// Other fields in which it differs, and which the policy ignores.
    pub ignored: Vec<Difference>,
    /// The call that removes the first differences.
    pub update: Option<Call>,
    /// The call that deletes it, unless resources of the kind are never deleted.
    pub delete: Option<Call>,
    /// Which of the two calls were answered and may not be visible yet.
    pub unseen: Unseen,
    /// Why the cloud would refuse an operation.
    pub obstacle: Option<Obstacle>,
    /// The resource that it references was deleted in the cloud: it no longer works and must be replaced.
    pub orphaned: bool,
}

/// Why the cloud would refuse an operation on a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// It is shut down for a switchover test, in which the cloud takes no other operation.
    ShutDown,
    /// The cloud deletes it only together with its parent.
    DeletedWithParent,
}

/// Calls that were answered although a look calls for them again: reads may not show their effect yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unseen {
    /// The update.
    pub update: bool,
    /// The delete.
    pub delete: bool,
}

/// A resource with our owner tag besides the one whose ID is in the status.
#[derive(Clone, Debug, PartialEq)]
pub struct Duplicate {
    /// The cloud's id.
    pub id: String,
    /// The call that deletes it, if the cloud returned its ID for a create of this object. Any other may carry a copied tag.
    pub delete: Option<Call>,
    /// It is being deleted, or `delete` was answered.
    pub is_deleting: bool,
}

/// Whose a resource is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// Ours: by id in status, by tag, or by natural key with an intent where there are no tags.
    Ours,
    /// It has no known owner, and the spec imports it.
    Imported,
    /// Another owner's. The message names the owner as far as the object's namespace may know it.
    Foreign(String),
}

/// What an attempt does.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Nothing to do.
    NoChange,
    /// Reports differences that are not corrected.
    Report(Vec<Difference>),
    /// Removes our finalizer.
    RemoveFinalizer,
    /// Records the intent to create the resource.
    RecordIntent,
    /// Creates the resource.
    Create(Call),
    /// Writes the ID of an existing resource to the status.
    Adopt(String),
    /// Sends the next update call.
    Update(Call, Vec<Difference>),
    /// Deletes the resource.
    Delete(Call),
    /// Deletes a resource that no longer works, for this reason. The next attempt creates a new one.
    Replace(Call, String),
    /// Waits. Another event triggers the next attempt.
    Wait(Wait),
    /// Stops until the object, the cloud or the grants change.
    Stall(Reason, String),
}

/// What an attempt waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wait {
    /// The cloud finishes processing the resource.
    Cloud(Reason),
    /// For the next LIST.
    List,
    /// The outcome of an earlier create becomes known.
    UnconfirmedCreate,
    /// Reads show the resource, which was created or changed.
    Visible(String),
    /// Reads show a change of the resource.
    VisibleChange,
    /// Objects that reference this one are deleted first.
    Dependants(Vec<WaitingFor>),
    /// The cloud deletes the resource together with its parent.
    Parent,
    /// Referenced objects become ready.
    References(Vec<WaitingFor>),
    /// The Secret that the create needs.
    Secret(UnusableSecret),
}

impl Step {
    /// Whether the step changes something in the cloud.
    #[must_use]
    pub const fn is_cloud_write(&self) -> bool {
        matches!(self, Self::Create(_) | Self::Update(..) | Self::Delete(_) | Self::Replace(..))
    }

    /// Priority in the queue of the rate limiter. Corrections of drift, which no user asked for, come last.
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
            Self::NoChange => "no_change",
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

/// Decides what an attempt does for an object that has our finalizer. Without the finalizer, the cloud is not observed.
#[must_use]
pub fn decide(situation: &Situation) -> Step {
    if situation.deleting { decide_deletion(situation) } else { decide_existing(situation) }
}

/// The object is being deleted.
fn decide_deletion(situation: &Situation) -> Step {
    let kept = situation.deletion == DeletionPolicy::Retain || situation.management == Management::ObserveOnly;
    if kept {
        return Step::RemoveFinalizer;
    }
    match &situation.cloud {
        Presence::Unknown => Step::Wait(Wait::List),
        Presence::NotVisible(id) => Step::Wait(Wait::Visible(id.clone())),
        Presence::Absent | Presence::ImportNotFound(_) | Presence::Held(_) => release(situation),
        // One of them may be ours: which one, a person must say.
        Presence::Ambiguous(ids) => ambiguous(ids),
        Presence::Unreadable(what) => Step::Stall(Reason::Unreadable, what.clone()),
        Presence::Present(found) => match (&found.owner, &found.phase) {
            // Gone, an import that was never carried out, or somebody else's: nothing of ours to delete.
            (Ownership::Ours, ResourcePhase::Gone) | (Ownership::Imported | Ownership::Foreign(_), _) => release(situation),
            // An earlier object of the same name left it, and it was never taken up: it could not match.
            (Ownership::Ours, _) if is_left_over(situation, found) => release(situation),
            // Without its id nothing but the intent shows that it is ours, and a refused deletion must not take that away.
            (Ownership::Ours, _) if !found.recorded => Step::Adopt(found.id.clone()),
            (Ownership::Ours, ResourcePhase::Deleting) => Step::Wait(Wait::Cloud(Reason::Deleting)),
            (Ownership::Ours, _) if found.unseen.delete => Step::Wait(Wait::Cloud(Reason::Deleting)),
            (Ownership::Ours, _) if !situation.dependants.is_empty() => Step::Wait(Wait::Dependants(situation.dependants.clone())),
            (Ownership::Ours, _) if found.obstacle == Some(Obstacle::DeletedWithParent) => Step::Wait(Wait::Parent),
            (Ownership::Ours, _) if found.obstacle == Some(Obstacle::ShutDown) => Step::Wait(Wait::Cloud(Reason::AdminShutdown)),
            (Ownership::Ours, _) => found.delete.clone().map_or_else(|| release(situation), Step::Delete),
        },
    }
}

/// The resource of the object does not exist. A create whose outcome is not known may still make one, and what earlier creates made goes, too.
fn release(situation: &Situation) -> Step {
    match situation.intent {
        IntentState::Unconfirmed => Step::Wait(Wait::UnconfirmedCreate),
        IntentState::None | IntentState::Fresh => {
            let created =
                situation.duplicates.iter().find_map(|duplicate| duplicate.delete.as_ref().map(|call| (call, duplicate.is_deleting)));
            match created {
                None => Step::RemoveFinalizer,
                Some((_, true)) => Step::Wait(Wait::Cloud(Reason::Deleting)),
                Some((call, false)) => Step::Delete(call.clone()),
            }
        }
    }
}

/// The object is not being deleted.
fn decide_existing(situation: &Situation) -> Step {
    match &situation.cloud {
        Presence::Unknown => Step::Wait(Wait::List),
        Presence::NotVisible(id) => Step::Wait(Wait::Visible(id.clone())),
        Presence::Ambiguous(ids) => ambiguous(ids),
        Presence::Unreadable(what) => Step::Stall(Reason::Unreadable, what.clone()),
        Presence::ImportNotFound(id) => Step::Stall(
            Reason::NotFound,
            format!(
                "spec.import.id: {id} does not exist in the cloud; delete the object and create it with another ID, or create the resource in the cloud"
            ),
        ),
        Presence::Held(text) => Step::Stall(Reason::Conflict, text.clone()),
        Presence::Absent => create(situation),
        Presence::Present(found) => decide_present(situation, found),
    }
}

fn create(situation: &Situation) -> Step {
    if situation.intent == IntentState::Unconfirmed {
        return Step::Wait(Wait::UnconfirmedCreate);
    }
    if situation.create == Some(Creation::Never) {
        let message =
            "the cloud has no such resource, and the operator does not create resources of this kind; correct spec.import, or order it";
        return Step::Stall(Reason::NotFound, message.to_owned());
    }
    if !situation.references.is_empty() {
        return Step::Wait(Wait::References(situation.references.clone()));
    }
    if situation.management == Management::ObserveOnly {
        return Step::Stall(
            Reason::NotFound,
            "the resource does not exist in the cloud, and it is not created because spec.policy.management is ObserveOnly".to_owned(),
        );
    }
    if let (Some(id), DriftPolicy::Detect | DriftPolicy::Ignore, false) = (&situation.lost, situation.drift, situation.spec_changed) {
        return Step::Stall(
            Reason::NotFound,
            format!(
                "{id} was deleted in the cloud, and it is not created again because the drift policy is {drift:?}; to create it, change the spec or set spec.policy.drift to Correct",
                drift = situation.drift
            ),
        );
    }
    if let Some(tags) = situation.too_many_tags {
        return too_many_tags(tags);
    }
    match (&situation.create, situation.intent) {
        (Some(Creation::Never) | None, _) => Step::Wait(Wait::List),
        (Some(Creation::NeedsSecret(secret)), _) => Step::Wait(Wait::Secret(secret.clone())),
        (Some(Creation::Call(call)), IntentState::Fresh) => Step::Create(call.clone()),
        (Some(Creation::Call(_)), _) => Step::RecordIntent,
    }
}

fn decide_present(situation: &Situation, found: &Found) -> Step {
    match wish(situation, found) {
        step if step.is_cloud_write() && found.obstacle == Some(Obstacle::ShutDown) => Step::Wait(Wait::Cloud(Reason::AdminShutdown)),
        step => step,
    }
}

/// What is done with a resource that takes operations.
fn wish(situation: &Situation, found: &Found) -> Step {
    match &found.owner {
        Ownership::Foreign(owner) => return Step::Stall(Reason::Conflict, owner.clone()),
        // What could never match is not taken: it would be deleted with the object.
        Ownership::Imported if !found.recorded && found.fixed().next().is_some() && situation.management == Management::Managed => {
            return immutable(found, "spec.import: the resource does not match the spec in fields that cannot be changed");
        }
        Ownership::Ours if is_left_over(situation, found) => {
            return immutable(
                found,
                "the resource of an earlier object with this name does not match the spec in fields that cannot be changed",
            );
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
    } else if found.unseen.update {
        Step::Wait(Wait::VisibleChange)
    } else if found.orphaned && found.unseen.delete {
        Step::Wait(Wait::Cloud(Reason::Deleting))
    } else if let (true, true, DeletionPolicy::Delete, Some(delete)) = (found.orphaned, correct, situation.deletion, &found.delete) {
        let fields: Vec<&str> = found.fixed().collect();
        Step::Replace(
            delete.clone(),
            format!("the resource that {} referenced was deleted in the cloud, so {} no longer works", fields.join(", "), found.id),
        )
    } else if let (true, Some(field)) = (correct, found.contested(&situation.contested)) {
        let message = format!(
            "{field} was corrected repeatedly within an hour and did not keep its value: something else changes it, or the cloud does not keep \
             it; stop the other changes, set spec.{field} to the value in the cloud, or add {field} to spec.policy.ignoreFields"
        );
        Step::Stall(Reason::Drifted, message)
    } else if let (true, true, Some(tags)) = (correct || situation.spec_changed, found.only_tags_are_due(), situation.too_many_tags) {
        too_many_tags(tags)
    } else {
        // What can be changed is changed, whatever else differs.
        let is_due = correct || situation.spec_changed;
        match found.update.as_ref().filter(|_| is_due) {
            Some(call) => Step::Update(call.clone(), found.differences.iter().filter(|difference| difference.mutable).cloned().collect()),
            None if found.fixed().next().is_some() => immutable(found, "the resource differs in fields that cannot be changed"),
            None if situation.drift == DriftPolicy::Ignore && !situation.spec_changed => Step::NoChange,
            None => Step::Report(found.differences.clone()),
        }
    }
}

/// A resource with our tag that no create of this object made, and that this object could never have.
fn is_left_over(situation: &Situation, found: &Found) -> bool {
    !found.recorded && situation.intent == IntentState::None && situation.lost.is_none() && found.fixed().next().is_some()
}

fn immutable(found: &Found, why: &str) -> Step {
    let fixed = found.differences.iter().filter(|difference| !difference.mutable);
    let is_ignorable = fixed.clone().all(|difference| difference.is_of_spec);
    let fields: Vec<String> = fixed.map(ToString::to_string).collect();
    let way_out = if !is_ignorable {
        "to keep the resource and only observe it, set spec.policy.management: ObserveOnly".to_owned()
    } else if found.recorded {
        let names: Vec<&str> = found.fixed().collect();
        format!(
            "to keep the resource, add {} to spec.policy.ignoreFields; to replace it, delete the object and create it again",
            names.join(", ")
        )
    } else {
        "delete the object, and create it with the values of the resource".to_owned()
    };
    Step::Stall(Reason::Immutable, format!("{why}: {}; {way_out}", fields.join(", ")))
}

impl Found {
    /// Fields that differ and that the cloud can't change.
    fn fixed(&self) -> impl Iterator<Item = &'static str> {
        self.differences.iter().filter(|difference| !difference.mutable).map(|difference| difference.path)
    }

    /// All that differs are tags, and they can be changed.
    fn only_tags_are_due(&self) -> bool {
        self.differences.iter().all(|difference| difference.path == "tags" && difference.mutable)
    }

    fn contested(&self, contested: &[&'static str]) -> Option<&'static str> {
        self.differences.iter().map(|difference| difference.path).find(|path| contested.contains(path))
    }
}

fn too_many_tags(TooManyTags { count, are_mutable }: TooManyTags) -> Step {
    let way_out = if are_mutable {
        "remove some"
    } else {
        "remove some of the account's default tags, or delete the object and create it with fewer tags, which can't be changed later"
    };
    Step::Stall(
        Reason::Invalid,
        format!("spec.tags: {count} tags, including the account's default tags and the owner tag; the cloud allows 10: {way_out}"),
    )
}

fn ambiguous(ids: &[String]) -> Step {
    Step::Stall(
        Reason::Conflict,
        format!("{} cloud resources match this object: {}; set spec.import.id to the ID of one of them", ids.len(), ids.join(", ")),
    )
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
