//! A map of objects that also looks up all objects of a namespace.

use std::collections::HashMap;

use super::ObjectKey;

pub(super) struct ByNamespace<V>(HashMap<String, HashMap<ObjectKey, V>>);

impl<V> Default for ByNamespace<V> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<V> ByNamespace<V> {
    pub(super) fn get(&self, key: &ObjectKey) -> Option<&V> {
        self.0.get(&key.namespace)?.get(key)
    }

    pub(super) fn insert(&mut self, key: ObjectKey, value: V) {
        self.0.entry(key.namespace.clone()).or_default().insert(key, value);
    }

    /// The value of `key`, which is made if there is none.
    pub(super) fn get_or_default(&mut self, key: &ObjectKey) -> &mut V
    where
        V: Default,
    {
        self.0.entry(key.namespace.clone()).or_default().entry(key.clone()).or_default()
    }

    pub(super) fn get_mut(&mut self, key: &ObjectKey) -> Option<&mut V> {
        self.0.get_mut(&key.namespace)?.get_mut(key)
    }

    pub(super) fn remove(&mut self, key: &ObjectKey) -> Option<V> {
        let objects = self.0.get_mut(&key.namespace)?;
        let value = objects.remove(key);
        if objects.is_empty() {
            self.0.remove(&key.namespace);
        }
        value
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&ObjectKey, &V)> {
        self.0.values().flatten()
    }

    pub(super) fn of_namespace(&self, namespace: &str) -> impl Iterator<Item = (&ObjectKey, &V)> {
        self.0.get(namespace).into_iter().flatten()
    }
}
