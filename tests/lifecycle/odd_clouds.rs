//! Clouds that show less than they have, differ where nothing can be changed, or take no operation for a while.

use serde_json::json;
use support::eventually;
use support::line::{gateway, id, interface, object, peer, with};
use support::world::{BOUND, World, condition, is};

/// What an empty field would be taken for.
const WRITES: [&str; 4] = ["UpdateVirtualGateway", "UpdateVirtualInterface", "UpdateVifPeer", "BatchCreateResourceTags"];

#[tokio::test]
async fn an_emptied_field_leads_to_no_write_and_is_not_immutable() {
    let world = World::new().await;
    world.apply(&with(gateway("gw", 1), &json!({ "description": "ours", "bgpAsn": 64_600, "tags": { "team": "network" } }))).await;
    world.apply(&with(interface("vif", "gw", 101), &json!({ "description": "ours" }))).await;
    world.apply(&peer("peer", "vif")).await;
    let mut ids = Vec::new();
    for (kind, name) in [("VirtualGateway", "gw"), ("VirtualInterface", "vif"), ("Peer", "peer")] {
        ids.push(id(&world.wait_ready(kind, name).await));
    }
    let count = async || {
        let mut count = 0;
        for operation in WRITES {
            count += world.cloud.count(operation).await;
        }
        count
    };
    let before = count().await;
    for emptied in [
        json!({ "description": null, "vpc_id": null, "bgp_asn": 0, "local_ep_group_ipv6": [], "tags": [] }),
        json!({ "description": "", "vpc_id": "", "name": "", "local_ep_group": null, "tags": null }),
    ] {
        world.cloud.patch(&ids[0], emptied).await;
        let looked = world.look("VirtualGateway", "gw").await;
        assert!(is(&looked, "Ready", "True") && looked["status"]["drift"].is_null(), "{looked:#}");
    }
    world
        .cloud
        .patch(&ids[1], json!({ "description": null, "bandwidth": 0, "vgw_id": "", "direct_connect_id": null, "priority": "" }))
        .await;
    let looked = world.look("VirtualInterface", "vif").await;
    assert!(is(&looked, "Ready", "True"), "{looked:#}");
    world
        .cloud
        .patch(&ids[2], json!({ "name": "", "description": null, "route_mode": "", "remote_gateway_ip": null, "bgp_status": "" }))
        .await;
    let looked = world.look("Peer", "peer").await;
    assert!(is(&looked, "Ready", "True"), "{looked:#}");
    assert_eq!(count().await, before);
    let asked = world.cloud.log().await;
    assert!(asked.iter().all(|entry| !entry["path"].as_str().unwrap().ends_with('/')), "an empty id was asked for");

    // A wish of the spec for a field that the cloud does not show is sent, and once.
    world.patch("VirtualGateway", "gw", json!({ "spec": { "description": "new" } })).await;
    world.wait_ready("VirtualGateway", "gw").await;
    assert_eq!(world.cloud.find(&ids[0]).await.unwrap()["description"], "new");
    let whole = json!({ "vpc_id": support::line::vpc(1), "name": "gw", "local_ep_group": ["172.16.1.0/24"] });
    world.cloud.patch(&ids[0], whole).await;
    world.cloud.patch(&ids[1], json!({ "vgw_id": ids[0], "direct_connect_id": support::simulator::LINE_A, "bandwidth": 50 })).await;
    // Its answers do not fit the vendor's documents, which is the point.
    world.clear().await;
    assert!(world.cloud.is_empty().await);
}

#[tokio::test]
async fn an_immutable_difference_names_the_ways_out_and_holds_up_no_other_change() {
    let world = World::new().await;
    world.apply(&gateway("gw", 1)).await;
    world.apply(&interface("vif", "gw", 101)).await;
    let cloud = id(&world.wait_ready("VirtualInterface", "vif").await);
    world.cloud.patch(&cloud, json!({ "vlan": 999 })).await;
    world.look("VirtualInterface", "vif").await;
    let stalled = world.wait_reason("VirtualInterface", "vif", "Immutable").await;
    let message = condition(&stalled, "Ready").unwrap()["message"].as_str().unwrap();
    assert!(message.contains("add vlan to spec.policy.ignoreFields") && !message.contains("set the spec"), "{message}");
    world.patch("VirtualInterface", "vif", json!({ "spec": { "description": "changed" } })).await;
    world
        .wait("VirtualInterface", "vif", "it is changed, and still differs", |object| {
            object["status"]["observedGeneration"] == object["metadata"]["generation"]
                && condition(object, "Ready").is_some_and(|ready| ready["reason"] == "Immutable")
        })
        .await;
    assert_eq!(world.cloud.find(&cloud).await.unwrap()["description"], "changed");
    world.patch("VirtualInterface", "vif", json!({ "spec": { "policy": { "ignoreFields": ["vlan"] } } })).await;
    world.wait_ready("VirtualInterface", "vif").await;
    world.finish().await;
}

