//! An interface on lines and gateways that are objects: by name, and from an ID to a name.

use serde_json::{Value, json};
use support::line::{gateway, interface, object, with};
use support::simulator::LINE_A;
use support::world::{World, condition, is};

/// A connection of the world's own: one operator knows the objects of all worlds, and an ID has one holder.
async fn line(world: &World, number: u8) -> (String, Value) {
    let id = format!("c2000000-0000-4000-8000-{number:012}");
    let line = json!({ "id": id, "name": "line", "bandwidth": 10_000, "location": "location-a" });
    world.cloud.create("direct_connect", line).await;
    let object = object("Connection", "line", &json!({ "import": { "id": id } }));
    (id, object)
}

/// An interface that names its resources by their IDs.
async fn by_ids(world: &World, line: &str) -> Value {
    world.apply(&gateway("gw", 1)).await;
    let gateway = world.wait_ready("VirtualGateway", "gw").await;
    let ids = json!({ "virtualGatewayRef": null, "virtualGatewayId": gateway["status"]["id"], "connectionId": line });
    world.apply(&with(interface("vif", "gw", 30), &ids)).await;
    world.wait_ready("VirtualInterface", "vif").await
}

fn writes(log: &[Value]) -> Vec<&str> {
    let writes = log.iter().filter(|entry| entry["method"] != "GET");
    writes.filter_map(|entry| entry["operation"].as_str()).collect()
}

#[tokio::test]
async fn ids_become_references_to_the_same_resources_without_a_call() {
    let world = World::new().await;
    let (id, line) = line(&world, 1).await;
    let before = by_ids(&world, &id).await;
    world.apply(&line).await;
    world.wait_ready("Connection", "line").await;
    let (_, since) = world.cloud.log_since(0).await;
    let references = json!({ "spec": {
        "connectionId": null, "connectionRef": { "name": "line" }, "virtualGatewayId": null, "virtualGatewayRef": { "name": "gw" },
    } });
    world.patch("VirtualInterface", "vif", references).await;
    let after = world.wait_ready("VirtualInterface", "vif").await;
    assert_eq!(before["status"]["id"], after["status"]["id"]);
    world.look("VirtualInterface", "vif").await;
    assert_eq!(writes(&world.cloud.log_since(since).await.0), Vec::<&str>::new());
    // From now on the line's objects wait for the interface.
    world.delete("VirtualGateway", "gw").await;
    world.wait_reason("VirtualGateway", "gw", "WaitingForDependants").await;
    world.finish().await;
}

#[tokio::test]
async fn a_reference_to_another_resource_is_told_and_nothing_is_sent() {
    let world = World::new().await;
    by_ids(&world, LINE_A).await;
    world.apply(&gateway("other", 2)).await;
    world.wait_ready("VirtualGateway", "other").await;
    let (_, since) = world.cloud.log_since(0).await;
    let reference = json!({ "spec": { "virtualGatewayId": null, "virtualGatewayRef": { "name": "other" } } });
    world.patch("VirtualInterface", "vif", reference).await;
    let stalled = world.wait_reason("VirtualInterface", "vif", "Immutable").await;
    assert!(condition(&stalled, "Ready").unwrap()["message"].as_str().unwrap().contains("virtualGatewayRef"), "{stalled:#}");
    assert_eq!(writes(&world.cloud.log_since(since).await.0), Vec::<&str>::new());
    world.finish().await;
}

#[tokio::test]
async fn an_interface_of_a_connection_and_a_global_gateway_waits_for_both() {
    let world = World::new().await;
    let spec = json!({
        "connectionId": null, "connectionRef": { "name": "line" }, "virtualGatewayRef": null, "globalGatewayRef": { "name": "backbone" },
    });
    world.apply(&with(interface("vif", "gw", 31), &spec)).await;
    let waiting = world.wait_reason("VirtualInterface", "vif", "WaitingForReference").await;
    let both = json!([{ "kind": "Connection", "name": "line" }, { "kind": "GlobalGateway", "name": "backbone" }]);
    assert_eq!(waiting["status"]["waitingFor"], both);
    let (id, line) = line(&world, 2).await;
    world.apply(&line).await;
    world.apply(&object("GlobalGateway", "backbone", &json!({ "bgpAsn": 64_513 }))).await;
    let ready = world.wait_ready("VirtualInterface", "vif").await;
    let observed = &ready["status"]["observed"];
    let gateway = world.get("GlobalGateway", "backbone").await;
    assert_eq!((&observed["connectionId"], &observed["globalGatewayId"]), (&json!(id), &gateway["status"]["id"]));
    assert_eq!((&observed["serviceType"], &observed["virtualGatewayId"]), (&json!("GDGW"), &Value::Null));
    assert!(is(&ready, "Healthy", "True"), "{ready:#}");
    world.delete("GlobalGateway", "backbone").await;
    let waiting = world.wait_reason("GlobalGateway", "backbone", "WaitingForDependants").await;
    assert_eq!(waiting["status"]["waitingFor"], json!([{ "kind": "VirtualInterface", "name": "vif" }]));
    world.delete("VirtualInterface", "vif").await;
    world.wait_gone("GlobalGateway", "backbone").await;
    // The connection is nobody's to delete, and keeps nobody.
    world.delete("Connection", "line").await;
    world.wait_gone("Connection", "line").await;
    assert!(world.cloud.find(&id).await.is_some());
    world.finish().await;
}

/// A connection is let go at once. The interface works on, by what its status knows of it.
#[tokio::test]
async fn an_interface_outlives_the_object_of_its_connection() {
    let world = World::new().await;
    world.apply(&line(&world, 3).await.1).await;
    world.apply(&gateway("gw", 3)).await;
    world.apply(&with(interface("vif", "gw", 32), &json!({ "connectionId": null, "connectionRef": { "name": "line" } }))).await;
    world.wait_ready("VirtualInterface", "vif").await;
    let (_, since) = world.cloud.log_since(0).await;
    world.delete("Connection", "line").await;
    world.wait_gone("Connection", "line").await;
    let after = world
        .wait("VirtualInterface", "vif", "says that the object is gone", |object| {
            condition(object, "Ready").is_some_and(|ready| ready["message"].as_str().unwrap().ends_with(": Connection line"))
        })
        .await;
    assert!(is(&after, "Ready", "True"), "{after:#}");
    assert_eq!(writes(&world.cloud.log_since(since).await.0), Vec::<&str>::new());
    world.delete("VirtualInterface", "vif").await;
    world.wait_gone("VirtualInterface", "vif").await;
    world.finish().await;
}
