//! Each kind of resource from create to delete.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::*;

#[tokio::test]
async fn life_of_a_gateway() {
    let cloud = Simulator::start(json!({})).await;
    let created = cloud.post("dcaas/virtual-gateways", json!({"virtual_gateway": gateway()})).await;
    let id = created.id("virtual_gateway");
    assert_eq!((created.status, &created.body["virtual_gateway"]["status"]), (201, &json!("ACTIVE")));
    assert_eq!(created.body["virtual_gateway"]["tenant_id"], PROJECT);
    assert_eq!(created.headers["x-request-id"].to_str().unwrap(), created.body["request_id"]);
    let path = format!("dcaas/virtual-gateways/{id}");
    let changed = cloud.put(&path, json!({"virtual_gateway": {"name": "new", "local_ep_group": ["192.168.3.0/24"]}})).await;
    assert_eq!(changed.status, 200);
    let read = cloud.get(&path).await;
    assert_eq!(read.body["virtual_gateway"]["name"], "new");
    assert_eq!(read.body["virtual_gateway"]["local_ep_group"], json!(["192.168.3.0/24"]));
    assert_eq!(read.body["virtual_gateway"]["local_ep_group_ipv6"], json!(["fd01::/48"]), "an update is partial");
    let deleted = cloud.delete(&path).await;
    assert_eq!((deleted.status, deleted.body), (204, Value::Null));
    let gone = cloud.get(&path).await;
    assert_eq!((gone.status, gone.code()), (404, "DC.1111"));
}

#[tokio::test]
async fn gateway_changes_can_be_pending() {
    let cloud = Simulator::start(json!({"settle_ms": {"virtual_gateway": {"create": 60_000, "delete": 20}}})).await;
    let id = cloud.gateway().await;
    let path = format!("dcaas/virtual-gateways/{id}");
    assert_eq!(cloud.get(&path).await.body["virtual_gateway"]["status"], "PENDING_CREATE");
    let changed = cloud.put(&path, json!({"virtual_gateway": {"name": "new"}})).await;
    assert_eq!((changed.status, changed.code()), (400, "DC.1118"));
    let on_it = cloud.post("dcaas/virtual-interfaces", json!({"virtual_interface": interface(&id, LINE_A, 1)})).await;
    assert_eq!(on_it.code(), "DC.1118");
    cloud.settings(json!({"switches": {"u3_delete_while_pending": "accept"}})).await;
    assert_eq!(cloud.delete(&path).await.status, 204);
    cloud.until(&path, |answer| answer.status == 404).await;
}

#[tokio::test]
async fn life_of_an_interface() {
    let cloud = Simulator::start(slow()).await;
    let gateway = cloud.gateway().await;
    let body = json!({"virtual_interface": interface(&gateway, LINE_A, 30)});
    let created = cloud.post("dcaas/virtual-interfaces", body).await;
    let id = created.id("virtual_interface");
    assert_eq!((created.status, status_of(&created)), (201, "PENDING_CREATE"));
    let path = format!("dcaas/virtual-interfaces/{id}");
    assert_eq!(cloud.put(&path, json!({"virtual_interface": {"name": "x"}})).await.code(), "DC.1210", "pending is locked");
    assert_eq!(cloud.delete(&path).await.code(), "DC.1210");
    let gateway_path = format!("dcaas/virtual-gateways/{gateway}");
    assert_eq!(cloud.put(&gateway_path, json!({"virtual_gateway": {"name": "x"}})).await.code(), "DC.1118", "and so is its gateway");

    cloud.settle().await;
    let active = cloud.get(&path).await;
    assert_eq!(status_of(&active), "ACTIVE");
    let peer = &active.body["virtual_interface"]["vif_peers"][0];
    assert_eq!((&peer["name"], &peer["address_family"], &peer["status"]), (&json!("vif"), &json!("ipv4"), &json!("ACTIVE")));
    assert_eq!((&peer["bgp_status"], &peer["receive_route_num"]), (&Value::Null, &json!(-1)));
    assert_eq!(active.body["virtual_interface"]["local_gateway_v4_ip"], "10.0.0.1/30", "the peer is mirrored");

    let changed = cloud.put(&path, json!({"virtual_interface": {"remote_ep_group": ["10.2.0.0/16"], "bandwidth": 60}})).await;
    assert_eq!((changed.status, status_of(&changed)), (200, "PENDING_UPDATE"));
    cloud.settle().await;
    let settled = cloud.get(&path).await;
    assert_eq!(status_of(&settled), "ACTIVE");
    assert_eq!(settled.body["virtual_interface"]["vif_peers"][0]["remote_ep_group"], json!(["10.2.0.0/16"]));
    assert_eq!(settled.body["virtual_interface"]["bandwidth"], 60);

    assert_eq!(cloud.delete(&gateway_path).await.code(), "DC.1106");
    assert_eq!(cloud.delete(&path).await.status, 204);
    assert_eq!(status_of(&cloud.get(&path).await), "PENDING_DELETE");
    cloud.settle().await;
    let gone = cloud.get(&path).await;
    assert_eq!(gone.status, 404);
    assert_eq!(gone.code(), "DC.1211");
    assert_eq!(cloud.delete(&gateway_path).await.status, 204);
}