#[tokio::test]
async fn nothing_is_sent_while_an_interface_is_shut_down_for_a_test() {
    let world = World::new().await;
    world.apply(&gateway("gw", 1)).await;
    world.apply(&interface("vif", "gw", 101)).await;
    let cloud = id(&world.wait_ready("VirtualInterface", "vif").await);
    world.cloud.patch(&cloud, json!({ "status": "ADMIN_SHUTDOWN" })).await;
    let shut = world.look("VirtualInterface", "vif").await;
    assert!(is(&shut, "Ready", "True") && is(&shut, "Healthy", "False"), "{shut:#}");
    world.patch("VirtualInterface", "vif", json!({ "spec": { "description": "changed" } })).await;
    let waiting = world.wait_reason("VirtualInterface", "vif", "AdminShutdown").await;
    assert!(is(&waiting, "Reconciling", "True"), "{waiting:#}");
    world.delete("VirtualInterface", "vif").await;
    world
        .wait("VirtualInterface", "vif", "the deletion waits", |object| {
            !object["metadata"]["deletionTimestamp"].is_null()
                && condition(object, "Ready").is_some_and(|ready| ready["reason"] == "AdminShutdown")
        })
        .await;
    assert_eq!(world.cloud.count("UpdateVirtualInterface").await + world.cloud.count("DeleteVirtualInterface").await, 0);
    world.cloud.patch(&cloud, json!({ "status": "ACTIVE" })).await;
    world.wait_gone("VirtualInterface", "vif").await;
    world.finish().await;
}

/// Somebody else's finalizer keeps the object, but not what it had.
#[tokio::test]
async fn what_has_nothing_in_the_cloud_any_more_holds_nobody() {
    let world = World::new().await;
    world.apply(&gateway("gw", 1)).await;
    world.wait_ready("VirtualGateway", "gw").await;
    world.apply(&interface("vif", "gw", 101)).await;
    world.wait_ready("VirtualInterface", "vif").await;
    let others = |finalizers: serde_json::Value| json!({ "metadata": { "finalizers": finalizers } });
    let ours = "directconnect.huaweicloud.com/cloud-resource";
    world.patch("VirtualInterface", "vif", others(json!([ours, "example.com/other"]))).await;
    world.delete("VirtualInterface", "vif").await;
    let left = world
        .wait("VirtualInterface", "vif", "only the other finalizer is left", |object| {
            object["metadata"]["finalizers"] == json!(["example.com/other"])
        })
        .await;
    let ready = condition(&left, "Ready").unwrap();
    assert_eq!(ready["reason"], "Released", "{left:#}");
    assert_eq!(ready["message"], "the cloud resource is gone; finalizers of others keep the object", "{left:#}");
    assert!(left["status"]["observed"].is_null(), "{left:#}");
    // A change of it by somebody else brings nothing back.
    world.patch("VirtualInterface", "vif", json!({ "metadata": { "labels": { "a": "b" } } })).await;
    world.delete("VirtualGateway", "gw").await;
    world.wait_gone("VirtualGateway", "gw").await;
    world.patch("VirtualInterface", "vif", others(json!(null))).await;
    world.wait_gone("VirtualInterface", "vif").await;
    world.finish().await;
}

/// The garbage collector keeps the owner until what it owns is gone, and that waits for the owner.
#[tokio::test]
async fn foreground_deletion_ends_whoever_owns_whom() {
    let world = World::new().await;
    world.apply(&gateway("gw", 1)).await;
    world.apply(&interface("vif", "gw", 101)).await;
    world.wait_ready("VirtualInterface", "vif").await;
    let uid = world.get("VirtualInterface", "vif").await["metadata"]["uid"].clone();
    let references = json!([{
        "apiVersion": "directconnect.huaweicloud.com/v1alpha1", "kind": "VirtualInterface", "name": "vif", "uid": uid, "blockOwnerDeletion": true,
    }]);
    world.patch("VirtualGateway", "gw", json!({ "metadata": { "ownerReferences": references } })).await;
    world.plane.kubectl(&["-n", &world.namespace, "delete", "virtualinterface", "vif", "--cascade=foreground", "--wait=false"]);
    world.wait_gone("VirtualInterface", "vif").await;
    world.wait_gone("VirtualGateway", "gw").await;
    world.finish().await;
}

/// A create whose answer is lost, in a cloud whose names can't be read: the one that it made may be any of them, and no second one is made.
#[tokio::test]
async fn what_may_have_been_made_and_can_not_be_told_apart_is_not_made_again() {
    let world = World::new().await;
    // The cache has been filled before.
    world.apply(&object("ConnectGateway", "first", &json!({}))).await;
    world.wait_ready("ConnectGateway", "first").await;
    let odd = json!({ "operation": "ListConnectGateways", "kind": "set_fields", "fields": { "name": { "odd": true } }, "times": 100_000 });
    world.create_unseen(&object("ConnectGateway", "second", &json!({})), "CreateConnectGateway", "ListConnectGateways").await;
    let deadline = world.get("ConnectGateway", "second").await["status"]["intent"]["deadline"].as_str().unwrap().to_owned();
    world.cloud.clear_faults().await;
    world.cloud.fault(odd).await;
    world.wait_reason("ConnectGateway", "second", "Unreadable").await;
    // The create is no longer under way, and still nobody knows what has become of it.
    let deadline: jiff::Timestamp = deadline.parse().unwrap();
    eventually("the time of the create is over", BOUND, || async { (jiff::Timestamp::now() > deadline).then_some(()) }).await;
    world.look("ConnectGateway", "second").await;
    world.wait_reason("ConnectGateway", "second", "Unreadable").await;
    assert_eq!(world.cloud.count("CreateConnectGateway").await, 2);
    world.cloud.clear_faults().await;
    world.look("ConnectGateway", "second").await;
    world.wait_ready("ConnectGateway", "second").await;
    assert_eq!(world.cloud.count("CreateConnectGateway").await, 2);
    world.finish().await;
}
