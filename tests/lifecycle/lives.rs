//! The life of each kind, on a real control plane and a simulated cloud.

use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::{Value, json};
use support::group::SHARED;
use support::line::{gateway, interface, peer, with};
use support::world::{World, condition, is};

#[tokio::test]
async fn a_line_comes_up_in_any_order_and_goes_in_the_right_one() {
    let world = World::new().await;
    // The last comes first: each waits for what it refers to.
    world.apply(&peer("peer", "vif")).await;
    world.wait_reason("Peer", "peer", "WaitingForReference").await;
    world.apply(&interface("vif", "gw", 30)).await;
    let waiting = world.wait_reason("VirtualInterface", "vif", "WaitingForReference").await;
    assert_eq!(waiting["status"]["waitingFor"], json!([{ "kind": "VirtualGateway", "name": "gw" }]));
    world.apply(&gateway("gw", 1)).await;
    for (kind, name) in [("VirtualGateway", "gw"), ("VirtualInterface", "vif"), ("Peer", "peer")] {
        let ready = world.wait_ready(kind, name).await;
        assert!(is(&ready, "Healthy", "True") && is(&ready, "Synced", "True"), "{ready:#}");
        assert!(condition(&ready, "Reconciling").is_none() && condition(&ready, "Stalled").is_none(), "{ready:#}");
    }
    for operation in ["CreateVirtualGateway", "CreateVirtualInterface", "CreateVifPeer"] {
        assert_eq!(world.cloud.count(operation).await, 1, "{operation}");
    }
    // The first goes first: each waits for what refers to it.
    world.delete("VirtualGateway", "gw").await;
    let waiting = world
        .wait("VirtualGateway", "gw", "waits for its interface", |object| {
            condition(object, "Ready").is_some_and(|ready| ready["reason"] == "WaitingForDependants")
        })
        .await;
    assert_eq!(waiting["status"]["waitingFor"], json!([{ "kind": "VirtualInterface", "name": "vif" }]));
    world.finish().await;
    let log = world.cloud.log().await;
    let deletes: Vec<&str> = log.iter().filter(|entry| entry["status"] == 204).filter_map(|entry| entry["operation"].as_str()).collect();
    assert_eq!(deletes, ["DeleteVifPeer", "DeleteVirtualInterface", "DeleteVirtualGateway"]);
}

#[tokio::test]
async fn every_field_that_can_change_changes_in_the_legal_order() {
    let world = World::new().await;
    world
        .apply(&json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "bgp" }, "stringData": { "md5": "Qaz12345678" } }))
        .await;
    world.apply(&gateway("gw", 2)).await;
    let mut line = interface("vif", "gw", 31);
    for (field, value) in [
        ("routeMode", json!("bgp")),
        ("bgpAsn", json!(65001)),
        ("bgpMd5SecretRef", json!({ "name": "bgp", "key": "md5" })),
        ("enableNqa", json!(true)),
        ("priority", json!("normal")),
    ] {
        line["spec"][field] = value;
    }
    world.apply(&line).await;
    world.wait_ready("VirtualInterface", "vif").await;
    world
        .patch(
            "VirtualInterface",
            "vif",
            json!({ "spec": {
        "name": "other", "description": "changed", "bandwidth": 80, "remoteEpGroup": ["10.1.124.0/24", "10.1.125.0/24"],
        "priority": "low", "enableNqa": false, "enableBfd": true, "tags": { "team": "network" },
        "extendAttribute": { "haType": "bfd", "haMode": "auto_single", "detectMultiplier": 5, "minRxInterval": 500, "minTxInterval": 500 },
    } }),
        )
        .await;
    let ready = world.wait_ready("VirtualInterface", "vif").await;
    let observed = &ready["status"]["observed"];
    assert_eq!(
        (
            &observed["name"],
            &observed["bandwidth"],
            &observed["priority"],
            &observed["enableBfd"],
            &observed["enableNqa"],
            &observed["tags"]["team"]
        ),
        (&json!("other"), &json!(80), &json!("low"), &json!(true), &json!(false), &json!("network"))
    );
    let session = &observed["peers"][0];
    assert_eq!((&session["bgpStatus"], &session["receivedRoutes"]), (&json!("ACTIVE"), &json!(2)), "{observed:#}");
    let log = world.cloud.log().await;
    let sent: Vec<Value> = log
        .iter()
        .filter(|entry| entry["status"].as_u64().is_some_and(|status| status < 300))
        .filter_map(|entry| match entry["operation"].as_str()? {
            "UpdateVirtualInterface" => {
                entry["request_body"]["virtual_interface"].as_object().map(|body| json!(body.keys().collect::<Vec<_>>()))
            }
            other @ ("UpdateExtendAttribute" | "BatchCreateResourceTags") => Some(json!(other)),
            _ => None,
        })
        .collect();
    let plain = json!(["bandwidth", "description", "name", "remote_ep_group"]);
    let expected = [
        plain,
        json!(["priority"]),
        json!(["enable_nqa"]),
        json!(["enable_bfd"]),
        json!("UpdateExtendAttribute"),
        json!("BatchCreateResourceTags"),
    ];
    assert_eq!(sent, expected);
    // The gateway's list is replaced whole.
    world
        .patch("VirtualGateway", "gw", json!({ "spec": { "localEpGroup": ["172.16.2.0/24", "172.17.2.0/24"], "description": "two" } }))
        .await;
    world.wait_ready("VirtualGateway", "gw").await;
    assert_eq!(world.cloud.all("virtual_gateways").await[0]["local_ep_group"], json!(["172.16.2.0/24", "172.17.2.0/24"]));
    world.finish().await;
}

