//! A cloud whose reads lag behind its writes: LIST and GET show what was created, changed or deleted only some time after it was answered.
//!
//! `DC_TEST_LAG` is the lag in seconds of the longest run, 4 by default.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use support::eventually;
use support::group::Group;
use support::line::{gateway, id, interface, peer};
use support::operator::Operator;
use support::world::{LINE, World, condition, is, start_operator};

/// Operators of their own, which wait for reads that lag.
static GROUP: Group = Group::new();

const ROUTER: &str = "00000000-0000-4000-8000-000000000201";

/// Kind and name of each object of a life; the gateway of a router has no natural key.
const OBJECTS: [(&str, &str); 4] = [(LINE[0], "gw"), (LINE[0], "router"), (LINE[1], "vif"), (LINE[2], "peer")];

fn longest() -> f64 {
    std::env::var("DC_TEST_LAG").map_or(4.0, |text| text.parse().unwrap())
}

fn router() -> Value {
    let mut object = gateway("router", 1);
    object["spec"] = json!({ "enterpriseRouterId": ROUTER });
    object
}

/// A world whose reads lag by these seconds, LIST and GET, and an operator that knows how long it can last.
struct Lagging {
    world: World,
    operator: Option<Operator>,
    read_lag: String,
    bound: Duration,
    lives: usize,
    /// How many calls the cloud had logged when each process began.
    begun_at: Vec<usize>,
}

impl Lagging {
    async fn new([list, show]: [f64; 2]) -> Self {
        let world = World::without_operator_in(&GROUP).await;
        let ms = |seconds: f64| Duration::from_secs_f64(seconds).as_millis();
        world.cloud.settings(json!({ "read_lag_ms": { "list": ms(list), "show": ms(show) } })).await;
        let read_lag = format!("{}ms", ms(list.max(show)) + 3000);
        let mut lagging = Self {
            world,
            operator: None,
            read_lag,
            bound: Duration::from_secs_f64(list.max(show) * 6.0 + 240.0),
            lives: 0,
            begun_at: Vec::new(),
        };
        lagging.start().await;
        lagging
    }

    async fn start(&mut self) {
        self.lives += 1;
        self.begun_at.push(self.world.cloud.log().await.len());
        let name = format!("{}-{}", self.world.namespace, self.lives);
        let shard = ["--shard", &self.world.namespace, "--watch-namespaces", &self.world.namespace, "--read-lag", &self.read_lag];
        self.operator = Some(start_operator(&self.world.plane, &name, &shard).await);
    }

    /// The process dies and another one begins.
    async fn kill(&mut self) {
        if let Some(mut operator) = self.operator.take() {
            operator.kill();
        }
        self.start().await;
    }

    async fn object(&self, kind: &str, name: &str) -> Option<Value> {
        let object = self.world.api(kind).get_opt(name).await.ok()?;
        object.map(|object| serde_json::to_value(object).unwrap())
    }

