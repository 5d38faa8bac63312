//! A process that is told to end, and one that begins anew. What becomes of one that is killed is for `sweep` and `kills`. It has a control plane of its own: its operators would meet those of other tests.

use serde_json::{Value, json};
use std::time::{Duration, Instant};
use support::eventually;
use support::group::Group;
use support::world::{API_VERSION, BOUND, World, start_operator};
use tokio::sync::Mutex;

/// Operators that come and go.
static GROUP: Group = Group::new();

/// Each test has operators of its own, which would take up the other's objects, too.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

fn gateway() -> Value {
    json!({
        "apiVersion": API_VERSION, "kind": "VirtualGateway", "metadata": { "name": "gw" },
        "spec": { "vpcId": "00000000-0000-4000-8000-000000000107", "localEpGroup": ["172.16.0.0/24"] },
    })
}

async fn create_under_way(world: &World) {
    eventually("the create is under way", BOUND, || async {
        let object = world.get("VirtualGateway", "gw").await;
        object["status"]["intent"].is_object().then_some(())
    })
    .await;
}

/// A process that is told to end waits for the answer it has asked for and writes the id down.
#[tokio::test]
async fn an_operator_that_is_told_to_end_takes_its_answer_first() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let world = World::without_operator_in(&GROUP).await;
    let mut first = start_operator(&world.plane, "drained", &[]).await;
    world.cloud.fault(json!({ "operation": "CreateVirtualGateway", "kind": "delay", "ms": 1500 })).await;
    world.apply(&gateway()).await;
    create_under_way(&world).await;
    // The intent is written just before the create is sent: by now it is on its way.
    eventually("the cloud has the create in hand", BOUND, || async { first.log().contains("step=\"create\"").then_some(()) }).await;
    let told = Instant::now();
    assert!(first.stop(), "it ends by itself");
    assert!(told.elapsed() < Duration::from_secs(10), "{:?}", told.elapsed());
    let object = world.get("VirtualGateway", "gw").await;
    let there = world.cloud.all("virtual_gateways").await;
    assert_eq!((there.len(), &there[0]["id"]), (1, &object["status"]["id"]), "{object:#}");
    assert!(object["status"]["intent"].is_null(), "{object:#}");
    let _second = start_operator(&world.plane, "after-drained", &[]).await;
    world.wait_ready("VirtualGateway", "gw").await;
    assert_eq!(world.cloud.count("CreateVirtualGateway").await, 1);
    world.finish().await;
}

/// A process that begins anew finds all as it was: nothing is written, in the cloud or to the API server, but for what changed.
#[tokio::test]
async fn a_restart_writes_nothing() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let world = World::without_operator_in(&GROUP).await;
    let mut first = start_operator(&world.plane, "before-restart", &[]).await;
    world.apply(&gateway()).await;
    let mut touched = gateway();
    touched["metadata"]["name"] = json!("touched");
    touched["spec"]["vpcId"] = json!("00000000-0000-4000-8000-000000000108");
    world.apply(&touched).await;
    let id = world.wait_ready("VirtualGateway", "gw").await["status"]["id"].clone();
    world.wait_ready("VirtualGateway", "touched").await;
    // One that names a gateway by its id: what stands behind that must be looked up first.
    world
        .apply(&json!({
            "apiVersion": API_VERSION, "kind": "VirtualInterface", "metadata": { "name": "vif" },
            "spec": {
                "connectionId": support::simulator::LINE_A, "virtualGatewayId": id, "vlan": 70, "bandwidth": 50, "routeMode": "static",
                "localGatewayIp": "10.0.0.1/30", "remoteGatewayIp": "10.0.0.2/30", "remoteEpGroup": ["10.1.0.0/24"],
            },
        }))
        .await;
    world.wait_ready("VirtualInterface", "vif").await;
    assert!(first.stop(), "it ends by itself");
    let (before, calls) = (world.plane.writes(&world.namespace).len(), world.cloud.log().await.len());
    let _second = start_operator(&world.plane, "after-restart", &[]).await;
    // That this one is taken up shows that the others were looked at, too: all were woken by the same listing.
    world.patch("VirtualGateway", "touched", json!({ "spec": { "description": "new" } })).await;
    world.wait_ready("VirtualGateway", "touched").await;
    let calls: Vec<Value> = world.cloud.log().await.split_off(calls);
    let written: Vec<&Value> = calls.iter().filter(|entry| entry["method"] != "GET").map(|entry| &entry["operation"]).collect();
    assert_eq!(written, ["UpdateVirtualGateway"]);
    let others: Vec<String> = world.plane.writes(&world.namespace)[before..]
        .iter()
        .filter(|entry| entry["objectRef"]["resource"] != "events" && entry["objectRef"]["name"] != "touched")
        .map(|entry| format!("{} {} {}", entry["verb"], entry["objectRef"]["resource"], entry["objectRef"]["name"]))
        .collect();
    assert!(others.is_empty(), "{others:?}");
    world.finish().await;
}

