//! `CloudAccount` objects → accounts that are ready, and their status.
//!
//! A pass reads the account's Secret, logs in where that takes a call, and proves the credentials by one read (the quotas, which the status
//! shows). A client is kept as long as neither the endpoints nor the Secret change, and with it the mirrors. Credentials that the cloud has
//! rejected are not used again until the Secret changes, but for a rare probe.

use futures::StreamExt;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Patch, PatchParams};
use kube::runtime::controller::{Action, Config, Controller};
use kube::runtime::reflector::ObjectRef;
use kube::runtime::watcher;
use kube::{Api, Resource, ResourceExt};
use secrecy::SecretString;
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_stream::wrappers::UnboundedReceiverStream;

use super::{Account, Accounts, Mirrors, State, secrets};
use crate::api::cloud_account::{Quota, SecretReference};
use crate::api::{CloudAccount, CloudAccountStatus, ConditionType, NewCondition, Reason, remove_condition, set_condition};
use crate::backoff::{exponential, jittered};
use crate::cloud::{self, Class, Client, CloudError, Credentials, Priority, Quotas, Settings};
use crate::finalizer;
use crate::index::{Card, Index, Key};
use crate::mirror::Rhythm;
use crate::relist::Relist;
use crate::telling::{MANAGER, now, status_patch, told_error};

/// Keeps an account while objects need it.
const ACCOUNT_FINALIZER: &str = "directconnect.huaweicloud.com/account-in-use";
/// How often the quotas are read again.
const QUOTAS_EVERY: Duration = Duration::from_hours(1);
/// The same while somebody waits for room in one.
const QUOTAS_SOON: Duration = Duration::from_secs(15);
/// First and longest wait before credentials that were rejected are tried once more: far too seldom for the cloud to lock the account.
const PROBE: (Duration, Duration) = (Duration::from_mins(10), Duration::from_hours(1));

struct Context {
    client: kube::Client,
    accounts: Arc<Accounts>,
    index: Arc<Index>,
    known: Mutex<HashMap<String, Known>>,
}

/// What the last pass used and found.
#[derive(Default)]
struct Known {
    built: Option<Built>,
    failures: u32,
    /// Credentials that were rejected are left alone until then.
    probe_at: Option<Instant>,
}

struct Built {
    settings: Settings,
    /// Which keys of the Secret, and its `uid/resourceVersion`.
    secret: String,
    mirrors: Arc<Mirrors>,
    quotas: Vec<Quota>,
    quotas_read: Instant,
}

/// Why an account is not ready.
struct Trouble {
    reason: Reason,
    message: String,
    error: Option<Box<CloudError>>,
}

