//! Connect gateways and the global EIPs that are bound to them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{documents, harness::*};

const GATEWAYS: &str = "dcaas/connect-gateways";
const ADDRESS: &str = "e0000000-0000-4000-8000-000000000001";
const SEGMENT: &str = "e0000000-0000-4000-8000-000000000102";
const PACKAGE: &str = "f0000000-0000-4000-8000-000000000001";

async fn create(cloud: &Simulator) -> String {
    cloud.post(GATEWAYS, json!({"connect_gateway": {"name": "cgw"}})).await.id("connect_gateway")
}

async fn bind(cloud: &Simulator, gateway: &str, items: Value) -> Answer {
    cloud.post(&format!("{GATEWAYS}/{gateway}/binding-global-eips"), json!({"global_eips": items})).await
}

async fn unbind(cloud: &Simulator, gateway: &str, id: &str) -> Answer {
    cloud.post(&format!("{GATEWAYS}/{gateway}/unbinding-global-eips"), json!({"global_eips": [{"global_eip_id": id}]})).await
}

async fn bound(cloud: &Simulator, gateway: &str) -> Vec<Value> {
    let answer = cloud.get(&format!("{GATEWAYS}/{gateway}/binding-global-eips")).await;
    answer.body["global_eips"].as_array().unwrap_or_else(|| panic!("no list: {}", answer.body)).clone()
}

async fn shown(cloud: &Simulator, gateway: &str) -> Value {
    cloud.get(&format!("{GATEWAYS}/{gateway}")).await.body["connect_gateway"].clone()
}

