//! Lists, tags and quotas.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::*;

fn ids(answer: &Answer, wrapper: &str) -> Vec<String> {
    let list = answer.body[wrapper].as_array().unwrap_or_else(|| panic!("no list: {}", answer.body));
    list.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn lists_are_paginated() {
    let cloud = Simulator::start(json!({})).await;
    let all = ids(&cloud.get("dcaas/direct-connects").await, "direct_connects");
    assert_eq!(all.len(), 6);
    let mut seen = Vec::new();
    let mut marker = String::new();
    loop {
        let page = cloud.get(&format!("dcaas/direct-connects?limit=4&marker={marker}")).await;
        seen.extend(ids(&page, "direct_connects"));
        let info = &page.body["page_info"];
        match info["next_marker"].as_str() {
            Some(next) => marker = next.to_owned(),
            None => break,
        }
        assert_eq!(info["current_count"], 4);
    }
    assert_eq!(seen, all);
    let without_limit = cloud.get(&format!("dcaas/direct-connects?marker={}", all[3])).await;
    assert_eq!(ids(&without_limit, "direct_connects"), all, "a marker has no effect without a limit");
    let mut reversed = ids(&cloud.get("dcaas/direct-connects?sort_dir=desc").await, "direct_connects");
    reversed.reverse();
    assert_eq!(reversed, all);
    let by_bandwidth = cloud.get("dcaas/direct-connects?sort_key=bandwidth&fields=bandwidth").await.body;
    let bandwidths: Vec<u64> =
        by_bandwidth["direct_connects"].as_array().unwrap().iter().map(|line| line["bandwidth"].as_u64().unwrap()).collect();
    assert!(bandwidths.is_sorted(), "numbers are sorted by their value: {bandwidths:?}");
    let by_name = cloud.get("dcaas/direct-connects?sort_key=name&fields=name").await;
    let names: Vec<&str> = by_name.body["direct_connects"].as_array().unwrap().iter().map(|line| line["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["hosted", "line-a", "line-b", "line-c", "line-under-construction", "operations"]);
    for wrong in ["limit=0", "limit=2001", "limit=x", "limit=1&marker=nobody", "sort_dir=up"] {
        assert_eq!(cloud.get(&format!("dcaas/direct-connects?{wrong}")).await.code(), "DC.0001", "{wrong}");
    }
}

#[tokio::test]
async fn lists_take_few_values_of_a_parameter() {
    let cloud = Simulator::start(json!({})).await;
    let line = format!("direct-connects/{LINE_A}");
    let table = [
        ("direct-connects", "id", "&id=", 5),
        ("direct-connects", "hosting_id", "&hosting_id=", 5),
        ("direct-connects", "name", ",", 5),
        ("direct-connects", "fields", "&fields=", 5),
        ("direct-connects", "fields", ",", 5),
        (&line, "fields", "&fields=", 5),
        ("virtual-interfaces", "status", "&status=", 5),
        ("virtual-interfaces", "enterprise_project_id", ",", 10),
    ];
    for (path, key, separator, most) in table {
        for count in [most, most + 1] {
            let values: Vec<String> = (0..count).map(|n| format!("{n}")).collect();
            let answer = cloud.get(&format!("dcaas/{path}?{key}={}", values.join(separator))).await;
            let expected = if count > most { (400, "DC.0001") } else { (200, "") };
            assert_eq!((answer.status, answer.code()), expected, "{count} of {key} in {path}, by {separator}");
        }
    }
    for unlimited in ["virtual-gateways?vpc_id=", "switchover-test?resource_id="] {
        let key = unlimited.split_once('?').unwrap().1;
        let query = format!("dcaas/{unlimited}{}", ["x"; 9].join(&format!("&{key}")));
        assert_eq!(cloud.get(&query).await.status, 200, "{query}");
    }
}

#[tokio::test]
async fn lists_are_filtered() {
    let cloud = Simulator::start(json!({})).await;
    let (one, two) = (cloud.gateway().await, cloud.gateway().await);
    let a = cloud.interface(interface(&one, LINE_A, 30)).await;
    let b = cloud.interface(with(interface(&two, LINE_B, 30), json!({"enterprise_project_id": NOBODY}))).await;
    cloud.admin(Method::PATCH, &format!("resources/{b}"), Some(json!({"status": "DOWN"}))).await;
    let both = if a < b { vec![a.clone(), b.clone()] } else { vec![b.clone(), a.clone()] };
    let table = [
        (String::new(), both.clone()),
        (format!("id={a}&id={b}"), both.clone()),
        (format!("id={a}&id={NOBODY}"), vec![a.clone()]),
        ("status=DOWN".to_owned(), vec![b.clone()]),
        ("status=ACTIVE&status=DOWN".to_owned(), both.clone()),
        (format!("vgw_id={one}"), vec![a.clone()]),
        (format!("direct_connect_id={LINE_B}"), vec![b.clone()]),
        ("enterprise_project_id=0".to_owned(), vec![a.clone()]),
        (format!("enterprise_project_id=0,{NOBODY}"), both.clone()),
        (format!("vgw_id={one}&status=DOWN"), vec![]),
    ];
    for (query, expected) in table {
        assert_eq!(ids(&cloud.get(&format!("dcaas/virtual-interfaces?{query}")).await, "virtual_interfaces"), expected, "{query}");
    }
}

#[tokio::test]
async fn tags_are_added_and_removed() {
    let cloud = Simulator::start(json!({})).await;
    let vgw = cloud.gateway().await;
    let base = format!("dc-vgw/{vgw}/tags");
    let post = async |body: Value| cloud.post(&base, body).await.status;
    assert_eq!(post(json!({"tag": {"key": "a b", "value": "1"}})).await, 204);
    assert_eq!(post(json!({"tag": {"key": "a b", "value": "2"}})).await, 204, "the same key is overwritten");
    let read = cloud.get(&base).await;
    assert_eq!(read.body["tags"], json!([{"key": "a b", "value": "2"}]));
    let own = cloud.get(&format!("dcaas/virtual-gateways/{vgw}")).await;
    assert_eq!(own.body["virtual_gateway"]["tags"], read.body["tags"]);
    assert_eq!(cloud.delete(&format!("{base}/a%20b")).await.status, 204);
    assert_eq!(cloud.delete(&format!("{base}/a%20b")).await.status, 404);

    let nine: Vec<Value> = (0..9).map(|n| json!({"key": format!("k{n}"), "value": ""})).collect();
    let batch = async |action: &str, tags: &[Value]| cloud.post(&format!("{base}/action"), json!({"action": action, "tags": tags})).await;
    assert_eq!(batch("create", &nine).await.status, 204);
    assert_eq!(post(json!({"tag": {"key": "tenth"}})).await, 204);
    assert_eq!(post(json!({"tag": {"key": "eleventh"}})).await, 400);
    assert_eq!(cloud.get("dc-vgw/tags").await.body["tags"].as_array().unwrap().len(), 10);
    assert_eq!(batch("delete", &nine).await.status, 204);
    assert_eq!(cloud.get(&base).await.body["tags"], json!([{"key": "tenth", "value": ""}]));
    assert_eq!(batch("replace", &nine).await.code(), "DC.0001");
    assert_eq!(cloud.get(&format!("dc-vif/{vgw}/tags")).await.code(), "DC.0002");
}

#[tokio::test]
async fn resources_are_found_by_their_tags() {
    let cloud = Simulator::start(json!({})).await;
    let tag = |key: &str, value: &str| json!({"key": key, "value": value});
    let create = async |name: &str, tags: Value| {
        let body = with(gateway(), json!({"name": name, "tags": tags}));
        cloud.post("dcaas/virtual-gateways", json!({"virtual_gateway": body})).await.id("virtual_gateway")
    };
    let a = create("Line-A", json!([tag("team", "network"), tag("stage", "test")])).await;
    let b = create("line-b", json!([tag("team", "network"), tag("stage", "live")])).await;
    let c = create("other", json!([tag("team", "data")])).await;
    let d = create("", json!([])).await;
    let query = async |body: Value| cloud.post("dc-vgw/resource-instances/action", body).await;
    let wanted = |key: &str, values: &[&str]| json!({"key": key, "values": values});
    let network = || wanted("team", &["network"]);
    let by_name = |name: &str| json!({"matches": [{"key": "resource_name", "value": name}]});
    let table = [
        (json!({}), vec![&a, &b, &c, &d]),
        (json!({"tags": [network()]}), vec![&a, &b]),
        (json!({"tags": [network(), wanted("stage", &["live", "old"])]}), vec![&b]),
        (json!({"tags": [wanted("team", &["*a"])]}), vec![&c]),
        (json!({"tags": [wanted("stage", &[])]}), vec![&a, &b]),
        (json!({"tags_any": [wanted("team", &["data"]), wanted("stage", &["test"])]}), vec![&a, &c]),
        (json!({"not_tags": [network(), wanted("stage", &["test"])]}), vec![&b, &c, &d]),
        (json!({"not_tags_any": [network(), wanted("stage", &["test"])]}), vec![&c, &d]),
        (json!({"without_any_tag": true, "tags": [network()]}), vec![&d]),
        (by_name("LINE"), vec![&a, &b]),
        (by_name(""), vec![&d]),
        (json!({"matches": [{"key": "resource_id", "value": c}], "tags": []}), vec![&c]),
        (with(by_name("line"), json!({"tags": [wanted("stage", &["test"])]})), vec![&a]),
    ];
    for (filter, mut expected) in table {
        expected.sort();
        let found = query(with(filter.clone(), json!({"action": "filter"}))).await;
        let list = found.body["resources"].as_array().unwrap_or_else(|| panic!("{filter}: {}", found.body));
        let ids: Vec<&str> = list.iter().map(|resource| resource["resource_id"].as_str().unwrap()).collect();
        assert_eq!(
            (ids, &found.body["total_count"]),
            (expected.iter().map(|id| id.as_str()).collect(), &json!(expected.len())),
            "{filter}"
        );
        let count = query(with(filter.clone(), json!({"action": "count"}))).await;
        assert_eq!((count.body.get("resources"), &count.body["total_count"]), (None, &found.body["total_count"]), "{filter}");
    }
    let second = query(json!({"action": "filter", "matches": [{"key": "resource_id", "value": c}], "limit": "1", "offset": "1"})).await;
    assert_eq!((&second.body["resources"], &second.body["total_count"]), (&json!([]), &json!(1)));
    let page = query(json!({"action": "filter", "limit": "1", "offset": "0", "tags": [wanted("team", &["data"])]})).await;
    let resource = json!({
        "resource_id": c, "resource_name": "other", "resource_detail": {}, "tags": [tag("team", "data")], "sys_tags": [],
    });
    assert_eq!(page.body["resources"], json!([resource]));

    let vif = cloud.interface(with(interface(&a, LINE_A, 30), json!({"tags": [tag("team", "network")]}))).await;
    for (kind, id) in [("dc-vif", vif.as_str()), ("dc-directconnect", LINE_A)] {
        cloud.post(&format!("{kind}/{id}/tags"), json!({"tag": tag("team", "line")})).await;
        let body = json!({"action": "filter", "tags": [wanted("team", &["line"])]});
        let found = cloud.post(&format!("{kind}/resource-instances/action"), body).await;
        assert_eq!((&found.body["resources"][0]["resource_id"], &found.body["total_count"]), (&json!(id), &json!(1)), "{kind}");
    }
    let log = cloud.log(0).await;
    let mut queries = log.iter().filter(|entry| entry["operation"] == "ListTagResourceInstances");
    assert!(queries.all(|entry| entry["committed"] == false), "a query changes nothing");
}

#[tokio::test]
async fn invalid_queries_by_tags_are_rejected() {
    let cloud = Simulator::start(json!({})).await;
    let wanted = |key: &str, values: &[String]| json!({"key": key, "values": values});
    let texts = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>();
    let keys = |count: usize| texts(count).iter().map(|key| wanted(key, &[])).collect::<Vec<_>>();
    let twice = ["x".to_owned(), "x".to_owned()];
    let filter = |changes: Value| with(json!({"action": "filter"}), changes);
    let enterprise = || json!([wanted("_sys_enterprise_project_id", &["0".to_owned()])]);
    let table = [
        ("the action is known", json!({"action": "list"})),
        ("the action is required", json!({})),
        ("limits are text", filter(json!({"limit": 10}))),
        ("limits are numbers", filter(json!({"limit": "ten"}))),
        ("a page has one resource at least", filter(json!({"limit": "0"}))),
        ("pages are small", filter(json!({"limit": "1001"}))),
        ("offsets are not negative", filter(json!({"offset": "-1"}))),
        ("a count has no page", json!({"action": "count", "limit": "10"})),
        ("ten keys are enough", filter(json!({"tags": keys(11)}))),
        ("ten values are enough", filter(json!({"tags_any": [wanted("k", &texts(11))]}))),
        ("keys are distinct", filter(json!({"not_tags": [wanted("k", &[]), wanted("k", &[])]}))),
        ("values are distinct", filter(json!({"not_tags_any": [wanted("k", &twice)]}))),
        ("keys are not empty", filter(json!({"tags": [wanted("", &[])]}))),
        ("values are there", filter(json!({"tags": [{"key": "k"}]}))),
        ("fields are known", filter(json!({"matches": [{"key": "status", "value": "ACTIVE"}]}))),
        ("fields have a value", filter(json!({"matches": [{"key": "resource_name"}]}))),
        ("enterprise projects are not for users", filter(json!({"sys_tags": enterprise()}))),
        ("parameters are known", filter(json!({"surprise": 1}))),
    ];
    for (rule, body) in table {
        let answer = cloud.post("dc-vgw/resource-instances/action", body).await;
        assert_eq!((answer.status, answer.code()), (400, "DC.0001"), "{rule}: {}", answer.body);
    }
    let most = filter(json!({"limit": "1000", "tags": keys(10), "tags_any": [wanted("k", &texts(10))]}));
    assert_eq!(cloud.post("dc-vgw/resource-instances/action", most).await.status, 200);
    assert_eq!(cloud.post("dc-lag/resource-instances/action", json!({"action": "count"})).await.code(), "APIGW.0101");
}

#[tokio::test]
async fn quotas_are_listed() {
    let cloud = Simulator::start(json!({"switches": {"u15_gateway_quota_type": "virtualGateway"}})).await;
    cloud.gateway().await;
    let all = cloud.get("dcaas/quotas").await;
    assert_eq!(all.status, 201, "as documented");
    let row = |kind: &str| all.body["quotas"]["resources"].as_array().unwrap().iter().find(|row| row["type"] == kind).cloned();
    assert_eq!(row("virtualGateway").unwrap()["used"], 1);
    assert_eq!(row("virtualInterface").unwrap()["quota"], 50);
    let one = cloud.get("dcaas/quotas?type=physicalConnect").await;
    assert_eq!(one.body["quotas"]["resources"], json!([{"type": "physicalConnect", "quota": 10, "used": 6, "unit": "count"}]));
}

#[tokio::test]
async fn large_lists() {
    let cloud = Simulator::start(json!({"settle_ms": {"create": 0}, "distinct_locations": false})).await;
    cloud.settings(json!({"quotas": {"virtual_interfaces": 1501}})).await;
    let vgw = cloud.gateway().await;
    let create = |vlan: u32| {
        let body = with(interface(&vgw, LINE_A, vlan), json!({"bandwidth": 2}));
        cloud.admin(Method::POST, "resources", Some(json!({"kind": "virtual_interface", "body": body})))
    };
    let vlans: Vec<u32> = (1..=1500).collect();
    for some in vlans.chunks(50) {
        let answers = futures::future::join_all(some.iter().map(|vlan| create(*vlan))).await;
        assert!(answers.iter().all(|answer| answer.status == 201));
    }
    let bound = Duration::from_secs(30);
    let start = Instant::now();
    let listed = cloud.get("dcaas/virtual-interfaces?limit=2000").await;
    assert_eq!(ids(&listed, "virtual_interfaces").len(), 1500);
    assert!(start.elapsed() < bound, "a list took {:?}", start.elapsed());
    let start = Instant::now();
    cloud.interface(with(interface(&vgw, LINE_A, 1501), json!({"bandwidth": 2}))).await;
    assert!(start.elapsed() < bound, "a creation among many took {:?}", start.elapsed());
}

#[tokio::test]
async fn reads_lag_behind_writes_as_long_as_they_are_told_to() {
    let cloud = Simulator::start(json!({})).await;
    let before = cloud.gateway().await;
    cloud.admin(Method::PATCH, "settings", Some(json!({ "read_lag_ms": { "list": 600_000, "show": 600 } }))).await;
    let (begun, new) = (Instant::now(), cloud.gateway().await);
    let show = format!("dcaas/virtual-gateways/{new}");
    assert_eq!(cloud.get(&show).await.status, 404);
    while cloud.get(&show).await.status != 200 {
        assert!(begun.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(begun.elapsed() >= Duration::from_millis(600), "{:?}", begun.elapsed());
    let listed = async || ids(&cloud.get("dcaas/virtual-gateways").await, "virtual_gateways");
    assert_eq!(listed().await, [before.as_str()], "lists and single reads lag apart");
    cloud.admin(Method::PATCH, "settings", Some(json!({ "read_lag_ms": null }))).await;
    assert_eq!(listed().await.len(), 2, "without a lag all is shown at once");
}

#[tokio::test]
async fn ghosts_of_what_was_deleted_stay_in_lists() {
    let cloud = Simulator::start(json!({})).await;
    let id = cloud.gateway().await;
    cloud.admin(Method::PATCH, "settings", Some(json!({ "read_lag_ms": { "ghosts": 600 } }))).await;
    let begun = Instant::now();
    cloud.admin(Method::DELETE, &format!("resources/{id}"), None).await;
    assert_eq!(cloud.get(&format!("dcaas/virtual-gateways/{id}")).await.status, 404);
    let listed = async || ids(&cloud.get("dcaas/virtual-gateways").await, "virtual_gateways");
    assert_eq!(listed().await, [id.as_str()]);
    while !listed().await.is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(begun.elapsed() >= Duration::from_millis(600), "{:?}", begun.elapsed());
}
