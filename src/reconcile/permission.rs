//! Whether an object may use its account as its spec says: asked before any look at the cloud for its sake, and again before each write.

use kube::Resource;
use std::collections::BTreeMap;

use crate::accounts::{Account, Behind, IMPORT, Use, What};
use crate::graph::{Key, ResourceSummary};

use super::context::Context;
use super::kind::{Kind, Reference};
use super::reconciler::Reconciler;

/// Whether an object may use its account as its spec says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Permission {
    Granted,
    /// The account is not open to the namespace.
    Closed,
    /// The grants of the account do not allow it, as the text says.
    Denied(String),
    /// What stands behind an id of the spec has not been looked at yet.
    Unknown,
}

impl<K: Kind> Context<'_, K> {
    /// The summary of a referenced object. What is not granted reads as not there.
    pub(super) fn referenced(&self, reference: &Reference) -> Option<ResourceSummary> {
        let (index, key) = (&self.reconciler.index, reference.key(&self.key.namespace));
        index.summary(&key).filter(|_| index.is_granted(&self.key, &key))
    }
}

impl<K: Kind> Reconciler<K> {
    /// Whether the object may use `account` as its spec says. One that goes may, whatever was narrowed since: nothing is orphaned.
    pub(super) fn permission(&self, object: &K::Object, account: &Account) -> Permission {
        if object.meta().deletion_timestamp.is_some() {
            return Permission::Granted;
        }
        let me = Self::key(object);
        let labels = self.namespaces.labels(&me.namespace);
        if !account.is_open_to(&me.namespace, &labels) {
            return Permission::Closed;
        }
        let named = K::uses(object);
        let mut uses = named.clone();
        for used in named {
            let What::Resource(kind, id) = &used.what else { continue };
            let (behind, keeper) = match account.behind(kind, id, &self.cluster) {
                Behind::Unknown => return Permission::Unknown,
                // That an import finds nothing is told when it is looked for.
                Behind::Absent if used.field == IMPORT => continue,
                Behind::Absent => (vec![What::Network(id.clone())], None),
                Behind::There(behind, keeper) => (behind, keeper),
            };
            // An id is no way around a reference: what an object holds is had by its leave.
            // Who holds what an import asks for is told as a conflict.
            let keeper = self.index.holder(kind, id).or(keeper).filter(|_| used.field != IMPORT);
            if keeper.is_some_and(|keeper| !self.index.is_granted(&me, &keeper)) {
                return Permission::Denied(format!("spec.{}: {id} is not granted to this namespace", used.field));
            }
            uses.extend(behind.into_iter().map(|what| Use::new(used.field, what)));
        }
        match account.grants(&me.namespace, &labels, &uses) {
            Ok(()) => self.through_references(object, account, &me, &labels),
            Err(message) => Permission::Denied(message),
        }
    }

    /// What hangs on an object of the same namespace has that one's limits; another namespace's is had by its leave.
    fn through_references(&self, object: &K::Object, account: &Account, me: &Key, labels: &BTreeMap<String, String>) -> Permission {
        if !account.has_grants() {
            return Permission::Granted;
        }
        for reference in K::references(object) {
            let key = reference.key(&me.namespace);
            let Some(id) = self.index.summary(&key).filter(|_| key.namespace == me.namespace).and_then(|summary| summary.id) else {
                continue;
            };
            let uses: Vec<Use> = match account.behind(reference.kind, &id, &self.cluster) {
                Behind::Unknown => return Permission::Unknown,
                Behind::Absent => continue,
                Behind::There(behind, _) => behind.into_iter().map(|what| Use::new(reference.field, what)).collect(),
            };
            if let Err(message) = account.grants(&me.namespace, labels, &uses) {
                return Permission::Denied(message);
            }
        }
        Permission::Granted
    }
}
