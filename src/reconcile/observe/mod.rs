//! What an attempt sees: the object, the index and the cache, put together into a [`Situation`]. All reads are here; the only calls are a GET of
//! one resource that a LIST misses or that is about to be adopted, a GET of a parent that seems to be gone, and a GET of a Secret that a create needs.

mod find;
mod look;
mod owner;
mod secret;

use secrecy::SecretString;
use std::hash::{DefaultHasher, Hash, Hasher};
use tokio::time::Instant;

use crate::api::{DriftPolicy, Managed, SecretKeyReference, Target, WaitingFor};
use crate::cache::View;
use crate::cloud::{Call, Client, ErrorClass, Priority};
use crate::graph::ObjectKey;

use crate::reconcile::context::{AccountContext, Context};
use crate::reconcile::decide::{Ownership, Presence, Situation, UnusableSecret};
use crate::reconcile::kind::{Difference, Kind, Reference, ResourcePhase, Tagging};
use crate::reconcile::reconciler::Failure;
use crate::reconcile::report::{ObservedResource, ResourceState};
pub(in crate::reconcile) use look::{Around, Look, Terms};
pub(in crate::reconcile) use secret::{unusable, value};

/// What an attempt observed: the situation to decide on, and the resource in it.
pub(in crate::reconcile) struct Observation<K: Kind> {
    pub situation: Situation,
    pub seen: Option<K::Resource>,
    /// Where a create would make the resource now.
    pub target: Target,
    /// How many tags the resource is to have, the account's and the owner's among them.
    pub tags: usize,
    /// Which of them a create carries for now.
    pub create_tagging: Tagging,
    /// When the LIST started from which all of this is.
    pub listed: Option<Instant>,
    /// Objects that it refers to and that are not there, or not granted.
    pub missing: Vec<WaitingFor>,
    /// What tells the resource from others before it is made, as messages call it.
    pub place: Option<String>,
    /// A LIST is still to come that shows whether what others added to a list of the resource is gone from it.
    pub awaits_list: bool,
}

impl<K: Kind> Observation<K> {
    /// What the status shows of the resource.
    pub fn sight(&self) -> ResourceState<<K::Object as Managed>::Observed> {
        match (&self.situation.cloud, &self.seen) {
            (Presence::Unknown | Presence::NotVisible(_) | Presence::Unreadable(_), _) => ResourceState::NotObserved,
            // Nothing is shown of somebody else's resource.
            (Presence::Present(found), Some(seen)) if !matches!(found.owner, Ownership::Foreign(_)) => {
                ResourceState::Present(observed_resource::<K>(seen, found.differences.is_empty()))
            }
            _ => ResourceState::Absent,
        }
    }

    /// Where the resource differs, unless the policy ignores that.
    pub fn drift(&self) -> Vec<Difference> {
        let Presence::Present(found) = &self.situation.cloud else { return Vec::new() };
        let looked_at = !matches!(found.owner, Ownership::Foreign(_)) && found.phase == ResourcePhase::Settled && !found.unseen.update;
        let ignored = self.situation.drift == DriftPolicy::Ignore && !self.situation.spec_changed;
        if looked_at && !ignored { found.differences.clone() } else { Vec::new() }
    }

    /// Where the resource differs, and the policy ignores it.
    pub fn ignored(&self) -> Vec<Difference> {
        let Presence::Present(found) = &self.situation.cloud else { return Vec::new() };
        let is_left = self.situation.drift == DriftPolicy::Ignore && !self.situation.spec_changed;
        found.ignored.iter().chain(found.differences.iter().filter(|_| is_left)).cloned().collect()
    }

    /// IDs of other resources with our owner tag, if the cloud was read.
    pub fn duplicates(&self) -> Option<Vec<String>> {
        let is_read = self.situation.cloud != Presence::Unknown;
        is_read.then(|| self.situation.duplicates.iter().map(|duplicate| duplicate.id.clone()).collect())
    }

    /// The differences came about in the cloud, not by a change of the spec.
    pub fn is_drift(&self) -> bool {
        !self.situation.spec_changed
    }
}

/// A resource in the form that the status shows.
pub(in crate::reconcile) fn observed_resource<K: Kind>(
    seen: &K::Resource,
    matches: bool,
) -> ObservedResource<<K::Object as Managed>::Observed> {
    ObservedResource { observed: K::observed(seen), phase: K::phase(seen), health: K::health(seen), matches }
}

/// Observes for one attempt.
pub(in crate::reconcile) struct Observer<'c, 'a, K: Kind> {
    pub context: &'c Context<'a, K>,
    pub account: &'c AccountContext<K::Listed>,
}

impl<K: Kind> Observer<'_, '_, K> {
    pub async fn observe(&self) -> Result<Observation<K>, Failure> {
        self.look().observe().await
    }

