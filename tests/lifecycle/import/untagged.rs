//! Regions without tags: intents and natural keys carry it alone, and still nothing is made twice.

use serde_json::{Value, json};

use super::{NATURAL, OWNER_TAG};
use support::line::{gateway, id, interface, object, with};
use support::world::World;

const REFUSAL: &str = "The parameter tags is not supported.";

/// A create that says something of tags is refused, as a region without tags would.
fn refuses_tags(operation: &str) -> Value {
    json!({ "operation": operation, "kind": "status", "status": 400, "code": "DC.0001", "message": REFUSAL })
}

fn loses_answer(operation: &str, after: u32) -> Value {
    json!({ "operation": operation, "kind": "lose_answer", "after": after })
}

/// Creates of `operation` that the cloud carried out, and whether each named tags.
async fn created(world: &World, operation: &str) -> Vec<bool> {
    let log = world.cloud.log().await;
    let carried_out = log.iter().filter(|entry| entry["operation"] == operation && entry["committed"] == true);
    carried_out.map(|entry| entry["request_body"].to_string().contains("\"tags\"")).collect()
}

/// Gateway and interface come up, each by one create without tags.
async fn comes_up_without_tags(world: &World) {
    world.apply(&gateway("gw", 1)).await;
    world.apply(&interface("vif", "gw", 30)).await;
    for (kind, name, collection) in [("VirtualGateway", "gw", "virtual_gateways"), ("VirtualInterface", "vif", "virtual_interfaces")] {
        let ready = world.wait_ready(kind, name).await;
        let there = world.cloud.all(collection).await;
        assert_eq!((there.len(), &there[0]["id"]), (1, &json!(id(&ready))));
        assert_eq!(there[0]["tags"], json!([]));
        assert!(world.told(kind, name, "Adopted", 1).await[0].contains(&id(&ready)), "its answer was lost");
    }
    assert_eq!(created(world, "CreateVirtualGateway").await, [false]);
    assert_eq!(created(world, "CreateVirtualInterface").await, [false]);
}

#[tokio::test]
async fn an_account_without_tags_sends_none_and_finds_its_lost_creates() {
    let world = World::new().await;
    world.patch_account(json!({ "features": { "tags": "disabled" } })).await;
    for operation in ["CreateVirtualGateway", "CreateVirtualInterface"] {
        world.cloud.fault(loses_answer(operation, 0)).await;
    }
    comes_up_without_tags(&world).await;
    assert_eq!(world.cloud.count("BatchCreateResourceTags").await, 0);
    world.finish().await;
}

#[tokio::test]
async fn a_region_that_refuses_tags_in_a_create_is_asked_without_them() {
    let world = World::new().await;
    world.cloud.fault(refuses_tags("CreateVirtualGateway")).await;
    // The first create is refused, the answer of the second lost.
    world.cloud.fault(loses_answer("CreateVirtualGateway", 1)).await;
    world.cloud.fault(loses_answer("CreateVirtualInterface", 0)).await;
    comes_up_without_tags(&world).await;
    assert_eq!((world.cloud.count("CreateVirtualGateway").await, world.cloud.count("CreateVirtualInterface").await), (2, 1));
    assert_eq!(world.cloud.count("BatchCreateResourceTags").await, 0);
    world.finish().await;
}

/// Not the region takes no tags, but the resource not so many: others keep their owner's.
#[tokio::test]
async fn tags_that_are_refused_for_what_they_are_say_nothing_of_the_region() {
    let world = World::new().await;
    world.cloud.settings(json!({ "switches": { "u19_max_tags": 3 } })).await;
    let tags: Value = (1..=3).map(|number| (format!("tag-{number}"), json!("x"))).collect::<serde_json::Map<_, _>>().into();
    world.apply(&with(gateway("gw", 1), &json!({ "tags": tags }))).await;
    let stalled = world.wait_reason("VirtualGateway", "gw", "Invalid").await;
    assert!(stalled["status"]["lastError"]["message"].as_str().unwrap().contains("too many tags"), "{stalled:#}");
    let told = world.events("VirtualGateway", "gw").await;
    assert!(!told.iter().any(|(reason, _)| reason.starts_with("Drift") || reason == "Available"), "it is not as asked for yet: {told:?}");
    assert_eq!(created(&world, "CreateVirtualGateway").await, [true], "with the owner's alone");
    world.apply(&gateway("other", 2)).await;
    let other = world.wait_ready("VirtualGateway", "other").await;
    assert!(other["status"]["observed"]["tags"][OWNER_TAG].is_string(), "{other:#}");
    world.patch("VirtualGateway", "gw", json!({ "spec": { "tags": { "tag-3": null } } })).await;
    let ready = world.wait_ready("VirtualGateway", "gw").await;
    assert_eq!(ready["status"]["observed"]["tags"].as_object().unwrap().len(), 3, "{ready:#}");
    assert_eq!(world.cloud.count("CreateVirtualGateway").await, 3, "one of them refused");
    world.finish().await;
}

