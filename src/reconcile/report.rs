//! What a pass tells: the object's next status, from its last one and the outcome. Pure but for the time, which is given.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use crate::api::{
    ConditionStatus, ConditionType, Drift, Intent, LastError, NewCondition, Reason, Recovery, Status, WaitingFor, find_condition,
    remove_condition, set_condition,
};
use crate::cloud::{CloudError, ErrorClass};
use crate::cluster::status;
use crate::cluster::status::join_names;

use super::decide::{Step, Wait};
use super::kind::{Difference, Health, ResourcePhase};

/// What became of a pass.
#[derive(Clone, Debug, PartialEq)]
pub enum AttemptOutcome {
    /// The step was taken, or nothing was to be done.
    Done(Step),
    /// The cloud said no, or nothing.
    Failed(CloudError),
    /// The account is not ready, for this reason.
    Account(Reason, String, Option<CloudError>),
    /// Somebody paused the object.
    Paused,
}

/// The parts of the next status that the conditions do not follow from.
#[derive(Clone, Debug, PartialEq)]
pub struct StatusInput<O> {
    /// Id to keep; `None` when the resource is not there.
    pub id: Option<String>,
    /// Intent to keep.
    pub intent: Option<Intent>,
    /// What the cloud shows.
    pub seen: ResourceState<O>,
    /// Where that differs from the spec.
    pub drift: Vec<Difference>,
    /// The spec is only observed.
    pub observe_only: bool,
}

/// What a pass saw of the cloud.
#[derive(Clone, Debug, PartialEq)]
pub enum ResourceState<O> {
    /// It did not look: what was told before stays.
    NotObserved,
    /// Nothing is there.
    Absent,
    /// This.
    Present(ObservedResource<O>),
}

impl<O> ResourceState<O> {
    const fn seen(&self) -> Option<&ObservedResource<O>> {
        match self {
            Self::Present(seen) => Some(seen),
            Self::NotObserved | Self::Absent => None,
        }
    }
}

/// What the cloud shows.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedResource<O> {
    /// For the status.
    pub observed: O,
    /// Where in its life.
    pub phase: ResourcePhase,
    /// Whether the line works.
    pub health: Health,
    /// Nothing differs from the spec.
    pub matches: bool,
}

/// How far the object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReconcileStatus {
    Ready,
    Reconciling,
    Stalled,
}

struct ConditionValues {
    progress: ReconcileStatus,
    reason: Reason,
    message: String,
    synced: Option<bool>,
}

/// The next status.
#[must_use]
pub fn report<O: Clone>(
    last: &Status<O>,
    outcome: &AttemptOutcome,
    facts: &StatusInput<O>,
    generation: Option<i64>,
    now: &Time,
) -> Status<O> {
    if let AttemptOutcome::Paused = outcome {
        return paused(last, generation, now);
    }
    let values = values(outcome, facts);
    let mut next = last.clone();
    next.id.clone_from(&facts.id);
    next.intent.clone_from(&facts.intent);
    next.observed_generation = generation;
    match &facts.seen {
        ResourceState::NotObserved => {}
        ResourceState::Absent => next.observed = None,
        ResourceState::Present(seen) => next.observed = Some(seen.observed.clone()),
    }
    next.drift = facts.drift.iter().map(drift).collect();
    next.waiting_for = waiting_for(outcome);
    next.last_error = last_error(last.last_error.as_ref(), outcome, &values, now);
    next.last_sync_time = Some(now.clone());
    let set = |conditions: &mut Vec<Condition>, type_, status, reason, message: &str| {
        let new = NewCondition { type_, status, reason, message: message.to_owned(), observed_generation: generation };
        set_condition(conditions, new, now.clone());
    };
    let conditions = &mut next.conditions;
    let ready = ConditionStatus::from(values.progress == ReconcileStatus::Ready);
    set(conditions, ConditionType::Ready, ready, values.reason, &values.message);
    match values.synced {
        Some(synced) => set(conditions, ConditionType::Synced, synced.into(), values.reason, &values.message),
        None if find_condition(conditions, ConditionType::Synced).is_some() => {}
        None => set(conditions, ConditionType::Synced, ConditionStatus::Unknown, values.reason, "not compared yet"),
    }
    let (status, reason, message) = health(facts.seen.seen(), values.reason);
    set(conditions, ConditionType::Healthy, status, reason, &message);
    for (type_, present) in [
        (ConditionType::Reconciling, values.progress == ReconcileStatus::Reconciling),
        (ConditionType::Stalled, values.progress == ReconcileStatus::Stalled),
    ] {
        if present {
            set(conditions, type_, ConditionStatus::True, values.reason, &values.message);
        } else {
            remove_condition(conditions, type_);
        }
    }
    next
}

