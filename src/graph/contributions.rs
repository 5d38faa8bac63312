//! What objects add to the lists of resources that other objects manage: a route adds its destination to the networks of the peer that it leads to.
//! Whoever manages such a list leaves those entries in it.

use std::collections::{BTreeMap, HashMap};

/// ID of a resource, and an entry of its list.
pub type Contribution = (String, String);

/// Entries by the resource in whose list they are, each with the number of objects that add it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contributions(HashMap<String, BTreeMap<String, usize>>);

impl Contributions {
    /// No object adds anything.
    #[must_use]
    pub fn none() -> &'static Self {
        static NONE: std::sync::LazyLock<Contributions> = std::sync::LazyLock::new(Contributions::default);
        &NONE
    }

    /// The entries that objects add to the list of resource `id`.
    pub fn to<'a>(&'a self, id: &str) -> impl Iterator<Item = &'a String> + use<'a> {
        self.0.get(id).into_iter().flat_map(BTreeMap::keys)
    }

    pub(super) fn add(&mut self, (id, entry): &Contribution) {
        *self.0.entry(id.clone()).or_default().entry(entry.clone()).or_default() += 1;
    }

    pub(super) fn remove(&mut self, (id, entry): &Contribution) {
        let Some(entries) = self.0.get_mut(id) else { return };
        if let Some(objects) = entries.get_mut(entry) {
            *objects -= 1;
            if *objects == 0 {
                entries.remove(entry);
            }
        }
        if entries.is_empty() {
            self.0.remove(id);
        }
    }
}
