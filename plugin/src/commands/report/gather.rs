//! Reads what goes into a bundle. Only GETs are sent, and none that names Secrets.

use direct_connect_operator::api::{GROUP, VERSION};
use direct_connect_operator::kinds;
use jiff::Timestamp;
use kube::api::ListParams;
use kube::core::Request;
use serde_json::{Value, json};

use crate::bundle::{Files, Masks};
use crate::cluster::{Cluster, Scope};
use crate::error::Error;
use crate::operators::LABEL;
use crate::output::{Format, text};
use crate::page::Unread;

/// Log lines of each pod.
const LOG_LINES: u32 = 10_000;
/// The operator's port, where its pod names none.
const PORT: i64 = 8080;

/// What was read so far.
pub struct Gather<'a> {
    cluster: &'a Cluster,
    masks: &'a Masks,
    files: Files,
    unread: Vec<Unread>,
}

impl<'a> Gather<'a> {
    /// Nothing yet.
    #[must_use]
    pub const fn new(cluster: &'a Cluster, masks: &'a Masks) -> Self {
        Self { cluster, masks, files: Files::new(), unread: Vec::new() }
    }

    /// The files, and what could not be read.
    ///
    /// # Errors
    /// Never in practice: what is written is plain data.
    pub fn finish(mut self) -> Result<(Files, Vec<Unread>), Error> {
        self.unread.sort();
        let unread: Vec<Value> = self.unread.iter().map(|unread| json!({ "what": unread.what, "why": unread.why })).collect();
        self.write("unread.yaml", json!(unread))?;
        Ok((self.files, self.unread))
    }

    /// Reads all of it.
    ///
    /// # Errors
    /// Never in practice: what is written is plain data. What is refused or fails is noted, and the rest is read.
    pub async fn all(&mut self, scope: &Scope, with_logs: bool, at: Timestamp) -> Result<(), Error> {
        let server = self.get("version of the API server", "/version").await;
        let version = json!({
            "plugin": env!("CARGO_PKG_VERSION"), "server": server, "time": at.to_string(), "namespace": self.cluster.namespace,
            "allNamespaces": scope.all_namespaces, "selector": scope.selector,
        });
        self.write("version.yaml", version)?;
        self.objects(scope).await?;
        self.definitions().await?;
        let mut namespaces = self.operator(with_logs).await?;
        if !scope.all_namespaces {
            namespaces.push(self.cluster.namespace.clone());
        }
        self.events(scope, &namespaces).await
    }

    /// All objects of the operator's group.
    async fn objects(&mut self, scope: &Scope) -> Result<(), Error> {
        let group = format!("/apis/{GROUP}/{VERSION}");
        let place = if scope.all_namespaces { String::new() } else { format!("/namespaces/{}", self.cluster.namespace) };
        let parameters = ListParams { label_selector: scope.selector.clone(), ..ListParams::default() };
        let plurals = kinds::ALL.iter().map(direct_connect_operator::reconcile::Registration::plural);
        for plural in plurals.chain(["directconnectgrants".to_owned()]) {
            self.list(&format!("objects/{plural}.yaml"), &format!("{group}{place}/{plural}"), &parameters).await?;
        }
        self.list("objects/cloudaccounts.yaml", &format!("{group}/cloudaccounts"), &ListParams::default()).await?;
        Ok(())
    }

    /// The definitions without their schemas, which are those of a version of the operator.
    async fn definitions(&mut self) -> Result<(), Error> {
        let plurals = kinds::ALL.iter().map(direct_connect_operator::reconcile::Registration::plural);
        let mut all = Vec::new();
        for plural in ["cloudaccounts".to_owned(), "directconnectgrants".to_owned()].into_iter().chain(plurals) {
            let path = format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{plural}.{GROUP}");
            let Some(mut definition) = self.get(&format!("customresourcedefinition {plural}.{GROUP}"), &path).await else {
                // Who may not read the first may read none; an older operator lacks some of the others.
                if all.is_empty() {
                    return Ok(());
                }
                continue;
            };
            let versions = definition.pointer_mut("/spec/versions").and_then(Value::as_array_mut);
            versions.into_iter().flatten().filter_map(Value::as_object_mut).for_each(|version| _ = version.remove("schema"));
            all.push(definition);
        }
        self.write("crds.yaml", json!(all))
    }

    /// The operators' Deployments, pods, Leases, metrics and logs. Returns the namespaces in which they are.
    async fn operator(&mut self, with_logs: bool) -> Result<Vec<String>, Error> {
        let labelled = ListParams::default().labels(LABEL);
        let mut namespaces = Vec::new();
        for (file, group, plural) in [("deployments", "/apis/apps/v1", "deployments"), ("pods", "/api/v1", "pods")] {
            let found = self.list_anywhere(&format!("operator/{file}.yaml"), group, plural, &labelled).await?;
            for object in &found {
                namespaces.push(field(object, "/metadata/namespace"));
                if plural == "pods" {
                    self.pod(object, with_logs).await;
                }
            }
        }
        namespaces.sort();
        namespaces.dedup();
        for namespace in &namespaces {
            let path = format!("/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases");
            self.list(&format!("operator/leases-{namespace}.yaml"), &path, &ListParams::default()).await?;
        }
        Ok(namespaces)
    }

