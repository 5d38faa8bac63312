//! Executing a step. Each arm does one thing; what it learns goes into the cache and the object's state at once.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::api::Patch;
use kube::{Resource, ResourceExt};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::accounts::State as AccountState;
use crate::api::{FINALIZER, Intent, PAUSED_ANNOTATION, Target, WriteAction};
use crate::cloud::{self, Call, CloudError, ErrorClass, Priority};
use crate::cluster::finalizer;
use crate::cluster::leader_election::NotLeading;
use crate::cluster::status::now;

use super::context::{AccountContext, Context, is_annotated};
use super::decide::Step;
use super::kind::Kind;
use super::permission::Permission;
use super::reconciler::Failure;

/// What a step changed.
pub(super) enum Executed<S> {
    /// Nothing.
    Nothing,
    /// The object itself: the next attempt follows at once.
    Object,
    /// An intent was recorded.
    Intent(Intent),
    /// The cloud; the answer shows the resource, if it shows it whole.
    Cloud(Option<S>),
    /// Something changed while the step waited for its permit, leadership ended, or the process ends: nothing was done.
    Stale,
}

/// Executes the step of one attempt.
pub(super) struct Executor<'c, 'a, K: Kind> {
    pub context: &'c mut Context<'a, K>,
    pub account: &'c AccountContext<K::Listed>,
    /// Who goes first in the rate limiter's queue.
    pub priority: Priority,
    /// Where a create makes the resource.
    pub target: &'c Target,
}

impl<K: Kind> Executor<'_, '_, K> {
    pub async fn execute(&mut self, step: &Step) -> Result<Executed<K::Resource>, Failure> {
        match step {
            Step::NoChange | Step::Report(_) | Step::Wait(_) | Step::Stall(..) => Ok(Executed::Nothing),
            Step::Adopt(_) => Ok(Executed::Object),
            Step::RemoveFinalizer => self.context.set_finalizer(false).await.map(|()| Executed::Object),
            Step::RecordIntent => self.record_intent().await,
            Step::Create(call) => self.create(call).await,
            Step::Update(call, _) => self.update(call).await,
            Step::Delete(call) | Step::Replace(call, _) => self.delete(call).await,
        }
    }

    /// The permit for the create is obtained first, so that the time from the intent to the create is short.
    async fn record_intent(&mut self) -> Result<Executed<K::Resource>, Failure> {
        let create = Call::new("Create", cloud::Method::Post, &[], "");
        Ok(if self.is_permitted(&create).await? { Executed::Intent(self.new_intent()) } else { Executed::Stale })
    }

    /// Waits for the permit of a create, if it is not obtained already. False when it may not be sent any more.
    async fn is_permitted(&mut self, create: &Call) -> Result<bool, Failure> {
        if !self.context.state.create.permit {
            self.context.state.create.permit = self.permit(create).await?;
        }
        Ok(self.context.state.create.permit)
    }

    fn new_intent(&self) -> Intent {
        let time = now();
        let deadline = time.0.checked_add(self.account.account.client.settings().limits.create()).unwrap_or(time.0);
        Intent { time, deadline: Time(deadline), target: Some(self.target.clone()) }
    }

    async fn create(&mut self, call: &Call) -> Result<Executed<K::Resource>, Failure> {
        let limit = self.account.account.client.settings().limits.call;
        // The permit is from before the intent: meanwhile the cloud may have asked for a pause.
        self.context.state.create.permit &= !self.account.account.client.is_paused(call);
        // One that follows a refusal at once needs a permit of its own.
        if !self.is_permitted(call).await? {
            return Ok(Executed::Stale);
        }
        let deadline = self.context.status.intent.as_ref().map(|intent| intent.deadline.0);
        let left: Option<Duration> = deadline.and_then(|deadline| deadline.duration_since(jiff::Timestamp::now()).try_into().ok());
        let Some(left) = left.filter(|left| *left >= limit) else { return Ok(Executed::Intent(self.new_intent())) };
        let deadline = Instant::now() + left;
        if !self.may_write() {
            return Ok(Executed::Stale);
        }
        let state = &mut self.context.state.create;
        (state.fresh_intent, state.permit, state.in_doubt_until) = (None, false, Some(deadline));
        let call = call.clone().begun_by(deadline - limit);
        let created = if call.is_partial() {
            let Ok(answer) = self.leading(self.account.account.client.send(&call)).await else { return Ok(Executed::Stale) };
            answer.map(|_| None)
        } else {
            let Ok(answer) = self.leading(self.account.account.client.fetch::<K::Resource>(&call)).await else {
                return Ok(Executed::Stale);
            };
            answer.map(Some)
        };
        let created = created.map_err(|error| self.failed(error))?;
        self.context.learn_of_tags(&self.account.account);
        let Some(resource) = created else {
            // The next LIST finds it by the intent, which stays.
            self.list_again();
            return Ok(Executed::Cloud(None));
        };
        self.context.state.create.in_doubt_until = None;
        self.context.state.unseen.answered(WriteAction::Create, &call);
        self.show(resource.clone());
        Ok(Executed::Cloud(Some(resource)))
    }

    async fn update(&mut self, call: &Call) -> Result<Executed<K::Resource>, Failure> {
        if !self.permit(call).await? {
            return Ok(Executed::Stale);
        }
        if !call.is_partial() {
            let Ok(answer) = self.leading(self.account.account.client.fetch::<K::Resource>(call)).await else { return Ok(Executed::Stale) };
            let resource = answer.map_err(|error| self.failed(error))?;
            self.updated(call);
            self.show(resource.clone());
            return Ok(Executed::Cloud(Some(resource)));
        }
        let Ok(answer) = self.leading(self.account.account.client.send(call)).await else { return Ok(Executed::Stale) };
        answer.map_err(|error| self.failed(error))?;
        self.updated(call);
        self.list_again();
        Ok(Executed::Cloud(None))
    }

