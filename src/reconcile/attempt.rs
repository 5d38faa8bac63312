//! One attempt: what is decided before the cloud is read (pause, finalizer, account, permission), then observe, decide, execute, conclude.

use kube::ResourceExt;
use kube::runtime::controller::Action;
use kube::runtime::events::EventType;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

use crate::accounts::{Account, State as AccountState};
use crate::api::{ABANDON_ANNOTATION, FINALIZER, Managed, PAUSED_ANNOTATION, RECONCILE_AT_ANNOTATION, Reason, Status};
use crate::backoff::jittered;
use crate::cloud::CloudError;
use crate::cluster::finalizer;
use crate::graph::owner::owner;
use crate::telemetry::metrics::ReconcileResult;

use super::backoff::Backoff;
use super::claim::claim;
use super::conclude::changes_by_itself;
use super::context::{AccountContext, Context, Ended, Policies, is_annotated};
use super::decide::{Ownership, Presence, Step, Wait, decide};
use super::execute::Executor;
use super::kind::Kind;
use super::observe::{Observation, Observer};
use super::permission::{Permission, closed, denied, disabled};
use super::reconciler::Failure;
use super::report::{AttemptOutcome, ready_reason};
use super::status::{FIRST_WAIT, for_tenants, unreported};

/// An object that may not use its account is reconciled again this often: labels of namespaces are not watched for this.
const PERMISSION_INTERVAL: Duration = Duration::from_secs(10);
/// How soon an object whose release was reported is reconciled at the latest.
const RELEASED: Duration = Duration::from_secs(5);

