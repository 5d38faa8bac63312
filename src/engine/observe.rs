//! What a pass sees: the object, the index and the mirror, put together into a [`Situation`]. All reads stand here; the only calls are a GET of
//! one resource that a LIST misses and a GET of a Secret that a create needs.

use k8s_openapi::api::core::v1::Secret;
use kube::{Api, Resource, ResourceExt};
use secrecy::SecretString;
use tokio::time::Instant;

use crate::accounts::Account;
use crate::api::{DeletionPolicy, DriftPolicy, Import, Managed, Management, Status};
use crate::cloud::{Call, Class, Listed, Priority};
use crate::mirror::{Mirror, View};

use super::decide::{Found, IntentState, Ownership, Presence, Situation};
use super::kind::{Desired, Kind, Links, OWNER_TAG, Phase, Reference};
use super::memory::Memory;
use super::references::Key;
use super::report::{Seen, spec_changed};
use super::{Engine, Failure};

/// The effective policy of an object: its own word, else the account's, else the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Policies {
    pub management: Management,
    pub deletion: DeletionPolicy,
    pub drift: DriftPolicy,
}

impl Policies {
    /// Whether the cloud resource outlives the object.
    pub fn keep_the_cloud(self) -> bool {
        self.deletion == DeletionPolicy::Retain || self.management == Management::ObserveOnly
    }

    pub fn of(object: &impl Managed, account: Option<&Account>) -> Self {
        let (policy, defaults) = (object.policy(), account.map(|account| &account.defaults));
        Self {
            management: policy.management.unwrap_or_default(),
            deletion: policy.deletion.or(defaults.and_then(|defaults| defaults.deletion_policy)).unwrap_or_default(),
            drift: policy.drift.or(defaults.and_then(|defaults| defaults.drift_policy)).unwrap_or_default(),
        }
    }
}

/// The situation of one pass, and the resource in it.
pub(super) struct Observation<K: Kind> {
    pub situation: Situation,
    pub seen: Option<K::Seen>,
}

impl<K: Kind> Observation<K> {
    /// What the status tells of the resource.
    pub fn told(&self) -> Option<Seen<<K::Object as Managed>::Observed>> {
        let Presence::One(found) = &self.situation.cloud else { return None };
        // Somebody else's resource is not told of.
        if let Ownership::Foreign(_) = found.owner {
            return None;
        }
        self.seen.as_ref().map(|seen| tell::<K>(seen, found.differences.is_empty()))
    }
}

/// A resource in the form that the status tells.
pub(super) fn tell<K: Kind>(seen: &K::Seen, matches: bool) -> Seen<<K::Object as Managed>::Observed> {
    Seen { observed: K::observed(seen), phase: K::phase(seen), health: K::health(seen), matches }
}

/// One pass's look.
pub(super) struct Look<'a, K: Kind> {
    pub engine: &'a Engine<K>,
    pub object: &'a K::Object,
    pub account: &'a Account,
    pub mirror: &'a Mirror<K::Listed>,
    pub uid: &'a str,
}

