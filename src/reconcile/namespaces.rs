//! What is known of namespaces.

use k8s_openapi::api::core::v1::Namespace;
use kube::ResourceExt;
use kube::core::PartialObjectMeta;
use kube::runtime::reflector::{ObjectRef, Store};
use std::collections::BTreeMap;

use crate::api::{ACCOUNT_ANNOTATION, DEFAULT_ACCOUNT};

/// The namespaces' metadata.
pub struct Namespaces(pub Store<PartialObjectMeta<Namespace>>);

impl Namespaces {
    /// Labels of a namespace.
    #[must_use]
    pub fn labels(&self, namespace: &str) -> BTreeMap<String, String> {
        self.0.get(&ObjectRef::new(namespace)).map(|found| found.labels().clone()).unwrap_or_default()
    }

    /// Account that a namespace names.
    #[must_use]
    pub fn account(&self, namespace: &str) -> String {
        let found = self.0.get(&ObjectRef::new(namespace));
        found.and_then(|found| found.annotations().get(ACCOUNT_ANNOTATION).cloned()).unwrap_or_else(|| DEFAULT_ACCOUNT.to_owned())
    }
}
