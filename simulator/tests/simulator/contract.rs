//! Checks the simulator against the vendor's documents, and the validator itself.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    connect_gateways, direct_connect_locations, documents, global_gateways,
    harness::{self, *},
    hosted_connections, peer_detections, rms,
};

/// Calls every operation on global gateways, with the vendor's example requests where there are any.
async fn session_on_global_gateways(cloud: &Simulator) {
    let gateways = "dcaas/global-dc-gateways";
    let example = json!({"global_dc_gateway": {
        "name": "dgw-2c18", "description": "", "address_family": "ipv4", "bgp_asn": "64512", "enterprise_project_id": "0",
        "tags": [{"key": "key1", "value": "value1"}],
    }});
    let gateway = cloud.post(gateways, example).await.id("global_dc_gateway");
    let large = json!({"global_dc_gateway": {"name": "large", "bgp_asn": 4_294_967_295_u64, "tenant_id": PROJECT}});
    let other = cloud.post(gateways, large).await.id("global_dc_gateway");
    let path = format!("{gateways}/{gateway}");
    let vif = cloud.interface(global_gateways::on_global(&gateway, LINE_B, 40)).await;
    cloud.put(&path, json!({"global_dc_gateway": {"name": "dgw-2c19"}})).await;
    cloud.get(&path).await;
    cloud.get(&format!("{path}?fields=id&limit=1&enterprise_project_id=0&ext_fields=x")).await;
    cloud.get(gateways).await;
    let filters = "limit=10&sort_key=id&sort_dir=desc&name=dgw-2c19,x&status=ACTIVE&enterprise_project_id=0";
    cloud.get(&format!("{gateways}?{filters}&id={gateway}&site_network_id={NOBODY}&cloud_connection_id={NOBODY}")).await;

    let links = format!("{path}/peer-links");
    let example = json!({"peer_link": {"name": "dgw-peer-link-94dc", "peer_site": {
        "gateway_id": "70e29908-12f8-4d5d-9adf-4da5465b91b2", "project_id": "b197c48159d44a66b32c538c3f8da89a",
        "region_id": "cn-southwest-242",
    }}});
    let link = format!("{links}/{}", cloud.post(&links, example).await.id("peer_link"));
    let site = json!({"gateway_id": other, "project_id": PROJECT, "region_id": "eu-west-101"});
    cloud.post(&links, json!({"peer_link": {"name": "l", "description": "d", "peer_site": site}})).await;
    cloud.settle().await;
    cloud.put(&link, json!({"peer_link": {"description": "test", "name": "dgw-peer-link-test"}})).await;
    cloud.get(&link).await;
    cloud.get(&format!("{links}?limit=10&offset=1&page_reverse=false&sort_key=id&name=l&ext_fields=x")).await;
    cloud.get(&links).await;

    let routes = format!("dcaas/gdgw/{gateway}/routetables");
    let peer = cloud.get(&format!("dcaas/virtual-interfaces/{vif}")).await.body["virtual_interface"]["vif_peers"][0]["id"].clone();
    let add = json!({"add_routes": [{"description": "", "destination": "1.1.1.0/24", "nexthop": peer, "type": "vif_peer"}]});
    cloud.put(&routes, json!({"gdgw_routetable": add, "dry_run": true})).await;
    cloud.put(&routes, json!({"gdgw_routetable": add})).await;
    cloud.put(&routes, json!({"gdgw_routetable": add})).await;
    cloud.settle().await;
    let update = json!({"update_routes": [{"description": "branch", "destination": "1.1.1.0/24", "nexthop": peer}]});
    cloud.put(&routes, json!({"gdgw_routetable": update})).await;
    cloud.get(&format!("{routes}?limit=10&address_family=ipv4&destination=1.1.1.0/24&nexthop={}", peer.as_str().unwrap())).await;
    let delete = json!({"del_routes": [{"destination": "1.1.1.0/24", "nexthop": peer, "type": "vif_peer"}]});
    cloud.put(&routes, json!({"gdgw_routetable": delete})).await;
    cloud.get(&format!("{gateways}/{NOBODY}")).await;
    cloud.delete(&path).await;

    for link in cloud.get(&links).await.body["peer_links"].as_array().unwrap() {
        cloud.delete(&format!("{links}/{}", link["id"].as_str().unwrap())).await;
    }
    cloud.settle().await;
    cloud.delete(&format!("dcaas/virtual-interfaces/{vif}")).await;
    cloud.settle().await;
    for gateway in [gateway, other] {
        assert_eq!(cloud.delete(&format!("{gateways}/{gateway}")).await.status, 204);
    }
}

