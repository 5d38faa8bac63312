//! Winning the lease, keeping it, giving it back. What may be done is judged in `lease`; here it is done.

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::Api;
use kube::api::{ObjectMeta, PostParams};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};

use super::Leadership;
use super::lease::{Judge, Verdict, held, holder, released};
use crate::backoff::jittered;

/// Giving the lease back may take this long: a process that ends has little time.
const RELEASE_LIMIT: Duration = Duration::from_secs(3);

/// How long things last, each longer than the next.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Others take the lease when they have seen it unchanged for so long.
    pub lease_duration: Duration,
    /// The holder works for so long after it sent its last renewal. What this is shorter than the lease's duration is the margin of safety.
    pub renew_deadline: Duration,
    /// Time between two renewals, and between two looks of those who wait.
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
    /// Unique among all processes that ever were: who bears the holder's name is taken for the holder.
    identity: String,
    timing: Timing,
}

/// The time in which a candidate leads.
pub struct Term {
    election: Election,
    /// As last written or read.
    lease: Lease,
    renewed: Instant,
    until: watch::Sender<Instant>,
}

/// Why a term ended.
#[derive(Debug, thiserror::Error)]
pub enum Loss {
    /// No renewal succeeded in time, or the process was paused.
    #[error("the lease was not renewed in time")]
    Lapsed,
    /// Somebody else has the lease.
    #[error("{0} has the lease")]
    Taken(String),
    /// The lease was given back or deleted by somebody else.
    #[error("somebody deleted or emptied the lease")]
    Gone,
}

