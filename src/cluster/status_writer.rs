//! Writes statuses by server-side apply.

use kube::api::{Patch, PatchParams};
use kube::{Api, Client, Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::served_schema::{self, Schema};
use crate::api::FIELD_MANAGER;

/// For so long a schema is used before the whole status is tried again.
const USE_SCHEMA: Duration = Duration::from_mins(1);
/// The schema is read at most this often, however many writes are refused: it is some hundred kilobytes.
const READ_SCHEMA: Duration = Duration::from_secs(10);

/// Writes the statuses of one kind.
///
/// While an upgrade or a rollback goes on, the definitions can be older than this process, and the API server refuses a status that has a field
/// they do not declare. After such a refusal the writer reads the served schema and leaves those fields out. It does not read the refusal: its
/// text is no contract, and its code is that of any internal error.
pub struct StatusWriter<K> {
    client: Client,
    served: Mutex<Option<Served>>,
    kind: PhantomData<fn() -> K>,
}

struct Served {
    read: Instant,
    /// Of the status; `None` if it could not be read.
    schema: Option<Arc<Schema>>,
}

impl<K> StatusWriter<K>
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug,
{
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client, served: Mutex::default(), kind: PhantomData }
    }

    /// Writes the whole status of `object`. The uid guards against another object of the same name, `version` against one that has changed.
    ///
    /// # Errors
    /// The API server refused it or was not reached.
    pub async fn write(&self, api: &Api<K>, object: &K, version: Option<String>, status: &impl Serialize) -> kube::Result<K> {
        let (name, params) = (object.name_any(), PatchParams::apply(FIELD_MANAGER).force());
        let mut metadata = json!({ "name": name, "uid": object.uid() });
        if let (Some(version), Some(metadata)) = (version, metadata.as_object_mut()) {
            metadata.insert("resourceVersion".to_owned(), version.into());
        }
        let mut patch = json!({ "apiVersion": K::api_version(&()), "kind": K::kind(&()), "metadata": metadata, "status": status });
        if let Some(schema) = self.last_schema(USE_SCHEMA).await {
            prune(&schema, &mut patch);
        }
        match api.patch_status(&name, &params, &Patch::Apply(&patch)).await {
            Err(kube::Error::Api(refusal)) if matches!(refusal.code, 400 | 422 | 500) => {
                let omitted = self.schema().await.map(|schema| prune(&schema, &mut patch)).unwrap_or_default();
                if omitted.is_empty() {
                    return Err(kube::Error::Api(refusal));
                }
                let kind = K::kind(&());
                tracing::warn!(%kind, omitted = omitted.join(", "), "the custom resource definitions are older than the operator: apply those of its version");
                api.patch_status(&name, &params, &Patch::Apply(&patch)).await
            }
            written => written,
        }
    }

    async fn last_schema(&self, at_most: Duration) -> Option<Arc<Schema>> {
        self.served.lock().await.as_ref().filter(|served| served.read.elapsed() < at_most)?.schema.clone()
    }

    /// The schema of the status as it is served now. Writes that are refused at the same time share one answer.
    async fn schema(&self) -> Option<Arc<Schema>> {
        let mut served = self.served.lock().await;
        if let Some(served) = served.as_ref().filter(|served| served.read.elapsed() < READ_SCHEMA) {
            return served.schema.clone();
        }
        let schema = served_schema::read::<K>(&self.client).await.unwrap_or_else(|error| {
            tracing::warn!(kind = %K::kind(&()), %error, "the schema could not be read");
            None
        });
        let schema = schema.map(Arc::new);
        *served = Some(Served { read: Instant::now(), schema: schema.clone() });
        schema
    }
}

