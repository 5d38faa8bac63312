//! Global gateways, and interfaces on them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::*;

pub const PATH: &str = "dcaas/global-dc-gateways";
/// Settings in which changes stay pending until `settle`.
pub const HOURS: u64 = 6_000_000;

/// Creates a global gateway.
pub async fn global_gateway(cloud: &Simulator, name: &str) -> String {
    cloud.post(PATH, json!({"global_dc_gateway": {"name": name}})).await.id("global_dc_gateway")
}

/// The body of an interface on a global gateway.
pub fn on_global(gateway: &str, connection: &str, vlan: u32) -> Value {
    with(interface(gateway, connection, vlan), json!({"service_type": "GDGW", "vgw_id": null, "gateway_id": gateway}))
}

async fn read(cloud: &Simulator, id: &str) -> Value {
    cloud.get(&format!("{PATH}/{id}")).await.body["global_dc_gateway"].clone()
}

#[tokio::test]
async fn life_of_a_global_gateway() {
    let cloud = Simulator::start(json!({})).await;
    // The vendor's example, whose ASN is text.
    let example = json!({"global_dc_gateway": {
        "name": "dgw-2c18", "description": "", "address_family": "ipv4", "bgp_asn": "64512", "enterprise_project_id": "0",
        "tags": [{"key": "key1", "value": "value1"}],
    }});
    let created = cloud.post(PATH, example).await;
    let id = created.id("global_dc_gateway");
    let body = &created.body["global_dc_gateway"];
    assert_eq!((created.status, &body["status"], &body["bgp_asn"]), (201, &json!("DOWN"), &json!(64_512)));
    assert_eq!((&body["tags"], &body["tenant_id"]), (&json!([{"key": "key1", "value": "value1"}]), &json!(PROJECT)));
    assert_eq!((&body["available_peer_link_count"], &body["current_peer_link_count"]), (&json!(3), &json!(0)));
    assert_eq!((body.get("reason"), body.get("updated_time")), (None, None), "as in the example");

    let path = format!("{PATH}/{id}");
    let changed = cloud.put(&path, json!({"global_dc_gateway": {"name": "dgw-2c19", "address_family": "dual"}})).await;
    let body = &changed.body["global_dc_gateway"];
    assert_eq!((changed.status, &body["name"], body.get("tags"), body.get("address_family")), (200, &json!("dgw-2c19"), None, None));
    let shown = read(&cloud, &id).await;
    assert_eq!((&shown["name"], &shown["address_family"], &shown["status"]), (&json!("dgw-2c19"), &json!("dual"), &json!("DOWN")));
    assert_eq!((&shown["tags"][0]["key"], &shown["region_id"]), (&json!("key1"), &json!("eu-west-101")));

    assert_eq!(cloud.delete(&path).await.status, 204);
    for (method, body) in [(Method::GET, None), (Method::DELETE, None), (Method::PUT, Some(json!({"global_dc_gateway": {}})))] {
        let gone = cloud.call(method, &path, body).await;
        assert_eq!((gone.status, gone.code()), (404, "DC.0002"));
    }
}

#[tokio::test]
async fn changes_of_a_global_gateway_can_be_pending() {
    let settle = json!({"settle_ms": {"global_dc_gateway": {"update": HOURS, "delete": HOURS}}});
    let cloud = Simulator::start(settle).await;
    let id = global_gateway(&cloud, "g").await;
    let path = format!("{PATH}/{id}");
    let changed = cloud.put(&path, json!({"global_dc_gateway": {"name": "new"}})).await;
    assert_eq!((changed.status, &changed.body["global_dc_gateway"]["status"]), (200, &json!("PENDING_UPDATE")));
    assert_eq!(cloud.put(&path, json!({"global_dc_gateway": {"name": "x"}})).await.code(), "DC.1118");
    assert_eq!(cloud.delete(&path).await.code(), "DC.1118");
    let vif = cloud.post("dcaas/virtual-interfaces", json!({"virtual_interface": on_global(&id, LINE_A, 1)})).await;
    assert_eq!(vif.code(), "DC.1118");
    cloud.settle().await;
    assert_eq!(read(&cloud, &id).await["status"], "DOWN");
    assert_eq!(cloud.delete(&path).await.status, 204);
    assert_eq!(read(&cloud, &id).await["status"], "PENDING_UPDATE");
    cloud.settle().await;
    assert_eq!(cloud.get(&path).await.status, 404);

    cloud.fault(json!({"operation": "CreateGlobalDcGateway", "kind": "error_state", "reason": "no device"})).await;
    let failed = read(&cloud, &global_gateway(&cloud, "failed").await).await;
    assert_eq!((&failed["status"], &failed["reason"]), (&json!("ERROR"), &json!("no device")));
}

