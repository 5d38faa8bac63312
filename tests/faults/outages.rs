//! What the operator stands on goes away for a while: the cloud, the API server, etcd, its credentials. It waits with few calls, and when
//! all is back it goes on by itself, with nothing made twice.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use support::eventually;
use support::group::Group;
use support::line::{interface, object, peer};
use support::proxy::Proxy;
use support::simulator::SECRET_KEY;
use support::world::{BOUND, World, condition, is};
use tokio::sync::RwLock;

/// Its API server and its etcd go away.
static GROUP: Group = Group::new();

/// How long the cloud is away.
const OUTAGE: Duration = Duration::from_secs(25);
/// How long the credentials are wrong.
const WRONG_KEY: Duration = Duration::from_secs(10);
/// Calls a minute to a cloud that is away, for a handful of objects.
const CALLS_A_MINUTE: u64 = 40;

/// Who stops a part of the control plane holds it for writing: the others could not speak to it.
static CONTROL_PLANE: RwLock<()> = RwLock::const_new(());

fn gateway(number: u8) -> Value {
    let spec = json!({
        "vpcId": format!("00000000-0000-4000-8000-0000000004{number:02}"),
        "localEpGroup": [format!("172.16.{number}.0/24")], "localEpGroupIpv6": [format!("fd00:{}::/64", number + 1)],
    });
    object("VirtualGateway", &format!("gw-{number}"), &spec)
}

/// A handful of objects, all of them Ready.
async fn settled() -> (World, Proxy) {
    let (world, proxy) = World::behind_proxy_in(&GROUP).await;
    GROUP.operator().await;
    world.cloud.settings(json!({ "quotas": { "virtual_gateways": 20 } })).await;
    for object in [gateway(0), gateway(1), interface("vif", "gw-0", 50), peer("peer", "vif")] {
        world.apply(&object).await;
    }
    for (kind, name) in [("VirtualGateway", "gw-1"), ("VirtualInterface", "vif"), ("Peer", "peer")] {
        world.wait_ready(kind, name).await;
    }
    (world, proxy)
}

async fn describe(world: &World, kind: &str, name: &str, description: &str) {
    world.patch(kind, name, json!({ "spec": { "description": description } })).await;
}

/// A change to what is there arrives, something new comes to be, and nothing was made twice.
async fn check_recovered(world: &World) {
    describe(world, "VirtualGateway", "gw-0", "after").await;
    world.apply(&gateway(99)).await;
    world.wait_ready("VirtualGateway", "gw-99").await;
    let changed = world.wait_ready("VirtualGateway", "gw-0").await;
    let shown = world.cloud.find(changed["status"]["id"].as_str().unwrap()).await.unwrap();
    assert_eq!(shown["description"], "after");
    let mut made: BTreeMap<String, usize> = BTreeMap::new();
    for entry in world.cloud.log().await.iter().filter(|entry| entry["committed"] == true) {
        if entry["operation"].as_str().unwrap().starts_with("CreateV") {
            let body = entry["request_body"].as_object().unwrap();
            *made.entry(body.values().map(|resource| resource["name"].to_string()).collect()).or_default() += 1;
        }
    }
    assert!(made.len() >= 3 && made.values().all(|times| *times == 1), "{made:?}");
    world.finish().await;
}

/// The cloud is away while objects change and come; both are done once it is back. Bounds the calls meanwhile.
async fn sit_out(world: &World, proxy: &Proxy, outage: &str) {
    let (before, start) = (proxy.cloud_calls(), Instant::now());
    describe(world, "VirtualInterface", "vif", "during").await;
    describe(world, "Peer", "peer", "during").await;
    world.apply(&gateway(2)).await;
    let told = world.wait_reason("VirtualInterface", "vif", "CloudUnavailable").await;
    assert!(is(&told, "Reconciling", "True") && condition(&told, "Stalled").is_none(), "{told:#}");
    tokio::time::sleep(OUTAGE.saturating_sub(start.elapsed())).await;
    let (calls, seconds) = (proxy.cloud_calls() - before, start.elapsed().as_secs());
    support::figure(&format!("{outage}: {calls} calls in {seconds} s"));
    assert!(calls * 60 / seconds <= CALLS_A_MINUTE, "{outage}: {calls} calls in {seconds} s");
    assert!(calls > 0, "it goes on trying");
}

/// What was asked of the cloud while something else was away.
fn calls_meanwhile(proxy: &Proxy, before: u64, start: Instant, outage: &str) {
    let (calls, seconds) = (proxy.cloud_calls() - before, start.elapsed().as_secs().max(1));
    support::figure(&format!("{outage}: {calls} calls to the cloud in {seconds} s"));
    // The rhythm of lists while something settles is faster here than anywhere: 200 ms to 1 s, of two collections; and a handful for the changes.
    assert!(calls <= 20 + 10 * seconds, "{outage}: {calls} calls in {seconds} s");
}

async fn check_caught_up(world: &World, outage: &str) {
    let start = Instant::now();
    for (kind, name) in [("VirtualInterface", "vif"), ("Peer", "peer"), ("VirtualGateway", "gw-2")] {
        world.wait_ready(kind, name).await;
    }
    support::figure(&format!("{outage}: all was caught up with {:?} after its end", start.elapsed()));
    check_recovered(world).await;
}

