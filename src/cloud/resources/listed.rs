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
    /// The vendor's operation ids of list and show.
    const OPERATIONS: (&'static str, &'static str);

    fn id(&self) -> &str;

    /// Values by which it is found without its id, such as the VPC. Several resources may have the same.
    fn natural_keys(&self) -> Vec<String>;

    fn tags(&self) -> &[Tag];

    /// The call that reads one resource.
    #[must_use]
    fn show(id: &str) -> Call {
        Call::new(Self::OPERATIONS.1, Method::Get, &["dcaas", Self::COLLECTION, id], Self::SINGULAR)
    }
}
