//! Switchover tests.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::*;

const TESTS: &str = "dcaas/switchover-test";

/// Settings in which changes stay pending until `settle`.
fn slow(switches: &Value) -> Value {
    json!({"settle_ms": {"update": 600_000}, "switches": switches})
}

fn bgp(gateway: &str) -> Value {
    with(interface(gateway, LINE_A, 30), json!({"route_mode": "bgp", "bgp_asn": 65_100}))
}

async fn run(cloud: &Simulator, vif: &str, operation: &str) -> Answer {
    cloud.post(TESTS, json!({"switchover_test_record": {"resource_id": vif, "operation": operation}})).await
}

/// Status of the interface, of the session of its first peer, and the routes that it receives.
async fn state(cloud: &Simulator, vif: &str) -> (String, Value, Value) {
    let read = cloud.get(&format!("dcaas/virtual-interfaces/{vif}")).await;
    let peer = &read.body["virtual_interface"]["vif_peers"][0];
    (status_of(&read).to_owned(), peer["bgp_status"].clone(), peer["receive_route_num"].clone())
}

/// All records, also those that the API does not list.
async fn records(cloud: &Simulator) -> Vec<Value> {
    cloud.admin(Method::GET, "resources", None).await.body["switchover_test_records"].as_array().unwrap().clone()
}

#[tokio::test]
async fn life_of_a_switchover_test() {
    let cloud = Simulator::start(json!({})).await;
    let vif = cloud.interface(interface(&cloud.gateway().await, LINE_A, 30)).await;
    assert_eq!(run(&cloud, &vif, "undo_shutdown").await.code(), "DC.1210");
    let started = run(&cloud, &vif, "shutdown").await;
    let record = &started.body["switchover_test_record"];
    assert_eq!((started.status, &record["operate_status"]), (201, &json!("STARTING")));
    assert_eq!(record["end_time"], record["start_time"], "as in the vendor's example");
    cloud.interface_until(&vif, |answer| status_of(answer) == "ADMIN_SHUTDOWN").await;
    let records = cloud.get(&format!("{TESTS}?resource_id={vif}")).await;
    let complete = &records.body["switchover_test_records"][0];
    assert_eq!(complete["operate_status"], "COMPLETE");
    assert!(complete["end_time"].as_str().unwrap() > complete["start_time"].as_str().unwrap(), "{complete}");
    let path = format!("dcaas/virtual-interfaces/{vif}");
    let peer = cloud.get(&path).await.body["virtual_interface"]["vif_peers"][0]["id"].as_str().unwrap().to_owned();
    let peer_path = format!("dcaas/vif-peers/{peer}");
    let refused = [
        cloud.put(&path, json!({"virtual_interface": {"name": "x"}})).await,
        cloud.put(&format!("{path}/extend-attributes"), json!({"extend_attribute": {"ha_type": "bfd"}})).await,
        cloud.put(&peer_path, json!({"vif_peer": {"name": "x"}})).await,
        cloud.delete(&peer_path).await,
        cloud.delete(&path).await,
        run(&cloud, &vif, "shutdown").await,
    ];
    assert_eq!(refused.each_ref().map(Answer::code), ["DC.1210"; 6], "no other operation is possible");
    assert_eq!(run(&cloud, &vif, "undo_shutdown").await.status, 201);
    cloud.interface_until(&vif, |answer| status_of(answer) == "ACTIVE").await;

    cloud.settings(json!({"locks": {"admin_shutdown": false}})).await;
    run(&cloud, &vif, "shutdown").await;
    cloud.interface_until(&vif, |answer| status_of(answer) == "ADMIN_SHUTDOWN").await;
    assert_eq!(cloud.delete(&path).await.status, 204);
}

#[tokio::test]
async fn a_shut_interface_has_no_session() {
    let cloud = Simulator::start(slow(&json!({}))).await;
    let vif = cloud.interface(bgp(&cloud.gateway().await)).await;
    let up = ("ACTIVE".to_owned(), json!("ACTIVE"), json!(2));
    assert_eq!(state(&cloud, &vif).await, up);
    run(&cloud, &vif, "shutdown").await;
    assert_eq!(state(&cloud, &vif).await, up, "nothing happens at once");
    cloud.settle().await;
    let shut = ("ADMIN_SHUTDOWN".to_owned(), json!("DOWN"), json!(0));
    assert_eq!(state(&cloud, &vif).await, shut);
    run(&cloud, &vif, "undo_shutdown").await;
    assert_eq!(state(&cloud, &vif).await, shut);
    cloud.settle().await;
    assert_eq!(state(&cloud, &vif).await, up);
}

