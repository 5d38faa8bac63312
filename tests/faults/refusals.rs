//! What the cloud refused is tried again when its cause is corrected, and says until then why it was refused.

use serde_json::{Value, json};
use support::line::{gateway, interface, peer, with};
use support::simulator::TEMPORARY;
use support::world::{World, condition, is};

/// A connection of 1,000 Mbit/s.
const SMALL_LINE: &str = "c0000000-0000-4000-8000-000000000003";

/// Waits until an object says that it was refused with this code.
async fn refused(world: &World, kind: &str, name: &str, code: &str) -> Value {
    world
        .wait(kind, name, code, |object| {
            is(object, "Stalled", "True") && object["status"]["lastError"]["code"] == code && object["status"]["id"].is_null()
        })
        .await
}

/// Nothing but a change may lead to another try.
async fn created(world: &World, operation: &str, most: u64) {
    let count = world.cloud.count(operation).await;
    assert!(count <= most, "{count} {operation}, expected at most {most}");
}

#[tokio::test]
async fn an_interface_that_overlaps_its_gateway_is_created_when_the_gateway_is_corrected() {
    let world = World::new().await;
    world.apply(&gateway("gw", 1)).await;
    world.wait_ready("VirtualGateway", "gw").await;
    world.apply(&with(interface("vif", "gw", 101), &json!({ "remoteEpGroup": ["172.16.1.0/24"] }))).await;
    refused(&world, "VirtualInterface", "vif", "DC.1105").await;
    world.patch("VirtualGateway", "gw", json!({ "spec": { "localEpGroup": ["172.30.0.0/24"] } })).await;
    world.wait_ready("VirtualInterface", "vif").await;
    created(&world, "CreateVirtualInterface", 4).await;
    world.finish().await;
}

#[tokio::test]
async fn a_peer_is_created_when_its_gateway_has_ipv6() {
    let world = World::new().await;
    world.apply(&with(gateway("gw", 1), &json!({ "localEpGroupIpv6": null }))).await;
    world.apply(&interface("vif", "gw", 101)).await;
    world.wait_ready("VirtualInterface", "vif").await;
    world.apply(&peer("peer", "vif")).await;
    world.wait("Peer", "peer", "it is refused", |object| is(object, "Stalled", "True")).await;
    world.patch("VirtualGateway", "gw", json!({ "spec": { "localEpGroupIpv6": ["fd00:1::/64"] } })).await;
    world.wait_ready("Peer", "peer").await;
    world.finish().await;
}

#[tokio::test]
async fn an_interface_is_created_when_a_sibling_gives_bandwidth_back() {
    let world = World::new().await;
    world.apply(&gateway("gw", 1)).await;
    world.cloud.settings(json!({ "distinct_locations": false })).await;
    world.apply(&with(interface("broad", "gw", 101), &json!({ "connectionId": SMALL_LINE, "bandwidth": 900 }))).await;
    world.wait_ready("VirtualInterface", "broad").await;
    let narrow = json!({
        "connectionId": SMALL_LINE, "bandwidth": 200, "localGatewayIp": "10.0.9.1/30", "remoteGatewayIp": "10.0.9.2/30", "remoteEpGroup": ["10.9.0.0/24"],
    });
    world.apply(&with(interface("narrow", "gw", 102), &narrow)).await;
    world.wait("VirtualInterface", "narrow", "it is refused", |object| is(object, "Stalled", "True")).await;
    world.patch("VirtualInterface", "broad", json!({ "spec": { "bandwidth": 500 } })).await;
    world.wait_ready("VirtualInterface", "narrow").await;
    world.finish().await;
}

/// There is room for one of many that were refused: each is tried again when something changes, and no more than that.
#[tokio::test]
async fn room_for_one_of_many_makes_no_storm() {
    const MANY: u64 = 8;
    let world = World::new().await;
    world.apply(&gateway("gw", 1)).await;
    world.cloud.settings(json!({ "distinct_locations": false })).await;
    world.apply(&with(interface("broad", "gw", 101), &json!({ "connectionId": SMALL_LINE, "bandwidth": 900 }))).await;
    world.wait_ready("VirtualInterface", "broad").await;
    let names: Vec<String> = (0..MANY).map(|number| format!("narrow-{number}")).collect();
    for (number, name) in names.iter().enumerate() {
        let narrow = json!({
            "connectionId": SMALL_LINE, "bandwidth": 200, "localGatewayIp": format!("10.0.{number}.1/30"),
            "remoteGatewayIp": format!("10.0.{number}.2/30"), "remoteEpGroup": [format!("10.9.{number}.0/24")],
        });
        world.apply(&with(interface(name, "gw", 200 + u16::try_from(number).unwrap()), &narrow)).await;
    }
    for name in &names {
        world.wait("VirtualInterface", name, "it is refused", |object| is(object, "Stalled", "True")).await;
    }
    let before = world.cloud.count("CreateVirtualInterface").await;
    world.patch("VirtualInterface", "broad", json!({ "spec": { "bandwidth": 700 } })).await;
    // The others are refused once more after one has taken the room.
    support::eventually("one is Ready, and all others were tried again", support::world::BOUND * 3, || async {
        let mut ready = Vec::new();
        let mut refused = Vec::new();
        for name in &names {
            let object = world.get("VirtualInterface", name).await;
            if is(&object, "Ready", "True") {
                ready.push(condition(&object, "Ready").unwrap()["lastTransitionTime"].to_string());
            } else {
                refused.push(object["status"]["lastError"]["time"].to_string());
            }
        }
        (ready.len() == 1 && refused.iter().all(|time| *time >= ready[0])).then_some(())
    })
    .await;
    let tries = world.cloud.count("CreateVirtualInterface").await - before;
    assert!((MANY..=3 * MANY).contains(&tries), "{tries} tries for {MANY} objects");
    world.finish().await;
}

