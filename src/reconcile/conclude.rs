//! The end of a pass: what was done is told, and it is said when to look again.

use kube::Resource;
use kube::runtime::controller::Action;
use std::time::Duration;
use tokio::time::Instant;

use crate::accounts::Account;
use crate::api::{Managed, Management, Reason};
use crate::backoff::jittered;
use crate::cache::CloudCache;
use crate::cloud::{self, CloudError, ErrorClass, QueueFull};
use crate::cluster::age;
use crate::graph::Key;
use crate::telemetry::metrics::ReconcileResult;

use super::decide::{IntentState, Presence, Step, Wait};
use super::execute::Acted;
use super::kind::Kind;
use super::observe::{Observation, Policies, tell};
use super::report::{Facts, Outcome, Sight};
use super::{Ended, Reconciler, for_tenants};

/// For how long a new object's wait need not be told: for what is missing …
pub(super) const BRIEF: Duration = Duration::from_secs(2);
/// … and for an object that is there and not ready yet.
const ON_ITS_WAY: Duration = Duration::from_secs(10);

impl<K: Kind> Reconciler<K> {
    /// Tells what was done and says when to look again.
    pub(super) async fn conclude(
        &self,
        object: &K::Object,
        uid: &str,
        step: Step,
        acted: Acted<K::Resource>,
        observation: &Observation<K>,
        cache: &CloudCache<K::Listed>,
    ) -> Ended {
        // A create that came too late for its intent announces itself anew, and no more.
        let step = if matches!(acted, Acted::Intent(_)) { Step::RecordIntent } else { step };
        let passed = came_of(&step, &acted);
        if matches!(acted, Acted::Stale) {
            // Nothing was done, and perhaps no pass will follow: nothing is expected.
            self.calm(uid);
            return Ok((passed, Action::requeue(Duration::ZERO)));
        }
        let last = object.status().cloned().unwrap_or_default();
        let observe_only = Policies::of(object, None).management == Management::ObserveOnly;
        let facts = |id, intent, seen, drift| Facts { id, intent, seen, drift, observe_only };
        if step == Step::RemoveFinalizer {
            return Ok((passed, Action::await_change()));
        }
        self.expect_change(uid, changes_by_itself(&step), cache);
        if let (Step::Stall(..), Presence::Absent | Presence::NotFound(_) | Presence::Several(_)) = (&step, &observation.situation.cloud) {
            // There is no resource to hear of: every list may end it, in its own time.
            self.states.with(uid, |state| state.looking = true);
        }
        if step == Step::Wait(Wait::List) {
            return Ok((passed, Action::await_change()));
        }
        if let (Step::Wait(Wait::References(_)), Some(left)) = (&step, brief(object, self.reference_wait(object))) {
            return Ok((passed, Action::requeue(left)));
        }
        let (facts, action) = match acted {
            Acted::Object if !matches!(step, Step::Adopt(_)) => return Ok((passed, Action::requeue(Duration::ZERO))),
            Acted::Intent(intent) => {
                self.states.with(uid, |state| {
                    state.fresh_intent = Some(intent.time.clone());
                    state.doubt_until = None;
                });
                (facts(last.id.clone(), Some(intent), Sight::Absent, vec![]), Action::requeue(Duration::ZERO))
            }
            Acted::Cloud(Some(seen)) => {
                let matches = !matches!(step, Step::Update(..)) && !observation.plain;
                let id = Some(K::id(&seen).to_owned());
                (facts(id, None, Sight::Seen(tell::<K>(&seen, matches)), observation.drift()), Action::requeue(Duration::ZERO))
            }
            Acted::Cloud(None) => (facts(last.id.clone(), None, observation.told(), observation.drift()), Action::await_change()),
            Acted::Object | Acted::No | Acted::Stale => {
                let (id, action) = match &step {
                    Step::Adopt(id) => (Some(id.clone()), Action::requeue(Duration::ZERO)),
                    _ => (
                        last.id.clone(),
                        self.states.with(uid, |state| state.drift_conflicts.left()).map_or_else(Action::await_change, Action::requeue),
                    ),
                };
                let found = matches!(observation.situation.cloud, Presence::One(_));
                let intent = last.intent.clone().filter(|_| !found && observation.situation.intent != IntentState::None);
                (facts(id, intent, observation.told(), observation.drift()), action)
            }
        };
        self.states.with(uid, |state| match &step {
            Step::Update(call, differences) => {
                let generation = object.meta().generation;
                if state.sent(Some(call), generation) || observation.is_drift() {
                    state.drift_conflicts.corrected(differences.iter().map(|difference| difference.path), generation);
                }
            }
            step if step.is_cloud_write() || *step == Step::Rest => _ = state.sent(None, None),
            _ => {}
        });
        let told = Outcome::Done(step);
        self.publish(object, &told, &facts, observation.is_drift()).await;
        self.write(object, &last, &told, &facts, true).await?;
        Ok((passed, action))
    }

