//! `DirectConnectGrant`s: which references between namespaces are allowed.

use std::collections::HashMap;

use super::ObjectKey;
use crate::api::direct_connect_grant::DirectConnectGrantSpec;

#[derive(Default)]
pub(super) struct Grants {
    /// By the namespace whose objects may be referred to, and the name of the grant.
    by_namespace: HashMap<String, HashMap<String, DirectConnectGrantSpec>>,
}

impl Grants {
    /// Takes a grant as it is now, `None` when it is gone. True if that changes anything.
    pub(super) fn set(&mut self, namespace: &str, name: &str, grant: Option<&DirectConnectGrantSpec>) -> bool {
        let old = match grant {
            Some(grant) => self.by_namespace.entry(namespace.to_owned()).or_default().insert(name.to_owned(), grant.clone()),
            None => self.remove(namespace, name),
        };
        old.as_ref() != grant
    }

    fn remove(&mut self, namespace: &str, name: &str) -> Option<DirectConnectGrantSpec> {
        let grants = self.by_namespace.get_mut(namespace)?;
        let old = grants.remove(name);
        if grants.is_empty() {
            self.by_namespace.remove(namespace);
        }
        old
    }

    /// Whether `from` may refer to `to`. Objects without a namespace need no grant: who may use an account is in its own spec.
    pub(super) fn allow(&self, from: &ObjectKey, to: &ObjectKey) -> bool {
        let is_granted = || {
            let mut grants = self.by_namespace.get(&to.namespace).into_iter().flat_map(HashMap::values);
            grants.any(|grant| grant.allows(from.kind, &from.namespace, to.kind, &to.name))
        };
        from.namespace == to.namespace || to.namespace.is_empty() || is_granted()
    }
}