#[tokio::test]
async fn invalid_global_gateways_are_rejected() {
    let cloud = Simulator::start(json!({})).await;
    let gateway = |changes: Value| json!({"global_dc_gateway": with(json!({"name": "g"}), changes)});
    let tags: Vec<Value> = (0..11).map(|n| json!({"key": format!("k{n}")})).collect();
    let table = [
        ("the name is required", json!({"name": null}), "DC.0001"),
        ("the name is not empty", json!({"name": ""}), "DC.0001"),
        ("the name is short", json!({"name": "x".repeat(65)}), "DC.0001"),
        ("the name has no spaces", json!({"name": "a b"}), "DC.0001"),
        ("the description is plain", json!({"description": "<b>"}), "DC.0001"),
        ("the description is short", json!({"description": "x".repeat(256)}), "DC.0001"),
        ("the ASN is in range", json!({"bgp_asn": 0}), "DC.0008"),
        ("the ASN is in range", json!({"bgp_asn": 4_294_967_296_u64}), "DC.0008"),
        ("the ASN is a number", json!({"bgp_asn": "many"}), "DC.0001"),
        ("the family is known", json!({"address_family": "ipv6"}), "DC.0001"),
        ("tags are few", json!({"tags": tags}), "DC.0001"),
        ("the project is that of the path", json!({"tenant_id": PARTNER}), "DC.0001"),
        ("keys are known", json!({"surprise": 1}), "DC.0001"),
    ];
    for (rule, changes, code) in table {
        let answer = cloud.post(PATH, gateway(changes)).await;
        assert_eq!((answer.status, answer.code()), (400, code), "{rule}: {}", answer.body);
    }
    let most = json!({"name": "中文_a.b-1", "description": "x".repeat(255), "bgp_asn": 4_294_967_295_u64, "tenant_id": PROJECT});
    let id = cloud.post(PATH, gateway(most)).await.id("global_dc_gateway");
    let path = format!("{PATH}/{id}");
    for changes in [json!({"bgp_asn": 1}), json!({"tags": []}), json!({"name": ""}), json!({"address_family": "six"}), json!({"x": 1})] {
        assert_eq!(cloud.put(&path, json!({"global_dc_gateway": changes})).await.code(), "DC.0001", "{changes}");
    }
    for _ in 0..4 {
        global_gateway(&cloud, "g").await;
    }
    assert_eq!(cloud.post(PATH, gateway(json!({}))).await.code(), "DC.1019", "five are enough");
    let quotas = cloud.get("dcaas/quotas?type=globalDcGateway").await;
    assert_eq!(quotas.body["quotas"]["resources"], json!([{"type": "globalDcGateway", "quota": 5, "used": 5, "unit": "count"}]));
}

#[tokio::test]
async fn global_gateways_are_listed() {
    let cloud = Simulator::start(json!({})).await;
    let mut ids = Vec::new();
    for name in ["a", "b", "c"] {
        ids.push(global_gateway(&cloud, name).await);
    }
    cloud.interface(on_global(&ids[0], LINE_A, 30)).await;
    let list = async |query: &str| {
        let answer = cloud.get(&format!("{PATH}?sort_key=name&{query}")).await;
        let list = answer.body["global_dc_gateways"].as_array().unwrap_or_else(|| panic!("{query}: {}", answer.body)).clone();
        (list, answer.body["page_info"].clone())
    };
    let table = [
        (String::new(), "abc"),
        (format!("id={}&id={NOBODY}", ids[1]), "b"),
        ("name=a,c".to_owned(), "ac"),
        ("status=DOWN".to_owned(), "bc"),
        ("status=ACTIVE&status=ERROR".to_owned(), "a"),
        ("enterprise_project_id=0".to_owned(), "abc"),
        (format!("global_center_network_id={NOBODY}"), ""),
        (format!("marker={}&limit=1", ids[0]), "b"),
    ];
    for (query, expected) in table {
        let names: String = list(&query).await.0.iter().map(|gateway| gateway["name"].as_str().unwrap()).collect();
        assert_eq!(names, expected, "{query}");
    }
    let (page, info) = list("limit=2").await;
    assert_eq!((page.len(), &info["next_marker"]), (2, &json!(ids[1])));
    assert_eq!(list("fields=name&limit=1").await.0, [json!({"name": "a"})]);
    let one = cloud.get(&format!("{PATH}/{}?fields=id,name", ids[2])).await;
    assert_eq!(one.body["global_dc_gateway"], json!({"id": ids[2], "name": "c"}));
    let partner = cloud.sign_in(&password("partner")).await;
    let theirs = cloud.send(Method::GET, &format!("{}/v3/{PARTNER}/{PATH}", cloud.base), &partner, None).await.unwrap();
    assert_eq!(theirs.body["global_dc_gateways"], json!([]), "a gateway is of one project");
}

