//! Which namespaces a field of an account names.

use kube::core::{Selector, SelectorExt};
use std::collections::BTreeMap;

use crate::api::cloud_account::Namespaces;

/// Whether a namespace with these labels is among `namespaces`.
pub(super) fn includes(namespaces: &Namespaces, namespace: &str, labels: &BTreeMap<String, String>) -> bool {
    let named = namespaces.names.as_ref().is_some_and(|names| names.iter().any(|name| name == namespace));
    // A selector that can't be read opens nothing.
    let selected =
        namespaces.selector.clone().is_some_and(|selector| Selector::try_from(selector).is_ok_and(|selector| selector.matches(labels)));
    named || selected
}
