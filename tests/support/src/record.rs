//! What a test did to the cloud and told of its objects, written to a file per world where `DC_RECORD` names a folder: recordings of two versions are
//! compared by `cargo run --example compare-recordings`.
//!
//! GETs and LISTs are left out, and so are tokens: their number depends on timing. What differs from run to run by nature (ids, times, ports, numbers of
//! worlds) is replaced by words that say what it stood for.

use futures::StreamExt;
use futures::stream::{BoxStream, select_all};
use kube::api::{Api, DynamicObject};
use kube::runtime::watcher::{self, Event};
use kube::runtime::{WatchStreamExt, watcher as watch};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::oneshot;

use crate::controlplane::ControlPlane;
use crate::normal::Normal;
use crate::simulator::http_client;
use crate::world::{API_VERSION, KINDS, api};

/// The journal is asked this often, since it may forget and the simulator may be killed.
const ASK: Duration = Duration::from_millis(500);
/// Longest answer of the simulator, which may be paused.
const ANSWER: Duration = Duration::from_secs(2);
/// What the watches still have to tell comes within this time.
const QUIET: Duration = Duration::from_millis(400);
/// The definitions may be installed later by the test.
const READY: Duration = Duration::from_secs(5);
/// Fields of a status that tell when, or how a question was numbered.
const TIMING: [&str; 8] = [
    "lastTransitionTime",
    "lastSyncTime",
    "lastHandledReconcileAt",
    "time",
    "deadline",
    "requestId",
    "credentialsExpireAt",
    "observedGeneration",
];

/// Runs on a thread and a runtime of its own, as the test's stands still at times. Dropping it writes the file, unless the test panics.
pub struct Recording {
    /// Whether to write.
    end: Option<oneshot::Sender<bool>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Drop for Recording {
    fn drop(&mut self) {
        let _ = self.end.take().map(|end| end.send(!std::thread::panicking()));
        let _ = self.thread.take().map(std::thread::JoinHandle::join);
    }
}

impl Recording {
    /// From now on; `None` without `DC_RECORD`. Of a cloud that is recorded elsewhere no `cloud` is given.
    pub async fn start(plane: &Arc<ControlPlane>, cloud: Option<&str>, namespace: &str) -> Option<Self> {
        let folder = PathBuf::from(std::env::var_os("DC_RECORD")?);
        let file = folder.join(file_name());
        let (end, ended) = oneshot::channel();
        let (ready, started) = oneshot::channel();
        let (plane, cloud, namespace) = (Arc::clone(plane), cloud.map(str::to_owned), namespace.to_owned());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let tape = runtime.block_on(Tape { cloud, namespace, ..Tape::default() }.run(&plane, ready, ended));
            if let Some(mut tape) = tape {
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(file, serde_json::to_string_pretty(&tape.document()).unwrap() + "\n").unwrap();
            }
        });
        let _ = tokio::time::timeout(READY, started).await;
        Some(Self { end: Some(end), thread: Some(thread) })
    }
}

/// The test's name without its modules; the second world of a test is numbered.
fn file_name() -> String {
    static WORLDS: Mutex<BTreeMap<String, u32>> = Mutex::new(BTreeMap::new());
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("unnamed").rsplit("::").next().unwrap().to_owned();
    let mut worlds = WORLDS.lock().unwrap();
    let number = worlds.entry(test.clone()).and_modify(|number| *number += 1).or_insert(1);
    if *number == 1 { format!("{test}.json") } else { format!("{test}-{number}.json") }
}

