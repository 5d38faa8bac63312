//! The next status of an object, computed from its last status and the outcome of an attempt. Pure: the time is an argument.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use crate::api::{
    ConditionStatus, ConditionType, Drift, Intent, LastError, LastWrite, NewCondition, Reason, Recovery, Status, WaitingFor, WriteAction,
    find_condition, remove_condition, set_condition,
};
use crate::cloud::{CloudError, ErrorClass};
use crate::cluster::status;
use crate::cluster::status::join_names;
use crate::graph::owner::OWNER_TAG;

use super::decide::{Step, Wait};
use super::kind::{Difference, Health, ResourcePhase};

/// Most items of `status.createdIds`.
const CREATED_IDS: usize = 5;

/// The outcome of an attempt.
#[derive(Clone, Debug, PartialEq)]
pub enum AttemptOutcome {
    /// The step was carried out, or there was nothing to do.
    Done(Step),
    /// The cloud returned an error or did not respond.
    Failed(CloudError),
    /// The account is not ready.
    Account(Reason, String, Option<CloudError>),
    /// The object is paused.
    Paused,
    /// The object is being deleted, nothing of it is left to do, and finalizers of others keep it. The text says what became of the resource.
    Released(String),
}

/// The input of the next status besides the outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct StatusInput<O> {
    /// ID of the cloud resource; `None` if it does not exist.
    pub id: Option<String>,
    /// Intent of a create whose outcome is not confirmed.
    pub intent: Option<Intent>,
    /// The state of the cloud resource.
    pub resource: ResourceState<O>,
    /// Fields in which it differs from the spec.
    pub drift: Vec<Difference>,
    /// Fields in which it differs, and which the policy ignores.
    pub ignored: Vec<Difference>,
    /// IDs of other resources with our owner tag; `None` if the cloud was not read.
    pub duplicates: Option<Vec<String>>,
    /// The management policy is `ObserveOnly`.
    pub observe_only: bool,
    /// Objects that it refers to and that are not there, or not granted any more.
    pub missing: Vec<WaitingFor>,
}

/// The state of the cloud resource, as observed by an attempt.
#[derive(Clone, Debug, PartialEq)]
pub enum ResourceState<O> {
    /// The attempt did not observe it: the last reported state is kept.
    NotObserved,
    /// It does not exist.
    Absent,
    /// It exists.
    Present(ObservedResource<O>),
}

impl<O> ResourceState<O> {
    const fn present(&self) -> Option<&ObservedResource<O>> {
        match self {
            Self::Present(seen) => Some(seen),
            Self::NotObserved | Self::Absent => None,
        }
    }
}

/// A cloud resource that exists.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedResource<O> {
    /// Value of `status.observed`.
    pub observed: O,
    /// Lifecycle phase.
    pub phase: ResourcePhase,
    /// Health.
    pub health: Health,
    /// No field differs from the spec.
    pub matches: bool,
}

/// The kstatus state of the object: exactly one of `Ready`, `Reconciling` and `Stalled` is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReconcileStatus {
    Ready,
    Reconciling,
    Stalled,
}

struct ConditionValues {
    state: ReconcileStatus,
    reason: Reason,
    message: String,
    synced: Option<bool>,
}

