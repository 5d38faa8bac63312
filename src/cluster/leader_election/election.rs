//! Acquires the lease, renews it and releases it. The decisions are in `lease`; the requests are here.

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::Api;
use kube::api::{ObjectMeta, PostParams};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};

use super::Leadership;
use super::lease::{Availability, LeaseObserver, held, holder, released};
use crate::backoff::jittered;

/// The release of the lease may take this long: a process that ends has little time.
const RELEASE_LIMIT: Duration = Duration::from_secs(3);

/// Durations of leader election. Each MUST be longer than the next.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Another replica takes the lease after it has seen it unchanged for this long.
    pub lease_duration: Duration,
    /// The leader works for this long after it sent its last renewal. The difference to the lease duration is the safety margin.
    pub renew_deadline: Duration,
    /// Interval of renewals, and of the checks of replicas on standby.
    pub retry_period: Duration,
}

impl Timing {
    /// Whether each is longer than the next.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.lease_duration > self.renew_deadline && self.renew_deadline > self.retry_period
    }
}

/// A candidate.
pub struct Election {
    api: Api<Lease>,
    name: String,
    /// Unique among all processes ever: a process with the holder's identity is taken for the holder.
    identity: String,
    timing: Timing,
}

/// The time in which this replica leads.
pub struct Term {
    election: Election,
    /// As last written or read.
    lease: Lease,
    renewed: Instant,
    until: watch::Sender<Instant>,
}

/// Why a term ended early.
#[derive(Debug, thiserror::Error)]
pub enum Loss {
    /// No renewal succeeded in time, or the process was paused.
    #[error("the lease was not renewed in time")]
    Expired,
    /// Another replica has the lease.
    #[error("{0} has the lease")]
    Taken(String),
    /// Somebody released or deleted the lease.
    #[error("somebody deleted or emptied the lease")]
    Gone,
}

