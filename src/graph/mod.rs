//! Who refers to whom, and who holds what: one index over all kinds, fed by their watches.
//!
//! It answers the questions of a pass (is what I refer to ready and granted? who refers to me? who holds this cloud resource?) and wakes those
//! whom a change concerns, so that nobody waits on a timer. It holds a summary of each object, not the object.

pub mod owner;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc::UnboundedSender;

use crate::api::WaitingFor;
use crate::api::direct_connect_grant::DirectConnectGrantSpec;

/// In place of the names of another namespace's objects.
const UNNAMED: &str = "*";

/// Names one object.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Kind, e.g. `VirtualGateway`.
    pub kind: &'static str,
    /// Namespace; empty for what has none.
    pub namespace: String,
    /// Name.
    pub name: String,
}

/// What others need to know of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceSummary {
    /// The cloud's id, once known.
    pub id: Option<String>,
    /// Its condition `Ready` is true and it is not being deleted.
    pub ready: bool,
    /// Objects that it refers to.
    pub needs: Vec<Key>,
    /// When it was made: of two that hold one resource the older holds it.
    pub since: String,
    /// It is being deleted and waits for what it refers to: nobody need wait for it.
    pub yields: bool,
    /// Id of the cloud resource that its own was last seen to hang on.
    pub parent_id: Option<String>,
}

