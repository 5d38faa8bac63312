//! The API server, asked without leaving anything behind.

use crate::support::controlplane::ControlPlane;
use crate::support::world::{API_VERSION, api};
use kube::Client;
use kube::api::{Api, DynamicObject, PostParams};
use serde_json::Value;
use std::sync::Arc;

pub struct Server {
    client: Client,
    _plane: Arc<ControlPlane>,
}

impl Server {
    pub async fn new() -> Self {
        let plane = ControlPlane::shared().await;
        Self { client: plane.client().await, _plane: plane }
    }

    fn api(&self, object: &Value) -> Api<DynamicObject> {
        let kind = object["kind"].as_str().unwrap();
        let namespace = (kind != "CloudAccount").then_some("default");
        api(&self.client, namespace, API_VERSION, kind)
    }

    /// As `kubectl create --dry-run=server`.
    pub async fn create(&self, object: &Value) -> Result<(), String> {
        let parameters = PostParams { dry_run: true, ..PostParams::default() };
        let parsed = serde_json::from_value(object.clone()).unwrap();
        self.api(object).create(&parameters, &parsed).await.map(drop).map_err(|error| refusal(&error))
    }

    /// Creates an object, asks for it to be replaced, and deletes it.
    pub async fn update(&self, from: &Value, to: &Value) -> Result<(), String> {
        let api = self.api(from);
        let name = format!("update-{}", uuid::Uuid::new_v4());
        let named = |object: &Value| {
            let mut object: DynamicObject = serde_json::from_value(object.clone()).unwrap();
            object.metadata.name = Some(name.clone());
            object
        };
        let made = api.create(&PostParams::default(), &named(from)).await.map_err(|error| format!("the base: {}", refusal(&error)))?;
        let mut replacement = named(to);
        replacement.metadata.resource_version = made.metadata.resource_version;
        let answer = api.replace(&name, &PostParams { dry_run: true, ..PostParams::default() }, &replacement).await;
        api.delete(&name, &kube::api::DeleteParams::default()).await.unwrap();
        answer.map(drop).map_err(|error| refusal(&error))
    }
}

/// The words of a refusal; anything else is a failure of the test.
fn refusal(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) if status.code == 422 => status.message.clone(),
        other => panic!("{other}"),
    }
}
