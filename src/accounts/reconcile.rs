//! `CloudAccount` objects → accounts that are ready, and their status.
//!
//! A pass reads the account's Secret, logs in where that takes a call, and proves the credentials by one read (the quotas, which the status
//! shows). Objects are told no more of it than the reason: the particulars are for those who may read the account.

use futures::StreamExt;
use kube::api::{Patch, PatchParams};
use kube::runtime::controller::{Action, Config, Controller};
use kube::runtime::reflector::ObjectRef;
use kube::runtime::watcher;
use kube::{Api, Resource, ResourceExt};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::UnboundedReceiverStream;

use super::context::Context;
use super::prepare::{QUOTAS_SOON, Trouble, secret_of};
use super::{Account, Accounts, State, in_use, secrets};
use crate::api::cloud_account::Quota;
use crate::api::{CloudAccount, CloudAccountStatus, ConditionType, NewCondition, Reason, remove_condition, set_condition};
use crate::backoff::jittered;
use crate::finalizer;
use crate::index::{Card, Index, Key};
use crate::relist::Relist;
use crate::telling::{MANAGER, now, status_patch, told_error, told_names};

/// How often the users of an account at rest are counted.
const COUNT_EVERY: Duration = Duration::from_mins(1);
/// How soon a pass looks again whether the caches are filled.
const NOT_FILLED: Duration = Duration::from_millis(100);

/// Runs the controller of `CloudAccount` until `stop` says so.
///
/// Nothing is done before `filled` says that all objects are known: an account whose objects are not yet listed would seem to be used by none.
pub async fn controller(
    client: kube::Client,
    accounts: Arc<Accounts>,
    index: Arc<Index>,
    namespace: Option<String>,
    filled: watch::Receiver<bool>,
    mut stop: watch::Receiver<bool>,
) {
    let (list, listed) = watch::channel(false);
    let known_all = [filled.clone(), listed];
    let keeping = tokio::spawn(secrets::keep(client.clone(), Arc::clone(&index), in_use(namespace.as_deref()), known_all));
    let (wake, woken) = mpsc::unbounded_channel::<Key>();
    index.register(Key::account("").kind, wake);
    let woken = UnboundedReceiverStream::from(woken).map(|key| ObjectRef::new(&key.name));
    let context = Arc::new(Context::new(client.clone(), accounts, index, namespace));
    let known = Arc::clone(&context);
    let mut relist = Relist::default();
    // A deleted account has no pass of its own: its going is seen in the watch.
    let watch = kube::runtime::WatchStreamExt::default_backoff(watcher(Api::<CloudAccount>::all(client), watcher::Config::default()))
        .inspect(move |event| {
            let Ok(event) = event else { return };
            for account in relist.take(event).into_iter().filter(|account| !account.replaced) {
                known.forget(&account.place.1);
            }
            match event {
                watcher::Event::Apply(account) | watcher::Event::InitApply(account) => {
                    let (name, secret) = (account.name_any(), secret_key(account));
                    known.index.apply(&Key::account(&name), Card { needs: secret.into_iter().collect(), ..Card::default() });
                    known.accounts.there_is(&name);
                }
                watcher::Event::InitDone => {
                    known.accounts.listed();
                    let _ = list.send(true);
                }
                watcher::Event::Init | watcher::Event::Delete(_) => {}
            }
        });
    let (reader, writer) = kube::runtime::reflector::store();
    let changes = kube::runtime::WatchStreamExt::touched_objects(kube::runtime::reflector(writer, watch));
    Controller::for_stream(changes, reader)
        .with_config(Config::default().concurrency(16))
        .reconcile_on(woken)
        .graceful_shutdown_on(async move {
            // The sender lives as long as the process.
            let _ = stop.wait_for(|stop| *stop).await;
        })
        .run(move |account, context| reconcile(account, context, filled.clone()), |_, error, _| retry(error), context)
        .for_each(|result| async move {
            if let Err(error) = result {
                tracing::debug!(%error, "account pass failed");
            }
        })
        .await;
    keeping.abort();
}

fn retry(error: &kube::Error) -> Action {
    tracing::warn!(%error, "the API server refused or was not reached");
    Action::requeue(jittered(Duration::from_secs(5)))
}

async fn reconcile(account: Arc<CloudAccount>, context: Arc<Context>, filled: watch::Receiver<bool>) -> Result<Action, kube::Error> {
    if !*filled.borrow() {
        // A pass that waited would hold up the end of the process.
        return Ok(Action::requeue(NOT_FILLED));
    }
    let name = account.name_any();
    let key = Key::account(&name);
    let secret = secret_key(&account);
    let users = context.index.users(&key);
    // Whether the Secret must stay depends on whether the account has users.
    if let Some(secret) = &secret {
        context.index.wake(secret);
    }
    let deleting = account.meta().deletion_timestamp.is_some();
    let ours = in_use(context.namespace.as_deref());
    let kept = finalizer::is_on(account.as_ref(), &ours);
    if deleting == kept && (!deleting || users.is_empty()) {
        context.set_finalizer(&account, &ours, !deleting).await?;
        return Ok(Action::await_change());
    }
    if deleting && !kept && users.is_empty() {
        // It is for others to say what keeps it.
        return Ok(Action::await_change());
    }
    let prepared = context.prepare(&account).await?;
    let again = match &prepared {
        Ok(ready) => {
            context.known(&name, |known| known.failures = 0);
            let watched = ready.mirrors.quotas_watched.load(Ordering::Relaxed);
            jittered(if watched { QUOTAS_SOON } else { COUNT_EVERY })
        }
        Err(trouble) => {
            let failures = context.known(&name, |known| {
                known.failures = known.failures.saturating_add(1);
                known.failures
            });
            trouble.wait(failures)
        }
    };
    let quotas = context.known(&name, |known| known.built.as_ref().map(|built| built.quotas.clone()).unwrap_or_default());
    let state = match &prepared {
        Ok(ready) => State::Ready(Arc::clone(ready)),
        Err(Trouble { reason, message: _, error }) => State::NotReady(*reason, told_to_tenants(&name, *reason), error.as_deref().cloned()),
    };
    // First, so that the status never tells of what is not in force yet.
    context.publish(&name, state);
    context.tell(&account, &prepared, quotas, &users).await?;
    Ok(Action::requeue(again))
}

