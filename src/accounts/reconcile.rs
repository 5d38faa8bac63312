//! `CloudAccount` objects → accounts that are ready, and their status.
//!
//! A pass reads the account's Secret, gets keys or a token where that takes a call, and proves the credentials by one read (the quotas, which the status
//! shows). Objects are told no more of it than the reason: the particulars are for those who may read the account.

use futures::StreamExt;
use kube::api::Patch;
use kube::core::ObjectMeta;
use kube::runtime::controller::{Action, Controller};
use kube::runtime::reflector::ObjectRef;
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Resource, ResourceExt};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tracing::Instrument;

use super::context::Context;
use super::inventory::{CONFIRM, Looks};
use super::metrics::AccountMetrics;
use super::prepare::{NotUsable, QUOTAS_SOON};
use super::{Account, Accounts, State, in_use, secrets};
use crate::api::cloud_account::{EndpointsInUse, Quota};
use crate::api::{CloudAccount, CloudAccountStatus, ConditionType, NewCondition, Reason, remove_condition, set_condition};
use crate::backoff::{exponential, jittered};
use crate::cloud::{Client, Endpoint};
use crate::cluster::age;
use crate::cluster::finalizer::{self, RenamedFinalizer};
use crate::cluster::status::join_names;
use crate::cluster::status::last_error;
use crate::cluster::status::now;
use crate::cluster::watch::relist::Relist;
use crate::cluster::watch::shard::Shard;
use crate::cluster::watch::stored::{Stored, UnreadableObjects, readable};
use crate::cluster::watch::strip_metadata::strip_metadata;
use crate::graph::{Index, ObjectKey, ResourceSummary};
use crate::telemetry::logs::reconcile_span;
use crate::telemetry::metrics::{Metrics, ReconcileResult, Source};

/// How often the users of an account at rest are counted.
const COUNT_EVERY: Duration = Duration::from_mins(1);
/// First and longest wait after the API server refused or was not reached.
const RETRY: (Duration, Duration) = (Duration::from_secs(5), Duration::from_mins(2));
/// How often it is checked whether a cloud that has not answered is back, and whether credentials are renewed again.
const TROUBLED: Duration = Duration::from_secs(10);
/// How soon a pass looks again whether the caches are filled.
const NOT_FILLED: Duration = Duration::from_millis(100);
/// Longest message of a condition of an account, in bytes; Kubernetes takes 32768 characters.
const MESSAGE_LIMIT: usize = 1024;

