//! A recording of every version of some objects, each with what the cloud held when it came.

use futures::StreamExt;
use kube::api::{DynamicObject, ListParams, WatchEvent, WatchParams};
use kube::{Api, ResourceExt};
use serde_json::Value;
use std::sync::{Arc, Mutex};
use tokio::task::JoinSet;

use super::kstatus::{Kstatus, compute};
use support::eventually;
use support::world::{BOUND, World};

#[derive(Clone)]
pub struct Version {
    pub kind: &'static str,
    pub object: Value,
    pub cloud: Value,
    pub kstatus: Kstatus,
}

impl Version {
    pub fn generation(&self) -> i64 {
        self.object["metadata"]["generation"].as_i64().unwrap()
    }
}

/// One object of each kind. Dropping it ends the watches.
pub struct Recording {
    versions: Arc<Mutex<Vec<Version>>>,
    _watches: JoinSet<()>,
}

impl Recording {
    /// Watches `kinds` from now on: the API server then tells of every version, the first one too.
    pub async fn start(world: &Arc<World>, kinds: &[&'static str]) -> Self {
        let versions = Arc::new(Mutex::new(Vec::new()));
        let mut watches = JoinSet::new();
        for kind in kinds {
            let api = world.api(kind);
            let since = api.list(&ListParams::default()).await.unwrap().metadata.resource_version.unwrap();
            watches.spawn(watch(Arc::clone(world), api, kind, since, Arc::clone(&versions)));
        }
        Self { versions, _watches: watches }
    }

    pub fn of(&self, kind: &str) -> Vec<Version> {
        self.versions.lock().unwrap().iter().filter(|version| version.kind == kind).cloned().collect()
    }

    /// Waits until the newest version of each kind has this verdict, whatever came before.
    pub async fn until(&self, kinds: &[&str], generation: i64, verdict: Kstatus) {
        for kind in kinds {
            eventually(&format!("{kind} of generation {generation} is {verdict:?}"), BOUND, || async {
                self.of(kind).last().is_some_and(|last| last.generation() >= generation && last.kstatus == verdict).then_some(())
            })
            .await;
        }
    }
}

async fn watch(world: Arc<World>, api: Api<DynamicObject>, kind: &'static str, since: String, versions: Arc<Mutex<Vec<Version>>>) {
    let mut since = since;
    loop {
        let events = api.watch(&WatchParams::default(), &since).await.unwrap();
        futures::pin_mut!(events);
        while let Some(event) = events.next().await {
            match event.unwrap() {
                WatchEvent::Added(object) | WatchEvent::Modified(object) => {
                    since = object.resource_version().unwrap();
                    let object = serde_json::to_value(object).unwrap();
                    let (cloud, kstatus) = (world.cloud.resources().await, compute(&object));
                    versions.lock().unwrap().push(Version { kind, object, cloud, kstatus });
                }
                WatchEvent::Deleted(_) | WatchEvent::Bookmark(_) => {}
                WatchEvent::Error(error) => panic!("{kind}: {error}"),
            }
        }
    }
}
