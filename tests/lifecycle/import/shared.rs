//! Two objects that import one resource: one has it, the other waits for its turn, and nothing is lost.

use serde_json::{Value, json};

use super::{NATURAL, import};
use support::line::{first_peer, gateway, id, interface, peer, with};
use support::world::{World, condition, is};

/// The second of two that import `cloud` stalls and names the first.
async fn second_stalls(world: &World, kind: &str, first: &str, second: &str) {
    let stalled = world.wait_reason(kind, second, "Conflict").await;
    assert!(is(&stalled, "Stalled", "True") && stalled["status"]["id"].is_null(), "{stalled:#}");
    let message = condition(&stalled, "Ready").unwrap()["message"].as_str().unwrap().to_owned();
    assert!(message.contains(&format!("{}/{first}", world.namespace)), "{message}");
}

async fn gone(world: &World, kind: &str, name: &str) {
    world.delete(kind, name).await;
    world.wait_gone(kind, name).await;
}

fn named(mut object: Value, name: &str) -> Value {
    object["metadata"]["name"] = json!(name);
    object
}

#[tokio::test]
async fn of_two_managers_the_second_stalls_and_deletes_nothing() {
    for by in ["id", NATURAL] {
        let world = World::new().await;
        let foreign = world.foreign_line(1, 30).await;
        let lines = [
            (with(peer("first", "vif"), &foreign.to_interface()), &foreign.second),
            (with(interface("first", "gw", 30), &foreign.to_gateway()), &foreign.interface),
            (gateway("first", 1), &foreign.gateway),
        ];
        for (object, cloud) in lines {
            let kind = object["kind"].as_str().unwrap();
            let object = with(object.clone(), &json!({ "import": import(by, cloud) }));
            world.apply(&object).await;
            world.wait_ready(kind, "first").await;
            world.apply(&named(object.clone(), "second")).await;
            second_stalls(&world, kind, "first", "second").await;
            world.look(kind, "second").await;
            second_stalls(&world, kind, "first", "second").await;
            gone(&world, kind, "second").await;
            let ready = world.look(kind, "first").await;
            assert!(is(&ready, "Ready", "True") && id(&ready) == *cloud, "{by}: {ready:#}");
            // The first takes it along; then there is nothing for a second by its id, and a new one by the natural key.
            world.apply(&named(object.clone(), "second")).await;
            second_stalls(&world, kind, "first", "second").await;
            gone(&world, kind, "first").await;
            if by == NATURAL {
                let ready = world.wait_ready(kind, "second").await;
                assert_ne!(id(&ready), *cloud);
            } else {
                world.wait_reason(kind, "second", "NotFound").await;
            }
            gone(&world, kind, "second").await;
        }
        assert!(world.cloud.is_empty().await, "{}", world.cloud.resources().await);
    }
}

#[tokio::test]
async fn of_two_observers_the_second_has_it_when_the_first_goes() {
    for by in ["id", NATURAL] {
        let world = World::new().await;
        let foreign = world.foreign_line(1, 30).await;
        let objects = [
            (gateway("first", 1), &foreign.gateway),
            (with(interface("first", "gw", 30), &foreign.to_gateway()), &foreign.interface),
            (with(first_peer("first", "vif"), &foreign.to_interface()), &foreign.first),
            (with(peer("first", "vif"), &foreign.to_interface()), &foreign.second),
        ];
        for (object, cloud) in objects {
            let kind = object["kind"].as_str().unwrap();
            let spec = json!({ "import": import(by, cloud), "policy": { "management": "ObserveOnly" }, "name": null });
            let object = with(object.clone(), &spec);
            world.apply(&object).await;
            world.wait(kind, "first", "observed", |object| object["status"]["id"] == json!(cloud)).await;
            world.apply(&named(object.clone(), "second")).await;
            second_stalls(&world, kind, "first", "second").await;
            gone(&world, kind, "first").await;
            world.wait(kind, "second", "has it now", |object| object["status"]["id"] == json!(cloud)).await;
            gone(&world, kind, "second").await;
        }
        super::nothing_written(&world).await;
    }
}

#[tokio::test]
async fn what_the_first_retains_the_second_takes() {
    let world = World::new().await;
    let object = with(gateway("first", 1), &json!({ "policy": { "deletion": "Retain" } }));
    world.apply(&object).await;
    let cloud = id(&world.wait_ready("VirtualGateway", "first").await);
    world.apply(&with(gateway("second", 1), &json!({ "import": { "id": cloud } }))).await;
    second_stalls(&world, "VirtualGateway", "first", "second").await;
    gone(&world, "VirtualGateway", "first").await;
    let ready = world.wait_ready("VirtualGateway", "second").await;
    assert_eq!(id(&ready), cloud);
    let owner = ready["status"]["observed"]["tags"]["direct-connect-operator-owner"].as_str().unwrap();
    assert!(owner.ends_with("/second"), "{owner}");
    assert_eq!(world.cloud.count("CreateVirtualGateway").await, 1);
    world.finish().await;
}
