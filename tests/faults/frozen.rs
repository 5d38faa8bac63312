//! Connections that die without a word: they stay open and carry nothing.

use serde_json::json;
use std::sync::Arc;
use support::controlplane::ControlPlane;
use support::eventually;
use support::line::gateway;
use support::simulator::Simulator;
use support::world::{BOUND, World, condition, is, start_operator};

/// The cloud by TLS and HTTP/2, where all calls of an account share one connection.
#[tokio::test]
async fn a_frozen_connection_to_the_cloud_is_given_up() {
    let plane = Arc::new(ControlPlane::start().await);
    plane.install_crds();
    let world = World::on(Arc::clone(&plane), "frozen").await;
    let (mut cloud, certificate) = Simulator::start_with_tls(plane.dir(), "tls").await;
    cloud.settings(json!({ "settle_ms": { "create": 300, "update": 200, "delete": 300 } })).await;
    world.furnish_with(&json!({ "endpoints": { "dc": cloud.url(), "iam": cloud.url(), "caBundle": certificate } })).await;
    let limits = ["--breaker-rest", "200ms", "--breaker-rest-max", "1s"];
    let operator = start_operator(&plane, "frozen", &limits).await;
    world.apply(&gateway("gw", 1)).await;
    world.wait_ready("VirtualGateway", "gw").await;

    // At rest: the next change needs a connection.
    cloud.freeze_connections().await;
    world.patch("VirtualGateway", "gw", json!({ "spec": { "description": "at rest" } })).await;
    world.wait_ready("VirtualGateway", "gw").await;
    assert_eq!(cloud.all("virtual_gateways").await[0]["description"], "at rest");

    // With a call under way.
    cloud.fault(json!({ "operation": "UpdateVirtualGateway", "kind": "late_answer", "ms": 1000 })).await;
    world.patch("VirtualGateway", "gw", json!({ "spec": { "description": "under way" } })).await;
    eventually("the call is under way", BOUND, || async { (cloud.faults_to_come("UpdateVirtualGateway").await == 0).then_some(()) }).await;
    cloud.freeze_connections().await;
    world.wait_ready("VirtualGateway", "gw").await;
    assert_eq!(cloud.all("virtual_gateways").await[0]["description"], "under way");

    // A cloud that does not answer at all: the account says so, its objects stay as they are, and it comes back by itself.
    let before = world.get("VirtualGateway", "gw").await["metadata"]["resourceVersion"].clone();
    cloud.pause();
    let unanswered = |account: &serde_json::Value| is(account, "Ready", "False");
    eventually("the account says that the cloud does not answer", BOUND * 3, || async {
        let account = world.get_account().await;
        unanswered(&account).then(|| {
            let ready = condition(&account, "Ready").unwrap();
            assert!(ready["message"].as_str().unwrap().starts_with("the cloud has not answered since "), "{ready}");
            assert!(["EndpointUnreachable", "CloudUnavailable"].contains(&ready["reason"].as_str().unwrap()), "{ready}");
        })
    })
    .await;
    assert_eq!(world.get("VirtualGateway", "gw").await["metadata"]["resourceVersion"], before, "no object was touched");
    cloud.resume();
    eventually("the account is ready again", BOUND, || async { is(&world.get_account().await, "Ready", "True").then_some(()) }).await;
    drop(operator);
}
