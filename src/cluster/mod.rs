//! All that talks to the API server: watches, finalizers, statuses, discovery and leader election. Knows no particular kind.

pub mod discovery;
pub mod events;
pub mod finalizer;
pub mod leader_election;
pub mod permissions;
pub mod resource_version;
pub mod secrets;
mod served_schema;
pub mod status;
pub mod status_writer;
pub mod timeouts;
pub mod watch;

use kube::core::NamespaceResourceScope;
use kube::{Api, Client, Resource};
use std::collections::BTreeSet;
use std::time::Duration;

/// The APIs of a kind in `namespaces`, one for each; one for all namespaces if there are none.
fn apis_in<K>(namespaces: &BTreeSet<String>, client: &Client) -> Vec<Api<K>>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
{
    if namespaces.is_empty() {
        return vec![Api::all(client.clone())];
    }
    namespaces.iter().map(|namespace| Api::namespaced(client.clone(), namespace)).collect()
}

/// Time since an object was created.
#[must_use]
pub fn age(object: &impl Resource) -> Option<Duration> {
    let created = object.meta().creation_timestamp.as_ref()?;
    jiff::Timestamp::now().duration_since(created.0).try_into().ok()
}
