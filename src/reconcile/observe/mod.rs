//! What an attempt sees: the object, the index and the cache, put together into a [`Situation`]. All reads are here; the only calls are a GET of
//! one resource that a LIST misses or that is about to be adopted, a GET of a parent that seems to be gone, and a GET of a Secret that a create needs.

mod find;
mod secret;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;
use tokio::time::Instant;

use crate::api::{DriftPolicy, Intent, Managed, Management, Target, WaitingFor};
use crate::cache::View;
use crate::cloud::Call;
use crate::graph::{Contributions, ObjectKey};

use crate::reconcile::context::{AccountContext, Context};
use crate::reconcile::decide::{Creation, IntentState, Ownership, Presence, Situation, TooManyTags};
use crate::reconcile::kind::{Desired, Difference, Kind, Links, Reference, ResourcePhase, Tagging};
use crate::reconcile::reconciler::Failure;
use crate::reconcile::report::{ObservedResource, ResourceState, spec_changed};

/// Most tags of a resource, the owner tag among them (`docs/design/cloud-api.md#tags`).
const TAGS_LIMIT: usize = 10;

/// How many times longer absence must last where the cloud would take a second resource.
const UNGUARDED: u32 = 5;

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
        let Context { status, generation, is_deleting, state, .. } = self.context;
        let policies = self.account.policies;
        let (mut links, references) = self.resolve();
        let target = self.target(&links);
        let intent = self.intent(&target);
        // What a create may have made is searched where that create was to make it, whatever became of the spec and its references since.
        let aimed = self.context.sent_intent().and_then(|intent| intent.target.as_ref());
        if let Some(aimed) = aimed {
            let fields = self.context.references.iter().map(|reference| reference.field);
            links.extend(fields.filter_map(|field| Some((field, aimed.references.get(field)?.clone()))));
        }
        let view = self.account.cache.view();
        // After the view: what it shows of them was added before. What was withdrawn since it may show, too.
        let lag = self.account.account.client.settings().limits.read_lag;
        let looked = view.listed().and_then(|listed| listed.checked_sub(lag));
        let contributions = self.context.reconciler.index.contributions(looked);
        let created_as = aimed.map(|aimed| aimed.name.as_str());
        let mut desired = Desired { created_as, contributions: &contributions, ..self.desired(&links) };
        let tags = K::desired_tags(&desired).tags.len();
        let duplicates = self.duplicates(&desired, &view).await?;
        let listed = view.listed();
        let (presence, seen) = self.find(&desired, view).await?;
        let absent = presence == Presence::Absent;
        let create_tagging = state.create.tagging.filter(|_| tags > 0).unwrap_or(desired.tagging);
        let create = if absent && !is_deleting && references.is_empty() {
            desired.tagging = create_tagging;
            Some(self.create(&mut desired).await?)
        } else {
            None
        };
        let spec_changed = spec_changed(status, *generation);
        let situation = Situation {
            deleting: *is_deleting,
            management: policies.management,
            deletion: policies.deletion,
            drift: policies.drift,
            spec_changed,
            dependants: self.context.reconciler.index.dependants(&self.context.key),
            references,
            intent,
            lost: status.id.clone().filter(|_| absent),
            duplicates,
            contested: state.drift_conflicts.fields(spec_changed, *generation),
            cloud: presence,
            create,
            too_many_tags: (tags > TAGS_LIMIT).then_some(TooManyTags { count: tags, are_mutable: K::TAG_SCOPE.is_mutable() }),
        };
        let namespace = &self.context.key.namespace;
        let missing = self.context.references.iter().filter(|reference| self.context.referenced(reference).is_none());
        let missing = missing.map(|reference| reference.key(namespace).named_from(namespace)).collect();
        let place = K::describe_natural_key(&desired);
        let withdrawn = seen.as_ref().and_then(|seen| self.withdrawn(seen, looked));
        let awaits_list = withdrawn.is_some_and(|at| self.is_awaited(&self.account.cache.view(), at + lag));
        Ok(Observation { situation, seen, target, tags, create_tagging, listed, missing, place, awaits_list })
    }

    /// When others ceased to add something to the lists of the resource or of its parts, if a look as old as `looked` may still show it.
    fn withdrawn(&self, seen: &K::Resource, looked: Option<Instant>) -> Option<Instant> {
        let parts = K::parts(&K::observed(seen));
        let ids: Vec<&str> = parts.values().map(String::as_str).chain([K::id(seen)]).collect();
        self.context.reconciler.index.withdrawn(&ids, looked)
    }

    fn desired<'d>(&'d self, links: &'d Links) -> Desired<'d, K::Object> {
        Desired {
            object: self.context.object,
            links,
            created_as: None,
            defaults: &self.account.account.defaults,
            owner: (self.account.policies.management == Management::Managed).then_some(self.account.owner.as_str()),
            tagging: if self.account.account.keeps_tags(K::TAG_SCOPE) { Tagging::All } else { Tagging::None },
            contributions: Contributions::none(),
            secret: None,
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
        let (links, _) = self.resolve();
        let desired = self.desired(&links);
        let mut competitors: Vec<String> = self.account.cache.view().iter().filter_map(|listed| K::competitor(&desired, listed)).collect();
        competitors.sort_unstable();
        competitors.hash(&mut hasher);
        hasher.finish()
    }

    /// Whether all references are there and granted. Where one is not, it is not known either what may be used: an import waits.
    fn is_resolved(&self) -> bool {
        self.context
            .references
            .iter()
            .all(|reference| self.context.referenced(reference).is_some_and(|summary| reference.id_in(&summary).is_some()))
    }

    /// Ids of the referenced objects, and which of them are not ready.
    fn resolve(&self) -> (Links, Vec<WaitingFor>) {
        let namespace = &self.context.key.namespace;
        let mut links = Links::new();
        let mut waiting = Vec::new();
        for reference in &self.context.references {
            let summary = self.context.referenced(reference);
            let id = summary.as_ref().and_then(|summary| reference.id_in(summary));
            if id.is_none() || !summary.as_ref().is_some_and(|summary| summary.ready) {
                waiting.push(reference.key(namespace).named_from(namespace));
            }
            if let Some(id) = id {
                links.insert(reference.field, id.clone());
            }
        }
        (links, waiting)
    }

    fn target(&self, links: &Links) -> Target {
        let references = links.iter().map(|(field, id)| ((*field).to_owned(), id.clone())).collect();
        Target { name: self.context.object.cloud_name(), references }
    }

    fn intent(&self, target: &Target) -> IntentState {
        let Some(intent) = &self.context.status.intent else { return IntentState::None };
        if self.context.sent_intent().is_none() {
            // A create that would be another one now is announced anew.
            let same = intent.target.as_ref().is_none_or(|announced| announced == target);
            return if same { IntentState::Fresh } else { IntentState::None };
        }
        match self.context.state.create.in_doubt_until {
            // What it made may not be visible at once.
            Some(until) if self.is_awaited(&self.account.cache.view(), until + self.existence_lag()) => IntentState::Unconfirmed,
            _ => IntentState::None,
        }
    }

    /// For how long reads may not show that a resource exists. Longer where nothing else keeps a second one away.
    fn existence_lag(&self) -> Duration {
        let lag = self.account.account.client.settings().limits.read_lag;
        if K::is_guarded(self.context.object) { lag } else { lag * UNGUARDED }
    }

    /// Whether a LIST that begins at `instant` or later is still to come.
    fn is_awaited(&self, view: &View<K::Listed>, instant: Instant) -> bool {
        let awaited = !view.is_fresh(instant);
        if awaited {
            self.account.cache.demand(instant);
        }
        awaited
    }

    /// What a create takes: the call, and the secret in it.
    async fn create(&self, desired: &mut Desired<'_, K::Object>) -> Result<Creation, Failure> {
        if let Some(reference) = K::secret(self.context.object) {
            match self.secret(reference).await? {
                Ok(secret) => desired.secret = Some(secret),
                Err(unusable) => return Ok(Creation::NeedsSecret(unusable)),
            }
        }
        Ok(K::create(desired).map_or(Creation::Never, Creation::Call))
    }
}