    fn updated(&mut self, call: &Call) {
        let generation = self.context.generation;
        self.context.state.updated(call, generation);
        self.context.state.unseen.answered(WriteAction::Update, call);
    }

    async fn delete(&mut self, call: &Call) -> Result<Executed<K::Resource>, Failure> {
        if !self.permit(call).await? {
            return Ok(Executed::Stale);
        }
        let Ok(answer) = self.leading(self.account.account.client.send(call)).await else { return Ok(Executed::Stale) };
        match answer {
            Ok(_) => self.context.state.unseen.answered(WriteAction::Delete, call),
            // Gone already. Of a resource that was made just now it may not be true.
            Err(error) if error.class == ErrorClass::Absent => {
                let lag = self.account.account.client.settings().limits.read_lag;
                if self.context.state.unseen.exists_until(lag).is_none_or(|until| until <= Instant::now()) {
                    self.context.state.not_found.push(call.clone());
                }
            }
            // What keeps a resource from being deleted goes by itself, whatever the cloud calls it.
            Err(error) if error.class == ErrorClass::Invalid => {
                return Err(self.failed(CloudError { class: ErrorClass::InUse, ..error }));
            }
            Err(error) => return Err(self.failed(error)),
        }
        self.list_again();
        Ok(Executed::Cloud(None))
    }

    /// Makes a write to the cloud while this replica leads. Writes to the API server pass the client's fence.
    async fn leading<T>(&self, write: impl Future<Output = T>) -> Result<T, NotLeading> {
        self.context.reconciler.leadership.guard(write).await
    }

    /// Puts the answer to a write into the cache, as of now: a LIST that was begun while the write was under way may not show it yet. Where it
    /// can't be placed, the next LIST must show it.
    fn show(&mut self, resource: K::Resource) {
        let listed_id = K::listed_id(&resource).to_owned();
        self.context.watch_item(&listed_id);
        match K::place(self.account.cache.get(&listed_id).as_deref(), resource) {
            Some(listed) => self.account.cache.put(listed, Instant::now()),
            None => self.list_again(),
        }
    }

    /// No LIST that was begun before now says anything about the object.
    fn list_again(&mut self) {
        let instant = Instant::now();
        self.context.state.polling.fresh_after = Some(instant);
        self.account.cache.demand(instant);
    }

    /// Whatever failed, the cloud may have changed all the same.
    fn failed(&mut self, error: CloudError) -> Failure {
        self.list_again();
        Failure::Cloud(error)
    }

    /// Waits for the rate limiter's permit for `call`. False when it may not be sent any more.
    async fn permit(&self, call: &Call) -> Result<bool, Failure> {
        let permit = tokio::select! {
            permit = self.account.account.client.queue(call, self.priority) => permit.map(|()| self.may_write()),
            () = self.interrupted() => Ok(false),
            () = self.context.reconciler.stopped() => Ok(false),
        };
        self.context.reconciler.states.track(self.context.uid, |tracked| tracked.interrupt = None);
        Ok(permit?)
    }

    /// Resolves once the object is stale: its next attempt may have a better place in the queue.
    async fn interrupted(&self) {
        loop {
            let (change, changed) = oneshot::channel();
            // Before the check, so that a change in between is not missed.
            self.context.reconciler.states.track(self.context.uid, |tracked| tracked.interrupt = Some(change));
            // One that is gone is forgotten, and its end of the channel with it.
            if self.is_stale() || changed.await.is_err() {
                return;
            }
        }
    }

    /// Whether the cloud may still be written for this object: asked directly before each write, since the wait for the permit may have been long.
    fn may_write(&self) -> bool {
        let Context { reconciler, object, account_name, .. } = &*self.context;
        let is_granted = match reconciler.accounts.get(account_name) {
            AccountState::Ready(account) => reconciler.permission(object, &account) == Permission::Granted,
            AccountState::NotReady(..) | AccountState::Unknown => false,
        };
        is_granted && !self.is_stale()
    }

    /// Whether the object changed since the attempt began: a spec or a deletion that came while it waited for its permit.
    fn is_stale(&self) -> bool {
        let Context { reconciler, object, generation, .. } = &*self.context;
        reconciler.newest(object).is_none_or(|newest| {
            newest.meta().generation != *generation
                || newest.meta().deletion_timestamp != object.meta().deletion_timestamp
                || is_annotated(newest.as_ref(), PAUSED_ANNOTATION)
        })
    }
}

impl<K: Kind> Context<'_, K> {
    /// Puts our finalizer on the object or takes it off.
    pub async fn set_finalizer(&self, present: bool) -> Result<(), Failure> {
        let patch = finalizer::patch(self.object, FINALIZER, present);
        let api = self.reconciler.api(self.object);
        let result = api.patch(&self.object.name_any(), &finalizer::patch_params(), &Patch::Merge(patch)).await;
        match result {
            Ok(newer) if present => {
                self.reconciler.remember(newer);
                Ok(())
            }
            // The watch may have shown its end already: remembering the answer would bring it back.
            Ok(_) => {
                self.reconciler.index.forget(&self.key);
                self.reconciler.states.forget(self.uid);
                Ok(())
            }
            // Gone, or changed: the watch brings what is newer.
            Err(kube::Error::Api(status)) if status.is_not_found() => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
