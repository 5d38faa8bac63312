//! Putting a [`Situation`] together: the same for the operator, which acts on it, and for a plan, which tells of it. Everything that is known is at
//! hand; what has to be asked for is asked of [`Around`].

use secrecy::SecretString;
use std::time::Duration;
use tokio::time::Instant;

use crate::api::{Defaults, Intent, Managed, Management, SecretKeyReference, Status, Target, WaitingFor};
use crate::cache::View;
use crate::cloud::{Call, Listed};
use crate::graph::{Contributions, Index, ObjectKey, ResourceSummary};
use crate::reconcile::context::{ObservedOf, Policies};
use crate::reconcile::decide::{Creation, IntentState, Presence, Situation, TooManyTags, UnusableSecret};
use crate::reconcile::kind::{Desired, Kind, Links, Reference, Tagging};
use crate::reconcile::object_state::ObjectState;
use crate::reconcile::reconciler::Failure;
use crate::reconcile::report::spec_changed;

use super::Observation;

/// Most tags of a resource, the owner tag among them (`docs/design/cloud-api.md#tags`).
const TAGS_LIMIT: usize = 10;

/// How many times longer absence must last where the cloud would take a second resource.
const UNGUARDED: u32 = 5;

/// What stands around an object and has to be asked: the cache of the cloud, the cloud itself, the API server.
pub(in crate::reconcile) trait Around<R: Listed>: Sync {
    /// The collection as it was last read.
    fn view(&self) -> View<R>;

    /// A LIST is to begin at `instant` or later.
    fn demand(&self, instant: Instant);

    /// A change of this listed item concerns the object.
    fn watch(&self, listed_id: &str);

    /// A listed item, as a read of it alone shows it. What the LIST shows stays in the cache.
    fn show(&self, id: &str, parent: Option<&str>) -> impl Future<Output = Result<Option<R>, Failure>> + Send;

    /// Whether the cloud answers to a call that reads that there is no such resource.
    fn is_absent(&self, call: &Call) -> impl Future<Output = Result<bool, Failure>> + Send;

    /// The value that a spec refers to, or why a create can't use it.
    fn secret(&self, reference: &SecretKeyReference) -> impl Future<Output = Result<Result<SecretString, UnusableSecret>, Failure>> + Send;
}

/// What an account says for an object of it.
#[derive(Clone, Copy)]
pub(in crate::reconcile) struct Terms<'a> {
    pub policies: Policies,
    pub defaults: &'a Defaults,
    /// Value of the owner tag of the object's resource.
    pub owner: &'a str,
    /// Whether the region keeps the tags of such resources.
    pub keeps_tags: bool,
    /// For how long reads may not show a write.
    pub read_lag: Duration,
}

/// A look at one object and its resource.
pub(in crate::reconcile) struct Look<'a, K: Kind, A> {
    pub object: &'a K::Object,
    pub key: &'a ObjectKey,
    pub generation: Option<i64>,
    pub is_deleting: bool,
    pub status: &'a Status<ObservedOf<K>>,
    /// Objects that it refers to by name.
    pub references: &'a [Reference],
    /// What earlier attempts of this process have left.
    pub state: &'a ObjectState,
    pub index: &'a Index,
    /// Identifies this cluster in the owner tag.
    pub cluster: &'a str,
    /// An object of a watched namespace that the index does not know does not exist.
    pub whole_namespaces: bool,
    pub terms: Terms<'a>,
    pub around: A,
}

