//! From a `CloudAccount` and its Secret to an account that is ready, or to why it is not.
//!
//! A client is kept as long as neither the endpoints nor what is in the Secret change, and with it the caches. Credentials that the cloud has
//! rejected are not used again until the Secret changes, but for a rare credential check.

use kube::ResourceExt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::Instant;

use super::account::Account;
use super::caches::CloudCaches;
use super::context::{Built, Context};
use super::grants::Allowance;
use crate::api::cloud_account::Quota;
use crate::api::{CloudAccount, Reason, Recovery};
use crate::backoff::exponential;
use crate::cache::PollSchedule;
use crate::cloud::{
    self, BaseUrl, Client, CloudError, Credentials, Endpoint, ErrorClass, Limits, OwnCode, Priority, Quotas, RenewalFailure, Settings,
    Unanswered,
};
use crate::graph::ObjectKey;

/// How often the quotas are read again.
const QUOTAS_EVERY: Duration = Duration::from_hours(1);
/// The same while somebody waits for room in one.
pub(super) const QUOTAS_SOON: Duration = Duration::from_secs(15);
/// For so long after somebody said that he waits: longer than the wait between two tries of a create for which there is no room.
const WATCHED_FOR: Duration = Duration::from_mins(15);
/// First and longest wait before credentials that were rejected are tried once more: far too seldom for the cloud to lock the account.
const CREDENTIAL_CHECK: (Duration, Duration) = (Duration::from_mins(10), Duration::from_hours(1));

/// First and longest wait of what is likely to end by itself.
const SOON: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(1));

/// Why an account is not ready.
pub(super) struct NotUsable {
    pub reason: Reason,
    pub message: String,
    pub error: Option<Box<CloudError>>,
    /// First and longest wait before the next try.
    waits: (Duration, Duration),
}

impl NotUsable {
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), error: None, waits: waits(reason) }
    }

    fn cloud(error: CloudError) -> Self {
        let is = |code: OwnCode| error.code == code.as_str();
        let reason = match error.class {
            _ if is(OwnCode::TokenMissing) => Reason::SecretMissing,
            ErrorClass::Auth => Reason::CredentialsRejected,
            ErrorClass::Permission => Reason::Forbidden,
            ErrorClass::Throttled => Reason::Throttled,
            _ if is(OwnCode::ProjectUnknown) => Reason::ProjectUnknown,
            _ if is(OwnCode::NoSts) => Reason::Unsupported,
            ErrorClass::Invalid => Reason::Invalid,
            ErrorClass::Unsupported => Reason::Unsupported,
            _ if error.http_status.is_none() => Reason::EndpointUnreachable,
            _ => Reason::CloudUnavailable,
        };
        Self { reason, message: error.to_string(), error: Some(Box::new(error)), waits: waits(reason) }
    }

    /// The cloud does not answer.
    pub fn unanswered(Unanswered { since, error }: Unanswered) -> Self {
        let told = Self::cloud(error);
        Self { message: format!("the cloud has not answered since {since:.0}: {}", told.message), ..told }
    }

    /// The cloud refuses a call of this client. If its credentials are not rejected for good, it was their exchange that failed. That is tried again
    /// soon: nobody tells when what it takes is there, and no user is locked for it.
    fn refused(error: CloudError, client: &Client) -> Self {
        let is_exchange = error.class == ErrorClass::Auth && client.rejected().is_none();
        let told = Self::cloud(error);
        Self { waits: if is_exchange { SOON } else { told.waits }, ..told }
    }

    /// Credentials are not renewed for long.
    pub fn not_renewed(RenewalFailure { since, error, expires_at }: RenewalFailure) -> Self {
        let told = Self::cloud(error);
        let end = expires_at.map_or_else(|| "they have ended".to_owned(), |end| format!("those in use end at {end:.0}"));
        Self { message: format!("the credentials have not been renewed since {since:.0}, and {end}: {}", told.message), ..told }
    }

    /// Whether it may end without anybody's doing.
    pub fn goes_on(&self) -> bool {
        self.reason.recovery() == Recovery::Automatic
    }

    pub fn wait(&self, failures: u32) -> Duration {
        exponential(self.waits.0, self.waits.1, failures)
    }
}

/// First and longest wait of an account that is not ready for `reason`. Refused credentials are not tried often: the cloud locks an account
/// after a few. A Secret that is missing is heard of when it comes.
pub(crate) const fn waits(reason: Reason) -> (Duration, Duration) {
    match reason {
        Reason::CredentialsRejected => CREDENTIAL_CHECK,
        Reason::Forbidden | Reason::SecretMissing => (Duration::from_mins(1), Duration::from_mins(10)),
        _ => SOON,
    }
}

