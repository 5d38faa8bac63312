//! Which objects refer to an object.

use std::collections::BTreeSet;

use super::ObjectKey;
use super::by_namespace::ByNamespace;

#[derive(Default)]
pub(super) struct References {
    /// By the object that is referred to.
    dependants: ByNamespace<BTreeSet<ObjectKey>>,
}

impl References {
    /// `from` refers to `to`. True if nothing did before.
    pub(super) fn add(&mut self, from: &ObjectKey, to: &ObjectKey) -> bool {
        let dependants = self.dependants.get_or_default(to);
        let is_first = dependants.is_empty();
        dependants.insert(from.clone());
        is_first
    }

    pub(super) fn remove(&mut self, from: &ObjectKey, to: &ObjectKey) {
        if let Some(dependants) = self.dependants.get_mut(to) {
            dependants.remove(from);
            if dependants.is_empty() {
                self.dependants.remove(to);
            }
        }
    }

    /// All that refer to `key`, granted or not.
    pub(super) fn dependants(&self, key: &ObjectKey) -> impl Iterator<Item = &ObjectKey> {
        self.dependants.get(key).into_iter().flatten()
    }

    /// Both ends of each reference from another namespace to an object of this one.
    pub(super) fn crossing_into(&self, namespace: &str) -> impl Iterator<Item = &ObjectKey> {
        self.dependants.of_namespace(namespace).flat_map(move |(key, dependants)| {
            let mut outside = dependants.iter().filter(move |dependant| dependant.namespace != namespace).peekable();
            let target = outside.peek().map(|_| key);
            outside.chain(target)
        })
    }
}
