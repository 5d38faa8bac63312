//! The simulated cloud in its pod, reached through the API server.

use kube::Client;
use serde_json::Value;

use crate::cluster::{SIMULATOR, SYSTEM};
use support::contract;
use support::simulator::made;

pub struct Cloud(pub Client);

impl Cloud {
    async fn get(&self, path: &str) -> Value {
        self.call(http::Method::GET, path, Vec::new()).await
    }

    async fn call(&self, method: http::Method, path: &str, body: Vec<u8>) -> Value {
        let url = format!("/api/v1/namespaces/{SYSTEM}/services/{SIMULATOR}:http/proxy/admin/{path}");
        let request = http::Request::builder().method(method).uri(url).header("Content-Type", "application/json").body(body).unwrap();
        let answer = self.0.request_text(request).await.unwrap_or_else(|error| panic!("simulator {path}: {error}"));
        serde_json::from_str(&answer).unwrap_or(Value::Null)
    }

    /// Somebody else makes a resource; its id.
    pub async fn make(&self, resource: &Value) -> String {
        let made = self.call(http::Method::POST, "resources", resource.to_string().into_bytes()).await;
        made["id"].as_str().unwrap_or_else(|| panic!("no id: {made:#}")).to_owned()
    }

    /// Somebody else deletes a resource.
    pub async fn delete(&self, id: &str) {
        self.call(http::Method::DELETE, &format!("resources/{id}"), Vec::new()).await;
    }

    async fn all(&self, collection: &str) -> Vec<Value> {
        self.get("resources").await[collection].as_array().cloned().unwrap_or_default()
    }

    /// The bandwidth of an interface.
    pub async fn bandwidth(&self, id: &str) -> Option<u64> {
        let interfaces = self.all("virtual_interfaces").await;
        interfaces.iter().find(|interface| interface["id"] == id)?["bandwidth"].as_u64()
    }

    pub async fn is_empty(&self) -> bool {
        self.count().await == 0
    }

    /// All that an operator can make.
    pub async fn count(&self) -> usize {
        made(&self.get("resources").await).len()
    }

    /// Writes so far, whether they had an effect or not.
    pub async fn writes(&self) -> u64 {
        let counters = self.get("counters").await;
        let writes =
            counters.as_object().unwrap().iter().filter(|(operation, _)| {
                ["Create", "Update", "Delete", "Batch", "Switchover"].iter().any(|word| operation.starts_with(word))
            });
        writes.filter_map(|(_, counter)| counter["total"].as_u64()).sum()
    }

    /// Holds every request and answer so far against the vendor's documents; how many there were.
    pub async fn check_contract(&self) -> usize {
        let log = self.get("log?since=0").await["entries"].as_array().unwrap().clone();
        let broken: Vec<String> = log.iter().flat_map(contract::check).collect();
        assert!(broken.is_empty(), "exchanges break the vendor's documents:\n{}", broken.join("\n"));
        log.len()
    }
}