impl<K: Kind> Look<'_, K> {
    pub async fn observe(&self, owner: Option<&str>) -> Result<Observation<K>, Failure> {
        let status = self.object.status().cloned().unwrap_or_default();
        let policies = Policies::of(self.object, Some(self.account));
        let (links, references) = self.resolve();
        let mut desired = Desired { object: self.object, links: &links, defaults: &self.account.defaults, owner, secret: None };
        let intent = self.intent(&status);
        let (presence, seen) = self.find(&desired, &status).await?;
        let absent = presence == Presence::Absent;
        let deleting = self.object.meta().deletion_timestamp.is_some();
        let create = if absent && !deleting && references.is_empty() { self.create(&mut desired).await? } else { None };
        let situation = Situation {
            deleting,
            finalizer: true,
            management: policies.management,
            deletion: policies.deletion,
            drift: policies.drift,
            spec_changed: spec_changed(&status, self.object.meta().generation),
            dependants: self.engine.index.dependants(&Engine::<K>::key(self.object)),
            references,
            intent,
            lost: status.id.filter(|_| absent),
            cloud: presence,
            create,
        };
        Ok(Observation { situation, seen })
    }

    /// Ids of what is referred to, and what of it is not ready.
    fn resolve(&self) -> (Links, Vec<crate::api::WaitingFor>) {
        let namespace = self.object.namespace().unwrap_or_default();
        let mut links = Links::new();
        let mut waiting = Vec::new();
        for reference in K::references(self.object) {
            let key = reference.key(&namespace);
            // Another namespace needs a grant, which this version has no kind for: it reads as one that is not there.
            let card = self.engine.index.card(&key).filter(|_| key.namespace == namespace);
            if !card.as_ref().is_some_and(|card| card.ready && card.id.is_some()) {
                waiting.push(key.seen_from(&namespace));
            }
            if let Some(id) = card.and_then(|card| card.id) {
                links.insert(reference.field, id);
            }
        }
        (links, waiting)
    }

    fn intent(&self, status: &Status<<K::Object as Managed>::Observed>) -> IntentState {
        let Some(intent) = &status.intent else { return IntentState::None };
        let until = self.engine.memories.with(self.uid, |memory: &mut Memory<K::Object>| {
            if memory.fresh_intent.as_ref() == Some(&intent.time) {
                return None;
            }
            // Of an earlier process: its create can't arrive after the deadline, which is held against this machine's clock only once.
            let left = intent.deadline.0.duration_since(jiff::Timestamp::now());
            Some(*memory.doubt_until.get_or_insert_with(|| Instant::now() + left.try_into().unwrap_or_default()))
        });
        match until {
            None => IntentState::Fresh,
            Some(until) if self.mirror.view().is_fresh(until) => IntentState::None,
            Some(until) => {
                self.mirror.demand(until);
                IntentState::InDoubt
            }
        }
    }

    /// Looks for the object's resource: by the id in status, by the import, by tag and natural key.
    async fn find(
        &self,
        desired: &Desired<'_, K::Object>,
        status: &Status<<K::Object as Managed>::Observed>,
    ) -> Result<(Presence, Option<K::Seen>), Failure> {
        let view = self.mirror.view();
        if let Some(instant) = self.engine.memories.with(self.uid, |memory| memory.fresh_after)
            && !view.is_fresh(instant)
        {
            self.mirror.demand(instant);
            return Ok((Presence::Unknown, None));
        }
        if let Some(id) = &status.id {
            let seen = self.by_id(desired, &view, id).await?;
            return Ok(self.present(desired, seen, |_| (Ownership::Ours, true)).unwrap_or((Presence::Absent, None)));
        }
        if let Some(id) = self.object.import().and_then(|import| import.id.as_ref()) {
            let seen = self.by_id(desired, &view, id).await?;
            let present = self.present(desired, seen, |seen| (self.owner(desired, status, seen), false));
            return Ok(present.unwrap_or((Presence::NotFound(id.clone()), None)));
        }
        let owned = |seen: &K::Seen| desired.owner.is_some() && K::tags(seen).get(OWNER_TAG).map(String::as_str) == desired.owner;
        let all = view.iter().flat_map(|listed| K::seen(listed)).filter(|seen| K::phase(seen) != Phase::Gone);
        let (ours, others): (Vec<_>, Vec<_>) = all.filter(|seen| owned(seen) || K::is_at(desired, seen)).partition(owned);
        let mut candidates = if ours.is_empty() { others } else { ours };
        if candidates.len() > 1 {
            let ids = candidates.iter().map(|seen| K::id(seen).to_owned()).collect();
            return Ok((Presence::Several(ids), None));
        }
        let present = self.present(desired, candidates.pop(), |seen| (self.owner(desired, status, seen), false));
        Ok(present.unwrap_or((Presence::Absent, None)))
    }

    /// The resource with this id. One that a LIST misses is asked for by itself, and is gone only when the cloud says so there too.
    async fn by_id(&self, desired: &Desired<'_, K::Object>, view: &View<K::Listed>, id: &str) -> Result<Option<K::Seen>, Failure> {
        let Some(host) = K::host_of(desired, id) else { return Ok(None) };
        let among = |listed: &K::Listed| K::seen(listed).into_iter().find(|seen| K::id(seen) == id && K::phase(seen) != Phase::Gone);
        if let Some(seen) = view.get(&host).and_then(|listed| among(listed)) {
            return Ok(Some(seen));
        }
        let call = K::Listed::show(&host);
        self.account.client.permit(&call, Priority::Wait).await;
        let sent = Instant::now();
        match self.account.client.fetch::<K::Listed>(&call).await {
            Ok(listed) => {
                let seen = among(&listed);
                self.mirror.put(listed, sent);
                Ok(seen)
            }
            Err(error) if error.class == Class::Absent => {
                self.mirror.remove(&host);
                Ok(None)
            }
            Err(error) => Err(Failure::Cloud(error)),
        }
    }

    fn present(
        &self,
        desired: &Desired<'_, K::Object>,
        seen: Option<K::Seen>,
        whose: impl Fn(&K::Seen) -> (Ownership, bool),
    ) -> Option<(Presence, Option<K::Seen>)> {
        let seen = seen?;
        self.engine.memories.with(self.uid, |memory| memory.watched.insert(K::host(&seen).to_owned()));
        let ignored = &self.object.policy().ignore_fields;
        let mut differences = K::compare(desired, &seen);
        differences.retain(|difference| !ignored.iter().any(|field| field == difference.path));
        let (owner, recorded) = whose(&seen);
        let id = K::id(&seen).to_owned();
        let found = Found {
            owner,
            recorded,
            phase: K::phase(&seen),
            update: K::update(desired, &seen, &differences),
            delete: K::delete(&id),
            differences,
            id,
        };
        Some((Presence::One(Box::new(found)), Some(seen)))
    }

    /// Whose a resource is whose id does not stand in the status.
    fn owner(&self, desired: &Desired<'_, K::Object>, status: &Status<<K::Object as Managed>::Observed>, seen: &K::Seen) -> Ownership {
        match K::tags(seen).get(OWNER_TAG) {
            Some(tag) if Some(tag.as_str()) == desired.owner => Ownership::Ours,
            Some(tag) => Ownership::Foreign(Some(tag.clone())),
            None => match self.object.import() {
                Some(Import { natural_key: Some(true), .. } | Import { id: Some(_), .. }) => Ownership::Imported,
                _ if self.is_from_our_create(status, K::TAGGED && desired.owner.is_some()) => Ownership::Ours,
                _ => Ownership::Foreign(None),
            },
        }
    }

    /// Without tags, what stands at the natural key after a create of ours may have been sent is ours: the cloud keeps the key unique.
    fn is_from_our_create(&self, status: &Status<<K::Object as Managed>::Observed>, tagged: bool) -> bool {
        let sent = self.engine.memories.with(self.uid, |memory| memory.fresh_intent.is_none());
        !tagged && status.intent.is_some() && sent
    }

    async fn create(&self, desired: &mut Desired<'_, K::Object>) -> Result<Option<Call>, Failure> {
        let Some(reference) = K::secret(self.object) else { return Ok(Some(K::create(desired))) };
        let namespace = self.object.namespace().unwrap_or_default();
        let secret = Api::<Secret>::namespaced(self.engine.client.clone(), &namespace).get_opt(&reference.name).await?;
        let value = secret.and_then(|secret| secret.data?.remove(&reference.key)).and_then(|bytes| String::from_utf8(bytes.0).ok());
        desired.secret = value.map(|value| SecretString::from(value.trim_end_matches(['\r', '\n'])));
        Ok(desired.secret.is_some().then(|| K::create(desired)))
    }
}

impl Reference {
    /// The object referred to, from an object in `namespace`.
    #[must_use]
    pub fn key(&self, namespace: &str) -> Key {
        let Self { field: _, kind, namespace: other, name } = self;
        Key { kind, namespace: other.clone().unwrap_or_else(|| namespace.to_owned()), name: name.clone() }
    }
}