#[tokio::test]
async fn the_session_follows_the_status_of_the_peer() {
    for (fresh, session, routes) in [("ACTIVE", "ACTIVE", 2), ("DOWN", "DOWN", 0)] {
        let cloud = Simulator::start(json!({"switches": {"u7_fresh_status": {"bgp": fresh}}})).await;
        let bgp = json!({"route_mode": "bgp", "bgp_asn": 65_100, "bgp_md5": "Qaz12345678"});
        let id = cloud.interface(with(interface(&cloud.gateway().await, LINE_A, 30), bgp)).await;
        let read = cloud.get(&format!("dcaas/virtual-interfaces/{id}")).await;
        assert_eq!(status_of(&read), fresh);
        assert_eq!(read.body["virtual_interface"]["vif_peers"][0]["bgp_status"], session);
        assert_eq!(read.body["virtual_interface"]["vif_peers"][0]["receive_route_num"], routes, "{fresh}");
        assert_eq!(read.body["virtual_interface"]["vif_peers"][0]["bgp_md5"], "Qaz12345678");
    }
}

#[tokio::test]
async fn received_routes_are_set_for_all_sessions_or_one() {
    let cloud = Simulator::start(json!({"received_routes": 7})).await;
    let bgp = json!({"route_mode": "bgp", "bgp_asn": 65_100});
    let id = cloud.interface(with(interface(&cloud.gateway().await, LINE_A, 30), bgp)).await;
    let path = format!("dcaas/virtual-interfaces/{id}");
    let peer = cloud.get(&path).await.body["virtual_interface"]["vif_peers"][0].clone();
    assert_eq!(peer["receive_route_num"], 7);
    cloud.admin(Method::PATCH, &format!("resources/{}", peer["id"].as_str().unwrap()), Some(json!({"receive_route_num": 3}))).await;
    assert_eq!(cloud.get(&path).await.body["virtual_interface"]["vif_peers"][0]["receive_route_num"], 3);
}

#[tokio::test]
async fn only_the_interface_tells_the_reason_of_an_error() {
    let cloud = Simulator::start(json!({})).await;
    let gateway = cloud.gateway().await;
    cloud.fault(json!({"operation": "CreateVirtualInterface", "kind": "error_state", "reason": "no device"})).await;
    let id = cloud.interface(interface(&gateway, LINE_A, 30)).await;
    let failed = &cloud.get(&format!("dcaas/virtual-interfaces/{id}")).await.body["virtual_interface"];
    assert_eq!((&failed["status"], &failed["reason"]), (&json!("ERROR"), &json!("no device")));
    let peer = &failed["vif_peers"][0];
    assert_eq!((&peer["status"], peer.get("reason")), (&json!("ERROR"), None), "the vendor's schema of a peer has no reason");
}

