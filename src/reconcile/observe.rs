//! What a pass sees: the object, the index and the cache, put together into a [`Situation`]. All reads stand here; the only calls are a GET of
//! one resource that a LIST misses, a GET of what a resource hangs on when that seems to be gone, and a GET of a Secret that a create needs.

use k8s_openapi::api::core::v1::Secret;
use kube::{Api, Resource, ResourceExt};
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

use crate::accounts::Account;
use crate::api::{DeletionPolicy, DriftPolicy, Intent, Managed, Management, Status, Target};
use crate::cache::{CloudCache, View};
use crate::cloud::{Call, ErrorClass, Listed, Priority};
use crate::graph::Key;
use crate::graph::owner::{OWNER_TAG, describe_holder, describe_owner_tag, object_of};

use super::decide::{Found, IntentState, Ownership, Presence, Situation};
use super::kind::{Desired, Difference, Kind, Links, Phase, Reference, Tagging};
use super::report::{Seen, Sight, spec_changed};
use super::{Failure, Reconciler};

/// Most tags of a resource, the owner's among them (`docs/design/cloud-api.md#tags`).
const TAGS_LIMIT: usize = 10;

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
    pub seen: Option<K::Resource>,
    /// Where a create would make the resource now.
    pub target: Target,
    /// How many tags the resource is to have, the account's and the owner's among them.
    pub tags: usize,
    /// A create carries no tag but the owner's for now.
    pub plain: bool,
}

impl<K: Kind> Observation<K> {
    /// What the status tells of the resource.
    pub fn told(&self) -> Sight<<K::Object as Managed>::Observed> {
        match (&self.situation.cloud, &self.seen) {
            (Presence::Unknown, _) => Sight::Unchanged,
            // Somebody else's resource is not told of.
            (Presence::One(found), Some(seen)) if !matches!(found.owner, Ownership::Foreign(_)) => {
                Sight::Seen(tell::<K>(seen, found.differences.is_empty()))
            }
            _ => Sight::Absent,
        }
    }

    /// Where the resource differs, unless the policy is to look away.
    pub fn drift(&self) -> Vec<Difference> {
        let Presence::One(found) = &self.situation.cloud else { return Vec::new() };
        let looked_at = !matches!(found.owner, Ownership::Foreign(_)) && found.phase == Phase::Settled;
        let ignored = self.situation.drift == DriftPolicy::Ignore && !self.situation.spec_changed;
        if looked_at && !ignored { found.differences.clone() } else { Vec::new() }
    }

    /// The differences came about in the cloud, not by a change of the spec.
    pub fn is_drift(&self) -> bool {
        !self.situation.spec_changed
    }
}

/// A resource in the form that the status tells.
pub(super) fn tell<K: Kind>(seen: &K::Resource, matches: bool) -> Seen<<K::Object as Managed>::Observed> {
    Seen { observed: K::observed(seen), phase: K::phase(seen), health: K::health(seen), matches }
}

/// One pass's look.
pub(super) struct Observer<'a, K: Kind> {
    pub reconciler: &'a Reconciler<K>,
    pub object: &'a K::Object,
    pub account: &'a Account,
    pub cache: &'a CloudCache<K::Listed>,
    pub uid: &'a str,
    /// The owner's tag of the object.
    pub owner: &'a str,
}

type ObservedStatus<K> = Status<<<K as Kind>::Object as Managed>::Observed>;