impl<K: Kind> Context<'_, K> {
    pub async fn attempt(mut self) -> Ended {
        let has_finalizer = finalizer::is_on(self.object, FINALIZER);
        if self.is_deleting && !has_finalizer {
            self.reconciler.states.forget(self.uid);
            return Ok((ReconcileResult::Rested, Action::await_change()));
        }
        let is_paused = is_annotated(self.object, PAUSED_ANNOTATION);
        // What is in the cloud must not be lost during a pause either.
        if !has_finalizer && (!is_paused || self.object.status().is_some_and(Status::may_be_in_cloud)) {
            self.set_finalizer(true).await?;
            return Ok((ReconcileResult::Wrote, Action::requeue(Duration::ZERO)));
        }
        if is_paused {
            self.await_nothing();
            self.report(&AttemptOutcome::Paused).await?;
            return Ok((ReconcileResult::Paused, Action::await_change()));
        }
        // The account may be another than when the summary was written: the namespace's annotation says which.
        self.reconciler.index.refresh(&self.key, self.reconciler.summary(self.object));
        let account = match self.reconciler.accounts.get(self.account_name) {
            AccountState::Ready(account) => account,
            AccountState::NotReady(reason, message, error) => return self.without_account(reason, message, error).await,
            AccountState::Unknown => return self.not_observed().await,
        };
        if K::FEATURE.is_some_and(|feature| !account.allows(feature)) {
            return self.without_feature(&account).await;
        }
        match self.reconciler.permission(self.object, &account) {
            Permission::Granted => self.with_account(account).await,
            Permission::Closed => {
                self.await_nothing();
                self.report(&AttemptOutcome::Account(Reason::WaitingForAccount, closed(self.account_name), None)).await?;
                Ok((ReconcileResult::NoAccount, Action::requeue(jittered(PERMISSION_INTERVAL))))
            }
            Permission::Denied(message) => {
                self.await_nothing();
                let message = denied(self.account_name, &message);
                self.report(&AttemptOutcome::Done(Step::Stall(Reason::NotGranted, message))).await?;
                Ok((ReconcileResult::Stalled, Action::requeue(jittered(PERMISSION_INTERVAL))))
            }
            Permission::Unknown(None) => {
                self.not_observed().await?;
                Ok((ReconcileResult::Waited, Action::requeue(Duration::from_secs(1))))
            }
            Permission::Unknown(Some(error)) => {
                self.await_nothing();
                self.report(&AttemptOutcome::Failed(for_tenants(*error))).await?;
                Ok((ReconcileResult::CloudError, Action::requeue(jittered(PERMISSION_INTERVAL))))
            }
        }
    }

    /// The account can't be used: what can be done and reported all the same.
    async fn without_account(&mut self, reason: Reason, message: String, error: Option<CloudError>) -> Ended {
        self.await_nothing();
        let error = error.map(|error| CloudError { message: "see the conditions of the CloudAccount".to_owned(), ..error });
        if !self.is_deleting {
            self.report(&AttemptOutcome::Account(reason, message, error)).await?;
            return Ok((ReconcileResult::NoAccount, Action::await_change()));
        }
        if self.release_unobserved(None, true).await? {
            return Ok((ReconcileResult::Wrote, Action::await_change()));
        }
        let message = format!("{message}; {}", abandon_hint("the account"));
        self.report(&AttemptOutcome::Account(reason, message, error)).await?;
        Ok((ReconcileResult::NoAccount, Action::await_change()))
    }

    /// Removes the finalizer of an object that is being deleted without reading the cloud, if that is right: what is retained, what never reached
    /// the cloud where that is out of reach `for_good`, and what is abandoned by annotation.
    async fn release_unobserved(&mut self, account: Option<&Account>, for_good: bool) -> Result<bool, Failure> {
        let may_exist = self.object.status().is_some_and(Status::may_be_in_cloud);
        let needs_annotation =
            !Policies::of::<K>(self.object, account.map(|account| &account.defaults)).retain() && (may_exist || !for_good);
        if needs_annotation && !self.is_abandoned() {
            return Ok(false);
        }
        if self.is_kept_by_others() {
            let became = if may_exist { "the cloud resource is kept" } else { "the object has nothing in the cloud" };
            self.report(&AttemptOutcome::Released(became.to_owned())).await?;
            return Ok(true);
        }
        if needs_annotation {
            let note = format!(
                "the finalizer was removed because of the annotation {ABANDON_ANNOTATION}; {} is kept in the cloud",
                self.status.id.as_deref().unwrap_or("any resource of the object")
            );
            self.reconciler.publish_event(self.object, EventType::Warning, "Abandoned", "Delete", note).await;
        }
        self.set_finalizer(false).await?;
        Ok(true)
    }

    async fn with_account(&mut self, account: Arc<Account>) -> Ended {
        let cache = account.cache::<K::Listed>();
        self.reconciler.listen(self.account_name, &cache);
        let view = cache.view();
        let refused = view.error().is_some_and(|error| !error.class.is_transient());
        // A failure that may end by itself gets some time first: an annotation that was set long before was not meant for it.
        let patience = account.client.settings().limits.create();
        let is_silent = refused || view.failing_for() >= patience;
        if self.is_deleting && is_silent && self.release_unobserved(Some(&account), refused && !view.is_filled()).await? {
            return Ok((ReconcileResult::Wrote, Action::await_change()));
        }
        self.handle_reconcile_request();
        if let Some(wait) = self.queue_still_full(&account) {
            return Ok((ReconcileResult::Waited, Action::requeue(wait)));
        }
        if !view.is_filled() {
            self.await_list();
            cache.demand(Instant::now());
            return match view.error().cloned() {
                Some(error) => self.unreadable(error, patience).await,
                None => self.not_observed().await,
            };
        }
        let account = AccountContext {
            policies: Policies::of::<K>(self.object, Some(&account.defaults)),
            owner: owner(&self.reconciler.cluster, &self.key.namespace, &self.key.name),
            account,
            cache,
        };
        self.begin_doubt();
        self.state.unseen.restore(self.status.last_write.as_ref(), self.status.observed_generation, jiff::Timestamp::now());
        if let Some(left) = self.still_refused(&account) {
            return self.repeat_refusal(left, None).await;
        }
        let (reconciler, observer) = (self.reconciler, Observer { context: self, account: &account });
        let seen = tokio::select! {
            seen = observer.observe() => seen,
            // It only reads: nothing is lost.
            () = reconciler.stopped() => return Ok((ReconcileResult::Waited, Action::await_change())),
        };
        let mut observation = match seen {
            Ok(observation) => observation,
            Err(Failure::Cloud(error)) => return self.fail(error, None, &account).await,
            Err(Failure::QueueFull(full)) => return Ok(self.queue_full(full)),
            Err(failure) => return Err(failure),
        };
        self.note_writes(&observation);
        let step = decide(&observation.situation);
        let step = match claim::<K>(&self.reconciler.index, &self.key, self.object, self.account_name, &step, observation.place.as_deref())
        {
            Ok(()) => step,
            Err(holder) => {
                observation.situation.cloud = Presence::Held(holder);
                decide(&observation.situation)
            }
        };
        if (step.is_cloud_write() || step == Step::RecordIntent)
            && let Some(left) = self.state.backoff.remaining(self.generation, || Observer { context: self, account: &account }.cause())
        {
            return self.repeat_refusal(left, Some(&observation)).await;
        }
        tracing::debug!(step = step.label(), "decided");
        if step == Step::RemoveFinalizer && self.is_kept_by_others() {
            return self.report_released(&observation).await;
        }
        let awaits_list = matches!(step, Step::Wait(_)) && changes_by_itself(&step, &observation.situation);
        if let (true, true, Some(error)) = (self.is_deleting || refused, awaits_list, account.cache.view().error().cloned()) {
            // The LIST that is waited for may never come.
            self.await_change(true, &account.cache);
            return self.unreadable(error, patience).await;
        }
        let priority = step.priority(&observation.situation);
        let executed = Executor { context: self, account: &account, priority, target: &observation.target }.execute(&step).await;
        match executed {
            Ok(executed) => self.conclude(step, executed, &observation, &account).await,
            Err(Failure::Cloud(error)) => self.fail(error, Some((&observation, &step)), &account).await,
            Err(Failure::QueueFull(full)) => Ok(self.queue_full(full)),
            Err(failure) => Err(failure),
        }
    }
}

