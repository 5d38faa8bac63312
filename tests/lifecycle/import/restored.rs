//! Objects that come back from a backup have no status: what is theirs in the cloud is found again, and nothing is made twice.

use serde_json::json;

use super::{NATURAL, kind_and_name};
use support::line::{gateway, id, interface, peer};
use support::world::{World, condition};

#[tokio::test]
async fn what_comes_back_without_a_status_finds_its_own() {
    let world = World::new().await;
    let objects = [gateway("gw", 1), interface("vif", "gw", 30), peer("peer", "vif")];
    let mut ids = Vec::new();
    for object in &objects {
        let (kind, name) = kind_and_name(object);
        world.apply(object).await;
        ids.push(id(&world.wait_ready(kind, name).await));
    }
    // The objects are lost, the cloud keeps what they had.
    for object in &objects {
        let (kind, name) = kind_and_name(object);
        world.patch(kind, name, json!({ "spec": { "policy": { "deletion": "Retain" } } })).await;
    }
    for object in objects.iter().rev() {
        let (kind, name) = kind_and_name(object);
        world.delete(kind, name).await;
        world.wait_gone(kind, name).await;
    }
    for object in &objects {
        world.apply(object).await;
    }
    // By the owner's tag.
    for (object, cloud) in objects.iter().zip(&ids).take(2) {
        let (kind, name) = kind_and_name(object);
        assert_eq!(id(&world.wait_ready(kind, name).await), *cloud);
    }
    // A peer has no tags: it must be asked for.
    let stalled = world.wait_reason("Peer", "peer", "Conflict").await;
    assert!(condition(&stalled, "Ready").unwrap()["message"].as_str().unwrap().contains("spec.import"), "{stalled:#}");
    world.patch("Peer", "peer", json!({ "spec": { "import": { NATURAL: true } } })).await;
    assert_eq!(Some(&id(&world.wait_ready("Peer", "peer").await)), ids.last());
    for operation in ["CreateVirtualGateway", "CreateVirtualInterface", "CreateVifPeer"] {
        assert_eq!(world.cloud.count(operation).await, 1, "{operation}");
    }
    world.finish().await;
}