impl<K: Kind> Observer<'_, K> {
    pub async fn observe(&self) -> Result<Observation<K>, Failure> {
        let status = self.object.status().cloned().unwrap_or_default();
        let policies = Policies::of(self.object, Some(self.account));
        let (mut links, references) = self.resolve();
        let target = self.target(&links);
        let intent = self.intent(&status, &target);
        // What a create may have made is looked for where that create was to make it, whatever became of the spec and of what it refers to.
        let aimed = self.sent(&status).and_then(|intent| intent.target.as_ref());
        if let Some(aimed) = aimed {
            let fields = K::references(self.object).into_iter().map(|reference| reference.field);
            links.extend(fields.filter_map(|field| Some((field, aimed.references.get(field)?.clone()))));
        }
        let mut desired = Desired {
            object: self.object,
            links: &links,
            created_as: aimed.map(|aimed| aimed.name.as_str()),
            defaults: &self.account.defaults,
            owner: (policies.management == Management::Managed).then_some(self.owner),
            tagging: if self.account.keeps_tags() { Tagging::All } else { Tagging::None },
            secret: None,
        };
        let tags = K::tags_of(self.object).map_or(0, |tags| desired.tags(tags).len());
        let (presence, seen) = self.find(&desired, &status).await?;
        let absent = presence == Presence::Absent;
        let deleting = self.object.meta().deletion_timestamp.is_some();
        let plain = tags > 1 && self.reconciler.states.with(self.uid, |state| state.plain);
        let create = if absent && !deleting && references.is_empty() {
            desired.tagging = if plain { Tagging::OwnerOnly } else { desired.tagging };
            self.create(&mut desired).await?
        } else {
            None
        };
        let generation = self.object.meta().generation;
        let spec_changed = spec_changed(&status, generation);
        let situation = Situation {
            deleting,
            management: policies.management,
            deletion: policies.deletion,
            drift: policies.drift,
            spec_changed,
            dependants: self.reconciler.index.dependants(&Reconciler::<K>::key(self.object)),
            references,
            intent,
            lost: status.id.filter(|_| absent),
            contested: self.reconciler.states.with(self.uid, |state| state.drift_conflicts.fields(spec_changed, generation)),
            cloud: presence,
            create,
            too_many_tags: Some(tags).filter(|tags| *tags > TAGS_LIMIT),
        };
        Ok(Observation { situation, seen, target, tags, plain })
    }

    /// Whether all that is referred to is there and granted. Where it is not, neither is known what may be had: an import waits.
    fn is_resolved(&self) -> bool {
        K::references(self.object)
            .iter()
            .all(|reference| self.reconciler.referred(self.object, reference).is_some_and(|summary| summary.id.is_some()))
    }

    /// Ids of what is referred to, and what of it is not ready.
    fn resolve(&self) -> (Links, Vec<crate::api::WaitingFor>) {
        let namespace = self.object.namespace().unwrap_or_default();
        let mut links = Links::new();
        let mut waiting = Vec::new();
        for reference in K::references(self.object) {
            let summary = self.reconciler.referred(self.object, &reference);
            if !summary.as_ref().is_some_and(|summary| summary.ready && summary.id.is_some()) {
                waiting.push(reference.key(&namespace).named_from(&namespace));
            }
            if let Some(id) = summary.and_then(|summary| summary.id) {
                links.insert(reference.field, id);
            }
        }
        (links, waiting)
    }

    fn target(&self, links: &Links) -> Target {
        let references = links.iter().map(|(field, id)| ((*field).to_owned(), id.clone())).collect();
        Target { name: self.object.cloud_name(), references }
    }

    /// The intent whose create may have been sent.
    fn sent<'s>(&self, status: &'s ObservedStatus<K>) -> Option<&'s Intent> {
        let fresh = self.reconciler.states.with(self.uid, |state| state.fresh_intent.clone());
        status.intent.as_ref().filter(|intent| fresh.as_ref() != Some(&intent.time))
    }

    fn intent(&self, status: &ObservedStatus<K>, target: &Target) -> IntentState {
        let Some(intent) = &status.intent else { return IntentState::None };
        if self.sent(status).is_none() {
            // A create that would be another one now is announced anew.
            let same = intent.target.as_ref().is_none_or(|announced| announced == target);
            return if same { IntentState::Fresh } else { IntentState::None };
        }
        // Of an earlier process: its create can't arrive after the deadline, which is held against this machine's clock only once.
        let until = self
            .reconciler
            .states
            .with(self.uid, |state| *state.doubt_until.get_or_insert_with(|| Instant::now() + doubt(intent, jiff::Timestamp::now())));
        if self.cache.view().is_fresh(until) {
            return IntentState::None;
        }
        self.cache.demand(until);
        IntentState::InDoubt
    }

    /// Looks for the object's resource: by the id in status, by the import, by tag and natural key.
    async fn find(&self, desired: &Desired<'_, K::Object>, status: &ObservedStatus<K>) -> Result<(Presence, Option<K::Resource>), Failure> {
        let (view, sent) = (self.cache.view(), self.sent(status).is_some());
        if let Some(instant) = self.reconciler.states.with(self.uid, |state| state.fresh_after)
            && !view.is_fresh(instant)
        {
            self.cache.demand(instant);
            return Ok((Presence::Unknown, None));
        }
        match (&status.id, self.object.import().and_then(|import| import.id.as_ref())) {
            // One that is gone may have been made again by a create whose answer was lost: that one has another id.
            (Some(id), _) => {
                if let Some(seen) = self.by_id(desired, &view, id).await? {
                    return self.present(desired, &view, status, seen, true).await;
                }
            }
            // What a create may have made comes first.
            (None, _) if sent => {}
            (None, Some(_)) if !self.is_resolved() => return Ok((Presence::Absent, None)),
            (None, Some(id)) => {
                return match self.by_id(desired, &view, id).await? {
                    // The next pass asks first whether what stands behind it is granted.
                    Some(seen) if view.get(K::listed_id(&seen)).is_none() => Ok((Presence::Unknown, None)),
                    Some(seen) => self.present(desired, &view, status, seen, false).await,
                    None => Ok((Presence::NotFound(id.clone()), None)),
                };
            }
            (None, None) => {}
        }
        let (at_its_place, with_its_tag) = (K::natural_key(desired), view.owned_by(self.owner));
        let at_its_place = at_its_place.iter().flat_map(|key| view.at(key));
        // What is found by both is one.
        let hosts: BTreeMap<&str, &K::Listed> = at_its_place.chain(with_its_tag).map(|listed| (listed.id(), listed.as_ref())).collect();
        let all = hosts.into_values().flat_map(|listed| K::resources(listed)).filter(|seen| K::phase(seen) != Phase::Gone);
        let (ours, others): (Vec<_>, Vec<_>) =
            all.filter(|seen| self.is_tagged_ours(seen) || K::is_at(desired, seen)).partition(|seen| self.is_tagged_ours(seen));
        let mut candidates = if ours.is_empty() { others } else { ours };
        if candidates.len() > 1 {
            let mut ids: Vec<String> = candidates.iter().map(|seen| K::id(seen).to_owned()).collect();
            ids.sort_unstable();
            return Ok((Presence::Several(ids), None));
        }
        match candidates.pop() {
            Some(seen) if !sent && !self.is_tagged_ours(&seen) && self.object.import().is_some() && !self.is_resolved() => {
                Ok((Presence::Absent, None))
            }
            Some(seen) => self.present(desired, &view, status, seen, false).await,
            None => Ok((Presence::Absent, None)),
        }
    }

    /// The resource with this id. One that a LIST misses is asked for by itself, and is gone only when the cloud says so there too.
    async fn by_id(&self, desired: &Desired<'_, K::Object>, view: &View<K::Listed>, id: &str) -> Result<Option<K::Resource>, Failure> {
        let among = |listed: &K::Listed| K::resources(listed).into_iter().find(|seen| K::id(seen) == id && K::phase(seen) != Phase::Gone);
        let Some(host) = K::listed_id_of(desired, id) else { return Ok(view.iter().find_map(|listed| among(listed))) };
        if let Some(seen) = view.get(&host).and_then(|listed| among(listed)) {
            return Ok(Some(seen));
        }
        let call = K::Listed::show(&host);
        self.account.client.queue(&call, Priority::Wait).await?;
        let sent = Instant::now();
        match self.account.client.fetch::<K::Listed>(&call).await {
            Ok(listed) => {
                let seen = among(&listed);
                self.cache.put(listed, sent);
                Ok(seen)
            }
            Err(error) if error.class == ErrorClass::Absent => {
                self.cache.remove(&host, sent);
                Ok(None)
            }
            Err(error) => Err(Failure::Cloud(error)),
        }
    }

    async fn present(
        &self,
        desired: &Desired<'_, K::Object>,
        view: &View<K::Listed>,
        status: &ObservedStatus<K>,
        seen: K::Resource,
        recorded: bool,
    ) -> Result<(Presence, Option<K::Resource>), Failure> {
        let host = K::listed_id(&seen).to_owned();
        self.reconciler.states.with(self.uid, |state| state.watched.insert(host.clone()));
        let mut differences = K::compare(desired, &seen);
        let owner = self.whose(desired, view, status, &seen, &differences, recorded);
        let ignored = &self.object.policy().ignore_fields;
        // What can't be changed decides whether a resource is taken at all: before that it is not ignored.
        differences.retain(|difference| (!recorded && !difference.mutable) || !ignored.iter().any(|field| field == difference.path));
        let id = K::id(&seen).to_owned();
        let found = Found {
            orphaned: owner == Ownership::Ours && self.is_orphaned(&seen, &differences).await?,
            owner,
            recorded,
            phase: K::phase(&seen),
            update: K::update(desired, &seen, &differences),
            delete: K::delete(&seen),
            deleted_with_parent: view.get(&host).is_some_and(|listed| K::is_deleted_with_parent(listed, &seen)),
            differences,
            id,
        };
        Ok((Presence::One(Box::new(found)), Some(seen)))
    }

    /// Whether all that can't be changed differs because what the resource hangs on is gone from the cloud.
    async fn is_orphaned(&self, seen: &K::Resource, differences: &[Difference]) -> Result<bool, Failure> {
        let Some((field, call)) = K::parent(seen) else { return Ok(false) };
        let only_there = differences.iter().all(|difference| difference.mutable || difference.path == field);
        if !only_there || differences.iter().all(|difference| difference.mutable) {
            return Ok(false);
        }
        self.account.client.queue(&call, Priority::Wait).await?;
        match self.account.client.send(&call).await {
            Ok(_) => Ok(false),
            Err(error) if error.class == ErrorClass::Absent => Ok(true),
            Err(error) => Err(Failure::Cloud(error)),
        }
    }

    fn is_tagged_ours(&self, seen: &K::Resource) -> bool {
        K::tags(seen).get(OWNER_TAG).is_some_and(|tag| tag == self.owner)
    }

    /// Whose a resource is: first by who holds it here, then by its tag, then by what the object says.
    fn whose(
        &self,
        desired: &Desired<'_, K::Object>,
        view: &View<K::Listed>,
        status: &ObservedStatus<K>,
        seen: &K::Resource,
        differences: &[Difference],
        recorded: bool,
    ) -> Ownership {
        let me = Reconciler::<K>::key(self.object);
        if let Some(holder) = self.reconciler.index.other_holder(&me, K::id(seen)) {
            return Ownership::Foreign(describe_holder(&holder, &me.namespace));
        }
        let tagged_ours = self.is_tagged_ours(seen);
        match K::tags(seen).get(OWNER_TAG) {
            Some(tag) if !tagged_ours && !self.is_left_behind(tag, &me) => {
                return Ownership::Foreign(describe_owner_tag(tag, &self.reconciler.cluster, &me.namespace));
            }
            _ => {}
        }
        let is_asked_for =
            || self.object.import().is_some_and(|import| import.natural_key == Some(true) || import.id.as_deref() == Some(K::id(seen)));
        if recorded || tagged_ours || (K::is_at(desired, seen) && self.is_from_our_create(desired, view, status, differences)) {
            Ownership::Ours
        } else if is_asked_for() && self.is_resolved() {
            Ownership::Imported
        } else {
            Ownership::Foreign("it was not made by this object; set spec.import to take it over".to_owned())
        }
    }

    /// Whether a tag names an object of the same namespace that is no more: what it retained may be imported.
    fn is_left_behind(&self, tag: &str, me: &Key) -> bool {
        let left = object_of(tag, K::NAME, &self.reconciler.cluster).filter(|owner| owner.namespace == me.namespace);
        self.reconciler.whole_namespaces
            && self.object.import().is_some()
            && left.is_some_and(|owner| self.reconciler.index.summary(&owner).is_none())
    }

    /// Whether an untagged resource came from a create of ours whose answer was not seen.
    ///
    /// Without tags, what stands at the natural key after a create of ours may have been sent is ours: the cloud keeps the key unique. With tags
    /// ours would carry one; but some regions drop the tags of a create, and until one is seen to keep them, what is like ours in all else is ours.
    fn is_from_our_create(
        &self,
        desired: &Desired<'_, K::Object>,
        view: &View<K::Listed>,
        status: &ObservedStatus<K>,
        differences: &[Difference],
    ) -> bool {
        let sent = self.sent(status).is_some();
        if !sent || !self.account.keeps_tags() || K::tags_of(self.object).is_none() {
            return sent;
        }
        let keeps_tags = view.iter().flat_map(|listed| K::resources(listed)).any(|seen| K::tags(&seen).contains_key(OWNER_TAG));
        let as_created = |difference: &Difference| difference.path == "name" && desired.created_as == Some(difference.observed.as_str());
        !keeps_tags && differences.iter().all(|difference| difference.path == "tags" || as_created(difference))
    }

    async fn create(&self, desired: &mut Desired<'_, K::Object>) -> Result<Option<Call>, Failure> {
        let Some(reference) = K::secret(self.object) else { return Ok(Some(K::create(desired))) };
        let namespace = self.object.namespace().unwrap_or_default();
        let secret = Api::<Secret>::namespaced(self.reconciler.client.clone(), &namespace).get_opt(&reference.name).await?;
        let value = secret.and_then(|secret| secret.data?.remove(&reference.key)).and_then(|bytes| String::from_utf8(bytes.0).ok());
        desired.secret = value.map(|value| SecretString::from(value.trim_end_matches(['\r', '\n'])));
        Ok(desired.secret.is_some().then(|| K::create(desired)))
    }
}

