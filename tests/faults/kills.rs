//! The operator is killed again and again at random instants, while objects come, change and go and the cloud misbehaves. In the end each
//! object is Ready or gone, nothing was made twice, nothing was left behind, and nothing of somebody else's was touched.
//!
//! `DC_TEST_SEED` repeats the choices of an earlier run, though not its timing.

mod families;
mod lines;

use fastrand::Rng;
use kube::ResourceExt;
use kube::api::ListParams;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use support::group::Group;
use support::line::object;
use support::operator::Operator;
use support::simulator::Simulator;
use support::world::{BOUND, KINDS, World, condition, is, start_operator};

/// A process lives at most so long once it is ready.
const LIFE: Duration = Duration::from_millis(1600);
/// Longest delay of an answer: just within the operator's limit of 2 s.
const SLOWEST: u64 = 1800;

/// What comes and goes while operators die.
struct Stage {
    kills: usize,
    objects: Vec<Planned>,
    /// Operations in which something goes wrong.
    writes: &'static [&'static str],
    lists: &'static [&'static str],
}

/// An object that comes and goes.
struct Planned {
    object: Value,
    /// Those that it refers to.
    parents: Vec<usize>,
}

/// The objects of a stage, each after those that it refers to.
#[derive(Default)]
struct Plan(Vec<Planned>);

impl Plan {
    /// Adds an object, and returns its number.
    fn add(&mut self, kind: &str, name: &str, spec: &Value, parents: &[usize]) -> usize {
        self.0.push(Planned { object: object(kind, name, spec), parents: parents.to_vec() });
        self.0.len() - 1
    }
}

impl Planned {
    fn kind(&self) -> &str {
        self.object["kind"].as_str().unwrap()
    }

    fn name(&self) -> &str {
        self.object["metadata"]["name"].as_str().unwrap()
    }
}

/// `group` has operators that die, and no other test.
async fn whenever_it_dies_the_next_one_ends_what_was_begun(group: &Group, stage: &Stage, prepare: impl AsyncFnOnce(&Simulator)) {
    let seed = std::env::var("DC_TEST_SEED").map_or_else(|_| fastrand::u64(..), |text| text.parse().unwrap());
    support::figure(&format!("DC_TEST_SEED={seed}"));
    let start = Instant::now();
    let (world, proxy) = World::behind_proxy_in(group).await;
    prepare(&world.cloud).await;
    let foreign = in_the_cloud(&world.cloud).await;

    let mut user = User::new(stage, seed);
    let mut rng = Rng::with_seed(seed ^ 1);
    for _ in 0..stage.kills {
        let mut operator = start_operator(&world.plane, "killed", &[]).await;
        let end = Instant::now() + LIFE.mul_f64(rng.f64());
        while Instant::now() < end {
            user.act(&world).await;
            if rng.u8(..4) == 0 {
                world.cloud.fault(fault(stage, &mut rng)).await;
            }
            tokio::time::sleep(Duration::from_millis(rng.u64(..60))).await;
        }
        operator.kill();
    }
    let stormy = start.elapsed();
    proxy.quiet(BOUND).await;
    world.cloud.clear_faults().await;

    let last = start_operator(&world.plane, "last", &[]).await;
    user.make_whole(&world).await;
    let states = settled(&world, &last).await;
    let log = world.cloud.log().await;
    check_creates(&log, &user.applied);
    assert_eq!(
        in_the_cloud(&world.cloud).await,
        &ids(&states) | &foreign,
        "what is in the cloud is what the statuses tell, and the foreign"
    );
    support::figure(&format!(
        "{} kills in {stormy:?}, settled after {:?}; {} objects applied {} times, {} changes, {} deletions, {} there at the end",
        stage.kills,
        start.elapsed(),
        user.applied.len(),
        user.applied.values().sum::<usize>(),
        user.changes,
        user.deletions,
        states.len(),
    ));

    for (kind, name) in states.keys() {
        world.delete(kind, name).await;
    }
    for (kind, name) in states.keys() {
        world.wait_gone(kind, name).await;
    }
    assert_eq!(in_the_cloud(&world.cloud).await, foreign, "only the foreign ones are left");
    let log = world.cloud.log().await;
    let touched: Vec<&Value> = log.iter().filter(|entry| entry["committed"] == true && names_one(entry, &foreign)).collect();
    assert!(touched.is_empty(), "{touched:#?}");
    world.cloud.check_contract().await;
    world.tells_no_secret().await;
    support::figure(&format!("calls: {}\nall in {:?}", calls(&world.cloud.counters().await), start.elapsed()));
}