fn secret_key(account: &CloudAccount) -> Option<Key> {
    secret_of(account).map(|reference| Key::secret(&reference.namespace, &reference.name))
}

/// What objects say of an account that is not ready. The particulars, among them the Secret's name, are for those who may read the account.
fn told_to_tenants(name: &str, reason: Reason) -> String {
    format!("CloudAccount {name} is not ready ({}); its own conditions say why", reason.as_str())
}

impl Context {
    /// Objects are woken only when something changed for them.
    fn publish(&self, name: &str, state: State) {
        let same = match (&self.accounts.get(name), &state) {
            (State::Ready(old), State::Ready(new)) => {
                Arc::ptr_eq(&old.mirrors, &new.mirrors)
                    && old.defaults == new.defaults
                    && old.open_to == new.open_to
                    && old.tags == new.tags
                    && old.grants == new.grants
            }
            (State::NotReady(old, said, _), State::NotReady(new, says, _)) => old == new && said == says,
            _ => false,
        };
        if !same {
            self.accounts.set(name, state);
        }
    }

    /// Objects in use keep the account: without it nothing of theirs could be deleted.
    async fn set_finalizer(&self, account: &CloudAccount, finalizer: &str, present: bool) -> Result<(), kube::Error> {
        let patch = finalizer::patch(account, finalizer, present);
        let api = Api::<CloudAccount>::all(self.client.clone());
        match api.patch(&account.name_any(), &PatchParams::default(), &Patch::Merge(patch)).await {
            Ok(_) => Ok(()),
            Err(kube::Error::Api(status)) if status.is_not_found() => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn tell(
        &self,
        account: &CloudAccount,
        prepared: &Result<Arc<Account>, Trouble>,
        quotas: Vec<Quota>,
        users: &[Key],
    ) -> Result<(), kube::Error> {
        let last = account.status.clone().unwrap_or_default();
        let mut next = next_status(&last, prepared.as_ref().err(), account.metadata.generation);
        if account.meta().deletion_timestamp.is_some() {
            waits_for(&mut next, users, account.metadata.generation);
        }
        // Who knows of one namespace only can't count for all.
        if self.namespace.is_none() {
            next.managed_objects = i64::try_from(users.len()).ok();
        }
        if let Ok(ready) = prepared {
            next.project_id = ready.client.project_id().await.ok().map(str::to_owned);
            next.credentials_expire_at = ready.client.token_expires_at().await.map(Into::into);
            next.quotas = quotas;
        }
        if (CloudAccountStatus { last_sync_time: None, ..next.clone() }) == (CloudAccountStatus { last_sync_time: None, ..last }) {
            return Ok(());
        }
        let patch = status_patch(account, None, &next);
        let api = Api::<CloudAccount>::all(self.client.clone());
        api.patch_status(&account.name_any(), &PatchParams::apply(MANAGER).force(), &Patch::Apply(patch)).await.map(drop)
    }
}

fn next_status(last: &CloudAccountStatus, trouble: Option<&Trouble>, generation: Option<i64>) -> CloudAccountStatus {
    let mut next = last.clone();
    let now = now();
    let (reason, message) =
        trouble.map_or((Reason::Available, "the cloud accepts the credentials"), |trouble| (trouble.reason, &trouble.message));
    let new = |type_, status: bool| NewCondition {
        type_,
        status: status.into(),
        reason,
        message: message.to_owned(),
        observed_generation: generation,
    };
    set_condition(&mut next.conditions, new(ConditionType::Ready, trouble.is_none()), now.clone());
    let goes_on = trouble.map(Trouble::goes_on);
    for (type_, present) in [(ConditionType::Reconciling, goes_on == Some(true)), (ConditionType::Stalled, goes_on == Some(false))] {
        if present {
            set_condition(&mut next.conditions, new(type_, true), now.clone());
        } else {
            remove_condition(&mut next.conditions, type_);
        }
    }
    let error = trouble.and_then(|trouble| trouble.error.as_ref());
    next.last_error = error.map(|error| told_error(last.last_error.as_ref(), error, &now));
    next.observed_generation = generation;
    next.last_sync_time = Some(now);
    next
}

/// An account that is being deleted names those whom it waits for.
fn waits_for(status: &mut CloudAccountStatus, users: &[Key], generation: Option<i64>) {
    let names = told_names(users.iter().map(|user| format!("{} {}/{}", user.kind, user.namespace, user.name)));
    let new = NewCondition {
        type_: ConditionType::Reconciling,
        status: true.into(),
        reason: Reason::WaitingForDependants,
        message: format!("still used by {names}"),
        observed_generation: generation,
    };
    set_condition(&mut status.conditions, new, now());
}
