//! Whose resources are, by their owner tags.

use direct_connect_operator::graph::owner::{OWNER_TAG, namespace_of};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, api::ListParams};
use std::collections::BTreeSet;

use crate::cluster::Cluster;
use crate::object::Object;
use crate::operators;

/// Names of this cluster in owner tags: its operator's, the default, and those that objects show.
pub async fn cluster_ids(cluster: &Cluster, objects: &[Object]) -> BTreeSet<String> {
    let mut ids: BTreeSet<String> = objects.iter().filter_map(shown).collect();
    let deployments = Api::<Deployment>::all(cluster.client.clone());
    let operators = deployments.list(&ListParams::default().labels(operators::LABEL)).await;
    // What the user may not read is not known, and the tags of objects tell the same.
    for operator in operators.into_iter().flat_map(|found| found.items) {
        let containers = operator.spec.and_then(|spec| spec.template.spec).map(|pod| pod.containers).unwrap_or_default();
        let arguments = containers.iter().flat_map(|container| container.args.iter().chain(&container.command)).flatten();
        ids.extend(arguments.filter_map(|argument| argument.strip_prefix("--cluster-id=").map(str::to_owned)));
    }
    let system = Api::<Namespace>::all(cluster.client.clone()).get("kube-system").await;
    ids.extend(system.ok().and_then(|namespace| namespace.metadata.uid));
    ids
}

/// Whether an owner tag is of this cluster.
pub fn is_of(owner: &str, ids: &BTreeSet<String>) -> bool {
    ids.iter().any(|id| namespace_of(owner, id).is_some())
}

/// The cluster in the owner tag of an object's resource.
fn shown(object: &Object) -> Option<String> {
    let owner = object.field("/status/observed/tags")[OWNER_TAG].as_str()?;
    Some(owner.strip_suffix(&format!(":{}/{}", object.namespace(), object.name()))?.to_owned())
}
