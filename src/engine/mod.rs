//! The one generic reconcile: observe, decide, act, report. Knows no particular kind.
//!
//! A pass reads the two mirrors (the object's watch and the cloud's LIST), decides one step without IO, carries it out and reports. Waiting
//! is no error: whoever changes what is waited for wakes the object.

mod act;
mod decide;
mod kind;
mod memory;
mod observe;
mod references;
mod report;
mod run;

pub use decide::{Found, IntentState, Ownership, Presence, Situation, Step, Wait, decide};
pub(crate) use kind::now;
pub use kind::{Desired, Difference, Health, Kind, Links, OWNER_TAG, Phase, Reference};
pub(crate) use memory::waits;
pub use references::{Card, Index, Key};
pub use report::{Facts, Outcome, Seen, report, same};
pub(crate) use report::{Progress, consequence, told_error};
pub use run::{Namespaces, Shared, controller};

use k8s_openapi::api::core::v1::ObjectReference;
use kube::api::Api;
use kube::runtime::controller::Action;
use kube::runtime::events::{Event, EventType, Recorder};
use kube::runtime::reflector::{ObjectRef, Store};
use kube::{Resource, ResourceExt};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use crate::accounts::{Account, Accounts, Mirrored, State};
use crate::api::{
    ConditionType, FINALIZER, Managed, Management, PAUSED_ANNOTATION, RECONCILE_AT_ANNOTATION, Reason, Status, find_condition,
};
use crate::backoff::jittered;
use crate::cloud::CloudError;
use crate::mirror::Mirror;

use act::{Acted, Hands};
use memory::Memories;
use observe::{Look, Observation, Policies, tell};

/// Field manager and reporter of what the engine writes.
const MANAGER: &str = "direct-connect-operator";
/// A Secret that a create needs is looked for this often: Secrets are not watched.
const SECRET_EVERY: Duration = Duration::from_secs(10);

/// The reconcile of one kind.
pub struct Engine<K: Kind> {
    client: kube::Client,
    index: Arc<Index>,
    accounts: Arc<Accounts>,
    namespaces: Arc<Namespaces>,
    memories: Memories<K::Object>,
    store: Store<K::Object>,
    recorder: Recorder,
    wake: UnboundedSender<ObjectRef<K::Object>>,
    listeners: run::Listeners,
    /// Names this cluster in the owner's tag.
    cluster: String,
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
}

