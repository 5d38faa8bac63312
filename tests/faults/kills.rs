//! The operator is killed again and again at random instants, while objects come, change and go and the cloud misbehaves. In the end each
//! object is Ready or gone, nothing was made twice, nothing was left behind, and nothing of somebody else's was touched.
//!
//! `DC_TEST_SEED` repeats the choices of an earlier run, though not its timing.

use fastrand::Rng;
use kube::ResourceExt;
use kube::api::ListParams;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use support::group::Group;
use support::operator::Operator;
use support::simulator::{LINE_A, LINE_B, Simulator};
use support::world::{API_VERSION, BOUND, LINE, World, condition, is, start_operator};

/// Operators that die.
static GROUP: Group = Group::new();

const KILLS: usize = 60;
const GATEWAYS: usize = 20;
const INTERFACES: usize = 25;
const PEERS: usize = 15;
/// A process lives at most so long once it is ready.
const LIFE: Duration = Duration::from_millis(1600);
/// Longest delay of an answer: just within the operator's limit of 2 s.
const SLOWEST: u64 = 1800;

#[tokio::test]
async fn whenever_it_dies_the_next_one_ends_what_was_begun() {
    let seed = std::env::var("DC_TEST_SEED").map_or_else(|_| fastrand::u64(..), |text| text.parse().unwrap());
    support::figure(&format!("DC_TEST_SEED={seed}"));
    let start = Instant::now();
    let (world, proxy) = World::behind_proxy_in(&GROUP).await;
    world.cloud.settings(json!({ "distinct_locations": false, "quotas": { "virtual_gateways": 100, "virtual_interfaces": 100 } })).await;
    let foreign = foreign(&world.cloud).await;

    let mut user = User::new(seed);
    let mut rng = Rng::with_seed(seed ^ 1);
    for _ in 0..KILLS {
        let mut operator = start_operator(&world.plane, "killed", &[]).await;
        let end = Instant::now() + LIFE.mul_f64(rng.f64());
        while Instant::now() < end {
            user.act(&world).await;
            if rng.u8(..4) == 0 {
                world.cloud.fault(fault(&mut rng)).await;
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
        "{KILLS} kills in {stormy:?}, settled after {:?}; {} objects applied {} times, {} changes, {} deletions, {} there at the end",
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
fn fault(rng: &mut Rng) -> Value {
    const WRITES: [&str; 10] = [
        "CreateVirtualGateway",
        "CreateVirtualInterface",
        "CreateVifPeer",
        "CreateVirtualInterface",
        "UpdateVirtualGateway",
        "UpdateVirtualInterface",
        "UpdateVifPeer",
        "DeleteVirtualGateway",
        "DeleteVirtualInterface",
        "DeleteVifPeer",
    ];
    const LISTS: [&str; 2] = ["ListVirtualGateways", "ListVirtualInterfaces"];
    let mut operation = if rng.u8(..4) == 0 { LISTS[rng.usize(..2)] } else { WRITES[rng.usize(..WRITES.len())] };
    let mut fault = match rng.u8(..20) {
        0..6 => json!({ "kind": "lose_answer" }),
        6..8 => json!({ "kind": "reset_before" }),
        8..10 => json!({ "kind": "status", "status": 500, "code": "DC.9999", "message": "failed" }),
        10..12 => json!({ "kind": "status", "status": 503, "code": "APIGW.0613", "message": "away" }),
        12..14 => json!({ "kind": "garbage", "format": "truncated" }),
        14 => {
            // Throttled reads pause the account for a minute, which only a kill ends: few.
            operation = LISTS[rng.usize(..2)];
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
struct User {
    rng: Rng,
    wishes: [Wish; GATEWAYS + INTERFACES + PEERS],
    /// How often each object was made anew.
    applied: BTreeMap<String, usize>,
    changes: usize,
    deletions: usize,
}

impl User {
    fn new(seed: u64) -> Self {
        Self {
            rng: Rng::with_seed(seed),
            wishes: [Wish::Absent; GATEWAYS + INTERFACES + PEERS],
            applied: BTreeMap::new(),
            changes: 0,
            deletions: 0,
        }
    }

    /// One act on an object that chance picks.
    async fn act(&mut self, world: &World) {
        let number = self.rng.usize(..self.wishes.len());
        match self.wishes[number] {
            Wish::Absent if parent(number).is_none_or(|parent| self.stands(parent)) => self.apply(world, number).await,
            Wish::Absent => {}
            Wish::Present if self.rng.u8(..10) == 0 => self.delete(world, number).await,
            Wish::Present => {
                self.changes += 1;
                let (kind, name) = called(number);
                let description = format!("change {}", self.changes);
                world.patch(kind, &name, json!({ "spec": { "description": description } })).await;
            }
            Wish::Going => self.look_whether_gone(world, number).await,
        }
    }

    /// Whether an object and all that it hangs on stay or will come: on what goes nothing new is hung.
    fn stands(&self, number: usize) -> bool {
        self.wishes[number] != Wish::Going && parent(number).is_none_or(|parent| self.stands(parent))
    }

    async fn apply(&mut self, world: &World, number: usize) {
        let (kind, name) = called(number);
        *self.applied.entry(name.clone()).or_default() += 1;
        self.wishes[number] = Wish::Present;
        world.apply(&json!({ "apiVersion": API_VERSION, "kind": kind, "metadata": { "name": name }, "spec": spec(number) })).await;
    }

    /// Deletes an object and all that hang on it, in any order.
    async fn delete(&mut self, world: &World, number: usize) {
        let mut going: Vec<usize> = (0..self.wishes.len()).filter(|other| parent_id(*other, number)).collect();
        going.retain(|other| self.wishes[*other] == Wish::Present);
        self.rng.shuffle(&mut going);
        for number in going {
            self.wishes[number] = Wish::Going;
            self.deletions += 1;
            let (kind, name) = called(number);
            world.delete(kind, &name).await;
        }
    }

    async fn look_whether_gone(&mut self, world: &World, number: usize) {
        let (kind, name) = called(number);
        if world.api(kind).get_opt(&name).await.unwrap().is_none() {
            self.wishes[number] = Wish::Absent;
        }
    }

    /// What is there needs what it hangs on.
    async fn make_whole(&mut self, world: &World) {
        let missing = |user: &Self| {
            (0..user.wishes.len()).find(|number| {
                let needed = |other: usize| user.wishes[other] == Wish::Present && parent(other) == Some(*number);
                user.wishes[*number] == Wish::Absent && (0..user.wishes.len()).any(needed)
            })
        };
        while let Some(number) = missing(self) {
            self.apply(world, number).await;
        }
    }
}

/// Numbers run through the gateways, then the interfaces, then the peers.
fn called(number: usize) -> (&'static str, String) {
    if number < GATEWAYS {
        (LINE[0], format!("gateway-{number}"))
    } else if number < GATEWAYS + INTERFACES {
        (LINE[1], format!("interface-{number}"))
    } else {
        (LINE[2], format!("peer-{number}"))
    }
}

/// The interface of a peer, the gateway of an interface.
fn parent(number: usize) -> Option<usize> {
    match number {
        0..GATEWAYS => None,
        _ if number < GATEWAYS + INTERFACES => Some((number - GATEWAYS) % GATEWAYS),
        _ => Some(number - PEERS),
    }
}

fn parent_id(number: usize, other: usize) -> bool {
    number == other || parent(number).is_some_and(|parent| parent_id(parent, other))
}

/// Gateways of a router have no natural key, and no IPv6: the peers are elsewhere.
fn spec(number: usize) -> Value {
    let third = number + 1;
    match called(number).0 {
        "VirtualGateway" if (5..10).contains(&number) => json!({ "enterpriseRouterId": "00000000-0000-4000-8000-000000000201" }),
        "VirtualGateway" => json!({
            "vpcId": format!("00000000-0000-4000-8000-0000000003{number:02}"),
            "localEpGroup": [format!("172.16.{third}.0/24")], "localEpGroupIpv6": [format!("fd00:{third}::/64")],
        }),
        "VirtualInterface" => json!({
            "connectionId": if number.is_multiple_of(3) { LINE_A } else { LINE_B }, "vlan": 100 + number, "bandwidth": 50,
            "virtualGatewayRef": { "name": called(parent(number).unwrap()).1 }, "routeMode": "static",
            "localGatewayIp": format!("10.0.{third}.1/30"), "remoteGatewayIp": format!("10.0.{third}.2/30"),
            "remoteEpGroup": [format!("10.1.{third}.0/24")],
        }),
        _ => json!({
            "virtualInterfaceRef": { "name": called(parent(number).unwrap()).1 }, "addressFamily": "ipv6", "routeMode": "static",
            "localGatewayIp": format!("fd01:{third}::1/64"), "remoteGatewayIp": format!("fd01:{third}::2/64"),
            "remoteEpGroup": [format!("fd02:{third}::/64")],
        }),
    }
}

/// Waits until each object is Ready or gone, and returns those that are there.
async fn settled(world: &World, operator: &Operator) -> BTreeMap<(&'static str, String), Value> {
    let start = Instant::now();
    loop {
        let mut there = BTreeMap::new();
        for kind in LINE {
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
    assert!(made.len() > applied.len() / 2, "most of what was applied came to be: {made:?} of {applied:?}");
    for (name, times) in made {
        assert!(applied[&name] >= times, "{name} was applied {} times and made {times} times", applied[&name]);
    }
}

fn ids(states: &BTreeMap<(&'static str, String), Value>) -> BTreeSet<String> {
    states.values().map(|object| object["status"]["id"].as_str().expect("what is ready has an id").to_owned()).collect()
}

/// Ids of gateways, interfaces and second peers. An interface's own peer comes with it and is nobody's.
async fn in_the_cloud(cloud: &Simulator) -> BTreeSet<String> {
    let interfaces = cloud.all("virtual_interfaces").await;
    let peers = interfaces.iter().flat_map(|interface| interface["vif_peers"].as_array().unwrap().iter().skip(1));
    let all = cloud.all("virtual_gateways").await.into_iter().chain(peers.cloned()).chain(interfaces.clone());
    all.map(|resource| resource["id"].as_str().unwrap().to_owned()).collect()
}

/// Three resources of somebody else.
async fn foreign(cloud: &Simulator) -> BTreeSet<String> {
    let gateway = json!({ "name": "gateway-1", "vpc_id": "00000000-0000-4000-8000-000000000900", "local_ep_group": ["172.31.0.0/24"] });
    let gateway = cloud.create("virtual_gateway", gateway).await;
    let router = json!({ "name": "foreign", "enterprise_router_id": "00000000-0000-4000-8000-000000000201" });
    cloud.create("virtual_gateway", router).await;
    let interface = json!({
        "name": "interface-20", "direct_connect_id": LINE_A, "vgw_id": gateway["id"], "vlan": 900, "bandwidth": 50, "route_mode": "static",
        "type": "private", "service_type": "VGW", "local_gateway_v4_ip": "10.0.200.1/30", "remote_gateway_v4_ip": "10.0.200.2/30",
        "remote_ep_group": ["10.200.0.0/24"],
    });
    cloud.create("virtual_interface", interface).await;
    in_the_cloud(cloud).await
}

/// Whether a call is about one of `foreign`.
fn names_one(entry: &Value, foreign: &BTreeSet<String>) -> bool {
    entry["path"].as_str().unwrap().split('/').any(|part| foreign.contains(part))
}

fn calls(counters: &Value) -> String {
    let each = counters.as_object().unwrap().iter();
    each.map(|(operation, counter)| format!("{operation} {}", counter["total"])).collect::<Vec<_>>().join(", ")
}
