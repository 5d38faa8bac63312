//! The simulated cloud in its pod, reached through the API server.

use kube::Client;
use serde_json::Value;

use crate::cluster::{SIMULATOR, SYSTEM};
use support::contract;

pub struct Cloud(pub Client);

impl Cloud {
    async fn get(&self, path: &str) -> Value {
        let url = format!("/api/v1/namespaces/{SYSTEM}/services/{SIMULATOR}:http/proxy/admin/{path}");
        let request = http::Request::get(url).body(Vec::new()).unwrap();
        self.0.request(request).await.unwrap_or_else(|error| panic!("simulator {path}: {error}"))
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
        self.all("virtual_gateways").await.is_empty() && self.all("virtual_interfaces").await.is_empty()
    }

    /// Gateways and interfaces.
    pub async fn count(&self) -> usize {
        self.all("virtual_gateways").await.len() + self.all("virtual_interfaces").await.len()
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