#[tokio::test]
async fn a_test_in_progress_locks_its_interface() {
    let cloud = Simulator::start(slow(&json!({}))).await;
    let vif = cloud.interface(bgp(&cloud.gateway().await)).await;
    let path = format!("dcaas/virtual-interfaces/{vif}");
    let six = json!({
        "vif_id": vif, "address_family": "ipv6", "route_mode": "static", "local_gateway_ip": "fd00::1/64", "remote_gateway_ip": "fd00::2/64",
    });
    assert_eq!(run(&cloud, &vif, "shutdown").await.status, 201);
    let refused = [
        run(&cloud, &vif, "shutdown").await,
        run(&cloud, &vif, "undo_shutdown").await,
        cloud.put(&path, json!({"virtual_interface": {"name": "x"}})).await,
        cloud.post("dcaas/vif-peers", json!({"vif_peer": six})).await,
        cloud.delete(&path).await,
    ];
    assert_eq!(refused.each_ref().map(Answer::code), ["DC.1210"; 5]);
    assert_eq!(cloud.get(TESTS).await.body["switchover_test_records"], json!([]), "only complete ones are listed");
    assert_eq!(records(&cloud).await.len(), 1);
}

#[tokio::test]
async fn a_test_that_fails_leaves_the_interface_as_it_was() {
    for (starting, while_starting) in [("unchanged", "ACTIVE"), ("ADMIN_SHUTDOWN", "ADMIN_SHUTDOWN")] {
        let cloud = Simulator::start(slow(&json!({"u41_status_while_starting": starting}))).await;
        let vif = cloud.interface(bgp(&cloud.gateway().await)).await;
        let before = state(&cloud, &vif).await;
        cloud.fault(json!({"operation": "SwitchoverTest", "kind": "error_state", "reason": "x", "times": 1})).await;
        assert_eq!(run(&cloud, &vif, "shutdown").await.status, 201);
        assert_eq!(state(&cloud, &vif).await.0, while_starting);
        cloud.settle().await;
        assert_eq!(records(&cloud).await[0]["operate_status"], "ERROR");
        assert_eq!(state(&cloud, &vif).await, before);
        assert_eq!(cloud.get(TESTS).await.body["switchover_test_records"], json!([]));
        assert_eq!(run(&cloud, &vif, "shutdown").await.status, 201, "it can be tried again");
    }
}

#[tokio::test]
async fn the_status_while_a_shutdown_starts_follows_its_switch() {
    let cloud = Simulator::start(slow(&json!({"u41_status_while_starting": "ADMIN_SHUTDOWN"}))).await;
    let vif = cloud.interface(bgp(&cloud.gateway().await)).await;
    let started = run(&cloud, &vif, "shutdown").await;
    assert_eq!(started.body["switchover_test_record"]["operate_status"], "STARTING");
    let shut = ("ADMIN_SHUTDOWN".to_owned(), json!("DOWN"), json!(0));
    assert_eq!(state(&cloud, &vif).await, shut);
    assert_eq!(run(&cloud, &vif, "undo_shutdown").await.code(), "DC.1210", "it has not been carried out yet");
    cloud.settle().await;
    assert_eq!(state(&cloud, &vif).await, shut);
    assert_eq!(run(&cloud, &vif, "undo_shutdown").await.status, 201);
    assert_eq!(state(&cloud, &vif).await, shut);
}

#[tokio::test]
async fn a_shut_interface_is_deleted_by_its_switch() {
    let cloud = Simulator::start(json!({"switches": {"u42_delete_shut_interface": "accept"}})).await;
    let vif = cloud.interface(bgp(&cloud.gateway().await)).await;
    let path = format!("dcaas/virtual-interfaces/{vif}");
    run(&cloud, &vif, "shutdown").await;
    cloud.settle().await;
    assert_eq!(cloud.put(&path, json!({"virtual_interface": {"name": "x"}})).await.code(), "DC.1210", "an update is refused all the same");
    assert_eq!(cloud.delete(&path).await.status, 204);
    cloud.settle().await;
    assert_eq!(cloud.get(&path).await.status, 404);
}

#[tokio::test]
async fn repeated_tests_have_no_effect_by_their_switch() {
    let cloud = Simulator::start(slow(&json!({"u43_repeated_switchover": "accept"}))).await;
    let vif = cloud.interface(bgp(&cloud.gateway().await)).await;
    let before = state(&cloud, &vif).await;
    assert_eq!(run(&cloud, &vif, "undo_shutdown").await.status, 201);
    cloud.settle().await;
    assert_eq!(state(&cloud, &vif).await, before);
    assert_eq!(run(&cloud, &vif, "shutdown").await.status, 201);
    assert_eq!(run(&cloud, &vif, "shutdown").await.status, 201, "also while the first is in progress");
    assert_eq!(run(&cloud, &vif, "undo_shutdown").await.code(), "DC.1210", "but not the opposite");
    cloud.settle().await;
    assert_eq!(state(&cloud, &vif).await.0, "ADMIN_SHUTDOWN");
    assert_eq!(run(&cloud, &vif, "shutdown").await.status, 201);
    cloud.settle().await;
    assert_eq!(state(&cloud, &vif).await.0, "ADMIN_SHUTDOWN");
    assert_eq!(cloud.get(&format!("{TESTS}?resource_id={vif}")).await.body["page_info"]["current_count"], 4);
}