/// Everything that was seen, as it came.
#[derive(Default)]
struct Tape {
    cloud: Option<String>,
    namespace: String,
    journal: Vec<Value>,
    next: u64,
    /// Versions of each object, by its uid, and these in the order of their first appearance.
    objects: HashMap<String, Vec<Value>>,
    order: Vec<(&'static str, String)>,
    events: BTreeMap<String, Value>,
}

type Told = (&'static str, Result<Event<DynamicObject>, watcher::Error>);

impl Tape {
    /// Until the end; `None` if nothing is to be written.
    async fn run(mut self, plane: &ControlPlane, ready: oneshot::Sender<()>, mut ended: oneshot::Receiver<bool>) -> Option<Self> {
        let (client, http) = (plane.client().await, http_client(false));
        let stream = |kind, version, namespace: Option<&str>, config| -> BoxStream<'static, Told> {
            let objects: Api<DynamicObject> = api(&client, namespace, version, kind);
            watch(objects, config).default_backoff().map(move |event| (kind, event)).boxed()
        };
        let mine = Some(&*self.namespace);
        let mut streams: Vec<_> = std::iter::once("CloudAccount")
            .chain(KINDS)
            .map(|kind| match kind {
                "CloudAccount" => {
                    stream(kind, API_VERSION, None, watcher::Config::default().fields(&format!("metadata.name={}", self.namespace)))
                }
                kind => stream(kind, API_VERSION, mine, watcher::Config::default()),
            })
            .collect();
        // Events about the account, which has no namespace, are in the default one.
        streams.extend([mine, Some("default")].map(|namespace| stream("Event", "events.k8s.io/v1", namespace, watcher::Config::default())));
        let (mut awaited, mut ready) = (streams.len(), Some(ready));
        let mut streams = select_all(streams);
        let mut ask = tokio::time::interval(ASK);
        let write = loop {
            tokio::select! {
                write = &mut ended => break write.unwrap_or(false),
                _ = ask.tick() => self.ask(&http).await,
                Some((kind, event)) = streams.next() => {
                    awaited -= usize::from(matches!(event, Ok(Event::InitDone)) && awaited > 0);
                    self.note(kind, event);
                }
            }
            if let (0, Some(ready)) = (awaited, ready.take_if(|_| awaited == 0)) {
                let _ = ready.send(());
            }
        };
        while let Ok(Some((kind, event))) = tokio::time::timeout(QUIET, streams.next()).await {
            self.note(kind, event);
        }
        self.ask(&http).await;
        write.then_some(self)
    }

    async fn ask(&mut self, http: &reqwest::Client) {
        let Some(cloud) = &self.cloud else { return };
        let request = http.get(format!("{cloud}/admin/log?since={}", self.next)).timeout(ANSWER).send();
        let Ok(answer) = request.await else { return };
        let Ok(log) = answer.json::<Value>().await else { return };
        self.journal.extend(log["entries"].as_array().cloned().unwrap_or_default());
        self.next = log["next"].as_u64().unwrap_or(self.next);
    }

    fn note(&mut self, kind: &'static str, event: Result<Event<DynamicObject>, watcher::Error>) {
        let Ok(Event::InitApply(object) | Event::Apply(object)) = event else { return };
        let object = serde_json::to_value(object).unwrap();
        let uid = object["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
        if kind == "Event" {
            let regarding = &object["regarding"];
            if object["metadata"]["namespace"] == self.namespace || regarding["name"] == self.namespace {
                self.events.insert(uid, object);
            }
            return;
        }
        let versions = self.objects.entry(uid.clone()).or_default();
        if versions.is_empty() {
            self.order.push((kind, uid));
        }
        versions.push(object);
    }

    fn document(&mut self) -> Value {
        let mut normal = Normal::new(&self.namespace);
        for entry in &self.journal {
            normal.learn_exchange(entry);
        }
        let mut objects = self.named();
        for (name, versions) in &objects {
            normal.learn_object(name, versions);
        }
        let mutations = self.mutations(&mut normal);
        objects.sort_by(|a, b| a.0.cmp(&b.0));
        let objects: Map<String, Value> = objects.iter().map(|(name, versions)| (normal.text(name), told(versions, &mut normal))).collect();
        let mut events: Vec<&Value> = self.events.values().collect();
        events.sort_by_key(|event| event["eventTime"].to_string());
        let events: BTreeSet<String> = events.into_iter().map(|event| normal.value(&event_of(event)).to_string()).collect();
        let events: Vec<Value> = events.iter().map(|event| serde_json::from_str(event).unwrap()).collect();
        json!({ "mutations": mutations, "objects": objects, "events": events })
    }

    /// Each object's versions under its kind and name; one that was made again is numbered.
    fn named(&self) -> Vec<(String, &Vec<Value>)> {
        let mut times = BTreeMap::new();
        let named = self.order.iter().map(|(kind, uid)| {
            let versions = &self.objects[uid];
            let name = format!("{kind} {}", versions[0]["metadata"]["name"].as_str().unwrap_or_default());
            let number: &mut u32 = times.entry(name.clone()).or_default();
            *number += 1;
            (if *number == 1 { name } else { format!("{name} #{number}") }, versions)
        });
        named.collect()
    }

    /// By what they are about: only there their order is no matter of timing.
    fn mutations(&self, normal: &mut Normal) -> BTreeMap<String, Vec<Value>> {
        let mut all: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for entry in self.journal.iter().filter(|entry| entry["method"] != "GET" && entry["path"] != "/v3/auth/tokens") {
            let path = normal.text(entry["path"].as_str().unwrap_or_default());
            let about = path.split_once('<').map_or_else(
                || {
                    Normal::named(&entry["request_body"])
                        .map_or_else(|| path.clone(), |(kind, name)| normal.text(&format!("<{kind} {name}>")))
                },
                |(_, rest)| format!("<{}>", rest.split('>').next().unwrap()),
            );
            let mutation = json!({
                "call": format!("{} {path}", entry["method"].as_str().unwrap_or_default()), "body": normal.value(&entry["request_body"]),
                "status": entry["status"], "fault": entry["fault"],
            });
            all.entry(about).or_default().push(mutation);
        }
        all
    }
}

/// The last status before the deletion, and all states that the conditions went through.
fn told(versions: &[Value], normal: &mut Normal) -> Value {
    let last = versions.iter().rfind(|version| version["metadata"]["deletionTimestamp"].is_null());
    let mut last = last.map_or(Value::Null, |version| version["status"].clone());
    without_timing(&mut last);
    let conditions = last["conditions"].as_array().cloned().unwrap_or_default();
    if last.is_object() {
        last["conditions"] = conditions.into_iter().map(|one| (one["type"].as_str().unwrap_or_default().to_owned(), one)).collect();
    }
    let mut states: Vec<String> = versions.iter().map(state).collect();
    states.dedup();
    json!({ "last": normal.value(&last), "states": states })
}

fn state(version: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let conditions = version["status"]["conditions"].as_array().into_iter().flatten();
    let mut all: Vec<String> =
        conditions.map(|one| format!("{}={}/{}", text(&one["type"]), text(&one["status"]), text(&one["reason"]))).collect();
    all.sort();
    if !version["metadata"]["deletionTimestamp"].is_null() {
        all.push("(deleted)".to_owned());
    }
    all.join(" ")
}

fn event_of(event: &Value) -> Value {
    json!({
        "regarding": format!("{} {}", event["regarding"]["kind"].as_str().unwrap_or_default(), event["regarding"]["name"].as_str().unwrap_or_default()),
        "related": event["related"]["name"], "type": event["type"], "reason": event["reason"], "action": event["action"], "note": event["note"],
    })
}

fn without_timing(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|field, _| !TIMING.contains(&field.as_str()));
            fields.values_mut().for_each(without_timing);
        }
        Value::Array(list) => list.iter_mut().for_each(without_timing),
        _ => {}
    }
}
