//! Resources that somebody deletes in the cloud: made again, with all that hangs on them, or told.

use serde_json::{Value, json};

use super::{LINE, line};
use support::line::{gateway, id, interface, peer};
use support::world::{World, condition, is};

/// Of the gateway, the interface and the peer.
async fn ids(world: &World) -> [String; 3] {
    [id(&world.get("VirtualGateway", "gw").await), id(&world.get("VirtualInterface", "vif").await), id(&world.get("Peer", "peer").await)]
}

/// Waits until the object is ready under another id than `old`.
async fn made_again(world: &World, kind: &str, name: &str, old: &str) -> Value {
    let again = |object: &Value| is(object, "Ready", "True") && object["status"]["id"] != json!(old);
    world.wait(kind, name, "made again", again).await
}

/// The event that tells of the new one names both.
async fn told_again(world: &World, kind: &str, name: &str, old: &str, new: &str) {
    let notes = world.told(kind, name, "Created", 2).await;
    assert!(notes[1].contains(old) && notes[1].contains(new), "{notes:#?}");
}

/// Gateways, interfaces and peers that were created. One that is asked for on something that is gone is refused, and made later.
async fn creates(world: &World) -> [usize; 3] {
    let log = world.cloud.log().await;
    let made = |operation| log.iter().filter(|entry| entry["operation"] == operation && entry["committed"] == true).count();
    ["CreateVirtualGateway", "CreateVirtualInterface", "CreateVifPeer"].map(made)
}

#[tokio::test]
async fn a_resource_is_made_again_and_its_dependants_follow() {
    let world = line(&json!({})).await;
    let peer = id(&world.get("Peer", "peer").await);
    world.cloud.delete(&peer).await;
    world.look("Peer", "peer").await;
    let new_peer = id(&made_again(&world, "Peer", "peer", &peer).await);
    told_again(&world, "Peer", "peer", &peer, &new_peer).await;

    let interface = id(&world.get("VirtualInterface", "vif").await);
    world.cloud.delete(&interface).await;
    world.look("VirtualInterface", "vif").await;
    let new_interface = id(&made_again(&world, "VirtualInterface", "vif", &interface).await);
    told_again(&world, "VirtualInterface", "vif", &interface, &new_interface).await;
    let last = made_again(&world, "Peer", "peer", &new_peer).await;
    assert_eq!(last["status"]["observed"]["virtualInterfaceId"], json!(new_interface));
    assert_eq!(creates(&world).await, [1, 2, 3]);
    world.finish().await;
}

#[tokio::test]
async fn a_gateway_that_went_with_its_interface_comes_back_with_it() {
    let world = line(&json!({})).await;
    let [gateway, interface, peer] = ids(&world).await;
    world.cloud.delete(&interface).await;
    world.cloud.delete(&gateway).await;
    world.look("VirtualGateway", "gw").await;
    let new_gateway = id(&made_again(&world, "VirtualGateway", "gw", &gateway).await);
    told_again(&world, "VirtualGateway", "gw", &gateway, &new_gateway).await;
    assert_rebound(&world, &new_gateway, &interface, &peer).await;
    world.finish().await;
}

#[tokio::test]
async fn an_interface_whose_gateway_is_gone_is_replaced() {
    let world = line(&json!({})).await;
    let [gateway, interface, peer] = ids(&world).await;
    world.cloud.delete(&gateway).await;
    world.look("VirtualGateway", "gw").await;
    let new_gateway = id(&made_again(&world, "VirtualGateway", "gw", &gateway).await);
    assert_rebound(&world, &new_gateway, &interface, &peer).await;
    let replacing = world.told("VirtualInterface", "vif", "Replacing", 1).await;
    assert!(replacing[0].contains(&interface) && replacing[0].contains("virtualGatewayRef"), "{replacing:?}");
    world.finish().await;
}

