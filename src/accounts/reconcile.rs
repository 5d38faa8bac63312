//! `CloudAccount` objects → accounts that are ready, and their status.
//!
//! A pass reads the account's Secret, logs in where that takes a call, and proves the credentials by one read (the quotas, which the status
//! shows). A client is kept as long as neither the endpoints nor the Secret change, and with it the mirrors.

use futures::StreamExt;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Patch, PatchParams};
use kube::runtime::controller::{Action, Config, Controller};
use kube::runtime::reflector::ObjectRef;
use kube::runtime::watcher;
use kube::{Api, Resource, ResourceExt};
use secrecy::SecretString;
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;

use super::{Account, Accounts, Mirrors, State};
use crate::api::cloud_account::{Feature, Quota};
use crate::api::{CloudAccount, CloudAccountStatus, ConditionType, NewCondition, Reason, remove_condition, set_condition};
use crate::backoff::{exponential, jittered};
use crate::cloud::{self, Class, Client, CloudError, Credentials, OwnCode, Priority, Quotas, Settings};
use crate::engine::{Index, Key, now, told_error};
use crate::finalizer;
use crate::mirror::Rhythm;

/// Field manager of what this controller writes.
const MANAGER: &str = "direct-connect-operator";
/// Keeps an account while objects need it.
const ACCOUNT_FINALIZER: &str = "directconnect.huaweicloud.com/account-in-use";
/// How often the quotas are read again.
const QUOTAS_EVERY: Duration = Duration::from_hours(1);
/// How often the Secret of an account that is ready is looked at.
const SECRET_EVERY: Duration = Duration::from_mins(1);

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
}

struct Built {
    settings: Settings,
    /// `uid/resourceVersion` of the Secret.
    secret: String,
    mirrors: Arc<Mirrors>,
    quotas: Vec<Quota>,
    quotas_read: tokio::time::Instant,
}

/// Why an account is not ready.
struct Trouble {
    reason: Reason,
    message: String,
    error: Option<Box<CloudError>>,
}

/// Runs the controller of `CloudAccount` until `stop` resolves.
pub async fn controller(
    client: kube::Client,
    accounts: Arc<Accounts>,
    index: Arc<Index>,
    stop: impl Future<Output = ()> + Send + Sync + 'static,
) {
    let (wake, woken) = mpsc::unbounded_channel::<Key>();
    index.register(Key::account("").kind, wake);
    let woken = UnboundedReceiverStream::from(woken).map(|key| ObjectRef::new(&key.name));
    let context = Arc::new(Context { client: client.clone(), accounts, index, known: Mutex::default() });
    let gone = Arc::clone(&context);
    // A deleted account has no pass of its own: its going is seen in the watch.
    let watch = kube::runtime::WatchStreamExt::default_backoff(watcher(Api::<CloudAccount>::all(client), watcher::Config::default()))
        .inspect(move |event| {
            if let Ok(watcher::Event::Delete(account)) = event {
                gone.forget(&account.name_any());
            }
        });
    let (reader, writer) = kube::runtime::reflector::store();
    let changes = kube::runtime::WatchStreamExt::touched_objects(kube::runtime::reflector(writer, watch));
    Controller::for_stream(changes, reader)
        .with_config(Config::default().concurrency(16))
        .reconcile_on(woken)
        .graceful_shutdown_on(stop)
        .run(reconcile, |_, error, _| retry(error), context)
        .for_each(|result| async move {
            if let Err(error) = result {
                tracing::debug!(%error, "account pass failed");
            }
        })
        .await;
}

fn retry(error: &kube::Error) -> Action {
    tracing::warn!(%error, "the API server refused or was not reached");
    Action::requeue(jittered(Duration::from_secs(5)))
}

async fn reconcile(account: Arc<CloudAccount>, context: Arc<Context>) -> Result<Action, kube::Error> {
    let name = account.name_any();
    let users = context.index.dependants(&Key::account(&name));
    let deleting = account.meta().deletion_timestamp.is_some();
    if deleting == account.finalizers().iter().any(|name| name == ACCOUNT_FINALIZER) && (!deleting || users.is_empty()) {
        context.set_finalizer(&account, !deleting).await?;
        return Ok(Action::await_change());
    }
    let prepared = context.prepare(&account).await?;
    let again = match &prepared {
        Ok(_) => {
            context.known(&name, |known| known.failures = 0);
            jittered(SECRET_EVERY)
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
    context.tell(&account, &prepared, quotas, users.len()).await?;
    let state = match prepared {
        Ok(ready) => State::Ready(ready),
        Err(Trouble { reason, message, error }) => {
            State::NotReady(reason, format!("CloudAccount {name}: {message}"), error.map(|error| *error))
        }
    };
    context.publish(&name, state);
    Ok(Action::requeue(again))
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
            _ if error.code == OwnCode::ProjectUnknown.as_str() => Reason::ProjectUnknown,
            _ if error.http_status.is_none() => Reason::EndpointUnreachable,
            _ => Reason::CloudUnavailable,
        };
        Self { reason, message: error.to_string(), error: Some(Box::new(error)) }
    }

    fn wait(&self, failures: u32) -> Duration {
        let (first, limit) = waits(self.reason);
        exponential(first, limit, failures)
    }
}

