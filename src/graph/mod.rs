//! Who refers to whom, and who holds which cloud resource: one index over all kinds, fed by their watches.
//!
//! It answers what a reconcile asks (Is what I refer to ready, and granted? Which objects refer to me? Which object holds this cloud resource?)
//! and wakes the objects that a change concerns, so that none of them polls. It keeps a summary of each object, not the object.

mod by_namespace;
mod claims;
mod contributions;
mod disclosure;
mod grants;
mod key;
pub mod owner;
mod references;
mod summary;
mod wakers;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

pub use contributions::{Contribution, Contributions};
pub use disclosure::{describe_holder, describe_owner_tag};
pub use key::ObjectKey;
pub use summary::ResourceSummary;

use crate::api::WaitingFor;
use crate::api::direct_connect_grant::DirectConnectGrantSpec;
use by_namespace::ByNamespace;
use claims::Claims;
use grants::Grants;
use references::References;
use wakers::Wakers;

/// How many references lead from an object to what it depends on, at most.
const MAX_DEPTH: u32 = 4;

/// The index. Each method takes one lock, and no method waits.
#[derive(Default)]
pub struct Index {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    summaries: ByNamespace<ResourceSummary>,
    references: References,
    claims: Claims,
    /// By the id of a part of their resource.
    part_holders: HashMap<String, ObjectKey>,
    /// Shared with those who read it.
    contributions: Arc<Contributions>,
    /// What objects added and add no more, each with the time.
    withdrawn: VecDeque<(Contribution, Instant)>,
    grants: Grants,
    wakers: Wakers,
    /// Versions of the objects without a summary that others refer to.
    versions: ByNamespace<String>,
}

impl Index {
    /// From now on, objects of `kind` are woken through `waker`.
    pub fn register(&self, kind: &'static str, waker: UnboundedSender<ObjectKey>) {
        self.state().wakers.register(kind, waker);
    }

    /// Takes the summary of an object as the watch shows it.
    pub fn apply(&self, key: &ObjectKey, summary: ResourceSummary) {
        self.state().apply(key, summary);
    }

    /// Takes a newer summary, unless the watch has already reported the object as gone.
    pub fn refresh(&self, key: &ObjectKey, summary: ResourceSummary) {
        let mut state = self.state();
        if state.summaries.get(key).is_some() {
            state.apply(key, summary);
        }
    }

    /// The object is gone.
    pub fn forget(&self, key: &ObjectKey) {
        self.state().forget(key);
    }

    #[must_use]
    pub fn summary(&self, key: &ObjectKey) -> Option<ResourceSummary> {
        self.state().summaries.get(key).cloned()
    }

    /// Whether there is an object.
    #[must_use]
    pub fn knows(&self, key: &ObjectKey) -> bool {
        self.state().summaries.get(key).is_some()
    }

    /// What all objects add to the lists of resources that others manage, as a look at the cloud shows it that is as old as `looked`: with what was
    /// withdrawn since.
    #[must_use]
    pub fn contributions(&self, looked: Option<Instant>) -> Arc<Contributions> {
        let state = self.state();
        let mut contributions = Arc::clone(&state.contributions);
        let is_shown = |at: &Instant| looked.is_some_and(|looked| looked <= *at);
        for (contribution, _) in state.withdrawn.iter().rev().take_while(|(_, at)| is_shown(at)) {
            Arc::make_mut(&mut contributions).add(contribution);
        }
        contributions
    }

    /// When objects last ceased to add something to the lists of these resources, if a look at the cloud that is as old as `looked` may show it still.
    #[must_use]
    pub fn withdrawn(&self, ids: &[&str], looked: Option<Instant>) -> Option<Instant> {
        let state = self.state();
        let of_these = state.withdrawn.iter().rev().find(|((id, _), _)| ids.contains(&id.as_str()));
        of_these.map(|(_, at)| *at).filter(|at| looked.is_some_and(|looked| looked <= *at))
    }

    /// Stands for the state of an object and of all that it refers to, directly or through others.
    #[must_use]
    pub fn revision(&self, key: &ObjectKey) -> u64 {
        self.state().revision(key, MAX_DEPTH)
    }

    /// The objects that keep `key` from being deleted, as its status may name them: of objects in other namespaces, the names are left out.
    ///
    /// An object of another namespace counts only if it is granted, or if its cloud resource was observed to belong to that of `key`: a reference
    /// alone must not hold up another tenant's deletion.
    #[must_use]
    pub fn dependants(&self, key: &ObjectKey) -> Vec<WaitingFor> {
        let state = self.state();
        let id = state.summaries.get(key).and_then(|summary| summary.id.as_ref());
        let counted = state.references.dependants(key).filter(|dependant| {
            let summary = state.summaries.get(dependant).filter(|summary| !summary.yields);
            summary.is_some_and(|summary| state.grants.allow(dependant, key) || id.is_some_and(|id| summary.parent_ids.contains(id)))
        });
        let named: BTreeSet<WaitingFor> = counted.map(|dependant| dependant.seen_from(&key.namespace)).collect();
        named.into_iter().collect()
    }