impl<K> Engine<K>
where
    K: Kind,
    K::Listed: Mirrored,
{
    /// One pass.
    async fn pass(self: &Arc<Self>, object: &K::Object) -> Result<Action, Failure> {
        let uid = object.uid().unwrap_or_default();
        let deleting = object.meta().deletion_timestamp.is_some();
        let finalizer = object.finalizers().iter().any(|name| name == FINALIZER);
        if deleting && !finalizer {
            self.memories.forget(&uid);
            return Ok(Action::await_change());
        }
        if object.annotations().get(PAUSED_ANNOTATION).is_some_and(|value| value == "true") {
            self.tell(object, &Outcome::Paused, None).await?;
            return Ok(Action::await_change());
        }
        if !finalizer {
            self.set_finalizer(object, true).await?;
            return Ok(Action::requeue(Duration::ZERO));
        }
        let name = self.account_name(object);
        self.memories.with(&uid, |memory| memory.account.clone_from(&name));
        match self.accounts.get(&name) {
            State::Ready(account) if deleting || self.may_use(object, &account) => self.pass_in(object, &uid, &account, &name).await,
            State::Ready(_) => {
                let message = format!("CloudAccount {name} is not open to this namespace");
                self.tell(object, &Outcome::Account(Reason::WaitingForAccount, message, None), None).await?;
                Ok(Action::requeue(jittered(SECRET_EVERY)))
            }
            State::NotReady(reason, message, error) => {
                // What never reached the cloud needs no cloud to go.
                let touched = object.status().is_some_and(|status| status.id.is_some() || status.intent.is_some());
                if deleting && (!touched || Policies::of(object, None).keep_the_cloud()) {
                    self.set_finalizer(object, false).await?;
                } else {
                    self.tell(object, &Outcome::Account(reason, message, error), None).await?;
                }
                Ok(Action::await_change())
            }
        }
    }

    async fn pass_in(self: &Arc<Self>, object: &K::Object, uid: &str, account: &Account, name: &str) -> Result<Action, Failure> {
        let mirror = account.mirror::<K::Listed>();
        self.listen(name, &mirror);
        self.look_now(object, uid);
        if !mirror.view().is_filled() {
            self.memories.with(uid, |memory| memory.looking = true);
            mirror.demand(Instant::now());
            let error = mirror.view().error().cloned();
            match error {
                Some(error) => self.tell(object, &Outcome::Failed(error), None).await?,
                None if object.status().is_none() => self.tell(object, &Outcome::Done(Step::Wait(Wait::Look)), None).await?,
                None => {}
            }
            return Ok(Action::await_change());
        }
        let owner = account.tags.then(|| self.owner(object));
        let look = Look { engine: self, object, account, mirror: &mirror, uid };
        let observation = match look.observe(owner.as_deref()).await {
            Ok(observation) => observation,
            Err(Failure::Cloud(error)) => return self.fail(object, uid, error, None, &mirror).await,
            Err(failure) => return Err(failure),
        };
        let step = decide(&observation.situation);
        let is_create = step == Step::RecordIntent;
        if (step.is_cloud_write() || is_create)
            && let Some(left) = self.memories.with(uid, |memory| memory.backoff.remaining(object.meta().generation))
        {
            return Ok(Action::requeue(left));
        }
        tracing::debug!(
            kind = K::NAME,
            namespace = object.namespace(),
            name = object.name_any(),
            account = name,
            step = step.label(),
            "decided"
        );
        let hands = Hands { engine: self, object, account, mirror: &mirror, uid };
        match hands.carry_out(&step).await {
            Ok(acted) => self.conclude(object, uid, step, acted, &observation, &mirror).await,
            Err(Failure::Cloud(error)) => self.fail(object, uid, error, Some(&observation), &mirror).await,
            Err(failure) => Err(failure),
        }
    }

    /// Tells what was done and says when to look again.
    async fn conclude(
        &self,
        object: &K::Object,
        uid: &str,
        step: Step,
        acted: Acted<K::Seen>,
        observation: &Observation<K>,
        mirror: &Mirror<K::Listed>,
    ) -> Result<Action, Failure> {
        let last = object.status().cloned().unwrap_or_default();
        let facts =
            |id, intent, seen| Facts { id, intent, seen, observe_only: Policies::of(object, None).management == Management::ObserveOnly };
        if step == Step::RemoveFinalizer {
            mirror.relax(uid);
            return Ok(Action::await_change());
        }
        let waits = matches!(step, Step::Wait(Wait::Look | Wait::Doubt | Wait::Cloud(_)));
        self.expect_change(uid, waits || step.is_cloud_write(), mirror);
        if step == Step::Wait(Wait::Look) {
            return Ok(Action::await_change());
        }
        let (facts, action) = match acted {
            Acted::Stale => return Ok(Action::requeue(Duration::ZERO)),
            Acted::Object if !matches!(step, Step::Adopt(_)) => return Ok(Action::requeue(Duration::ZERO)),
            Acted::Intent(intent) => {
                self.memories.with(uid, |memory| {
                    memory.fresh_intent = Some(intent.time.clone());
                    memory.doubt_until = None;
                });
                (facts(None, Some(intent), None), Action::requeue(Duration::ZERO))
            }
            Acted::Cloud(Some(seen)) => {
                let matches = !matches!(step, Step::Update(..));
                (facts(Some(K::id(&seen).to_owned()), None, Some(tell::<K>(&seen, matches))), Action::requeue(Duration::ZERO))
            }
            Acted::Cloud(None) => (facts(last.id.clone(), None, observation.told()), Action::await_change()),
            Acted::Object | Acted::No => {
                let (id, action) = match (&step, &observation.situation.cloud) {
                    (Step::Adopt(id), _) => (Some(id.clone()), Action::requeue(Duration::ZERO)),
                    (Step::Wait(Wait::Secret), _) => (last.id.clone(), Action::requeue(jittered(SECRET_EVERY))),
                    (_, Presence::Absent) if !observation.situation.deleting => (None, Action::await_change()),
                    _ => (last.id.clone(), Action::await_change()),
                };
                let intent = last.intent.clone().filter(|_| id.is_none() && observation.situation.intent != IntentState::None);
                (facts(id, intent, observation.told()), action)
            }
        };
        if step.is_cloud_write() {
            self.memories.with(uid, |memory| memory.backoff = memory::Backoff::default());
        }
        let told = Outcome::Done(step);
        self.publish(object, &told, &facts).await;
        self.write(object, &last, &told, &facts).await?;
        Ok(action)
    }

    /// Tells of a failure; a create whose outcome is not known keeps its intent.
    async fn fail(
        &self,
        object: &K::Object,
        uid: &str,
        error: CloudError,
        observation: Option<&Observation<K>>,
        mirror: &Mirror<K::Listed>,
    ) -> Result<Action, Failure> {
        tracing::warn!(
            kind = K::NAME,
            namespace = object.namespace(),
            name = object.name_any(),
            operation = error.operation,
            code = error.code,
            request_id = error.request_id,
            class = error.class.label(),
            "{error}"
        );
        let last = object.status().cloned().unwrap_or_default();
        let wait = self.memories.with(uid, |memory| memory.backoff.fail(error.class, object.meta().generation));
        let refused = observation.is_some() && error.outcome == crate::cloud::Outcome::Refused;
        self.expect_change(uid, !refused, mirror);
        let is_gone = observation.is_some_and(|observation| observation.situation.lost.is_some());
        let facts = Facts {
            id: last.id.clone().filter(|_| !is_gone),
            intent: last.intent.clone().filter(|_| !refused),
            seen: observation.and_then(Observation::told),
            observe_only: false,
        };
        let told = Outcome::Failed(error);
        self.publish(object, &told, &facts).await;
        self.write(object, &last, &told, &facts).await?;
        Ok(Action::requeue(wait))
    }

    /// Tells an outcome without having looked at the cloud: what is known of it stays.
    async fn tell(
        &self,
        object: &K::Object,
        outcome: &Outcome,
        seen: Option<Seen<<K::Object as Managed>::Observed>>,
    ) -> Result<(), Failure> {
        let last = object.status().cloned().unwrap_or_default();
        let facts = Facts { id: last.id.clone(), intent: last.intent.clone(), seen, observe_only: false };
        self.publish(object, outcome, &facts).await;
        self.write(object, &last, outcome, &facts).await
    }

    async fn write(
        &self,
        object: &K::Object,
        last: &Status<<K::Object as Managed>::Observed>,
        outcome: &Outcome,
        facts: &Facts<<K::Object as Managed>::Observed>,
    ) -> Result<(), Failure> {
        let mut next = report(last, outcome, facts, object.meta().generation, &now());
        next.last_handled_reconcile_at = object.annotations().get(RECONCILE_AT_ANNOTATION).cloned();
        if same(last, &next) { Ok(()) } else { self.write_status(object, &next).await }
    }

    /// While the cloud is expected to change by itself, the mirror's rhythm is hot.
    fn expect_change(&self, uid: &str, expected: bool, mirror: &Mirror<K::Listed>) {
        self.memories.with(uid, |memory| memory.looking = expected);
        if expected {
            mirror.watch_closely(uid);
        } else {
            mirror.relax(uid);
        }
    }

    /// The annotation asks for a look at once: nothing older than now will do, and no backoff is waited out.
    fn look_now(&self, object: &K::Object, uid: &str) {
        let asked = object.annotations().get(RECONCILE_AT_ANNOTATION);
        let handled = object.status().and_then(|status| status.last_handled_reconcile_at.as_ref());
        self.memories.with(uid, |memory| {
            if asked.is_some() && asked != handled && memory.asked.as_ref() != asked {
                memory.asked = asked.cloned();
                memory.fresh_after = Some(Instant::now());
                memory.backoff = memory::Backoff::default();
            }
        });
    }

    /// Events tell of what was done and of what went wrong, once for each.
    async fn publish(&self, object: &K::Object, outcome: &Outcome, facts: &Facts<<K::Object as Managed>::Observed>) {
        let id = facts.id.as_deref().unwrap_or_default();
        let last = object.status();
        let (type_, reason, action, note) = match outcome {
            Outcome::Done(Step::Create(_)) => (EventType::Normal, "Created", "Create", format!("created {id}")),
            Outcome::Done(Step::Adopt(id)) => (EventType::Normal, "Adopted", "Adopt", format!("took over {id}")),
            Outcome::Done(Step::Update(_, differences)) => {
                let fields: Vec<&str> = differences.iter().map(|difference| difference.path).collect();
                (EventType::Normal, "Updated", "Update", format!("changed {id}: {}", fields.join(", ")))
            }
            Outcome::Done(Step::Delete(_)) => (EventType::Normal, "Deleting", "Delete", format!("deleting {id}")),
            Outcome::Done(Step::Stall(reason, message)) if last.and_then(report::ready_reason) != Some(reason.as_str()) => {
                (EventType::Warning, reason.as_str(), "Reconcile", message.clone())
            }
            Outcome::Failed(error)
                if last.and_then(|status| status.last_error.as_ref()).map(|last| (&last.code, &last.message))
                    != Some((&error.code, &error.message)) =>
            {
                (EventType::Warning, "CloudError", "Reconcile", error.to_string())
            }
            _ => return,
        };
        let event = Event { type_, reason: reason.to_owned(), note: Some(note), action: action.to_owned(), secondary: None };
        let about: ObjectReference = object.object_ref(&());
        if let Err(error) = self.recorder.publish(&event, &about).await {
            tracing::debug!(%error, "event not written");
        }
    }
}