impl Context {
    pub(super) async fn prepare(&self, account: &CloudAccount) -> Result<Result<Arc<Account>, NotUsable>, kube::Error> {
        self.known(&account.name_any(), |known| known.secret_goes = None);
        Ok(match self.credentials(account).await? {
            Ok((credentials, fingerprint)) => self.build(account, credentials, fingerprint).await,
            Err(problem) => Err(problem),
        })
    }

    async fn build(&self, account: &CloudAccount, credentials: Credentials, fingerprint: [u8; 32]) -> Result<Arc<Account>, NotUsable> {
        let name = account.name_any();
        let settings = settings(account, self.accounts.limits());
        let present = self.known(&name, |known| {
            let is_same = |built: &&Built| {
                built.settings == settings && built.fingerprint == fingerprint && built.caches.schedule.idle == account.spec.sync_interval()
            };
            let same = known.built.as_ref().filter(is_same).cloned();
            if same.is_none() {
                known.check_at = None;
            }
            same
        });
        // Rejected once, they are left alone; a credential check begins with a client that knows nothing of it.
        let rejected = present.as_ref().and_then(|built| built.caches.client.rejected());
        let built = match (present, rejected) {
            (_, Some(error)) if !self.may_check_credentials(&name) => return Err(NotUsable::cloud(error)),
            (Some(built), None) => built,
            _ => Built {
                caches: self.caches(account, settings.clone(), credentials)?,
                settings,
                fingerprint,
                quotas: Vec::new(),
                quotas_read: None,
                watched: None,
            },
        };
        let built = self.with_quotas(&name, built).await?;
        // It also renews credentials in time, where nothing else is called. A source that is away for a while is no reason to doubt, as above.
        if let Err(error) = built.caches.client.authenticate().await
            && !error.class.is_transient()
        {
            return Err(NotUsable::refused(error, &built.caches.client));
        }
        self.same_project(account, &built.caches.client).await?;
        let features = account.spec.features.clone().unwrap_or_default();
        let defaults = account.spec.defaults.clone().unwrap_or_default();
        Ok(Arc::new(Account {
            client: Arc::clone(&built.caches.client),
            defaults,
            allowance: Allowance::of(&account.spec),
            features,
            caches: built.caches,
            types: self.accounts.types(),
        }))
    }

    /// Reads the quotas where that is due: it also proves the credentials of a new client.
    async fn with_quotas(&self, name: &str, built: Built) -> Result<Built, NotUsable> {
        let watched = built.caches.quotas_watched.load(Ordering::Relaxed);
        // Half the time between two reconciles: each one that was requested for the quotas finds them due.
        let every = if watched { QUOTAS_SOON } else { QUOTAS_EVERY } / 2;
        let is_due = built.quotas_read.is_none_or(|read| read.elapsed() >= every) || (watched && built.watched.is_none());
        if !is_due {
            return Ok(built);
        }
        let read = read_quotas(&built.caches.client).await;
        let built = match read {
            Ok(quotas) => {
                let freed = watched && built.watched.is_some() && has_room(&built.quotas, &quotas);
                if watched && (freed || quotas.iter().filter_map(room).any(|room| room > 0)) {
                    self.accounts.room(name, freed);
                }
                // Who still waits tries again before long, and says so again.
                let is_over = freed || built.watched.is_some_and(|since| since.elapsed() > WATCHED_FOR);
                if is_over {
                    built.caches.quotas_watched.store(false, Ordering::Relaxed);
                }
                let watched = (watched && !is_over).then(|| built.watched.unwrap_or_else(Instant::now));
                Built { quotas, quotas_read: Some(Instant::now()), watched, ..built }
            }
            // Of a client that has proved itself, a cloud that is away for a while is no reason to doubt: its objects tell of that.
            Err(error) if built.quotas_read.is_some() && matches!(error.class, ErrorClass::Server | ErrorClass::Throttled) => built,
            Err(error) => {
                // It is kept when its credentials were rejected, or their exchange failed: it knows when to try again.
                let client = &built.caches.client;
                let is_kept = client.rejected().is_some() || client.fails_to_authenticate();
                let problem = NotUsable::refused(error, client);
                self.known(name, |known| known.built = is_kept.then_some(built));
                return Err(problem);
            }
        };
        self.known(name, |known| (known.built, known.check_at) = (Some(built.clone()), None));
        Ok(built)
    }

