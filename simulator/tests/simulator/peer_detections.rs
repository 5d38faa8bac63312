//! Detections of lost packets between a peer and its remote gateway.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{documents, harness::*};

const DETECTIONS: &str = "dcaas/vif-peer-detections";

/// Creates an interface and returns its id and that of its peer.
async fn peer(cloud: &Simulator) -> (String, String) {
    let vif = cloud.interface(interface(&cloud.gateway().await, LINE_A, 30)).await;
    let read = cloud.get(&format!("dcaas/virtual-interfaces/{vif}")).await;
    let peer = read.body["virtual_interface"]["vif_peers"][0]["id"].as_str().unwrap().to_owned();
    (vif, peer)
}

async fn start(cloud: &Simulator, peer: &str) -> Answer {
    cloud.post(DETECTIONS, json!({"vif_peer_detection": {"vif_peer_id": peer}})).await
}

async fn shown(cloud: &Simulator, id: &str) -> Value {
    cloud.get(&format!("{DETECTIONS}/{id}")).await.body["vif_peer_detection"].clone()
}

/// Calls every operation of the family, on the peer of the vendor's example.
pub async fn session(cloud: &Simulator) {
    let vif = cloud.interface(interface(&cloud.gateway().await, LINE_B, 41)).await;
    for body in documents::example_requests("CreateVifPeerDetection") {
        let peer = json!({"id": body["vif_peer_detection"]["vif_peer_id"], "vif_id": vif, "address_family": "ipv4"});
        cloud.admin(Method::POST, "resources", Some(json!({"kind": "vif_peer", "body": peer}))).await;
        let id = cloud.post(DETECTIONS, body).await.id("vif_peer_detection");
        cloud.get(&format!("{DETECTIONS}/{id}")).await;
        cloud.settle().await;
        cloud.get(&format!("{DETECTIONS}/{id}")).await;
        cloud.get(&format!("{DETECTIONS}?limit=10&sort_key=id&sort_dir=desc&page_reverse=false")).await;
        cloud.get(&format!("{DETECTIONS}?offset=1")).await;
        cloud.get(DETECTIONS).await;
        assert_eq!(cloud.delete(&format!("{DETECTIONS}/{id}")).await.status, 204);
    }
    cloud.admin(Method::DELETE, &format!("resources/{vif}"), None).await;
}

#[tokio::test]
async fn life_of_a_detection() {
    let cloud = Simulator::start(json!({"settle_ms": {"detection": 600_000}, "loss_ratio": 7})).await;
    let (_, peer) = peer(&cloud).await;
    let started = start(&cloud, &peer).await;
    let first = &started.body["vif_peer_detection"];
    assert_eq!((started.status, &first["status"], &first["loss_ratio"]), (200, &json!("processing"), &json!(0)), "200 is documented");
    assert_eq!((&first["vif_peer_id"], &first["project_id"], &first["end_time"]), (&json!(peer), &json!(PROJECT), &Value::Null));
    let id = started.id("vif_peer_detection");
    assert_eq!(&shown(&cloud, &id).await, first);
    let again = start(&cloud, &peer).await.id("vif_peer_detection");
    assert_ne!(id, again, "a peer can be measured twice at a time");
    cloud.settle().await;
    let complete = shown(&cloud, &id).await;
    assert_eq!((&complete["status"], &complete["loss_ratio"]), (&json!("complete"), &json!(7)));
    assert!(complete["end_time"].as_str().unwrap() >= complete["start_time"].as_str().unwrap(), "{complete}");
    let list = cloud.get(DETECTIONS).await.body;
    assert_eq!((&list["page_info"]["current_count"], list.get("total_count")), (&json!(2), None));
    assert!(list["vif_peer_detections"].as_array().unwrap().contains(&complete));
    let page = cloud.get(&format!("{DETECTIONS}?limit=1&offset=1")).await.body;
    assert_eq!(page["vif_peer_detections"].as_array().unwrap().len(), 1);
    let path = format!("{DETECTIONS}/{id}");
    assert_eq!(cloud.delete(&path).await.status, 204);
    for gone in [cloud.get(&path).await, cloud.delete(&path).await] {
        assert_eq!((gone.status, gone.code()), (404, "DC.0002"));
    }
    assert_eq!(cloud.put(&path, json!({})).await.code(), "APIGW.0101", "it can't be changed");
}

#[tokio::test]
async fn a_detection_can_fail() {
    let cloud = Simulator::start(json!({"settle_ms": {"detection": 600_000}, "loss_ratio": 7})).await;
    let (vif, peer) = peer(&cloud).await;
    cloud.fault(json!({"operation": "CreateVifPeerDetection", "kind": "error_state", "reason": "x", "times": 1})).await;
    let refused = start(&cloud, &peer).await.id("vif_peer_detection");
    let orphaned = start(&cloud, &peer).await.id("vif_peer_detection");
    let deleted = start(&cloud, &peer).await.id("vif_peer_detection");
    cloud.admin(Method::DELETE, &format!("resources/{vif}"), None).await;
    assert_eq!(cloud.delete(&format!("{DETECTIONS}/{deleted}")).await.status, 204, "also while it goes on");
    cloud.settle().await;
    for (why, id) in [("the cloud could not carry it out", &refused), ("its peer is gone", &orphaned)] {
        let failed = shown(&cloud, id).await;
        assert_eq!((&failed["status"], &failed["loss_ratio"]), (&json!("error"), &json!(0)), "{why}");
        assert!(failed["end_time"].is_string(), "{failed}");
    }
    assert_eq!(shown(&cloud, &deleted).await, Value::Null);
}