/// Something that goes wrong once, in most cases with a call that the operator makes often.
fn fault(stage: &Stage, rng: &mut Rng) -> Value {
    let list = |rng: &mut Rng| stage.lists[rng.usize(..stage.lists.len())];
    let mut operation = if rng.u8(..4) == 0 { list(rng) } else { stage.writes[rng.usize(..stage.writes.len())] };
    let mut fault = match rng.u8(..20) {
        0..6 => json!({ "kind": "lose_answer" }),
        6..8 => json!({ "kind": "reset_before" }),
        8..10 => json!({ "kind": "status", "status": 500, "code": "DC.9999", "message": "failed" }),
        10..12 => json!({ "kind": "status", "status": 503, "code": "APIGW.0613", "message": "away" }),
        12..14 => json!({ "kind": "garbage", "format": "truncated" }),
        14 => {
            // Throttled reads pause the account for a minute, which only a kill ends: few.
            operation = list(rng);
            json!({ "kind": "status", "status": 429, "code": "APIGW.0308", "message": "too fast" })
        }
        _ => json!({ "kind": "delay", "ms": rng.u64(100..SLOWEST) }),
    };
    fault["operation"] = json!(operation);
    fault
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wish {
    Absent,
    Present,
    Going,
}

/// Who applies, changes and deletes, and knows what they wished.
struct User<'s> {
    rng: Rng,
    objects: &'s [Planned],
    wishes: Vec<Wish>,
    /// How often each object was made anew.
    applied: BTreeMap<String, usize>,
    changes: usize,
    deletions: usize,
}

impl<'s> User<'s> {
    fn new(stage: &'s Stage, seed: u64) -> Self {
        let wishes = vec![Wish::Absent; stage.objects.len()];
        Self { rng: Rng::with_seed(seed), objects: &stage.objects, wishes, applied: BTreeMap::new(), changes: 0, deletions: 0 }
    }

    /// One act on an object that chance picks.
    async fn act(&mut self, world: &World) {
        let number = self.rng.usize(..self.wishes.len());
        match self.wishes[number] {
            Wish::Absent if self.parents_stand(number) => self.apply(world, number).await,
            Wish::Absent => {}
            Wish::Present if self.rng.u8(..10) == 0 => self.delete(world, number).await,
            Wish::Present => self.change(world, number).await,
            Wish::Going => self.look_whether_gone(world, number).await,
        }
    }

    /// Whether all that an object hangs on stays or will come: on what goes nothing new is hung.
    fn parents_stand(&self, number: usize) -> bool {
        self.objects[number].parents.iter().all(|parent| self.wishes[*parent] != Wish::Going && self.parents_stand(*parent))
    }

    async fn apply(&mut self, world: &World, number: usize) {
        let planned = &self.objects[number];
        *self.applied.entry(planned.name().to_owned()).or_default() += 1;
        self.wishes[number] = Wish::Present;
        world.apply(&planned.object).await;
    }

    /// Changes the description, where there is one.
    async fn change(&mut self, world: &World, number: usize) {
        let planned = &self.objects[number];
        if planned.object["spec"]["description"].is_string() {
            self.changes += 1;
            let description = format!("change {}", self.changes);
            world.patch(planned.kind(), planned.name(), json!({ "spec": { "description": description } })).await;
        }
    }

    /// Deletes an object and all that hang on it, in any order.
    async fn delete(&mut self, world: &World, number: usize) {
        let mut going: Vec<usize> = (0..self.wishes.len()).filter(|other| self.hangs_on(*other, number)).collect();
        going.retain(|other| self.wishes[*other] == Wish::Present);
        self.rng.shuffle(&mut going);
        for number in going {
            self.wishes[number] = Wish::Going;
            self.deletions += 1;
            let planned = &self.objects[number];
            world.delete(planned.kind(), planned.name()).await;
        }
    }

    fn hangs_on(&self, number: usize, other: usize) -> bool {
        number == other || self.objects[number].parents.iter().any(|parent| self.hangs_on(*parent, other))
    }