/// Calls every operation of the simulator.
async fn session(cloud: &Simulator) {
    let gateway = cloud.gateway().await;
    let on_router =
        json!({"virtual_gateway": {"name": "er", "type": "default", "enterprise_router_id": NOBODY, "enterprise_project_id": "0"}});
    let on_router = cloud.post("dcaas/virtual-gateways", on_router).await.id("virtual_gateway");
    let path = format!("dcaas/virtual-gateways/{on_router}");
    cloud.get(&path).await;
    cloud.put(&path, json!({"virtual_gateway": {"name": "router"}})).await;
    cloud.get("dcaas/virtual-gateways").await;
    let tagged = with(harness::gateway(), json!({"tags": [{"key": "team", "value": "net"}]}));
    cloud.post("dcaas/virtual-gateways", json!({"virtual_gateway": tagged})).await;
    let path = format!("dcaas/virtual-gateways/{gateway}");
    let changes = json!({"virtual_gateway": {"name": "new", "description": "", "local_ep_group": ["192.168.3.0/24"]}});
    cloud.put(&path, changes).await;
    cloud.get(&path).await;

    let bgp = json!({"route_mode": "bgp", "bgp_asn": 65_100, "bgp_md5": "Qaz12345678", "enable_bfd": true, "priority": "low"});
    let bgp = with(interface(&gateway, LINE_A, 30), bgp);
    let vif = cloud.interface(bgp).await;
    let path = format!("dcaas/virtual-interfaces/{vif}");
    let attribute = json!({"extend_attribute": {"ha_type": "bfd", "ha_mode": "auto_single", "min_tx_interval": 300}});
    cloud.put(&format!("{path}/extend-attributes"), attribute).await;
    let settled = |answer: &Answer| !status_of(answer).starts_with("PENDING_");
    cloud.until(&path, settled).await;
    for changes in [json!({"bandwidth": 100, "description": "x"}), json!({"priority": "normal"}), json!({"enable_bfd": false})] {
        cloud.put(&path, json!({"virtual_interface": changes})).await;
        cloud.until(&path, settled).await;
    }
    let peer = cloud
        .post(
            "dcaas/vif-peers",
            json!({"vif_peer": {
                "vif_id": vif, "name": "six", "address_family": "ipv6", "route_mode": "static", "remote_ep_group": ["fd02::/48"],
                "local_gateway_ip": "fd00::1/64", "remote_gateway_ip": "fd00::2/64",
            }}),
        )
        .await
        .id("vif_peer");
    let peers_settled = |answer: &Answer| !answer.body["virtual_interface"]["vif_peers"].to_string().contains("PENDING_");
    cloud.until(&path, peers_settled).await;
    cloud.put(&format!("dcaas/vif-peers/{peer}"), json!({"vif_peer": {"remote_ep_group": []}})).await;
    cloud.until(&path, peers_settled).await;

    cloud.post(&format!("dc-vif/{vif}/tags"), json!({"tag": {"key": "team", "value": "net"}})).await;
    cloud.post(&format!("dc-vif/{vif}/tags/action"), json!({"action": "create", "tags": [{"key": "a", "value": ""}]})).await;
    cloud.get(&format!("dc-vif/{vif}/tags")).await;
    cloud.get("dc-vif/tags").await;
    let filter = json!({"action": "filter", "tags": [{"key": "team", "values": ["net"]}], "limit": "10", "offset": "0"});
    cloud.post("dc-vif/resource-instances/action", filter).await;
    cloud.post("dc-vif/resource-instances/action", json!({"action": "count", "not_tags": [{"key": "team", "values": []}]})).await;
    cloud.delete(&format!("dc-vif/{vif}/tags/team")).await;
    cloud.delete(&format!("dc-vif/{vif}/tags/absent")).await;

    for operation in ["shutdown", "undo_shutdown"] {
        let record = json!({"resource_id": vif, "operation": operation, "resource_type": "virtual_interface"});
        cloud.post("dcaas/switchover-test", json!({"switchover_test_record": record})).await;
        let expected = if operation == "shutdown" { "ADMIN_SHUTDOWN" } else { "ACTIVE" };
        cloud.until(&path, |answer| status_of(answer) == expected).await;
    }
    for list in ["direct-connects", "virtual-gateways", "virtual-interfaces", "switchover-test"] {
        cloud.get(&format!("dcaas/{list}?limit=1&sort_key=id&sort_dir=desc")).await;
    }
    cloud
        .get(&format!("dcaas/virtual-interfaces?id={vif}&id={NOBODY}&status=ACTIVE&vgw_id={gateway}&enterprise_project_id=0,{NOBODY}"))
        .await;
    cloud.get(&format!("dcaas/direct-connects/{LINE_A}")).await;
    cloud.put(&format!("dcaas/direct-connects/{LINE_A}"), json!({"direct_connect": {"name": "direct connect1", "description": ""}})).await;
    cloud.delete(&format!("dcaas/direct-connects/{LINE_C}")).await;
    cloud.get("dcaas/quotas?type=virtualInterface").await;
    cloud.get(&format!("dcaas/virtual-gateways/{NOBODY}")).await;
    cloud.delete(&format!("dcaas/virtual-gateways/{gateway}")).await;

    cloud.delete(&format!("dcaas/vif-peers/{peer}")).await;
    cloud.until(&path, |answer| answer.body["virtual_interface"]["vif_peers"].as_array().is_some_and(|peers| peers.len() == 1)).await;
    cloud.delete(&path).await;
    cloud.until(&path, |answer| answer.status == 404).await;
    cloud.delete(&format!("dcaas/virtual-gateways/{gateway}")).await;
    direct_connect_locations::session(cloud).await;
    connect_gateways::session(cloud).await;
    hosted_connections::session(cloud).await;
    peer_detections::session(cloud).await;
    rms::session(cloud).await;
    session_on_global_gateways(cloud).await;
    let projects = format!("{}/v3/projects?name=eu-west-101", cloud.base);
    cloud.send(Method::GET, &projects, &cloud.token, None).await.expect("an answer");
}

