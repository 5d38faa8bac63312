//! Carrying out a step. Each arm does one thing; what it learns goes into the cache and the state at once.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::api::{Patch, PatchParams};
use kube::{Resource, ResourceExt};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::accounts::{Account, State};
use crate::api::{FINALIZER, Intent, Managed, PAUSED_ANNOTATION, Target};
use crate::cache::CloudCache;
use crate::cloud::{self, Call, CloudError, ErrorClass, Priority};
use crate::cluster::finalizer;
use crate::cluster::leader_election::NotLeading;
use crate::cluster::status::now;
use crate::cluster::status::write_status;

use super::decide::Step;
use super::kind::Kind;
use super::permission::Permission;
use super::{Failure, Reconciler, is_annotated};

/// What a step changed.
pub(super) enum Acted<S> {
    /// Nothing.
    No,
    /// The object itself: the next pass follows at once.
    Object,
    /// An intent was recorded.
    Intent(Intent),
    /// The cloud; the answer shows the resource, if it shows it whole.
    Cloud(Option<S>),
    /// Something changed while the step waited for its turn, leadership ended, or the process ends: nothing was done.
    Stale,
}

/// One step's executor.
pub(super) struct Executor<'a, K: Kind> {
    pub reconciler: &'a Reconciler<K>,
    pub object: &'a K::Object,
    pub account: &'a Account,
    /// Name of the account.
    pub name: &'a str,
    pub cache: &'a Arc<CloudCache<K::Listed>>,
    pub uid: &'a str,
    /// The step's place in the line for the budget.
    pub priority: Priority,
    /// Where a create makes the resource.
    pub target: &'a Target,
}

