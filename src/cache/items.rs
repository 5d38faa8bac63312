//! The resources of a cache, by id, by natural key and by owner.
//!
//! The maps are persistent: a view is a cheap copy, and a write while views are held copies a path and not the whole.

use rpds::HashTrieMapSync;
use std::sync::Arc;
use tokio::time::Instant;

use crate::cloud::{Listed, Unreadable};
use crate::graph::owner::OWNER_TAG;

/// A resource as it was last read.
pub(super) struct Entry<R> {
    pub item: Arc<R>,
    /// When the request that read it was sent: a LIST that started earlier is older.
    pub as_of: Instant,
}

pub(super) struct Items<R> {
    by_id: HashTrieMapSync<String, Entry<R>>,
    /// Ids by natural key, and by value of the owner tag.
    ids: HashTrieMapSync<String, Vec<String>>,
    /// Those with fields that can't be read, by id. They are in no other map.
    unreadable: HashTrieMapSync<String, Entry<Unreadable<R>>>,
}

impl<R> Default for Items<R> {
    fn default() -> Self {
        Self { by_id: HashTrieMapSync::new_sync(), ids: HashTrieMapSync::new_sync(), unreadable: HashTrieMapSync::new_sync() }
    }
}

impl<R> Clone for Items<R> {
    fn clone(&self) -> Self {
        Self { by_id: self.by_id.clone(), ids: self.ids.clone(), unreadable: self.unreadable.clone() }
    }
}

impl<R: Listed> Items<R> {
    pub fn len(&self) -> usize {
        self.by_id.size() + self.unreadable.size()
    }

    /// When item `id` was last read, whether or not it can be read.
    pub fn as_of(&self, id: &str) -> Option<Instant> {
        self.get(id).map(|entry| entry.as_of).or_else(|| self.unreadable.get(id).map(|entry| entry.as_of))
    }

    /// All, whether or not they can be read, with the time when they were.
    pub fn ids(&self) -> impl Iterator<Item = (&str, Instant)> {
        let readable = self.by_id.iter().map(|(id, entry)| (id.as_str(), entry.as_of));
        readable.chain(self.unreadable.iter().map(|(id, entry)| (id.as_str(), entry.as_of)))
    }

    pub fn unreadable(&self) -> impl Iterator<Item = &Arc<Unreadable<R>>> {
        self.unreadable.values().map(|entry| &entry.item)
    }

    pub fn get_unreadable(&self, id: &str) -> Option<&Arc<Unreadable<R>>> {
        self.unreadable.get(id).map(|entry| &entry.item)
    }

    pub fn get(&self, id: &str) -> Option<&Entry<R>> {
        self.by_id.get(id)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Entry<R>> {
        self.by_id.values()
    }

    /// Those with this natural key or owner.
    pub fn found(&self, key: &str) -> impl Iterator<Item = &Arc<R>> {
        let ids = self.ids.get(key).into_iter().flatten();
        ids.filter_map(|id| self.get(id)).map(|entry| &entry.item)
    }

    pub fn insert(&mut self, entry: Entry<R>) {
        let id = entry.item.id().to_owned();
        let (old, new) = (self.get(&id).map(|old| keys(old.item.as_ref())).unwrap_or_default(), keys(entry.item.as_ref()));
        if old != new {
            self.unlink(&id, &old);
            for key in new {
                let mut ids = self.ids.get(&key).cloned().unwrap_or_default();
                ids.push(id.clone());
                self.ids.insert_mut(key, ids);
            }
        }
        self.unreadable.remove_mut(&id);
        self.by_id.insert_mut(id, entry);
    }

    pub fn insert_unreadable(&mut self, entry: Entry<Unreadable<R>>) {
        let id = entry.item.rest.id().to_owned();
        self.remove(&id);
        self.unreadable.insert_mut(id, entry);
    }

    pub fn remove(&mut self, id: &str) {
        if let Some(old) = self.get(id).map(|old| keys(old.item.as_ref())) {
            self.unlink(id, &old);
            self.by_id.remove_mut(id);
        }
        self.unreadable.remove_mut(id);
    }

    fn unlink(&mut self, id: &str, keys: &[String]) {
        for key in keys {
            let mut ids = self.ids.get(key).cloned().unwrap_or_default();
            ids.retain(|other| other != id);
            if ids.is_empty() {
                self.ids.remove_mut(key);
            } else {
                self.ids.insert_mut(key.clone(), ids);
            }
        }
    }
}

/// The keys other than the id.
fn keys<R: Listed>(item: &R) -> Vec<String> {
    let owner = item.tags().iter().filter(|tag| tag.key == OWNER_TAG).map(|tag| tag.value.clone());
    item.natural_keys().into_iter().chain(owner).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::VirtualInterface;
    use proptest::prelude::*;
    use serde_json::json;
    use std::collections::{BTreeMap, BTreeSet};

    fn interface(id: u8, vlan: u8, owner: u8) -> VirtualInterface {
        let tags = json!([{ "key": OWNER_TAG, "value": format!("owner-{owner}") }, { "key": "team", "value": "a" }]);
        serde_json::from_value(json!({ "id": format!("id-{id}"), "direct_connect_id": "connection", "vlan": vlan, "tags": tags })).unwrap()
    }

    proptest! {
        #[test]
        fn an_item_is_found_by_its_own_keys_only(steps in prop::collection::vec((0u8..6, 0u8..4, 0u8..4, 0u8..3), 0..60)) {
            let mut items = Items::default();
            let mut model = BTreeMap::new();
            let mut unreadable = BTreeSet::new();
            for (id, vlan, owner, what) in steps {
                model.remove(&id);
                unreadable.remove(&format!("id-{id}"));
                let (item, as_of) = (interface(id, vlan, owner), Instant::now());
                match what {
                    0 => {
                        items.insert(Entry { item: Arc::new(item), as_of });
                        model.insert(id, (vlan, owner));
                    }
                    1 => {
                        items.insert_unreadable(Entry { item: Arc::new(Unreadable { rest: item, fields: vec![], problem: String::new() }), as_of });
                        unreadable.insert(format!("id-{id}"));
                    }
                    _ => items.remove(&item.id),
                }
            }
            prop_assert_eq!(items.len(), model.len() + unreadable.len());
            prop_assert_eq!(items.ids().count(), items.len());
            prop_assert_eq!(items.unreadable().map(|item| item.rest.id.clone()).collect::<BTreeSet<_>>(), unreadable);
            let found = |key: &str| {
                let mut ids: Vec<String> = items.found(key).map(|item| item.id.clone()).collect();
                ids.sort();
                ids
            };
            let wanted = |is: &dyn Fn(u8, u8) -> bool| {
                model.iter().filter(|(_, (vlan, owner))| is(*vlan, *owner)).map(|(id, _)| format!("id-{id}")).collect::<Vec<_>>()
            };
            for key in 0..4 {
                prop_assert_eq!(found(&format!("connection/{key}")), wanted(&|vlan, _| vlan == key));
                prop_assert_eq!(found(&format!("owner-{key}")), wanted(&|_, owner| owner == key));
            }
            prop_assert!(found("a").is_empty(), "other tags are not keys");
        }
    }
}