    async fn look_whether_gone(&mut self, world: &World, number: usize) {
        let planned = &self.objects[number];
        if world.api(planned.kind()).get_opt(planned.name()).await.unwrap().is_none() {
            self.wishes[number] = Wish::Absent;
        }
    }

    /// What is there needs what it hangs on.
    async fn make_whole(&mut self, world: &World) {
        let missing = |user: &Self| {
            (0..user.wishes.len()).find(|number| {
                let needs = |other: usize| user.wishes[other] == Wish::Present && user.objects[other].parents.contains(number);
                user.wishes[*number] == Wish::Absent && (0..user.wishes.len()).any(needs)
            })
        };
        while let Some(number) = missing(self) {
            self.apply(world, number).await;
        }
    }
}

/// Waits until each object is Ready or gone, and returns those that are there.
async fn settled(world: &World, operator: &Operator) -> BTreeMap<(&'static str, String), Value> {
    let start = Instant::now();
    loop {
        let mut there = BTreeMap::new();
        for kind in KINDS {
            for object in world.api(kind).list(&ListParams::default()).await.unwrap() {
                there.insert((kind, object.name_any()), serde_json::to_value(object).unwrap());
            }
        }
        let is_settled = |object: &Value| object["metadata"]["deletionTimestamp"].is_null() && is(object, "Ready", "True");
        let open: Vec<&Value> = there.values().filter(|object| !is_settled(object)).collect();
        if open.is_empty() {
            return there;
        }
        if start.elapsed() > BOUND {
            let told: Vec<String> = open.iter().map(|object| told(object)).collect();
            panic!("not settled within {BOUND:?}: {told:#?}\noperator:\n{}", operator.tail());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn told(object: &Value) -> String {
    let ready = condition(object, "Ready");
    format!(
        "{}: {ready:?}, deleted: {}, {}",
        object["metadata"]["name"], object["metadata"]["deletionTimestamp"], object["status"]["lastError"]
    )
}

/// A resource is made once for each time that its object was applied, and never while an earlier one is there.
fn check_creates(log: &[Value], applied: &BTreeMap<String, usize>) {
    let mut made: BTreeMap<String, usize> = BTreeMap::new();
    let mut there: BTreeMap<String, String> = BTreeMap::new();
    for entry in log.iter().filter(|entry| entry["committed"] == true) {
        let operation = entry["operation"].as_str().unwrap();
        let shown = entry["response_body"].as_object().and_then(|body| body.values().find(|shown| shown["id"].is_string()));
        if let (true, Some(shown)) = (operation.starts_with("Create"), shown) {
            let (name, id) = (shown["name"].as_str().unwrap().to_owned(), shown["id"].as_str().unwrap().to_owned());
            assert!(!there.values().any(|other| *other == name), "{name} was made while it was there: {entry:#}");
            *made.entry(name.clone()).or_default() += 1;
            there.insert(id, name);
        }
        if operation.starts_with("Delete") {
            there.remove(entry["path"].as_str().unwrap().rsplit('/').next().unwrap());
        }
    }
    // Routes and bindings of global EIPs come by operations of other names.
    assert!(made.len() > applied.len() / 3, "much of what was applied came to be: {made:?} of {applied:?}");
    for (name, times) in made {
        assert!(applied[&name] >= times, "{name} was applied {} times and made {times} times", applied[&name]);
    }
}

fn ids(states: &BTreeMap<(&'static str, String), Value>) -> BTreeSet<String> {
    states.values().map(|object| object["status"]["id"].as_str().expect("what is ready has an id").to_owned()).collect()
}

/// IDs of all that an operator could have made. An interface's own peer comes with it and is nobody's.
async fn in_the_cloud(cloud: &Simulator) -> BTreeSet<String> {
    let made = cloud.made().await;
    let peers = made.iter().flat_map(|resource| resource["vif_peers"].as_array().into_iter().flatten().skip(1));
    made.iter().chain(peers).map(|resource| resource["id"].as_str().unwrap().to_owned()).collect()
}

/// Whether a call is about one of `foreign`.
fn names_one(entry: &Value, foreign: &BTreeSet<String>) -> bool {
    entry["path"].as_str().unwrap().split('/').any(|part| foreign.contains(part))
}

fn calls(counters: &Value) -> String {
    let each = counters.as_object().unwrap().iter();
    each.map(|(operation, counter)| format!("{operation} {}", counter["total"])).collect::<Vec<_>>().join(", ")
}
