//! Hosted connections: what a partner provides, what the cloud refuses of it, and what keeps it from going.

use serde_json::{Value, json};
use support::line::{id, object, with};
use support::simulator::{LINE_A, OPERATIONS, PARTNER};
use support::world::{World, condition, is};

const KIND: &str = "HostedConnection";

fn hosted(name: &str, vlan: u16, bandwidth: u32) -> Value {
    let spec = json!({ "hostingId": OPERATIONS, "vlan": vlan, "bandwidth": bandwidth, "resourceTenantId": PARTNER });
    object(KIND, name, &spec)
}

fn message(object: &Value) -> String {
    condition(object, "Ready").unwrap()["message"].as_str().unwrap().to_owned()
}

/// The tenant's interface on a hosted connection.
async fn tenants_interface(world: &World, hosted: &str) -> String {
    let gateway = world.cloud.partner_gateway().await;
    let body = json!({
        "name": "theirs", "direct_connect_id": hosted, "vgw_id": gateway, "vlan": 300, "bandwidth": 50, "route_mode": "static",
        "type": "private", "service_type": "VGW", "local_gateway_v4_ip": "10.0.9.1/30", "remote_gateway_v4_ip": "10.0.9.2/30",
        "remote_ep_group": ["10.9.0.0/24"], "tenant_id": PARTNER,
    });
    world.cloud.create("virtual_interface", body).await["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_tenants_interface_goes_first() {
    let world = World::new().await;
    world.apply(&hosted("hosted", 300, 50)).await;
    let cloud = id(&world.wait_ready(KIND, "hosted").await);
    let interface = tenants_interface(&world, &cloud).await;
    world.delete(KIND, "hosted").await;
    let held = world.wait_reason(KIND, "hosted", "InUse").await;
    assert!(message(&held).contains("DC.1007"), "{held:#}");
    assert_eq!(held["status"]["lastError"]["operation"], "DeleteHostedDirectConnect");
    assert!(world.cloud.find(&cloud).await.is_some());
    world.cloud.delete(&interface).await;
    world.ask(KIND, "hosted", "the interface is gone").await;
    world.wait_gone(KIND, "hosted").await;
    assert_eq!(world.cloud.find(&cloud).await, None);
}

/// Where the cloud does not mind the interface, neither does the operator.
#[tokio::test]
async fn a_cloud_that_takes_the_deletion_of_one_in_use_is_believed() {
    let world = World::new().await;
    world.cloud.settings(json!({ "switches": { "u39_delete_used_hosted": "accept" } })).await;
    world.apply(&hosted("hosted", 300, 50)).await;
    let cloud = id(&world.wait_ready(KIND, "hosted").await);
    tenants_interface(&world, &cloud).await;
    world.delete(KIND, "hosted").await;
    world.wait_gone(KIND, "hosted").await;
    assert_eq!(world.cloud.find(&cloud).await, None);
}

#[tokio::test]
async fn it_is_ready_in_either_word_for_one_that_is_provided() {
    for word in ["BUILD", "ACTIVE"] {
        let world = World::new().await;
        world.cloud.settings(json!({ "switches": { "u38_fresh_hosted_status": word } })).await;
        world.apply(&hosted("hosted", 300, 50)).await;
        let ready = world.wait_ready(KIND, "hosted").await;
        assert_eq!(ready["status"]["observed"]["status"], word);
        assert!(is(&ready, "Healthy", "True"), "{ready:#}");
        // It is settled, so that a change is carried out, and comes back to the same word.
        world.patch(KIND, "hosted", json!({ "spec": { "bandwidth": 60 } })).await;
        let ready = world.wait_ready(KIND, "hosted").await;
        assert_eq!(ready["status"]["observed"]["status"], word);
        world.cloud.patch(&id(&ready), json!({ "status": "DOWN" })).await;
        let down = world.look(KIND, "hosted").await;
        assert!(is(&down, "Ready", "True") && is(&down, "Healthy", "False"), "{down:#}");
        world.finish().await;
    }
}

#[tokio::test]
async fn what_the_cloud_refuses_is_told_with_its_code() {
    let world = World::new().await;
    // It is a line of its own, on which nothing is provided.
    world.apply(&with(hosted("standard", 300, 50), &json!({ "hostingId": LINE_A }))).await;
    let refused = world.wait_reason(KIND, "standard", "Invalid").await;
    assert!(message(&refused).contains("DC.1004"), "{refused:#}");
    world.delete(KIND, "standard").await;
    world.wait_gone(KIND, "standard").await;
    world.apply(&hosted("hosted", 300, 50)).await;
    let cloud = id(&world.wait_ready(KIND, "hosted").await);
    world.patch(KIND, "hosted", json!({ "spec": { "bandwidth": 40 } })).await;
    let refused = world.wait_reason(KIND, "hosted", "Invalid").await;
    assert!(message(&refused).contains("DC.1010"), "{refused:#}");
    assert_eq!(world.cloud.find(&cloud).await.unwrap()["bandwidth"], 50);
    world.patch(KIND, "hosted", json!({ "spec": { "bandwidth": 50 } })).await;
    world.wait_ready(KIND, "hosted").await;
    world.finish().await;
}

/// All on one operations connection share its bandwidth.
#[tokio::test]
async fn one_for_which_there_is_no_room_comes_when_there_is() {
    let world = World::new().await;
    world.apply(&hosted("first", 300, 60_000)).await;
    world.wait_ready(KIND, "first").await;
    world.apply(&hosted("second", 301, 60_000)).await;
    let full = world.wait_reason(KIND, "second", "QuotaExceeded").await;
    assert!(message(&full).contains("DC.1000"), "{full:#}");
    world.delete(KIND, "first").await;
    world.wait_gone(KIND, "first").await;
    world.wait_ready(KIND, "second").await;
    world.finish().await;
}
