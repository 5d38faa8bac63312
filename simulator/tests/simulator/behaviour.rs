//! Switches, changes by the admin API, and the process.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::*;

/// The value at a JSON pointer of an interface in a response, with these settings.
async fn shown(settings: Value, pointer: &str) -> Option<Value> {
    let cloud = Simulator::start(settings).await;
    let bgp = json!({"route_mode": "bgp", "bgp_asn": 65_100, "bgp_md5": "Qaz12345678", "remote_ep_group": ["10.9.0.0/16", "10.1.0.0/16"]});
    let vif = cloud.interface(with(interface(&cloud.gateway().await, LINE_A, 30), bgp)).await;
    let read = cloud.get(&format!("dcaas/virtual-interfaces/{vif}")).await;
    read.body["virtual_interface"].pointer(pointer).cloned()
}

#[tokio::test]
async fn switches_change_responses() {
    let table = [
        (json!({}), "/vif_peers/0/bgp_md5", Some(json!("Qaz12345678"))),
        (json!({"switches": {"u9_bgp_md5": "mask"}}), "/vif_peers/0/bgp_md5", Some(json!("******"))),
        (json!({"switches": {"u9_bgp_md5": "hide"}}), "/vif_peers/0/bgp_md5", Some(Value::Null)),
        (json!({"switches": {"u6_bgp_status": {"up": "Establish"}}}), "/vif_peers/0/bgp_status", Some(json!("Establish"))),
        (json!({"switches": {"u12_cidr_order": "sorted"}}), "/remote_ep_group", Some(json!(["10.1.0.0/16", "10.9.0.0/16"]))),
        (json!({}), "/remote_ep_group", Some(json!(["10.9.0.0/16", "10.1.0.0/16"]))),
        (json!({}), "/route_mode", Some(json!("bgp"))),
        (json!({"extra_fields": false}), "/route_mode", None),
        (json!({}), "/reason", Some(Value::Null)),
        (json!({"absent_fields": "missing"}), "/reason", None),
    ];
    for (settings, pointer, expected) in table {
        assert_eq!(shown(settings.clone(), pointer).await, expected, "{pointer} under {settings}");
    }
}

#[tokio::test]
async fn switches_change_what_is_accepted() {
    let cloud = Simulator::start(json!({})).await;
    let vgw = cloud.gateway().await;
    let path = format!("dcaas/virtual-gateways/{vgw}");
    let shrink = || json!({"virtual_gateway": {"local_ep_group": ["192.168.1.0/24"]}});
    let table = [
        (json!({"u1_gateway_subnets": "add_only"}), shrink(), 400),
        (json!({"u1_gateway_subnets": "replace"}), shrink(), 200),
        (json!({"u20_empty_description": "ignored"}), json!({"virtual_gateway": {"description": null}}), 200),
        (json!({"u20_empty_description": "null"}), json!({"virtual_gateway": {"description": ""}}), 200),
    ];
    for (switches, body, status) in table {
        cloud.settings(json!({"switches": switches})).await;
        assert_eq!(cloud.put(&path, body.clone()).await.status, status, "{body} under {switches}");
    }
    assert_eq!(cloud.get(&path).await.body["virtual_gateway"]["description"], Value::Null);
    cloud.settings(json!({"immutable_keys": "ignore", "unknown_keys": "ignore"})).await;
    let ignored = cloud.put(&path, json!({"virtual_gateway": {"bgp_asn": 1, "surprise": 2}})).await;
    assert_eq!((ignored.status, &ignored.body["virtual_gateway"]["bgp_asn"]), (200, &json!(65_000)));
    cloud.settings(json!({"switches": {"u11_unique_names": true}})).await;
    assert_eq!(cloud.post("dcaas/virtual-gateways", json!({"virtual_gateway": gateway()})).await.code(), "DC.0001");
    let wrong = cloud.admin(Method::PATCH, "settings", Some(json!({"switches": {"u99": 1}}))).await;
    assert_eq!(wrong.status, 400);
}

#[tokio::test]
async fn an_unchanged_update_need_not_be_pending() {
    for (pends, expected) in [(true, "PENDING_UPDATE"), (false, "ACTIVE")] {
        let cloud = Simulator::start(json!({"switches": {"u8_unchanged_update_pends": pends}, "settle_ms": {"update": 60_000}})).await;
        let vif = cloud.interface(interface(&cloud.gateway().await, LINE_A, 30)).await;
        let same = json!({"virtual_interface": {"name": "vif", "remote_ep_group": ["10.1.123.0/24"]}});
        let answer = cloud.put(&format!("dcaas/virtual-interfaces/{vif}"), same).await;
        assert_eq!(status_of(&answer), expected);
    }
}