    fn look(&self) -> Look<'_, K, &Self> {
        let Context { reconciler, object, key, generation, is_deleting, status, references, state, .. } = self.context;
        let AccountContext { account, cache: _, policies, owner } = self.account;
        Look {
            object,
            key,
            generation: *generation,
            is_deleting: *is_deleting,
            status,
            references,
            state,
            index: &reconciler.index,
            cluster: &reconciler.cluster,
            whole_namespaces: reconciler.whole_namespaces,
            terms: Terms {
                policies: *policies,
                defaults: &account.defaults,
                owner,
                keeps_tags: account.keeps_tags(K::TAG_SCOPE),
                read_lag: account.client.settings().limits.read_lag,
            },
            around: self,
        }
    }

    /// Stands for all that a refusal by the cloud can depend on besides the spec: the account, what the object refers to, and what has already what
    /// it needs.
    pub fn cause(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.account.account.hash_identity(&mut hasher);
        for reference in &self.context.references {
            let granted = self.context.referenced(reference).map(|_| reference.key(&self.context.key.namespace));
            granted.map(|key| self.context.reconciler.index.revision(&key)).hash(&mut hasher);
        }
        let secret = K::secret(self.context.object).map(|secret| ObjectKey::secret(&self.context.key.namespace, &secret.name));
        secret.map(|key| self.context.reconciler.index.revision(&key)).hash(&mut hasher);
        let look = self.look();
        let (links, _) = look.resolve();
        let desired = look.desired(&links);
        let mut competitors: Vec<String> = self.account.cache.view().iter().filter_map(|listed| K::competitor(&desired, listed)).collect();
        competitors.sort_unstable();
        competitors.hash(&mut hasher);
        hasher.finish()
    }
}

impl<K: Kind> Around<K::Listed> for &Observer<'_, '_, K> {
    fn view(&self) -> View<K::Listed> {
        self.account.cache.view()
    }

    fn demand(&self, instant: Instant) {
        self.account.cache.demand(instant);
    }

    fn watch(&self, listed_id: &str) {
        self.context.watch_item(listed_id);
    }

    async fn show(&self, id: &str, parent: Option<&str>) -> Result<Option<K::Listed>, Failure> {
        let client = &self.account.account.client;
        client.queue(&Client::read_call::<K::Listed>(id, parent), Priority::Wait).await?;
        let sent = Instant::now();
        let Some(listed) = client.show::<K::Listed>(id, parent).await.map_err(Failure::Cloud)? else { return Ok(None) };
        self.account.cache.put_new(listed.clone(), sent);
        Ok(Some(listed))
    }

    async fn is_absent(&self, call: &Call) -> Result<bool, Failure> {
        let client = &self.account.account.client;
        client.queue(call, Priority::Wait).await?;
        match client.send(call).await {
            Ok(_) => Ok(false),
            Err(error) if error.class == ErrorClass::Absent => Ok(true),
            Err(error) => Err(Failure::Cloud(error)),
        }
    }

    /// The watch of Secrets wakes the object when the Secret changes.
    async fn secret(&self, reference: &SecretKeyReference) -> Result<Result<SecretString, UnusableSecret>, Failure> {
        let (reconciler, namespace) = (self.context.reconciler, &self.context.key.namespace);
        let secrets = reconciler.accounts.secrets();
        let value = match secrets.get(&reconciler.client, namespace, &reference.name).await? {
            Some(found) => secret::value(found, &reference.key),
            None if secrets.include(namespace) => Err("the Secret does not exist".to_owned()),
            None => Err("the operator may not read Secrets of this namespace (--secret-namespaces)".to_owned()),
        };
        Ok(value.map_err(|problem| secret::unusable(reference, namespace, &problem)))
    }
}

impl<K: Kind> Context<'_, K> {
    /// Takes note of what a look shows of our own writes.
    pub fn note_writes(&mut self, observation: &Observation<K>) {
        if let (Presence::Present(found), Some(listed)) = (&observation.situation.cloud, observation.listed) {
            let due: Vec<&Call> = found.update.iter().chain(&found.delete).collect();
            self.state.unseen.shown(listed, &due, K::is_guarded(self.object));
        }
    }

    /// Begins the time of doubt about a create that an earlier process may have sent.
    pub fn begin_doubt(&mut self) {
        self.state.begin_doubt(&self.status);
    }
}

impl Reference {
    /// The object referred to, from an object in `namespace`.
    #[must_use]
    pub fn key(&self, namespace: &str) -> ObjectKey {
        let Self { field: _, kind, namespace: other, name, part: _ } = self;
        ObjectKey { kind, namespace: other.clone().unwrap_or_else(|| namespace.to_owned()), name: name.clone() }
    }
}
