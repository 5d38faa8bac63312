//! The end of an attempt: what was done is reported, and when the next attempt is due.

use kube::runtime::controller::Action;
use std::time::Duration;
use tokio::time::Instant;

use crate::accounts::{Account, TagScope};
use crate::api::{Intent, Management, Reason};
use crate::backoff::jittered;
use crate::cloud::{self, CloudError, ErrorClass, QueueFull};
use crate::graph::ObjectKey;
use crate::telemetry::metrics::ReconcileResult;

use super::context::{AccountContext, Context, Ended, ObservedOf, Policies};
use super::decide::{IntentState, Ownership, Presence, Situation, Step, Wait};
use super::execute::Executed;
use super::kind::{Kind, Tagging};
use super::observe::{Observation, Observer, observed_resource};
use super::report::{AttemptOutcome, ResourceState, StatusInput};
use super::status::{FIRST_WAIT, FIRST_WAIT_FOR_READY, for_tenants, unreported};

impl<K: Kind> Context<'_, K> {
    /// Reports what was done, and returns when the next attempt is due.
    pub(super) async fn conclude(
        &mut self,
        step: Step,
        executed: Executed<K::Resource>,
        observation: &Observation<K>,
        account: &AccountContext<K::Listed>,
    ) -> Ended {
        // A create that came too late for its intent announces itself anew, and no more.
        let step = if matches!(executed, Executed::Intent(_)) { Step::RecordIntent } else { step };
        let result = result_of(&step, &executed);
        if matches!(executed, Executed::Stale) {
            // Nothing was done, and perhaps no attempt follows: nothing is expected.
            self.await_nothing();
            return Ok((result, Action::requeue(Duration::ZERO)));
        }
        if step == Step::RemoveFinalizer {
            return Ok((result, Action::await_change()));
        }
        let is_unseen = step == Step::NoChange && self.state.unseen.await_list();
        self.await_change(changes_by_itself(&step, &observation.situation) || is_unseen, &account.cache);
        let is_seen = matches!(&observation.situation.cloud, Presence::Present(_) | Presence::NotVisible(_) | Presence::Unknown);
        if observation.awaits_list || (matches!(step, Step::Stall(..)) && !is_seen) {
            // The LIST that shows it may show no change. Where there is no resource to hear of, every LIST may end that, in its own time.
            self.await_list();
        }
        if step == Step::Wait(Wait::List) {
            return Ok((result, Action::await_change()));
        }
        if let (Step::Wait(Wait::References(_)), Some(left)) = (&step, unreported(self.object, self.first_reference_wait())) {
            return Ok((result, Action::requeue(left)));
        }
        if matches!(executed, Executed::Object) && !matches!(step, Step::Adopt(_)) {
            return Ok((result, Action::requeue(Duration::ZERO)));
        }
        if matches!(step, Step::Adopt(_)) {
            self.learn_of_tags(&account.account);
        }
        let (facts, action) = self.facts(&step, executed, observation);
        match &step {
            Step::Update(call, differences) => {
                let generation = self.generation;
                if self.state.sent(Some(call), generation) || observation.is_drift() {
                    self.state.drift_conflicts.corrected(differences.iter().map(|difference| difference.path), generation);
                }
            }
            step if step.is_cloud_write() || *step == Step::NoChange => _ = self.state.sent(None, None),
            _ => {}
        }
        // A look that is not believed answers no request for one.
        let is_observed = !matches!(step, Step::Wait(Wait::Visible(_) | Wait::VisibleChange));
        let outcome = AttemptOutcome::Done(step);
        self.update_status(&outcome, &facts, is_observed, observation.is_drift()).await?;
        Ok((result, action))
    }

    /// What the status is to say of the resource, and when the next attempt is due.
    fn facts(
        &mut self,
        step: &Step,
        executed: Executed<K::Resource>,
        observation: &Observation<K>,
    ) -> (StatusInput<ObservedOf<K>>, Action) {
        let observe_only = Policies::of::<K>(self.object, None).management == Management::ObserveOnly;
        let (duplicates, ignored) = (observation.duplicates(), observation.ignored());
        let missing = observation.missing.clone();
        let facts = |id, intent, resource, drift| StatusInput { id, intent, resource, drift, ignored, duplicates, observe_only, missing };
        let last = &self.status;
        match executed {
            Executed::Intent(intent) => {
                self.state.create.fresh_intent = Some(intent.time.clone());
                self.state.create.in_doubt_until = None;
                (facts(last.id.clone(), Some(intent), ResourceState::Absent, vec![]), Action::requeue(Duration::ZERO))
            }
            Executed::Cloud(Some(resource)) => {
                let matches = !matches!(step, Step::Update(..)) && observation.create_tagging != Tagging::OwnerOnly;
                let id = Some(K::id(&resource).to_owned());
                let seen = ResourceState::Present(observed_resource::<K>(&resource, matches));
                (facts(id, None, seen, observation.drift()), Action::requeue(Duration::ZERO))
            }
            Executed::Cloud(None) => {
                // A create whose answer does not show the resource is found by its intent.
                let intent = last.intent.clone().filter(|_| matches!(step, Step::Create(_)));
                (facts(last.id.clone(), intent, observation.sight(), observation.drift()), Action::await_change())
            }
            Executed::Object | Executed::Nothing | Executed::Stale => {
                let (id, action) = if let Step::Adopt(id) = step {
                    (Some(id.clone()), Action::requeue(Duration::ZERO))
                } else {
                    let left = self.state.drift_conflicts.until().map(|until| until.saturating_duration_since(Instant::now()));
                    (last.id.clone(), left.map_or_else(Action::await_change, Action::requeue))
                };
                // Somebody else's resource says nothing about a create of ours that may still take effect.
                let found =
                    matches!(&observation.situation.cloud, Presence::Present(found) if !matches!(found.owner, Ownership::Foreign(_)));
                // Nor is anything known of what can't be read: it may be what the create made.
                let unreadable = matches!(&observation.situation.cloud, Presence::Unreadable(_));
                let intent = last.intent.clone().filter(|_| unreadable || (!found && observation.situation.intent != IntentState::None));
                (facts(id, intent, observation.sight(), observation.drift()), action)
            }
        }
    }

    /// Reports a failure, and returns when to try again; a create whose outcome is not known keeps its intent.
    pub(super) async fn fail(
        &mut self,
        error: CloudError,
        executed: Option<(&Observation<K>, &Step)>,
        account: &AccountContext<K::Listed>,
    ) -> Ended {
        tracing::warn!(
            operation = error.operation,
            code = error.code,
            request_id = error.request_id,
            class = error.class.label(),
            "{error}"
        );
        if let Some((observation, step)) = executed
            && self.tries_with_fewer_tags(&error, observation, step, &account.account)
        {
            self.await_change(true, &account.cache);
            return Ok((ReconcileResult::CloudError, Action::requeue(Duration::ZERO)));
        }
        let observation = executed.map(|(observation, _)| observation);
        let wait = self.state.backoff.fail(error.class, self.generation, error.retry_after);
        if error.class == ErrorClass::Quota {
            // Before the quotas are asked for: the answer may come at once, and must find who waits.
            self.reconciler.states.await_quota(self.uid, &self.state.backoff);
            account.account.watch_quotas();
            self.reconciler.index.wake(&ObjectKey::account(self.account_name));
        }
        let refused = observation.is_some() && error.outcome == cloud::RequestOutcome::Refused;
        // Only of the create that it announces can a refusal say that the intent came to nothing.
        let no_create = refused && observation.is_some_and(|observation| observation.situation.cloud == Presence::Absent);
        if no_create {
            self.reconciler.index.unclaim(&self.key);
        }
        self.await_change(!refused, &account.cache);
        if refused && self.state.backoff.is_refusal() {
            let cause = Observer { context: self, account }.cause();
            self.state.backoff.depends_on(cause);
            // Siblings are seen in the LIST only.
            self.await_list();
        }
        let intent = self.status.intent.clone().filter(|_| !no_create);
        let facts = self.facts_of_failure(observation, intent);
        let error = for_tenants(error);
        self.state.failure = Some(error.clone());
        let outcome = AttemptOutcome::Failed(error);
        self.update_status(&outcome, &facts, true, observation.is_some_and(Observation::is_drift)).await?;
        Ok((ReconcileResult::CloudError, Action::requeue(wait)))
    }

    /// What the status is to say of the resource after a failure.
    pub(super) fn facts_of_failure(&self, observation: Option<&Observation<K>>, intent: Option<Intent>) -> StatusInput<ObservedOf<K>> {
        StatusInput {
            id: self.status.id.clone(),
            intent,
            resource: observation.map_or(ResourceState::NotObserved, Observation::sight),
            drift: observation.map(Observation::drift).unwrap_or_default(),
            duplicates: observation.and_then(Observation::duplicates),
            ignored: Vec::new(),
            observe_only: false,
            missing: Vec::new(),
        }
    }

    /// Whether the call may have been refused for its tags, and is to be tried with fewer of them: the owner tag alone, then none. Only a create that
    /// succeeds without any shows that the region takes no tags; if that one is refused, too, the tags are not why.
    fn tries_with_fewer_tags(&mut self, error: &CloudError, observation: &Observation<K>, step: &Step, account: &Account) -> bool {
        if observation.tags == 0 {
            return false;
        }
        if account.lacks_tag_operation(error) {
            account.do_without_tags(TagScope::Region);
            return true;
        }
        if !matches!(step, Step::Create(_))
            || !account.may_refuse_tags(K::TAG_SCOPE, error)
            || self.state.create.tags_cleared == self.generation
        {
            return false;
        }
        let fewer = match observation.create_tagging {
            Tagging::All if observation.tags > 1 => Tagging::OwnerOnly,
            Tagging::All | Tagging::OwnerOnly => Tagging::None,
            Tagging::None => {
                (self.state.create.tagging, self.state.create.tags_cleared) = (None, self.generation);
                return false;
            }
        };
        self.state.create.tagging = Some(fewer);
        // What was refused has not been made: the intent is as good as new.
        self.state.create.fresh_intent = self.status.intent.as_ref().map(|intent| intent.time.clone());
        self.state.create.in_doubt_until = None;
        true
    }

    /// A create has succeeded: where it was tried without tags, nothing but its tags made the difference.
    pub(super) fn learn_of_tags(&mut self, account: &Account) {
        if self.state.create.tagging.take() == Some(Tagging::None) {
            account.do_without_tags(K::TAG_SCOPE);
        }
    }

    /// Ends an attempt whose call finds the queue full: nothing happened, so nothing is reported and nothing expected.
    pub(super) fn queue_full(&mut self, QueueFull { queue, retry_after }: QueueFull) -> (ReconcileResult, Action) {
        self.await_nothing();
        let wait = jittered(retry_after);
        self.state.queue_full = Some((queue, self.generation, Instant::now() + wait));
        (ReconcileResult::Waited, Action::requeue(wait))
    }

    /// How long an object that found the queue full has still to wait, whatever woke it: another attempt would cost calls and end at the same queue.
    /// Another spec may want something else.
    pub(super) fn queue_still_full(&mut self, account: &Account) -> Option<Duration> {
        let (queue, generation, until) = self.state.queue_full.take()?;
        if generation != self.generation {
            return None;
        }
        let left = until.saturating_duration_since(Instant::now());
        let wait = if left.is_zero() { jittered(account.client.full(queue)?) } else { left };
        self.state.queue_full = Some((queue, generation, Instant::now() + wait));
        Some(wait)
    }

    /// What is there is most often on its way; what is missing, or not granted and so not visible, is reported soon.
    fn first_reference_wait(&self) -> Duration {
        let all_there = self.references.iter().all(|reference| self.referenced(reference).is_some());
        if all_there { FIRST_WAIT_FOR_READY } else { FIRST_WAIT }
    }
}