/// Runs the controller of `CloudAccount` until `stop` says so.
///
/// Nothing is done before `filled` says that all objects are known: an account whose objects are not yet listed would seem to be used by none.
pub async fn controller(
    client: kube::Client,
    accounts: Arc<Accounts>,
    index: Arc<Index>,
    shard: Shard,
    filled: watch::Receiver<bool>,
    stop: watch::Receiver<bool>,
    metrics: Metrics,
) {
    let (list, listed) = watch::channel(false);
    let known_all = [filled.clone(), listed];
    let keeping = tokio::spawn(secrets::keep(client.clone(), accounts.secrets().clone(), Arc::clone(&index), in_use(&shard), known_all));
    let (wake, woken) = mpsc::unbounded_channel::<ObjectKey>();
    index.register(ObjectKey::account("").kind, wake);
    let context = Arc::new(Context::new(client.clone(), accounts, index, shard, stop, &metrics));
    let (known, queue) = (Arc::clone(&context), Arc::clone(&context));
    let woken = UnboundedReceiverStream::from(woken).map(move |key| {
        queue.queue(&key.name);
        ObjectRef::new(&key.name)
    });
    let mut relist = Relist::default();
    // A deleted account has no pass of its own: its going is seen in the watch.
    let (reader, writer) = kube::runtime::reflector::store();
    let unreadable = Arc::new(UnreadableObjects::new(ObjectKey::account("").kind, client.clone()));
    metrics.attach(Arc::clone(&unreadable) as Arc<dyn Source>);
    let watch = watcher(Api::<Stored<CloudAccount>>::all(client), watcher::Config::default()).default_backoff().modify(strip_metadata);
    let watch = watch.inspect(move |event| {
        let event = match event {
            Ok(event) => event,
            Err(error) => return tracing::warn!(kind = ObjectKey::account("").kind, %error, "watch failed; it is begun again"),
        };
        for account in relist.take(event).into_iter().filter(|account| !account.replaced) {
            known.forget(&account.place.1);
        }
        unreadable.take(event);
        match event {
            watcher::Event::Apply(Stored::Unreadable(account)) | watcher::Event::InitApply(Stored::Unreadable(account)) => {
                let name = account.metadata.name.clone().unwrap_or_default();
                known.there_is(&name);
                known.publish(&name, State::NotReady(Reason::Invalid, told_to_tenants(&name, Reason::Invalid), None));
            }
            watcher::Event::Apply(Stored::Readable(account)) | watcher::Event::InitApply(Stored::Readable(account)) => {
                let (name, secret) = (account.name_any(), secret_key(account));
                known.index.apply(
                    &ObjectKey::account(&name),
                    ResourceSummary { needs: secret.into_iter().collect(), ..ResourceSummary::default() },
                );
                known.there_is(&name);
            }
            watcher::Event::InitDone => {
                known.accounts.listed();
                let _ = list.send(true);
            }
            watcher::Event::Init | watcher::Event::Delete(_) => {}
        }
    });
    let accounts_read = reader.clone();
    let watch = watch.filter_map(move |event| {
        let last_read = |meta: &ObjectMeta| {
            accounts_read.get(&ObjectRef::new(meta.name.as_deref()?)).map(|account: Arc<CloudAccount>| account.as_ref().clone())
        };
        std::future::ready(match event {
            Ok(event) => readable(event, last_read).map(Ok),
            Err(error) => Some(Err(error)),
        })
    });
    metrics.attach(Arc::new(AccountMetrics { context: Arc::clone(&context), store: reader.clone() }));
    let changes = kube::runtime::reflector(writer, watch).touched_objects();
    Controller::for_stream(changes, reader)
        // Without a limit on concurrency: an account whose cloud hangs blocks no other account.
        .reconcile_on(woken)
        .graceful_shutdown_on({
            let context = Arc::clone(&context);
            async move { context.stopped().await }
        })
        .run(
            move |account, context| {
                let span = reconcile_span(ObjectKey::account("").kind, "", &account.name_any(), &account.name_any());
                reconcile(account, context, filled.clone()).instrument(span)
            },
            |account, _, context| {
                let failures = context.known(&account.name_any(), |known| known.refused);
                Action::requeue(exponential(RETRY.0, RETRY.1, failures.max(1)))
            },
            context,
        )
        .for_each(|_| std::future::ready(()))
        .await;
    keeping.abort();
}

async fn reconcile(account: Arc<CloudAccount>, context: Arc<Context>, filled: watch::Receiver<bool>) -> Result<Action, kube::Error> {
    if !*filled.borrow() {
        // A pass that waited would hold up the end of the process.
        return Ok(Action::requeue(NOT_FILLED));
    }
    pass(account, context).await.inspect_err(|error| tracing::warn!(%error, "the API server refused or was not reached"))
}

async fn pass(account: Arc<CloudAccount>, context: Arc<Context>) -> Result<Action, kube::Error> {
    let name = account.name_any();
    let pass = context.reconcile.begin(ObjectKey::account(&name).kind);
    context.known(&name, |known| known.queued = None);
    let ended = one_pass(account, &context, &name).await;
    context.known(&name, |known| known.refused = if ended.is_err() { known.refused.saturating_add(1) } else { 0 });
    pass.ended(ended.as_ref().map_or(ReconcileResult::KubernetesError, |(passed, _)| *passed));
    ended.map(|(_, action)| action)
}

