//! Somebody who changes the same field again and again, and corrections that do not go through at once.

use serde_json::{Value, json};

use super::support::line::{gateway, id, interface};
use super::support::world::{World, condition, is};

/// So many corrections within an hour are a fight.
const LIMIT: usize = 5;

/// Somebody sets a field until the operator gives in, and once more.
async fn fight(world: &World, kind: &str, name: &str, field: &str, change: &Value, update: &str) -> Value {
    let cloud = id(&world.wait_ready(kind, name).await);
    for round in 1..=LIMIT {
        world.cloud.patch(&cloud, change.clone()).await;
        world.look(kind, name).await;
        world.wait_ready(kind, name).await;
        assert_eq!(world.told(kind, name, "DriftCorrected", round).await.len(), round);
    }
    let before = world.cloud.count(update).await;
    world.cloud.patch(&cloud, change.clone()).await;
    let stalled = world.look(kind, name).await;
    assert!(is(&stalled, "Stalled", "True") && is(&stalled, "Synced", "False"), "{stalled:#}");
    let ready = condition(&stalled, "Ready").unwrap();
    assert_eq!(ready["reason"], "Drifted", "{stalled:#}");
    assert!(ready["message"].as_str().unwrap().starts_with(field), "{ready}");
    assert_eq!(stalled["status"]["drift"][0]["path"], json!(format!("spec.{field}")));
    world.look(kind, name).await;
    assert_eq!(world.cloud.count(update).await, before, "no further call goes out");
    assert_eq!(world.told(kind, name, "Drifted", 1).await.len(), 1);
    stalled
}

#[tokio::test]
async fn a_fight_is_given_up_and_the_field_may_be_left_to_the_other() {
    let world = World::new().await;
    world.apply(&gateway("gw", 1)).await;
    fight(&world, "VirtualGateway", "gw", "name", &json!({ "name": "theirs" }), "UpdateVirtualGateway").await;
    let before = world.cloud.count("UpdateVirtualGateway").await;
    world.patch("VirtualGateway", "gw", json!({ "spec": { "policy": { "ignoreFields": ["name"] } } })).await;
    let ready = world.wait_ready("VirtualGateway", "gw").await;
    assert_eq!(ready["status"]["observed"]["name"], "theirs");
    assert_eq!(world.cloud.count("UpdateVirtualGateway").await, before);
    world.finish().await;
}

#[tokio::test]
async fn a_fight_is_given_up_and_ends_with_a_change_of_the_spec() {
    let world = World::new().await;
    world.apply(&gateway("gw", 1)).await;
    world.apply(&interface("vif", "gw", 30)).await;
    fight(&world, "VirtualInterface", "vif", "bandwidth", &json!({ "bandwidth": 99 }), "UpdateVirtualInterface").await;
    world.patch("VirtualInterface", "vif", json!({ "spec": { "bandwidth": 70 } })).await;
    let ready = world.wait_ready("VirtualInterface", "vif").await;
    assert_eq!(ready["status"]["observed"]["bandwidth"], 70);
    assert!(condition(&ready, "Stalled").is_none() && ready["status"]["drift"].is_null(), "{ready:#}");
    // The value of the other taken into the spec is the other way out, and needs no call.
    world.cloud.patch(&id(&ready), json!({ "bandwidth": 99 })).await;
    world.look("VirtualInterface", "vif").await;
    world.wait_reason("VirtualInterface", "vif", "Drifted").await;
    let before = world.cloud.count("UpdateVirtualInterface").await;
    world.patch("VirtualInterface", "vif", json!({ "spec": { "bandwidth": 99 } })).await;
    world.wait_ready("VirtualInterface", "vif").await;
    assert_eq!(world.cloud.count("UpdateVirtualInterface").await, before);
    world.finish().await;
}

#[tokio::test]
async fn a_correction_that_fails_first_is_told_once_all_the_same() {
    let world = World::new().await;
    world.apply(&gateway("gw", 1)).await;
    let cloud = id(&world.wait_ready("VirtualGateway", "gw").await);
    let away = json!({ "operation": "UpdateVirtualGateway", "kind": "status", "status": 503, "code": "APIGW.0613", "message": "away" });
    world.cloud.fault(away).await;
    world.cloud.patch(&cloud, json!({ "name": "theirs" })).await;
    world.look("VirtualGateway", "gw").await;
    world.wait_ready("VirtualGateway", "gw").await;
    assert_eq!(world.cloud.count("UpdateVirtualGateway").await, 2);
    for reason in ["DriftDetected", "DriftCorrected"] {
        assert!(world.told("VirtualGateway", "gw", reason, 1).await[0].contains("name"), "{reason}");
    }
    world.finish().await;
}