#[tokio::test]
async fn requests_and_responses_match_the_documents() {
    for variant in [json!({}), json!({"extra_fields": false, "absent_fields": "missing"})] {
        let cloud = Simulator::start(variant).await;
        session(&cloud).await;
        let entries = cloud.log(0).await;
        let complaints: Vec<String> = entries
            .iter()
            .flat_map(|entry| documents::check(entry).into_iter().map(move |complaint| format!("#{} {complaint}", entry["seq"])))
            .collect();
        assert!(complaints.is_empty(), "{}", complaints.join("\n"));
        assert!(entries.len() > 50, "the session was cut short: {} entries", entries.len());
    }
}

/// A valid entry of the log.
fn creation() -> Value {
    json!({
        "method": "POST", "path": format!("/v3/{PROJECT}/dcaas/virtual-interfaces"), "query": "", "fault": null,
        "request_body": {"virtual_interface": {"type": "private", "vlan": 1, "bandwidth": 2, "route_mode": "static"}},
        "status": 201, "response_body": {"request_id": "r", "virtual_interface": {"id": NOBODY, "vlan": 1, "tenant_id": PROJECT}},
    })
}

fn listing(query: &str) -> Value {
    json!({
        "method": "GET", "path": format!("/v3/{PROJECT}/dcaas/virtual-interfaces"), "query": query, "fault": null, "request_body": null,
        "status": 200, "response_body": {"request_id": "r", "virtual_interfaces": [], "page_info": {"previous_marker": "", "current_count": 0}},
    })
}