#[tokio::test]
async fn what_can_be_shut_down_follows_its_switch() {
    for (switch, expected) in [("accept", 201), ("refuse", 400)] {
        let cloud = Simulator::start(json!({"switches": {"u44_shutdown_of_down_or_static": switch}})).await;
        let gateway = cloud.gateway().await;
        let static_one = cloud.interface(interface(&gateway, LINE_A, 30)).await;
        assert_eq!(run(&cloud, &static_one, "shutdown").await.status, expected, "static, {switch}");
        let down = cloud.interface(with(bgp(&gateway), json!({"direct_connect_id": LINE_B}))).await;
        cloud.admin(Method::PATCH, &format!("resources/{down}"), Some(json!({"status": "DOWN"}))).await;
        assert_eq!(run(&cloud, &down, "shutdown").await.status, expected, "DOWN, {switch}");
        cloud.admin(Method::PATCH, &format!("resources/{down}"), Some(json!({"status": "ACTIVE"}))).await;
        cloud.settle().await;
        let active = if switch == "accept" { 400 } else { 201 };
        assert_eq!(run(&cloud, &down, "shutdown").await.status, active, "ACTIVE, {switch}");
    }
}

#[tokio::test]
async fn the_status_after_a_shutdown_follows_its_switch() {
    let cloud = Simulator::start(json!({"switches": {"u46_status_after_undo": "DOWN"}})).await;
    let gateway = cloud.gateway().await;
    for (body, then) in [
        (bgp(&gateway), ("DOWN".to_owned(), json!("DOWN"), json!(0))),
        (interface(&gateway, LINE_B, 30), ("ACTIVE".to_owned(), Value::Null, json!(-1))),
    ] {
        cloud.settings(json!({"settle_ms": {"update": 20}})).await;
        let vif = cloud.interface(body).await;
        run(&cloud, &vif, "shutdown").await;
        cloud.interface_until(&vif, |answer| status_of(answer) == "ADMIN_SHUTDOWN").await;
        run(&cloud, &vif, "undo_shutdown").await;
        cloud.settings(json!({"settle_ms": {"update": 600_000}})).await;
        cloud.interface_until(&vif, |answer| status_of(answer) != "ADMIN_SHUTDOWN").await;
        assert_eq!(state(&cloud, &vif).await, then);
        let path = format!("dcaas/virtual-interfaces/{vif}");
        assert_eq!(cloud.put(&path, json!({"virtual_interface": {"name": "new"}})).await.status, 200, "it is not locked");
        cloud.settings(json!({"settle_ms": {"update": 20}})).await;
        cloud.settle().await;
        cloud.interface_until(&vif, |answer| status_of(answer) == "ACTIVE").await;
        cloud.admin(Method::DELETE, &format!("resources/{vif}"), None).await;
    }
}

#[tokio::test]
async fn invalid_tests_are_rejected() {
    let cloud = Simulator::start(json!({})).await;
    let vif = cloud.interface(bgp(&cloud.gateway().await)).await;
    let record = |changes: Value| json!({"switchover_test_record": with(json!({"resource_id": vif, "operation": "shutdown"}), changes)});
    let table = [
        (json!({}), (400, "DC.0000")),
        (record(json!({"operation": null})), (400, "DC.0001")),
        (record(json!({"operation": "reboot"})), (400, "DC.0001")),
        (record(json!({"resource_id": null})), (400, "DC.0001")),
        (record(json!({"resource_type": "virtual_gateway"})), (400, "DC.0001")),
        (record(json!({"surprise": 1})), (400, "DC.0001")),
        (record(json!({"resource_id": NOBODY})), (404, "DC.1211")),
    ];
    for (body, expected) in table {
        let answer = cloud.post(TESTS, body.clone()).await;
        assert_eq!((answer.status, answer.code()), expected, "{body}");
    }
    for (status, code) in [("PENDING_UPDATE", "DC.1210"), ("ERROR", "DC.1205"), ("AUTHORIZATION", "DC.1210")] {
        cloud.admin(Method::PATCH, &format!("resources/{vif}"), Some(json!({"status": status}))).await;
        assert_eq!(run(&cloud, &vif, "shutdown").await.code(), code, "{status}");
    }
}
