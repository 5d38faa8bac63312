//! A series of random changes: what the plan says of each is what the operator then does, by the calls that the cloud gets or by the reason that the
//! object tells.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRng, TestRunner};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use support::line::{gateway, interface, peer, with};
use support::world::World;

use super::plan;

/// How many changes a series has.
const LENGTH: usize = 14;

/// What is wanted by now, by kind and name.
type Wanted = BTreeMap<(String, String), Value>;

/// A change of one object.
#[derive(Clone, Debug)]
enum Change {
    /// It is created, if it is not there.
    Create(Which),
    /// A field that can change, and its new value.
    Mutable(Which, u8),
    /// A field that can't.
    Immutable(Which),
    /// It is deleted.
    Delete(Which),
    /// More tags than the cloud takes, or as many as it takes.
    Tags(u8),
    /// The gateway of a VPC in which somebody has made one.
    Foreign,
    /// It is only observed, or managed again.
    Observe(bool),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    Gateway,
    Interface,
    Peer,
}

impl Which {
    fn manifest(self) -> Value {
        match self {
            Self::Gateway => gateway("main", 1),
            Self::Interface => interface("office", "main", 30),
            Self::Peer => peer("six", "office"),
        }
    }
}

fn key(object: &Value) -> (String, String) {
    (object["kind"].as_str().unwrap().to_owned(), object["metadata"]["name"].as_str().unwrap().to_owned())
}

fn any_which() -> impl Strategy<Value = Which> {
    prop_oneof![Just(Which::Gateway), Just(Which::Interface), Just(Which::Peer)]
}

fn any_change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => any_which().prop_map(Change::Create),
        6 => (any_which(), any::<u8>()).prop_map(|(which, value)| Change::Mutable(which, value)),
        1 => any_which().prop_map(Change::Immutable),
        2 => any_which().prop_map(Change::Delete),
        1 => (8u8..12).prop_map(Change::Tags),
        1 => Just(Change::Foreign),
        1 => any::<bool>().prop_map(Change::Observe),
    ]
}

/// The manifest that the change applies, or the object that it deletes.
enum Done {
    Apply(Value),
    Delete(Value),
    Nothing,
}

impl Change {
    fn on(&self, wanted: &Wanted) -> Done {
        let present = |which: Which| wanted.get(&key(&which.manifest())).cloned();
        let change = |which: Which, fields: Value| present(which).map_or(Done::Nothing, |object| Done::Apply(with(object, &fields)));
        match self {
            Self::Create(which) => Done::Apply(present(*which).unwrap_or_else(|| which.manifest())),
            Self::Mutable(which, value) => change(*which, mutable(*which, *value)),
            Self::Immutable(Which::Gateway) => change(Which::Gateway, json!({ "vpcId": support::line::vpc(7) })),
            Self::Immutable(Which::Interface) => change(Which::Interface, json!({ "vlan": 31 })),
            Self::Immutable(Which::Peer) => change(Which::Peer, json!({ "localGatewayIp": "fd00:aaaa::9/64" })),
            Self::Delete(which) => present(*which).map_or(Done::Nothing, Done::Delete),
            Self::Tags(count) => {
                let tags: serde_json::Map<String, Value> = (0..*count).map(|number| (format!("tag-{number}"), json!("x"))).collect();
                change(Which::Gateway, json!({ "tags": tags }))
            }
            Self::Foreign => Done::Apply(gateway("taken", 5)),
            Self::Observe(true) => change(Which::Interface, json!({ "policy": { "management": "ObserveOnly" } })),
            Self::Observe(false) => change(Which::Interface, json!({ "policy": null })),
        }
    }
}

fn mutable(which: Which, value: u8) -> Value {
    let name = format!("name-{}", value % 3);
    let networks = json!([format!("10.{}.0.0/24", value % 4)]);
    match (which, value % 5) {
        (Which::Interface, 0) => json!({ "bandwidth": 20 + u16::from(value) }),
        (Which::Interface, 1) => json!({ "enableNqa": value > 127 }),
        (Which::Interface, 2) => json!({ "remoteEpGroup": networks }),
        (Which::Interface, 3) => json!({ "priority": if value > 127 { "low" } else { "normal" }, "name": name }),
        (Which::Gateway, 0 | 1) => json!({ "localEpGroup": [format!("172.16.{}.0/24", value % 4)] }),
        (Which::Gateway, 2) => json!({ "tags": { "team": name } }),
        (Which::Peer, 0..=2) => json!({ "remoteEpGroup": [format!("fd00:{}::/64", value % 4)] }),
        _ => json!({ "name": name, "description": format!("{value}") }),
    }
}

/// The writes that the cloud was asked for since entry `since` of its log: the operation, and the resource if it was there before.
async fn written(world: &World, since: u64) -> Vec<String> {
    let (log, _) = world.cloud.log_since(since).await;
    let writes = log.iter().filter(|entry| entry["method"] != "GET" && entry["path"].as_str().is_some_and(|path| path.contains("/v3/")));
    let writes = writes.filter(|entry| entry["operation"].as_str().is_some_and(|operation| !operation.starts_with("Keystone")));
    let told = writes.map(|entry| {
        let path = entry["path"].as_str().unwrap().splitn(4, '/').nth(3).unwrap_or_default().to_owned();
        format!("{} {path}", entry["operation"].as_str().unwrap())
    });
    told.collect()
}

