//! What the graph keeps of an object.

use std::collections::BTreeMap;

use super::{Contribution, ObjectKey};

/// What other objects need to know of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceSummary {
    /// Id of its cloud resource, once known.
    pub id: Option<String>,
    /// Id of the cloud resource that its spec imports.
    pub import: Option<String>,
    /// Its condition `Ready` is true and it is not being deleted.
    pub ready: bool,
    /// Changes with the observed state of its cloud resource and with the generation that this is for.
    pub revision: u64,
    /// Objects that it refers to.
    pub needs: Vec<ObjectKey>,
    /// Sorts by age: of two objects that claim one resource, the older holds it.
    pub since: String,
    /// It is being deleted and waits for what it refers to, so nothing needs to wait for it.
    pub yields: bool,
    /// IDs of the cloud resources that its own was last observed to belong to.
    pub parent_ids: Vec<String>,
    /// IDs of resources that are parts of its own, by the name of the part.
    pub parts: BTreeMap<&'static str, String>,
    /// What its cloud resource adds to the lists of others.
    pub contributions: Vec<Contribution>,
}