/// Removes from the status in `patch` what is not declared, and returns what it removed.
fn prune(schema: &Schema, patch: &mut Value) -> Vec<String> {
    schema.field("status").zip(patch.get_mut("status")).map(|(schema, status)| schema.prune(status)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::VirtualGateway;
    use http::{Method, Request, Response};
    use kube::client::Body;
    use std::convert::Infallible;
    use std::sync::Mutex as StdMutex;

    /// An API server that declares `status.id` alone, or all when `is_new`. It keeps what was asked.
    #[derive(Clone, Default)]
    struct Server {
        is_new: Arc<StdMutex<bool>>,
        asked: Arc<StdMutex<Vec<String>>>,
    }

    impl Server {
        fn client(&self) -> Client {
            let server = self.clone();
            let service = tower::service_fn(move |request: Request<Body>| {
                let server = server.clone();
                async move {
                    let (head, body) = request.into_parts();
                    let body = body.collect_bytes().await.unwrap();
                    let (code, answer) = server.answer(&head.method, &body);
                    Ok::<_, Infallible>(Response::builder().status(code).body(Body::from(answer.to_string().into_bytes())).unwrap())
                }
            });
            Client::new(service, "default")
        }

        fn answer(&self, method: &Method, body: &[u8]) -> (u16, Value) {
            let is_new = *self.is_new.lock().unwrap();
            if method == Method::GET {
                self.asked.lock().unwrap().push("schema".to_owned());
                let mut status = json!({ "id": { "type": "string" } });
                if is_new {
                    status["account"] = json!({ "type": "string" });
                }
                let names = json!([{ "group": "directconnect.huaweicloud.com", "version": "v1alpha1", "kind": "VirtualGateway" }]);
                let properties = json!({ "status": { "type": "object", "properties": status } });
                let schema = json!({ "type": "object", "properties": properties, "x-kubernetes-group-version-kind": names });
                return (200, json!({ "openapi": "3.0.0", "components": { "schemas": { "gateway": schema } } }));
            }
            let patch: Value = serde_json::from_slice(body).unwrap();
            let fields: Vec<&str> = patch["status"].as_object().unwrap().keys().map(String::as_str).collect();
            self.asked.lock().unwrap().push(fields.join(" "));
            if patch["status"]["id"] == "unwanted" || !is_new && patch["status"].get("account").is_some() {
                return (500, json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "any text", "code": 500 }));
            }
            (200, serde_json::to_value(gateway()).unwrap())
        }

        fn take(&self) -> Vec<String> {
            std::mem::take(&mut self.asked.lock().unwrap())
        }
    }

    fn gateway() -> VirtualGateway {
        serde_json::from_value(json!({
            "apiVersion": "directconnect.huaweicloud.com/v1alpha1", "kind": "VirtualGateway",
            "metadata": { "name": "gw", "namespace": "team", "uid": "u" }, "spec": {},
        }))
        .unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn fields_that_are_not_declared_are_left_out_until_they_are() {
        let server = Server::default();
        let (writer, api) = (StatusWriter::<VirtualGateway>::new(server.client()), Api::namespaced(server.client(), "team"));
        let write = async |id: &str| {
            let status = json!({ "account": "default", "id": id });
            writer.write(&api, &gateway(), None, &status).await.map(drop)
        };
        write("1").await.unwrap();
        assert_eq!(server.take(), ["account id", "schema", "id"]);
        write("1").await.unwrap();
        assert_eq!(server.take(), ["id"], "what was read is used");
        *server.is_new.lock().unwrap() = true;
        write("1").await.unwrap();
        assert_eq!(server.take(), ["id"], "for a while");
        tokio::time::advance(USE_SCHEMA).await;
        write("1").await.unwrap();
        assert_eq!(server.take(), ["account id"], "then the whole status is tried again");
        // Another refusal has nothing to do with the schema.
        assert!(write("unwanted").await.is_err());
        assert_eq!(server.take(), ["account id", "schema"]);
        assert!(write("unwanted").await.is_err());
        assert_eq!(server.take(), ["account id"], "the schema is not read each time");
    }
}