    /// Tells of a failure; a create whose outcome is not known keeps its intent.
    pub(super) async fn fail(
        &self,
        object: &K::Object,
        uid: &str,
        error: CloudError,
        observation: Option<&Observation<K>>,
        account: &Account,
        cache: &CloudCache<K::Listed>,
    ) -> Ended {
        tracing::warn!(
            operation = error.operation,
            code = error.code,
            request_id = error.request_id,
            class = error.class.label(),
            "{error}"
        );
        if let Some(observation) = observation.filter(|observation| observation.tags > 0 && account.refuses_tags(&error)) {
            // Other tags than the owner's may be refused for what they are: only without them it is tags as such, or where the operation is not there.
            if observation.plain || observation.tags == 1 || observation.situation.cloud != Presence::Absent {
                account.do_without_tags(&error);
            }
            // The next pass does without. What was refused has not been made: the intent is as good as new.
            let intent = object.status().and_then(|status| status.intent.as_ref()).map(|intent| intent.time.clone());
            self.states.with(uid, |state| (state.fresh_intent, state.doubt_until, state.plain) = (intent, None, true));
            self.expect_change(uid, true, cache);
            return Ok((ReconcileResult::CloudError, Action::requeue(Duration::ZERO)));
        }
        let last = object.status().cloned().unwrap_or_default();
        let wait = self.states.with(uid, |state| state.backoff.fail(error.class, object.meta().generation));
        if error.class == ErrorClass::Quota {
            // Only now: the answer may come at once, and finds who waits.
            account.watch_quotas();
            self.index.wake(&Key::account(&self.account_name(object)));
        }
        let refused = observation.is_some() && error.outcome == cloud::RequestOutcome::Refused;
        // Only of the create that it announces can a refusal say that the intent came to nothing.
        let no_create = refused && observation.is_some_and(|observation| observation.situation.cloud == Presence::Absent);
        self.expect_change(uid, !refused, cache);
        let facts = Facts {
            id: last.id.clone(),
            intent: last.intent.clone().filter(|_| !no_create),
            seen: observation.map_or(Sight::Unchanged, Observation::told),
            drift: observation.map(Observation::drift).unwrap_or_default(),
            observe_only: false,
        };
        let told = Outcome::Failed(for_tenants(error));
        self.publish(object, &told, &facts, observation.is_some_and(Observation::is_drift)).await;
        self.write(object, &last, &told, &facts, true).await?;
        Ok((ReconcileResult::CloudError, Action::requeue(wait)))
    }

    /// Ends a pass whose call has no place in the line: nothing happened, so nothing is told and nothing expected.
    pub(super) fn queue_full(&self, object: &K::Object, uid: &str, QueueFull { line, back }: QueueFull) -> (ReconcileResult, Action) {
        self.calm(uid);
        let back = jittered(back);
        self.states.with(uid, |state| state.queue_full = Some((line, object.meta().generation, Instant::now() + back)));
        (ReconcileResult::Waited, Action::requeue(back))
    }

    /// How long one that was turned away has still to wait, whatever woke it: to look at it anew would cost calls and end at the same line. Another
    /// spec may want something else.
    pub(super) fn still_queue_full(&self, object: &K::Object, uid: &str, account: &Account) -> Option<Duration> {
        let (line, generation, until) = self.states.with(uid, |state| state.queue_full.take())?;
        if generation != object.meta().generation {
            return None;
        }
        let left = until.saturating_duration_since(Instant::now());
        let back = if left.is_zero() { jittered(account.client.full(line)?) } else { left };
        self.states.with(uid, |state| state.queue_full = Some((line, generation, Instant::now() + back)));
        Some(back)
    }

    /// What is there is most often on its way; what is missing, or not granted and so not seen, is told soon.
    fn reference_wait(&self, object: &K::Object) -> Duration {
        if K::references(object).iter().all(|reference| self.referred(object, reference).is_some()) { ON_ITS_WAY } else { BRIEF }
    }

    /// Nothing in the cloud is waited for any more.
    pub(super) fn calm(&self, uid: &str) {
        self.states.with(uid, |state| (state.looking, state.attention) = (false, None));
    }

    /// While the cloud is expected to change by itself, the cache's rhythm is hot.
    pub(super) fn expect_change(&self, uid: &str, expected: bool, cache: &CloudCache<K::Listed>) {
        self.states.with(uid, |state| {
            state.looking = expected;
            state.attention = expected.then(|| cache.poll_actively(state.attention.take()));
        });
    }
}

/// What is left of the time for which a new object's wait is not told: of many that come together most wait only for each other.
pub(super) fn brief(object: &impl Managed, limit: Duration) -> Option<Duration> {
    let age = age(object).filter(|_| object.status().is_none())?;
    limit.checked_sub(age).filter(|left| !left.is_zero())
}

/// What a pass that went as decided counts as.
const fn came_of<S>(step: &Step, acted: &Acted<S>) -> ReconcileResult {
    match (acted, step) {
        (Acted::Object | Acted::Intent(_) | Acted::Cloud(_), _) => ReconcileResult::Wrote,
        (Acted::No, Step::Rest) => ReconcileResult::Rested,
        (Acted::No, Step::Report(_) | Step::Stall(..)) => ReconcileResult::Stalled,
        (Acted::No | Acted::Stale, _) => ReconcileResult::Waited,
    }
}

/// The cloud is about to change without anything more from us.
pub(super) fn changes_by_itself(step: &Step) -> bool {
    match step {
        // Another tenant may take days: the cold rhythm will do.
        Step::Wait(Wait::Cloud(reason)) => *reason != Reason::AwaitingAcceptance,
        Step::Wait(Wait::List | Wait::Doubt) => true,
        other => other.is_cloud_write(),
    }
}