/// Runs the controller of `CloudAccount` until `stop` says so.
pub async fn controller(client: kube::Client, accounts: Arc<Accounts>, index: Arc<Index>, mut stop: watch::Receiver<bool>) {
    let keeping = tokio::spawn(secrets::keep(client.clone(), Arc::clone(&index)));
    let (wake, woken) = mpsc::unbounded_channel::<Key>();
    index.register(Key::account("").kind, wake);
    let woken = UnboundedReceiverStream::from(woken).map(|key| ObjectRef::new(&key.name));
    let context = Arc::new(Context { client: client.clone(), accounts, index, known: Mutex::default() });
    let gone = Arc::clone(&context);
    let mut relist = Relist::default();
    // A deleted account has no pass of its own: its going is seen in the watch.
    let watch = kube::runtime::WatchStreamExt::default_backoff(watcher(Api::<CloudAccount>::all(client), watcher::Config::default()))
        .inspect(move |event| {
            let Ok(event) = event else { return };
            for account in relist.take(event).into_iter().filter(|account| !account.replaced) {
                gone.forget(&account.place.1);
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
        .run(reconcile, |_, error, _| retry(error), context)
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

async fn reconcile(account: Arc<CloudAccount>, context: Arc<Context>) -> Result<Action, kube::Error> {
    let name = account.name_any();
    let key = Key::account(&name);
    let secret = secret_of(&account).map(|reference| Key::secret(&reference.namespace, &reference.name));
    context.index.apply(&key, Card { needs: secret.iter().cloned().collect(), ..Card::default() });
    let users = context.index.users(&key);
    let deleting = account.meta().deletion_timestamp.is_some();
    if deleting == account.finalizers().iter().any(|name| name == ACCOUNT_FINALIZER) && (!deleting || users.is_empty()) {
        context.set_finalizer(&account, !deleting).await?;
        return Ok(Action::await_change());
    }
    // Whether the Secret must stay depends on whether the account has users.
    secret.iter().for_each(|secret| context.index.wake(secret));
    let prepared = context.prepare(&account).await?;
    let again = match &prepared {
        Ok(ready) => {
            context.known(&name, |known| known.failures = 0);
            let watched = ready.mirrors.quotas_watched.load(Ordering::Relaxed);
            jittered(if watched { QUOTAS_SOON } else { QUOTAS_EVERY })
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
    context.tell(&account, &prepared, quotas, &users).await?;
    let state = match prepared {
        Ok(ready) => State::Ready(ready),
        Err(Trouble { reason, message: _, error }) => State::NotReady(reason, told_to_tenants(&name, reason), error.map(|error| *error)),
    };
    context.publish(&name, state);
    Ok(Action::requeue(again))
}

/// What objects say of an account that is not ready. The particulars, among them the Secret's name, are for those who may read the account.
fn told_to_tenants(name: &str, reason: Reason) -> String {
    format!("CloudAccount {name} is not ready ({}); its own conditions say why", reason.as_str())
}

fn secret_of(account: &CloudAccount) -> Option<&SecretReference> {
    let credentials = &account.spec.credentials;
    credentials.access_key.as_ref().or(credentials.password.as_ref()).map(|credentials| &credentials.secret_ref)
}

impl Trouble {
    fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), error: None }
    }

    fn cloud(error: CloudError) -> Self {
        let reason = match error.class {
            Class::Auth => Reason::CredentialsRejected,
            Class::Permission => Reason::Forbidden,
            Class::Throttled => Reason::Throttled,
            _ if error.code == "ProjectUnknown" => Reason::ProjectUnknown,
            _ if error.http_status.is_none() => Reason::EndpointUnreachable,
            _ => Reason::CloudUnavailable,
        };
        Self { reason, message: error.to_string(), error: Some(Box::new(error)) }
    }

    /// Refused credentials are not tried often: the cloud locks an account after a few.
    fn wait(&self, failures: u32) -> Duration {
        let (first, limit) = match self.reason {
            Reason::CredentialsRejected => (PROBE.0.as_secs(), PROBE.1.as_secs()),
            Reason::Forbidden => (60, 600),
            // The watch tells of it.
            Reason::SecretMissing => (60, 600),
            _ => (1, 60),
        };
        exponential(Duration::from_secs(first), Duration::from_secs(limit), failures)
    }
}

impl Context {
    fn known<T>(&self, name: &str, work: impl FnOnce(&mut Known) -> T) -> T {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        work(known.entry(name.to_owned()).or_default())
    }

    fn forget(&self, name: &str) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        self.index.forget(&Key::account(name));
        self.accounts.remove(name);
    }

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
    async fn set_finalizer(&self, account: &CloudAccount, present: bool) -> Result<(), kube::Error> {
        let patch = finalizer::patch(account, ACCOUNT_FINALIZER, present);
        let api = Api::<CloudAccount>::all(self.client.clone());
        match api.patch(&account.name_any(), &PatchParams::default(), &Patch::Merge(patch)).await {
            Ok(_) => Ok(()),
            Err(kube::Error::Api(status)) if status.is_not_found() => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn prepare(&self, account: &CloudAccount) -> Result<Result<Arc<Account>, Trouble>, kube::Error> {
        let Some(reference) = secret_of(account) else {
            let message = "spec.credentials: only accessKey and password are supported by this version";
            return Ok(Err(Trouble::new(Reason::Unsupported, message)));
        };
        let secrets = Api::<Secret>::namespaced(self.client.clone(), &reference.namespace);
        let Some(secret) = secrets.get_opt(&reference.name).await? else {
            let message = format!("there is no Secret {}/{}", reference.namespace, reference.name);
            return Ok(Err(Trouble::new(Reason::SecretMissing, message)));
        };
        let credentials = match credentials(account, &secret) {
            Ok(credentials) => credentials,
            Err(trouble) => return Ok(Err(trouble)),
        };
        // One Secret may hold the keys of several ways to authenticate.
        let way = if account.spec.credentials.access_key.is_some() { "accessKey" } else { "password" };
        let version = format!("{way} {}/{}", secret.uid().unwrap_or_default(), secret.resource_version().unwrap_or_default());
        Ok(self.build(account, credentials, version).await)
    }

    async fn build(&self, account: &CloudAccount, credentials: Credentials, secret: String) -> Result<Arc<Account>, Trouble> {
        let name = account.name_any();
        let settings = settings(account, self.accounts.call_limit());
        let present = self.known(&name, |known| {
            let built = known.built.as_ref().filter(|built| built.settings == settings && built.secret == secret)?;
            Some((Arc::clone(&built.mirrors), built.quotas_read, built.quotas.clone()))
        });
        // Rejected once, they are left alone; a probe begins with a client that knows nothing of it.
        let present = match present {
            Some((mirrors, read, quotas)) => match mirrors.client.rejected() {
                Some(error) if !self.may_probe(&name) => return Err(Trouble::cloud(error)),
                Some(_) => None,
                None => Some((mirrors, read, quotas)),
            },
            None => None,
        };
        let mirrors =
            if let Some((mirrors, ..)) = &present { Arc::clone(mirrors) } else { self.mirrors(account, settings.clone(), credentials)? };
        let watched = mirrors.quotas_watched.load(Ordering::Relaxed);
        let every = if watched { QUOTAS_SOON / 2 } else { QUOTAS_EVERY / 2 };
        if present.as_ref().is_none_or(|(_, read, _)| read.elapsed() >= every) {
            // A client whose first call fails is kept, too: it knows whether its credentials were rejected.
            let read = read_quotas(&mirrors.client).await;
            let quotas = read.as_ref().cloned().unwrap_or_default();
            if watched && present.as_ref().is_some_and(|(.., before)| has_room(before, &quotas)) {
                mirrors.quotas_watched.store(false, Ordering::Relaxed);
                self.accounts.room(&name);
            }
            let built = Built { settings, secret, mirrors: Arc::clone(&mirrors), quotas, quotas_read: Instant::now() };
            let rejected = mirrors.client.rejected().is_some();
            if read.is_ok() || rejected {
                self.known(&name, |known| known.built = Some(built));
            }
            read.map_err(Trouble::cloud)?;
        }
        self.known(&name, |known| known.probe_at = None);
        self.same_project(account, &mirrors.client).await?;
        let tags = account.spec.features.as_ref().and_then(|features| features.tags).unwrap_or_default();
        let defaults = account.spec.defaults.clone().unwrap_or_default();
        let (open_to, grants) = (account.spec.allowed_namespaces.clone(), account.spec.grants.clone());
        Ok(Arc::new(Account { client: Arc::clone(&mirrors.client), defaults, open_to, grants, tags, mirrors }))
    }

    fn mirrors(&self, account: &CloudAccount, settings: Settings, credentials: Credentials) -> Result<Arc<Mirrors>, Trouble> {
        let client = Arc::new(Client::new(settings, credentials).map_err(|error| Trouble::new(Reason::Invalid, error))?);
        let (hot, hot_limit) = self.accounts.hot;
        let rhythm = Rhythm { cold: account.spec.sync_interval(), hot, hot_limit };
        let (index, key, watched) = (Arc::clone(&self.index), Key::account(&account.name_any()), Arc::clone(&client));
        // Whichever call it is that the credentials are rejected at: the account, and with it all its objects, hears of it.
        let watch = tokio::spawn(async move {
            watched.until_rejected().await;
            index.wake(&key);
        });
        Ok(Arc::new(Mirrors::new(client, rhythm, watch.abort_handle())))
    }

    /// Whether rejected credentials may be tried once more now.
    fn may_probe(&self, name: &str) -> bool {
        self.known(name, |known| {
            let first = known.probe_at.is_none();
            let due = known.probe_at.is_some_and(|at| at <= Instant::now());
            if first || due {
                known.probe_at = Some(Instant::now() + exponential(PROBE.0, PROBE.1, known.failures.max(1)));
            }
            due
        })
    }

    /// Objects are looked for where they were made: with the credentials of another project all of them would seem to be gone.
    async fn same_project(&self, account: &CloudAccount, client: &Client) -> Result<(), Trouble> {
        let project = client.project_id().await.map_err(Trouble::cloud)?;
        let before = account.status.as_ref().and_then(|status| status.project_id.as_deref()).filter(|before| *before != project);
        match before {
            Some(before) if !self.index.users(&Key::account(&account.name_any())).is_empty() => Err(Trouble::new(
                Reason::Conflict,
                format!(
                    "the credentials lead to project {project}, but the objects of the account are in {before}: put back credentials of {before}, or \
                     make another CloudAccount for {project}"
                ),
            )),
            _ => Ok(()),
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
        next.managed_objects = i64::try_from(users.len()).ok();
        if let Ok(ready) = prepared {
            next.project_id = ready.client.project_id().await.ok().map(str::to_owned);
            next.credentials_expire_at = ready.client.token_expires_at().await.map(Into::into);
            next.quotas = quotas;
        }
        if (CloudAccountStatus { last_sync_time: None, ..next.clone() }) == (CloudAccountStatus { last_sync_time: None, ..last }) {
            return Ok(());
        }
        let patch = status_patch(account, &next);
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
    match trouble {
        Some(_) => set_condition(&mut next.conditions, new(ConditionType::Stalled, true), now.clone()),
        None => remove_condition(&mut next.conditions, ConditionType::Stalled),
    }
    let error = trouble.and_then(|trouble| trouble.error.as_ref());
    next.last_error = error.map(|error| told_error(last.last_error.as_ref(), error, &now));
    next.observed_generation = generation;
    next.last_sync_time = Some(now);
    next
}

/// An account that is being deleted names those whom it waits for.
fn waits_for(status: &mut CloudAccountStatus, users: &[Key], generation: Option<i64>) {
    /// More names do not help a reader.
    const LIMIT: usize = 5;
    let mut names: Vec<String> = users.iter().take(LIMIT).map(|user| format!("{} {}/{}", user.kind, user.namespace, user.name)).collect();
    if users.len() > LIMIT {
        names.push(format!("{} more", users.len() - LIMIT));
    }
    let new = NewCondition {
        type_: ConditionType::Reconciling,
        status: true.into(),
        reason: Reason::WaitingForDependants,
        message: format!("still used by {}", names.join(", ")),
        observed_generation: generation,
    };
    set_condition(&mut status.conditions, new, now());
}

/// Whether some quota has more room than before.
fn has_room(before: &[Quota], now: &[Quota]) -> bool {
    let room = |quota: &Quota| if quota.limit < 0 { i64::MAX } else { quota.limit - quota.used };
    now.iter().any(|now| before.iter().find(|before| before.type_ == now.type_).is_none_or(|before| room(now) > room(before)))
}

/// Quotas are told where the region has them; their absence is no trouble.
async fn read_quotas(client: &Client) -> Result<Vec<Quota>, CloudError> {
    let call = cloud::quotas();
    client.permit(&call, Priority::Wait).await;
    match client.fetch::<Quotas>(&call).await {
        Ok(quotas) => {
            Ok(quotas.resources.into_iter().map(|quota| Quota { type_: quota.kind, used: quota.used, limit: quota.limit }).collect())
        }
        Err(error) if error.class == Class::Unsupported => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn settings(account: &CloudAccount, call_limit: Duration) -> Settings {
    let spec = &account.spec;
    let rate = spec.rate_limit.as_ref();
    let number = |value: Option<i32>, otherwise: u32| value.and_then(|value| u32::try_from(value).ok()).unwrap_or(otherwise);
    Settings {
        region: spec.region.clone(),
        dc_endpoint: spec.dc_endpoint(),
        iam_endpoint: spec.iam_endpoint(),
        project_id: spec.project_id.clone(),
        ca_bundle: spec.endpoints.as_ref().and_then(|endpoints| endpoints.ca_bundle.clone()),
        reads_per_minute: number(rate.and_then(|rate| rate.reads_per_minute), 600),
        writes_per_minute: number(rate.and_then(|rate| rate.writes_per_minute), 60),
        burst: number(rate.and_then(|rate| rate.burst), 20),
        call_limit,
    }
}

fn credentials(account: &CloudAccount, secret: &Secret) -> Result<Credentials, Trouble> {
    let optional = |key: &str| {
        let bytes = secret.data.as_ref()?.get(key)?;
        // A newline at the end comes with files and is never part of a key.
        std::str::from_utf8(&bytes.0).ok().map(|text| text.trim_end_matches(['\r', '\n']).to_owned()).filter(|text| !text.is_empty())
    };
    let required = |key: &str| {
        optional(key).ok_or_else(|| {
            let (namespace, name) = (secret.namespace().unwrap_or_default(), secret.name_any());
            Trouble::new(Reason::SecretMissing, format!("the Secret {namespace}/{name} has no key {key}"))
        })
    };
    if account.spec.credentials.access_key.is_some() {
        Ok(Credentials::AccessKey {
            access_key: required("accessKey")?,
            secret_key: SecretString::from(required("secretKey")?),
            security_token: optional("securityToken").map(SecretString::from),
        })
    } else {
        Ok(Credentials::Password {
            domain: required("domain")?,
            user: required("user")?,
            password: SecretString::from(required("password")?),
        })
    }
}