/// The index.
#[derive(Default)]
pub struct Index {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    summaries: HashMap<Key, ResourceSummary>,
    needed_by: HashMap<Key, BTreeSet<Key>>,
    /// By kind and id: those whose summary has the id, the oldest first.
    holders: HashMap<(&'static str, String), BTreeSet<(String, Key)>>,
    /// By kind and id: who is about to take it, before its summary says so.
    claims: HashMap<(&'static str, String), Key>,
    /// By kind and id: who would have it if its holder had not.
    waiting: HashMap<(&'static str, String), BTreeSet<Key>>,
    /// By namespace and name.
    grants: BTreeMap<(String, String), DirectConnectGrantSpec>,
    wakers: HashMap<&'static str, UnboundedSender<Key>>,
}

impl Index {
    /// Wakes for `kind` go to `waker` from now on.
    pub fn register(&self, kind: &'static str, waker: UnboundedSender<Key>) {
        self.state().wakers.insert(kind, waker);
    }

    /// Takes the present summary of an object.
    pub fn apply(&self, key: &Key, summary: ResourceSummary) {
        self.state().apply(key, summary);
    }

    /// Takes a newer summary of an object that is there. One whose end the watch has told already does not come back by it.
    pub fn refresh(&self, key: &Key, summary: ResourceSummary) {
        let mut state = self.state();
        if state.summaries.contains_key(key) {
            state.apply(key, summary);
        }
    }

    /// The object is gone.
    pub fn forget(&self, key: &Key) {
        let mut state = self.state();
        let summary = state.summaries.remove(key);
        for need in summary.iter().flat_map(|summary| &summary.needs) {
            state.unlink(key, need);
        }
        let claimed: Vec<_> = state.claims.extract_if(|_, claimant| claimant == key).map(|(resource, _)| resource).collect();
        state.waiting.retain(|_, keys| {
            keys.remove(key);
            !keys.is_empty()
        });
        state.release(key, summary.as_ref());
        for resource in &claimed {
            state.wake_waiting(resource);
        }
        state.wake_dependants(key);
    }

    /// The summary of an object, if there is one.
    #[must_use]
    pub fn summary(&self, key: &Key) -> Option<ResourceSummary> {
        self.state().summaries.get(key).cloned()
    }

    /// Objects for whose sake `key` must stay, as an object of its namespace may see them: names of another namespace are not told.
    ///
    /// One of another namespace counts only where it is granted, or where what it has in the cloud was seen to hang on what `key` has: to refer to it
    /// is not enough to hold it.
    #[must_use]
    pub fn dependants(&self, key: &Key) -> Vec<WaitingFor> {
        let state = self.state();
        let all = state.needed_by.get(key).into_iter().flatten();
        let id = state.summaries.get(key).and_then(|summary| summary.id.as_ref());
        let counted = all.filter(|dependant| {
            let summary = state.summaries.get(dependant).filter(|summary| !summary.yields);
            summary.is_some_and(|summary| state.is_granted(dependant, key) || (id.is_some() && summary.parent_id.as_ref() == id))
        });
        let told: BTreeSet<WaitingFor> = counted.map(|dependant| dependant.seen_from(&key.namespace)).collect();
        told.into_iter().collect()
    }

    /// All who refer to `key`, granted or not.
    #[must_use]
    pub fn users(&self, key: &Key) -> Vec<Key> {
        self.state().needed_by.get(key).into_iter().flatten().cloned().collect()
    }

    /// Whether an object may refer to another: one of its own namespace, or where a `DirectConnectGrant` beside the other says so.
    #[must_use]
    pub fn is_granted(&self, from: &Key, to: &Key) -> bool {
        self.state().is_granted(from, to)
    }

    /// Who holds a cloud resource of `kind`.
    #[must_use]
    pub fn holder(&self, kind: &'static str, id: &str) -> Option<Key> {
        self.state().holder(&(kind, id.to_owned())).cloned()
    }

    /// Who holds the cloud resource that `key` would have, when that is another. `key` is woken when that one lets go of it.
    #[must_use]
    pub fn other_holder(&self, key: &Key, id: &str) -> Option<Key> {
        self.state().other_holder(key, &(key.kind, id.to_owned()))
    }

    /// Takes a cloud resource for `key` before its status says so, unless somebody else holds it: then that one is told.
    ///
    /// # Errors
    /// With who holds it; `key` is woken when that one lets go of it.
    pub fn claim(&self, key: &Key, id: &str) -> Result<(), Key> {
        let mut state = self.state();
        let resource = (key.kind, id.to_owned());
        if let Some(holder) = state.other_holder(key, &resource) {
            return Err(holder);
        }
        state.claims.insert(resource, key.clone());
        Ok(())
    }

    /// Something that is no summary of ours changed (a `Secret`): wakes those who need it.
    pub fn touch(&self, key: &Key) {
        self.state().wake_dependants(key);
    }

    /// Wakes one object.
    pub fn wake(&self, key: &Key) {
        self.state().wake(key);
    }

    /// Wakes all objects of a namespace.
    pub fn wake_namespace(&self, namespace: &str) {
        let state = self.state();
        for key in state.summaries.keys().filter(|key| key.namespace == namespace) {
            state.wake(key);
        }
    }

    /// Takes a `DirectConnectGrant`, or its end.
    pub fn grant(&self, namespace: &str, name: &str, grant: Option<&DirectConnectGrantSpec>) {
        let mut state = self.state();
        let place = (namespace.to_owned(), name.to_owned());
        let old = match grant {
            Some(grant) => state.grants.insert(place, grant.clone()),
            None => state.grants.remove(&place),
        };
        if old.as_ref() == grant {
            return;
        }
        let concerned = state.needed_by.iter().filter(|(need, _)| need.namespace == namespace);
        let concerned: Vec<Key> = concerned
            .flat_map(|(need, dependants)| {
                let abroad: Vec<&Key> = dependants.iter().filter(|dependant| dependant.namespace != namespace).collect();
                let need = (!abroad.is_empty()).then_some(need);
                abroad.into_iter().chain(need).cloned()
            })
            .collect();
        for key in &concerned {
            state.wake(key);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn apply(&mut self, key: &Key, summary: ResourceSummary) {
        let needs: BTreeSet<Key> = summary.needs.iter().cloned().collect();
        let mut first_for = Vec::new();
        for need in &needs {
            let users = self.needed_by.entry(need.clone()).or_default();
            if users.is_empty() {
                first_for.push(need.clone());
            }
            users.insert(key.clone());
        }
        let (id, since, ready, yields, parent_id) =
            (summary.id.clone(), summary.since.clone(), summary.ready, summary.yields, summary.parent_id.clone());
        let old = self.summaries.insert(key.clone(), summary);
        for need in &first_for {
            self.wake(need);
        }
        for gone in old.iter().flat_map(|old| &old.needs).filter(|need| !needs.contains(need)) {
            self.unlink(key, gone);
        }
        let old_id = old.as_ref().and_then(|old| old.id.clone());
        if old_id != id || old.as_ref().is_some_and(|old| old.since != since) {
            self.release(key, old.as_ref());
            if let Some(id) = &id {
                self.holders.entry((key.kind, id.clone())).or_default().insert((since, key.clone()));
            }
        }
        if old.as_ref().is_none_or(|old| old.id != id || old.ready != ready) {
            self.wake_dependants(key);
        }
        let (yielded, moved) = old.map_or((false, false), |old| (old.yields != yields, old.parent_id != parent_id));
        for need in needs.iter().filter(|need| yielded || (moved && need.namespace != key.namespace)) {
            self.wake(need);
        }
    }

    fn is_granted(&self, from: &Key, to: &Key) -> bool {
        // What has no namespace is no tenant's: who may use an account is the account's to say.
        from.namespace == to.namespace
            || to.namespace.is_empty()
            || self
                .grants
                .iter()
                .any(|((namespace, _), grant)| *namespace == to.namespace && grant.allows(from.kind, &from.namespace, to.kind, &to.name))
    }

    fn holder(&self, resource: &(&'static str, String)) -> Option<&Key> {
        let held = self.holders.get(resource).and_then(BTreeSet::first).map(|(_, key)| key);
        held.or_else(|| self.claims.get(resource))
    }

    fn other_holder(&mut self, key: &Key, resource: &(&'static str, String)) -> Option<Key> {
        let other = self.holder(resource).filter(|holder| *holder != key).cloned()?;
        self.waiting.entry(resource.clone()).or_default().insert(key.clone());
        Some(other)
    }

    /// `key` no longer holds what its summary says; others may have waited for it.
    fn release(&mut self, key: &Key, summary: Option<&ResourceSummary>) {
        let Some((id, since)) = summary.and_then(|summary| Some((summary.id.clone()?, summary.since.clone()))) else { return };
        let resource = (key.kind, id);
        let Some(holders) = self.holders.get_mut(&resource) else { return };
        holders.remove(&(since, key.clone()));
        let next: Vec<Key> = holders.iter().map(|(_, key)| key.clone()).collect();
        if next.is_empty() {
            self.holders.remove(&resource);
        }
        for key in &next {
            self.wake(key);
        }
        self.wake_waiting(&resource);
    }

    /// The resource has another holder, or none: those who would have it look again.
    fn wake_waiting(&mut self, resource: &(&'static str, String)) {
        for key in self.waiting.remove(resource).unwrap_or_default() {
            self.wake(&key);
        }
    }

    /// `key` no longer needs `need`, which may have waited for that.
    fn unlink(&mut self, key: &Key, need: &Key) {
        if let Some(keys) = self.needed_by.get_mut(need) {
            keys.remove(key);
            if keys.is_empty() {
                self.needed_by.remove(need);
            }
        }
        self.wake(need);
    }

    fn wake_dependants(&self, key: &Key) {
        for dependant in self.needed_by.get(key).into_iter().flatten() {
            self.wake(dependant);
        }
    }

    fn wake(&self, key: &Key) {
        if let Some(waker) = self.wakers.get(key.kind) {
            // A controller that has stopped needs no wake.
            let _ = waker.send(key.clone());
        }
    }
}

impl Key {
    /// A `CloudAccount`, which has no namespace.
    #[must_use]
    pub fn account(name: &str) -> Self {
        Self { kind: "CloudAccount", namespace: String::new(), name: name.to_owned() }
    }

    /// A `Secret`.
    #[must_use]
    pub fn secret(namespace: &str, name: &str) -> Self {
        Self { kind: "Secret", namespace: namespace.to_owned(), name: name.to_owned() }
    }

    /// As it is named in the status of an object of `namespace`. Of another namespace only the kind is told, unless the object named it itself.
    #[must_use]
    pub fn seen_from(&self, namespace: &str) -> WaitingFor {
        let Self { kind, namespace: own, name: _ } = self;
        if own == namespace || namespace.is_empty() {
            return self.named_from(namespace);
        }
        WaitingFor { kind: (*kind).to_owned(), namespace: Some(own.clone()), name: UNNAMED.to_owned() }
    }

    /// As it is named in the status of an object of `namespace` that refers to it: by the words of its own spec.
    #[must_use]
    pub fn named_from(&self, namespace: &str) -> WaitingFor {
        let Self { kind, namespace: own, name } = self;
        WaitingFor { kind: (*kind).to_owned(), namespace: (own != namespace).then(|| own.clone()), name: name.clone() }
    }
}

#[cfg(test)]
mod tests;