#[tokio::test]
async fn interfaces_connect_a_global_gateway() {
    let cloud = Simulator::start(json!({})).await;
    let id = global_gateway(&cloud, "g").await;
    let body = with(on_global(&id, LINE_A, 30), json!({"vgw_id": NOBODY}));
    let vif = cloud.interface(body).await;
    let path = format!("dcaas/virtual-interfaces/{vif}");
    let shown = cloud.get(&path).await.body["virtual_interface"].clone();
    assert_eq!((&shown["service_type"], &shown["gateway_id"], &shown["vgw_id"]), (&json!("GDGW"), &json!(id), &Value::Null));
    let gateway = read(&cloud, &id).await;
    assert_eq!((&gateway["status"], &gateway["location_name"]), (&json!("ACTIVE"), &json!("location-a")));
    let used = cloud.delete(&format!("{PATH}/{id}")).await;
    assert_eq!((used.status, used.code()), (400, "DC.0001"));
    cloud.settings(json!({"switches": {"u26_delete_used_global_gateway": "DC.1106"}})).await;
    assert_eq!(cloud.delete(&format!("{PATH}/{id}")).await.code(), "DC.1106");
    assert_eq!(cloud.put(&path, json!({"virtual_interface": {"name": "renamed"}})).await.status, 200);
    cloud.settle().await;
    assert_eq!(cloud.delete(&path).await.status, 204);
    cloud.until(&path, |answer| answer.status == 404).await;
    assert_eq!(read(&cloud, &id).await["status"], "DOWN", "no interface is left");

    let bgp = |asn: u64| with(on_global(&id, LINE_A, 30), json!({"route_mode": "bgp", "bgp_asn": asn}));
    cloud.put(&format!("{PATH}/{id}"), json!({"global_dc_gateway": {"name": "x"}})).await;
    cloud.admin(Method::PATCH, &format!("resources/{id}"), Some(json!({"bgp_asn": 65_000}))).await;
    let foreign = json!({"kind": "global_dc_gateway", "body": {"name": "foreign", "tenant_id": PARTNER}});
    let foreign = cloud.admin(Method::POST, "resources", Some(foreign)).await.body["id"].as_str().unwrap().to_owned();
    let broken = json!({"kind": "global_dc_gateway", "body": {"name": "broken", "status": "ERROR"}});
    let broken = cloud.admin(Method::POST, "resources", Some(broken)).await.body["id"].as_str().unwrap().to_owned();
    let table = [
        ("the gateway exists", on_global(NOBODY, LINE_A, 30), "DC.0002"),
        ("the gateway is of the project", on_global(&foreign, LINE_A, 30), "DC.1213"),
        ("the gateway works", on_global(&broken, LINE_A, 30), "DC.1205"),
        ("BGP needs another ASN than the gateway's", bgp(65_000), "DC.1223"),
        ("the bandwidth is there", with(on_global(&id, LINE_A, 30), json!({"bandwidth": 10_001})), "DC.1000"),
    ];
    for (rule, body, code) in table {
        let answer = cloud.post("dcaas/virtual-interfaces", json!({"virtual_interface": body})).await;
        assert_eq!((answer.status, answer.code()), (400, code), "{rule}: {}", answer.body);
    }
}

#[tokio::test]
async fn switches_change_global_gateways() {
    let cloud = Simulator::start(json!({})).await;
    let tagged = json!({"global_dc_gateway": {"name": "g", "tags": [{"key": "a"}]}});
    for (mode, status, tags) in [("keep", 201, json!([{"key": "a"}])), ("drop", 201, json!([])), ("refuse", 400, Value::Null)] {
        cloud.settings(json!({"switches": {"u28_global_gateway_tags": mode}})).await;
        let answer = cloud.post(PATH, tagged.clone()).await;
        assert_eq!((answer.status, &answer.body["global_dc_gateway"]["tags"]), (status, &tags), "{mode}");
    }
    cloud.settings(json!({"switches": {"u21_fresh_global_gateway": "ACTIVE", "u22_interface_connects_global_gateway": false}})).await;
    let id = global_gateway(&cloud, "g").await;
    let path = format!("{PATH}/{id}");
    assert_eq!(read(&cloud, &id).await["status"], "ACTIVE");
    cloud.settings(json!({"switches": {"u21_fresh_global_gateway": "DOWN", "u48_interface_keeps_vgw_id": true}})).await;
    let other = global_gateway(&cloud, "other").await;
    let vif = cloud.interface(with(on_global(&other, LINE_A, 30), json!({"vgw_id": NOBODY}))).await;
    let shown = cloud.get(&format!("dcaas/virtual-interfaces/{vif}")).await;
    assert_eq!(shown.body["virtual_interface"]["vgw_id"], NOBODY);
    assert_eq!(read(&cloud, &other).await["status"], "DOWN", "the interface changes nothing");

    cloud.settings(json!({"switches": {"u29_whole_update_answer": true, "u45_dual_to_ipv4": "refuse"}})).await;
    let family = async |family: &str| cloud.put(&path, json!({"global_dc_gateway": {"address_family": family}})).await;
    let whole = family("dual").await;
    assert_eq!(whole.body["global_dc_gateway"], read(&cloud, &id).await);
    assert_eq!(family("ipv4").await.code(), "DC.0001");
    cloud.settings(json!({"switches": {"u45_dual_to_ipv4": null, "u26_delete_used_global_gateway": "accept"}})).await;
    assert_eq!(family("ipv4").await.status, 200);
    assert_eq!(cloud.delete(&format!("{PATH}/{other}")).await.status, 204, "a gateway in use");
}
