//! What an account does not use, or its region does not have, costs no call.

use serde_json::{Value, json};
use std::time::Duration;
use support::eventually;
use support::line::{gateway, object};
use support::world::{World, condition, is};

fn connect_gateway(name: &str) -> Value {
    object("ConnectGateway", name, &json!({}))
}

fn told(object: &Value) -> &str {
    condition(object, "Ready").unwrap()["message"].as_str().unwrap()
}

#[tokio::test]
async fn a_disabled_feature_makes_no_call() {
    let world = World::new().await;
    let switch = |value: &'static str| json!({ "features": { "connectGateways": value } });
    world.patch_account(switch("disabled")).await;
    world.account_in_force().await;
    world.apply(&connect_gateway("cgw")).await;
    let stalled = world.wait_reason("ConnectGateway", "cgw", "Unsupported").await;
    assert!(is(&stalled, "Stalled", "True"), "{stalled:#}");
    assert_eq!(told(&stalled), format!("ConnectGateway is disabled in spec.features of CloudAccount {}", world.namespace));
    assert_eq!(world.cloud.count("ListConnectGateways").await, 0);
    // One that has nothing in the cloud goes all the same.
    world.apply(&connect_gateway("other")).await;
    world.wait_reason("ConnectGateway", "other", "Unsupported").await;
    world.delete("ConnectGateway", "other").await;
    world.wait_gone("ConnectGateway", "other").await;
    assert_eq!(world.cloud.count("ListConnectGateways").await, 0);

    world.patch_account(switch("enabled")).await;
    world.wait_ready("ConnectGateway", "cgw").await;
    world.patch_account(switch("disabled")).await;
    world.wait_reason("ConnectGateway", "cgw", "Unsupported").await;
    world.delete("ConnectGateway", "cgw").await;
    world
        .wait("ConnectGateway", "cgw", "says how its deletion ends", |object| {
            told(object).contains("directconnect.huaweicloud.com/abandon")
        })
        .await;
    assert_eq!(world.cloud.count("DeleteConnectGateway").await, 0);
    world.patch_account(switch("auto")).await;
    world.wait_gone("ConnectGateway", "cgw").await;
    assert_eq!(world.cloud.count("DeleteConnectGateway").await, 1);
    world.finish().await;
}

/// The account's sync interval is 30 s: what is listed at all is listed in that time.
#[tokio::test]
async fn only_collections_with_objects_are_listed() {
    let world = World::new().await;
    world.apply(&gateway("gw", 1)).await;
    world.wait_ready("VirtualGateway", "gw").await;
    let counters = world.cloud.counters().await;
    let listed: Vec<&String> = counters.as_object().unwrap().keys().filter(|operation| operation.starts_with("List")).collect();
    assert_eq!(listed, ["ListVirtualGateways"]);
    world.delete("VirtualGateway", "gw").await;
    world.wait_gone("VirtualGateway", "gw").await;
    eventually("nothing is listed for longer than the sync interval", Duration::from_mins(4), || async {
        let last = world.cloud.log().await.into_iter().rfind(|entry| entry["operation"] == "ListVirtualGateways")?;
        let last: jiff::Timestamp = last["time"].as_str()?.parse().ok()?;
        (jiff::Timestamp::now().duration_since(last).as_secs() > 40).then_some(())
    })
    .await;
    world.apply(&gateway("gw", 1)).await;
    world.wait_ready("VirtualGateway", "gw").await;
    world.finish().await;
}
