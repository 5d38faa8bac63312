//! A line whose bandwidth is changed again and again: what shows that the operator works.

use serde_json::json;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::cloud::Cloud;
use crate::cluster::{BOUND, Cluster};
use support::world::{API_VERSION, api};
use support::{eventually, figure};

pub struct Line<'a> {
    cluster: &'a Cluster,
    cloud: &'a Cloud,
    namespace: &'a str,
    name: &'a str,
    /// The cloud's.
    id: String,
    bandwidth: AtomicU64,
}

impl<'a> Line<'a> {
    /// An interface that is there and Ready.
    pub async fn new(cluster: &'a Cluster, cloud: &'a Cloud, namespace: &'a str, name: &'a str) -> Self {
        let object = api(&cluster.client, Some(namespace), API_VERSION, "VirtualInterface").get(name).await.unwrap();
        let id = object.data["status"]["id"].as_str().unwrap().to_owned();
        let bandwidth = cloud.bandwidth(&id).await.unwrap();
        Self { cluster, cloud, namespace, name, id, bandwidth: AtomicU64::new(bandwidth) }
    }

    /// Asks for another bandwidth.
    pub fn ask(&self) {
        let bandwidth = self.bandwidth.fetch_add(1, Ordering::Relaxed) + 1;
        let patch = json!({ "spec": { "bandwidth": bandwidth } }).to_string();
        self.cluster.tools.kubectl(&["-n", self.namespace, "patch", "vif", self.name, "--type=merge", "-p", &patch]);
    }

    /// Waits until the cloud has what was asked for last.
    pub async fn arrives(&self) {
        let wanted = self.bandwidth.load(Ordering::Relaxed);
        eventually(&format!("the cloud has {wanted} Mbit/s"), BOUND, || async {
            (self.cloud.bandwidth(&self.id).await? == wanted).then_some(())
        })
        .await;
    }

    /// Asks, and waits until it is done; tells how long it took.
    pub async fn is_changed(&self, when: &str) -> Duration {
        let start = Instant::now();
        self.ask();
        self.arrives().await;
        self.cluster.all_ready(self.namespace).await;
        figure(&format!("{when}: a change is in the cloud after {:.1} s", start.elapsed().as_secs_f64()));
        start.elapsed()
    }

    /// The object as it is.
    pub async fn object(&self) -> serde_json::Value {
        let object = api(&self.cluster.client, Some(self.namespace), API_VERSION, "VirtualInterface").get(self.name).await.unwrap();
        serde_json::to_value(object).unwrap()
    }
}
