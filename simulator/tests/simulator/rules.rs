//! Each rule, with a request that violates it and the expected error code.

use serde_json::{Value, json};

use crate::harness::*;

async fn assert_rejected(cloud: &Simulator, path: &str, wrapper: &str, table: Vec<(&str, Value, &str)>) {
    for (rule, body, code) in table {
        let answer = cloud.post(path, json!({wrapper: body})).await;
        let status = if code.starts_with("404 ") { 404 } else { 400 };
        assert_eq!((answer.status, answer.code()), (status, code.trim_start_matches("404 ")), "{rule}: {}", answer.body);
    }
}

#[tokio::test]
async fn invalid_gateways_are_rejected() {
    let cloud = Simulator::start(json!({})).await;
    let taken = gateway();
    cloud.post("dcaas/virtual-gateways", json!({"virtual_gateway": taken.clone()})).await;
    let many: Vec<String> = (0..51).map(|n| format!("10.{n}.0.0/16")).collect();
    let tags: Vec<Value> = (0..11).map(|n| json!({"key": format!("k{n}")})).collect();
    let table = vec![
        ("a VPC has one gateway", taken, "DC.1110"),
        ("the VPC exists", with(gateway(), json!({"vpc_id": "ffffffff-ffff-4fff-8fff-ffffffffffff"})), "DC.0007"),
        ("the VPC is a UUID", with(gateway(), json!({"vpc_id": "vpc"})), "DC.0001"),
        ("the VPC is required", with(gateway(), json!({"vpc_id": null})), "DC.0001"),
        ("subnets are required", with(gateway(), json!({"local_ep_group": null})), "DC.0001"),
        ("subnets are IPv4", with(gateway(), json!({"local_ep_group": ["fd00::/64"]})), "DC.0004"),
        ("subnets are subnets", with(gateway(), json!({"local_ep_group": ["10.0.0.0/33"]})), "DC.0004"),
        ("subnets are distinct", with(gateway(), json!({"local_ep_group": ["10.0.0.0/8", "10.0.0.0/8"]})), "DC.1401"),
        ("subnets are few", with(gateway(), json!({"local_ep_group": many})), "DC.1101"),
        ("the ASN is in range", with(gateway(), json!({"bgp_asn": 0})), "DC.0008"),
        ("the ASN is in range", with(gateway(), json!({"bgp_asn": 4_294_967_296_u64})), "DC.0008"),
        ("the name is short", with(gateway(), json!({"name": "x".repeat(65)})), "DC.0001"),
        ("the description is plain", with(gateway(), json!({"description": "<b>"})), "DC.0001"),
        ("tags are few", with(gateway(), json!({"tags": tags})), "DC.0001"),
        ("tags are not the system's", with(gateway(), json!({"tags": [{"key": "_sys_a"}]})), "DC.0001"),
        ("keys are known", with(gateway(), json!({"surprise": 1})), "DC.0001"),
    ];
    assert_rejected(&cloud, "dcaas/virtual-gateways", "virtual_gateway", table).await;
    for _ in 0..4 {
        cloud.gateway().await;
    }
    assert_rejected(&cloud, "dcaas/virtual-gateways", "virtual_gateway", vec![("five are enough", gateway(), "DC.1019")]).await;
    assert_rejected(&cloud, "dcaas/virtual-gateways", "wrapper", vec![("the wrapper is there", gateway(), "DC.0000")]).await;
}

