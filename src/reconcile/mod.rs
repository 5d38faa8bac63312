//! The one generic reconcile: observe, decide, act, report. Knows no particular kind.
//!
//! A pass reads the two caches (the object's watch and the cloud's LIST), decides one step without IO, carries it out and reports. Waiting
//! is no error: whoever changes what is waited for wakes the object.

mod conclude;
mod decide;
mod events;
mod execute;
mod figures;
mod identity;
mod kind;
mod object_state;
mod observe;
mod permission;
mod report;
mod run;

pub use decide::{Found, IntentState, Ownership, Presence, Situation, Step, Wait, decide};
pub use kind::{Desired, Difference, Health, Kind, Links, Phase, Reference, Tagging};
pub(crate) use object_state::waits;
pub use report::{Facts, Outcome, Seen, Sight, report, same};
pub(crate) use report::{Progress, consequence};
pub use run::{Namespaces, Shared, controller};

use kube::runtime::controller::Action;
use kube::runtime::events::{EventType, Reporter};
use kube::runtime::reflector::{ObjectRef, Store};
use kube::{Resource, ResourceExt};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::accounts::{Account, Accounts, Cached, State};
use crate::api::{ABANDON_ANNOTATION, FINALIZER, Managed, PAUSED_ANNOTATION, RECONCILE_AT_ANNOTATION, Reason, Status};
use crate::backoff::jittered;
use crate::cloud::{CloudError, ErrorClass, QueueFull};
use crate::cluster::finalizer;
use crate::cluster::leader_election::Leadership;
use crate::cluster::status::now;
use crate::graph::Index;
use crate::graph::owner::describe_holder;
use crate::telemetry::metrics::{self, ReconcileResult};

use execute::Executor;
use object_state::ObjectStates;
use observe::{Observer, Policies};
use permission::Permission;

/// An object that may not use its account looks again this often: labels of namespaces are not listened to.
const ALLOWED_EVERY: Duration = Duration::from_secs(10);

/// The reconcile of one kind.
pub struct Reconciler<K: Kind> {
    client: kube::Client,
    leadership: Leadership,
    index: Arc<Index>,
    accounts: Arc<Accounts>,
    namespaces: Arc<Namespaces>,
    states: ObjectStates<K::Object>,
    store: Store<K::Object>,
    /// Who tells events.
    reporter: Reporter,
    wake: UnboundedSender<ObjectRef<K::Object>>,
    listeners: run::Listeners,
    metrics: metrics::Reconcile,
    /// Names this cluster in the owner's tag.
    cluster: String,
    /// What is not known here of a namespace that is watched is not there: no labels pick among its objects.
    whole_namespaces: bool,
    /// True once the process is to end.
    stop: watch::Receiver<bool>,
}

