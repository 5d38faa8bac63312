//! Global EIPs at connect gateways: the order of deletion, and what nobody knows of the cloud, each way.

use serde_json::{Value, json};
use support::line::{id, object, with};
use support::simulator::PARTNER;
use support::world::{World, condition, is};

const KIND: &str = "GlobalEipAssociation";

fn gateway(name: &str) -> Value {
    object("ConnectGateway", name, &json!({}))
}

/// A global EIP of this world only: the operator goes by all namespaces.
fn eip(world: &World, number: u8) -> String {
    let of_world = world.namespace.bytes().filter(u8::is_ascii_digit).map(char::from).collect::<String>();
    format!("e1000000-0000-4000-8000-{of_world:0>9}{number:03}")
}

fn binding(name: &str, gateway: &str, eip: &str) -> Value {
    object(KIND, name, &json!({ "connectGatewayRef": { "name": gateway }, "globalEipId": eip }))
}

async fn switches(world: &World, switches: Value) {
    world.cloud.settings(json!({ "switches": switches })).await;
}

/// Writes to the cloud that were carried out.
async fn written(world: &World) -> Vec<String> {
    let log = world.cloud.log().await;
    let writes = log.iter().filter(|entry| entry["method"] != "GET" && entry["committed"] == true);
    writes.filter_map(|entry| entry["operation"].as_str()).map(str::to_owned).collect()
}

fn message(object: &Value) -> &str {
    condition(object, "Ready").unwrap()["message"].as_str().unwrap()
}

#[tokio::test]
async fn a_gateway_goes_after_what_is_bound_to_it() {
    let world = World::new().await;
    let eip = eip(&world, 1);
    // The last comes first.
    world.apply(&binding("mail", "edge", &eip)).await;
    world.wait_reason(KIND, "mail", "WaitingForReference").await;
    world.apply(&gateway("edge")).await;
    let ready = world.wait_ready(KIND, "mail").await;
    let gateway = world.look("ConnectGateway", "edge").await;
    assert_eq!((id(&ready), &ready["status"]["observed"]["connectGatewayId"]), (eip, &gateway["status"]["id"]));
    assert!(condition(&ready, "Healthy").is_none(), "{ready:#}");
    assert_eq!(gateway["status"]["observed"]["currentGeipCount"], 1, "{gateway:#}");
    assert!(is(&gateway, "Healthy", "True"), "it is used: {gateway:#}");
    world.delete("ConnectGateway", "edge").await;
    let waiting = world.wait_reason("ConnectGateway", "edge", "WaitingForDependants").await;
    assert_eq!(waiting["status"]["waitingFor"], json!([{ "kind": KIND, "name": "mail" }]));
    world.finish().await;
    assert_eq!(written(&world).await, ["CreateConnectGateway", "BindGlobalEips", "UnbindGlobalEips", "DeleteConnectGateway"]);
}

/// Nobody knows whether the cloud refuses that, or unbinds by itself.
#[tokio::test]
async fn a_gateway_with_a_global_eip_of_somebody_else_goes_when_the_cloud_lets_it() {
    for (switch, refused) in [("refuse", true), ("cascade", false)] {
        let world = World::new().await;
        switches(&world, json!({ "u37_delete_used_connect_gateway": switch })).await;
        world.apply(&gateway("edge")).await;
        let gateway = id(&world.wait_ready("ConnectGateway", "edge").await);
        let eip = eip(&world, 1);
        world.cloud.create("global_eip", json!({ "id": eip, "connect_gateway_id": gateway })).await;
        world.delete("ConnectGateway", "edge").await;
        if refused {
            let told = world.wait_reason("ConnectGateway", "edge", "InUse").await;
            assert!(is(&told, "Reconciling", "True") && message(&told).contains("DC.0001"), "{told:#}");
            world.cloud.delete(&eip).await;
        }
        world.wait_gone("ConnectGateway", "edge").await;
        world.finish().await;
    }
}

#[tokio::test]
async fn a_segment_and_an_address_are_bound_whatever_words_the_cloud_has() {
    let others = json!({
        "u33_bound_global_eip_status": "ACTIVE", "u34_bind_answer": "object", "u35_segment_rows": "both", "u47_unbind_unbound": "accept",
    });
    for set in [json!({}), others] {
        let world = World::new().await;
        switches(&world, set).await;
        world.apply(&gateway("edge")).await;
        let gateway = id(&world.wait_ready("ConnectGateway", "edge").await);
        let (segment, address) = (eip(&world, 1), eip(&world, 2));
        world.apply(&with(binding("web", "edge", &segment), &json!({ "type": "IP_SEGMENT" }))).await;
        let by_id = json!({ "connectGatewayRef": null, "connectGatewayId": gateway });
        world.apply(&with(binding("mail", "edge", &address), &by_id)).await;
        for (name, eip, kind) in [("web", &segment, "IP_SEGMENT"), ("mail", &address, "IP_ADDRESS")] {
            let ready = world.wait_ready(KIND, name).await;
            assert_eq!((&id(&ready), &ready["status"]["observed"]["type"]), (eip, &json!(kind)), "{ready:#}");
        }
        world.finish().await;
        let binds = written(&world).await.into_iter().filter(|operation| operation == "BindGlobalEips").count();
        assert_eq!(binds, 2);
    }
}