    /// Metrics and logs of a pod.
    async fn pod(&mut self, pod: &Value, with_logs: bool) {
        let (namespace, name) = (field(pod, "/metadata/namespace"), field(pod, "/metadata/name"));
        let ports = pod.pointer("/spec/containers/0/ports").and_then(Value::as_array);
        let port = ports.into_iter().flatten().find(|port| port.get("name").and_then(Value::as_str) == Some("http"));
        let port = port.and_then(|port| port.get("containerPort")?.as_i64()).unwrap_or(PORT);
        let path = format!("/api/v1/namespaces/{namespace}/pods/{name}");
        self.text(&format!("operator/metrics/{name}.txt"), &format!("metrics of pod {name}"), &format!("{path}:{port}/proxy/metrics"))
            .await;
        if with_logs {
            let container = field(pod, "/spec/containers/0/name");
            let log = format!("{path}/log?container={container}&tailLines={LOG_LINES}");
            self.text(&format!("operator/logs/{name}.log"), &format!("log of pod {name}"), &log).await;
            let restarts = pod.pointer("/status/containerStatuses/0/restartCount").and_then(Value::as_i64).unwrap_or_default();
            if restarts > 0 {
                let file = format!("operator/logs/{name}-previous.log");
                self.text(&file, &format!("log of pod {name} before its restart"), &format!("{log}&previous=true")).await;
            }
        }
    }

    /// Events about objects of the group, and all of the operators' namespaces.
    async fn events(&mut self, scope: &Scope, namespaces: &[String]) -> Result<(), Error> {
        let group = "/apis/events.k8s.io/v1";
        let paths: Vec<String> = if scope.all_namespaces {
            vec![format!("{group}/events")]
        } else {
            namespaces.iter().map(|namespace| format!("{group}/namespaces/{namespace}/events")).collect()
        };
        let mut all = Vec::new();
        for path in paths {
            let events = self.items("events", &path, &ListParams::default()).await;
            all.extend(events.into_iter().flatten().filter(|event| {
                let is_ours = field(event, "/regarding/apiVersion").starts_with(&format!("{GROUP}/"));
                is_ours || namespaces.contains(&field(event, "/metadata/namespace"))
            }));
        }
        all.sort_by_key(|event| {
            (field(event, "/metadata/creationTimestamp"), field(event, "/metadata/namespace"), field(event, "/metadata/name"))
        });
        self.write("events.yaml", json!(all))
    }

    /// Lists in all namespaces or, where that is refused, in the one of the arguments.
    async fn list_anywhere(&mut self, file: &str, group: &str, plural: &str, parameters: &ListParams) -> Result<Vec<Value>, Error> {
        let before = self.unread.len();
        if let Some(found) = self.list(file, &format!("{group}/{plural}"), parameters).await? {
            return Ok(found);
        }
        let namespace = &self.cluster.namespace;
        let found = self.list(file, &format!("{group}/namespaces/{namespace}/{plural}"), parameters).await?;
        // One note is enough.
        self.unread.truncate(before + 1);
        Ok(found.unwrap_or_default())
    }

    /// Lists, and keeps what was found as a file.
    async fn list(&mut self, file: &str, path: &str, parameters: &ListParams) -> Result<Option<Vec<Value>>, Error> {
        let what = path.rsplit('/').next().unwrap_or(path).to_owned();
        let Some(mut items) = self.items(&what, path, parameters).await else { return Ok(None) };
        items.sort_by_key(|item| (field(item, "/metadata/namespace"), field(item, "/metadata/name")));
        self.write(file, json!(items))?;
        Ok(Some(items))
    }

    /// The items of a list.
    async fn items(&mut self, what: &str, path: &str, parameters: &ListParams) -> Option<Vec<Value>> {
        let request = Request::new(path).list(parameters);
        let answer = match request {
            Ok(request) => self.cluster.client.request::<Value>(request).await,
            Err(error) => Err(kube::Error::BuildRequest(error)),
        };
        let mut list = self.noted(what, answer)?;
        list.get_mut("items").and_then(Value::as_array_mut).map(std::mem::take)
    }

    /// One object.
    async fn get(&mut self, what: &str, path: &str) -> Option<Value> {
        let answer = match http::Request::get(path).body(Vec::new()) {
            Ok(request) => self.cluster.client.request::<Value>(request).await,
            Err(error) => Err(kube::Error::HttpError(error)),
        };
        self.noted(what, answer)
    }

    /// A text, kept as a file.
    async fn text(&mut self, file: &str, what: &str, path: &str) {
        let answer = match http::Request::get(path).body(Vec::new()) {
            Ok(request) => self.cluster.client.request_text(request).await,
            Err(error) => Err(kube::Error::HttpError(error)),
        };
        if let Some(text) = self.noted(what, answer) {
            self.files.insert(file.to_owned(), self.masks.text(&text));
        }
    }

    /// The answer; of a failure a note.
    fn noted<T>(&mut self, what: &str, answer: Result<T, kube::Error>) -> Option<T> {
        answer
            .map_err(|error| {
                let why = match error {
                    kube::Error::Api(status) => status.message.clone(),
                    other => other.to_string(),
                };
                self.unread.push(Unread { what: what.to_owned(), why: self.masks.text(&why) });
            })
            .ok()
    }

    fn write(&mut self, file: &str, mut value: Value) -> Result<(), Error> {
        self.masks.object(&mut value);
        self.files.insert(file.to_owned(), text(&value, Format::Yaml)?);
        Ok(())
    }
}

/// A field as text; nothing if it is absent.
fn field(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}
