//! `version`: of the plugin, and of the operator that runs.

use k8s_openapi::api::apps::v1::Deployment;
use kube::api::ListParams;
use kube::{Api, ResourceExt};
use serde::Serialize;

use crate::cluster::Cluster;
use crate::error::{Error, Outcome};
use crate::output::{Format, document, print};

/// The chart's label.
const OPERATOR: &str = "app.kubernetes.io/name=direct-connect-operator";

/// Arguments of `version`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Only the plugin's own version; no request is sent.
    #[arg(long)]
    pub client: bool,
    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Format,
}

/// The versions.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Versions {
    plugin: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    operators: Option<Vec<Operator>>,
}

/// An operator in the cluster.
#[derive(Debug, Serialize)]
pub struct Operator {
    namespace: String,
    name: String,
    image: String,
}

/// Prints the versions.
///
/// # Errors
/// The API server refuses or does not answer.
pub async fn run(cluster: Result<Cluster, Error>, args: &Args) -> Result<Outcome, Error> {
    let operators = if args.client { None } else { Some(operators(&cluster?).await?) };
    let versions = Versions { plugin: env!("CARGO_PKG_VERSION"), operators };
    if args.output != Format::Table && args.output != Format::Wide {
        document("Version", &versions, args.output)?;
        return Ok(Outcome::Done);
    }
    print(&format!("plugin: {}\n", versions.plugin))?;
    for Operator { namespace, name, image } in versions.operators.iter().flatten() {
        print(&format!("operator: {image} (deployment {namespace}/{name})\n"))?;
    }
    if versions.operators.is_some_and(|operators| operators.is_empty()) {
        anstream::eprintln!("no operator was found: no Deployment that you may read has the label {OPERATOR}");
    }
    Ok(Outcome::Done)
}

/// The operators that run, as far as the user may see them.
///
/// # Errors
/// The API server does not answer.
pub async fn operators(cluster: &Cluster) -> Result<Vec<Operator>, Error> {
    let deployments = Api::<Deployment>::all(cluster.client.clone());
    let found = match deployments.list(&ListParams::default().labels(OPERATOR)).await {
        Ok(found) => found.items,
        Err(kube::Error::Api(status)) if status.code == 403 => Vec::new(),
        Err(error) => return Err(Error::kubernetes("deployments")(error)),
    };
    let operator = |deployment: Deployment| {
        let (namespace, name) = (deployment.namespace().unwrap_or_default(), deployment.name_any());
        let pod = deployment.spec.and_then(|spec| spec.template.spec);
        let image = pod.and_then(|pod| pod.containers.into_iter().next()).and_then(|container| container.image);
        Operator { namespace, name, image: image.unwrap_or_default() }
    };
    Ok(found.into_iter().map(operator).collect())
}