/// First and longest wait of an account that is not ready for `reason`. Refused credentials are not tried often: the cloud locks an account
/// after a few.
pub(crate) const fn waits(reason: Reason) -> (Duration, Duration) {
    let (first, limit) = match reason {
        Reason::CredentialsRejected | Reason::Forbidden => (60, 600),
        Reason::SecretMissing => (2, 15),
        _ => (1, 60),
    };
    (Duration::from_secs(first), Duration::from_secs(limit))
}

impl Context {
    fn known<T>(&self, name: &str, work: impl FnOnce(&mut Known) -> T) -> T {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        work(known.entry(name.to_owned()).or_default())
    }

    fn forget(&self, name: &str) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
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
        if !account.spec.grants.is_empty() {
            // Ignoring a limit would be worse than refusing to work under it.
            let message = "spec.grants: this version does not enforce grants, so an account that has some is not used";
            return Ok(Err(Trouble::new(Reason::Unsupported, message)));
        }
        let reference = match (&account.spec.credentials.access_key, &account.spec.credentials.password) {
            (Some(by_key), _) => &by_key.secret_ref,
            (None, Some(by_password)) => &by_password.secret_ref,
            (None, None) => {
                let message = "spec.credentials: only accessKey and password are supported by this version";
                return Ok(Err(Trouble::new(Reason::Unsupported, message)));
            }
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
        let version = format!("{}/{}", secret.uid().unwrap_or_default(), secret.resource_version().unwrap_or_default());
        Ok(self.build(account, credentials, version).await)
    }

    async fn build(&self, account: &CloudAccount, credentials: Credentials, secret: String) -> Result<Arc<Account>, Trouble> {
        let name = account.name_any();
        let settings = settings(account, self.accounts.call_limit());
        let present = self.known(&name, |known| {
            let built = known.built.as_ref().filter(|built| built.settings == settings && built.secret == secret)?;
            Some((Arc::clone(&built.mirrors), built.quotas_read.elapsed() < QUOTAS_EVERY))
        });
        let mirrors = if let Some((mirrors, _)) = &present {
            Arc::clone(mirrors)
        } else {
            let client = Client::new(settings.clone(), credentials).map_err(|error| Trouble::new(Reason::Invalid, error))?;
            let (hot, hot_limit) = self.accounts.hot;
            let rhythm = Rhythm { cold: account.spec.sync_interval(), hot, hot_limit };
            Arc::new(Mirrors::new(Arc::new(client), rhythm))
        };
        if !present.is_some_and(|(_, quotas_are_new)| quotas_are_new) {
            let quotas = read_quotas(&mirrors.client).await.map_err(Trouble::cloud)?;
            let built = Built { settings, secret, mirrors: Arc::clone(&mirrors), quotas, quotas_read: tokio::time::Instant::now() };
            self.known(&name, |known| known.built = Some(built));
        }
        let tags = account.spec.features.as_ref().and_then(|features| features.tags) != Some(Feature::Disabled);
        let defaults = account.spec.defaults.clone().unwrap_or_default();
        let open_to = account.spec.allowed_namespaces.clone();
        Ok(Arc::new(Account { client: Arc::clone(&mirrors.client), defaults, open_to, tags, mirrors }))
    }

    async fn tell(
        &self,
        account: &CloudAccount,
        prepared: &Result<Arc<Account>, Trouble>,
        quotas: Vec<Quota>,
        users: usize,
    ) -> Result<(), kube::Error> {
        let last = account.status.clone().unwrap_or_default();
        let mut next = next_status(&last, prepared.as_ref().err(), account.metadata.generation);
        next.managed_objects = i64::try_from(users).ok();
        if let Ok(ready) = prepared {
            next.project_id = ready.client.project_id().await.ok().map(str::to_owned);
            next.credentials_expire_at = ready.client.token_expires_at().await.map(Into::into);
            next.quotas = quotas;
        }
        if (CloudAccountStatus { last_sync_time: None, ..next.clone() }) == (CloudAccountStatus { last_sync_time: None, ..last }) {
            return Ok(());
        }
        let patch = json!({
            "apiVersion": CloudAccount::api_version(&()), "kind": CloudAccount::kind(&()),
            "metadata": { "name": account.name_any(), "uid": account.uid() }, "status": next,
        });
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
