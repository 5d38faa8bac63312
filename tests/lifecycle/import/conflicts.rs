//! What is somebody else's: left alone, and named as far as the reader may know.

use serde_json::{Value, json};

use super::{NATURAL, OWNER_TAG, kind_and_name, nothing_written};
use support::line::{first_peer, gateway, id, interface, peer, with};
use support::world::{World, condition, is};

/// Waits for `Conflict` and returns its message.
async fn conflict(world: &World, kind: &str, name: &str) -> String {
    let stalled = world.wait_reason(kind, name, "Conflict").await;
    assert!(is(&stalled, "Stalled", "True") && stalled["status"]["id"].is_null(), "{stalled:#}");
    assert!(stalled["status"]["observed"].is_null() && stalled["status"]["drift"].is_null(), "somebody else's is not shown: {stalled:#}");
    condition(&stalled, "Ready").unwrap()["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_was_not_asked_for_is_not_taken_and_not_deleted() {
    let world = World::new().await;
    let foreign = world.foreign_line(1, 30).await;
    let objects = [
        (gateway("gw", 1), &foreign.gateway),
        (with(interface("vif", "gw", 30), &foreign.to_gateway()), &foreign.interface),
        (with(first_peer("first", "vif"), &foreign.to_interface()), &foreign.first),
        (with(peer("peer", "vif"), &foreign.to_interface()), &foreign.second),
    ];
    for (object, cloud) in objects {
        let (kind, name) = kind_and_name(&object);
        world.apply(&object).await;
        let message = conflict(&world, kind, name).await;
        assert!(message.contains(cloud.as_str()) && message.contains("spec.import"), "{message}");
        world.delete(kind, name).await;
        world.wait_gone(kind, name).await;
    }
    nothing_written(&world).await;
    assert_eq!(world.cloud.all("virtual_interfaces").await[0]["vif_peers"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn another_clusters_is_named_and_not_taken_even_if_asked_for() {
    let world = World::new().await;
    let owner = "another-cluster:their-namespace/their-gateway";
    let cloud = world.foreign_gateway("gw", 1, &json!([{ "key": OWNER_TAG, "value": owner }])).await;
    for (name, import) in [("unasked", Value::Null), ("by-id", json!({ "id": cloud })), ("by-key", json!({ NATURAL: true }))] {
        world.apply(&with(gateway(name, 1), &json!({ "import": import }))).await;
        let message = conflict(&world, "VirtualGateway", name).await;
        assert!(message.contains(owner), "{message}");
        world.delete("VirtualGateway", name).await;
        world.wait_gone("VirtualGateway", name).await;
    }
    nothing_written(&world).await;
    assert_eq!(world.cloud.all("virtual_gateways").await[0]["tags"][0]["value"], owner);
}

#[tokio::test]
async fn another_namespaces_is_not_named() {
    let world = World::new().await;
    world.apply(&gateway("secret-project", 1)).await;
    let cloud = id(&world.wait_ready("VirtualGateway", "secret-project").await);
    // Another namespace that uses the same account.
    let other = World::new().await;
    let annotations = json!({ "directconnect.huaweicloud.com/account": world.namespace });
    let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": other.namespace, "annotations": annotations } });
    other.try_apply(None, &namespace).await.unwrap();
    for (name, import) in [("unasked", Value::Null), ("by-id", json!({ "id": cloud })), ("by-key", json!({ NATURAL: true }))] {
        other.apply(&with(gateway(name, 1), &json!({ "import": import }))).await;
        conflict(&other, "VirtualGateway", name).await;
        let told = format!("{} {:?}", other.get("VirtualGateway", name).await["status"], other.events("VirtualGateway", name).await);
        assert!(told.contains(&cloud) && told.contains("another namespace"), "{told}");
        assert!(!told.contains("secret-project") && !told.contains(&format!("{}/", world.namespace)), "{told}");
        other.delete("VirtualGateway", name).await;
        other.wait_gone("VirtualGateway", name).await;
    }
    assert_eq!(world.cloud.all("virtual_gateways").await.len(), 1);
    world.finish().await;
}