#[tokio::test]
async fn a_peer_changes_and_its_interface_keeps_its_own_networks() {
    let world = World::new().await;
    for object in [gateway("gw", 3), interface("vif", "gw", 32), peer("peer", "vif")] {
        world.apply(&object).await;
    }
    world.wait_ready("Peer", "peer").await;
    world.patch("Peer", "peer", json!({ "spec": { "remoteEpGroup": ["fd00:cccc::/64"], "description": "v6" } })).await;
    world.patch("VirtualInterface", "vif", json!({ "spec": { "remoteEpGroup": ["10.9.0.0/24"] } })).await;
    world.wait_ready("Peer", "peer").await;
    let ready = world.wait_ready("VirtualInterface", "vif").await;
    let networks: Vec<_> =
        ready["status"]["observed"]["peers"].as_array().unwrap().iter().map(|peer| peer["remoteEpGroup"].clone()).collect();
    assert_eq!(networks, [json!(["10.9.0.0/24"]), json!(["fd00:cccc::/64"])]);
    world.finish().await;
}

#[tokio::test]
async fn a_line_that_is_down_is_provisioned_and_one_that_is_shut_is_left_shut() {
    let world = World::new().await;
    for object in [gateway("gw", 4), interface("vif", "gw", 33)] {
        world.apply(&object).await;
    }
    let ready = world.wait_ready("VirtualInterface", "vif").await;
    let id = ready["status"]["id"].as_str().unwrap().to_owned();
    for (status, reason) in [("DOWN", "Down"), ("ADMIN_SHUTDOWN", "AdminShutdown")] {
        world.cloud.patch(&id, json!({ "status": status })).await;
        world.ask("VirtualInterface", "vif", status).await;
        let told = world
            .wait("VirtualInterface", "vif", reason, |object| {
                condition(object, "Healthy").is_some_and(|healthy| healthy["reason"] == reason)
            })
            .await;
        assert!(is(&told, "Ready", "True") && is(&told, "Healthy", "False"), "{told:#}");
    }
    world.cloud.patch(&id, json!({ "status": "ERROR", "reason": "port failed" })).await;
    world.ask("VirtualInterface", "vif", "error").await;
    let failed = world.wait_reason("VirtualInterface", "vif", "CloudFailed").await;
    assert!(
        is(&failed, "Stalled", "True") && condition(&failed, "Ready").unwrap()["message"].as_str().unwrap().contains("port failed"),
        "{failed:#}"
    );
    assert_eq!(world.cloud.count("UpdateVirtualInterface").await, 0, "nothing was repaired");
    world.finish().await;
}

