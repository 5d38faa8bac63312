//! What a cache showed at one instant: the second of the two inputs of a decision.

use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

use super::Items;
use crate::cloud::{CloudError, Listed};

/// A consistent look at a cache.
pub struct View<R> {
    pub(super) items: Items<R>,
    pub(super) listed: Option<Instant>,
    pub(super) failing: Option<(CloudError, Instant)>,
}

impl<R: Listed> View<R> {
    /// The resource with this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Arc<R>> {
        self.items.get(id).map(|entry| &entry.item)
    }

    /// The resources with this [natural key](Listed::natural_keys), or this id.
    pub fn at(&self, key: &str) -> impl Iterator<Item = &Arc<R>> {
        self.get(key).into_iter().chain(self.items.found(key))
    }

    /// The resources whose [owner's tag](crate::graph::owner::OWNER_TAG) has this value.
    pub fn owned_by(&self, owner: &str) -> impl Iterator<Item = &Arc<R>> {
        self.items.found(owner)
    }

    /// All resources.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<R>> {
        self.items.iter().map(|entry| &entry.item)
    }

    /// Whether a LIST begun at `instant` or later stands behind this view.
    #[must_use]
    pub fn is_fresh(&self, instant: Instant) -> bool {
        self.listed.is_some_and(|listed| listed >= instant)
    }

    /// Whether any LIST has been read.
    #[must_use]
    pub const fn is_filled(&self) -> bool {
        self.listed.is_some()
    }

    /// For how long all LISTs have failed.
    #[must_use]
    pub fn failing_for(&self) -> Duration {
        self.failing.as_ref().map(|(_, since)| since.elapsed()).unwrap_or_default()
    }

    /// Why the last LIST failed, if it did.
    #[must_use]
    pub fn error(&self) -> Option<&CloudError> {
        self.failing.as_ref().map(|(error, _)| error)
    }
}