/// The next status.
#[must_use]
pub fn report<O: Clone>(
    last: &Status<O>,
    outcome: &AttemptOutcome,
    input: &StatusInput<O>,
    generation: Option<i64>,
    now: &Time,
) -> Status<O> {
    if let AttemptOutcome::Paused = outcome {
        return paused(last, generation, now);
    }
    let values = match outcome {
        AttemptOutcome::Done(Step::Wait(Wait::Visible(_) | Wait::VisibleChange)) if is_ready(last, generation) => {
            let message = format!("{MATCHES}, as the cloud answered; waiting until its reads show it");
            ConditionValues { message, ..settled(input) }
        }
        // What the create ended with is known, only not whether it had an effect.
        AttemptOutcome::Done(Step::Wait(Wait::UnconfirmedCreate)) => {
            let values = values(outcome, input);
            let ended = last.last_error.as_ref().map(|error| format!("; it ended with {}: {}", error.code, error.message));
            ConditionValues { message: values.message + &ended.unwrap_or_default(), ..values }
        }
        _ => values(outcome, input),
    };
    let mut next = last.clone();
    next.id.clone_from(&input.id);
    next.intent.clone_from(&input.intent);
    next.observed_generation = generation;
    match &input.resource {
        ResourceState::NotObserved => {}
        ResourceState::Absent => next.observed = None,
        ResourceState::Present(seen) => next.observed = Some(seen.observed.clone()),
    }
    next.drift = input.drift.iter().map(drift).collect();
    if let AttemptOutcome::Done(step) = outcome {
        next.last_write = answered_write(step).map(|action| LastWrite { action, time: now.clone() }).or(next.last_write);
    }
    if let (AttemptOutcome::Done(Step::Create(_)), Some(id), ResourceState::Present(_)) = (outcome, &input.id, &input.resource) {
        next.created_ids.retain(|created| created != id);
        next.created_ids.push(id.clone());
        let surplus = next.created_ids.len().saturating_sub(CREATED_IDS);
        next.created_ids.drain(..surplus);
    }
    next.waiting_for = waiting_for(outcome);
    next.last_error = last_error(last.last_error.as_ref(), outcome, &values, now);
    next.last_sync_time = Some(now.clone());
    let set = |conditions: &mut Vec<Condition>, type_, status, reason, message: &str| {
        let new = NewCondition { type_, status, reason, message: message.to_owned(), observed_generation: generation };
        set_condition(conditions, new, now.clone());
    };
    let conditions = &mut next.conditions;
    let ready = ConditionStatus::from(values.state == ReconcileStatus::Ready);
    set(conditions, ConditionType::Ready, ready, values.reason, &values.message);
    match values.synced {
        Some(synced) => set(conditions, ConditionType::Synced, synced.into(), values.reason, &values.message),
        None if find_condition(conditions, ConditionType::Synced).is_some() => {}
        None => set(conditions, ConditionType::Synced, ConditionStatus::Unknown, values.reason, "not compared yet"),
    }
    let (status, reason, message) = health(input.resource.present(), values.reason);
    set(conditions, ConditionType::Healthy, status, reason, &message);
    match input.duplicates.as_deref() {
        None => {}
        Some([]) => remove_condition(conditions, ConditionType::Duplicated),
        Some(ids) => set(conditions, ConditionType::Duplicated, ConditionStatus::True, Reason::Conflict, &duplicated(ids)),
    }
    for (type_, present) in [
        (ConditionType::Reconciling, values.state == ReconcileStatus::Reconciling),
        (ConditionType::Stalled, values.state == ReconcileStatus::Stalled),
    ] {
        if present {
            set(conditions, type_, ConditionStatus::True, values.reason, &values.message);
        } else {
            remove_condition(conditions, type_);
        }
    }
    next
}

/// The write that a step that was carried out has made.
const fn answered_write(step: &Step) -> Option<WriteAction> {
    match step {
        Step::Create(_) => Some(WriteAction::Create),
        Step::Update(..) => Some(WriteAction::Update),
        Step::Delete(_) | Step::Replace(..) => Some(WriteAction::Delete),
        _ => None,
    }
}

fn is_ready<O>(last: &Status<O>, generation: Option<i64>) -> bool {
    find_condition(&last.conditions, ConditionType::Ready)
        .is_some_and(|ready| ready.status == "True" && ready.observed_generation == generation)
}

/// What is said of other resources with our owner tag.
pub(super) fn duplicated(ids: &[String]) -> String {
    format!(
        "other cloud resources have the owner tag of this object: {}; remove the tag {OWNER_TAG} from them, or delete them",
        ids.join(", ")
    )
}

/// Whether two statuses are the same apart from `lastSyncTime`, which alone is not worth a write.
#[must_use]
pub fn same<O: Clone + PartialEq>(a: &Status<O>, b: &Status<O>) -> bool {
    Status { last_sync_time: None, ..a.clone() } == Status { last_sync_time: None, ..b.clone() }
}

/// Whether the spec changed since it was last compared with the cloud.
#[must_use]
pub fn spec_changed<O>(status: &Status<O>, generation: Option<i64>) -> bool {
    !find_condition(&status.conditions, ConditionType::Synced).is_some_and(|synced| {
        let compared =
            [Reason::Drifted, Reason::NotFound, Reason::Paused, Reason::Immutable].map(Reason::as_str).contains(&synced.reason.as_str());
        synced.observed_generation == generation && (synced.status == "True" || compared)
    })
}

