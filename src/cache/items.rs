//! The resources of a cache, by id, by natural key and by owner.
//!
//! The maps are persistent: a view is a cheap copy, and a write while views are held copies a path and not the whole.

use rpds::HashTrieMapSync;
use std::sync::Arc;
use tokio::time::Instant;

use crate::cloud::Listed;
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
}

impl<R> Default for Items<R> {
    fn default() -> Self {
        Self { by_id: HashTrieMapSync::new_sync(), ids: HashTrieMapSync::new_sync() }
    }
}

impl<R> Clone for Items<R> {
    fn clone(&self) -> Self {
        Self { by_id: self.by_id.clone(), ids: self.ids.clone() }
    }
}

impl<R: Listed> Items<R> {
    pub fn len(&self) -> usize {
        self.by_id.size()
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
        self.by_id.insert_mut(id, entry);
    }

    pub fn remove(&mut self, id: &str) {
        if let Some(old) = self.get(id).map(|old| keys(old.item.as_ref())) {
            self.unlink(id, &old);
            self.by_id.remove_mut(id);
        }
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
    use std::collections::BTreeMap;

    fn interface(id: u8, vlan: u8, owner: u8) -> VirtualInterface {
        let tags = json!([{ "key": OWNER_TAG, "value": format!("owner-{owner}") }, { "key": "team", "value": "a" }]);
        serde_json::from_value(json!({ "id": format!("id-{id}"), "direct_connect_id": "connection", "vlan": vlan, "tags": tags })).unwrap()
    }

    proptest! {
        #[test]
        fn an_item_is_found_by_its_own_keys_only(steps in prop::collection::vec((0u8..6, 0u8..4, 0u8..4, any::<bool>()), 0..60)) {
            let mut items = Items::default();
            let mut model = BTreeMap::new();
            for (id, vlan, owner, stays) in steps {
                if stays {
                    items.insert(Entry { item: Arc::new(interface(id, vlan, owner)), as_of: Instant::now() });
                    model.insert(id, (vlan, owner));
                } else {
                    items.remove(&format!("id-{id}"));
                    model.remove(&id);
                }
            }
            prop_assert_eq!(items.len(), model.len());
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