#[tokio::test]
async fn invalid_interfaces_are_rejected() {
    let cloud = Simulator::start(json!({})).await;
    let vgw = cloud.gateway().await;
    let plain = || interface(&vgw, LINE_A, 30);
    let other = |changes: Value| with(plain(), changes);
    let bgp = |changes: Value| with(other(json!({"route_mode": "bgp", "bgp_asn": 65_100})), changes);
    let many: Vec<String> = (0..51).map(|n| format!("10.{n}.0.0/16")).collect();
    let table = vec![
        ("a connection is named", other(json!({"direct_connect_id": null})), "DC.1200"),
        ("there are no LAGs", other(json!({"lag_id": NOBODY})), "DC.1015"),
        ("the connection exists", other(json!({"direct_connect_id": NOBODY})), "DC.1012"),
        ("the connection is not for operations", other(json!({"direct_connect_id": OPERATIONS})), "DC.1204"),
        ("the connection is ready", other(json!({"direct_connect_id": UNDER_CONSTRUCTION})), "DC.1005"),
        ("the gateway exists", other(json!({"vgw_id": NOBODY})), "DC.1111"),
        ("the gateway is named", other(json!({"vgw_id": null})), "DC.0001"),
        ("interfaces are private", other(json!({"type": "public"})), "DC.1215"),
        ("hosted: the VLAN is that of the connection", other(json!({"direct_connect_id": HOSTED})), "DC.1207"),
        ("the bandwidth is there", other(json!({"bandwidth": 10_001})), "DC.1000"),
        ("the VLAN is in range", other(json!({"vlan": 4000})), "DC.0001"),
        ("the VLAN is required", other(json!({"vlan": null})), "DC.0001"),
        ("BGP needs an ASN", bgp(json!({"bgp_asn": null})), "DC.1203"),
        ("BGP needs another ASN than the gateway's", bgp(json!({"bgp_asn": 65_000})), "DC.1223"),
        ("BGP needs another ASN than the cloud's", bgp(json!({"bgp_asn": 64_512})), "DC.1223"),
        ("the ASN is in range", bgp(json!({"bgp_asn": 4_294_967_296_u64})), "DC.0008"),
        ("the gateways are addresses", other(json!({"local_gateway_v4_ip": "10.0.0.1"})), "DC.0004"),
        ("the gateways are of one subnet", other(json!({"remote_gateway_v4_ip": "10.0.0.6/30"})), "DC.0004"),
        ("the gateways are two", other(json!({"remote_gateway_v4_ip": "10.0.0.1/30"})), "DC.0004"),
        (
            "the interconnection is not local",
            other(json!({"local_gateway_v4_ip": "192.168.0.1/30", "remote_gateway_v4_ip": "192.168.0.2/30"})),
            "DC.1105",
        ),
        ("remote and local are apart", other(json!({"remote_ep_group": ["192.168.51.0/24"]})), "DC.1105"),
        ("remote subnets are distinct", other(json!({"remote_ep_group": ["10.1.0.0/16", "10.1.0.0/16"]})), "DC.1401"),
        ("remote subnets are routed", other(json!({"remote_ep_group": ["169.254.1.0/24"]})), "DC.0004"),
        ("remote subnets are few", other(json!({"remote_ep_group": many})), "DC.1400"),
        ("BFD excludes NQA", other(json!({"enable_bfd": true, "enable_nqa": true})), "DC.0001"),
        ("priority is for BGP", other(json!({"priority": "low"})), "DC.0001"),
    ];
    assert_rejected(&cloud, "dcaas/virtual-interfaces", "virtual_interface", table).await;
}

#[tokio::test]
async fn conflicting_interfaces_are_rejected() {
    let cloud = Simulator::start(json!({"quotas": {"virtual_interfaces": 4}})).await;
    let (one, two, three) = (cloud.gateway().await, cloud.gateway().await, cloud.gateway().await);
    cloud.interface(interface(&one, LINE_A, 30)).await;
    let table = vec![
        ("a VLAN is used once", interface(&two, LINE_A, 30), "DC.1209"),
        ("layer 3 mode needs the whole line", interface(&two, LINE_A, 0), "DC.1209"),
        ("the bandwidth is shared", with(interface(&two, LINE_A, 31), json!({"bandwidth": 9951})), "DC.1000"),
        ("two lines of a gateway end apart", interface(&one, LINE_C, 31), "DC.1112"),
    ];
    assert_rejected(&cloud, "dcaas/virtual-interfaces", "virtual_interface", table).await;
    cloud.interface(interface(&one, LINE_B, 30)).await;
    cloud.interface(with(interface(&two, HOSTED, 100), json!({"bandwidth": 100}))).await;
    cloud.interface(interface(&three, LINE_C, 0)).await;
    let table = vec![
        ("layer 3 mode takes the whole line", interface(&one, LINE_C, 31), "DC.1219"),
        ("a hosted line has one interface", interface(&three, HOSTED, 100), "DC.1206"),
        ("four are enough", interface(&two, LINE_B, 31), "DC.1019"),
    ];
    assert_rejected(&cloud, "dcaas/virtual-interfaces", "virtual_interface", table).await;
    cloud.settings(json!({"distinct_locations": false})).await;
    let third = cloud.admin(reqwest::Method::POST, "resources", Some(json!({"kind": "direct_connect", "body": {"bandwidth": 1000}}))).await;
    let third = third.body["id"].as_str().unwrap().to_owned();
    assert_rejected(
        &cloud,
        "dcaas/virtual-interfaces",
        "virtual_interface",
        vec![("a gateway has two lines", interface(&one, &third, 1), "DC.1117")],
    )
    .await;
}