/// Why the lease could not be read or written.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}")]
    Refused(#[from] kube::Error),
    #[error("no response in time")]
    Timeout(#[from] tokio::time::error::Elapsed),
    #[error("it changed in between")]
    Conflict,
    #[error("{0}")]
    Lost(Loss),
}

impl Election {
    /// A candidate for the lease `name`. The client of `api` should serve nothing else, so that renewals do not queue behind other requests.
    #[must_use]
    pub const fn new(api: Api<Lease>, name: String, identity: String, timing: Timing) -> Self {
        Self { api, name, identity, timing }
    }

    /// Waits until this candidate leads. `waiting` is called whenever another replica is seen to lead.
    pub async fn win(self, mut waiting: impl FnMut()) -> Term {
        let mut observer = LeaseObserver::new(&self.identity, self.timing.lease_duration);
        tracing::info!(lease = self.name, identity = self.identity, "waiting for the lease");
        loop {
            let pause = match self.try_to_win(&mut observer).await {
                Ok(Ok((lease, sent))) => return Term::begin(self, lease, sent),
                Ok(Err(left)) => {
                    waiting();
                    left.min(self.timing.retry_period)
                }
                Err(Failure::Conflict) => self.timing.retry_period,
                Err(error) => {
                    tracing::warn!(lease = self.name, %error, "the lease could not be acquired");
                    self.timing.retry_period
                }
            };
            sleep(jittered(pause)).await;
        }
    }

    /// The lease and the time of the request that acquired it, or how long it is still held.
    async fn try_to_win(&self, observer: &mut LeaseObserver) -> Result<Result<(Lease, Instant), Duration>, Failure> {
        let found = self.read().await?;
        let spec = found.as_ref().and_then(|lease| lease.spec.as_ref());
        if let Availability::Held(left) = observer.observe(spec, Instant::now()) {
            return Ok(Err(left));
        }
        let next = self.held(spec);
        let sent = Instant::now();
        let lease = match found {
            Some(last) => self.replace(&last, next).await?,
            None => self.create(next).await?,
        };
        Ok(Ok((lease, sent)))
    }

    fn held(&self, last: Option<&LeaseSpec>) -> LeaseSpec {
        held(last, &self.identity, self.timing.lease_duration, MicroTime(jiff::Timestamp::now()))
    }

    /// A single request may take half of the deadline, so that one that hangs leaves time for another.
    fn limit(&self) -> Duration {
        self.timing.renew_deadline / 2
    }

    async fn read(&self) -> Result<Option<Lease>, Failure> {
        Ok(timeout(self.limit(), self.api.get_opt(&self.name)).await??)
    }

    async fn create(&self, spec: LeaseSpec) -> Result<Lease, Failure> {
        let metadata = ObjectMeta { name: Some(self.name.clone()), ..ObjectMeta::default() };
        let lease = Lease { metadata, spec: Some(spec) };
        match timeout(self.limit(), self.api.create(&PostParams::default(), &lease)).await? {
            Err(kube::Error::Api(status)) if status.code == 409 => Err(Failure::Conflict),
            answer => Ok(answer?),
        }
    }

    /// The resource version and the uid of `last` are sent too: of two requests at the same time, only one succeeds.
    async fn replace(&self, last: &Lease, spec: LeaseSpec) -> Result<Lease, Failure> {
        let lease = Lease { metadata: last.metadata.clone(), spec: Some(spec) };
        match timeout(self.limit(), self.api.replace(&self.name, &PostParams::default(), &lease)).await? {
            Err(kube::Error::Api(status)) if status.code == 409 || status.code == 404 => Err(Failure::Conflict),
            answer => Ok(answer?),
        }
    }
}

impl Term {
    fn begin(election: Election, lease: Lease, sent: Instant) -> Self {
        let transitions = lease.spec.as_ref().and_then(|spec| spec.lease_transitions);
        tracing::info!(lease = election.name, identity = election.identity, transitions, "this replica leads");
        let until = watch::Sender::new(sent + election.timing.renew_deadline);
        Self { election, lease, renewed: sent, until }
    }

    /// The right to write while this term lasts.
    #[must_use]
    pub fn leadership(&self) -> Leadership {
        Leadership::until(self.until.subscribe())
    }

    /// Renews the lease until it is lost.
    pub async fn keep(&mut self) -> Loss {
        loop {
            let end = *self.until.borrow();
            sleep_until(end.min(self.renewed + self.election.timing.retry_period)).await;
            // After a pause of the process, the term may have ended whatever the lease says.
            if Instant::now() >= end {
                return Loss::Expired;
            }
            let sent = Instant::now();
            match timeout_at(end, self.renew()).await {
                // A response after the end of the term renews nothing: writes were cancelled meanwhile.
                Ok(Ok(())) if Instant::now() < end => {
                    self.renewed = sent;
                    self.until.send_replace(sent + self.election.timing.renew_deadline);
                }
                Ok(Ok(())) | Err(_) => return Loss::Expired,
                Ok(Err(Failure::Lost(loss))) => return loss,
                Ok(Err(error)) => {
                    tracing::warn!(lease = self.election.name, %error, left = ?end.saturating_duration_since(Instant::now()), "the lease was not renewed");
                    sleep_until(end.min(Instant::now() + self.election.timing.retry_period / 4)).await;
                }
            }
        }
    }

    async fn renew(&mut self) -> Result<(), Failure> {
        let next = self.election.held(self.lease.spec.as_ref());
        match self.election.replace(&self.lease, next).await {
            Ok(lease) => {
                self.lease = lease;
                Ok(())
            }
            Err(Failure::Conflict) => self.read_again().await,
            Err(error) => Err(error),
        }
    }

    /// Finds out what caused a conflict: an own renewal whose response was lost, a change of the metadata, or another holder.
    async fn read_again(&mut self) -> Result<(), Failure> {
        let lease = self.election.read().await?.ok_or(Failure::Lost(Loss::Gone))?;
        match lease.spec.as_ref().and_then(holder) {
            Some(holder) if holder == self.election.identity => {
                self.lease = lease;
                // It was read, not renewed.
                Err(Failure::Conflict)
            }
            Some(holder) => Err(Failure::Lost(Loss::Taken(holder.to_owned()))),
            None => Err(Failure::Lost(Loss::Gone)),
        }
    }

    /// Ends the term, then releases the lease, so that other replicas need not wait until it expires.
    pub async fn release(mut self) {
        let held = self.leadership().holds();
        self.until.send_replace(Instant::now());
        if !held {
            return;
        }
        match timeout(RELEASE_LIMIT, self.replace_by_released()).await {
            Ok(Ok(())) => tracing::info!(lease = self.election.name, "the lease was released"),
            Ok(Err(error)) => tracing::warn!(lease = self.election.name, %error, "the lease was not released; it expires"),
            Err(_) => tracing::warn!(lease = self.election.name, "the lease was not released in time; it expires"),
        }
    }

    async fn replace_by_released(&mut self) -> Result<(), Failure> {
        let empty = released(&self.lease.spec.clone().unwrap_or_default());
        match self.election.replace(&self.lease, empty.clone()).await {
            // A renewal was pending when the term ended.
            Err(Failure::Conflict) => match self.read_again().await {
                Err(Failure::Conflict) => self.election.replace(&self.lease, empty).await.map(drop),
                other => other,
            },
            other => other.map(drop),
        }
    }
}