#[tokio::test]
async fn an_object_goes_on_when_the_secret_gets_keys_with_the_permission() {
    let world = World::new().await;
    let forbidden = json!({ "operation": "CreateVirtualGateway", "kind": "status", "status": 403, "code": "APIGW.0302", "times": 100 });
    world.cloud.fault(forbidden).await;
    world.apply(&gateway("gw", 1)).await;
    world.wait_reason("VirtualGateway", "gw", "Forbidden").await;
    world.cloud.clear_faults().await;
    let [access_key, secret_key, security_token] = TEMPORARY;
    world
        .apply(&json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "credentials" },
            "stringData": { "accessKey": access_key, "secretKey": secret_key, "securityToken": security_token },
        }))
        .await;
    world.wait_ready("VirtualGateway", "gw").await;
    created(&world, "CreateVirtualGateway", 3).await;
    world.finish().await;
}

/// What is over is not told while a refused object waits.
#[tokio::test]
async fn a_refused_object_says_why_whatever_came_in_between() {
    let world = World::new().await;
    world.apply(&gateway("gw", 1)).await;
    world.wait_ready("VirtualGateway", "gw").await;
    world.apply(&with(interface("vif", "gw", 101), &json!({ "remoteEpGroup": ["172.16.1.0/24"] }))).await;
    refused(&world, "VirtualInterface", "vif", "DC.1105").await;
    let tries = world.cloud.count("CreateVirtualInterface").await;

    let secret = support::world::api(&world.client, Some(&world.namespace), "v1", "Secret");
    let keys = secret.get("credentials").await.unwrap();
    world.account(json!({ "accessKey": { "secretRef": { "namespace": world.namespace, "name": "no-such-secret" } } })).await;
    world
        .wait("VirtualInterface", "vif", "its account is not ready", |object| condition(object, "Ready").unwrap()["reason"] != "Invalid")
        .await;
    drop(keys);
    world.account(json!({ "accessKey": { "secretRef": { "namespace": world.namespace, "name": "credentials" } } })).await;
    refused(&world, "VirtualInterface", "vif", "DC.1105").await;

    let paused = |value: &str| json!({ "metadata": { "annotations": { "directconnect.huaweicloud.com/paused": value } } });
    world.patch("VirtualInterface", "vif", paused("true")).await;
    world
        .wait("VirtualInterface", "vif", "it is paused", |object| {
            condition(object, "Synced").is_some_and(|synced| synced["reason"] == "Paused")
        })
        .await;
    world.patch("VirtualInterface", "vif", paused("false")).await;
    let told = world
        .wait("VirtualInterface", "vif", "it is paused no longer", |object| {
            condition(object, "Ready").is_some_and(|ready| ready["reason"] == "Invalid") && is(object, "Stalled", "True")
        })
        .await;
    assert!(condition(&told, "Ready").unwrap()["message"].as_str().unwrap().contains("DC.1105"), "{told:#}");
    // Another client may lead to another answer: one try, and no more.
    created(&world, "CreateVirtualInterface", tries + 2).await;
    world.patch("VirtualInterface", "vif", json!({ "spec": { "remoteEpGroup": ["10.1.123.0/24"] } })).await;
    world.wait_ready("VirtualInterface", "vif").await;
    world.finish().await;
}

#[tokio::test]
async fn a_create_in_doubt_names_the_code_that_it_ended_with() {
    let world = World::new().await;
    world
        .cloud
        .fault(json!({ "operation": "CreateVirtualGateway", "kind": "status", "status": 500, "code": "DC.9999", "message": "failed" }))
        .await;
    world.apply(&gateway("gw", 1)).await;
    world
        .wait("VirtualGateway", "gw", "it waits, and names the code", |object| {
            condition(object, "Ready").is_some_and(|ready| {
                ready["reason"] == "Creating" && ready["message"].as_str().is_some_and(|message| message.contains("DC.9999"))
            })
        })
        .await;
    world.wait_ready("VirtualGateway", "gw").await;
    world.finish().await;
}
