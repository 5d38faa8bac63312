//! The operators that run in the cluster, as far as the user may see them.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Container;
use kube::api::ListParams;
use kube::{Api, ResourceExt};
use serde::Serialize;

use crate::cluster::Cluster;
use crate::error::Error;

/// The chart's label.
pub const LABEL: &str = "app.kubernetes.io/name=direct-connect-operator";

/// The Lease of an operator that is given no name of one.
const DEFAULT_LEASE: &str = "direct-connect-operator";

/// An operator in the cluster.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Operator {
    /// Namespace of its Deployment.
    pub namespace: String,
    /// Name of its Deployment.
    pub name: String,
    /// Its image.
    pub image: String,
    /// Its version, as its image or the chart's label has it.
    pub version: String,
    /// Pods that are ready.
    pub ready: i32,
    /// Pods that there are to be.
    pub replicas: i32,
    /// The pod that holds the Lease, if that may be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leader: Option<String>,
}

/// Their Deployments.
///
/// # Errors
/// The API server refuses or does not answer.
pub async fn deployments(cluster: &Cluster) -> kube::Result<Vec<Deployment>> {
    Ok(Api::<Deployment>::all(cluster.client.clone()).list(&ListParams::default().labels(LABEL)).await?.items)
}

/// All of them; `None` if the user may not read Deployments.
///
/// # Errors
/// The API server does not answer.
pub async fn operators(cluster: &Cluster) -> Result<Option<Vec<Operator>>, Error> {
    let found = match deployments(cluster).await {
        Ok(found) => found,
        Err(kube::Error::Api(status)) if status.code == 403 => return Ok(None),
        Err(error) => return Err(Error::kubernetes("deployments")(error)),
    };
    let operators = found.iter().map(async |deployment| {
        let operator = operator(deployment);
        let lease = lease_of(deployment);
        let leases = Api::<Lease>::namespaced(cluster.client.clone(), &operator.namespace);
        let holder = leases.get_opt(&lease).await.ok().flatten().and_then(|lease| lease.spec?.holder_identity);
        Operator { leader: holder.filter(|holder| !holder.is_empty()), ..operator }
    });
    Ok(Some(futures::future::join_all(operators).await))
}

fn operator(deployment: &Deployment) -> Operator {
    let image = container(deployment).and_then(|container| container.image.clone()).unwrap_or_default();
    let label = deployment.labels().get("app.kubernetes.io/version").cloned();
    let status = deployment.status.as_ref();
    Operator {
        namespace: deployment.namespace().unwrap_or_default(),
        name: deployment.name_any(),
        version: tag(&image).map(str::to_owned).or(label).unwrap_or_default(),
        image,
        ready: status.and_then(|status| status.ready_replicas).unwrap_or_default(),
        replicas: deployment.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1),
        leader: None,
    }
}

fn container(deployment: &Deployment) -> Option<&Container> {
    deployment.spec.as_ref()?.template.spec.as_ref()?.containers.first()
}

/// Version in the reference of an image, if that names one: `registry:5000/operator:v1.2.3@sha256:…` has 1.2.3.
fn tag(image: &str) -> Option<&str> {
    let image = image.split('@').next().unwrap_or_default();
    let (_, tag) = image.rsplit_once('/').unwrap_or(("", image)).1.split_once(':')?;
    let version = tag.strip_prefix('v').unwrap_or(tag);
    version.starts_with(|first: char| first.is_ascii_digit()).then_some(version)
}

/// Name of its Lease: each shard has its own.
#[must_use]
pub fn lease_of(deployment: &Deployment) -> String {
    let variable = |name: &str| {
        let variables = container(deployment).and_then(|container| container.env.as_ref()).into_iter().flatten();
        variables.filter(|variable| variable.name == name).find_map(|variable| variable.value.clone())
    };
    let of_shard = || variable("DC_OPERATOR_SHARD").map(|shard| format!("{DEFAULT_LEASE}-{shard}"));
    variable("DC_OPERATOR_LEASE_NAME").or_else(of_shard).unwrap_or_else(|| DEFAULT_LEASE.to_owned())
}

/// Whether plugin and operator are of one minor version: their manifests and statuses have the same fields.
#[must_use]
pub fn is_alike(plugin: &str, operator: &str) -> bool {
    let minor = |version: &str| version.split('.').take(2).map(str::to_owned).collect::<Vec<_>>();
    minor(plugin) == minor(operator)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_version_is_that_of_the_image() {
        let rows = [
            ("registry:5000/team/operator:v1.2.3@sha256:0123", Some("1.2.3")),
            ("operator:1.2.3", Some("1.2.3")),
            ("registry:5000/operator", None),
            ("operator@sha256:0123", None),
            ("operator:latest", None),
        ];
        for (image, version) in rows {
            assert_eq!(tag(image), version, "{image}");
        }
    }

    #[test]
    fn an_operator_is_read_from_its_deployment() {
        let deployment: Deployment = serde_json::from_value(json!({
            "metadata": { "namespace": "system", "name": "dc", "labels": { "app.kubernetes.io/version": "0.1.0" } },
            "spec": { "replicas": 2, "selector": {}, "template": { "spec": { "containers": [{
                "name": "operator", "image": "operator@sha256:0123", "env": [{ "name": "DC_OPERATOR_LEASE_NAME", "value": "mine" }],
            }] } } },
            "status": { "readyReplicas": 1 },
        }))
        .unwrap();
        let operator = operator(&deployment);
        assert_eq!((operator.version.as_str(), operator.ready, operator.replicas), ("0.1.0", 1, 2));
        assert_eq!(lease_of(&deployment), "mine");
    }

    #[test]
    fn patches_of_a_version_are_alike() {
        assert!(is_alike("0.1.0", "0.1.7") && !is_alike("0.1.0", "0.2.0") && !is_alike("0.1.0", ""));
    }
}