/// Why a pass did not end as decided.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The cloud said no, or nothing: told in the status.
    #[error("the cloud")]
    Cloud(#[source] CloudError),
    /// The API server said no, or nothing: there is nowhere to tell it but the log.
    #[error("the API server")]
    Kubernetes(#[from] kube::Error),
    /// Its call has no place in the line yet: no error of anybody, and nothing to tell.
    #[error("the budget")]
    QueueFull(#[from] QueueFull),
}

impl Failure {
    const fn passed(&self) -> ReconcileResult {
        match self {
            Self::Cloud(_) => ReconcileResult::CloudError,
            Self::Kubernetes(_) => ReconcileResult::KubernetesError,
            Self::QueueFull(_) => ReconcileResult::Waited,
        }
    }
}

/// What came of a pass, and when the next one is due.
type Ended = Result<(ReconcileResult, Action), Failure>;

impl<K> Reconciler<K>
where
    K: Kind,
    K::Listed: Cached,
{
    /// One pass.
    async fn pass(self: &Arc<Self>, object: &K::Object) -> Ended {
        let uid = object.uid().unwrap_or_default();
        let deleting = object.meta().deletion_timestamp.is_some();
        let finalizer = finalizer::is_on(object, FINALIZER);
        if deleting && !finalizer {
            self.states.forget(&uid);
            return Ok((ReconcileResult::Rested, Action::await_change()));
        }
        if is_annotated(object, PAUSED_ANNOTATION) {
            self.calm(&uid);
            self.tell(object, &Outcome::Paused).await?;
            return Ok((ReconcileResult::Paused, Action::await_change()));
        }
        if !finalizer {
            self.set_finalizer(object, true).await?;
            return Ok((ReconcileResult::Wrote, Action::requeue(Duration::ZERO)));
        }
        let name = self.account_name(object);
        // The account may be another than when the summary was written: the namespace says which.
        self.index.refresh(&Self::key(object), self.summary(object));
        self.states.with(&uid, |state| state.account.clone_from(&name));
        let account = match self.accounts.get(&name) {
            State::Ready(account) => account,
            State::NotReady(reason, message, error) => return self.without_account(object, reason, message, error).await,
            State::Unknown => return self.not_looked(object).await,
        };
        match self.permission(object, &account) {
            Permission::Given => self.pass_in(object, &uid, &account, &name).await,
            Permission::Closed => {
                self.calm(&uid);
                let message = format!("CloudAccount {name} is not open to this namespace");
                self.tell(object, &Outcome::Account(Reason::WaitingForAccount, message, None)).await?;
                Ok((ReconcileResult::NoAccount, Action::requeue(jittered(ALLOWED_EVERY))))
            }
            Permission::Refused(message) => {
                self.calm(&uid);
                let message = format!("CloudAccount {name}: {message}");
                self.tell(object, &Outcome::Done(Step::Stall(Reason::NotGranted, message))).await?;
                Ok((ReconcileResult::Stalled, Action::requeue(jittered(ALLOWED_EVERY))))
            }
            Permission::Unknown => {
                self.not_looked(object).await?;
                Ok((ReconcileResult::Waited, Action::requeue(Duration::from_secs(1))))
            }
        }
    }

    /// The account can't be used: what can be done and told all the same.
    async fn without_account(&self, object: &K::Object, reason: Reason, message: String, error: Option<CloudError>) -> Ended {
        self.calm(&object.uid().unwrap_or_default());
        let error = error.map(|error| CloudError { message: "told in the conditions of the CloudAccount".to_owned(), ..error });
        if object.meta().deletion_timestamp.is_none() {
            self.tell(object, &Outcome::Account(reason, message, error)).await?;
            return Ok((ReconcileResult::NoAccount, Action::await_change()));
        }
        if self.leave_unseen(object, None, true).await? {
            return Ok((ReconcileResult::Wrote, Action::await_change()));
        }
        let message = format!("{message}; {}", way_out("the account"));
        self.tell(object, &Outcome::Account(reason, message, error)).await?;
        Ok((ReconcileResult::NoAccount, Action::await_change()))
    }

    /// Lets an object that is being deleted go without a look at the cloud, if it may: what is to stay there, what never reached it where it is
    /// out of reach `for_good`, and what is abandoned by word.
    async fn leave_unseen(&self, object: &K::Object, account: Option<&Account>, for_good: bool) -> Result<bool, Failure> {
        let touched = object.status().is_some_and(Status::may_be_in_cloud);
        if !Policies::of(object, account).keep_the_cloud() && (touched || !for_good) {
            if !is_annotated(object, ABANDON_ANNOTATION) {
                return Ok(false);
            }
            let id = object.status().and_then(|status| status.id.as_deref());
            let note = format!("left {} in the cloud, as annotated", id.unwrap_or("what it may have"));
            self.tell_event(object, EventType::Warning, "Abandoned", "Delete", note).await;
        }
        self.set_finalizer(object, false).await?;
        Ok(true)
    }

    async fn pass_in(self: &Arc<Self>, object: &K::Object, uid: &str, account: &Account, name: &str) -> Ended {
        let cache = account.cache::<K::Listed>();
        self.listen(name, &cache);
        let (view, deleting) = (cache.view(), object.meta().deletion_timestamp.is_some());
        let refused = view.error().is_some_and(|error| !error.class.passes());
        // What may pass is given some time first: a word that was said long before is not meant for it.
        let patience = account.client.settings().limits.create();
        let is_silent = refused || view.failing_for() >= patience;
        if deleting && is_silent && self.leave_unseen(object, Some(account), refused && !view.is_filled()).await? {
            return Ok((ReconcileResult::Wrote, Action::await_change()));
        }
        self.look_now(object, uid);
        if let Some(back) = self.still_queue_full(object, uid, account) {
            return Ok((ReconcileResult::Waited, Action::requeue(back)));
        }
        if !view.is_filled() {
            self.states.with(uid, |state| state.looking = true);
            cache.demand(Instant::now());
            return match view.error().cloned() {
                Some(error) => self.unread(object, error, patience).await,
                None => self.not_looked(object).await,
            };
        }
        let owner = self.owner(object);
        let look = Observer { reconciler: self, object, account, cache: &cache, uid, owner: &owner };
        let observed = tokio::select! {
            observed = look.observe() => observed,
            // It only reads: nothing is lost.
            () = self.stopped() => return Ok((ReconcileResult::Waited, Action::await_change())),
        };
        let observation = match observed {
            Ok(observation) => observation,
            Err(Failure::Cloud(error)) => return self.fail(object, uid, error, None, account, &cache).await,
            Err(Failure::QueueFull(queue_full)) => return Ok(self.queue_full(object, uid, queue_full)),
            Err(failure) => return Err(failure),
        };
        let step = self.claimed(object, decide(&observation.situation));
        let is_create = step == Step::RecordIntent;
        if (step.is_cloud_write() || is_create)
            && let Some(left) = self.states.with(uid, |state| state.backoff.remaining(object.meta().generation))
        {
            return Ok((ReconcileResult::Waited, Action::requeue(left)));
        }
        tracing::debug!(step = step.label(), "decided");
        let looks = matches!(step, Step::Wait(_)) && conclude::changes_by_itself(&step);
        if let (true, true, Some(error)) = (deleting || refused, looks, cache.view().error().cloned()) {
            // The look that is waited for may never come.
            self.expect_change(uid, true, &cache);
            return self.unread(object, error, patience).await;
        }
        let priority = step.priority(&observation.situation);
        let executor = Executor { reconciler: self, object, account, name, cache: &cache, uid, priority, target: &observation.target };
        match executor.carry_out(&step).await {
            Ok(acted) => self.conclude(object, uid, step, acted, &observation, &cache).await,
            Err(Failure::Cloud(error)) => self.fail(object, uid, error, Some(&observation), account, &cache).await,
            Err(Failure::QueueFull(queue_full)) => Ok(self.queue_full(object, uid, queue_full)),
            Err(failure) => Err(failure),
        }
    }

    /// The collection can't be read, and the object needs that it is. The next LIST wakes it, or the end of our patience.
    async fn unread(&self, object: &K::Object, error: CloudError, patience: Duration) -> Ended {
        let error = for_tenants(error);
        let deleting = object.meta().deletion_timestamp.is_some();
        let message = if deleting { format!("{}; {}", error.message, way_out("the cloud")) } else { error.message };
        self.tell(object, &Outcome::Failed(CloudError { message, ..error })).await?;
        let is_abandoned = deleting && is_annotated(object, ABANDON_ANNOTATION);
        Ok((ReconcileResult::CloudError, if is_abandoned { Action::requeue(patience) } else { Action::await_change() }))
    }

    /// Of two objects that are about to take one resource in the same moment the first has it.
    fn claimed(&self, object: &K::Object, step: Step) -> Step {
        let Step::Adopt(id) = &step else { return step };
        match self.index.claim(&Self::key(object), id) {
            Ok(()) => step,
            Err(holder) => {
                let whose = describe_holder(&holder, &object.namespace().unwrap_or_default());
                Step::Stall(Reason::Conflict, format!("{id} stands in its place: {whose}"))
            }
        }
    }
}

impl<K: Kind> Reconciler<K> {
    /// Resolves when the process is to end.
    async fn stopped(&self) {
        let mut stop = self.stop.clone();
        // The sender lives as long as the process.
        let _ = stop.wait_for(|stop| *stop).await;
    }

    /// The cloud has not been looked at yet. What was told before still holds, as far as is known.
    async fn not_looked(&self, object: &K::Object) -> Ended {
        if let Some(left) = conclude::brief(object, conclude::BRIEF) {
            return Ok((ReconcileResult::Waited, Action::requeue(left)));
        }
        if object.status().is_none() {
            self.tell(object, &Outcome::Done(Step::Wait(Wait::List))).await?;
        }
        Ok((ReconcileResult::Waited, Action::await_change()))
    }

    /// Tells an outcome without having looked at the cloud: what is known of it stays.
    async fn tell(&self, object: &K::Object, outcome: &Outcome) -> Result<(), Failure> {
        let last = object.status().cloned().unwrap_or_default();
        let (id, intent) = (last.id.clone(), last.intent.clone());
        let facts = Facts { id, intent, seen: Sight::Unchanged, drift: vec![], observe_only: false };
        self.publish(object, outcome, &facts, false).await;
        self.write(object, &last, outcome, &facts, false).await
    }

    async fn write(
        &self,
        object: &K::Object,
        last: &Status<<K::Object as Managed>::Observed>,
        outcome: &Outcome,
        facts: &Facts<<K::Object as Managed>::Observed>,
        looked: bool,
    ) -> Result<(), Failure> {
        let mut next = report(last, outcome, facts, object.meta().generation, &now());
        if looked {
            next.last_handled_reconcile_at = object.annotations().get(RECONCILE_AT_ANNOTATION).cloned();
        }
        next.account = next.may_be_in_cloud().then(|| self.account_name(object));
        let cloud_has_spoken = match outcome {
            Outcome::Done(step) => step.is_cloud_write(),
            Outcome::Failed(_) => looked,
            Outcome::Account(..) | Outcome::Paused => false,
        };
        self.note_readiness(object, last, &next);
        if same(last, &next) { Ok(()) } else { self.write_status(object, &next, !cloud_has_spoken).await }
    }

    /// The annotation asks for a look at once: nothing older than now will do, no backoff is waited out.
    fn look_now(&self, object: &K::Object, uid: &str) {
        let asked = object.annotations().get(RECONCILE_AT_ANNOTATION);
        let handled = object.status().and_then(|status| status.last_handled_reconcile_at.as_ref());
        self.states.with(uid, |state| {
            if asked.is_some() && asked != handled && state.asked.as_ref() != asked {
                state.asked = asked.cloned();
                state.fresh_after = Some(Instant::now());
                state.backoff = object_state::Backoff::default();
                state.queue_full = None;
            }
        });
    }
}

/// How a deletion ends that waits for what may never come.
fn way_out(what: &str) -> String {
    format!("the deletion waits for {what}, or for the annotation {ABANDON_ANNOTATION}: \"true\"")
}

fn is_annotated(object: &impl Resource, annotation: &str) -> bool {
    object.annotations().get(annotation).is_some_and(|value| value == "true")
}

/// An error as an object may tell it. What speaks of the account's identity is for the account's owner, who finds it in the log and at the account.
fn for_tenants(error: CloudError) -> CloudError {
    let message = match error.class {
        ErrorClass::Auth => "the cloud does not accept the account's credentials".to_owned(),
        ErrorClass::Permission => format!("the account's credentials lack the permission for {}", error.operation),
        _ => return error,
    };
    CloudError { message, ..error }
}
