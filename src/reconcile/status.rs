//! Writing the status of an object, and what of it is not for everybody, or not yet.

use kube::ResourceExt;
use std::time::Duration;

use crate::api::{ConditionType, Managed, RECONCILE_AT_ANNOTATION, remove_condition};
use crate::cloud::{CloudError, ErrorClass};
use crate::cluster::age;
use crate::cluster::status::now;

use super::context::{Context, ObservedOf};
use super::kind::Kind;
use super::reconciler::Failure;
use super::report::{AttemptOutcome, ResourceState, StatusInput, report, same};

/// For how long an object's first wait for something that is missing is not reported.
pub(super) const FIRST_WAIT: Duration = Duration::from_secs(2);
/// For how long an object's first wait for an object that is there and not ready yet is not reported.
pub(super) const FIRST_WAIT_FOR_READY: Duration = Duration::from_secs(10);

impl<K: Kind> Context<'_, K> {
    /// Reports an outcome without having read the cloud: what is known of the resource stays.
    pub async fn report(&mut self, outcome: &AttemptOutcome) -> Result<(), Failure> {
        let (id, intent) = (self.status.id.clone(), self.status.intent.clone());
        let facts = StatusInput {
            id,
            intent,
            resource: ResourceState::NotObserved,
            drift: vec![],
            ignored: vec![],
            duplicates: None,
            observe_only: false,
            missing: Vec::new(),
        };
        self.update_status(outcome, &facts, false, false).await
    }

    /// Writes the next status if it says more than that time has passed, and publishes the events of `outcome`. `observed`: the cloud was looked
    /// at. `is_drift`: the differences come from a change in the cloud, not from a change of the spec.
    pub async fn update_status(
        &mut self,
        outcome: &AttemptOutcome,
        facts: &StatusInput<ObservedOf<K>>,
        observed: bool,
        is_drift: bool,
    ) -> Result<(), Failure> {
        let mut next = report(&self.status, outcome, facts, self.generation, &now());
        if observed {
            next.last_handled_reconcile_at = self.object.annotations().get(RECONCILE_AT_ANNOTATION).cloned();
        }
        if !K::HAS_HEALTH {
            remove_condition(&mut next.conditions, ConditionType::Healthy);
        }
        next.account = next.may_be_in_cloud().then(|| self.account_name.to_owned());
        self.count_readiness(&next);
        let cloud_has_answered = match outcome {
            AttemptOutcome::Done(step) => step.is_cloud_write(),
            AttemptOutcome::Failed(_) => observed,
            AttemptOutcome::Account(..) | AttemptOutcome::Paused | AttemptOutcome::Released(_) => false,
        };
        let written = if same(&self.status, &next) { Ok(true) } else { self.write_status(&next, !cloud_has_answered).await };
        // An outcome that the status does not keep is observed and published again.
        if cloud_has_answered || matches!(written, Ok(true)) {
            self.reconciler.publish(self.object, &self.status, outcome, facts, is_drift).await;
        }
        written.map(drop)
    }

    /// Writes the status. One that follows from an observation alone (`fenced`) is refused when the object has changed since: a replica that was
    /// overtaken does not overwrite its successor's status, and no create follows an intent that competes with another one. What the cloud has
    /// answered is written in any case. Returns whether it was written.
    async fn write_status(&self, status: &impl serde::Serialize, fenced: bool) -> Result<bool, Failure> {
        let version = self.object.resource_version().filter(|_| fenced);
        match self.reconciler.statuses.write(&self.reconciler.api(self.object), self.object, version, status).await {
            Ok(newer) => {
                self.reconciler.remember(newer);
                Ok(true)
            }
            // The watch brings what is newer, and with it the next attempt.
            Err(kube::Error::Api(status)) if fenced && status.is_conflict() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

/// What is left of the time for which a new object's wait is not reported: of many that come together most wait only for each other.
pub(super) fn unreported(object: &impl Managed, limit: Duration) -> Option<Duration> {
    let age = age(object).filter(|_| object.status().is_none())?;
    limit.checked_sub(age).filter(|left| !left.is_zero())
}

/// An error as an object may show it. What concerns the account's identity is for the account's owner, who finds it in the log and at the account.
pub(super) fn for_tenants(error: CloudError) -> CloudError {
    let message = match error.class {
        ErrorClass::Auth => "the cloud rejected the account's credentials".to_owned(),
        ErrorClass::Permission => format!("the account's credentials lack the permission for {}", error.operation),
        _ => return error,
    };
    CloudError { message, ..error }
}