impl<K: Kind> Context<'_, K> {
    /// The account does not use the part of the API that the kind needs: no call is made.
    async fn without_feature(&mut self, account: &Account) -> Ended {
        self.await_nothing();
        account.rest::<K::Listed>();
        if self.is_deleting && self.release_unobserved(Some(account), true).await? {
            return Ok((ReconcileResult::Wrote, Action::await_change()));
        }
        let disabled = disabled::<K>(self.account_name);
        let message = if self.is_deleting { format!("{disabled}; {}", abandon_hint("the feature")) } else { disabled };
        self.report(&AttemptOutcome::Done(Step::Stall(Reason::Unsupported, message))).await?;
        Ok((ReconcileResult::Stalled, Action::await_change()))
    }

    /// The collection can't be read, and the object needs that it is. The next LIST wakes it, or the end of the patience.
    async fn unreadable(&mut self, error: CloudError, patience: Duration) -> Ended {
        let error = for_tenants(error);
        let message = if self.is_deleting { format!("{}; {}", error.message, abandon_hint("the cloud")) } else { error.message };
        self.report(&AttemptOutcome::Failed(CloudError { message, ..error })).await?;
        Ok((ReconcileResult::CloudError, if self.is_abandoned() { Action::requeue(patience) } else { Action::await_change() }))
    }

    /// What is left of the wait of an object whose create was refused, and on which nothing has changed since that this can depend on: there is nothing
    /// of it to observe.
    fn still_refused(&self, account: &AccountContext<K::Listed>) -> Option<Duration> {
        let has_nothing = self.status.id.is_none() && self.status.intent.is_none() && !self.is_deleting;
        let left = || self.state.backoff.remaining(self.generation, || Observer { context: self, account }.cause());
        let is_fresh = self.state.polling.fresh_after.is_none_or(|instant| account.cache.view().is_fresh(instant));
        (has_nothing && is_fresh && self.state.backoff.is_refusal()).then(left).flatten()
    }

    /// Ends an attempt that would repeat a call before its wait is over. The failure is reported again: meanwhile something else may have been.
    async fn repeat_refusal(&mut self, left: Duration, observation: Option<&Observation<K>>) -> Ended {
        let refused = self.state.failure.clone().filter(|_| self.state.backoff.is_refusal());
        let Some(error) = refused else { return Ok((ReconcileResult::Waited, Action::requeue(left))) };
        self.await_list();
        let facts = self.facts_of_failure(observation, self.status.intent.clone());
        self.update_status(&AttemptOutcome::Failed(error), &facts, observation.is_some(), false).await?;
        Ok((ReconcileResult::Stalled, Action::requeue(left)))
    }

    /// Whether finalizers of others keep the object when ours is gone, and its status does not say so yet.
    fn is_kept_by_others(&self) -> bool {
        let others = self.object.finalizers().iter().any(|finalizer| finalizer != FINALIZER);
        others && ready_reason(&self.status) != Some(Reason::Released.as_str())
    }

    /// Reports before our finalizer goes that nothing of the object is left to do.
    async fn report_released(&mut self, observation: &Observation<K>) -> Ended {
        let became = match &observation.situation.cloud {
            Presence::Absent if self.status.id.is_some() => "the cloud resource is gone",
            Presence::Absent | Presence::ImportNotFound(_) | Presence::Held(_) => "the object has nothing in the cloud",
            Presence::Present(found) if found.owner != Ownership::Ours && !found.recorded => "the object has nothing in the cloud",
            _ => "the cloud resource is kept",
        };
        let facts = self.facts_of_failure(Some(observation), self.status.intent.clone());
        self.update_status(&AttemptOutcome::Released(became.to_owned()), &facts, true, false).await?;
        // The status wakes the object.
        Ok((ReconcileResult::Wrote, Action::requeue(RELEASED)))
    }

    /// The cloud has not been listed yet. What was reported before still holds, as far as is known.
    async fn not_observed(&mut self) -> Ended {
        if let Some(left) = unreported(self.object, FIRST_WAIT) {
            return Ok((ReconcileResult::Waited, Action::requeue(left)));
        }
        if self.object.status().is_none() {
            self.report(&AttemptOutcome::Done(Step::Wait(Wait::List))).await?;
        }
        Ok((ReconcileResult::Waited, Action::await_change()))
    }

    /// The annotation asks for a reconcile at once: nothing older than now will do, no backoff is waited out.
    fn handle_reconcile_request(&mut self) {
        let requested = self.object.annotations().get(RECONCILE_AT_ANNOTATION);
        let handled = self.status.last_handled_reconcile_at.as_ref();
        if requested.is_some() && requested != handled && self.state.polling.requested.as_ref() != requested {
            self.state.polling.requested = requested.cloned();
            self.state.polling.fresh_after = Some(Instant::now());
            self.state.backoff = Backoff::default();
            self.state.queue_full = None;
        }
    }
}

/// How a deletion ends that waits for what may never come.
fn abandon_hint(what: &str) -> String {
    format!(
        "the deletion waits for {what}; to delete the object and keep its cloud resource, add the annotation {ABANDON_ANNOTATION}: \"true\""
    )
}
