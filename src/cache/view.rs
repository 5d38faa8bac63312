//! The contents of a cache at one instant.

use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

use super::Items;
use super::items::Entry;
use crate::cloud::{CloudError, Item, Listed, Unreadable};

/// A consistent snapshot of a cache.
pub struct View<R> {
    pub(super) items: Items<R>,
    pub(super) listed: Option<Instant>,
    pub(super) failing: Option<(CloudError, Instant)>,
}

impl<R> Clone for View<R> {
    fn clone(&self) -> Self {
        Self { items: self.items.clone(), listed: self.listed, failing: self.failing.clone() }
    }
}

impl<R: Listed> View<R> {
    /// Of a LIST that was read just now.
    #[must_use]
    pub fn of(listed: Vec<Item<R>>) -> Self {
        let now = Instant::now();
        let mut view = Self { items: Items::default(), listed: Some(now), failing: None };
        for item in listed {
            match item {
                Item::Readable(item) => view.put(item),
                Item::Unreadable(item) => view.items.insert_unreadable(Entry { item: Arc::new(item), as_of: now }),
            }
        }
        view
    }

    /// With an item that is new or has changed.
    pub fn put(&mut self, item: R) {
        self.items.insert(Entry { item: Arc::new(item), as_of: Instant::now() });
    }

    /// Without an item.
    pub fn remove(&mut self, id: &str) {
        self.items.remove(id);
    }

    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Arc<R>> {
        self.items.get(id).map(|entry| &entry.item)
    }

    /// The item with this id, if it has fields that can't be read.
    #[must_use]
    pub fn get_unreadable(&self, id: &str) -> Option<&Arc<Unreadable<R>>> {
        self.items.get_unreadable(id)
    }

    /// The items with fields that can't be read.
    pub fn unreadable(&self) -> impl Iterator<Item = &Arc<Unreadable<R>>> {
        self.items.unreadable()
    }

    /// The resources with this [natural key](Listed::natural_keys), or this id.
    pub fn at(&self, key: &str) -> impl Iterator<Item = &Arc<R>> {
        self.get(key).into_iter().chain(self.items.found(key))
    }

    /// The resources whose [owner tag](crate::graph::owner::OWNER_TAG) has this value.
    pub fn owned_by(&self, owner: &str) -> impl Iterator<Item = &Arc<R>> {
        self.items.found(owner)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<R>> {
        self.items.iter().map(|entry| &entry.item)
    }

    /// When the LIST that it is from started.
    #[must_use]
    pub const fn listed(&self) -> Option<Instant> {
        self.listed
    }

    /// Whether it is from a LIST that started at `instant` or later.
    #[must_use]
    pub fn is_fresh(&self, instant: Instant) -> bool {
        self.listed.is_some_and(|listed| listed >= instant)
    }

    /// Whether any LIST has been read.
    #[must_use]
    pub const fn is_filled(&self) -> bool {
        self.listed.is_some()
    }

    /// Time since the first of the LISTs that have failed consecutively.
    #[must_use]
    pub fn failing_for(&self) -> Duration {
        self.failing.as_ref().map(|(_, since)| since.elapsed()).unwrap_or_default()
    }

    /// The error of the last LIST, if it failed.
    #[must_use]
    pub fn error(&self) -> Option<&CloudError> {
        self.failing.as_ref().map(|(error, _)| error)
    }
}
