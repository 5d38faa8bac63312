//! Follows the objects of a namespace and shows each change of their state as one line.

use futures::stream::{BoxStream, SelectAll, select_all};
use futures::{StreamExt, TryStreamExt};
use kube::api::{DynamicObject, ListParams};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Client, ResourceExt};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use support::world::{API_VERSION, KINDS, api, condition, is};

/// What is told of an object's message: the rest is in `kubectl describe`.
const WIDTH: usize = 90;

type Change = Result<(&'static str, watcher::Event<DynamicObject>), watcher::Error>;

pub struct Follower {
    changes: SelectAll<BoxStream<'static, Change>>,
    seen: BTreeMap<(&'static str, String), State>,
    start: Instant,
}

#[derive(Clone, PartialEq, Eq)]
struct State {
    ready: bool,
    told: String,
}

impl Follower {
    /// Of all objects that are there now.
    pub async fn new(client: Client, namespace: &str) -> Self {
        let mut seen = BTreeMap::new();
        let mut streams = Vec::new();
        for kind in KINDS {
            let objects = api(&client, Some(namespace), API_VERSION, kind);
            for object in objects.list(&ListParams::default()).await.unwrap_or_else(|error| panic!("{kind}: {error}")) {
                seen.insert((kind, object.name_any()), State { ready: false, told: String::new() });
            }
            let events = watcher(objects, watcher::Config::default()).default_backoff();
            streams.push(events.map_ok(move |event| (kind, event)).boxed());
        }
        Self { changes: select_all(streams), seen, start: Instant::now() }
    }

    /// Times are told from now on.
    pub fn begin(&mut self) {
        self.start = Instant::now();
    }

    pub fn count(&self) -> usize {
        self.seen.len()
    }

    pub fn count_ready(&self) -> usize {
        self.seen.values().filter(|state| state.ready).count()
    }

    pub fn all_ready(&self) -> bool {
        self.seen.values().all(|state| state.ready)
    }

    pub fn all_gone(&self) -> bool {
        self.seen.is_empty()
    }

    /// Shows changes until `enough`.
    pub async fn until(&mut self, what: &str, bound: Duration, enough: fn(&Self) -> bool) {
        let followed = tokio::time::timeout(bound, async {
            while !enough(self) {
                // The watcher tries again by itself.
                if let Some(Ok((kind, event))) = self.changes.next().await {
                    self.take(kind, event);
                }
            }
        });
        if followed.await.is_err() {
            let left: Vec<String> = self.seen.iter().map(|((kind, name), state)| format!("{kind} {name}: {}", state.told)).collect();
            panic!("not all {what} within {bound:?}:\n  {}", left.join("\n  "));
        }
    }

    fn take(&mut self, kind: &'static str, event: watcher::Event<DynamicObject>) {
        match event {
            watcher::Event::Apply(object) | watcher::Event::InitApply(object) => {
                let name = object.name_any();
                let state = state(&serde_json::to_value(object).expect("an object is JSON"));
                if self.seen.get(&(kind, name.clone())) != Some(&state) {
                    self.show(kind, &name, &state.told);
                    self.seen.insert((kind, name), state);
                }
            }
            watcher::Event::Delete(object) => {
                self.show(kind, &object.name_any(), "gone");
                self.seen.remove(&(kind, object.name_any()));
            }
            watcher::Event::Init | watcher::Event::InitDone => {}
        }
    }

    fn show(&self, kind: &str, name: &str, told: &str) {
        println!("  {:>5.1} s  {kind:<16} {name:<15} {told}", self.start.elapsed().as_secs_f64());
    }
}

fn state(object: &Value) -> State {
    let ready = is(object, "Ready", "True");
    let deleted = object["metadata"]["deletionTimestamp"].is_string();
    let told = condition(object, "Ready").map_or_else(
        || "new".to_owned(),
        |told| {
            let (reason, message) = (told["reason"].as_str().unwrap_or_default(), told["message"].as_str().unwrap_or_default());
            // What the condition says of the time before is not news.
            match (ready, told["status"] == "True") {
                (true, _) => format!("{:<20} {}", "Ready", cut(message)),
                (false, true) if deleted => "to be deleted".to_owned(),
                (false, true) => "changed".to_owned(),
                (false, false) => format!("{reason:<20} {}", cut(message)),
            }
        },
    );
    State { ready, told }
}

fn cut(message: &str) -> String {
    if message.chars().count() <= WIDTH { message.to_owned() } else { message.chars().take(WIDTH).chain(['…']).collect() }
}