    /// All objects that refer to `key`, granted or not.
    #[must_use]
    pub fn users(&self, key: &ObjectKey) -> Vec<ObjectKey> {
        self.state().references.dependants(key).cloned().collect()
    }

    /// Whether an object may refer to another: in its own namespace, or where a `DirectConnectGrant` in the other's namespace allows it.
    #[must_use]
    pub fn is_granted(&self, from: &ObjectKey, to: &ObjectKey) -> bool {
        self.state().grants.allow(from, to)
    }

    /// The summary of an object that another refers to. What is not granted reads as not there.
    #[must_use]
    pub fn referenced(&self, from: &ObjectKey, to: &ObjectKey) -> Option<ResourceSummary> {
        let state = self.state();
        state.summaries.get(to).filter(|_| state.grants.allow(from, to)).cloned()
    }

    /// The object that holds a cloud resource of `kind`.
    #[must_use]
    pub fn holder(&self, kind: &'static str, id: &str) -> Option<ObjectKey> {
        self.state().claims.holder(&(kind, id.to_owned())).cloned()
    }

    /// Kinds and ids of the cloud resources that specs import.
    #[must_use]
    pub fn imports(&self) -> HashSet<(&'static str, String)> {
        let state = self.state();
        state.summaries.iter().filter_map(|(key, summary)| Some((key.kind, summary.import.clone()?))).collect()
    }

    /// The object of whose cloud resource the one with this id is a part.
    #[must_use]
    pub fn holder_of_part(&self, id: &str) -> Option<ObjectKey> {
        self.state().part_holders.get(id).cloned()
    }

    /// The other object that holds the cloud resource `key` asks for. `key` is woken when it is released.
    #[must_use]
    pub fn other_holder(&self, key: &ObjectKey, id: &str) -> Option<ObjectKey> {
        self.state().claims.other_holder(key, &(key.kind, id.to_owned()))
    }

    /// Claims a cloud resource for `key` before its status has the id: by the id, or by what else tells it from others before it is made. `key` claims
    /// one at a time, until its status has an id.
    ///
    /// # Errors
    /// With the other object that holds it; `key` is woken when it is released.
    pub fn claim(&self, key: &ObjectKey, id: &str) -> Result<(), ObjectKey> {
        let mut state = self.state();
        let concerned = state.claims.claim(key, &(key.kind, id.to_owned()))?;
        state.wakers.wake_all(&concerned);
        Ok(())
    }

    /// `key` is about to take nothing any more.
    pub fn unclaim(&self, key: &ObjectKey) {
        let mut state = self.state();
        let concerned = state.claims.unclaim(key, None);
        state.wakers.wake_all(&concerned);
    }

    /// An object without a summary (a `Secret`) changed: wakes the objects that refer to it.
    pub fn touch(&self, key: &ObjectKey, version: Option<String>) {
        let mut state = self.state();
        if state.references.dependants(key).next().is_some() {
            state.versions.insert(key.clone(), version.unwrap_or_default());
            state.wake_dependants(key);
        }
    }

    pub fn wake(&self, key: &ObjectKey) {
        self.state().wakers.wake(key);
    }

    pub fn wake_namespace(&self, namespace: &str) {
        let state = self.state();
        state.wakers.wake_all(state.summaries.of_namespace(namespace).map(|(key, _)| key));
    }

