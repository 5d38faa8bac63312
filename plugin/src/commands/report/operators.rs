//! What a bundle holds of the operators: Deployments, and what belongs to them by their owner references. A pod that only has the label of
//! an operator's is somebody else's.

use k8s_openapi::api::apps::v1::Deployment;
use kube::api::ListParams;
use kube::core::Selector;
use serde_json::{Value, json};

use super::gather::{Gather, field};
use crate::error::Error;
use crate::operators::{LABEL, lease_of};

/// Log lines of each pod.
const LOG_LINES: u32 = 10_000;
/// Bytes of each log.
const LOG_BYTES: usize = 20_000_000;
/// The operator's port, where its pod names none.
const PORT: i64 = 8080;

/// An object that an operator consists of.
pub struct Part {
    /// Its kind.
    pub kind: &'static str,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl Part {
    fn of(kind: &'static str, object: &Value) -> Self {
        Self { kind, namespace: field(object, "/metadata/namespace"), name: field(object, "/metadata/name") }
    }
}

impl Gather<'_> {
    /// The operators' Deployments, `ReplicaSet`s, pods, Leases, metrics and logs. Returns what the operators consist of.
    pub(super) async fn operators(&mut self, with_logs: bool) -> Result<Vec<Part>, Error> {
        let labelled = ListParams::default().labels(LABEL);
        let deployments = self.list_anywhere("operator/deployments.yaml", "/apis/apps/v1", "deployments", &labelled).await?;
        let (mut sets, mut pods, mut leases) = (Vec::new(), Vec::new(), Vec::new());
        for deployment in &deployments {
            let Ok(typed) = serde_json::from_value::<Deployment>(deployment.clone()) else { continue };
            let Ok(selector) = Selector::try_from(typed.spec.clone().unwrap_or_default().selector) else { continue };
            let (namespace, selected) = (field(deployment, "/metadata/namespace"), ListParams::default().labels_from(&selector));
            let owned = self.owned(deployment, &format!("/apis/apps/v1/namespaces/{namespace}/replicasets"), &selected).await;
            // Those of older versions have no pods.
            for set in owned.into_iter().filter(|set| set.pointer("/spec/replicas") != Some(&json!(0))) {
                pods.extend(self.owned(&set, &format!("/api/v1/namespaces/{namespace}/pods"), &selected).await);
                sets.push(set);
            }
            let lease = lease_of(&typed);
            let path = format!("/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/{lease}");
            leases.extend(self.get_opt(&format!("lease {namespace}/{lease}"), &path).await);
        }
        for pod in &pods {
            self.pod(pod, with_logs).await;
        }
        for (file, objects) in [("replicasets", &sets), ("pods", &pods), ("leases", &leases)] {
            if !objects.is_empty() {
                self.write(&format!("operator/{file}.yaml"), json!(objects))?;
            }
        }
        let parts = [("Deployment", &deployments), ("ReplicaSet", &sets), ("Pod", &pods)];
        Ok(parts.into_iter().flat_map(|(kind, objects)| objects.iter().map(move |object| Part::of(kind, object))).collect())
    }

    /// The objects of a list that `owner` controls, by name.
    async fn owned(&mut self, owner: &Value, path: &str, selected: &ListParams) -> Vec<Value> {
        let what = path.rsplit('/').next().unwrap_or(path);
        let mut items = self.items(what, path, selected).await.unwrap_or_default();
        items.retain(|item| is_controlled(item, owner));
        items.sort_by_key(|item| field(item, "/metadata/name"));
        items
    }

    /// Metrics and logs of a pod.
    async fn pod(&mut self, pod: &Value, with_logs: bool) {
        let (namespace, name) = (field(pod, "/metadata/namespace"), field(pod, "/metadata/name"));
        let ports = pod.pointer("/spec/containers/0/ports").and_then(Value::as_array);
        let port = ports.into_iter().flatten().find(|port| port.get("name").and_then(Value::as_str) == Some("http"));
        let port = port.and_then(|port| port.get("containerPort")?.as_i64()).unwrap_or(PORT);
        let (path, label) = (format!("/api/v1/namespaces/{namespace}/pods/{name}"), format!("pod {namespace}/{name}"));
        let metrics = format!("{path}:{port}/proxy/metrics");
        self.text(&format!("operator/metrics/{namespace}/{name}.txt"), &format!("metrics of {label}"), &metrics).await;
        if with_logs {
            let container = field(pod, "/spec/containers/0/name");
            let log = format!("{path}/log?container={container}&tailLines={LOG_LINES}&limitBytes={LOG_BYTES}");
            self.log(&format!("{namespace}/{name}"), &format!("log of {label}"), &log).await;
            let restarts = pod.pointer("/status/containerStatuses/0/restartCount").and_then(Value::as_i64).unwrap_or_default();
            if restarts > 0 {
                let what = format!("log of {label} before its restart");
                self.log(&format!("{namespace}/{name}-previous"), &what, &format!("{log}&previous=true")).await;
            }
        }
    }

    async fn log(&mut self, file: &str, what: &str, path: &str) {
        if self.text(&format!("operator/logs/{file}.log"), what, path).await >= LOG_BYTES {
            self.note(what, &format!("it was cut after {LOG_BYTES} bytes"));
        }
    }
}

/// Whether `owner` controls an object.
fn is_controlled(object: &Value, owner: &Value) -> bool {
    let owners = object.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    let mut controllers = owners.into_iter().flatten().filter(|owner| owner.get("controller") == Some(&json!(true)));
    let uid = field(owner, "/metadata/uid");
    !uid.is_empty() && controllers.any(|controller| controller.get("uid").and_then(Value::as_str) == Some(&uid))
}