/// The entry with the value at a JSON pointer replaced, or removed if `value` is null.
fn broken(mut entry: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    let fields = entry.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object");
    if value.is_null() {
        fields.remove(key);
    } else {
        fields.insert(key.to_owned(), value);
    }
    entry
}

#[test]
fn the_validator_reports_what_is_wrong() {
    assert_eq!(documents::check(&creation()), Vec::<String>::new());
    assert_eq!(documents::check(&listing("limit=2000&marker=x&id=a&id=b&enterprise_project_id=0")), Vec::<String>::new());
    let sent = "/request_body/virtual_interface";
    let got = "/response_body/virtual_interface";
    let table = [
        (broken(creation(), "/path", json!("/v3/x/dcaas/nothing")), "no documented operation"),
        (broken(creation(), "/method", json!("PATCH")), "no documented operation"),
        (broken(creation(), "/path", json!("/v3/short/dcaas/virtual-interfaces")), "path project_id"),
        (broken(creation(), &format!("{sent}/vlan"), json!(4000)), "/virtual_interface/vlan"),
        (broken(creation(), &format!("{sent}/vlan"), Value::Null), "vlan"),
        (broken(creation(), &format!("{sent}/route_mode"), json!("rip")), "/virtual_interface/route_mode"),
        (broken(creation(), &format!("{sent}/name"), json!("x".repeat(65))), "/virtual_interface/name"),
        (broken(creation(), &format!("{sent}/surprise"), json!(1)), "surprise"),
        (broken(creation(), &format!("{sent}/enterprise_project_id"), json!("1")), "/virtual_interface/enterprise_project_id"),
        (broken(creation(), &format!("{sent}/tags"), json!([{"value": "x"}])), "key"),
        (broken(creation(), "/request_body", Value::Null), "request"),
        (broken(creation(), "/status", json!(200)), "answer 200"),
        (broken(creation(), "/response_body/request_id", Value::Null), "request_id"),
        (broken(creation(), &format!("{got}/vlan"), json!("1")), "/virtual_interface/vlan"),
        (broken(creation(), &format!("{got}/tenant_id"), json!("short")), "/virtual_interface/tenant_id"),
        (broken(creation(), &format!("{got}/vif_peers"), json!([{"route_mode": 1}])), "/virtual_interface/vif_peers/0/route_mode"),
        (broken(broken(creation(), "/status", json!(400)), "/response_body", json!({"message": "no"})), "error_code"),
        (broken(listing(""), "/request_body", json!({})), "request has a body"),
        (broken(listing(""), "/response_body/page_info", Value::Null), "page_info"),
        (listing("limit=2001"), "query limit"),
        (listing("limit=many"), "query limit"),
        (listing("limit=1&limit=2"), "query limit"),
        (listing("sort_dir=up"), "query sort_dir"),
        (listing("name=x"), "query name"),
        (listing("id=1&id=2&id=3&id=4&id=5&id=6"), "query id"),
        (listing("enterprise_project_id=0,1"), "query enterprise_project_id"),
    ];
    for (entry, expected) in table {
        let complaints = documents::check(&entry);
        assert!(complaints.iter().any(|complaint| complaint.contains(expected)), "{expected:?} is not in {complaints:#?} of {entry}");
    }
}