#[tokio::test]
async fn the_interconnection_subnet_follows_its_switch() {
    let containing = || json!({"remote_ep_group": ["10.0.0.0/16"]});
    let table = [
        ("ignore", json!({}), 201),
        ("require", json!({}), 400),
        ("require", containing(), 201),
        ("forbid", containing(), 400),
        ("forbid", json!({}), 201),
    ];
    for (mode, changes, status) in table {
        let cloud = Simulator::start(json!({"switches": {"u17_interconnect_subnet": mode}})).await;
        let body = with(interface(&cloud.gateway().await, LINE_A, 30), changes.clone());
        let answer = cloud.post("dcaas/virtual-interfaces", json!({"virtual_interface": body})).await;
        assert_eq!(answer.status, status, "{mode} {changes}");
    }
}

#[tokio::test]
async fn the_admin_api_changes_resources() {
    let cloud = Simulator::start(json!({})).await;
    let vgw = cloud.gateway().await;
    let vif = cloud.interface(interface(&vgw, LINE_A, 30)).await;
    let path = format!("dcaas/virtual-interfaces/{vif}");
    let change = async |id: &str, fields: Value| cloud.admin(Method::PATCH, &format!("resources/{id}"), Some(fields)).await.status;
    assert_eq!(change(&vif, json!({"status": "DOWN", "remote_ep_group": ["10.7.0.0/16"]})).await, 200);
    let read = cloud.get(&path).await;
    assert_eq!(status_of(&read), "DOWN");
    let peer = &read.body["virtual_interface"]["vif_peers"][0];
    assert_eq!(peer["remote_ep_group"], json!(["10.7.0.0/16"]));
    let peer = peer["id"].as_str().unwrap();
    assert_eq!(change(peer, json!({"bgp_status": "Idle"})).await, 200);
    assert_eq!(cloud.get(&path).await.body["virtual_interface"]["vif_peers"][0]["bgp_status"], "Idle");
    assert_eq!(change(NOBODY, json!({})).await, 404);

    let foreign = json!({"kind": "virtual_interface", "body": interface(&vgw, LINE_A, 30)});
    let created = cloud.admin(Method::POST, "resources", Some(foreign)).await;
    assert_eq!(created.status, 201);
    let raw = cloud.admin(Method::GET, "resources", None).await.body;
    assert_eq!(raw["virtual_interfaces"].as_array().unwrap().len(), 2);
    assert_eq!(cloud.admin(Method::DELETE, &format!("resources/{vif}"), None).await.status, 204);
    assert_eq!(cloud.get(&path).await.status, 404);

    cloud.admin(Method::POST, "reset", None).await;
    let raw = cloud.admin(Method::GET, "resources", None).await.body;
    assert_eq!((&raw["virtual_gateways"], raw["direct_connects"].as_array().unwrap().len()), (&json!([]), 6));
    assert_eq!(cloud.get(&path).await.code(), "APIGW.0301", "tokens are forgotten too");
}

#[tokio::test]
async fn it_exits_on_sigterm() {
    let mut cloud = Simulator::start(json!({})).await;
    assert_eq!(cloud.admin(Method::GET, "health", None).await.body, json!({"status": "ok"}));
    let pid = rustix::process::Pid::from_raw(i32::try_from(cloud.pid()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let end = Instant::now() + Duration::from_secs(5);
    let status = loop {
        if let Some(status) = cloud.child().try_wait().unwrap() {
            break status;
        }
        assert!(Instant::now() < end, "it does not end");
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    assert!(status.success(), "{status}");
}

#[test]
fn unknown_settings_are_rejected() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("settings.json");
    std::fs::write(&file, r#"{"switches": {"u99": true}}"#).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_dc-simulator")).arg("--settings").arg(&file).output().unwrap();
    assert!(!output.status.success());
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.contains("settings.json") && complaint.contains("u99"), "{complaint}");
}

#[tokio::test]
async fn seeds_are_added_to_the_built_in_connections_and_survive_a_reset() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("seeds.json");
    let (added, changed) = ("c0000000-0000-4000-8000-000000000007", LINE_A);
    let seeds = json!({ "connections": [
        { "id": added, "name": "line-d", "location": "location-c", "bandwidth": 100 },
        { "id": changed, "name": "line-a", "status": "BUILD" },
    ] });
    std::fs::write(&file, seeds.to_string()).unwrap();
    let cloud = Simulator::start_with(&["--seeds", file.to_str().unwrap()], json!({})).await;
    cloud.interface(with(interface(&cloud.gateway().await, added, 7), json!({ "bandwidth": 100 }))).await;

    assert_eq!(cloud.admin(Method::POST, "reset", None).await.status, 204);
    let all = cloud.admin(Method::GET, "resources", None).await.body;
    let lines = all["direct_connects"].as_array().unwrap();
    let line = |id: &str| lines.iter().find(|line| line["id"] == id).unwrap();
    assert_eq!((lines.len(), &line(changed)["status"]), (7, &json!("BUILD")));
    assert_eq!((&line(added)["location"], &line(added)["bandwidth"]), (&json!("location-c"), &json!(100)));

    for (wrong, told) in [(json!({ "lines": [] }), "lines"), (json!({ "connections": [{ "id": added }] }), "name")] {
        std::fs::write(&file, wrong.to_string()).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_dc-simulator")).arg("--seeds").arg(&file).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && error.contains(told) && error.contains("seeds.json"), "{error}");
    }
}
