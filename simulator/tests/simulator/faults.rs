//! Faults, and the log.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::*;

const GATEWAYS: &str = "dcaas/virtual-gateways";

async fn create(cloud: &Simulator) -> reqwest::Result<Answer> {
    cloud.try_call(Method::POST, GATEWAYS, Some(json!({"virtual_gateway": gateway()}))).await
}

async fn count(cloud: &Simulator) -> usize {
    cloud.get(GATEWAYS).await.body["virtual_gateways"].as_array().unwrap().len()
}

#[tokio::test]
async fn connections_are_dropped_before_and_after_execution() {
    let cloud = Simulator::start(json!({})).await;
    cloud.fault(json!({"operation": "CreateVirtualGateway", "kind": "lose_answer"})).await;
    assert!(create(&cloud).await.is_err(), "the answer is lost");
    assert_eq!(count(&cloud).await, 1, "but the gateway is there");
    cloud.fault(json!({"operation": "CreateVirtualGateway", "kind": "reset_before", "after": 1})).await;
    assert_eq!(create(&cloud).await.unwrap().status, 201, "one passes");
    assert!(create(&cloud).await.is_err());
    assert_eq!(count(&cloud).await, 2);

    let log = cloud.log(0).await;
    let traces: Vec<(&Value, &Value, &Value)> = log
        .iter()
        .filter(|entry| entry["operation"] == "CreateVirtualGateway")
        .map(|entry| (&entry["status"], &entry["committed"], &entry["fault"]))
        .collect();
    let expected = [
        (&json!(201), &json!(true), &json!("lose_answer")),
        (&json!(201), &json!(true), &Value::Null),
        (&Value::Null, &json!(false), &json!("reset_before")),
    ];
    assert_eq!(traces, expected);
}

#[tokio::test]
async fn statuses_and_garbage_are_injected() {
    let cloud = Simulator::start(json!({})).await;
    cloud.fault(json!({"operation": "*", "kind": "status", "status": 503, "code": "APIGW.0613", "times": 2})).await;
    for _ in 0..2 {
        let answer = create(&cloud).await.unwrap();
        assert_eq!((answer.status, answer.code()), (503, "APIGW.0613"));
    }
    assert_eq!(count(&cloud).await, 0);
    for format in ["html", "truncated", "not_json", "empty"] {
        cloud.fault(json!({"operation": "ListVirtualGateways", "kind": "garbage", "format": format})).await;
        let answer = cloud.get(GATEWAYS).await;
        assert_eq!((answer.status, answer.body), (200, Value::Null), "{format}");
    }
    cloud.fault(json!({"operation": "ListVirtualGateways", "kind": "garbage", "format": "huge", "mib": 2})).await;
    assert!(cloud.get(GATEWAYS).await.body["huge"].as_str().unwrap().len() >= 2 << 20);
    cloud.fault(json!({"operation": "ListVirtualGateways", "kind": "garbage", "body": "{\"virtual_gateways\": 7}"})).await;
    assert_eq!(cloud.get(GATEWAYS).await.body, json!({"virtual_gateways": 7}));
    cloud.fault(json!({"operation": "*", "kind": "reset_before", "times": 9})).await;
    cloud.admin(Method::DELETE, "faults", None).await;
    assert_eq!(cloud.get(GATEWAYS).await.status, 200);
    let wrong = cloud.admin(Method::POST, "faults", Some(json!({"operation": "*", "kind": "earthquake"}))).await;
    assert_eq!(wrong.status, 400);
}

#[tokio::test]
async fn single_fields_of_answers_are_set_and_removed() {
    let cloud = Simulator::start(json!({})).await;
    let (one, other) = (cloud.gateway().await, cloud.gateway().await);
    let set = |operation: &str, id: Option<&str>| {
        let fields = json!({"name": null, "local_ep_group": []});
        json!({"operation": operation, "kind": "set_fields", "id": id, "fields": fields, "remove": ["description"]})
    };
    let is_changed = |gateway: &Value| {
        let signs = [gateway["name"].is_null(), gateway["local_ep_group"] == json!([]), gateway.get("description").is_none()];
        assert!(signs.iter().all(|sign| *sign == signs[0]), "{gateway}");
        signs[0]
    };
    for (id, expected) in [(None, [true, true]), (Some(one.as_str()), [true, false])] {
        cloud.fault(set("ListVirtualGateways", id)).await;
        let listed = cloud.get(GATEWAYS).await.body;
        let changed = [&one, &other].map(|id| {
            let mut gateways = listed["virtual_gateways"].as_array().unwrap().iter();
            is_changed(gateways.find(|gateway| gateway["id"] == **id).unwrap())
        });
        assert_eq!((changed, &listed["page_info"]["current_count"]), (expected, &json!(2)));
    }
    cloud.fault(set("ShowVirtualGateway", None)).await;
    let path = format!("{GATEWAYS}/{one}");
    assert!(is_changed(&cloud.get(&path).await.body["virtual_gateway"]));
    assert!(!is_changed(&cloud.get(&path).await.body["virtual_gateway"]), "only the answer differs");

    let vif = cloud.interface(interface(&one, LINE_A, 30)).await;
    let path = format!("dcaas/virtual-interfaces/{vif}");
    let peer = cloud.get(&path).await.body["virtual_interface"]["vif_peers"][0]["id"].as_str().unwrap().to_owned();
    let rule = json!({"operation": "ListVirtualInterfaces", "kind": "set_fields", "id": peer, "fields": {"bgp_asn": "odd"}});
    cloud.fault(rule).await;
    let listed = cloud.get("dcaas/virtual-interfaces").await.body;
    assert_eq!(listed["virtual_interfaces"][0]["vif_peers"][0]["bgp_asn"], "odd");
    assert_ne!(listed["virtual_interfaces"][0]["bgp_asn"], "odd");
}