/// Interface and peer were made once more each, on the new gateway.
async fn assert_rebound(world: &World, gateway: &str, old_interface: &str, old_peer: &str) {
    let interface = made_again(world, "VirtualInterface", "vif", old_interface).await;
    assert_eq!(interface["status"]["observed"]["virtualGatewayId"], json!(gateway));
    let peer = made_again(world, "Peer", "peer", old_peer).await;
    assert_eq!(peer["status"]["observed"]["virtualInterfaceId"], interface["status"]["id"]);
    told_again(world, "VirtualInterface", "vif", old_interface, &id(&interface)).await;
    told_again(world, "Peer", "peer", old_peer, &id(&peer)).await;
    assert_eq!(creates(world).await, [2, 2, 2]);
}

#[tokio::test]
async fn the_order_in_which_the_loss_is_seen_does_not_matter() {
    let world = line(&json!({})).await;
    let ids = [id(&world.get("VirtualGateway", "gw").await), id(&world.get("VirtualInterface", "vif").await)];
    world.cloud.delete(&ids[1]).await;
    world.cloud.delete(&ids[0]).await;
    // The interface is looked at first, while its gateway is still believed to be there: that create is refused, and told.
    world.look("VirtualInterface", "vif").await;
    world.look("VirtualGateway", "gw").await;
    let gateway = made_again(&world, "VirtualGateway", "gw", &ids[0]).await;
    let interface = made_again(&world, "VirtualInterface", "vif", &ids[1]).await;
    assert_eq!(interface["status"]["observed"]["virtualGatewayId"], gateway["status"]["id"]);
    world.wait_ready("Peer", "peer").await;
    assert_eq!((world.cloud.all("virtual_gateways").await.len(), world.cloud.all("virtual_interfaces").await.len()), (1, 1));
    world.finish().await;
}

#[tokio::test]
async fn detected_is_the_loss_and_nothing_made_until_it_is_wished() {
    let world = line(&json!({ "drift": "Detect" })).await;
    // From the last of the line to the first: each loss stands alone.
    let mut lost = Vec::new();
    for (kind, name) in LINE.into_iter().rev() {
        let old = id(&world.get(kind, name).await);
        world.cloud.delete(&old).await;
        for _ in 0..2 {
            let stalled = world.look(kind, name).await;
            let ready = condition(&stalled, "Ready").unwrap();
            assert!(is(&stalled, "Stalled", "True") && ready["reason"] == "NotFound", "{stalled:#}");
            assert!(ready["message"].as_str().unwrap().contains(&old), "{ready}");
            assert_eq!((id(&stalled), &stalled["status"]["observed"]), (old.clone(), &Value::Null), "{stalled:#}");
        }
        assert!(world.told(kind, name, "NotFound", 1).await[0].contains(&old));
        lost.push((kind, name, old));
    }
    assert_eq!(creates(&world).await, [1, 1, 1]);
    let wishes = [json!({ "description": "again" }), json!({ "policy": { "drift": "Correct" } }), json!({ "name": "again" })];
    for ((kind, name, old), wish) in lost.into_iter().rev().zip(wishes) {
        world.patch(kind, name, json!({ "spec": wish })).await;
        let new = id(&made_again(&world, kind, name, &old).await);
        told_again(&world, kind, name, &old, &new).await;
    }
    assert_eq!(creates(&world).await, [2, 2, 2]);
    world.finish().await;
}

#[tokio::test]
async fn what_is_lost_and_then_deleted_goes_at_once() {
    let world = World::new().await;
    for mut object in [gateway("gw", 1), interface("vif", "gw", 30), peer("peer", "vif")] {
        object["spec"]["policy"] = json!({ "drift": "Detect" });
        world.apply(&object).await;
    }
    world.wait_ready("Peer", "peer").await;
    for resource in [world.get("VirtualInterface", "vif").await, world.get("VirtualGateway", "gw").await] {
        world.cloud.delete(&id(&resource)).await;
    }
    for (kind, name) in LINE {
        world.look(kind, name).await;
    }
    world.finish().await;
    assert_eq!(creates(&world).await, [1, 1, 1], "all objects are gone: no create follows any more");
}
