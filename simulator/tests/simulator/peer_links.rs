//! Peer links of global gateways.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    global_gateways::{HOURS, PATH, global_gateway, on_global},
    harness::*,
};

const ROUTER: &str = "70e29908-12f8-4d5d-9adf-4da5465b91b2";

/// The vendor's example.
fn example() -> Value {
    json!({"peer_link": {"name": "dgw-peer-link-94dc", "peer_site": {
        "gateway_id": ROUTER, "project_id": "b197c48159d44a66b32c538c3f8da89a", "region_id": "cn-southwest-242",
    }}})
}

/// The example with fields of the peer changed.
fn to(peer: Value) -> Value {
    let example = example();
    json!({"peer_link": {"name": "link", "peer_site": with(example["peer_link"]["peer_site"].clone(), peer)}})
}

/// A gateway with an interface.
async fn connected(cloud: &Simulator, vlan: u32) -> String {
    let gateway = global_gateway(cloud, "g").await;
    cloud.interface(on_global(&gateway, LINE_A, vlan)).await;
    gateway
}

fn links(gateway: &str) -> String {
    format!("{PATH}/{gateway}/peer-links")
}

fn status(answer: &Answer) -> &str {
    answer.body["peer_link"]["status"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn life_of_a_peer_link() {
    let cloud = Simulator::start(json!({})).await;
    let gateway = connected(&cloud, 30).await;
    let before = cloud.post(&links(&global_gateway(&cloud, "empty").await), example()).await;
    assert_eq!((before.status, before.code()), (400, "DC.0001"), "a link needs an interface");
    cloud.settings(json!({"settle_ms": {"create": HOURS, "update": HOURS, "delete": HOURS}})).await;
    let created = cloud.post(&links(&gateway), example()).await;
    let body = &created.body["peer_link"];
    assert_eq!((created.status, status(&created), body.get("create_owner")), (201, "PENDING_CREATE", None));
    let site = json!({
        "gateway_id": ROUTER, "link_id": null, "project_id": "b197c48159d44a66b32c538c3f8da89a", "region_id": "cn-southwest-242",
        "site_code": "cn-southwest-242", "type": "ER",
    });
    assert_eq!((&body["peer_site"], &body["global_dc_gateway_id"]), (&site, &json!(gateway)));
    let path = format!("{}/{}", links(&gateway), created.id("peer_link"));
    assert_eq!(cloud.delete(&path).await.code(), "DC.1118", "pending is locked");
    cloud.settle().await;
    let active = cloud.get(&path).await;
    assert_eq!((status(&active), &active.body["peer_link"]["create_owner"]), ("ACTIVE", &json!("dc")));
    assert!(active.body["peer_link"]["peer_site"]["link_id"].is_string(), "the router's id of the attachment");

    let changed = cloud.put(&path, json!({"peer_link": {"description": "test", "name": "dgw-peer-link-test"}})).await;
    assert_eq!((changed.status, status(&changed), changed.body["peer_link"].get("instance_id")), (200, "PENDING_UPDATE", None));
    assert_eq!(cloud.put(&path, json!({"peer_link": {"name": "x"}})).await.code(), "DC.1118");
    cloud.settle().await;
    let settled = cloud.get(&path).await;
    assert_eq!((status(&settled), &settled.body["peer_link"]["description"]), ("ACTIVE", &json!("test")));
    let counts = cloud.get(&format!("{PATH}/{gateway}?fields=current_peer_link_count,available_peer_link_count")).await;
    let expected = json!({"current_peer_link_count": 1, "available_peer_link_count": 2});
    assert_eq!(counts.body["global_dc_gateway"], expected);
    let quota = cloud.get("dcaas/quotas?type=peerLinkPerGdgw").await;
    assert_eq!(quota.body["quotas"]["resources"], json!([{"type": "peerLinkPerGdgw", "quota": 3, "used": 1, "unit": "count"}]));

    assert_eq!(cloud.delete(&path).await.status, 204);
    assert_eq!(status(&cloud.get(&path).await), "PENDING_UPDATE");
    cloud.settle().await;
    for (method, body) in [(Method::GET, None), (Method::DELETE, None), (Method::PUT, Some(json!({"peer_link": {}})))] {
        let gone = cloud.call(method, &path, body).await;
        assert_eq!((gone.status, gone.code()), (404, "DC.0002"));
    }
}

#[tokio::test]
async fn invalid_peer_links_are_rejected() {
    let cloud = Simulator::start(json!({})).await;
    let gateway = connected(&cloud, 30).await;
    let other = global_gateway(&cloud, "other").await;
    let path = links(&gateway);
    let link = |changes: Value| json!({"peer_link": with(example()["peer_link"].clone(), changes)});
    let missing = "f".repeat(32);
    let table = [
        ("the name is required", link(json!({"name": null})), "DC.0001"),
        ("the name has no spaces", link(json!({"name": "a b"})), "DC.0001"),
        ("the description is short", link(json!({"description": "x".repeat(129)})), "DC.0001"),
        ("the peer is required", link(json!({"peer_site": null})), "DC.0001"),
        ("the peer is a UUID", to(json!({"gateway_id": "er"})), "DC.0001"),
        ("the peer has a project", to(json!({"project_id": null})), "DC.0001"),
        ("the project has 32 characters", to(json!({"project_id": "b197"})), "DC.0001"),
        ("the peer has a region", to(json!({"region_id": null})), "DC.0001"),
        ("the type is the cloud's", to(json!({"type": "ER"})), "DC.0001"),
        ("the router exists", to(json!({"gateway_id": "ffffffff-ffff-4fff-8fff-ffffffffffff"})), "DC.0002"),
        ("the project exists", to(json!({"project_id": missing})), "DC.0002"),
        ("the peer gateway is of the project", to(json!({"gateway_id": other})), "DC.0002"),
        ("a gateway is not its own peer", to(json!({"gateway_id": gateway, "project_id": PROJECT})), "DC.0001"),
        ("keys are known", link(json!({"surprise": 1})), "DC.0001"),
    ];
    for (rule, body, code) in table {
        let answer = cloud.post(&path, body).await;
        assert_eq!((answer.status, answer.code()), (400, code), "{rule}: {}", answer.body);
    }
    let absent = cloud.post(&links(NOBODY), example()).await;
    assert_eq!((absent.status, absent.code()), (404, "DC.0002"));
    let first = cloud.post(&path, example()).await.id("peer_link");
    assert_eq!(cloud.post(&path, example()).await.code(), "DC.0001", "a peer has one link");
    for router in [1, 2] {
        let router = format!("70e29908-12f8-4d5d-9adf-00000000000{router}");
        assert_eq!(cloud.post(&path, to(json!({"gateway_id": router}))).await.status, 201);
    }
    assert_eq!(cloud.post(&path, to(json!({"gateway_id": NOBODY}))).await.code(), "DC.1019", "three are enough");
    cloud.settle().await;
    for changes in [json!({"peer_site": {}}), json!({"name": "a b"}), json!({"x": 1})] {
        assert_eq!(cloud.put(&format!("{path}/{first}"), json!({"peer_link": changes})).await.code(), "DC.0001", "{changes}");
    }
    assert_eq!(cloud.get(&format!("{}/{first}", links(&other))).await.status, 404, "a link is of one gateway");
    let page = cloud.get(&format!("{path}?limit=2&sort_key=name&fields=name")).await;
    assert_eq!((page.body["peer_links"].as_array().unwrap().len(), page.body["page_info"]["next_marker"].is_string()), (2, true));
    assert_eq!(cloud.get(&format!("{path}?offset=2")).await.body["peer_links"].as_array().unwrap().len(), 1);
    let named = cloud.get(&format!("{path}?name=dgw-peer-link-94dc&id={first}")).await;
    assert_eq!((&named.body["peer_links"][0]["id"], named.body["peer_links"].as_array().unwrap().len()), (&json!(first), 1));
}

#[tokio::test]
async fn known_routers_are_in_their_region_and_project() {
    let cloud = Simulator::start(json!({})).await;
    let gateway = connected(&cloud, 30).await;
    let (here, there) = ("a0000000-0000-4000-8000-000000000001", "a0000000-0000-4000-8000-000000000002");
    let theirs = "0605768a3300d5762f82c01180692875";
    let table = [
        (here, PROJECT, "eu-west-102", (400, "DC.0002")),
        (here, theirs, "eu-west-101", (400, "DC.0002")),
        (there, PROJECT, "eu-west-102", (400, "DC.0002")),
        (here, PROJECT, "eu-west-101", (201, "")),
        (there, theirs, "eu-west-102", (201, "")),
    ];
    for (router, project, region, expected) in table {
        let site = json!({"gateway_id": router, "project_id": project, "region_id": region});
        let answer = cloud.post(&links(&gateway), json!({"peer_link": {"name": "l", "peer_site": site}})).await;
        assert_eq!((answer.status, answer.code()), expected, "{router} in {region}: {}", answer.body);
    }
}

#[tokio::test]
async fn links_keep_the_gateways_and_the_last_interface() {
    let cloud = Simulator::start(json!({})).await;
    let (one, two) = (connected(&cloud, 30).await, connected(&cloud, 31).await);
    let vif = cloud.get("dcaas/virtual-interfaces?fields=id,gateway_id").await;
    let vifs = vif.body["virtual_interfaces"].as_array().unwrap();
    let vif = vifs.iter().find(|vif| vif["gateway_id"] == one.as_str()).unwrap()["id"].as_str().unwrap().to_owned();
    let there = cloud.post(&links(&one), to(json!({"gateway_id": two, "project_id": PROJECT}))).await.id("peer_link");
    let back = cloud.post(&links(&two), to(json!({"gateway_id": one, "project_id": PROJECT}))).await.id("peer_link");
    cloud.settle().await;
    let shown = cloud.get(&format!("{}/{there}", links(&one))).await;
    let site = &shown.body["peer_link"]["peer_site"];
    assert_eq!((&site["type"], &site["link_id"]), (&json!("GDGW"), &json!(back)), "the link in the other direction");
    let vif = format!("dcaas/virtual-interfaces/{vif}");
    assert_eq!(cloud.delete(&vif).await.code(), "DC.0001", "the last interface");
    cloud.delete(&format!("{}/{there}", links(&one))).await;
    cloud.settle().await;
    assert_eq!(cloud.delete(&vif).await.status, 204);
    cloud.settle().await;
    assert_eq!(cloud.delete(&format!("{PATH}/{one}")).await.code(), "DC.0001", "the link of the other gateway leads here");
    cloud.delete(&format!("{}/{back}", links(&two))).await;
    cloud.settle().await;
    assert_eq!(cloud.delete(&format!("{PATH}/{one}")).await.status, 204);
}

#[tokio::test]
async fn switches_change_peer_links() {
    let cloud = Simulator::start(json!({"switches": {
        "u23_peer_link_needs_interface": false, "u24_several_links_to_one_peer": true, "u25_deleting_peer_link_status": "PENDING_DELETE",
        "u27_delete_last_interface": true, "u29_whole_update_answer": true, "u50_delete_in_error": false,
    }}))
    .await;
    let gateway = global_gateway(&cloud, "g").await;
    let path = links(&gateway);
    assert_eq!(cloud.post(&path, example()).await.status, 201, "without an interface");
    cloud.fault(json!({"operation": "CreatePeerLink", "kind": "error_state", "reason": "no way"})).await;
    let second = format!("{path}/{}", cloud.post(&path, example()).await.id("peer_link"));
    cloud.settle().await;
    let failed = cloud.get(&second).await;
    assert_eq!((status(&failed), &failed.body["peer_link"]["reason"]), ("ERROR", &json!("no way")));
    assert_eq!(cloud.delete(&second).await.code(), "DC.0001", "a link in ERROR");
    let whole = cloud.put(&second, json!({"peer_link": {"name": "new"}})).await;
    assert_eq!(whole.body["peer_link"]["create_owner"], "dc");
    cloud.settle().await;
    cloud.settings(json!({"switches": {"u50_delete_in_error": null}, "settle_ms": {"delete": HOURS}})).await;
    assert_eq!(cloud.delete(&second).await.status, 204);
    assert_eq!(status(&cloud.get(&second).await), "PENDING_DELETE");
    let vif = cloud.interface(on_global(&gateway, LINE_A, 30)).await;
    assert_eq!(cloud.delete(&format!("dcaas/virtual-interfaces/{vif}")).await.status, 204, "the last interface");

    let body = json!({"name": "central", "global_dc_gateway_id": gateway, "create_owner": "cc", "instance_id": NOBODY,
        "peer_site": {"gateway_id": NOBODY, "project_id": PROJECT, "region_id": "eu-west-101"}});
    let made = cloud.admin(Method::POST, "resources", Some(json!({"kind": "peer_link", "body": body}))).await;
    let made = cloud.get(&format!("{path}/{}", made.body["id"].as_str().unwrap())).await;
    assert_eq!((&made.body["peer_link"]["create_owner"], &made.body["peer_link"]["peer_site"]["type"]), (&json!("cc"), &json!("ER")));
    let raw = cloud.admin(Method::GET, "resources", None).await.body;
    assert_eq!(raw["peer_links"].as_array().unwrap().len(), 3);
}