#[tokio::test]
async fn invalid_updates_are_rejected() {
    let cloud = Simulator::start(json!({})).await;
    let vgw = cloud.gateway().await;
    let vif = cloud.interface(with(interface(&vgw, HOSTED, 100), json!({"enable_nqa": true}))).await;
    let gateway_path = format!("dcaas/virtual-gateways/{vgw}");
    let path = format!("dcaas/virtual-interfaces/{vif}");
    let table = [
        (&gateway_path, "virtual_gateway", json!({"bgp_asn": 1}), "DC.0001"),
        (&gateway_path, "virtual_gateway", json!({"local_ep_group": []}), "DC.0001"),
        (&gateway_path, "virtual_gateway", json!({"local_ep_group": ["10.0.0.0/8"]}), "DC.1105"),
        (&path, "virtual_interface", json!({"vlan": 31}), "DC.0001"),
        (&path, "virtual_interface", json!({"priority": "low", "name": "x"}), "DC.0001"),
        (&path, "virtual_interface", json!({"enable_bfd": true}), "DC.0001"),
        (&path, "virtual_interface", json!({"enable_bfd": true, "enable_nqa": false}), "DC.0001"),
        (&path, "virtual_interface", json!({"bandwidth": 60}), "DC.1208"),
        (&path, "virtual_interface", json!({"remote_ep_group": ["192.168.0.0/24"]}), "DC.1105"),
        (&path, "virtual_interface", json!({"status": "ACCEPTED"}), "DC.1210"),
        (&path, "virtual_interface", json!({"description": null}), "DC.0001"),
    ];
    for (path, wrapper, body, code) in table {
        let answer = cloud.put(path, json!({wrapper: body})).await;
        assert_eq!((answer.status, answer.code()), (400, code), "{body}: {}", answer.body);
    }
    let attribute = json!({"extend_attribute": {"detect_multiplier": 2}});
    assert_eq!(cloud.put(&format!("{path}/extend-attributes"), attribute).await.code(), "DC.0001");
    let attribute = json!({"extend_attribute": {"ha_type": "nqa", "min_tx_interval": 2000}});
    assert_eq!(cloud.put(&format!("{path}/extend-attributes"), attribute).await.status, 200);
    let settled = cloud.interface_until(&vif, |answer| status_of(answer) == "ACTIVE").await;
    let shown = json!({"ha_type": "nqa", "detect_multiplier": 5, "min_rx_interval": 1000, "min_tx_interval": 2000});
    assert_eq!(settled.body["virtual_interface"]["extend_attribute"], shown);
}

#[tokio::test]
async fn missing_resources_are_not_found() {
    let cloud = Simulator::start(json!({})).await;
    let vgw = format!("dcaas/virtual-gateways/{NOBODY}");
    let vif = format!("dcaas/virtual-interfaces/{NOBODY}");
    let body = || Some(json!({"virtual_gateway": {}, "virtual_interface": {}}));
    for status in [404, 400] {
        cloud.settings(json!({"switches": {"u4_not_found_status": status}})).await;
        let table = [
            (reqwest::Method::GET, vgw.clone(), None, (404, "DC.1111")),
            (reqwest::Method::DELETE, vgw.clone(), None, (404, "DC.1111")),
            (reqwest::Method::PUT, vgw.clone(), body(), (status, "DC.1111")),
            (reqwest::Method::GET, vif.clone(), None, (404, "DC.1211")),
            (reqwest::Method::DELETE, vif.clone(), None, (404, "DC.1211")),
            (reqwest::Method::PUT, vif.clone(), body(), (status, "DC.1211")),
            (reqwest::Method::GET, format!("dcaas/direct-connects/{NOBODY}"), None, (404, "DC.1012")),
            (reqwest::Method::GET, "dcaas/nothing".to_owned(), None, (404, "APIGW.0101")),
        ];
        for (method, path, body, expected) in table {
            let answer = cloud.call(method.clone(), &path, body).await;
            assert_eq!((answer.status, answer.code()), expected, "{method} {path}");
        }
    }
}
