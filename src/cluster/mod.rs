//! All that talks to the API server: watches, finalizers, statuses, discovery and leader election. Knows no particular kind.

pub mod discovery;
pub mod finalizer;
pub mod leader_election;
mod merge;
pub mod relist;
pub mod shard;
pub mod status;
pub mod strip_metadata;

use kube::Resource;
use std::time::Duration;

/// How long ago an object was made.
#[must_use]
pub fn age(object: &impl Resource) -> Option<Duration> {
    let made = object.meta().creation_timestamp.as_ref()?;
    jiff::Timestamp::now().duration_since(made.0).try_into().ok()
}