#[tokio::test]
async fn retry_after_is_in_seconds_or_a_date_of_the_clouds_clock() {
    let cloud = Simulator::start(json!({"switches": {"u14_retry_after_s": 7}, "clock_offset_s": -3600})).await;
    let header = |answer: &Answer, name: &str| answer.headers[name].to_str().unwrap().to_owned();
    let seconds = |date: String| jiff::fmt::rfc2822::parse(&date).unwrap().timestamp().as_second();
    for limits in [json!({"reads_per_minute": 0}), json!({"reads_per_minute": null})] {
        // Either the rate limit or the fault refuses.
        cloud.settings(json!({"rate_limits": limits})).await;
        for as_date in [false, true] {
            cloud.settings(json!({"rate_limits": {"retry_after_as_date": as_date}})).await;
            if limits["reads_per_minute"].is_null() {
                cloud.fault(json!({"operation": "*", "kind": "status", "status": 429, "retry_after_s": 7})).await;
            }
            let answer = cloud.get(GATEWAYS).await;
            assert_eq!(answer.status, 429, "{limits}");
            let wait = header(&answer, "retry-after");
            let wait = if as_date { seconds(wait) - seconds(header(&answer, "date")) } else { wait.parse().unwrap() };
            assert_eq!(wait, 7, "{limits} {as_date}");
        }
    }
}

#[tokio::test]
async fn changes_end_in_error() {
    let cloud = Simulator::start(json!({})).await;
    cloud.fault(json!({"operation": "CreateVirtualInterface", "kind": "error_state", "reason": "no port"})).await;
    let vif = cloud.interface(interface(&cloud.gateway().await, LINE_A, 30)).await;
    let path = format!("dcaas/virtual-interfaces/{vif}");
    let read = cloud.get(&path).await;
    assert_eq!((status_of(&read), &read.body["virtual_interface"]["reason"]), ("ERROR", &json!("no port")));
    assert_eq!(cloud.put(&path, json!({"virtual_interface": {"name": "x"}})).await.code(), "DC.1205");
    cloud.settings(json!({"switches": {"u2_delete_error_interface": false}})).await;
    assert_eq!(cloud.delete(&path).await.code(), "DC.1210");
    cloud.settings(json!({"switches": {"u2_delete_error_interface": true}})).await;
    assert_eq!(cloud.delete(&path).await.status, 204);
}

#[tokio::test]
async fn a_delayed_request_does_not_delay_others() {
    let cloud = Simulator::start(json!({"latencies": {"operations": {"CreateVirtualGateway": 900}}})).await;
    cloud.fault(json!({"operation": "CreateVirtualGateway", "kind": "delay", "ms": 200})).await;
    let start = Instant::now();
    let slow = async {
        create(&cloud).await.unwrap();
        start.elapsed()
    };
    let quick = async {
        cloud.get(GATEWAYS).await;
        start.elapsed()
    };
    let (slow, quick) = tokio::join!(slow, quick);
    assert!(slow >= Duration::from_millis(1100), "{slow:?}");
    assert!(quick < slow, "{quick:?}, {slow:?}");
}

#[tokio::test]
async fn the_log_is_complete_limited_and_without_secrets() {
    let cloud = Simulator::start(json!({})).await;
    let body = json!({"route_mode": "bgp", "bgp_asn": 65_100, "bgp_md5": "Qaz12345678"});
    cloud.interface(with(interface(&cloud.gateway().await, LINE_A, 30), body)).await;
    let log = cloud.log(0).await;
    let text = serde_json::to_string(&log).unwrap();
    for secret in ["Qaz12345678", "Simulated-Pass1", cloud.token.as_str()] {
        assert!(!text.contains(secret), "{secret} is in the log");
    }
    let entry = log.iter().find(|entry| entry["operation"] == "CreateVirtualInterface").unwrap();
    assert_eq!(entry["request_body"]["virtual_interface"]["bgp_md5"], "***");
    assert_eq!(entry["request_body"]["virtual_interface"]["vlan"], 30);
    assert_eq!((&entry["method"], &entry["status"], &entry["project_id"]), (&json!("POST"), &json!(201), &json!(PROJECT)));
    assert_eq!(entry["request_headers"]["content-type"], "application/json");

    let counters = cloud.admin(Method::GET, "counters", None).await.body;
    assert_eq!(counters["CreateVirtualInterface"], json!({"total": 1, "by_status": {"201": 1}}));
    let next = cloud.admin(Method::GET, "log?since=0", None).await.body["next"].as_u64().unwrap();
    assert!(cloud.log(next).await.is_empty());
    cloud.settings(json!({"log_capacity": 2})).await;
    cloud.get(GATEWAYS).await;
    let bounded = cloud.log(0).await;
    assert_eq!(bounded.len(), 2);
    assert_eq!(bounded[1]["seq"], next, "numbers go on");
}
