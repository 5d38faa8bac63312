//! A process that dies at a bad moment. It has a control plane of its own: its operators would meet those of other tests.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/mod.rs"]
mod support;

use serde_json::json;
use support::eventually;
use support::world::{API_VERSION, BOUND, World, start_operator};

/// A process that dies right after the cloud has taken its create: the next one finds it.
#[tokio::test]
async fn a_killed_operator_takes_up_its_own_create() {
    let world = World::without_operator().await;
    let mut first = start_operator(&world.plane, "first", &[]).await;
    world.cloud.fault(json!({ "operation": "CreateVirtualGateway", "kind": "delay", "ms": 1500 })).await;
    world
        .apply(&json!({
            "apiVersion": API_VERSION, "kind": "VirtualGateway", "metadata": { "name": "gw" },
            "spec": { "vpcId": "00000000-0000-4000-8000-000000000107", "localEpGroup": ["172.16.0.0/24"] },
        }))
        .await;
    eventually("the create is under way", BOUND, || async {
        let object = world.get("VirtualGateway", "gw").await;
        object["status"]["intent"].is_object().then_some(())
    })
    .await;
    first.kill();
    let _second = start_operator(&world.plane, "second", &[]).await;
    let ready = world.wait_ready("VirtualGateway", "gw").await;
    let there = world.cloud.all("virtual_gateways").await;
    assert_eq!((there.len(), &there[0]["id"]), (1, &ready["status"]["id"]));
    world.finish().await;
}