#[tokio::test]
async fn life_of_a_connection() {
    let cloud = Simulator::start(json!({})).await;
    let path = |id: &str| format!("dcaas/direct-connects/{id}");
    let change = async |id: &str, fields: Value| cloud.put(&path(id), json!({"direct_connect": fields})).await;
    let fields = json!({"name": "renamed", "description": "", "peer_location": "Here", "provider_status": "DOWN", "bandwidth": 10_000});
    let changed = change(LINE_A, fields).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let line = cloud.get(&path(LINE_A)).await.body["direct_connect"].clone();
    assert_eq!(line, changed.body["direct_connect"]);
    assert_eq!((&line["name"], &line["peer_location"], &line["provider_status"]), (&json!("renamed"), &json!("Here"), &json!("DOWN")));
    assert_eq!(line["status"], "ACTIVE", "an update is carried out at once");

    let more = change(HOSTED, json!({"bandwidth": 600})).await;
    assert_eq!((more.status, &more.body["direct_connect"]["bandwidth"]), (200, &json!(600)));
    cloud.admin(Method::PATCH, &format!("resources/{OPERATIONS}"), Some(json!({"bandwidth": 1000}))).await;
    let table = [
        ("only hosted lines get another bandwidth", LINE_A, json!({"bandwidth": 5000}), (400, "DC.1011")),
        ("the bandwidth does not shrink", HOSTED, json!({"bandwidth": 500}), (400, "DC.1010")),
        ("the operations line has the bandwidth", HOSTED, json!({"bandwidth": 1001}), (400, "DC.1000")),
        ("the bandwidth is in range", HOSTED, json!({"bandwidth": 100_001}), (400, "DC.0001")),
        ("the name is short", LINE_A, json!({"name": "x".repeat(65)}), (400, "DC.0001")),
        ("the description is plain", LINE_A, json!({"description": "<b>"}), (400, "DC.0001")),
        ("the carrier is up or down", LINE_A, json!({"provider_status": "ERROR"}), (400, "DC.0001")),
        ("the status is one of an order", LINE_A, json!({"status": "ACTIVE"}), (400, "DC.0001")),
        ("what is delivered is not ordered again", LINE_A, json!({"status": "APPLY"}), (400, "DC.1005")),
        ("the location stays", LINE_A, json!({"location": "elsewhere"}), (400, "DC.0001")),
        ("keys are known", LINE_A, json!({"surprise": 1}), (400, "DC.0001")),
        ("the line exists", NOBODY, json!({"name": "x"}), (404, "DC.1012")),
    ];
    for (rule, id, fields, expected) in table {
        let answer = change(id, fields).await;
        assert_eq!((answer.status, answer.code()), expected, "{rule}: {}", answer.body);
    }
    assert_eq!(change(HOSTED, json!({"bandwidth": 1000})).await.status, 200, "all that is left");
    cloud.admin(Method::PATCH, &format!("resources/{LINE_B}"), Some(json!({"status": "PENDING_SURVEY"}))).await;
    let paid = change(LINE_B, json!({"status": "PENDING_PAY"})).await;
    assert_eq!((paid.status, &paid.body["direct_connect"]["status"]), (200, &json!("PENDING_PAY")));
}

