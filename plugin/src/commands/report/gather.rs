//! Reads what goes into a bundle. Only GETs are sent, and none that names Secrets.

use direct_connect_operator::api::{GROUP, VERSION};
use direct_connect_operator::kinds;
use jiff::Timestamp;
use kube::api::ListParams;
use kube::core::Request;
use serde_json::{Value, json};

use super::operators::Part;
use crate::bundle::{Files, Masks};
use crate::cluster::{Cluster, Scope};
use crate::error::Error;
use crate::output::{Format, text};
use crate::page::Unread;

/// Items of one answer.
const PAGE: u32 = 500;
/// Most items of one list. What is behind them is not read.
const MOST: usize = 10_000;

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
        self.unread.dedup();
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
        let parts = self.operators(with_logs).await?;
        self.events(scope, &parts).await
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

    /// Events about objects of the group, and about the parts of the operators.
    async fn events(&mut self, scope: &Scope, parts: &[Part]) -> Result<(), Error> {
        let path = |namespace: Option<&str>| {
            let place = namespace.map_or_else(String::new, |namespace| format!("/namespaces/{namespace}"));
            format!("/apis/events.k8s.io/v1{place}/events")
        };
        let own = (!scope.all_namespaces).then_some(self.cluster.namespace.as_str());
        let ours = format!("regarding.apiVersion={GROUP}/{VERSION}");
        let about_parts =
            parts.iter().map(|part| (path(Some(&part.namespace)), format!("regarding.kind={},regarding.name={}", part.kind, part.name)));
        let mut all = Vec::new();
        for (path, about) in std::iter::once((path(own), ours)).chain(about_parts) {
            all.extend(self.items("events", &path, &ListParams::default().fields(&about)).await.unwrap_or_default());
        }
        all.sort_by_key(|event| {
            (field(event, "/metadata/creationTimestamp"), field(event, "/metadata/namespace"), field(event, "/metadata/name"))
        });
        self.write("events.yaml", json!(all))
    }

    /// Lists in all namespaces or, where that is refused, in the one of the arguments.
    pub(super) async fn list_anywhere(
        &mut self,
        file: &str,
        group: &str,
        plural: &str,
        parameters: &ListParams,
    ) -> Result<Vec<Value>, Error> {
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

    /// The items of a list, page by page; `None` if it can't be read.
    pub(super) async fn items(&mut self, what: &str, path: &str, parameters: &ListParams) -> Option<Vec<Value>> {
        let mut items = Vec::new();
        let mut parameters = parameters.clone().limit(PAGE);
        loop {
            let answer = match Request::new(path).list(&parameters) {
                Ok(request) => self.cluster.client.request::<Value>(request).await,
                Err(error) => Err(kube::Error::BuildRequest(error)),
            };
            let Some(mut page) = self.noted(what, answer) else { return (!items.is_empty()).then_some(items) };
            items.extend(page.get_mut("items").and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default());
            let next = field(&page, "/metadata/continue");
            if next.is_empty() {
                return Some(items);
            }
            if items.len() >= MOST {
                self.note(what, &format!("there are more than the {} that were read", items.len()));
                return Some(items);
            }
            parameters = parameters.continue_token(&next);
        }
    }

    /// One object.
    async fn get(&mut self, what: &str, path: &str) -> Option<Value> {
        let answer = self.answer(path).await;
        self.noted(what, answer)
    }

    /// One object that there need not be.
    pub(super) async fn get_opt(&mut self, what: &str, path: &str) -> Option<Value> {
        match self.answer(path).await {
            Err(kube::Error::Api(status)) if status.code == 404 => None,
            answer => self.noted(what, answer),
        }
    }

    async fn answer(&self, path: &str) -> Result<Value, kube::Error> {
        let request = http::Request::get(path).body(Vec::new()).map_err(kube::Error::HttpError)?;
        self.cluster.client.request(request).await
    }

    /// A text, kept as a file. Returns how long it was.
    pub(super) async fn text(&mut self, file: &str, what: &str, path: &str) -> usize {
        let answer = match http::Request::get(path).body(Vec::new()) {
            Ok(request) => self.cluster.client.request_text(request).await,
            Err(error) => Err(kube::Error::HttpError(error)),
        };
        let Some(text) = self.noted(what, answer) else { return 0 };
        self.files.insert(file.to_owned(), self.masks.text(&text));
        text.len()
    }

    /// The answer; of a failure a note.
    fn noted<T>(&mut self, what: &str, answer: Result<T, kube::Error>) -> Option<T> {
        answer
            .map_err(|error| match error {
                kube::Error::Api(status) => self.note(what, &status.message),
                other => self.note(what, &other.to_string()),
            })
            .ok()
    }

    /// Notes what could not be read.
    pub(super) fn note(&mut self, what: &str, why: &str) {
        self.unread.push(Unread { what: what.to_owned(), why: self.masks.text(why) });
    }

    pub(super) fn write(&mut self, file: &str, mut value: Value) -> Result<(), Error> {
        self.masks.object(&mut value);
        self.files.insert(file.to_owned(), text(&value, Format::Yaml)?);
        Ok(())
    }
}

/// A field as text; nothing if it is absent.
pub(super) fn field(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}