impl<K: Kind> Engine<K> {
    fn api(&self, object: &K::Object) -> Api<K::Object> {
        Api::namespaced(self.client.clone(), &object.namespace().unwrap_or_default())
    }

    /// An object that goes may use its account whatever was narrowed since: nothing is orphaned.
    fn may_use(&self, object: &K::Object, account: &Account) -> bool {
        let namespace = object.namespace().unwrap_or_default();
        account.is_open_to(&namespace, &self.namespaces.labels(&namespace))
    }

    /// Object → namespace's annotation → `default`.
    fn account_name(&self, object: &K::Object) -> String {
        object
            .account_ref()
            .map_or_else(|| self.namespaces.account(&object.namespace().unwrap_or_default()), |account| account.name.clone())
    }

    /// What others need to know of an object. One that has our finalizer needs its account, too.
    fn card(&self, object: &K::Object) -> Card {
        let namespace = object.namespace().unwrap_or_default();
        let status = object.status();
        let ready =
            status.and_then(|status| find_condition(&status.conditions, ConditionType::Ready)).is_some_and(|ready| ready.status == "True");
        let account = object.finalizers().iter().any(|name| name == FINALIZER).then(|| Key::account(&self.account_name(object)));
        Card {
            id: status.and_then(|status| status.id.clone()),
            ready: ready && object.meta().deletion_timestamp.is_none(),
            needs: K::references(object).iter().map(|reference| reference.key(&namespace)).chain(account).collect(),
        }
    }

