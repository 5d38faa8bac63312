//! Whose resources are, by their owner tags.

use direct_connect_operator::graph::owner::namespace_of;
use std::collections::BTreeSet;

use crate::cluster::Cluster;
use crate::object::{Object, cluster_shown};
use crate::operators;

/// Names of this cluster in owner tags: its operator's, the default, and those that objects show.
pub async fn cluster_ids(cluster: &Cluster, objects: &[Object]) -> BTreeSet<String> {
    let mut ids: BTreeSet<String> = objects.iter().filter_map(|object| cluster_shown(&object.value)).collect();
    // What the user may not read is not known, and the tags of objects tell the same.
    for operator in operators::deployments(cluster).await.unwrap_or_default() {
        let containers = operator.spec.and_then(|spec| spec.template.spec).map(|pod| pod.containers).unwrap_or_default();
        let arguments = containers.iter().flat_map(|container| container.args.iter().chain(&container.command)).flatten();
        ids.extend(arguments.filter_map(|argument| argument.strip_prefix("--cluster-id=").map(str::to_owned)));
    }
    ids.extend(cluster.uid().await.ok().flatten());
    ids
}

/// Whether an owner tag is of this cluster.
pub fn is_of(owner: &str, ids: &BTreeSet<String>) -> bool {
    ids.iter().any(|id| namespace_of(owner, id).is_some())
}
