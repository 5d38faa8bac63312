//! Interfaces on the gateway of another tenant, who accepts or rejects them.

use serde_json::{Value, json};
use std::cell::Cell;
use std::time::{Duration, Instant};
use support::eventually;
use support::line::{id, interface, with};
use support::simulator::PARTNER;
use support::world::{BOUND, World, condition, is};

/// An interface on the partner's gateway.
async fn theirs(world: &World) -> (Value, String) {
    let gateway = world.cloud.partner_gateway().await;
    let spec =
        json!({ "virtualGatewayRef": null, "virtualGatewayId": gateway, "resourceTenantId": PARTNER, "tags": { "team": "network" } });
    (with(interface("vif", "", 30), &spec), gateway)
}

async fn awaiting(world: &World) -> Value {
    let waiting = world.wait_reason("VirtualInterface", "vif", "AwaitingAcceptance").await;
    assert!(is(&waiting, "Reconciling", "True") && condition(&waiting, "Stalled").is_none(), "{waiting:#}");
    waiting
}

/// Waits until nobody has looked for a while that the hot rhythm never lets pass: this operator's is a second at most.
async fn left_in_peace(world: &World) {
    const WHILE: Duration = Duration::from_secs(4);
    let last = Cell::new((0, Instant::now()));
    eventually("it is looked at in the cold rhythm", BOUND, || async {
        let looks = world.cloud.count("ListVirtualInterfaces").await;
        if looks != last.get().0 {
            last.set((looks, Instant::now()));
        }
        (last.get().1.elapsed() > WHILE).then_some(())
    })
    .await;
}

async fn finish(world: &World, gateway: &str) {
    world.cloud.delete(gateway).await;
    world.finish().await;
}

#[tokio::test]
async fn an_interface_waits_in_patience_until_it_is_accepted() {
    let world = World::new().await;
    let (object, gateway) = theirs(&world).await;
    world.apply(&object).await;
    let cloud = id(&awaiting(&world).await);
    left_in_peace(&world).await;
    // A change of the spec waits with it.
    world.patch("VirtualInterface", "vif", json!({ "spec": { "bandwidth": 60 } })).await;
    awaiting(&world).await;
    world.cloud.partner_decides(&cloud, "ACCEPTED").await;
    world.look("VirtualInterface", "vif").await;
    let ready = world.wait_ready("VirtualInterface", "vif").await;
    assert_eq!((id(&ready), &ready["status"]["observed"]["bandwidth"]), (cloud, &json!(60)));
    assert_eq!(world.cloud.count("CreateVirtualInterface").await, 1);
    assert_eq!(world.cloud.count("BatchCreateResourceTags").await, 0, "tags of another tenant's are not ours");
    finish(&world, &gateway).await;
}

#[tokio::test]
async fn a_rejected_interface_stalls_and_can_be_deleted() {
    let world = World::new().await;
    let (object, gateway) = theirs(&world).await;
    world.apply(&object).await;
    let cloud = id(&awaiting(&world).await);
    world.cloud.partner_decides(&cloud, "REJECTED").await;
    world.look("VirtualInterface", "vif").await;
    let rejected = world.wait_reason("VirtualInterface", "vif", "Rejected").await;
    assert!(is(&rejected, "Stalled", "True") && condition(&rejected, "Reconciling").is_none(), "{rejected:#}");
    assert_eq!(world.cloud.count("CreateVirtualInterface").await, 1);
    finish(&world, &gateway).await;
}

#[tokio::test]
async fn a_create_whose_answer_was_lost_is_taken_up() {
    let world = World::new().await;
    let (object, gateway) = theirs(&world).await;
    world.cloud.fault(json!({ "operation": "CreateVirtualInterface", "kind": "lose_answer" })).await;
    world.apply(&object).await;
    let cloud = id(&awaiting(&world).await);
    let there = world.cloud.all("virtual_interfaces").await;
    assert_eq!((there.len(), &there[0]["id"], &there[0]["tags"]), (1, &json!(cloud), &json!([])));
    assert_eq!(world.cloud.count("CreateVirtualInterface").await, 1);
    // One that is never accepted can be deleted.
    finish(&world, &gateway).await;
}