#[tokio::test]
async fn the_cost_of_a_life_is_one_create_and_few_writes() {
    let world = World::new().await;
    world.apply(&gateway("gw", 5)).await;
    world.wait_ready("VirtualGateway", "gw").await;
    let before = world.cloud.log().await.len();
    world.apply(&interface("vif", "gw", 34)).await;
    world.wait_ready("VirtualInterface", "vif").await;
    let calls: Vec<String> = world.cloud.log().await[before..]
        .iter()
        .map(|entry| format!("{} {}", entry["operation"].as_str().unwrap(), entry["status"]))
        .collect();
    let written = || -> Vec<String> {
        let writes = world.plane.writes(&world.namespace);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        writes
            .iter()
            .filter(|entry| entry["objectRef"]["name"] == "vif")
            .map(|entry| {
                format!("{} {} {}", text(&entry["verb"]), text(&entry["objectRef"]["resource"]), text(&entry["objectRef"]["subresource"]))
            })
            .collect()
    };
    // The audit log is written after the answer.
    support::eventually("the audit log shows the way to Ready", support::world::BOUND, || async {
        let writes = written();
        (writes.iter().filter(|write| write.starts_with("patch virtualinterfaces")).count() >= 4).then_some(())
    })
    .await;
    let writes = written();
    support::figure(&format!("the way of one interface to Ready\n  cloud: {calls:#?}\n  Kubernetes: {writes:#?}"));
    assert_eq!(calls.iter().filter(|call| call.starts_with("Create")).count(), 1);
    assert!(calls.iter().all(|call| call.starts_with("Create") || call.starts_with("List")), "{calls:?}");
    // On a machine that does not keep up an intent is too old for its create and is written anew, which is decided as a create, too.
    let log = SHARED.log();
    let of_ours = format!("kind=\"VirtualInterface\" namespace=\"{}\" name=\"vif\"", world.namespace);
    let creates = log.lines().filter(|line| line.contains(&of_ours) && line.contains("step=\"create\"")).count();
    assert!(creates > 0, "no line tells of the create:\n{log}");
    assert!(writes.len() <= 5 + (creates - 1), "{creates} creates decided: {writes:?}");
    world.finish().await;
}

#[tokio::test]
async fn a_dry_run_reaches_no_cloud() {
    let world = World::new().await;
    let dry = PatchParams { dry_run: true, ..PatchParams::apply("test").force() };
    world.api("VirtualGateway").patch("dry", &dry, &Patch::Apply(gateway("dry", 1))).await.unwrap();
    world.apply(&gateway("gw", 2)).await;
    world.wait_ready("VirtualGateway", "gw").await;
    world.api("VirtualGateway").patch("gw", &dry, &Patch::Apply(with(gateway("gw", 2), &json!({ "description": "dry" })))).await.unwrap();
    let delete = DeleteParams { dry_run: true, ..DeleteParams::default() };
    world.api("VirtualGateway").delete("gw", &delete).await.unwrap();
    world.look("VirtualGateway", "gw").await;
    let writes: Vec<String> =
        world.cloud.log().await.iter().filter(|entry| entry["method"] != "GET").map(|entry| entry["operation"].to_string()).collect();
    assert_eq!(writes, ["\"CreateVirtualGateway\""]);
    assert_eq!(world.cloud.all("virtual_gateways").await[0]["name"], "gw");
    world.finish().await;
}

/// Kubernetes takes names of up to 253 characters, also those that leave no room for more in the name of an event.
#[tokio::test]
async fn an_object_with_a_long_name_has_events() {
    let world = World::new().await;
    let name = "n".repeat(253);
    world.apply(&with(gateway(&name, 1), &json!({ "name": "short" }))).await;
    world.wait_ready("VirtualGateway", &name).await;
    assert!(world.told("VirtualGateway", &name, "Created", 1).await[0].starts_with("created "));
    world.finish().await;
}