/// Two creates are under way when the first refusal comes.
#[tokio::test]
async fn objects_that_come_together_find_out_together_that_a_region_takes_no_tags() {
    let world = World::new().await;
    world.cloud.settings(json!({ "latencies": { "operations": { "CreateVirtualGateway": 1500 } } })).await;
    let mut refusal = refuses_tags("CreateVirtualGateway");
    refusal["times"] = json!(2);
    world.cloud.fault(refusal).await;
    let names = [("one", 1), ("two", 2)];
    for (name, number) in names {
        world.apply(&gateway(name, number)).await;
    }
    for (name, _) in names {
        world.wait_ready("VirtualGateway", name).await;
    }
    assert_eq!(created(&world, "CreateVirtualGateway").await, [false, false]);
    assert_eq!(world.cloud.count("CreateVirtualGateway").await, 4);
    world.finish().await;
}

/// A router may have several gateways: without tags only the name that was sent tells ours, and the intent keeps it.
#[tokio::test]
async fn a_gateway_of_a_router_is_found_by_the_name_that_it_was_created_with() {
    let world = World::new().await;
    world.patch_account(json!({ "features": { "tags": "disabled" } })).await;
    // The mirror has been filled before it is kept from looking.
    world.apply(&gateway("other", 2)).await;
    world.wait_ready("VirtualGateway", "other").await;
    let router = json!({ "enterpriseRouterId": "00000000-0000-4000-8000-000000000201", "name": "first" });
    world.create_unseen(&object("VirtualGateway", "gw", &router), "CreateVirtualGateway", "ListVirtualGateways").await;
    world.patch("VirtualGateway", "gw", json!({ "spec": { "name": "second" } })).await;
    world.cloud.clear_faults().await;
    let ready = world.wait_ready("VirtualGateway", "gw").await;
    assert_eq!(world.cloud.find(&id(&ready)).await.unwrap()["name"], "second");
    assert_eq!((world.cloud.all("virtual_gateways").await.len(), world.cloud.count("CreateVirtualGateway").await), (2, 2));
    world.finish().await;
}

#[tokio::test]
async fn a_region_without_the_operation_on_tags_is_not_asked_again() {
    let world = World::new().await;
    let absent = json!({
        "operation": "BatchCreateResourceTags", "kind": "status", "status": 404, "code": "APIGW.0101", "message": "no api", "times": 1000,
    });
    world.cloud.fault(absent).await;
    let cloud = world.foreign_gateway("other", 2, &json!([])).await;
    world.apply(&with(gateway("other", 2), &json!({ "import": { NATURAL: true } }))).await;
    let ready = world.wait_ready("VirtualGateway", "other").await;
    assert_eq!(id(&ready), cloud);
    world.look("VirtualGateway", "other").await;
    assert_eq!(world.cloud.count("BatchCreateResourceTags").await, 1);
    world.delete("VirtualGateway", "other").await;
    world.wait_gone("VirtualGateway", "other").await;
    for operation in ["CreateVirtualGateway", "CreateVirtualInterface"] {
        world.cloud.fault(loses_answer(operation, 0)).await;
    }
    comes_up_without_tags(&world).await;
    world.finish().await;
}

/// The region takes the tags of a create and forgets them: what is like ours in all else, after a create of ours, is ours.
#[tokio::test]
async fn a_region_that_drops_tags_silently_makes_nothing_twice() {
    let world = World::new().await;
    // The mirror has been filled before it is kept from looking.
    let nowhere = json!({ "import": { "id": "99999999-9999-4999-8999-999999999999" } });
    world.apply(&with(gateway("nowhere", 9), &nowhere)).await;
    world.wait_reason("VirtualGateway", "nowhere", "NotFound").await;
    world.create_unseen(&gateway("gw", 1), "CreateVirtualGateway", "ListVirtualGateways").await;
    let cloud = world.cloud.all("virtual_gateways").await[0]["id"].as_str().unwrap().to_owned();
    world.cloud.patch(&cloud, json!({ "tags": [] })).await;
    world.cloud.clear_faults().await;
    let ready = world.wait_ready("VirtualGateway", "gw").await;
    assert_eq!(id(&ready), cloud);
    assert_eq!(created(&world, "CreateVirtualGateway").await, [true]);
    assert!(ready["status"]["observed"]["tags"][OWNER_TAG].is_string(), "the operation on tags works: {ready:#}");
    world.finish().await;
}