    /// Waits until `holds`; on the way no object says that it is in conflict, gone, refused or changed by others.
    async fn until(&self, what: &str, kind: &str, name: &str, holds: impl Fn(Option<&Value>) -> bool) {
        let end = tokio::time::Instant::now() + self.bound;
        loop {
            let object = self.object(kind, name).await;
            object.iter().for_each(calm);
            if holds(object.as_ref()) {
                return;
            }
            if tokio::time::Instant::now() > end {
                self.fail(&format!("{kind} {name}: not within {:?}: {what}", self.bound)).await;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Fails with all that there is to see.
    async fn fail(&self, what: &str) {
        let mut objects = Vec::new();
        for (kind, name) in OBJECTS {
            let object = self.object(kind, name).await;
            objects.push(
                object.map(|object| json!({ "kind": kind, "name": name, "metadata": object["metadata"], "status": object["status"] })),
            );
        }
        let log = self.operator.as_ref().map(Operator::log).unwrap_or_default();
        let ours: Vec<&str> = log.lines().filter(|line| line.contains(&self.world.namespace)).collect();
        let cloud = self.world.cloud.resources().await;
        panic!("{what}\n{:#}\n{cloud:#}\n{}", json!(objects), ours[ours.len().saturating_sub(400)..].join("\n"));
    }

    async fn until_ready(&self, kind: &str, name: &str) {
        self.until("Ready", kind, name, |object| object.is_some_and(|object| is(object, "Ready", "True"))).await;
    }

    /// Waits until the cloud has taken `count` calls of `operation`.
    async fn until_taken(&self, operation: &str, count: u64) {
        eventually(&format!("{count} {operation}"), self.bound, || async {
            (self.world.cloud.count(operation).await >= count).then_some(())
        })
        .await;
    }
}

/// What a lag must not be taken for.
fn calm(object: &Value) {
    let reason = condition(object, "Ready").map(|ready| ready["reason"].as_str().unwrap_or_default().to_owned()).unwrap_or_default();
    assert!(!["Conflict", "NotFound", "Drifted", "Invalid", "Immutable"].contains(&reason.as_str()), "{object:#}");
    assert!(condition(object, "Duplicated").is_none(), "{object:#}");
}

/// The life of one object of each kind; `kills`: the process dies after each write.
async fn life(lag: [f64; 2], kills: bool) {
    let mut lagging = Lagging::new(lag).await;
    let objects = [gateway("gw", 1), router(), interface("vif", "gw", 101), peer("peer", "vif")];
    for object in &objects {
        lagging.world.apply(object).await;
    }
    if kills {
        for operation in ["CreateVirtualGateway", "CreateVirtualInterface", "CreateVifPeer"] {
            lagging.until_taken(operation, 1).await;
            lagging.kill().await;
        }
    }
    for (kind, name) in OBJECTS {
        lagging.until_ready(kind, name).await;
    }
    for (kind, name) in OBJECTS {
        lagging.world.patch(kind, name, json!({ "spec": { "description": "changed" } })).await;
    }
    if kills {
        for operation in ["UpdateVirtualGateway", "UpdateVirtualInterface", "UpdateVifPeer"] {
            lagging.until_taken(operation, 1).await;
            lagging.kill().await;
        }
    }
    for (kind, name) in OBJECTS {
        lagging.until_ready(kind, name).await;
    }
    for resource in lagging.world.cloud.all("virtual_gateways").await {
        assert_eq!(resource["description"], "changed", "{resource:#}");
    }
    // Once more as soon as it is Ready: reads may still show what was before.
    let mut ids = Vec::new();
    for (kind, name) in OBJECTS {
        ids.push(id(&lagging.object(kind, name).await.unwrap()));
        lagging.world.delete(kind, name).await;
    }
    if kills {
        for operation in ["DeleteVifPeer", "DeleteVirtualInterface", "DeleteVirtualGateway"] {
            lagging.until_taken(operation, 1).await;
            lagging.kill().await;
        }
    }
    for (kind, name) in OBJECTS {
        lagging.until("gone", kind, name, |object| object.is_none()).await;
    }
    let log = lagging.world.cloud.log().await;
    let sent = |operation: &str| log.iter().filter(|entry| entry["operation"] == operation).count();
    let taken = |operation: &str| log.iter().filter(|entry| entry["committed"] == true && entry["operation"] == operation).count();
    for (operation, count) in [("CreateVirtualGateway", 2), ("CreateVirtualInterface", 1), ("CreateVifPeer", 1)] {
        assert_eq!(sent(operation), count, "{operation} with a lag of {lag:?} s, kills: {kills}");
    }
    // The cloud refuses a deletion while a change is in progress. Once it has taken one, none is sent.
    for (operation, count) in [("DeleteVirtualGateway", 2), ("DeleteVirtualInterface", 1), ("DeleteVifPeer", 1)] {
        assert_eq!(taken(operation), count, "{operation} with a lag of {lag:?} s, kills: {kills}");
    }
    let mut deleted = BTreeSet::new();
    for entry in log.iter().filter(|entry| entry["method"] == "DELETE" && !kills) {
        assert!(!deleted.contains(&entry["path"].to_string()), "deleted twice with a lag of {lag:?} s: {entry:#}");
        if entry["committed"] == true {
            deleted.insert(entry["path"].to_string());
        }
    }
    // A process that dies between an answer and its status leaves the change to the next one, which sends it again: it has the same effect.
    for (operation, count) in [("UpdateVirtualGateway", 2), ("UpdateVirtualInterface", 1), ("UpdateVifPeer", 1)] {
        assert!(taken(operation) >= count, "{operation} with a lag of {lag:?} s");
    }
    let mut updated = BTreeSet::new();
    for (index, entry) in log.iter().enumerate().filter(|(_, entry)| entry["method"] == "PUT" && entry["committed"] == true) {
        let process = lagging.begun_at.iter().filter(|begun_at| **begun_at <= index).count();
        assert!(updated.insert((process, entry["path"].to_string())), "sent twice by one process with a lag of {lag:?} s: {entry:#}");
    }
    for (kind, name) in OBJECTS {
        for reason in ["DriftDetected", "DriftCorrected", "Conflict", "NotFound", "Replacing", "Duplicated"] {
            let notes = lagging.world.notes(kind, name, reason).await;
            assert!(notes.is_empty(), "{kind} {name}: {reason}: {notes:?}");
        }
    }
    assert!(lagging.world.cloud.is_empty().await);
    lagging.world.finish().await;
}

#[tokio::test]
async fn reads_that_lag_by_a_second_make_no_twin_and_no_conflict() {
    life([1.0, 1.0], false).await;
}

#[tokio::test]
async fn a_list_that_lags_is_enough() {
    life([longest(), 0.0], false).await;
}

#[tokio::test]
async fn reads_of_one_resource_that_lag_do_no_harm() {
    life([0.0, longest()], false).await;
}

#[tokio::test]
async fn reads_that_lag_are_waited_for_by_the_next_process_too() {
    life([longest(), longest()], true).await;
}

/// A read of an interface for the sake of its peer can be from before the interface was created. The interface is not gone for that.
#[tokio::test]
async fn a_read_from_before_a_creation_leaves_nothing_in_the_cloud() {
    let lagging = Lagging::new([0.0, 10.0]).await;
    let world = &lagging.world;
    for object in [gateway("gw", 1), interface("vif", "gw", 101), peer("peer", "vif")] {
        world.apply(&object).await;
    }
    lagging.until_ready(LINE[2], "peer").await;
    let interface = id(&world.get(LINE[1], "vif").await);
    // The interface waits for its peer, and is looked at as soon as that is gone.
    for (kind, name) in [(LINE[1], "vif"), (LINE[2], "peer")] {
        world.delete(kind, name).await;
    }
    for (kind, name) in [(LINE[2], "peer"), (LINE[1], "vif")] {
        lagging.until("gone", kind, name, |object| object.is_none()).await;
    }
    assert_eq!(world.cloud.find(&interface).await, None, "it was left in the cloud");
    assert_eq!(world.cloud.count("DeleteVirtualInterface").await, 1);
    world.delete(LINE[0], "gw").await;
    lagging.until("gone", LINE[0], "gw", |object| object.is_none()).await;
    world.finish().await;
}

/// What somebody tagged by hand is named, and stays; what a create of the object made goes with it.
#[tokio::test]
async fn others_with_the_owner_tag_are_named_and_only_our_own_are_deleted() {
    let lagging = Lagging::new([0.0, 0.0]).await;
    let world = &lagging.world;
    world.apply(&router()).await;
    let first = world.wait_ready("VirtualGateway", "router").await;
    let tags = world.cloud.find(&id(&first)).await.unwrap()["tags"].clone();
    let body = json!({ "name": "copy", "enterprise_router_id": ROUTER, "tags": tags });
    let copy = world.cloud.create("virtual_gateway", body.clone()).await["id"].as_str().unwrap().to_owned();
    let named = world.wait("VirtualGateway", "router", "it names the other", |object| is(object, "Duplicated", "True")).await;
    assert!(condition(&named, "Duplicated").unwrap()["message"].as_str().unwrap().contains(&copy), "{named:#}");
    assert!(is(&named, "Ready", "True"), "{named:#}");
    assert!(world.told("VirtualGateway", "router", "Duplicated", 1).await[0].contains(&copy));
    // One that the cloud returned for a create of this object: as if the first create had come back from the dead.
    let ours = world.cloud.create("virtual_gateway", body).await["id"].as_str().unwrap().to_owned();
    let created = json!({ "status": { "createdIds": [ours, id(&first)] } });
    let patch = kube::api::Patch::Merge(created);
    world.api("VirtualGateway").patch_status("router", &kube::api::PatchParams::default(), &patch).await.unwrap();
    world.delete("VirtualGateway", "router").await;
    world.wait_gone("VirtualGateway", "router").await;
    let left: Vec<String> = world.cloud.all("virtual_gateways").await.iter().map(|left| left["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(left, std::slice::from_ref(&copy));
    world.cloud.delete(&copy).await;
    world.finish().await;
}

/// A gateway that was deleted behind the operator's back, and the answer to our own delete.
#[tokio::test]
async fn a_delete_of_what_is_gone_ends_although_the_list_still_shows_it() {
    let lagging = Lagging::new([0.0, 0.0]).await;
    let world = &lagging.world;
    world.apply(&gateway("gw", 1)).await;
    world.wait_ready("VirtualGateway", "gw").await;
    // A LIST has shown it: of what was made just now "not found" would not be believed.
    let gone = id(&world.look("VirtualGateway", "gw").await);
    world.cloud.settings(json!({ "read_lag_ms": { "ghosts": 600_000 } })).await;
    world.cloud.delete(&gone).await;
    world.delete("VirtualGateway", "gw").await;
    world.wait_gone("VirtualGateway", "gw").await;
    assert_eq!(world.cloud.count("DeleteVirtualGateway").await, 1);

    // Nor is the ghost, which has the tag of its name, taken over by the next object.
    world.apply(&gateway("gw", 1)).await;
    let new = id(&world.wait_ready("VirtualGateway", "gw").await);
    assert_ne!(new, gone);
    assert_eq!(world.cloud.count("CreateVirtualGateway").await, 2);
    world.cloud.settings(json!({ "read_lag_ms": { "ghosts": 0 } })).await;
    world.finish().await;
}