async fn one_pass(account: Arc<CloudAccount>, context: &Context, name: &str) -> Result<(ReconcileResult, Action), kube::Error> {
    let key = ObjectKey::account(name);
    let secret = secret_key(&account);
    let users = context.index.users(&key);
    // Whether the Secret must stay depends on whether the account has users.
    if let Some(secret) = &secret {
        context.index.wake(secret);
    }
    let deleting = account.meta().deletion_timestamp.is_some();
    let ours = in_use(&context.shard);
    let kept = ours.is_on(account.as_ref());
    // No finalizer can be added to an account that is being deleted.
    let finalizer_is_due = if deleting { kept && users.is_empty() } else { !ours.is_current(account.as_ref()) };
    if finalizer_is_due {
        context.set_finalizer(&account, &ours, !deleting).await?;
        return Ok((ReconcileResult::Wrote, Action::await_change()));
    }
    if deleting && !kept && users.is_empty() {
        // It is for others to say what keeps it.
        return Ok((ReconcileResult::Rested, Action::await_change()));
    }
    let prepared = tokio::select! {
        prepared = context.prepare(&account) => prepared?,
        // It only reads: nothing is lost.
        () = context.stopped() => return Ok((ReconcileResult::Waited, Action::await_change())),
    };
    let quotas = context.known(name, |known| known.built.as_ref().map(|built| built.quotas.clone()).unwrap_or_default());
    let passed = match &prepared {
        Ok(_) => ReconcileResult::Rested,
        Err(problem) if problem.error.is_some() => ReconcileResult::CloudError,
        Err(problem) if problem.goes_on() => ReconcileResult::Waited,
        Err(_) => ReconcileResult::Stalled,
    };
    let state = match &prepared {
        Ok(ready) => State::Ready(Arc::clone(ready)),
        Err(NotUsable { reason, error, .. }) => State::NotReady(*reason, told_to_tenants(name, *reason), error.as_deref().cloned()),
    };
    // First, so that the status never tells of what is not in force yet.
    context.publish(name, state);
    let again = match &prepared {
        Ok(ready) => {
            context.known(name, |known| known.failures = 0);
            let watched = ready.caches.quotas_watched.load(Ordering::Relaxed);
            let again = if watched { QUOTAS_SOON } else { COUNT_EVERY };
            let last = account.status.as_ref().and_then(|status| status.inventory.as_ref());
            let has_news = tokio::select! {
                has_news = context.take_inventory(name, ready, last, &users) => has_news,
                () = context.stopped() => return Ok((ReconcileResult::Waited, Action::await_change())),
            };
            jittered(if has_news { again.min(CONFIRM.mul_f64(1.3)) } else { again })
        }
        Err(problem) => {
            let failures = context.known(name, |known| {
                if users.is_empty() {
                    known.looks = Looks::default();
                }
                known.failures = known.failures.saturating_add(1);
                known.failures
            });
            problem.wait(failures)
        }
    };
    // Objects report their own errors: for them the account stays as it is.
    let troubled = prepared.as_ref().ok().and_then(|ready| {
        let not_renewed = ready.client.renewal_failure().map(NotUsable::not_renewed);
        not_renewed.or_else(|| ready.client.unanswered().map(NotUsable::unanswered))
    });
    let again = if troubled.is_some() { again.min(jittered(TROUBLED)) } else { again };
    context.tell(&account, &prepared, troubled.as_ref(), quotas, &users).await?;
    Ok((passed, Action::requeue(again)))
}

fn secret_key(account: &CloudAccount) -> Option<ObjectKey> {
    account.spec.credentials.secret().map(|reference| ObjectKey::secret(&reference.namespace, &reference.name))
}

/// What objects say of an account that is not ready. The particulars, among them the Secret's name, are for those who may read the account.
fn told_to_tenants(name: &str, reason: Reason) -> String {
    format!("CloudAccount {name} is not ready ({}); see its conditions", reason.as_str())
}

impl Context {
    /// Objects are woken only when something changed for them.
    fn publish(&self, name: &str, state: State) {
        let same = match (&self.accounts.get(name), &state) {
            (State::Ready(old), State::Ready(new)) => {
                Arc::ptr_eq(&old.caches, &new.caches)
                    && old.defaults == new.defaults
                    && old.allowance == new.allowance
                    && old.features == new.features
            }
            (State::NotReady(old, said, _), State::NotReady(new, says, _)) => old == new && said == says,
            _ => false,
        };
        if !same {
            self.accounts.set(name, state);
        }
    }