#[tokio::test]
async fn only_an_unused_connection_that_is_paid_by_use_is_deleted() {
    let cloud = Simulator::start(slow()).await;
    let path = |id: &str| format!("dcaas/direct-connects/{id}");
    let change = async |id: &str, fields: Value| cloud.admin(Method::PATCH, &format!("resources/{id}"), Some(fields)).await.status;
    let vif = cloud.post("dcaas/virtual-interfaces", json!({"virtual_interface": interface(&cloud.gateway().await, LINE_C, 30)})).await;
    let vif = vif.id("virtual_interface");
    assert_eq!(change(OPERATIONS, json!({"charge_mode": "traffic"})).await, 200);
    let table = [
        ("an interface uses it", LINE_C, (400, "DC.1007")),
        ("a hosted connection uses it", OPERATIONS, (400, "DC.1007")),
        ("it is paid for a period", LINE_A, (400, "DC.0001")),
        ("it is somewhere else", NOBODY, (404, "DC.1012")),
    ];
    for (rule, id, expected) in table {
        let answer = cloud.delete(&path(id)).await;
        assert_eq!((answer.status, answer.code()), expected, "{rule}");
    }
    cloud.settings(json!({"prepaid_delete_code": "DC.1005"})).await;
    assert_eq!(cloud.delete(&path(LINE_A)).await.code(), "DC.1005");

    cloud.admin(Method::DELETE, &format!("resources/{vif}"), None).await;
    let since = cloud.log(0).await.len() as u64;
    let deleted = cloud.delete(&path(LINE_C)).await;
    assert_eq!((deleted.status, &deleted.body), (204, &Value::Null));
    let log = cloud.log(since).await;
    assert_eq!((&log[0]["operation"], &log[0]["committed"]), (&json!("DeleteDirectConnect"), &json!(true)), "tests find it in the log");
    assert_eq!(cloud.get(&path(LINE_C)).await.body["direct_connect"]["status"], "PENDING_DELETE");
    assert_eq!(cloud.delete(&path(LINE_C)).await.code(), "DC.1005");
    assert_eq!(cloud.put(&path(LINE_C), json!({"direct_connect": {"name": "x"}})).await.code(), "DC.1005");
    cloud.settle().await;
    let gone = cloud.get(&path(LINE_C)).await;
    assert_eq!((gone.status, gone.code()), (404, "DC.1012"));
}

fn six(vif: &str) -> Value {
    json!({
        "vif_id": vif, "name": "six", "address_family": "ipv6", "route_mode": "static", "remote_ep_group": ["fd02::/48"],
        "local_gateway_ip": "fd00::1/64", "remote_gateway_ip": "fd00::2/64",
    })
}

fn peer_count(answer: &Answer) -> usize {
    answer.body["virtual_interface"]["vif_peers"].as_array().map_or(0, Vec::len)
}

/// Settings in which changes stay pending until `settle`.
fn slow() -> Value {
    json!({"settle_ms": {"create": 600_000, "update": 600_000, "delete": 600_000}})
}

#[tokio::test]
async fn life_of_a_peer() {
    let cloud = Simulator::start(json!({})).await;
    let vif = cloud.interface(interface(&cloud.gateway().await, LINE_A, 30)).await;
    cloud.settings(slow()).await;
    let created = cloud.post("dcaas/vif-peers", json!({"vif_peer": six(&vif)})).await;
    let id = created.id("vif_peer");
    assert_eq!((created.status, &created.body["vif_peer"]["status"]), (201, &json!("PENDING_CREATE")));
    let vif_path = format!("dcaas/virtual-interfaces/{vif}");
    assert_eq!(cloud.put(&vif_path, json!({"virtual_interface": {"name": "x"}})).await.code(), "DC.1210", "a pending peer locks");
    cloud.settle().await;
    let both = cloud.get(&vif_path).await;
    assert_eq!(peer_count(&both), 2);
    assert_eq!(both.body["virtual_interface"]["remote_ep_group"], json!(["fd02::/48"]), "the mirror shows the last peer");

    let path = format!("dcaas/vif-peers/{id}");
    let changed = cloud.put(&path, json!({"vif_peer": {"remote_ep_group": [], "name": "sixth"}})).await;
    assert_eq!((changed.status, &changed.body["vif_peer"]["status"]), (200, &json!("PENDING_UPDATE")));
    cloud.settle().await;
    let table = [
        (Method::GET, path.clone(), None, (404, "APIGW.0101")),
        (Method::PUT, path.clone(), Some(json!({"vif_peer": {"bgp_asn": 1}})), (400, "DC.0001")),
        (Method::POST, "dcaas/vif-peers".into(), Some(json!({"vif_peer": six(&vif)})), (400, "DC.0001")),
        (Method::POST, "dcaas/vif-peers".into(), Some(json!({"vif_peer": six(NOBODY)})), (404, "DC.1211")),
        (Method::PUT, format!("dcaas/vif-peers/{NOBODY}"), Some(json!({"vif_peer": {}})), (404, "DC.0002")),
        (Method::DELETE, format!("dcaas/vif-peers/{NOBODY}"), None, (404, "DC.0002")),
    ];
    for (method, path, body, expected) in table {
        let answer = cloud.call(method.clone(), &path, body).await;
        assert_eq!((answer.status, answer.code()), expected, "{method} {path}");
    }
    let first = both.body["virtual_interface"]["vif_peers"][0]["id"].as_str().unwrap();
    assert_eq!(cloud.delete(&path).await.status, 204);
    cloud.settle().await;
    assert_eq!(peer_count(&cloud.get(&vif_path).await), 1);
    let last = cloud.delete(&format!("dcaas/vif-peers/{first}")).await;
    assert_eq!((last.status, last.code()), (400, "DC.0001"));
}