impl<K: Kind, A: Around<K::Listed>> Look<'_, K, A> {
    pub async fn observe(&self) -> Result<Observation<K>, Failure> {
        let policies = self.terms.policies;
        let (mut links, references) = self.resolve();
        let target = self.target(&links);
        let intent = self.intent(&target);
        // What a create may have made is searched where that create was to make it, whatever became of the spec and its references since.
        let aimed = self.sent_intent().and_then(|intent| intent.target.as_ref());
        if let Some(aimed) = aimed {
            let fields = self.references.iter().map(|reference| reference.field);
            links.extend(fields.filter_map(|field| Some((field, aimed.references.get(field)?.clone()))));
        }
        let view = self.around.view();
        // After the view: what it shows of them was added before. What was withdrawn since it may show, too.
        let lag = self.terms.read_lag;
        let looked = view.listed().and_then(|listed| listed.checked_sub(lag));
        let contributions = self.index.contributions(looked);
        let created_as = aimed.map(|aimed| aimed.name.as_str());
        let mut desired = Desired { created_as, contributions: &contributions, ..self.desired(&links) };
        let tags = K::desired_tags(&desired).tags.len();
        let duplicates = self.duplicates(&desired, &view).await?;
        let listed = view.listed();
        let (presence, seen) = self.find(&desired, view).await?;
        let absent = presence == Presence::Absent;
        let create_tagging = self.state.create.tagging.filter(|_| tags > 0).unwrap_or(desired.tagging);
        let create = if absent && !self.is_deleting && references.is_empty() {
            desired.tagging = create_tagging;
            Some(self.create(&mut desired).await?)
        } else {
            None
        };
        let spec_changed = spec_changed(self.status, self.generation);
        let situation = Situation {
            deleting: self.is_deleting,
            management: policies.management,
            deletion: policies.deletion,
            drift: policies.drift,
            spec_changed,
            dependants: self.index.dependants(self.key),
            references,
            intent,
            lost: self.status.id.clone().filter(|_| absent),
            duplicates,
            contested: self.state.drift_conflicts.fields(spec_changed, self.generation),
            cloud: presence,
            create,
            too_many_tags: (tags > TAGS_LIMIT).then_some(TooManyTags { count: tags, are_mutable: K::TAG_SCOPE.is_mutable() }),
        };
        let namespace = &self.key.namespace;
        let missing = self.references.iter().filter(|reference| self.referenced(reference).is_none());
        let missing = missing.map(|reference| reference.key(namespace).named_from(namespace)).collect();
        let place = K::describe_natural_key(&desired);
        let withdrawn = seen.as_ref().and_then(|seen| self.withdrawn(seen, looked));
        let awaits_list = withdrawn.is_some_and(|at| self.is_awaited(&self.around.view(), at + lag));
        Ok(Observation { situation, seen, target, tags, create_tagging, listed, missing, place, awaits_list })
    }

    /// When others ceased to add something to the lists of the resource or of its parts, if a look as old as `looked` may still show it.
    fn withdrawn(&self, seen: &K::Resource, looked: Option<Instant>) -> Option<Instant> {
        let parts = K::parts(&K::observed(seen));
        let ids: Vec<&str> = parts.values().map(String::as_str).chain([K::id(seen)]).collect();
        self.index.withdrawn(&ids, looked)
    }

    pub fn desired<'d>(&'d self, links: &'d Links) -> Desired<'d, K::Object> {
        Desired {
            object: self.object,
            links,
            created_as: None,
            defaults: self.terms.defaults,
            owner: (self.terms.policies.management == Management::Managed).then_some(self.terms.owner),
            tagging: if self.terms.keeps_tags { Tagging::All } else { Tagging::None },
            contributions: Contributions::none(),
            secret: None,
        }
    }

    /// Whether all references are there and granted. Where one is not, it is not known either what may be used: an import waits.
    pub(super) fn is_resolved(&self) -> bool {
        self.references.iter().all(|reference| self.referenced(reference).is_some_and(|summary| reference.id_in(&summary).is_some()))
    }

    /// Ids of the referenced objects, and which of them are not ready.
    pub fn resolve(&self) -> (Links, Vec<WaitingFor>) {
        let namespace = &self.key.namespace;
        let mut links = Links::new();
        let mut waiting = Vec::new();
        for reference in self.references {
            let summary = self.referenced(reference);
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
        Target { name: self.object.cloud_name(), references }
    }

    fn intent(&self, target: &Target) -> IntentState {
        let Some(intent) = &self.status.intent else { return IntentState::None };
        if self.sent_intent().is_none() {
            // A create that would be another one now is announced anew.
            let same = intent.target.as_ref().is_none_or(|announced| announced == target);
            return if same { IntentState::Fresh } else { IntentState::None };
        }
        match self.state.create.in_doubt_until {
            // What it made may not be visible at once.
            Some(until) if self.is_awaited(&self.around.view(), until + self.existence_lag()) => IntentState::Unconfirmed,
            _ => IntentState::None,
        }
    }

    /// For how long reads may not show that a resource exists. Longer where nothing else keeps a second one away.
    pub(super) fn existence_lag(&self) -> Duration {
        let lag = self.terms.read_lag;
        if K::is_guarded(self.object) { lag } else { lag * UNGUARDED }
    }

    /// Whether a LIST that begins at `instant` or later is still to come.
    pub(super) fn is_awaited(&self, view: &View<K::Listed>, instant: Instant) -> bool {
        let awaited = !view.is_fresh(instant);
        if awaited {
            self.around.demand(instant);
        }
        awaited
    }

    /// What a create takes: the call, and the secret in it.
    async fn create(&self, desired: &mut Desired<'_, K::Object>) -> Result<Creation, Failure> {
        if let Some(reference) = K::secret(self.object) {
            match self.around.secret(reference).await? {
                Ok(secret) => desired.secret = Some(secret),
                Err(unusable) => return Ok(Creation::NeedsSecret(unusable)),
            }
        }
        Ok(K::create(desired).map_or(Creation::Never, Creation::Call))
    }

    /// The intent whose create may have been sent.
    pub(super) fn sent_intent(&self) -> Option<&Intent> {
        self.state.sent_intent(self.status)
    }

    /// The summary of a referenced object. What is not granted reads as not there.
    fn referenced(&self, reference: &Reference) -> Option<ResourceSummary> {
        self.index.referenced(self.key, &reference.key(&self.key.namespace))
    }
}
