//! What the resources of a collection have in common.

use serde::de::DeserializeOwned;

use crate::cloud::call::{Call, Method};
use crate::cloud::resources::tag::Tag;

/// A resource that the cloud lists.
///
/// An implementation MUST tolerate unknown and null fields, and MUST NOT keep secrets that the cloud echoes: items stay in the cache.
pub trait Listed: Clone + std::fmt::Debug + PartialEq + DeserializeOwned + Send + Sync + 'static {
    /// Last segment of the collection's path, e.g. `virtual-gateways`.
    const COLLECTION: &'static str;
    /// Key of a list's answer, e.g. `virtual_gateways`.
    const PLURAL: &'static str;
    /// Key of one resource's answer, e.g. `virtual_gateway`.
    const SINGULAR: &'static str;
    /// The vendor's operation ids of list and show. Where the API shows a resource only in the list, both are that of the list.
    const OPERATIONS: (&'static str, &'static str);
    /// Keys of the ID in an item: the first one that is there.
    const ID: &'static [&'static str] = &["id"];
    /// The resources that the collection is nested in.
    const PARENT: Option<Parent> = None;

    fn id(&self) -> &str;

    /// Values by which it is found without its id, such as the VPC. Several resources may have the same.
    fn natural_keys(&self) -> Vec<String>;

    fn tags(&self) -> &[Tag];

    /// Takes note that it was listed at `parent`, where it does not say so itself.
    fn set_parent(&mut self, parent: &str) {
        let _ = parent;
    }

    /// Whether anybody can manage it: the cache leaves out what the cloud makes by itself.
    #[must_use]
    fn is_kept(&self) -> bool {
        true
    }

    /// Whether the API shows one by itself.
    #[must_use]
    fn has_show() -> bool {
        Self::OPERATIONS.0 != Self::OPERATIONS.1
    }

    /// Segments of the path of the collection: of a nested one, of its part at `parent`.
    #[must_use]
    fn path(parent: Option<&str>) -> Vec<&str> {
        match (Self::PARENT, parent) {
            (Some(of), Some(parent)) => vec!["dcaas", of.segment, parent, Self::COLLECTION],
            _ => vec!["dcaas", Self::COLLECTION],
        }
    }

    /// The call that reads a page of the collection: of a nested one, of its part at `parent`.
    #[must_use]
    fn list(parent: Option<&str>) -> Call {
        Call::new(Self::OPERATIONS.0, Method::Get, &Self::path(parent), Self::PLURAL)
    }

    /// The call that reads one resource: of a nested collection, one at `parent`.
    #[must_use]
    fn show(id: &str, parent: Option<&str>) -> Call {
        let segments: Vec<&str> = Self::path(parent).into_iter().chain([id]).collect();
        Call::new(Self::OPERATIONS.1, Method::Get, &segments, Self::SINGULAR)
    }
}

/// The resources that a collection is nested in: each of them has a part of it, and there is no LIST of the whole.
#[derive(Clone, Copy, Debug)]
pub struct Parent {
    /// Last segment of the path of their own collection, e.g. `global-dc-gateways`.
    pub collection: &'static str,
    /// Key of their list's answer, e.g. `global_dc_gateways`.
    pub plural: &'static str,
    /// The vendor's operation id of their list.
    pub operation: &'static str,
    /// Segment of a part's path before the ID of the parent: their collection, or another word for it.
    pub segment: &'static str,
}
