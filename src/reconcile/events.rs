//! Events of objects: each action and each error is published once.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::Resource;
use kube::runtime::events::EventType;

use crate::api::{ConditionType, Managed, Reason, Status, find_condition};
use crate::cluster::events;
use crate::telemetry::metrics::Drift;

use super::decide::Step;
use super::kind::{Difference, Kind};
use super::reconciler::Reconciler;
use super::report::{self, AttemptOutcome, StatusInput, format_differences};

/// An event, and the drift that it reports, which is counted in a metric.
struct NewEvent {
    type_: EventType,
    reason: String,
    /// What was done.
    action: &'static str,
    note: String,
    drift: Option<Drift>,
}

impl<K: Kind> Reconciler<K> {
    /// Publishes the events of `outcome`. `is_drift`: the differences come from a change in the cloud, not from a change of the spec.
    pub(super) async fn publish(
        &self,
        object: &K::Object,
        last: &Status<<K::Object as Managed>::Observed>,
        outcome: &AttemptOutcome,
        input: &StatusInput<<K::Object as Managed>::Observed>,
        is_drift: bool,
    ) {
        let done = done(outcome, input, last, is_drift).filter(|_| !goes_on(outcome, last, object.meta().generation));
        let events: Vec<NewEvent> = done.into_iter().chain(drifted(input, last, is_drift)).chain(duplicated(input, last)).collect();
        for NewEvent { type_, reason, action, note, drift } in events {
            if let Some(drift) = drift {
                self.metrics.drift(K::NAME, drift);
            }
            self.publish_event(object, type_, &reason, action, note).await;
        }
    }

    pub(super) async fn publish_event(&self, object: &K::Object, type_: EventType, reason: &str, action: &'static str, note: String) {
        events::publish(self.client.clone(), &object.object_ref(&()), type_, reason, action, note).await;
    }
}

fn done<O>(outcome: &AttemptOutcome, input: &StatusInput<O>, last: &Status<O>, is_drift: bool) -> Option<NewEvent> {
    let id = input.id.as_deref().unwrap_or_default();
    let replaced = |new: &str| match last.id.as_deref().filter(|old| *old != new) {
        Some(old) => format!("; it replaces {old}, which no longer exists in the cloud"),
        None => String::new(),
    };
    let of = |type_, reason: &str, action, note| Some(NewEvent { type_, reason: reason.to_owned(), action, note, drift: None });
    let normal = |reason: &str, action, note| of(EventType::Normal, reason, action, note);
    let counted = |event: Option<NewEvent>, drift| event.map(|event| NewEvent { drift, ..event });
    match outcome {
        AttemptOutcome::Done(Step::Create(_)) => {
            // An object with an ID is created again only if its resource no longer exists.
            let drift = last.id.is_some().then_some(Drift::Recreated);
            counted(normal("Created", "Create", format!("created {id}{}", replaced(id))), drift)
        }
        AttemptOutcome::Done(Step::Adopt(id)) => normal("Adopted", "Adopt", format!("adopted {id}{}", replaced(id))),
        AttemptOutcome::Done(Step::Update(_, differences)) if is_drift => counted(
            normal("DriftCorrected", "Update", format!("corrected drift of {id}: {}", format_differences(differences))),
            Some(Drift::Corrected),
        ),
        AttemptOutcome::Done(Step::Update(_, differences)) => {
            normal("Updated", "Update", format!("updated {id}: {}", format_differences(differences)))
        }
        AttemptOutcome::Done(Step::Delete(_)) => normal("Deleting", "Delete", format!("deleting {id}")),
        AttemptOutcome::Done(Step::Replace(_, why)) => {
            of(EventType::Warning, "Replacing", "Delete", format!("deleting {id} to create it again: {why}"))
        }
        AttemptOutcome::Done(Step::Stall(reason, message)) if report::ready_reason(last) != Some(reason.as_str()) => {
            of(EventType::Warning, reason.as_str(), "Reconcile", message.clone())
        }
        AttemptOutcome::Failed(error)
            if last.last_error.as_ref().map(|last| (&last.code, &last.message)) != Some((&error.code, &error.message)) =>
        {
            of(EventType::Warning, "CloudError", "Reconcile", error.to_string())
        }
        _ => None,
    }
}

/// The event of the first update call lists all changes; the further calls have none.
fn goes_on<O>(outcome: &AttemptOutcome, last: &Status<O>, generation: Option<i64>) -> bool {
    let under_way = |synced: &Condition| synced.reason == Reason::Updating.as_str() && synced.observed_generation == generation;
    matches!(outcome, AttemptOutcome::Done(Step::Update(..)))
        && find_condition(&last.conditions, ConditionType::Synced).is_some_and(under_way)
}

/// Drift is reported when it is first observed, whether it is corrected or not.
fn drifted<O>(input: &StatusInput<O>, last: &Status<O>, is_drift: bool) -> Option<NewEvent> {
    let new: Vec<Difference> =
        input.drift.iter().filter(|now| !last.drift.iter().any(|last| last.path == format!("spec.{}", now.path))).cloned().collect();
    (is_drift && !new.is_empty()).then(|| {
        let note = format!("the cloud resource was changed: {}", format_differences(&new));
        let (type_, reason) = (EventType::Warning, "DriftDetected".to_owned());
        NewEvent { type_, reason, action: "Compare", note, drift: Some(Drift::Detected) }
    })
}

/// Other resources with our tag are reported when one of them is first seen.
fn duplicated<O>(input: &StatusInput<O>, last: &Status<O>) -> Option<NewEvent> {
    let note = report::duplicated(input.duplicates.as_deref().filter(|ids| !ids.is_empty())?);
    let is_known = find_condition(&last.conditions, ConditionType::Duplicated).is_some_and(|known| known.message == note);
    let (type_, reason) = (EventType::Warning, "Duplicated".to_owned());
    (!is_known).then_some(NewEvent { type_, reason, action: "Compare", note, drift: None })
}