/// Why the lease could not be read or written.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("{0}")]
    Refused(#[from] kube::Error),
    #[error("no answer in time")]
    Silence(#[from] tokio::time::error::Elapsed),
    #[error("it changed in between")]
    Conflict,
    #[error("{0}")]
    Lost(Loss),
}

impl Election {
    /// A candidate called `identity` for the lease `name`. The client behind `api` should serve nothing else: renewals must not queue.
    #[must_use]
    pub const fn new(api: Api<Lease>, name: String, identity: String, timing: Timing) -> Self {
        Self { api, name, identity, timing }
    }

    /// Waits until this candidate leads. `waiting` is called whenever somebody else does.
    pub async fn win(self, mut waiting: impl FnMut()) -> Term {
        let mut judge = Judge::new(&self.identity, self.timing.lease_duration);
        tracing::info!(lease = self.name, identity = self.identity, "waiting for the lease");
        loop {
            let pause = match self.try_to_win(&mut judge).await {
                Ok(Ok((lease, sent))) => return Term::begin(self, lease, sent),
                Ok(Err(left)) => {
                    waiting();
                    left.min(self.timing.retry_period)
                }
                Err(Trouble::Conflict) => self.timing.retry_period,
                Err(trouble) => {
                    tracing::warn!(lease = self.name, %trouble, "the lease can't be had");
                    self.timing.retry_period
                }
            };
            sleep(jittered(pause)).await;
        }
    }

    /// The lease and when it was asked for, or how long it can't be had.
    async fn try_to_win(&self, judge: &mut Judge) -> Result<Result<(Lease, Instant), Duration>, Trouble> {
        let found = self.read().await?;
        let spec = found.as_ref().and_then(|lease| lease.spec.as_ref());
        if let Verdict::Wait(left) = judge.look(spec, Instant::now()) {
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

    /// A single request gets half of the deadline: one that hangs must leave time for another.
    fn limit(&self) -> Duration {
        self.timing.renew_deadline / 2
    }

    async fn read(&self) -> Result<Option<Lease>, Trouble> {
        Ok(timeout(self.limit(), self.api.get_opt(&self.name)).await??)
    }

    async fn create(&self, spec: LeaseSpec) -> Result<Lease, Trouble> {
        let metadata = ObjectMeta { name: Some(self.name.clone()), ..ObjectMeta::default() };
        let lease = Lease { metadata, spec: Some(spec) };
        match timeout(self.limit(), self.api.create(&PostParams::default(), &lease)).await? {
            Err(kube::Error::Api(status)) if status.code == 409 => Err(Trouble::Conflict),
            answer => Ok(answer?),
        }
    }

    /// The resource version and the uid of `last` go along: whoever was faster wins.
    async fn replace(&self, last: &Lease, spec: LeaseSpec) -> Result<Lease, Trouble> {
        let lease = Lease { metadata: last.metadata.clone(), spec: Some(spec) };
        match timeout(self.limit(), self.api.replace(&self.name, &PostParams::default(), &lease)).await? {
            Err(kube::Error::Api(status)) if status.code == 409 || status.code == 404 => Err(Trouble::Conflict),
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

    /// The right that lasts as long as this term.
    #[must_use]
    pub fn leadership(&self) -> Leadership {
        Leadership::until(self.until.subscribe())
    }

    /// Renews the lease until it is lost.
    pub async fn keep(&mut self) -> Loss {
        loop {
            let lapse = *self.until.borrow();
            sleep_until(lapse.min(self.renewed + self.election.timing.retry_period)).await;
            // After a pause the clock comes before the lease.
            if Instant::now() >= lapse {
                return Loss::Lapsed;
            }
            let sent = Instant::now();
            match timeout_at(lapse, self.renew()).await {
                // An answer that came too late renews nothing: writes were given up meanwhile.
                Ok(Ok(())) if Instant::now() < lapse => {
                    self.renewed = sent;
                    self.until.send_replace(sent + self.election.timing.renew_deadline);
                }
                Ok(Ok(())) | Err(_) => return Loss::Lapsed,
                Ok(Err(Trouble::Lost(loss))) => return loss,
                Ok(Err(trouble)) => {
                    tracing::warn!(lease = self.election.name, %trouble, left = ?lapse.saturating_duration_since(Instant::now()), "the lease was not renewed");
                    sleep_until(lapse.min(Instant::now() + self.election.timing.retry_period / 4)).await;
                }
            }
        }
    }

    async fn renew(&mut self) -> Result<(), Trouble> {
        let next = self.election.held(self.lease.spec.as_ref());
        match self.election.replace(&self.lease, next).await {
            Ok(lease) => {
                self.lease = lease;
                Ok(())
            }
            Err(Trouble::Conflict) => self.look_again().await,
            Err(trouble) => Err(trouble),
        }
    }

    /// After a conflict: an own renewal whose answer was lost, or a label that somebody put on the lease, or another holder.
    async fn look_again(&mut self) -> Result<(), Trouble> {
        let lease = self.election.read().await?.ok_or(Trouble::Lost(Loss::Gone))?;
        match lease.spec.as_ref().and_then(holder) {
            Some(holder) if holder == self.election.identity => {
                self.lease = lease;
                // Seeing it is not renewing it.
                Err(Trouble::Conflict)
            }
            Some(holder) => Err(Trouble::Lost(Loss::Taken(holder.to_owned()))),
            None => Err(Trouble::Lost(Loss::Gone)),
        }
    }

    /// Ends the term, then gives the lease back, so that others need not wait for its end.
    pub async fn release(mut self) {
        let held = self.leadership().holds();
        self.until.send_replace(Instant::now());
        if !held {
            return;
        }
        match timeout(RELEASE_LIMIT, self.give_back()).await {
            Ok(Ok(())) => tracing::info!(lease = self.election.name, "the lease was given back"),
            Ok(Err(trouble)) => tracing::warn!(lease = self.election.name, %trouble, "the lease was not given back; it lapses"),
            Err(_) => tracing::warn!(lease = self.election.name, "the lease was not given back in time; it lapses"),
        }
    }

    async fn give_back(&mut self) -> Result<(), Trouble> {
        let empty = released(&self.lease.spec.clone().unwrap_or_default());
        match self.election.replace(&self.lease, empty.clone()).await {
            // A renewal was under way when the work ended.
            Err(Trouble::Conflict) => match self.look_again().await {
                Err(Trouble::Conflict) => self.election.replace(&self.lease, empty).await.map(drop),
                other => other,
            },
            other => other.map(drop),
        }
    }
}