impl<K: Kind> Executor<'_, K> {
    pub async fn carry_out(&self, step: &Step) -> Result<Acted<K::Resource>, Failure> {
        match step {
            Step::Rest | Step::Report(_) | Step::Wait(_) | Step::Stall(..) => Ok(Acted::No),
            Step::Adopt(_) => Ok(Acted::Object),
            Step::RemoveFinalizer => self.reconciler.set_finalizer(self.object, false).await.map(|()| Acted::Object),
            Step::RecordIntent => self.record_intent().await,
            Step::Create(call) => self.create(call).await,
            Step::Update(call, _) => self.write(call).await,
            Step::Delete(call) | Step::Replace(call, _) => self.delete(call).await,
        }
    }

    /// The budget for the create is obtained first, so that the time from the intent to the create is short.
    async fn record_intent(&self) -> Result<Acted<K::Resource>, Failure> {
        let create = Call::new("Create", cloud::Method::Post, &[], "");
        Ok(if self.is_permitted(&create).await? { Acted::Intent(self.new_intent()) } else { Acted::Stale })
    }

    /// Waits for the budget of a create, if it is not obtained already. False when it may not be sent any more.
    async fn is_permitted(&self, create: &Call) -> Result<bool, Failure> {
        if !self.reconciler.states.with(self.uid, |state| state.permit) {
            let permit = self.turn(create).await?;
            self.reconciler.states.with(self.uid, |state| state.permit = permit);
            return Ok(permit);
        }
        Ok(true)
    }

    fn new_intent(&self) -> Intent {
        let time = now();
        let deadline = time.0.checked_add(self.account.client.settings().limits.create()).unwrap_or(time.0);
        Intent { time, deadline: Time(deadline), target: Some(self.target.clone()) }
    }

    async fn create(&self, call: &Call) -> Result<Acted<K::Resource>, Failure> {
        let limit = self.account.client.settings().limits.call;
        let intent = self.object.status().and_then(|status| status.intent.as_ref());
        // One that follows a refusal at once takes a place of its own in the line.
        if !self.is_permitted(call).await? {
            return Ok(Acted::Stale);
        }
        let left: Option<Duration> = intent.and_then(|intent| intent.deadline.0.duration_since(jiff::Timestamp::now()).try_into().ok());
        let Some(left) = left.filter(|left| *left >= limit) else { return Ok(Acted::Intent(self.new_intent())) };
        let deadline = Instant::now() + left;
        if !self.may_write() {
            return Ok(Acted::Stale);
        }
        self.reconciler.states.with(self.uid, |state| {
            state.fresh_intent = None;
            state.permit = false;
            state.doubt_until = Some(deadline);
        });
        let call = call.clone().begun_by(deadline - limit);
        let Ok(created) = self.leading(self.account.client.fetch::<K::Resource>(&call)).await else { return Ok(Acted::Stale) };
        match created {
            Ok(seen) => {
                self.reconciler.states.with(self.uid, |state| (state.doubt_until, state.plain) = (None, false));
                self.show(seen.clone());
                Ok(Acted::Cloud(Some(seen)))
            }
            Err(error) => Err(self.failed(error)),
        }
    }

    async fn write(&self, call: &Call) -> Result<Acted<K::Resource>, Failure> {
        if !self.turn(call).await? {
            return Ok(Acted::Stale);
        }
        if !call.is_partial() {
            let Ok(answer) = self.leading(self.account.client.fetch::<K::Resource>(call)).await else { return Ok(Acted::Stale) };
            let seen = answer.map_err(|error| self.failed(error))?;
            self.show(seen.clone());
            return Ok(Acted::Cloud(Some(seen)));
        }
        let Ok(answer) = self.leading(self.account.client.send(call)).await else { return Ok(Acted::Stale) };
        answer.map_err(|error| self.failed(error))?;
        self.look_again();
        Ok(Acted::Cloud(None))
    }

    async fn delete(&self, call: &Call) -> Result<Acted<K::Resource>, Failure> {
        if !self.turn(call).await? {
            return Ok(Acted::Stale);
        }
        let Ok(answer) = self.leading(self.account.client.send(call)).await else { return Ok(Acted::Stale) };
        match answer {
            Ok(_) => {}
            // Gone already: the next look confirms it.
            Err(error) if error.class == ErrorClass::Absent => {}
            Err(error) => return Err(self.failed(error)),
        }
        self.look_again();
        Ok(Acted::Cloud(None))
    }

    /// Makes a write to the cloud while this replica leads. Writes to the API server pass the client's fence.
    async fn leading<T>(&self, write: impl Future<Output = T>) -> Result<T, NotLeading> {
        self.reconciler.leadership.guard(write).await
    }

    /// Puts the answer to a write into the cache, as of now: a LIST that was begun while the write was under way may not show it yet. Where it
    /// can't be placed, the next LIST must tell.
    fn show(&self, seen: K::Resource) {
        let host = K::listed_id(&seen).to_owned();
        self.reconciler.states.with(self.uid, |state| state.watched.insert(host.clone()));
        match K::place(self.cache.get(&host).as_deref(), seen) {
            Some(listed) => self.cache.put(listed, Instant::now()),
            None => self.look_again(),
        }
    }

    fn look_again(&self) {
        let instant = Instant::now();
        self.reconciler.states.with(self.uid, |state| state.fresh_after = Some(instant));
        self.cache.demand(instant);
    }

    /// Whatever failed, the cloud may look other than we thought.
    fn failed(&self, error: CloudError) -> Failure {
        self.look_again();
        Failure::Cloud(error)
    }

    /// Waits for the budget of `call`. False when it may not be sent any more.
    async fn turn(&self, call: &Call) -> Result<bool, Failure> {
        let turn = tokio::select! {
            turn = self.account.client.queue(call, self.priority) => turn.map(|()| self.may_write()),
            () = self.overtaken() => Ok(false),
            () = self.reconciler.stopped() => Ok(false),
        };
        self.reconciler.states.with(self.uid, |state| state.turn = None);
        Ok(turn?)
    }

    /// Resolves once the object is stale: its next pass may have a better place in the line.
    async fn overtaken(&self) {
        loop {
            let (change, changed) = oneshot::channel();
            // Before the look, so that a change in between is not missed.
            self.reconciler.states.with(self.uid, |state| state.turn = Some(change));
            // One that went is forgotten, and its end of the channel with it.
            if self.is_stale() || changed.await.is_err() {
                return;
            }
        }
    }

    /// Whether the cloud may still be written for this object: asked directly before each write, since the budget may have kept it waiting.
    fn may_write(&self) -> bool {
        let granted = match self.reconciler.accounts.get(self.name) {
            State::Ready(account) => self.reconciler.permission(self.object, &account) == Permission::Given,
            State::NotReady(..) | State::Unknown => false,
        };
        granted && !self.is_stale()
    }

    /// Whether the object changed since the pass began: a spec or a deletion that came while it waited for its turn.
    fn is_stale(&self) -> bool {
        self.reconciler.newest(self.object).is_none_or(|newest| {
            newest.meta().generation != self.object.meta().generation
                || newest.meta().deletion_timestamp != self.object.meta().deletion_timestamp
                || is_annotated(newest.as_ref(), PAUSED_ANNOTATION)
        })
    }
}

impl<K: Kind> Reconciler<K> {
    /// Puts our finalizer on the object or takes it off.
    pub(super) async fn set_finalizer(&self, object: &K::Object, present: bool) -> Result<(), Failure> {
        let patch = finalizer::patch(object, FINALIZER, present);
        let api = self.api(object);
        let result = api.patch(&object.name_any(), &PatchParams::default(), &Patch::Merge(patch)).await;
        match result {
            Ok(newer) if present => {
                self.remember(newer);
                Ok(())
            }
            // The watch may have told of its end already: remembering the answer would bring it back.
            Ok(_) => {
                self.index.forget(&Self::key(object));
                self.states.forget(&object.uid().unwrap_or_default());
                Ok(())
            }
            // Gone, or changed: the watch brings what is newer.
            Err(kube::Error::Api(status)) if status.is_not_found() => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes the status. What tells only of a look (`fenced`) is refused when the object has changed since: a replica that was overtaken does not
    /// write over its successor's word, and no create follows an intent that another one's stands against. What the cloud has answered is written
    /// in any case.
    pub(super) async fn write_status(&self, object: &K::Object, status: &impl serde::Serialize, fenced: bool) -> Result<(), Failure> {
        match write_status(&self.api(object), object, object.resource_version().filter(|_| fenced), status).await {
            Ok(newer) => self.remember(newer),
            // The watch brings what is newer, and with it the next pass.
            Err(kube::Error::Api(status)) if fenced && status.is_conflict() => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}