    fn caches(&self, account: &CloudAccount, settings: Settings, credentials: Credentials) -> Result<Arc<CloudCaches>, NotUsable> {
        let client =
            Arc::new(Client::new(settings, credentials, self.cloud.clone()).map_err(|error| NotUsable::new(Reason::Invalid, error))?);
        let (active, active_max) = self.accounts.active;
        let schedule = PollSchedule { idle: account.spec.sync_interval(), active, active_max };
        let (index, key, watched) = (Arc::clone(&self.index), ObjectKey::account(&account.name_any()), Arc::clone(&client));
        // Whichever call it is that the credentials are rejected at: the account, and with it all its objects, hears of it.
        let watch = tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = watched.until_rejected() => break,
                    () = watched.until_renewal_changes() => index.wake(&key),
                }
            }
            index.wake(&key);
        });
        Ok(Arc::new(CloudCaches::new(account.name_any(), client, schedule, watch.abort_handle())))
    }

    /// Whether rejected credentials may be tried once more now.
    fn may_check_credentials(&self, name: &str) -> bool {
        self.known(name, |known| {
            let first = known.check_at.is_none();
            let due = known.check_at.is_some_and(|at| at <= Instant::now());
            if first || due {
                known.check_at = Some(Instant::now() + exponential(CREDENTIAL_CHECK.0, CREDENTIAL_CHECK.1, known.failures.max(1)));
            }
            due
        })
    }

    /// Objects are looked for where they were made: with the credentials of another project all of them would seem to be gone.
    async fn same_project(&self, account: &CloudAccount, client: &Client) -> Result<(), NotUsable> {
        let project = client.project_id().await.map_err(NotUsable::cloud)?;
        let before = account.status.as_ref().and_then(|status| status.project_id.as_deref()).filter(|before| *before != project);
        // One shard does not know the objects of the others.
        let may_have_users = !self.shard.is_whole() || !self.index.users(&ObjectKey::account(&account.name_any())).is_empty();
        match before {
            Some(before) if may_have_users => Err(NotUsable::new(
                Reason::Conflict,
                format!(
                    "the account now leads to project {project}, but its objects are in project {before}; use credentials or spec.projectId of {before}, \
                     or create another CloudAccount for {project}"
                ),
            )),
            _ => Ok(()),
        }
    }
}

/// What is left of a quota; `None` where it has no limit.
fn room(quota: &Quota) -> Option<i64> {
    (quota.limit >= 0).then(|| quota.limit - quota.used)
}

/// Whether some quota has more room than before.
fn has_room(before: &[Quota], now: &[Quota]) -> bool {
    let room = |quota: &Quota| room(quota).unwrap_or(i64::MAX);
    now.iter().any(|now| before.iter().find(|before| before.type_ == now.type_).is_none_or(|before| room(now) > room(before)))
}

/// Quotas are told where the region has them; their absence is no problem.
async fn read_quotas(client: &Client) -> Result<Vec<Quota>, CloudError> {
    let call = cloud::quotas();
    client.permit(&call, Priority::Wait).await;
    match client.fetch::<Quotas>(&call).await {
        Ok(quotas) => {
            Ok(quotas.resources.into_iter().map(|quota| Quota { type_: quota.kind, used: quota.used, limit: quota.limit }).collect())
        }
        Err(error) if error.class == ErrorClass::Unsupported => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

pub(super) fn settings(account: &CloudAccount, limits: Limits) -> Settings {
    let spec = &account.spec;
    let rate = spec.rate_limit.as_ref();
    let number = |value: Option<i32>, otherwise: u32| value.and_then(|value| u32::try_from(value).ok()).unwrap_or(otherwise);
    let configured = spec.endpoints.as_ref();
    let base_url = |service, configured: Option<&String>| {
        configured.map_or_else(|| cloud::regions::candidates(&spec.region, service), |url| BaseUrl::from(url.as_str()))
    };
    Settings {
        region: spec.region.clone(),
        dc_endpoint: base_url(Endpoint::Dc, configured.and_then(|configured| configured.dc.as_ref())),
        iam_endpoint: base_url(Endpoint::Iam, configured.and_then(|configured| configured.iam.as_ref())),
        sts_endpoint: base_url(Endpoint::Sts, configured.and_then(|configured| configured.sts.as_ref())),
        project_id: spec.project_id.clone(),
        ca_bundle: configured.and_then(|configured| configured.ca_bundle.clone()),
        reads_per_minute: number(rate.and_then(|rate| rate.reads_per_minute), 600),
        writes_per_minute: number(rate.and_then(|rate| rate.writes_per_minute), 60),
        burst: number(rate.and_then(|rate| rate.burst), 20),
        limits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::RequestOutcome;

    #[test]
    fn an_error_of_the_operators_own_has_the_reason_of_its_code() {
        let rows = [
            (OwnCode::TokenMissing, Reason::SecretMissing),
            (OwnCode::ProjectUnknown, Reason::ProjectUnknown),
            (OwnCode::NoSts, Reason::Unsupported),
            (OwnCode::Unreachable, Reason::EndpointUnreachable),
        ];
        for (code, reason) in rows {
            let error = CloudError {
                class: code.class(),
                code: code.as_str().to_owned(),
                message: String::new(),
                http_status: None,
                request_id: None,
                operation: "AssumeAgencyWithOIDC",
                outcome: RequestOutcome::Refused,
                retry_after: None,
            };
            assert_eq!(NotUsable::cloud(error).reason, reason, "{code:?}");
        }
    }
}