#[tokio::test]
async fn invalid_detections_are_rejected() {
    let cloud = Simulator::start(json!({})).await;
    let (vif, peer) = peer(&cloud).await;
    let foreign = json!({"kind": "virtual_interface", "body": with(interface(NOBODY, LINE_A, 31), json!({"tenant_id": PARTNER}))});
    let foreign = cloud.admin(Method::POST, "resources", Some(foreign)).await.body["vif_peers"][0]["id"].clone();
    let table = [
        ("a body", json!({}), "DC.0000"),
        ("a peer", json!({"vif_peer_detection": {}}), "DC.0001"),
        ("a UUID", json!({"vif_peer_detection": {"vif_peer_id": "x"}}), "DC.0001"),
        ("known keys", json!({"vif_peer_detection": {"vif_peer_id": peer, "surprise": 1}}), "DC.0001"),
        ("a peer that exists", json!({"vif_peer_detection": {"vif_peer_id": NOBODY}}), "DC.0002"),
        ("a peer, not an interface", json!({"vif_peer_detection": {"vif_peer_id": vif}}), "DC.0002"),
        ("a peer of the project", json!({"vif_peer_detection": {"vif_peer_id": foreign}}), "DC.0002"),
    ];
    for (rule, body, code) in table {
        let answer = cloud.post(DETECTIONS, body).await;
        assert_eq!((answer.status, answer.code()), (400, code), "{rule}");
    }
    let change =
        async |id: &str, status: &str| cloud.admin(Method::PATCH, &format!("resources/{id}"), Some(json!({"status": status}))).await;
    for (id, status, code) in [
        (&vif, "ADMIN_SHUTDOWN", "DC.1210"),
        (&vif, "PENDING_UPDATE", "DC.1210"),
        (&vif, "ERROR", "DC.1205"),
        (&peer, "PENDING_UPDATE", "DC.1210"),
    ] {
        change(id, status).await;
        assert_eq!(start(&cloud, &peer).await.code(), code, "{status}");
        change(id, "ACTIVE").await;
    }
    change(&vif, "DOWN").await;
    let id = start(&cloud, &peer).await.id("vif_peer_detection");
    let token = cloud.sign_in(&password("partner")).await;
    let theirs = format!("{}/v3/{PARTNER}/{DETECTIONS}", cloud.base);
    assert_eq!(cloud.send(Method::GET, &theirs, &token, None).await.unwrap().body["vif_peer_detections"], json!([]));
    assert_eq!(cloud.send(Method::GET, &format!("{theirs}/{id}"), &token, None).await.unwrap().status, 404);
}

#[tokio::test]
async fn the_path_and_the_times_follow_their_switches() {
    let cloud = Simulator::start(json!({})).await;
    let (_, peer) = peer(&cloud).await;
    let earlier =
        json!({"vif_peer_id": peer, "start_time": "2025-07-05T15:11:14Z", "end_time": "2025-07-05T15:15:14Z", "status": "complete"});
    let earlier = cloud.admin(Method::POST, "resources", Some(json!({"kind": "vif_peer_detection", "body": earlier}))).await;
    let earlier = earlier.body["id"].as_str().unwrap().to_owned();
    let later = start(&cloud, &peer).await.id("vif_peer_detection");
    assert_eq!(shown(&cloud, &earlier).await["start_time"], "2025-07-05T15:11:14Z");
    assert_eq!(shown(&cloud, &peer).await, Value::Null);

    cloud.settings(json!({"switches": {"u40_detection_path": "vif_peer", "u40_detection_times": "spaced"}})).await;
    let list = cloud.get(&format!("{DETECTIONS}?sort_key=start_time")).await.body["vif_peer_detections"].clone();
    assert_eq!((&list[0]["start_time"], &list[0]["end_time"]), (&json!("2025-07-05 15:11:14"), &json!("2025-07-05 15:15:14")));
    assert_eq!(shown(&cloud, &later).await, Value::Null);
    assert_eq!(shown(&cloud, &peer).await["id"], later.as_str(), "of several it is the latest");
    assert_eq!(cloud.delete(&format!("{DETECTIONS}/{later}")).await.status, 404);
    assert_eq!(cloud.delete(&format!("{DETECTIONS}/{peer}")).await.status, 204);
    assert_eq!(cloud.get(DETECTIONS).await.body["vif_peer_detections"], json!([]), "all of the peer are deleted");
}
