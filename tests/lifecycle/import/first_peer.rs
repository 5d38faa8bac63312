//! A `Peer` that imported the first peer of its interface: the cloud deletes the last peer only with the interface.

use serde_json::{Value, json};

use super::NATURAL;
use support::line::{first_peer, gateway, id, interface, peer, with};
use support::world::{World, condition};

/// A line whose first peer is an object, too; with its second, or without.
async fn line(second: bool) -> World {
    let world = World::new().await;
    world.apply(&gateway("gw", 1)).await;
    world.apply(&interface("vif", "gw", 30)).await;
    let first = with(first_peer("first", "vif"), &json!({ "import": { NATURAL: true } }));
    let peers = if second { vec![first, peer("peer", "vif")] } else { vec![first] };
    for peer in peers {
        world.apply(&peer).await;
        world.wait_ready("Peer", peer["metadata"]["name"].as_str().unwrap()).await;
    }
    world
}

fn told(reason: &'static str) -> impl Fn(&Value) -> bool {
    move |object| condition(object, "Ready").is_some_and(|ready| ready["reason"] == reason)
}

#[tokio::test]
async fn the_peer_waits_for_its_interface_and_goes_with_it() {
    let world = line(false).await;
    world.delete("Peer", "first").await;
    world.wait("Peer", "first", "InUse", told("InUse")).await;
    assert_eq!(world.cloud.count("DeleteVifPeer").await, 0);
    world.delete("VirtualInterface", "vif").await;
    world.wait_gone("VirtualInterface", "vif").await;
    world.wait_gone("Peer", "first").await;
    world.finish().await;
}

#[tokio::test]
async fn the_interface_waits_for_the_peer_and_takes_it_along() {
    let world = line(false).await;
    world.delete("VirtualInterface", "vif").await;
    let waiting = world.wait("VirtualInterface", "vif", "waits", told("WaitingForDependants")).await;
    assert_eq!(waiting["status"]["waitingFor"], json!([{ "kind": "Peer", "name": "first" }]));
    world.delete("Peer", "first").await;
    world.wait_gone("Peer", "first").await;
    world.wait_gone("VirtualInterface", "vif").await;
    world.finish().await;
}

#[tokio::test]
async fn two_peers_and_their_interface_go_at_once() {
    let world = line(true).await;
    for (kind, name) in [("Peer", "first"), ("Peer", "peer"), ("VirtualInterface", "vif"), ("VirtualGateway", "gw")] {
        world.delete(kind, name).await;
    }
    for (kind, name) in [("Peer", "first"), ("Peer", "peer"), ("VirtualInterface", "vif"), ("VirtualGateway", "gw")] {
        world.wait_gone(kind, name).await;
    }
    world.finish().await;
}

#[tokio::test]
async fn the_second_peer_becomes_the_last_when_the_first_goes() {
    let world = line(true).await;
    let second = id(&world.get("Peer", "peer").await);
    world.delete("Peer", "first").await;
    world.wait_gone("Peer", "first").await;
    world.delete("Peer", "peer").await;
    world.wait("Peer", "peer", "InUse", told("InUse")).await;
    assert_eq!(world.cloud.all("virtual_interfaces").await[0]["vif_peers"][0]["id"], json!(second));
    world.delete("VirtualInterface", "vif").await;
    world.wait_gone("Peer", "peer").await;
    world.finish().await;
}
