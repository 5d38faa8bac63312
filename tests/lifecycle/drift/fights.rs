//! Somebody who changes the same field again and again, and corrections that do not go through at once.

use serde_json::{Value, json};
use std::time::Duration;

use support::eventually;
use support::line::{gateway, id, interface, with};
use support::world::{BOUND, World, condition, is};

/// So many corrections within an hour are a fight.
const LIMIT: usize = 5;

/// Somebody sets a field until the operator gives in, and once more.
async fn fight(world: &World, kind: &str, name: &str, field: &str, change: &Value, update: &str) -> Value {
    let cloud = id(&world.wait_ready(kind, name).await);
    for round in 1..=LIMIT {
        world.cloud.patch(&cloud, change.clone()).await;
        world.look(kind, name).await;
        world.wait_ready(kind, name).await;
        assert!(world.told(kind, name, "DriftCorrected", round).await[round - 1].contains(field), "{field}");
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
    assert!(world.told(kind, name, "Drifted", 1).await[0].contains(field), "{field}");
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

#[tokio::test]
async fn a_change_that_the_cloud_takes_and_does_not_make_is_not_sent_without_end() {
    let world = World::new().await;
    world.cloud.settings(json!({ "switches": { "u20_empty_description": "ignored" } })).await;
    world.apply(&with(gateway("gw", 1), &json!({ "description": "ours" }))).await;
    world.wait_ready("VirtualGateway", "gw").await;
    world.patch("VirtualGateway", "gw", json!({ "spec": { "description": "" } })).await;
    // It is sent more and more slowly, and then it is said that it does not stay.
    let stalled = world.wait_reason("VirtualGateway", "gw", "Drifted").await;
    assert!(condition(&stalled, "Ready").unwrap()["message"].as_str().unwrap().starts_with("description"), "{stalled:#}");
    assert_eq!(world.cloud.count("UpdateVirtualGateway").await, 1 + LIMIT as u64);
    // Another spec need not wait.
    world.patch("VirtualGateway", "gw", json!({ "spec": { "description": "new" } })).await;
    world.wait_ready("VirtualGateway", "gw").await;
    world.finish().await;
}

/// Quicker than any LIST: the operator never sees its own value, and so to itself never ends to correct once.
#[tokio::test]
async fn somebody_who_is_always_quicker_is_named_too() {
    let world = World::new().await;
    // The answer to a change says that it is being made; what becomes of it only a LIST shows.
    world.cloud.settings(json!({ "settle_ms": { "virtual_gateway": { "update": 150 } } })).await;
    world.apply(&gateway("gw", 1)).await;
    let cloud = id(&world.wait_ready("VirtualGateway", "gw").await);
    let rival = async {
        loop {
            if world.cloud.find(&cloud).await.is_some_and(|gateway| gateway["name"] == "gw") {
                world.cloud.patch(&cloud, json!({ "name": "theirs" })).await;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    // Where the other one was late once, there is another look.
    let stalled = async {
        loop {
            let object = world.look("VirtualGateway", "gw").await;
            if condition(&object, "Ready").unwrap()["reason"] == "Drifted" {
                return object;
            }
        }
    };
    let stalled = tokio::select! {
        () = rival => unreachable!(),
        stalled = tokio::time::timeout(BOUND, stalled) => stalled.expect("it is named within the bound"),
    };
    assert!(is(&stalled, "Stalled", "True") && stalled["status"]["drift"][0]["path"] == "spec.name", "{stalled:#}");
    let before = world.cloud.count("UpdateVirtualGateway").await;
    assert!(before <= 2 * LIMIT as u64, "{before}");
    world.look("VirtualGateway", "gw").await;
    assert_eq!(world.cloud.count("UpdateVirtualGateway").await, before);
    world.finish().await;
}

#[tokio::test]
async fn a_change_of_the_spec_overtakes_corrections_its_own_among_them() {
    let world = World::new().await;
    let names = ["a", "b", "c", "d", "e"];
    for (name, number) in names.into_iter().zip(1..) {
        world.apply(&gateway(name, number)).await;
    }
    let mut ids = Vec::new();
    for name in names {
        ids.push(id(&world.wait_ready("VirtualGateway", name).await));
    }
    // One write at once, and then one in 15 seconds.
    world.patch_account(json!({ "rateLimit": { "writesPerMinute": 4, "burst": 1 } })).await;
    for id in &ids {
        world.cloud.patch(id, json!({ "name": "theirs" })).await;
    }
    for name in names {
        world.ask("VirtualGateway", name, "1").await;
    }
    let theirs = async || {
        let all = world.cloud.all("virtual_gateways").await;
        all.iter().filter(|gateway| gateway["name"] == "theirs").map(|gateway| gateway["id"].clone()).collect::<Vec<_>>()
    };
    let waiting = eventually("the first is set back", BOUND, async || Some(theirs().await).filter(|left| left.len() == 4)).await;
    // The others stand in line by now, or will before the next write is due.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let place = ids.iter().position(|id| *id == waiting[0]).unwrap();
    world.patch("VirtualGateway", names[place], json!({ "spec": { "description": "changed" } })).await;
    eventually("the change is made", BOUND, || async {
        let gateway = world.cloud.find(&ids[place]).await?;
        (gateway["description"] == "changed").then_some(())
    })
    .await;
    let left = theirs().await;
    assert!(waiting[1..].iter().all(|id| left.contains(id)), "{left:?} of {waiting:?}");
    // What is deleted waits no more for its correction.
    world.patch_account(json!({ "rateLimit": { "writesPerMinute": 6000, "burst": 200 } })).await;
    world.finish().await;
}