fn ids(answer: &Answer) -> Vec<String> {
    let list = answer.body["connect_gateways"].as_array().unwrap_or_else(|| panic!("no list: {}", answer.body));
    list.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

/// Calls every operation of the two families, with the vendor's examples.
pub async fn session(cloud: &Simulator) {
    for body in documents::example_requests("CreateConnectGateway") {
        let id = cloud.post(GATEWAYS, body).await.id("connect_gateway");
        let path = format!("{GATEWAYS}/{id}");
        cloud.get(&path).await;
        cloud.get(&format!("{GATEWAYS}?limit=1&id={id}&name=cgw-test&status=DOWN&sort_key=id&sort_dir=desc&fields=id,name")).await;
        cloud.get(&format!("{GATEWAYS}?limit=1&offset=1&page_reverse=false&ext_fields=x")).await;
        cloud.get(GATEWAYS).await;
        for body in documents::example_requests("UpdateConnectGateway") {
            assert_eq!(cloud.put(&path, body).await.status, 200);
        }
        for body in documents::example_requests("BindGlobalEips") {
            assert_eq!(cloud.post(&format!("{path}/binding-global-eips"), body).await.status, 201);
        }
        cloud.get(&format!("{path}/binding-global-eips")).await;
        cloud.settle().await;
        cloud.get(&format!("{path}/binding-global-eips")).await;
        let of_segment = documents::example_requests("UnbindGlobalEips")[0]["global_eips"][0]["global_eip_id"].as_str().unwrap().to_owned();
        cloud.get(&format!("{path}/binding-global-eips?limit=10&global_eip_segment_id={of_segment}&global_eip_id={ADDRESS}")).await;
        for body in documents::example_requests("UnbindGlobalEips") {
            assert_eq!(cloud.post(&format!("{path}/unbinding-global-eips"), body).await.status, 201);
        }
        cloud.settle().await;
        assert_eq!(cloud.delete(&path).await.status, 204);
    }
}

#[tokio::test]
async fn life_of_a_connect_gateway() {
    let cloud = Simulator::start(json!({})).await;
    let created = cloud.post(GATEWAYS, json!({"connect_gateway": {"name": "cgw"}})).await;
    let first = &created.body["connect_gateway"];
    assert_eq!((created.status, &first["status"], &first["address_family"]), (201, &json!("DOWN"), &json!("ipv4")));
    assert_eq!((&first["current_geip_count"], &first["updated_time"], &first["tenant_id"]), (&json!(0), &Value::Null, &json!(PROJECT)));
    assert!(!first["created_time"].as_str().unwrap().contains('.'), "without milliseconds, as in the vendor's examples: {first}");
    let path = format!("{GATEWAYS}/{}", created.id("connect_gateway"));
    let changes = json!({"name": "new", "description": "x".repeat(255), "address_family": "dual"});
    let answer = cloud.put(&path, json!({"connect_gateway": changes})).await;
    assert_eq!(answer.status, 200);
    let read = cloud.get(&path).await;
    for (key, value) in changes.as_object().unwrap() {
        assert_eq!(&read.body["connect_gateway"][key], value);
    }
    assert_eq!(cloud.put(&path, json!({"connect_gateway": {"address_family": "ipv4", "description": ""}})).await.status, 200);
    assert_eq!(cloud.delete(&path).await.status, 204);
    let gone = cloud.get(&path).await;
    assert_eq!((gone.status, gone.code()), (404, "DC.0002"));
}

#[tokio::test]
async fn life_of_a_bound_global_eip() {
    let cloud = Simulator::start(json!({"settle_ms": {"global_eip": {"bind": 60_000, "unbind": 60_000}}})).await;
    let gateway = create(&cloud).await;
    let path = format!("{GATEWAYS}/{gateway}");
    let items = json!([{"global_eip_id": ADDRESS}, {"global_eip_id": SEGMENT, "type": "IP_SEGMENT"}]);
    let answer = cloud.post(&format!("{path}/binding-global-eips"), json!({"gcb_id": PACKAGE, "global_eips": items})).await;
    let told = &answer.body["global_eips"];
    assert_eq!((answer.status, &told[0]["status"], &told[0]["type"]), (201, &json!("BINDING"), &json!("IP_ADDRESS")));
    assert_eq!((&told[1]["global_eip_id"], &told[1]["type"]), (&json!(SEGMENT), &json!("IP_SEGMENT")));
    assert_eq!(bound(&cloud, &gateway).await[0]["status"], "BINDING");
    assert_eq!(shown(&cloud, &gateway).await["status"], "DOWN");
    assert_eq!(unbind(&cloud, &gateway, ADDRESS).await.code(), "DC.0001", "pending is locked");

    cloud.settle().await;
    let rows = bound(&cloud, &gateway).await;
    assert_eq!((&rows[0]["global_eip_id"], &rows[0]["status"]), (&json!(ADDRESS), &json!("BIND_SUCCESSFULLY")));
    assert_eq!((&rows[0]["cidr"], &rows[0]["gcb_id"]), (&json!("198.18.0.1/32"), &json!(PACKAGE)));
    assert_eq!((rows[1].get("global_eip_id"), &rows[1]["global_eip_segment_id"]), (None, &json!(SEGMENT)), "as in the vendor's example");
    assert_eq!(rows[1]["cidr"], "198.19.1.0/28");
    let used = shown(&cloud, &gateway).await;
    assert_eq!((&used["status"], &used["current_geip_count"], &used["gcb_id"]), (&json!("ACTIVE"), &json!(2), &json!(PACKAGE)));
    assert_eq!(cloud.delete(&path).await.code(), "DC.0001", "it is in use");
    for (filter, expected) in [
        (format!("global_eip_segment_id={SEGMENT}"), 1),
        (format!("global_eip_id={ADDRESS}&global_eip_id={NOBODY}"), 1),
        ("status=ERROR".to_owned(), 0),
        ("limit=1".to_owned(), 1),
    ] {
        let listed = cloud.get(&format!("{path}/binding-global-eips?{filter}")).await;
        assert_eq!(listed.body["global_eips"].as_array().unwrap().len(), expected, "{filter}");
    }

    for id in [ADDRESS, SEGMENT] {
        let answer = unbind(&cloud, &gateway, id).await;
        assert_eq!((answer.status, &answer.body["global_eips"][0]["status"]), (201, &json!("UNBINDING")));
    }
    assert_eq!(bound(&cloud, &gateway).await[0]["status"], "UNBINDING");
    cloud.settle().await;
    assert_eq!(bound(&cloud, &gateway).await, Vec::<Value>::new());
    assert_eq!(shown(&cloud, &gateway).await["status"], "DOWN");
    assert_eq!(cloud.delete(&path).await.status, 204);
}

#[tokio::test]
async fn failed_changes_end_in_error() {
    let cloud = Simulator::start(json!({})).await;
    let fault = |operation: &str| json!({"operation": operation, "kind": "error_state", "reason": "no device", "times": 1});
    cloud.fault(fault("CreateConnectGateway")).await;
    let gateway = create(&cloud).await;
    assert_eq!(shown(&cloud, &gateway).await["status"], "ERROR");
    cloud.fault(fault("BindGlobalEips")).await;
    bind(&cloud, &gateway, json!([{"global_eip_id": ADDRESS}])).await;
    cloud.settle().await;
    let row = &bound(&cloud, &gateway).await[0];
    assert_eq!((&row["status"], &row["error_message"]), (&json!("ERROR"), &json!("no device")));
    assert_eq!(unbind(&cloud, &gateway, ADDRESS).await.status, 201);
}

#[tokio::test]
async fn known_global_eips_are_bound_with_their_type() {
    let cloud = Simulator::start(json!({})).await;
    let gateway = create(&cloud).await;
    let known = |ordinal: u32, kind: &str| json!([{"global_eip_id": format!("e0000000-0000-4000-8000-{ordinal:012}"), "type": kind}]);
    for (ordinal, wrong, right, cidr) in [
        (1, "IP_SEGMENT", "IP_ADDRESS", "198.18.0.1/32"),
        (2, "IP_SEGMENT", "IP_ADDRESS", "198.18.0.2/32"),
        (101, "IP_ADDRESS", "IP_SEGMENT", "198.19.1.0/28"),
    ] {
        let refused = bind(&cloud, &gateway, known(ordinal, wrong)).await;
        assert_eq!((refused.status, refused.code()), (400, "DC.0002"), "{ordinal}");
        assert_eq!(bind(&cloud, &gateway, known(ordinal, right)).await.status, 201, "{ordinal}");
        assert!(bound(&cloud, &gateway).await.iter().any(|row| row["cidr"] == cidr), "{cidr}");
    }
}

#[tokio::test]
async fn uncertain_facts_are_switches() {
    let switches = json!({
        "u33_bound_global_eip_status": "ACTIVE", "u34_bind_answer": "object", "u35_segment_rows": "both", "u36_bound_elsewhere": "move",
        "u37_delete_used_connect_gateway": "cascade", "u45_dual_to_ipv4": "refuse", "u47_unbind_unbound": "accept",
    });
    let cloud = Simulator::start(json!({"switches": switches})).await;
    let (one, two) = (create(&cloud).await, create(&cloud).await);
    let segment = json!([{"global_eip_id": SEGMENT, "type": "IP_SEGMENT"}]);
    assert_eq!(bind(&cloud, &one, segment.clone()).await.body["global_eips"]["global_eip_id"], SEGMENT);
    cloud.settle().await;
    let row = &bound(&cloud, &one).await[0];
    assert_eq!(
        (&row["status"], &row["global_eip_id"], &row["global_eip_segment_id"]),
        (&json!("ACTIVE"), &json!(SEGMENT), &json!(SEGMENT))
    );
    assert_eq!(bind(&cloud, &one, segment.clone()).await.code(), "DC.0001", "it is bound there already");
    assert_eq!(bind(&cloud, &two, segment).await.status, 201, "it moves");
    cloud.settle().await;
    assert_eq!((bound(&cloud, &one).await.len(), bound(&cloud, &two).await.len()), (0, 1));
    assert_eq!((&shown(&cloud, &one).await["status"], &shown(&cloud, &two).await["status"]), (&json!("DOWN"), &json!("ACTIVE")));
    assert_eq!(unbind(&cloud, &one, SEGMENT).await.status, 201, "without effect");
    cloud.settle().await;
    assert_eq!(bound(&cloud, &two).await.len(), 1);
    assert_eq!(cloud.delete(&format!("{GATEWAYS}/{two}")).await.status, 204, "even while it is used");
    assert_eq!(bind(&cloud, &one, json!([{"global_eip_id": SEGMENT}])).await.status, 201, "what it had is free again");
    let path = format!("{GATEWAYS}/{one}");
    assert_eq!(cloud.put(&path, json!({"connect_gateway": {"address_family": "dual"}})).await.status, 200);
    assert_eq!(cloud.put(&path, json!({"connect_gateway": {"address_family": "ipv4"}})).await.code(), "DC.0001");
    cloud.settings(json!({"switches": {"u3_delete_while_pending": "accept"}, "settle_ms": {"global_eip": {"bind": 60_000}}})).await;
    bind(&cloud, &one, json!([{"global_eip_id": ADDRESS}])).await;
    assert_eq!(unbind(&cloud, &one, ADDRESS).await.status, 201);
}

#[tokio::test]
async fn invalid_connect_gateways_are_rejected() {
    let cloud = Simulator::start(json!({"quotas": {"connect_gateways": 2}})).await;
    let path = format!("{GATEWAYS}/{}", create(&cloud).await);
    let table = [
        ("the name is short", json!({"name": "x".repeat(65)}), "DC.0001"),
        ("the name is plain", json!({"name": "a b"}), "DC.0001"),
        ("the description is short", json!({"name": "x", "description": "x".repeat(256)}), "DC.0001"),
        ("the description is plain", json!({"name": "x", "description": "<b>"}), "DC.0001"),
        ("the address family is known", json!({"name": "x", "address_family": "ipv6"}), "DC.0001"),
        ("keys are known", json!({"name": "x", "tags": []}), "DC.0001"),
        ("the ASN is the cloud's", json!({"name": "x", "bgp_asn": 65_000}), "DC.0001"),
    ];
    for (rule, body, code) in table {
        let created = cloud.post(GATEWAYS, json!({"connect_gateway": body})).await;
        assert_eq!((created.status, created.code()), (400, code), "{rule}: {}", created.body);
        let changed = cloud.put(&path, json!({"connect_gateway": body})).await;
        assert_eq!((changed.status, changed.code()), (400, code), "{rule}, in an update: {}", changed.body);
    }
    assert_eq!(cloud.post(GATEWAYS, json!({"connect_gateway": {}})).await.code(), "DC.0001", "the name is there");
    assert_eq!(cloud.post(GATEWAYS, json!({"name": "x"})).await.code(), "DC.0000");
    cloud.settings(json!({"switches": {"u11_unique_names": true}})).await;
    assert_eq!(cloud.post(GATEWAYS, json!({"connect_gateway": {"name": "cgw"}})).await.code(), "DC.0001", "names can be unique");
    cloud.post(GATEWAYS, json!({"connect_gateway": {"name": "\u{4e13}\u{7ebf}-1_2.3"}})).await.id("connect_gateway");
    assert_eq!(cloud.post(GATEWAYS, json!({"connect_gateway": {"name": "third"}})).await.code(), "DC.1019", "two are enough");
}

#[tokio::test]
async fn invalid_bindings_are_rejected() {
    let cloud = Simulator::start(json!({"quotas": {"global_eips": 2}, "missing_global_eips": [PACKAGE]})).await;
    let (one, two) = (create(&cloud).await, create(&cloud).await);
    bind(&cloud, &one, json!([{"global_eip_id": ADDRESS}])).await;
    cloud.settle().await;
    let item = |id: &str| json!({"global_eip_id": id});
    let third = "e0000000-0000-4000-8000-000000000003";
    let table = [
        ("a global EIP is bound once", json!([item(ADDRESS)]), "DC.0001"),
        ("it exists", json!([item(PACKAGE)]), "DC.0002"),
        ("ids are UUIDs", json!([item("x")]), "DC.0001"),
        ("ids are there", json!([{"type": "IP_ADDRESS"}]), "DC.0001"),
        ("ids are distinct", json!([item(SEGMENT), item(SEGMENT)]), "DC.0001"),
        ("types are known", json!([{"global_eip_id": SEGMENT, "type": "SEGMENT"}]), "DC.0001"),
        ("there is one at least", json!([]), "DC.0001"),
        ("items are objects", json!([SEGMENT]), "DC.0001"),
        ("keys are known", json!([{"global_eip_id": SEGMENT, "cidr": "x"}]), "DC.0001"),
        ("two are enough", json!([item(SEGMENT), item(third)]), "DC.1019"),
    ];
    for (rule, items, code) in table {
        let answer = bind(&cloud, &two, items).await;
        assert_eq!((answer.status, answer.code()), (400, code), "{rule}: {}", answer.body);
    }
    let path = format!("{GATEWAYS}/{two}/binding-global-eips");
    for body in [json!({}), json!({"global_eips": [item(SEGMENT)], "gcb_id": "x"}), json!({"global_eips": [item(SEGMENT)], "tags": []})] {
        assert_eq!(cloud.post(&path, body.clone()).await.code(), "DC.0001", "{body}");
    }
    assert_eq!(bound(&cloud, &two).await, Vec::<Value>::new(), "a refusal changes nothing");
    assert_eq!(unbind(&cloud, &two, ADDRESS).await.code(), "DC.0001", "it is bound elsewhere");
    assert_eq!(unbind(&cloud, &two, SEGMENT).await.code(), "DC.0001", "it is not bound");
}

#[tokio::test]
async fn missing_connect_gateways_are_not_found() {
    let cloud = Simulator::start(json!({})).await;
    let gateway = create(&cloud).await;
    let token = cloud.sign_in(&password("partner")).await;
    let theirs = format!("{}/v3/{PARTNER}/{GATEWAYS}/{gateway}", cloud.base);
    assert_eq!(cloud.send(Method::GET, &theirs, &token, None).await.unwrap().code(), "DC.0002", "it is of another project");
    let path = format!("{GATEWAYS}/{NOBODY}");
    let update = || Some(json!({"connect_gateway": {}}));
    let items = || Some(json!({"global_eips": [{"global_eip_id": ADDRESS}]}));
    for status in [404, 400] {
        cloud.settings(json!({"switches": {"u4_not_found_status": status}})).await;
        let table = [
            (Method::GET, "", None, 404),
            (Method::DELETE, "", None, 404),
            (Method::GET, "/binding-global-eips", None, 404),
            (Method::PUT, "", update(), status),
            (Method::POST, "/binding-global-eips", items(), status),
            (Method::POST, "/unbinding-global-eips", items(), status),
        ];
        for (method, rest, body, expected) in table {
            let answer = cloud.call(method.clone(), &format!("{path}{rest}"), body).await;
            assert_eq!((answer.status, answer.code()), (expected, "DC.0002"), "{method} {rest}");
        }
    }
}

#[tokio::test]
async fn connect_gateways_are_listed_and_counted() {
    let cloud = Simulator::start(json!({})).await;
    let mut all = Vec::new();
    for name in ["a", "b", "c", "d"] {
        all.push(cloud.post(GATEWAYS, json!({"connect_gateway": {"name": name}})).await.id("connect_gateway"));
    }
    let (a, b) = (all[0].clone(), all[1].clone());
    all.sort();
    let list = async |query: &str| cloud.get(&format!("{GATEWAYS}?{query}")).await;
    let page = list("limit=3").await;
    assert_eq!((ids(&page), &page.body["total_count"]), (all[..3].to_vec(), &json!(4)));
    let marker = page.body["page_info"]["next_marker"].as_str().unwrap();
    assert_eq!(ids(&list(&format!("limit=3&marker={marker}")).await), all[3..]);
    assert_eq!(ids(&list("offset=3").await), all[3..]);
    let reversed = list("limit=2&page_reverse=true").await;
    assert_eq!(ids(&reversed), [all[3].clone(), all[2].clone()]);
    let filtered = list("name=a,b&sort_key=name&sort_dir=desc").await;
    assert_eq!((ids(&filtered), &filtered.body["total_count"]), (vec![b, a.clone()], &json!(2)));
    assert_eq!(ids(&list(&format!("id={a}&status=DOWN&status=ERROR")).await), [a.as_str()]);
    assert_eq!(list(&format!("id={a}&fields=name")).await.body["connect_gateways"], json!([{"name": "a"}]));
    for wrong in
        ["offset=0", "offset=1001", "page_reverse=x", "ext_fields=1&ext_fields=2&ext_fields=3&ext_fields=4&ext_fields=5&ext_fields=6"]
    {
        assert_eq!(list(wrong).await.code(), "DC.0001", "{wrong}");
    }

    bind(&cloud, &a, json!([{"global_eip_id": ADDRESS}])).await;
    let quotas = cloud.get("dcaas/quotas?type=connectGateway,geip").await;
    let rows = json!([
        {"type": "connectGateway", "quota": 10, "used": 4, "unit": "count"}, {"type": "geip", "quota": 100, "used": 1, "unit": "count"},
    ]);
    assert_eq!(quotas.body["quotas"]["resources"], rows);
}

#[tokio::test]
async fn others_change_connect_gateways_too() {
    let cloud = Simulator::start(json!({})).await;
    let resource = |kind: &str, body: Value| Some(json!({"kind": kind, "body": body}));
    let gateway = cloud.admin(Method::POST, "resources", resource("connect_gateway", json!({"name": "theirs"}))).await;
    let gateway = gateway.body["id"].as_str().unwrap().to_owned();
    let of_gateway = json!({"id": ADDRESS, "connect_gateway_id": gateway});
    assert_eq!(cloud.admin(Method::POST, "resources", resource("global_eip", of_gateway)).await.status, 201);
    assert_eq!(bound(&cloud, &gateway).await[0]["global_eip_id"], ADDRESS);
    cloud.admin(Method::PATCH, &format!("resources/{ADDRESS}"), Some(json!({"status": "ERROR"}))).await;
    assert_eq!(bound(&cloud, &gateway).await[0]["status"], "ERROR");
    cloud.admin(Method::PATCH, &format!("resources/{gateway}"), Some(json!({"status": "ERROR"}))).await;
    let all = cloud.admin(Method::GET, "resources", None).await.body;
    let lists = (all["connect_gateways"].as_array().unwrap(), all["global_eips"].as_array().unwrap());
    assert_eq!((&lists.0[0]["status"], lists.1.len()), (&json!("ERROR"), 1));

    cloud.settings(json!({"read_lag_ms": {"ghosts": 600_000}})).await;
    for id in [ADDRESS, &gateway] {
        assert_eq!(cloud.admin(Method::DELETE, &format!("resources/{id}"), None).await.status, 204);
    }
    assert_eq!(cloud.get(&format!("{GATEWAYS}/{gateway}")).await.status, 404);
    assert_eq!(ids(&cloud.get(GATEWAYS).await), [gateway.as_str()], "lists still show what was deleted");
    assert_eq!(bound(&cloud, &gateway).await.len(), 1);
}