/// What an attempt that went as decided counts as.
const fn result_of<S>(step: &Step, executed: &Executed<S>) -> ReconcileResult {
    match (executed, step) {
        (Executed::Object | Executed::Intent(_) | Executed::Cloud(_), _) => ReconcileResult::Wrote,
        (Executed::Nothing, Step::NoChange) => ReconcileResult::Rested,
        (Executed::Nothing, Step::Report(_) | Step::Stall(..)) => ReconcileResult::Stalled,
        (Executed::Nothing | Executed::Stale, _) => ReconcileResult::Waited,
    }
}

/// The cloud is about to change without anything more from us.
pub(super) fn changes_by_itself(step: &Step, situation: &Situation) -> bool {
    match step {
        // What takes days is seen soon enough at the idle interval.
        Step::Wait(Wait::Cloud(reason)) => !reason.is_slow() && (*reason == Reason::Updating || !is_ordered_elsewhere(&situation.cloud)),
        Step::Wait(Wait::List | Wait::UnconfirmedCreate | Wait::Visible(_) | Wait::VisibleChange) => true,
        other => other.is_cloud_write(),
    }
}

/// Whether people make and end the resource elsewhere, in their own time: that is so where we never delete it.
fn is_ordered_elsewhere(cloud: &Presence) -> bool {
    matches!(cloud, Presence::Present(found) if found.delete.is_none())
}
