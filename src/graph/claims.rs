//! Which object holds a cloud resource. A resource has one holder, however many objects name it.

use std::collections::{BTreeSet, HashMap};

use super::{ObjectKey, ResourceSummary};

/// Kind and id of a cloud resource.
pub(super) type ResourceKey = (&'static str, String);

#[derive(Default)]
pub(super) struct Claims {
    /// Objects whose summary has the id, the oldest first. The first one holds the resource.
    holders: HashMap<ResourceKey, BTreeSet<(String, ObjectKey)>>,
    /// Which object is about to take or make the resource. It holds it until its summary has an id.
    claimed: HashMap<ResourceKey, ObjectKey>,
    claimed_by: Lookup,
    /// Objects that would take the resource if it had no other holder.
    waiting: HashMap<ResourceKey, BTreeSet<ObjectKey>>,
    waited_for_by: Lookup,
}

/// From an object to resources.
#[derive(Default)]
struct Lookup(HashMap<ObjectKey, BTreeSet<ResourceKey>>);

impl Claims {
    pub(super) fn holder(&self, resource: &ResourceKey) -> Option<&ObjectKey> {
        let oldest = self.holders.get(resource).and_then(BTreeSet::first).map(|(_, key)| key);
        oldest.or_else(|| self.claimed.get(resource))
    }

    /// The holder, if it is another object than `key`. Then `key` waits for the resource.
    pub(super) fn other_holder(&mut self, key: &ObjectKey, resource: &ResourceKey) -> Option<ObjectKey> {
        let other = self.holder(resource).filter(|holder| *holder != key).cloned()?;
        self.waiting.entry(resource.clone()).or_default().insert(key.clone());
        self.waited_for_by.insert(key, resource);
        Some(other)
    }

    /// Takes a resource for `key`, in place of one that it claimed before. Returns the objects for which that matters.
    ///
    /// # Errors
    /// With the other object that holds it. Then `key` waits for the resource.
    pub(super) fn claim(&mut self, key: &ObjectKey, resource: &ResourceKey) -> Result<Vec<ObjectKey>, ObjectKey> {
        if let Some(holder) = self.other_holder(key, resource) {
            return Err(holder);
        }
        let concerned = self.unclaim(key, Some(resource));
        self.claimed_by.insert(key, resource);
        if let Some(last) = self.claimed.insert(resource.clone(), key.clone()).filter(|last| last != key) {
            self.claimed_by.remove(&last, resource);
        }
        Ok(concerned)
    }

    /// The summary of `key` has an id: it is about to take nothing else any more. Returns the objects for which that matters.
    pub(super) fn hold(&mut self, key: &ObjectKey, id: &str, since: &str) -> Vec<ObjectKey> {
        let resource = (key.kind, id.to_owned());
        self.holders.entry(resource.clone()).or_default().insert((since.to_owned(), key.clone()));
        self.unclaim(key, Some(&resource))
    }

    /// The summary of `key` no longer has its id. Returns the objects for which that matters.
    pub(super) fn release(&mut self, key: &ObjectKey, summary: &ResourceSummary) -> Vec<ObjectKey> {
        let Some(id) = summary.id.clone() else { return Vec::new() };
        let resource = (key.kind, id);
        let Some(holders) = self.holders.get_mut(&resource) else { return Vec::new() };
        holders.remove(&(summary.since.clone(), key.clone()));
        let mut concerned: Vec<ObjectKey> = holders.iter().map(|(_, key)| key.clone()).collect();
        if concerned.is_empty() {
            self.holders.remove(&resource);
        }
        concerned.extend(self.take_waiting(&resource));
        concerned
    }

    /// `key` is gone and claims nothing any more. Returns the objects for which that matters.
    pub(super) fn forget(&mut self, key: &ObjectKey) -> Vec<ObjectKey> {
        for resource in self.waited_for_by.take(key) {
            if let Some(waiting) = self.waiting.get_mut(&resource) {
                waiting.remove(key);
                if waiting.is_empty() {
                    self.waiting.remove(&resource);
                }
            }
        }
        self.unclaim(key, None)
    }

    /// `key` claims nothing any more but `kept`. Returns the objects for which that matters.
    pub(super) fn unclaim(&mut self, key: &ObjectKey, kept: Option<&ResourceKey>) -> Vec<ObjectKey> {
        let mut concerned = Vec::new();
        for resource in self.claimed_by.take(key) {
            if Some(&resource) == kept {
                self.claimed_by.insert(key, &resource);
            } else {
                self.claimed.remove(&resource);
                concerned.extend(self.take_waiting(&resource));
            }
        }
        concerned
    }

    fn take_waiting(&mut self, resource: &ResourceKey) -> BTreeSet<ObjectKey> {
        let waiting = self.waiting.remove(resource).unwrap_or_default();
        for key in &waiting {
            self.waited_for_by.remove(key, resource);
        }
        waiting
    }
}

impl Lookup {
    fn insert(&mut self, key: &ObjectKey, resource: &ResourceKey) {
        self.0.entry(key.clone()).or_default().insert(resource.clone());
    }

    fn remove(&mut self, key: &ObjectKey, resource: &ResourceKey) {
        if let Some(resources) = self.0.get_mut(key) {
            resources.remove(resource);
            if resources.is_empty() {
                self.0.remove(key);
            }
        }
    }

    fn take(&mut self, key: &ObjectKey) -> BTreeSet<ResourceKey> {
        self.0.remove(key).unwrap_or_default()
    }
}