    /// Objects in use keep the account: without it nothing of theirs could be deleted.
    async fn set_finalizer(&self, account: &CloudAccount, finalizer: &RenamedFinalizer, present: bool) -> Result<(), kube::Error> {
        let patch = finalizer.patch(account, present);
        let api = Api::<CloudAccount>::all(self.client.clone());
        match api.patch(&account.name_any(), &finalizer::patch_params(), &Patch::Merge(patch)).await {
            Ok(_) => Ok(()),
            Err(kube::Error::Api(status)) if status.is_not_found() => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// What is to be said of an account besides whether it is ready.
    fn remarks(&self, name: &str) -> Vec<String> {
        self.known(name, |known| {
            let caches = known.built.iter().flat_map(|built| built.caches.refreshed());
            let unreadable = caches.flat_map(|cache| cache.unreadable()).map(|(id, problem)| format!("{id} ({problem})"));
            let unreadable: BTreeSet<String> = unreadable.collect();
            let names = unreadable.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            let unreadable = (!unreadable.is_empty())
                .then(|| format!("the cloud shows resources in a form that can't be read, and nothing is done to them: {names}"));
            known.secret_goes.clone().into_iter().chain(unreadable).collect()
        })
    }

    async fn tell(
        &self,
        account: &CloudAccount,
        prepared: &Result<Arc<Account>, NotUsable>,
        troubled: Option<&NotUsable>,
        quotas: Vec<Quota>,
        users: &[ObjectKey],
    ) -> Result<(), kube::Error> {
        let last = account.status.clone().unwrap_or_default();
        let remarks = self.remarks(&account.name_any());
        let problem = prepared.as_ref().err().or(troubled);
        let mut next = next_status(&last, problem, &remarks, account.metadata.generation);
        if account.meta().deletion_timestamp.is_some() {
            waits_for(&mut next, users, account.metadata.generation);
        }
        // Who knows of one shard only can't count for all.
        if self.shard.is_whole() {
            next.managed_objects = i64::try_from(users.len()).ok();
        }
        next.inventory = self.inventory(&account.name_any(), &last, !users.is_empty());
        // It is known from the first time on that the account was ready.
        let first = prepared.is_ok() && last.project_id.is_none();
        if let Ok(ready) = prepared {
            next.project_id = ready.client.project_id().await.ok().map(str::to_owned);
            next.credentials_expire_at = ready.client.credentials_end().map(Into::into);
            next.quotas = quotas;
            next.endpoints = Some(endpoints_in_use(&ready.client));
        }
        if (CloudAccountStatus { last_sync_time: None, ..next.clone() }) == (CloudAccountStatus { last_sync_time: None, ..last }) {
            return Ok(());
        }
        self.statuses.write(&Api::all(self.client.clone()), account, None, &next).await?;
        if let Some(age) = age(account).filter(|_| first) {
            self.reconcile.ready(ObjectKey::account("").kind, age);
        }
        Ok(())
    }
}

fn endpoints_in_use(client: &Client) -> EndpointsInUse {
    let in_use = |endpoint| client.endpoint_in_use(endpoint).map(str::to_owned);
    EndpointsInUse { dc: in_use(Endpoint::Dc), iam: in_use(Endpoint::Iam), sts: in_use(Endpoint::Sts) }
}

fn next_status(last: &CloudAccountStatus, problem: Option<&NotUsable>, remarks: &[String], generation: Option<i64>) -> CloudAccountStatus {
    let mut next = last.clone();
    let now = now();
    let (reason, message) =
        problem.map_or((Reason::Available, "the cloud accepts the credentials"), |problem| (problem.reason, &problem.message));
    let mut message = std::iter::once(message).chain(remarks.iter().map(String::as_str)).collect::<Vec<_>>().join("; ");
    message.truncate(message.floor_char_boundary(MESSAGE_LIMIT));
    let new = |type_, status: bool| NewCondition {
        type_,
        status: status.into(),
        reason,
        message: message.clone(),
        observed_generation: generation,
    };
    set_condition(&mut next.conditions, new(ConditionType::Ready, problem.is_none()), now.clone());
    let goes_on = problem.map(NotUsable::goes_on);
    for (type_, present) in [(ConditionType::Reconciling, goes_on == Some(true)), (ConditionType::Stalled, goes_on == Some(false))] {
        if present {
            set_condition(&mut next.conditions, new(type_, true), now.clone());
        } else {
            remove_condition(&mut next.conditions, type_);
        }
    }
    let error = problem.and_then(|problem| problem.error.as_ref());
    next.last_error = error.map(|error| last_error(last.last_error.as_ref(), error, &now));
    next.observed_generation = generation;
    next.last_sync_time = Some(now);
    next
}

/// An account that is being deleted names those whom it waits for.
fn waits_for(status: &mut CloudAccountStatus, users: &[ObjectKey], generation: Option<i64>) {
    let names = join_names(users.iter().map(|user| format!("{} {}/{}", user.kind, user.namespace, user.name)));
    let new = NewCondition {
        type_: ConditionType::Reconciling,
        status: true.into(),
        reason: Reason::WaitingForDependants,
        message: format!("still used by {names}"),
        observed_generation: generation,
    };
    set_condition(&mut status.conditions, new, now());
}