/// Two operators that look after one namespace each, and an account and a Secret that both need: neither takes away what the other holds.
#[tokio::test]
async fn operators_of_different_namespaces_share_an_account() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let world = World::without_operator_in(&GROUP).await;
    let team = world.neighbour("team", json!({})).await;
    let _ours = start_operator(&world.plane, "ours", &["--shard", "ours", "--watch-namespaces", &world.namespace]).await;
    let _theirs = start_operator(&world.plane, "theirs", &["--shard", "theirs", "--watch-namespaces", &team.namespace]).await;
    world.apply(&gateway()).await;
    let mut theirs = gateway();
    theirs["spec"]["vpcId"] = json!("00000000-0000-4000-8000-000000000109");
    team.apply(&theirs).await;
    for namespace in [&world, &team] {
        namespace.wait_ready("VirtualGateway", "gw").await;
    }
    let kept = |object: Value| object["metadata"]["finalizers"].as_array().map_or(0, Vec::len);
    eventually("both keep the account", BOUND, || async { (kept(world.get_account().await) == 2).then_some(()) }).await;
    let secrets = support::world::api(&world.client, Some(&world.namespace), "v1", "Secret");
    let secret = || async { serde_json::to_value(secrets.get("credentials").await.unwrap()).unwrap() };
    eventually("both keep the Secret", BOUND, || async { (kept(secret().await) == 2).then_some(()) }).await;

    world.plane.kubectl(&["delete", "cloudaccount", &world.namespace, "--wait=false"]);
    world.clear().await;
    eventually("the first lets the account go", BOUND, || async { (kept(world.get_account().await) == 1).then_some(()) }).await;
    eventually("and its Secret", BOUND, || async { (kept(secret().await) == 1).then_some(()) }).await;
    // The other works on as if nothing had happened.
    team.patch("VirtualGateway", "gw", json!({ "spec": { "description": "still here" } })).await;
    team.wait_ready("VirtualGateway", "gw").await;
    team.clear().await;
    let accounts = support::world::api(&world.client, None, API_VERSION, "CloudAccount");
    eventually("the account is gone", BOUND, || async { accounts.get_opt(&world.namespace).await.unwrap().is_none().then_some(()) }).await;
    assert!(world.cloud.is_empty().await, "{}", world.cloud.resources().await);
}

/// A Secret that is being deleted is held by its finalizer alone: a process that begins anew must not take that for a leftover.
#[tokio::test]
async fn a_secret_in_deletion_is_kept_over_a_restart() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let world = World::without_operator_in(&GROUP).await;
    let mut first = start_operator(&world.plane, "keeps", &[]).await;
    world.apply(&gateway()).await;
    world.wait_ready("VirtualGateway", "gw").await;
    let secrets = support::world::api(&world.client, Some(&world.namespace), "v1", "Secret");
    let is_kept = || async { secrets.get_opt("credentials").await.unwrap().is_some_and(|secret| secret.metadata.finalizers.is_some()) };
    eventually("the Secret is kept", BOUND, || async { is_kept().await.then_some(()) }).await;
    world.plane.kubectl(&["delete", "secret", "credentials", "-n", &world.namespace, "--wait=false"]);
    assert!(first.stop(), "it ends by itself");
    let _second = start_operator(&world.plane, "keeps-on", &[]).await;
    world.patch("VirtualGateway", "gw", json!({ "spec": { "description": "after" } })).await;
    world.wait_ready("VirtualGateway", "gw").await;
    assert!(is_kept().await, "an object still needs it");
    world.clear().await;
    eventually("the Secret is gone", BOUND, || async { secrets.get_opt("credentials").await.unwrap().is_none().then_some(()) }).await;
    assert!(world.cloud.is_empty().await, "{}", world.cloud.resources().await);
}
