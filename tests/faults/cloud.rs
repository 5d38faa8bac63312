//! What only the cloud can know, and a cloud that misbehaves: told within one pass, retried as its class says, never twice, never lost.

use serde_json::{Value, json};
use support::eventually;
use support::line::object;
use support::simulator::{self, LINE_A, MISSING_VPC};
use support::world::{BOUND, World, condition, is};

fn gateway(name: &str, vpc: &str) -> Value {
    object("VirtualGateway", name, &json!({ "vpcId": vpc, "localEpGroup": ["172.16.0.0/24"] }))
}

fn vpc(number: u8) -> String {
    format!("00000000-0000-4000-8000-0000000001{number:02}")
}

fn interface(name: &str, vlan: u16, third: u8, remote: &str) -> Value {
    object(
        "VirtualInterface",
        name,
        &json!({
            "connectionId": LINE_A, "virtualGatewayRef": { "name": "gw" }, "vlan": vlan, "bandwidth": 50, "routeMode": "static",
            "localGatewayIp": format!("10.0.{third}.1/30"), "remoteGatewayIp": format!("10.0.{third}.2/30"), "remoteEpGroup": [remote],
        }),
    )
}

/// Code, message and request id stand in the status, and an event tells the code.
async fn told(world: &World, kind: &str, name: &str, reason: &str, code: &str) -> Value {
    let object = world.wait_reason(kind, name, reason).await;
    let error = &object["status"]["lastError"];
    assert_eq!(error["code"], code, "{object:#}");
    assert!(!error["message"].as_str().unwrap().is_empty() && !error["requestId"].as_str().unwrap_or_default().is_empty(), "{error:#}");
    eventually("an event tells the code", BOUND, || async {
        world.events(kind, name).await.iter().any(|(_, note)| note.contains(code)).then_some(())
    })
    .await;
    object
}

#[tokio::test]
async fn what_the_cloud_refuses_is_told_and_a_corrected_spec_is_taken_up_at_once() {
    let world = World::new().await;
    world.cloud.settings(json!({ "distinct_locations": false })).await;
    world.apply(&gateway("gw", MISSING_VPC)).await;
    let refused = told(&world, "VirtualGateway", "gw", "Invalid", "DC.0007").await;
    assert!(is(&refused, "Stalled", "True") && refused["status"]["id"].is_null() && refused["status"]["intent"].is_null(), "{refused:#}");
    // vpcId is immutable: another object.
    world.delete("VirtualGateway", "gw").await;
    world.wait_gone("VirtualGateway", "gw").await;
    world.apply(&gateway("gw", &vpc(1))).await;
    world.apply(&interface("a", 40, 1, "10.1.0.0/24")).await;
    world.wait_ready("VirtualInterface", "a").await;

    // The same VLAN: somebody else's resource stands there, and is named.
    world.apply(&interface("same-vlan", 40, 2, "10.2.0.0/24")).await;
    let conflict = world.wait_reason("VirtualInterface", "same-vlan", "Conflict").await;
    assert!(condition(&conflict, "Ready").unwrap()["message"].as_str().unwrap().contains("/a"), "{conflict:#}");

    // Networks overlap those of the gateway; the correction goes out at once, not after the ten minutes of the class.
    world.apply(&interface("overlap", 41, 3, "172.16.0.0/16")).await;
    told(&world, "VirtualInterface", "overlap", "Invalid", "DC.1105").await;
    world.patch("VirtualInterface", "overlap", json!({ "spec": { "remoteEpGroup": ["10.3.0.0/24"] } })).await;
    let ready = world.wait_ready("VirtualInterface", "overlap").await;
    assert!(ready["status"]["lastError"].is_null(), "{ready:#}");

    // The quota.
    world.delete("VirtualInterface", "same-vlan").await;
    world.wait_gone("VirtualInterface", "same-vlan").await;
    world.cloud.settings(json!({ "quotas": { "virtual_interfaces": 2 } })).await;
    // Room is seen in the quotas, which are read often while somebody waits for it: not after the ten minutes of the class. It is seen even if
    // it was there before the first of these reads.
    for (name, number, vlan, gone, delay) in [("one-too-many", 4, 42, "a", 3000), ("another", 5, 43, "overlap", 0)] {
        world.cloud.fault(json!({ "operation": "ShowQuotas", "kind": "delay", "ms": delay })).await;
        world.apply(&interface(name, vlan, number, &format!("10.{number}.0.0/24"))).await;
        let full = world.wait_reason("VirtualInterface", name, "QuotaExceeded").await;
        assert!(is(&full, "Stalled", "True"), "{full:#}");
        world.delete("VirtualInterface", gone).await;
        world.wait_ready("VirtualInterface", name).await;
    }
    world.finish().await;
}