/// Reason of the condition `Ready`.
#[must_use]
pub fn ready_reason<O>(status: &Status<O>) -> Option<&str> {
    find_condition(&status.conditions, ConditionType::Ready).map(|ready| ready.reason.as_str())
}

/// A paused object changes only in `Synced`. If a change of the spec was not applied yet, the condition has no generation, so that it still is
/// applied later.
fn paused<O: Clone>(last: &Status<O>, generation: Option<i64>, now: &Time) -> Status<O> {
    let mut next = last.clone();
    let new = NewCondition {
        type_: ConditionType::Synced,
        status: ConditionStatus::False,
        reason: Reason::Paused,
        message: "paused by the annotation: the operator does not read or change the cloud resource".to_owned(),
        observed_generation: generation.filter(|_| !spec_changed(last, generation)),
    };
    set_condition(&mut next.conditions, new, now.clone());
    next
}

/// What the condition `Ready` says of a step.
pub(super) fn told(step: &Step) -> (Reason, String) {
    let input = StatusInput::<()> {
        id: None,
        intent: None,
        resource: ResourceState::NotObserved,
        drift: Vec::new(),
        ignored: Vec::new(),
        duplicates: None,
        observe_only: false,
        missing: Vec::new(),
    };
    let told = values(&AttemptOutcome::Done(step.clone()), &input);
    (told.reason, told.message)
}

fn values<O>(outcome: &AttemptOutcome, input: &StatusInput<O>) -> ConditionValues {
    let reconciling = |reason, message: String| ConditionValues { state: ReconcileStatus::Reconciling, reason, message, synced: None };
    let stalled = |reason, message: String| ConditionValues { state: ReconcileStatus::Stalled, reason, message, synced: None };
    match outcome {
        AttemptOutcome::Done(step) => match step {
            Step::NoChange => settled(input),
            Step::Report(differences) => {
                ConditionValues { synced: Some(false), ..stalled(Reason::Drifted, format_differences(differences)) }
            }
            Step::RecordIntent => reconciling(Reason::Creating, "the cloud resource will be created".to_owned()),
            Step::Create(_) | Step::Adopt(_) => match input.resource.present() {
                Some(seen) if seen.phase == ResourcePhase::Settled && seen.matches => settled(input),
                _ => reconciling(Reason::Creating, "the cloud is creating the resource".to_owned()),
            },
            Step::Update(_, differences) => ConditionValues {
                synced: Some(false),
                ..reconciling(Reason::Updating, format!("updating {}", format_differences(differences)))
            },
            Step::Replace(_, why) => ConditionValues { synced: Some(false), ..reconciling(Reason::Deleting, why.clone()) },
            Step::Delete(_) | Step::RemoveFinalizer => reconciling(Reason::Deleting, "the cloud is deleting the resource".to_owned()),
            Step::Wait(wait) => match wait {
                Wait::Cloud(reason) => reconciling(*reason, settling(*reason)),
                Wait::List => reconciling(Reason::Settling, "reading the state of the cloud".to_owned()),
                Wait::UnconfirmedCreate => reconciling(
                    Reason::Creating,
                    "the outcome of an earlier create call is not known yet; no other call is made until it is".to_owned(),
                ),
                Wait::Visible(id) => {
                    reconciling(Reason::Settling, format!("the cloud accepted the last change of {id}; waiting until its reads show {id}"))
                }
                Wait::VisibleChange => {
                    reconciling(Reason::Updating, "the cloud accepted the change; waiting until its reads show it".to_owned())
                }
                Wait::Dependants(who) => reconciling(Reason::WaitingForDependants, format!("still referenced by {}", format_names(who))),
                Wait::Parent => reconciling(
                    Reason::InUse,
                    "the cloud deletes the last peer only together with its virtual interface; delete the virtual interface".to_owned(),
                ),
                Wait::References(whom) => reconciling(
                    Reason::WaitingForReference,
                    format!("waiting for referenced objects that do not exist, are not ready or are not granted: {}", format_names(whom)),
                ),
                Wait::Secret(secret) => reconciling(Reason::WaitingForReference, format!("spec.bgpMd5SecretRef: {}", secret.problem)),
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
        AttemptOutcome::Released(became) => reconciling(Reason::Released, format!("{became}; finalizers of others keep the object")),
    }
}

const MATCHES: &str = "matches the spec";

fn settled<O>(input: &StatusInput<O>) -> ConditionValues {
    let reason = if input.observe_only { Reason::Observed } else { Reason::Available };
    let ignored: Vec<String> = input.ignored.iter().map(ToString::to_string).collect();
    let but = (!ignored.is_empty()).then(|| format!(", except for what the policy ignores: {}", ignored.join(", ")));
    let missing = (!input.missing.is_empty())
        .then(|| format!("; it refers to objects that do not exist, or that this namespace may not use: {}", format_names(&input.missing)));
    let message = [Some(MATCHES.to_owned()), but, missing].into_iter().flatten().collect();
    ConditionValues { state: ReconcileStatus::Ready, reason, message, synced: Some(true) }
}

fn failed(error: &CloudError) -> ConditionValues {
    let (state, reason) = status_after(error.class);
    ConditionValues { state, reason, message: error.to_string(), synced: None }
}

/// The state and reason of an object after an error of `class`.
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
        Reason::AwaitingAcceptance => "the other account has not accepted the virtual interface yet",
        Reason::Delivering => "the connection is ordered and not delivered yet",
        Reason::AdminShutdown => "the virtual interface is shut down for a switchover test, in which the cloud takes no other operation",
        Reason::Creating => "the cloud is creating the resource",
        Reason::Updating => "the cloud is updating the resource",
        Reason::Deleting => "the cloud is deleting the resource",
        _ => "the cloud is still processing the resource",
    }
    .to_owned()
}

