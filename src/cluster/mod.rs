//! All that talks to the API server: watches, finalizers, statuses, discovery and leader election. Knows no particular kind.

pub mod discovery;
pub mod finalizer;
pub mod leader_election;
pub mod resource_version;
pub mod secrets;
mod served_schema;
pub mod status;
pub mod status_writer;
pub mod watch;

use kube::Resource;
use std::time::Duration;

/// Time since an object was created.
#[must_use]
pub fn age(object: &impl Resource) -> Option<Duration> {
    let created = object.meta().creation_timestamp.as_ref()?;
    jiff::Timestamp::now().duration_since(created.0).try_into().ok()
}