/// The same as the plan tells it.
fn planned_calls(planned: &Value) -> Vec<String> {
    let calls = planned["calls"].as_array().into_iter().flatten();
    calls.map(|call| format!("{} {}", call["operation"].as_str().unwrap(), call["path"].as_str().unwrap())).collect()
}

/// Requests that would change the cloud since entry `since` of its log.
async fn is_quiet(world: &World, since: u64) {
    assert_eq!(written(world, since).await, Vec::<String>::new(), "nothing was to be written");
}

/// Plans a change together with all that is wanted, makes it, and holds the one against the other.
async fn step(world: &World, wanted: &mut Wanted, done: Done, more: &[&str]) {
    match done {
        Done::Nothing => {}
        Done::Delete(object) => delete(world, wanted, &object, more).await,
        Done::Apply(object) => apply(world, wanted, object, more).await,
    }
}

async fn delete(world: &World, wanted: &mut Wanted, object: &Value, more: &[&str]) {
    let since = world.cloud.log_since(0).await.1;
    let planned = plan(world, std::slice::from_ref(object), &[more, &["--delete"]].concat()).remove(0);
    is_quiet(world, since).await;
    let since = world.cloud.log_since(0).await.1;
    let (kind, name) = key(object);
    world.delete(&kind, &name).await;
    if planned["action"] == "wait" {
        world.wait_reason(&kind, &name, planned["reason"].as_str().unwrap()).await;
        is_quiet(world, since).await;
        // A deletion can't be taken back: what it waits for goes, too.
        for which in [Which::Peer, Which::Interface] {
            let key = key(&which.manifest());
            if wanted.remove(&key).is_some() {
                let _ = world.api(&key.0).delete(&key.1, &kube::api::DeleteParams::default()).await;
            }
        }
        world.wait_gone(&kind, &name).await;
    } else {
        world.wait_gone(&kind, &name).await;
        assert_eq!(written(world, since).await, planned_calls(&planned), "{planned:#}");
    }
    wanted.remove(&(kind, name));
}

async fn apply(world: &World, wanted: &mut Wanted, object: Value, more: &[&str]) {
    let mut next = wanted.clone();
    next.insert(key(&object), object.clone());
    let all: Vec<Value> = next.values().cloned().collect();
    let since = world.cloud.log_since(0).await.1;
    let planned = plan(world, &all, more);
    is_quiet(world, since).await;
    let since = world.cloud.log_since(0).await.1;
    let of = |key: &(String, String)| planned.iter().find(|planned| planned["kind"] == key.0 && planned["name"] == key.1).unwrap();
    if world.try_apply(Some(&world.namespace), &object).await.is_err() {
        let planned = of(&key(&object));
        assert_eq!((&planned["action"], &planned["reason"]), (&json!("refused"), &json!("Invalid")), "{planned:#}");
        return;
    }
    for key in next.keys() {
        match of(key)["reason"].as_str() {
            Some(reason) => world.wait_reason(&key.0, &key.1, reason).await,
            None => world.wait_ready(&key.0, &key.1).await,
        };
    }
    // What the plan did not tell of may come later.
    for key in next.keys() {
        world.look(&key.0, &key.1).await;
    }
    let (mut done, mut told) = (written(world, since).await, planned.iter().flat_map(planned_calls).collect::<Vec<_>>());
    done.sort();
    told.sort();
    assert_eq!(done, told, "{planned:#?}");
    *wanted = next;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_planned_is_done() {
    goes_as_planned(std::env::var("PLAN_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn and_again_in_another_series() {
    goes_as_planned(2).await;
}

async fn goes_as_planned(seed: u64) {
    let changes = changes(seed);
    println!("PLAN_SEED={seed}: {changes:#?}");
    let world = World::new().await;
    let mut wanted = Wanted::new();
    world.foreign_gateway("theirs", 5, &json!([])).await;
    let mut is_something_kept = false;
    for (number, change) in changes.iter().enumerate() {
        println!("{number}: {change:?}");
        // Without the cloud nobody sees what no object has: made by somebody else, or kept when its object went.
        let is_live = number % 2 == 0 || is_something_kept || matches!(change, Change::Foreign);
        let done = change.on(&wanted);
        is_something_kept |= matches!(&done, Done::Delete(object) if object["spec"]["policy"]["management"] == "ObserveOnly");
        step(&world, &mut wanted, done, if is_live { &["--cloud"] } else { &[] }).await;
        if matches!(change, Change::Foreign) {
            world.delete("VirtualGateway", "taken").await;
            world.wait_gone("VirtualGateway", "taken").await;
            wanted.remove(&("VirtualGateway".to_owned(), "taken".to_owned()));
        }
    }
    // What is only observed stays, and what somebody else has made.
    world.clear().await;
    for resource in world.cloud.made().await {
        world.cloud.delete(resource["id"].as_str().unwrap()).await;
    }
    world.finish().await;
}

/// The changes of a seed. The line comes first, so that there is something to change.
fn changes(seed: u64) -> Vec<Change> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(proptest::test_runner::RngAlgorithm::ChaCha, &bytes));
    let first = [Which::Interface, Which::Gateway, Which::Peer].map(Change::Create);
    let more = prop::collection::vec(any_change(), LENGTH).new_tree(&mut runner).unwrap().current();
    first.into_iter().chain(more).collect()
}