    /// Takes a `DirectConnectGrant` as it is now, `None` when it is gone.
    pub fn grant(&self, namespace: &str, name: &str, grant: Option<&DirectConnectGrantSpec>) {
        let mut state = self.state();
        if state.grants.set(namespace, name, grant) {
            state.wakers.wake_all(state.references.crossing_into(namespace));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn apply(&mut self, key: &ObjectKey, summary: ResourceSummary) {
        let needs: BTreeSet<&ObjectKey> = summary.needs.iter().collect();
        let old = self.summaries.remove(key);
        for need in &needs {
            if self.references.add(key, need) {
                self.wakers.wake(need);
            }
        }
        for unneeded in old.iter().flat_map(|old| &old.needs).filter(|need| !needs.contains(need)) {
            self.unlink(key, unneeded);
        }
        if old.as_ref().is_none_or(|old| old.id != summary.id || old.since != summary.since) {
            if let Some(old) = &old {
                self.wakers.wake_all(&self.claims.release(key, old));
            }
            if let Some(id) = &summary.id {
                self.wakers.wake_all(&self.claims.hold(key, id, &summary.since));
            }
        }
        self.hold_parts(key, old.as_ref(), &summary.parts);
        let contributed = old.as_ref().map(|old| old.contributions.as_slice()).unwrap_or_default();
        self.contribute(contributed, &summary.contributions);
        if old.as_ref().is_none_or(|old| old.id != summary.id || old.ready != summary.ready || old.parts != summary.parts) {
            self.wake_dependants(key);
        }
        if old.as_ref().is_some_and(|old| old.revision != summary.revision) {
            self.wake_all_dependants(key, MAX_DEPTH);
        }
        // Whether it counts as a dependant depends on these two.
        let yields_changed = old.as_ref().is_some_and(|old| old.yields != summary.yields);
        let parent_changed = old.as_ref().is_some_and(|old| old.parent_ids != summary.parent_ids);
        self.wakers.wake_all(needs.into_iter().filter(|need| yields_changed || (parent_changed && need.namespace != key.namespace)));
        self.summaries.insert(key.clone(), summary);
    }

    fn forget(&mut self, key: &ObjectKey) {
        let summary = self.summaries.remove(key);
        self.hold_parts(key, summary.as_ref(), &BTreeMap::new());
        self.contribute(summary.as_ref().map(|summary| summary.contributions.as_slice()).unwrap_or_default(), &[]);
        for need in summary.iter().flat_map(|summary| &summary.needs) {
            self.unlink(key, need);
        }
        let unclaimed = self.claims.forget(key);
        if let Some(summary) = &summary {
            self.wakers.wake_all(&self.claims.release(key, summary));
        }
        self.wakers.wake_all(&unclaimed);
        self.wake_dependants(key);
    }

    /// The resource of `key` has these parts, in place of those of `old`.
    fn hold_parts(&mut self, key: &ObjectKey, old: Option<&ResourceSummary>, parts: &BTreeMap<&'static str, String>) {
        for part in old.iter().flat_map(|old| old.parts.values()) {
            if self.part_holders.get(part) == Some(key) {
                self.part_holders.remove(part);
            }
        }
        self.part_holders.extend(parts.values().map(|part| (part.clone(), key.clone())));
    }

    /// An object adds `new` to the lists of others, in place of `old`.
    fn contribute(&mut self, old: &[Contribution], new: &[Contribution]) {
        /// No look is older.
        const SHOWN_FOR: Duration = Duration::from_hours(1);
        if old != new {
            let contributions = Arc::make_mut(&mut self.contributions);
            let now = Instant::now();
            self.withdrawn.retain(|(_, at)| now.saturating_duration_since(*at) < SHOWN_FOR);
            for contribution in old {
                contributions.remove(contribution);
            }
            for contribution in new {
                contributions.add(contribution);
            }
            for contribution in old.iter().filter(|contribution| !new.contains(contribution)) {
                self.withdrawn.push_back((contribution.clone(), now));
                // The resource may stay as it is, and then nothing else tells whoever manages the list.
                self.wake_holders(&contribution.0);
            }
        }
    }

    /// Wakes the objects whose resource, or a part of it, has this id.
    fn wake_holders(&self, id: &str) {
        let of_whole = self.wakers.kinds().filter_map(|kind| self.claims.holder(&(kind, id.to_owned())));
        self.wakers.wake_all(of_whole.chain(self.part_holders.get(id)));
    }

    /// `key` no longer refers to `need`, which may have waited for that.
    fn unlink(&mut self, key: &ObjectKey, need: &ObjectKey) {
        self.references.remove(key, need);
        if self.references.dependants(need).next().is_none() {
            self.versions.remove(need);
        }
        self.wakers.wake(need);
    }

    fn revision(&self, key: &ObjectKey, depth: u32) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.versions.get(key).hash(&mut hasher);
        if let Some(summary) = self.summaries.get(key) {
            (&summary.id, summary.ready, summary.revision).hash(&mut hasher);
            let needs = summary.needs.iter().filter(|_| depth > 0);
            needs.for_each(|need| self.revision(need, depth - 1).hash(&mut hasher));
        }
        hasher.finish()
    }

    /// Wakes those who refer to `key`, directly or through others.
    fn wake_all_dependants(&self, key: &ObjectKey, depth: u32) {
        self.wake_dependants(key);
        let dependants = self.references.dependants(key).filter(|_| depth > 0);
        dependants.for_each(|dependant| self.wake_all_dependants(dependant, depth - 1));
    }

    fn wake_dependants(&self, key: &ObjectKey) {
        self.wakers.wake_all(self.references.dependants(key));
    }
}

#[cfg(test)]
mod tests;