/// The LIST reads the collection before the change is made and answers after that: what it shows is older than what the operator knows.
#[tokio::test]
async fn a_list_that_was_under_way_with_a_change_does_not_undo_it() {
    let world = World::new().await;
    for (name, number) in [("changed", 30), ("other", 31)] {
        world.apply(&gateway(name, &vpc(number))).await;
        world.wait_ready("VirtualGateway", name).await;
    }
    let struck = async |operation: &str| {
        let what = format!("{operation} is struck");
        eventually(&what, BOUND, || async { (world.cloud.faults_to_come(operation).await == 0).then_some(()) }).await;
    };
    world.cloud.fault(json!({ "operation": "UpdateVirtualGateway", "kind": "delay", "ms": 2000 })).await;
    world.patch("VirtualGateway", "changed", json!({ "spec": { "description": "new" } })).await;
    struck("UpdateVirtualGateway").await;
    world.cloud.fault(json!({ "operation": "ListVirtualGateways", "kind": "late_answer", "ms": 4000 })).await;
    world.ask("VirtualGateway", "other", "now").await;
    struck("ListVirtualGateways").await;
    assert_eq!(world.cloud.count("UpdateVirtualGateway").await, 0, "the LIST came first");

    world.wait("VirtualGateway", "other", "looked at", |object| object["status"]["lastHandledReconcileAt"] == "now").await;
    world.look("VirtualGateway", "changed").await;
    world.wait_ready("VirtualGateway", "changed").await;
    assert_eq!(world.cloud.count("UpdateVirtualGateway").await, 1);
    let drift = world.events("VirtualGateway", "changed").await.into_iter().filter(|(reason, _)| reason.starts_with("Drift"));
    assert_eq!(drift.collect::<Vec<_>>(), []);
    world.finish().await;
}

#[tokio::test]
async fn a_password_serves_as_well_and_a_revoked_token_is_renewed_once() {
    let world = World::new().await;
    world
        .apply(&json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "login" },
            "stringData": { "domain": simulator::DOMAIN, "user": simulator::USER, "password": simulator::PASSWORD },
        }))
        .await;
    world.account(json!({ "password": { "secretRef": { "namespace": world.namespace, "name": "login" } } })).await;
    world.account_in_force().await;
    world.apply(&gateway("gw", &vpc(3))).await;
    world.wait_ready("VirtualGateway", "gw").await;
    let logins = world.cloud.count("KeystoneCreateUserTokenByPassword").await;
    assert!(logins >= 1, "{}", world.cloud.counters().await);
    world.cloud.expire_tokens().await;
    world.patch("VirtualGateway", "gw", json!({ "spec": { "description": "after" } })).await;
    world.wait_ready("VirtualGateway", "gw").await;
    assert_eq!(world.cloud.all("virtual_gateways").await[0]["description"], "after");
    assert_eq!(world.cloud.count("KeystoneCreateUserTokenByPassword").await, logins + 1);
    world.finish().await;
}

#[tokio::test]
async fn an_answer_that_is_lost_or_garbled_makes_nothing_twice() {
    let kinds = [
        json!({ "kind": "lose_answer" }),
        json!({ "kind": "garbage", "format": "truncated" }),
        json!({ "kind": "garbage", "format": "html" }),
        json!({ "kind": "garbage", "format": "huge", "mib": 40 }),
        json!({ "kind": "reset_before" }),
        json!({ "kind": "status", "status": 503, "code": "APIGW.0613", "message": "away" }),
    ];
    let world = World::new().await;
    world.cloud.settings(json!({ "quotas": { "virtual_gateways": 20 } })).await;
    for (number, fault) in (10..).zip(&kinds) {
        let mut fault = fault.clone();
        fault["operation"] = json!("CreateVirtualGateway");
        world.cloud.fault(fault.clone()).await;
        let name = format!("gw-{number}");
        world.apply(&gateway(&name, &vpc(number))).await;
        let ready = world.wait_ready("VirtualGateway", &name).await;
        let there = world.cloud.all("virtual_gateways").await;
        let mine: Vec<&Value> = there.iter().filter(|gateway| gateway["vpc_id"] == json!(vpc(number))).collect();
        assert_eq!(mine.len(), 1, "{fault}");
        assert_eq!(mine[0]["id"], ready["status"]["id"], "{fault}");
    }
    let log = world.cloud.log().await;
    let committed = log.iter().filter(|entry| entry["operation"] == "CreateVirtualGateway" && entry["committed"] == true).count();
    assert_eq!(committed, kinds.len());
    world.finish().await;
}

#[tokio::test]
async fn garbage_is_never_read_as_gone() {
    let world = World::new().await;
    world.apply(&gateway("gw", &vpc(4))).await;
    let id = world.wait_ready("VirtualGateway", "gw").await["status"]["id"].clone();
    for (mark, format) in ["html", "truncated", "not_json", "empty"].iter().enumerate() {
        world.cloud.fault(json!({ "operation": "ListVirtualGateways", "kind": "garbage", "format": format })).await;
        world.cloud.fault(json!({ "operation": "ShowVirtualGateway", "kind": "garbage", "format": format })).await;
        let before = world.cloud.count("ListVirtualGateways").await;
        world.ask("VirtualGateway", "gw", &mark.to_string()).await;
        eventually("the list was read again after the garbage", BOUND, || async {
            (world.cloud.count("ListVirtualGateways").await >= before + 2).then_some(())
        })
        .await;
        world.cloud.clear_faults().await;
    }
    // A gateway's 404 for the whole API is no gone resource either.
    world
        .cloud
        .fault(json!({ "operation": "ListVirtualGateways", "kind": "status", "status": 404, "code": "APIGW.0101", "message": "no api" }))
        .await;
    world.ask("VirtualGateway", "gw", "no api").await;
    eventually("the list was refused", BOUND, || async { (world.cloud.faults_to_come("ListVirtualGateways").await == 0).then_some(()) })
        .await;
    world.look("VirtualGateway", "gw").await;
    let ready = world.wait_ready("VirtualGateway", "gw").await;
    assert_eq!(ready["status"]["id"], id);
    assert_eq!(world.cloud.count("CreateVirtualGateway").await, 1);
    world.finish().await;
}
