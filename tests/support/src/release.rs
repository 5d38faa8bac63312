//! A release of the Helm chart on a real control plane, and its operators as processes. There are no nodes: what a kubelet would do is done here.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::EnvVar;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use kube::Api;
use kube::api::ListParams;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::controlplane::{ControlPlane, root};
use crate::operator::Operator;

/// The chart of this checkout.
pub fn chart() -> PathBuf {
    root().join("charts/direct-connect-operator")
}

/// The chart of the `CloudAccount`s.
pub fn accounts_chart() -> PathBuf {
    root().join("charts/direct-connect-accounts")
}

/// Where the definitions lie in a chart.
pub const DEFINITIONS: &str = "files/crds";

/// Copies a chart's files without the definitions.
pub fn copy_without_definitions(chart: &Path, to: &Path) {
    copy(chart, to, &chart.join(DEFINITIONS));
}

/// Copies a folder's files, but for one part.
pub fn copy(from: &Path, to: &Path, except: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in from.read_dir().unwrap_or_else(|error| panic!("{}: {error}", from.display())).flatten() {
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if path.is_file() {
            std::fs::copy(path, to).unwrap();
        } else if path != except {
            copy(&path, &to, except);
        }
    }
}

/// A release by its name, in a namespace of its own.
pub struct Release {
    pub plane: Arc<ControlPlane>,
    pub name: &'static str,
    pub namespace: &'static str,
}

/// What the Deployment has a pod run.
pub struct Pod {
    pub service_account: String,
    pub arguments: Vec<String>,
    pub environment: Vec<EnvVar>,
    /// Of its resources, by name.
    pub limits: BTreeMap<String, Quantity>,
}

impl Release {
    /// `helm install`. Nobody starts pods, so they are not waited for.
    pub fn install(&self, chart: &Path, values: &Value) {
        self.helm(&["install", self.name, text(chart), "--create-namespace", "-f", text(&self.values(values))]);
    }

    /// `helm upgrade` to these values, whatever the last ones were.
    pub fn upgrade(&self, chart: &Path, values: &Value) {
        self.helm(&["upgrade", self.name, text(chart), "--reset-values", "-f", text(&self.values(values))]);
    }

    /// Runs helm in the release's namespace; fails with its words.
    pub fn helm(&self, arguments: &[&str]) -> String {
        let place = ["-n", self.namespace];
        self.plane.run("helm", &[arguments, &place].concat()).unwrap_or_else(|error| panic!("{error}"))
    }

    fn values(&self, values: &Value) -> PathBuf {
        let path = self.plane.dir().join(format!("values-{}.json", self.name));
        std::fs::write(&path, values.to_string()).unwrap();
        path
    }

    /// What its Deployment says, as the API server has it.
    pub async fn pod(&self) -> Pod {
        let deployments =
            Api::<Deployment>::namespaced(self.plane.client().await, self.namespace).list(&ListParams::default()).await.unwrap();
        let [deployment] = &deployments.items[..] else { panic!("the chart makes one Deployment, not {}", deployments.items.len()) };
        let pod = deployment.spec.as_ref().and_then(|spec| spec.template.spec.as_ref()).expect("the Deployment has a pod's spec");
        let [container] = &pod.containers[..] else { panic!("the pod has one container, not {}", pod.containers.len()) };
        Pod {
            service_account: pod.service_account_name.clone().expect("the pod has a service account"),
            arguments: container.args.clone().unwrap_or_default(),
            environment: container.env.clone().unwrap_or_default(),
            limits: container.resources.as_ref().and_then(|resources| resources.limits.clone()).unwrap_or_default(),
        }
    }

    /// Starts one replica with the arguments, the environment and the rights of the Deployment, and waits until it is ready. Other than in a pod
    /// are three things only: the address of the probes, since replicas share a machine; the token, which comes by a kubeconfig and not by
    /// a volume; and what the environment takes from the pod's own fields, where `name` stands for the pod.
    pub async fn start(&self, name: &str) -> Operator {
        self.start_with(name, &[]).await
    }

    /// The same with these variables, as the platform adds them to a pod.
    pub async fn start_with(&self, name: &str, added: &[(String, String)]) -> Operator {
        let pod = self.pod().await;
        let own = pod.environment.iter().map(|variable| (variable.name.clone(), self.value(variable, name, &pod.service_account)));
        let environment: Vec<(String, String)> = own.chain(added.iter().cloned()).collect();
        let kubeconfig = self.plane.service_account_kubeconfig(self.namespace, &pod.service_account).await;
        Operator::start(&kubeconfig, &self.log(name), &pod.arguments, &environment).await
    }

    /// Where the replica `name` logs to.
    pub fn log(&self, name: &str) -> PathBuf {
        self.plane.dir().join(format!("operator-{}-{name}.log", self.name))
    }

    fn value(&self, variable: &EnvVar, name: &str, service_account: &str) -> String {
        let field = variable.value_from.as_ref().and_then(|from| from.field_ref.as_ref()).map(|field| field.field_path.as_str());
        match (&variable.value, field) {
            (Some(value), _) => value.clone(),
            (None, None) if variable.value_from.is_none() => String::new(),
            (None, Some("metadata.namespace")) => self.namespace.to_owned(),
            (None, Some("metadata.name")) => format!("{}-{name}", self.name),
            (None, Some("spec.serviceAccountName")) => service_account.to_owned(),
            _ => panic!("only a kubelet can tell the value of {}: {:?}", variable.name, variable.value_from),
        }
    }
}

/// A path for a command line.
pub fn text(path: &Path) -> &str {
    path.to_str().expect("paths of the checkout and of temporary files are UTF-8")
}