    fn key(object: &K::Object) -> Key {
        Key { kind: K::NAME, namespace: object.namespace().unwrap_or_default(), name: object.name_any() }
    }

    /// `<cluster>:<namespace>/<name>`, within a tag value's 255 characters: what is longer ends in a hash of the whole.
    fn owner(&self, object: &K::Object) -> String {
        kind::owner(&self.cluster, &object.namespace().unwrap_or_default(), &object.name_any())
    }

    /// The newer of what the watch and our own last write showed.
    fn newest(&self, object: &K::Object) -> Option<Arc<K::Object>> {
        let watched = self.store.get(&ObjectRef::from_obj(object)).filter(|watched| watched.uid() == object.uid())?;
        let written = self.memories.with(&object.uid().unwrap_or_default(), |memory| memory.latest.clone());
        Some(written.filter(|written| version(written.as_ref()) > version(watched.as_ref())).unwrap_or(watched))
    }

    fn remember(&self, object: K::Object) {
        let uid = object.uid().unwrap_or_default();
        self.index.apply(&Self::key(&object), self.card(&object));
        self.memories.with(&uid, |memory| memory.latest = Some(Arc::new(object)));
    }
}

/// Resource versions of one kind can be compared as numbers since Kubernetes 1.35; before, they were numbers in practice.
fn version(object: &impl Resource) -> u64 {
    object.meta().resource_version.as_deref().and_then(|version| version.parse().ok()).unwrap_or(0)
}