/// Where the cloud would move it, nobody's is taken away.
#[tokio::test]
async fn a_global_eip_that_is_bound_to_another_gateway_stays_there() {
    let world = World::new().await;
    switches(&world, json!({ "u36_bound_elsewhere": "move" })).await;
    for name in ["one", "two"] {
        world.apply(&gateway(name)).await;
        world.wait_ready("ConnectGateway", name).await;
    }
    let (ours, theirs) = (eip(&world, 1), eip(&world, 2));
    let other = id(&world.get("ConnectGateway", "two").await);
    world.cloud.create("global_eip", json!({ "id": theirs, "connect_gateway_id": other })).await;
    world.apply(&binding("first", "one", &ours)).await;
    world.wait_ready(KIND, "first").await;
    world.apply(&binding("second", "two", &ours)).await;
    let told = world.wait_reason(KIND, "second", "Conflict").await;
    assert!(message(&told).contains(&format!("{KIND} {}/first", world.namespace)), "{told:#}");
    world.apply(&binding("foreign", "one", &theirs)).await;
    let told = world.wait_reason(KIND, "foreign", "Conflict").await;
    assert!(message(&told).contains(&theirs) && message(&told).contains("spec.import"), "{told:#}");
    // To take it over would leave it at the other gateway.
    world.patch(KIND, "foreign", json!({ "spec": { "import": { "naturalKey": true } } })).await;
    let told = world.wait_reason(KIND, "foreign", "Immutable").await;
    assert!(message(&told).contains("connectGatewayRef"), "{told:#}");
    for name in ["second", "foreign"] {
        world.delete(KIND, name).await;
        world.wait_gone(KIND, name).await;
    }
    let binds = written(&world).await.into_iter().filter(|operation| operation == "BindGlobalEips").count();
    assert_eq!((binds, world.cloud.all("global_eips").await.len()), (1, 2));
    world.cloud.delete(&theirs).await;
    world.finish().await;
}

/// A global EIP is bound once in the world, whichever account an object names.
#[tokio::test]
async fn a_global_eip_that_an_object_of_another_account_holds_is_not_bound_again() {
    let (world, other) = (World::new().await, World::new().await);
    let eip = eip(&world, 1);
    for world in [&world, &other] {
        world.apply(&gateway("edge")).await;
        world.wait_ready("ConnectGateway", "edge").await;
    }
    world.apply(&binding("mail", "edge", &eip)).await;
    world.wait_ready(KIND, "mail").await;
    other.apply(&binding("mail", "edge", &eip)).await;
    let told = other.wait_reason(KIND, "mail", "Conflict").await;
    assert!(message(&told).contains("another namespace") && !message(&told).contains(&world.namespace), "{told:#}");
    assert_eq!(written(&other).await, ["CreateConnectGateway"]);
    world.delete(KIND, "mail").await;
    world.wait_gone(KIND, "mail").await;
    other.wait_ready(KIND, "mail").await;
    world.finish().await;
    other.finish().await;
}

/// Of another project the account shows nothing: only the cloud can tell.
#[tokio::test]
async fn what_the_cloud_refuses_and_what_fails_is_told() {
    let world = World::new().await;
    world.apply(&gateway("edge")).await;
    let gateway = id(&world.wait_ready("ConnectGateway", "edge").await);
    let (taken, failing) = (eip(&world, 1), eip(&world, 2));
    let elsewhere = json!({ "id": taken, "tenant_id": PARTNER, "connect_gateway_id": "99999999-9999-4999-8999-999999999999" });
    world.cloud.create("global_eip", elsewhere).await;
    world.apply(&binding("taken", "edge", &taken)).await;
    let told = world.wait_reason(KIND, "taken", "Invalid").await;
    assert!(is(&told, "Stalled", "True") && message(&told).contains("DC.0001"), "{told:#}");
    world.delete(KIND, "taken").await;
    world.wait_gone(KIND, "taken").await;
    world.cloud.delete(&taken).await;

    world.cloud.fault(json!({ "operation": "BindGlobalEips", "kind": "error_state", "reason": "no bandwidth" })).await;
    world.apply(&binding("failing", "edge", &failing)).await;
    let failed = world.wait_reason(KIND, "failing", "CloudFailed").await;
    assert!(is(&failed, "Stalled", "True") && message(&failed).contains("no bandwidth"), "{failed:#}");
    assert_eq!((id(&failed), &failed["status"]["observed"]["connectGatewayId"]), (failing, &json!(gateway)));
    world.finish().await;
}