/// How long the create that `intent` announced may still arrive. It was given half of this time to be begun, so that it may not be less, nor more
/// than all of it, whatever this machine's clock says beside the other's.
fn doubt(intent: &Intent, now: jiff::Timestamp) -> Duration {
    let whole: Duration = intent.deadline.0.duration_since(intent.time.0).try_into().unwrap_or_default();
    let left: Duration = intent.deadline.0.duration_since(now).try_into().unwrap_or_default();
    left.clamp(whole / 2, whole)
}

impl Reference {
    /// The object referred to, from an object in `namespace`.
    #[must_use]
    pub fn key(&self, namespace: &str) -> Key {
        let Self { field: _, kind, namespace: other, name } = self;
        Key { kind, namespace: other.clone().unwrap_or_else(|| namespace.to_owned()), name: name.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

    #[test]
    fn a_create_is_doubted_for_its_time_whatever_the_clock_says() {
        let time: jiff::Timestamp = "2026-04-25T09:30:00Z".parse().unwrap();
        let after = |seconds: i64| time.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap();
        let intent = Intent { time: Time(time), deadline: Time(after(120)), target: None };
        for (now, left) in [(0, 120), (20, 100), (60, 60), (90, 60), (1200, 60), (-1200, 120)] {
            assert_eq!(doubt(&intent, after(now)), Duration::from_secs(left), "{now} s after the intent");
        }
    }
}
