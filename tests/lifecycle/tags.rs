//! Tags: absent, none and a whole set, and those that others manage.

use serde_json::{Value, json};
use support::line::{gateway, id, with};
use support::world::{World, condition, is};

const OWNER: &str = "direct-connect-operator-owner";

fn tagged(tags: &Value) -> Value {
    with(gateway("gw", 1), &json!({ "tags": tags }))
}

/// The tags in the cloud, without the owner's.
async fn tags(world: &World, id: &str) -> Value {
    let resource = world.cloud.find(id).await.unwrap();
    let tags = resource["tags"].as_array().unwrap().iter().filter(|tag| tag["key"] != OWNER);
    tags.map(|tag| (tag["key"].as_str().unwrap().to_owned(), tag["value"].clone())).collect::<serde_json::Map<_, _>>().into()
}

/// Somebody else adds tags in the cloud.
async fn add(world: &World, id: &str, more: &[(&str, &str)]) {
    let mut tags = world.cloud.find(id).await.unwrap()["tags"].as_array().unwrap().clone();
    tags.extend(more.iter().map(|(key, value)| json!({ "key": key, "value": value })));
    world.cloud.patch(id, json!({ "tags": tags })).await;
}

#[tokio::test]
async fn the_last_tag_is_removed_by_an_empty_map_and_left_alone_by_none() {
    let world = World::new().await;
    world.apply(&tagged(&json!({ "team": "network", "Ключ 键": "Ä/b" }))).await;
    let cloud = id(&world.wait_ready("VirtualGateway", "gw").await);
    assert_eq!(tags(&world, &cloud).await, json!({ "team": "network", "Ключ 键": "Ä/b" }));
    // As Helm, Flux and Argo CD do: server-side apply, by the manager of the field.
    world.apply(&tagged(&json!({ "team": "network" }))).await;
    world.wait_ready("VirtualGateway", "gw").await;
    assert_eq!(tags(&world, &cloud).await, json!({ "team": "network" }));
    let applied = serde_json::to_value(world.apply(&tagged(&json!({}))).await).unwrap();
    assert_eq!(applied["spec"]["tags"], json!({}), "{applied:#}");
    world.wait_ready("VirtualGateway", "gw").await;
    assert_eq!(tags(&world, &cloud).await, json!({}));
    // {} is a whole set.
    add(&world, &cloud, &[("theirs", "x")]).await;
    world.look("VirtualGateway", "gw").await;
    world.wait_ready("VirtualGateway", "gw").await;
    assert_eq!(tags(&world, &cloud).await, json!({}));
    // Without the field they are nobody's business here.
    world.apply(&gateway("gw", 1)).await;
    world.wait_ready("VirtualGateway", "gw").await;
    add(&world, &cloud, &[("theirs", "x")]).await;
    let looked = world.look("VirtualGateway", "gw").await;
    assert!(is(&looked, "Ready", "True"), "{looked:#}");
    assert_eq!(tags(&world, &cloud).await, json!({ "theirs": "x" }));
    world.finish().await;
}

#[tokio::test]
async fn tags_of_a_policy_of_the_cloud_live_beside_those_of_the_spec() {
    let world = World::new().await;
    world.patch_account(json!({ "defaults": { "ignoreTags": ["audit"] } })).await;
    let mut object = tagged(&json!({ "team": "network" }));
    object["spec"]["policy"] = json!({ "ignoreTags": ["cost:*"] });
    world.apply(&object).await;
    let cloud = id(&world.wait_ready("VirtualGateway", "gw").await);
    let written = world.cloud.count("BatchCreateResourceTags").await;
    add(&world, &cloud, &[("cost:centre", "7"), ("audit", "yes")]).await;
    let looked = world.look("VirtualGateway", "gw").await;
    assert!(is(&looked, "Ready", "True") && looked["status"]["drift"].is_null(), "{looked:#}");
    assert_eq!(world.cloud.count("BatchCreateResourceTags").await, written);
    // Others still go, and only they.
    add(&world, &cloud, &[("theirs", "x")]).await;
    world.look("VirtualGateway", "gw").await;
    world.wait_ready("VirtualGateway", "gw").await;
    assert_eq!(tags(&world, &cloud).await, json!({ "team": "network", "cost:centre": "7", "audit": "yes" }));
    let told = world.told("VirtualGateway", "gw", "DriftDetected", 1).await;
    assert!(told[0].contains("team=network, theirs=x") && !told[0].contains("cost:"), "{told:?}");
    world.finish().await;
}

#[tokio::test]
async fn a_wish_that_the_policy_ignores_is_said_to_be_ignored() {
    let world = World::new().await;
    world.apply(&with(gateway("gw", 1), &json!({ "description": "first", "policy": { "ignoreFields": ["description"] } }))).await;
    world.wait_ready("VirtualGateway", "gw").await;
    world.patch("VirtualGateway", "gw", json!({ "spec": { "description": "second" } })).await;
    let ready = world.wait_ready("VirtualGateway", "gw").await;
    let message = condition(&ready, "Ready").unwrap()["message"].as_str().unwrap();
    assert_eq!(message, "matches the spec, except for what the policy ignores: description (cloud: first, spec: second)");
    assert_eq!(world.cloud.count("UpdateVirtualGateway").await, 0);
    world.finish().await;
}