/// Whether two statuses tell the same: the time of the last look is not worth a write.
#[must_use]
pub fn same<O: Clone + PartialEq>(a: &Status<O>, b: &Status<O>) -> bool {
    Status { last_sync_time: None, ..a.clone() } == Status { last_sync_time: None, ..b.clone() }
}

/// Whether the spec changed since it was last held against the cloud with a result.
#[must_use]
pub fn spec_changed<O>(status: &Status<O>, generation: Option<i64>) -> bool {
    !find_condition(&status.conditions, ConditionType::Synced).is_some_and(|synced| {
        let told = [Reason::Drifted, Reason::NotFound, Reason::Paused].map(Reason::as_str).contains(&synced.reason.as_str());
        synced.observed_generation == generation && (synced.status == "True" || told)
    })
}

/// Reason of the condition `Ready`.
#[must_use]
pub fn ready_reason<O>(status: &Status<O>) -> Option<&str> {
    find_condition(&status.conditions, ConditionType::Ready).map(|ready| ready.reason.as_str())
}

/// Nothing else of a paused object is touched. A spec that was still to be carried out stays so: then the condition speaks of no generation.
fn paused<O: Clone>(last: &Status<O>, generation: Option<i64>, now: &Time) -> Status<O> {
    let mut next = last.clone();
    let new = NewCondition {
        type_: ConditionType::Synced,
        status: ConditionStatus::False,
        reason: Reason::Paused,
        message: "paused by annotation: nothing is read or written".to_owned(),
        observed_generation: generation.filter(|_| !spec_changed(last, generation)),
    };
    set_condition(&mut next.conditions, new, now.clone());
    next
}

fn values<O>(outcome: &AttemptOutcome, facts: &StatusInput<O>) -> ConditionValues {
    let reconciling = |reason, message: String| ConditionValues { progress: ReconcileStatus::Reconciling, reason, message, synced: None };
    let stalled = |reason, message: String| ConditionValues { progress: ReconcileStatus::Stalled, reason, message, synced: None };
    match outcome {
        AttemptOutcome::Done(step) => match step {
            Step::NoChange => settled(facts.observe_only),
            Step::Report(differences) => {
                ConditionValues { synced: Some(false), ..stalled(Reason::Drifted, format_differences(differences)) }
            }
            Step::RecordIntent => reconciling(Reason::Creating, "about to be created".to_owned()),
            Step::Create(_) | Step::Adopt(_) => match facts.seen.seen() {
                Some(seen) if seen.phase == ResourcePhase::Settled && seen.matches => settled(facts.observe_only),
                _ => reconciling(Reason::Creating, "the cloud sets it up".to_owned()),
            },
            Step::Update(_, differences) => ConditionValues {
                synced: Some(false),
                ..reconciling(Reason::Updating, format!("changing {}", format_differences(differences)))
            },
            Step::Replace(_, why) => ConditionValues { synced: Some(false), ..reconciling(Reason::Deleting, why.clone()) },
            Step::Delete(_) | Step::RemoveFinalizer => reconciling(Reason::Deleting, "the cloud deletes it".to_owned()),
            Step::Wait(wait) => match wait {
                Wait::Cloud(reason) => reconciling(*reason, settling(*reason)),
                Wait::List => reconciling(Reason::Settling, "looking at the cloud".to_owned()),
                Wait::UnconfirmedCreate => {
                    reconciling(Reason::Creating, "an earlier create may still arrive; nothing is sent until that is certain".to_owned())
                }
                Wait::Dependants(who) => reconciling(Reason::WaitingForDependants, format!("still needed by {}", format_names(who))),
                Wait::Parent => reconciling(
                    Reason::InUse,
                    "the cloud deletes the last peer only together with its interface, which goes first".to_owned(),
                ),
                Wait::References(whom) => {
                    reconciling(Reason::WaitingForReference, format!("not there or not ready: {}", format_names(whom)))
                }
                Wait::Secret => {
                    reconciling(Reason::WaitingForReference, "the Secret of spec.bgpMd5SecretRef or its key is missing".to_owned())
                }
            },
            Step::Stall(reason, message) => {
                let compared = matches!(reason, Reason::Immutable | Reason::Drifted | Reason::NotFound);
                let synced = compared.then_some(false);
                ConditionValues { synced, ..stalled(*reason, message.clone()) }
            }
        },
        AttemptOutcome::Failed(error) => failed(error),
        AttemptOutcome::Account(reason, message, _) => match reason.recovery() {
            Recovery::Manual | Recovery::Either => stalled(*reason, message.clone()),
            Recovery::Automatic | Recovery::NotNeeded => reconciling(*reason, message.clone()),
        },
        AttemptOutcome::Paused => stalled(Reason::Paused, String::new()),
    }
}