#[tokio::test]
async fn a_cloud_that_refuses_all_is_asked_rarely() {
    let _turn = CONTROL_PLANE.read().await;
    let (world, proxy) = settled().await;
    let refuse = json!({ "operation": "*", "kind": "status", "status": 503, "code": "APIGW.0613", "message": "away", "times": 100_000 });
    world.cloud.fault(refuse).await;
    sit_out(&world, &proxy, "503").await;
    assert_eq!(world.get("VirtualInterface", "vif").await["status"]["lastError"]["code"], "APIGW.0613");
    world.cloud.clear_faults().await;
    check_caught_up(&world, "503").await;
}

#[tokio::test]
async fn a_cloud_that_answers_nothing_is_asked_rarely() {
    let _turn = CONTROL_PLANE.read().await;
    let (world, proxy) = settled().await;
    world.cloud.pause();
    sit_out(&world, &proxy, "silence").await;
    world.cloud.resume();
    check_caught_up(&world, "silence").await;
}

#[tokio::test]
async fn a_key_that_no_longer_fits_is_told_and_a_fitting_one_taken_up() {
    let _turn = CONTROL_PLANE.read().await;
    let (world, proxy) = settled().await;
    world.access_key_secret("wrong").await;
    for (kind, name) in [("VirtualGateway", "gw-0"), ("VirtualInterface", "vif"), ("Peer", "peer")] {
        world.wait_reason(kind, name, "CredentialsRejected").await;
    }
    describe(&world, "VirtualInterface", "vif", "during").await;
    world.apply(&gateway(2)).await;
    world.wait_reason("VirtualGateway", "gw-2", "CredentialsRejected").await;
    let before = proxy.cloud_calls();
    tokio::time::sleep(WRONG_KEY).await;
    let calls = proxy.cloud_calls() - before;
    support::figure(&format!("wrong key: {calls} calls in {WRONG_KEY:?} once it was told"));
    assert!(calls <= 1, "the cloud locks an account after a few wrong keys");
    world.access_key_secret(SECRET_KEY).await;
    eventually("the account is ready again", BOUND, || async { is(&world.get_account().await, "Ready", "True").then_some(()) }).await;
    check_caught_up(&world, "wrong key").await;
}

#[tokio::test]
async fn an_api_server_that_restarts_in_the_midst_of_it() {
    let _turn = CONTROL_PLANE.write().await;
    let (world, proxy) = settled().await;
    let (calls, start) = (proxy.cloud_calls(), Instant::now());
    // What is under way outlasts the API server.
    world.cloud.settings(json!({ "settle_ms": { "create": 3000, "update": 3000, "virtual_gateway": { "create": 3000 } } })).await;
    describe(&world, "VirtualInterface", "vif", "during").await;
    describe(&world, "Peer", "peer", "during").await;
    world.apply(&gateway(2)).await;
    eventually("the create has arrived", BOUND, || async { (world.cloud.all("virtual_gateways").await.len() == 3).then_some(()) }).await;
    world.plane.restart_apiserver().await;
    calls_meanwhile(&proxy, calls, start, "restart of the API server");
    check_caught_up(&world, "restart of the API server").await;
}

#[tokio::test]
async fn an_etcd_that_stands_still_now_and_then() {
    let _turn = CONTROL_PLANE.write().await;
    let (world, proxy) = settled().await;
    let (calls, start) = (proxy.cloud_calls(), Instant::now());
    for round in 2..5 {
        world.apply(&gateway(round)).await;
        world.plane.pause_etcd();
        let changes =
            futures::future::join(describe(&world, "VirtualInterface", "vif", "during"), describe(&world, "Peer", "peer", "during"));
        let standstill = async {
            tokio::time::sleep(Duration::from_secs(4)).await;
            world.plane.resume_etcd();
        };
        futures::future::join(changes, standstill).await;
        world.wait_ready("VirtualGateway", &format!("gw-{round}")).await;
    }
    calls_meanwhile(&proxy, calls, start, "standstill of etcd");
    check_caught_up(&world, "standstill of etcd").await;
}

#[tokio::test]
async fn a_watch_whose_past_was_forgotten_is_begun_anew() {
    let _turn = CONTROL_PLANE.write().await;
    let (world, proxy) = settled().await;
    let (calls, start) = (proxy.cloud_calls(), Instant::now());
    let expired = || GROUP.log().matches("Expired").count();
    let before = expired();
    // Revisions that the operator's watches know nothing of.
    for number in 0..20 {
        let map = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": format!("past-{number}") } });
        world.apply(&map).await;
    }
    world.plane.compact_etcd().await;
    world.plane.restart_apiserver().await;
    eventually("a watch is refused for its age", BOUND, || async { (expired() > before).then_some(()) }).await;
    describe(&world, "VirtualInterface", "vif", "during").await;
    world.apply(&gateway(2)).await;
    calls_meanwhile(&proxy, calls, start, "forgotten revisions");
    check_caught_up(&world, "forgotten revisions").await;
}