#[tokio::test]
async fn life_of_a_cross_account_interface() {
    let cloud = Simulator::start(json!({})).await;
    let partner = cloud.sign_in(&password("partner")).await;
    let theirs = |path: &str| format!("{}/v3/{PARTNER}/dcaas/{path}", cloud.base);
    let body = Some(json!({"virtual_gateway": gateway()}));
    let gateway = cloud.send(Method::POST, &theirs("virtual-gateways"), &partner, body).await.unwrap().id("virtual_gateway");

    for (decision, vlan, expected) in [("ACCEPTED", 30, "ACTIVE"), ("REJECTED", 31, "REJECTED")] {
        let body = with(interface(&gateway, LINE_A, vlan), json!({"resource_tenant_id": PARTNER}));
        cloud.settings(json!({"distinct_locations": false})).await;
        let id = cloud.interface(body).await;
        let own = cloud.get(&format!("dcaas/virtual-interfaces/{id}")).await;
        assert_eq!(status_of(&own), "AUTHORIZATION");
        assert!(own.body["virtual_interface"].get("resource_tenant_id").is_none(), "it is never returned");
        let decide = json!({"virtual_interface": {"status": decision}});
        let by_creator = cloud.put(&format!("dcaas/virtual-interfaces/{id}"), decide.clone()).await;
        assert_eq!(by_creator.code(), "DC.1213");
        let url = theirs(&format!("virtual-interfaces/{id}"));
        let more = with(decide["virtual_interface"].clone(), json!({"name": "x"}));
        let more = cloud.send(Method::PUT, &url, &partner, Some(json!({"virtual_interface": more}))).await.unwrap();
        assert_eq!(more.code(), "DC.0001", "a name beside the decision would be lost");
        let decided = cloud.send(Method::PUT, &url, &partner, Some(decide)).await.unwrap();
        assert_eq!(decided.status, 200, "{}", decided.body);
        cloud.interface_until(&id, |answer| status_of(answer) == expected).await;
        assert_eq!(cloud.delete(&format!("dcaas/virtual-interfaces/{id}")).await.status, 204, "{expected}");
    }
    let foreign = json!({"virtual_interface": interface(&gateway, LINE_A, 32)});
    assert_eq!(cloud.post("dcaas/virtual-interfaces", foreign).await.code(), "DC.1213");
}

#[tokio::test]
async fn a_gateway_may_name_its_type() {
    let cloud = Simulator::start(json!({})).await;
    for place in [json!({"name": "er", "enterprise_router_id": NOBODY}), gateway()] {
        let create = |kind: &str| json!({"virtual_gateway": with(place.clone(), json!({"type": kind}))});
        let created = cloud.post("dcaas/virtual-gateways", create("default")).await;
        assert_eq!((created.status, &created.body["virtual_gateway"]["type"]), (201, &json!("default")), "as in the vendor's example");
        assert_eq!(cloud.post("dcaas/virtual-gateways", create("odd")).await.code(), "DC.0001");
    }
}
