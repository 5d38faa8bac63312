//! Whether an object may use its account as its spec says: asked before any look at the cloud for its sake, and again before each write.

use kube::Resource;
use std::collections::BTreeMap;

use crate::accounts::{Account, Allowance, Behind, IMPORT, Use, What};
use crate::cloud::CloudError;
use crate::graph::{Index, ObjectKey, ResourceSummary};

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
    /// What stands behind an id of the spec has not been looked at yet, or could not be.
    Unknown(Option<Box<CloudError>>),
}

/// Why objects of a kind do nothing in an account that does without it.
pub(super) fn disabled<K: Kind>(account: &str) -> String {
    format!("{} is disabled in spec.features of CloudAccount {account}", K::NAME)
}

/// Why objects of a namespace to which the account is not open do nothing.
pub(super) fn closed(account: &str) -> String {
    format!("CloudAccount {account} does not allow this namespace (spec.allowedNamespaces)")
}

/// Why an object does nothing that the account's grants do not allow, as `problem` says.
pub(super) fn denied(account: &str, problem: &str) -> String {
    format!("CloudAccount {account}: {problem}")
}

impl<K: Kind> Context<'_, K> {
    /// The summary of a referenced object. What is not granted reads as not there.
    pub(super) fn referenced(&self, reference: &Reference) -> Option<ResourceSummary> {
        self.reconciler.index.referenced(&self.key, &reference.key(&self.key.namespace))
    }
}

/// Who asks, and of which account.
pub(super) struct Asker<'a> {
    pub key: &'a ObjectKey,
    /// Labels of its namespace.
    pub labels: &'a BTreeMap<String, String>,
    pub index: &'a Index,
    /// Name of the account.
    pub account: &'a str,
    pub allowance: &'a Allowance,
    /// Looks up what stands behind the id of a resource of a kind.
    pub behind: &'a dyn Fn(&str, &str) -> Behind,
}

impl<K: Kind> Reconciler<K> {
    /// Whether the object may use `account` as its spec says.
    pub(super) fn permission(&self, object: &K::Object, account: &Account) -> Permission {
        let key = Self::key(object);
        let asker = Asker {
            labels: &self.namespaces.labels(&key.namespace),
            key: &key,
            index: &self.index,
            account: &self.account_name(object),
            allowance: &account.allowance,
            behind: &|kind, id| account.behind(kind, id, &self.cluster),
        };
        asker.permission::<K>(object)
    }
}

impl Asker<'_> {
    /// Whether the object may use the account as its spec says. One that goes may, whatever was narrowed since: nothing is orphaned.
    pub(super) fn permission<K: Kind>(&self, object: &K::Object) -> Permission {
        if object.meta().deletion_timestamp.is_some() {
            return Permission::Granted;
        }
        if !self.allowance.is_open_to(&self.key.namespace, self.labels) {
            return Permission::Closed;
        }
        let named = K::uses(object);
        let mut uses = named.clone();
        for used in named {
            let What::Resource(kind, id) = &used.what else { continue };
            let (behind, keeper) = match named_by_id(&used, (self.behind)(kind, id)) {
                Ok(named) => named,
                Err(permission) => return permission,
            };
            // An id is no way around a reference: what an object holds is had by its leave.
            // Who holds what an import asks for is told as a conflict.
            let holder = self.index.holder(kind, id).or_else(|| self.index.holder_of_part(id));
            let keeper = holder.or(keeper).filter(|_| used.field != IMPORT);
            if keeper.is_some_and(|keeper| !self.index.is_granted(self.key, &keeper)) {
                return Permission::Denied(format!("spec.{}: {id} is not granted to this namespace", used.field));
            }
            uses.extend(behind.into_iter().map(|what| Use::new(used.field, what)));
        }
        match self.allowance.grants(&self.key.namespace, self.labels, &uses) {
            Ok(()) => self.through_references::<K>(object),
            Err(message) => Permission::Denied(message),
        }
    }

    /// What hangs on an object of the same namespace has that one's limits; another namespace's is had by its leave.
    fn through_references<K: Kind>(&self, object: &K::Object) -> Permission {
        if !self.allowance.has_grants() {
            return Permission::Granted;
        }
        for reference in K::references(object) {
            let key = reference.key(&self.key.namespace);
            let Some(summary) = self.index.summary(&key).filter(|_| key.namespace == self.key.namespace) else { continue };
            let Some(id) = &summary.id else { continue };
            let behind = match (self.behind)(reference.kind, id) {
                Behind::Unknown(error) => return Permission::Unknown(error),
                Behind::NotNameable => return not_nameable(reference.field),
                // It is one of another account, which this one does not show.
                Behind::Absent(uses) if !summary.needs.contains(&ObjectKey::account(self.account)) => uses,
                // It is gone from the cloud; its object makes it anew, within its own limits.
                Behind::Absent(_) => continue,
                Behind::There(behind, _) => behind,
            };
            let uses: Vec<Use> = behind.into_iter().map(|what| Use::new(reference.field, what)).collect();
            if let Err(message) = self.allowance.grants(&self.key.namespace, self.labels, &uses) {
                return Permission::Denied(message);
            }
        }
        Permission::Granted
    }
}

/// What is used with the resource that `named` names by its id, and the object that owns it by its tag.
fn named_by_id(named: &Use, behind: Behind) -> Result<(Vec<What>, Option<ObjectKey>), Permission> {
    match behind {
        Behind::Unknown(error) => Err(Permission::Unknown(error)),
        Behind::NotNameable => Err(not_nameable(named.field)),
        // That an import finds nothing is told when it is looked for.
        Behind::Absent(_) if named.field == IMPORT => Ok((Vec::new(), None)),
        Behind::Absent(uses) => Ok((uses, None)),
        Behind::There(uses, keeper) => Ok((uses, keeper)),
    }
}

/// What nobody can judge is denied.
fn not_nameable(field: &str) -> Permission {
    Permission::Denied(format!("spec.{field}: it is not known what a resource of this kind uses"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_gives_nothing() {
        let by_id = |field| Use::new(field, What::Resource("VirtualInterface", "1".into()));
        let uses = vec![What::Connection("1".into()), What::UnknownVlan];
        let denied = Err(Permission::Denied("spec.virtualInterfaceId: it is not known what a resource of this kind uses".into()));
        let rows = [
            ("not looked at yet", "virtualInterfaceId", Behind::Unknown(None), Err(Permission::Unknown(None))),
            ("a kind that nobody knows", "virtualInterfaceId", Behind::NotNameable, denied),
            ("absent", "virtualInterfaceId", Behind::Absent(uses.clone()), Ok((uses.clone(), None))),
            ("absent, to be imported", IMPORT, Behind::Absent(uses.clone()), Ok((Vec::new(), None))),
            ("there, to be imported", IMPORT, Behind::There(uses.clone(), None), Ok((uses, None))),
        ];
        for (row, field, behind, expected) in rows {
            assert_eq!(named_by_id(&by_id(field), behind), expected, "{row}");
        }
    }
}