fn settled(observe_only: bool) -> ConditionValues {
    let reason = if observe_only { Reason::Observed } else { Reason::Available };
    ConditionValues { progress: ReconcileStatus::Ready, reason, message: "matches the spec".to_owned(), synced: Some(true) }
}

fn failed(error: &CloudError) -> ConditionValues {
    let (progress, reason) = status_after(error.class);
    ConditionValues { progress, reason, message: error.to_string(), synced: None }
}

/// How an object stands after an error of `class`, and the reason that is told.
pub(crate) const fn status_after(class: ErrorClass) -> (ReconcileStatus, Reason) {
    match class {
        ErrorClass::Invalid => (ReconcileStatus::Stalled, Reason::Invalid),
        ErrorClass::Conflict => (ReconcileStatus::Stalled, Reason::Conflict),
        ErrorClass::Quota => (ReconcileStatus::Stalled, Reason::QuotaExceeded),
        ErrorClass::Permission => (ReconcileStatus::Stalled, Reason::Forbidden),
        ErrorClass::Auth => (ReconcileStatus::Stalled, Reason::CredentialsRejected),
        ErrorClass::Unsupported => (ReconcileStatus::Stalled, Reason::Unsupported),
        ErrorClass::Absent => (ReconcileStatus::Reconciling, Reason::NotFound),
        ErrorClass::InUse => (ReconcileStatus::Reconciling, Reason::InUse),
        ErrorClass::Busy => (ReconcileStatus::Reconciling, Reason::Settling),
        ErrorClass::Throttled => (ReconcileStatus::Reconciling, Reason::Throttled),
        ErrorClass::Server => (ReconcileStatus::Reconciling, Reason::CloudUnavailable),
    }
}

fn settling(reason: Reason) -> String {
    match reason {
        Reason::AwaitingAcceptance => "the other tenant has not accepted it yet",
        Reason::Creating => "the cloud sets it up",
        Reason::Updating => "the cloud applies a change",
        Reason::Deleting => "the cloud deletes it",
        _ => "the cloud has not settled it yet",
    }
    .to_owned()
}

fn health<O>(seen: Option<&ObservedResource<O>>, otherwise: Reason) -> (ConditionStatus, Reason, String) {
    match seen.map(|seen| (&seen.phase, &seen.health)) {
        None | Some((ResourcePhase::Settling(_) | ResourcePhase::Deleting | ResourcePhase::Gone, _)) => {
            (ConditionStatus::Unknown, otherwise, "not known until the cloud has settled it".to_owned())
        }
        Some((ResourcePhase::Failed(reason, text), _)) => (ConditionStatus::False, *reason, text.clone()),
        Some((ResourcePhase::Settled, Health::Up)) => (ConditionStatus::True, Reason::Up, "the cloud's status is ACTIVE".to_owned()),
        Some((ResourcePhase::Settled, Health::Down(text))) => (ConditionStatus::False, Reason::Down, text.clone()),
        Some((ResourcePhase::Settled, Health::AdminShutdown)) => {
            (ConditionStatus::False, Reason::AdminShutdown, "shut on purpose; it is not opened again by the operator".to_owned())
        }
    }
}

/// Which fields differ, and how.
pub(super) fn format_differences(differences: &[Difference]) -> String {
    let formatted: Vec<String> =
        differences.iter().map(|difference| format!("{} ({} → {})", difference.path, difference.observed, difference.desired)).collect();
    formatted.join(", ")
}

fn format_names(objects: &[WaitingFor]) -> String {
    join_names(objects.iter().map(|object| format!("{} {}", object.kind, object.name)))
}

fn drift(difference: &Difference) -> Drift {
    let Difference { path, mutable: _, desired, observed } = difference;
    Drift { path: format!("spec.{path}"), desired: desired.clone(), observed: observed.clone() }
}

fn waiting_for(outcome: &AttemptOutcome) -> Vec<WaitingFor> {
    match outcome {
        AttemptOutcome::Done(Step::Wait(Wait::Dependants(objects) | Wait::References(objects))) => objects.clone(),
        _ => Vec::new(),
    }
}

/// It goes when the object is ready.
fn last_error(last: Option<&LastError>, outcome: &AttemptOutcome, values: &ConditionValues, now: &Time) -> Option<LastError> {
    match outcome {
        AttemptOutcome::Failed(error) | AttemptOutcome::Account(_, _, Some(error)) => Some(status::last_error(last, error, now)),
        _ => last.filter(|_| values.progress != ReconcileStatus::Ready).cloned(),
    }
}