fn health<O>(resource: Option<&ObservedResource<O>>, otherwise: Reason) -> (ConditionStatus, Reason, String) {
    match resource.map(|resource| (&resource.phase, &resource.health)) {
        None | Some((ResourcePhase::Settling(_) | ResourcePhase::Deleting | ResourcePhase::Gone, _)) => {
            (ConditionStatus::Unknown, otherwise, "not known until the cloud has finished processing the resource".to_owned())
        }
        Some((ResourcePhase::Failed(reason, text), _)) => (ConditionStatus::False, *reason, text.clone()),
        Some((ResourcePhase::Settled, Health::Up)) => (ConditionStatus::True, Reason::Up, "the status in the cloud is ACTIVE".to_owned()),
        Some((ResourcePhase::Settled, Health::Down(text))) => (ConditionStatus::False, Reason::Down, text.clone()),
        Some((ResourcePhase::Settled, Health::AdminShutdown)) => (
            ConditionStatus::False,
            Reason::AdminShutdown,
            "shut down in the cloud for a switchover test; the operator does not enable it".to_owned(),
        ),
    }
}

/// The fields that differ, with both values.
pub(super) fn format_differences(differences: &[Difference]) -> String {
    let formatted: Vec<String> =
        differences.iter().map(|difference| format!("{} ({} → {})", difference.path, difference.observed, difference.desired)).collect();
    formatted.join(", ")
}

fn format_names(objects: &[WaitingFor]) -> String {
    join_names(objects.iter().map(|object| format!("{} {}", object.kind, object.name)))
}

fn drift(difference: &Difference) -> Drift {
    let Difference { path, mutable: _, is_shown: _, is_of_spec, desired, observed } = difference;
    let path = if *is_of_spec { format!("spec.{path}") } else { (*path).to_owned() };
    Drift { path, desired: desired.clone(), observed: observed.clone() }
}

fn waiting_for(outcome: &AttemptOutcome) -> Vec<WaitingFor> {
    match outcome {
        AttemptOutcome::Done(Step::Wait(Wait::Dependants(objects) | Wait::References(objects))) => objects.clone(),
        AttemptOutcome::Done(Step::Wait(Wait::Secret(unusable))) => vec![unusable.secret.clone()],
        _ => Vec::new(),
    }
}

/// It is removed when the object is ready.
fn last_error(last: Option<&LastError>, outcome: &AttemptOutcome, values: &ConditionValues, now: &Time) -> Option<LastError> {
    match outcome {
        AttemptOutcome::Failed(error) | AttemptOutcome::Account(_, _, Some(error)) => Some(status::last_error(last, error, now)),
        _ => last.filter(|_| values.state != ReconcileStatus::Ready).cloned(),
    }
}