impl<K: Kind> Context<'_, K> {
    /// The intent whose create may have been sent.
    pub fn sent_intent(&self) -> Option<&Intent> {
        self.status.intent.as_ref().filter(|intent| self.state.create.fresh_intent.as_ref() != Some(&intent.time))
    }

    /// Takes note of what a look shows of our own writes.
    pub fn note_writes(&mut self, observation: &Observation<K>) {
        if let (Presence::Present(found), Some(listed)) = (&observation.situation.cloud, observation.listed) {
            let due: Vec<&Call> = found.update.iter().chain(&found.delete).collect();
            self.state.unseen.shown(listed, &due, K::is_guarded(self.object));
        }
    }

    /// Begins the time of doubt about a create that an earlier process may have sent. Its deadline is held against this machine's clock only once.
    pub fn begin_doubt(&mut self) {
        let now = jiff::Timestamp::now();
        let until = self.sent_intent().map(|intent| Instant::now() + time_in_doubt(intent, now));
        self.state.create.in_doubt_until = self.state.create.in_doubt_until.or(until);
    }
}

/// How long the create that `intent` announced may still arrive. It was given half of this time to be begun, so that it may not be less, nor more
/// than all of it, whatever this machine's clock says beside the other's.
fn time_in_doubt(intent: &Intent, now: jiff::Timestamp) -> Duration {
    let whole: Duration = intent.deadline.0.duration_since(intent.time.0).try_into().unwrap_or_default();
    let left: Duration = intent.deadline.0.duration_since(now).try_into().unwrap_or_default();
    left.clamp(whole / 2, whole)
}

impl Reference {
    /// The object referred to, from an object in `namespace`.
    #[must_use]
    pub fn key(&self, namespace: &str) -> ObjectKey {
        let Self { field: _, kind, namespace: other, name, part: _ } = self;
        ObjectKey { kind, namespace: other.clone().unwrap_or_else(|| namespace.to_owned()), name: name.clone() }
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
            assert_eq!(time_in_doubt(&intent, after(now)), Duration::from_secs(left), "{now} s after the intent");
        }
    }
}
