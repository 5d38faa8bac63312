//! The examples of the vendor's documents: each request is sent word for word, and each answer holds what the example holds.
//!
//! The resources that an example is about are created before it, with the ids of the example.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::{documents, harness::*};

/// Mistakes in the addresses of examples: operation, number of the example, what is written, what is meant.
const CORRECTIONS: [(&str, u32, &str, &str); 5] = [
    ("ListHostedDirectConnects", 1, "POST ", "GET "),
    ("ShowVirtualInterface", 1, "POST ", "GET "),
    ("DeleteResourceTag", 1, "/instance/", "/dc-vgw/"),
    ("ShowResourceTag", 1, "/dc-vgw/resource-instances/action", "/dc-vgw/3320166e-b937-40cc-a35c-02cd3f2b3ee2/tags"),
    ("ListTagResourceInstances", 2, "/resource_instances/", "/resource-instances/"),
];

/// Examples that contradict the texts: operation, number of the example, status and code of the answer.
const REFUSED: [(&str, u32, u16, &str); 2] = [
    // It is the example of the update, with its path, and lacks all that a create requires.
    ("CreateVifPeer", 1, 404, "APIGW.0101"),
    // `sys_tags` excludes `tags`, and belongs to the vendor's own services.
    ("ListTagResourceInstances", 2, 400, "DC.0001"),
];

/// The id of what an example needs without naming it.
const SPARE: &str = "55555555-5555-4555-8555-555555555555";
/// The times of what an example needs.
const TIME: &str = "2025-07-05T15:12:14Z";
/// The interface of the peers that examples name.
const INTERFACE: &str = "77777777-7777-4777-8777-777777777777";

#[derive(Clone)]
struct Example {
    operation: String,
    number: u32,
    method: Method,
    /// With the query.
    path: String,
    body: Option<Value>,
    /// The documented status of success.
    status: u16,
}

impl Example {
    fn project(&self) -> &str {
        self.path.split('/').nth(2).unwrap()
    }

    /// What there is before the request. A virtual gateway is once in a VPC and once on an enterprise router, as there are examples of both.
    fn worlds(&self) -> Vec<Vec<(&'static str, Value)>> {
        let on = |place: &str| {
            let mut seeds = self.seeds();
            let gateways = seeds.iter_mut().filter(|(kind, _)| *kind == "virtual_gateway");
            gateways.for_each(|(_, body)| body[place] = json!(SPARE));
            seeds
        };
        let (in_vpc, on_router) = (on("vpc_id"), on("enterprise_router_id"));
        if in_vpc == on_router { vec![in_vpc] } else { vec![in_vpc, on_router] }
    }

    /// What the example is about: the resources in its path, and those that its body refers to.
    fn seeds(&self) -> Vec<(&'static str, Value)> {
        let path = self.path.split('?').next().unwrap();
        let segments: Vec<&str> = path.split('/').collect();
        let mut seeds = Vec::new();
        for pair in segments.windows(2).chain([[segments[segments.len() - 1], ""].as_slice()]) {
            let named = Some(pair[1]).filter(|id| id.len() == 36);
            let id = named.unwrap_or(SPARE);
            if named.is_some() || self.method == Method::GET {
                seeds.extend(of_segment(pair[0], id, &segments));
            }
        }
        let in_body: Vec<(String, String)> = self.body.iter().flat_map(references).collect();
        seeds.extend(in_body.iter().flat_map(|(key, id)| of_reference(key, id)));
        let parent = segments.get(5).copied().unwrap_or_default();
        match self.operation.as_str() {
            "CreatePeerLink" => {
                seeds.push(("virtual_interface", with(interface(SPARE, LINE_A, 30), json!({"gateway_id": parent}))));
            }
            "UpdateGdgwRouteTable" => {
                let interfaces = seeds.iter_mut().filter(|(kind, _)| *kind == "virtual_interface");
                interfaces.for_each(|(_, body)| body["gateway_id"] = json!(parent));
            }
            "UnbindGlobalEips" => {
                let bound = in_body.iter().filter(|(key, _)| key == "global_eip_id");
                seeds.extend(bound.map(|(_, id)| ("global_eip", json!({"id": id, "connect_gateway_id": parent}))));
            }
            _ => {}
        }
        seeds
    }
}

/// What a segment of a path stands for: a resource of this id.
fn of_segment(segment: &str, id: &str, segments: &[&str]) -> Vec<(&'static str, Value)> {
    let tags = json!([{"key": "key1", "value": "value1"}]);
    let line = json!({"id": id, "name": "line", "port_type": "10G", "bandwidth": 10_000, "location": "x", "charge_mode": "bandwidth", "tags": tags});
    let gateway = json!({"id": id, "name": "vgw", "local_ep_group": ["192.168.0.0/24"], "tags": tags});
    match segment {
        "direct-connects" | "dc-directconnect" => vec![("direct_connect", line)],
        "hosted-connects" => vec![("direct_connect", with(line, json!({"type": "hosted", "hosting_id": OPERATIONS, "vlan": 9})))],
        "direct-connect-locations" => vec![("direct_connect_location", json!({"id": id}))],
        "virtual-gateways" | "dc-vgw" => vec![("virtual_gateway", gateway)],
        "virtual-interfaces" => vec![("virtual_interface", with(interface(SPARE, LINE_A, 30), json!({"id": id})))],
        "vif-peers" => of_reference("vif_peer_id", id),
        "vif-peer-detections" => {
            let times = json!({"start_time": TIME, "end_time": TIME});
            vec![("vif_peer_detection", with(json!({"id": id, "vif_peer_id": SPARE, "status": "complete"}), times))]
        }
        "switchover-test" => {
            let test = json!({"operation": "shutdown", "resource_id": SPARE, "operate_status": "COMPLETE"});
            vec![("switchover_test_record", with(test, json!({"id": id})))]
        }
        "connect-gateways" => vec![("connect_gateway", json!({"id": id, "created_time": TIME}))],
        "binding-global-eips" | "unbinding-global-eips" => {
            let bound = json!({"id": id, "connect_gateway_id": segments[5], "type": "IP_SEGMENT", "created_time": TIME});
            vec![("global_eip", bound)]
        }
        "global-dc-gateways" | "gdgw" => {
            let place = json!({"region_id": "eu-west-101", "location_name": "x", "locales": {"en_us": "x", "zh_cn": "x"}});
            vec![("global_dc_gateway", with(place, json!({"id": id, "name": "gdgw", "created_time": TIME, "updated_time": TIME})))]
        }
        "peer-links" => {
            let site = json!({"gateway_id": SPARE, "project_id": PROJECT, "region_id": "eu-west-102", "link_id": SPARE});
            let of_central_network = json!({"create_owner": "cc", "instance_id": SPARE, "description": "", "peer_site": site});
            vec![("peer_link", with(of_central_network, json!({"id": id, "global_dc_gateway_id": segments[5]})))]
        }
        "routetables" => {
            let route = json!({"type": "vif_peer", "nexthop": SPARE, "destination": "10.7.0.0/16", "address_family": "ipv4"});
            vec![("gdgw_route", with(route, json!({"id": id, "gateway_id": segments[5]})))]
        }
        _ => Vec::new(),
    }
}

/// What a key of a body refers to.
fn of_reference(key: &str, id: &str) -> Vec<(&'static str, Value)> {
    let tunnel = json!({"local_gateway_ip": "10.9.0.1/30", "remote_gateway_ip": "10.9.0.2/30", "address_family": "ipv4"});
    match key {
        "hosting_id" => {
            let lines = of_segment("direct-connects", id, &[]).into_iter();
            lines.map(|(kind, line)| (kind, with(line, json!({"type": "hosting"})))).collect()
        }
        "direct_connect_id" => of_segment("direct-connects", id, &[]),
        "vgw_id" => of_segment("virtual-gateways", id, &[]),
        "resource_id" => of_segment("virtual-interfaces", id, &[]),
        "vif_peer_id" | "nexthop" => {
            let mut found = of_segment("virtual-interfaces", INTERFACE, &[]);
            found.push(("vif_peer", with(tunnel, json!({"id": id, "vif_id": INTERFACE}))));
            found
        }
        _ => Vec::new(),
    }
}

/// All texts of a body with their keys.
fn references(body: &Value) -> Vec<(String, String)> {
    match body {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(key, value)| value.as_str().map_or_else(|| references(value), |text| vec![(key.clone(), text.to_owned())]))
            .collect(),
        Value::Array(list) => list.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

fn examples() -> Vec<Example> {
    let mut found = Vec::new();
    for document in documents::documents() {
        for methods in document["paths"].as_object().unwrap().values() {
            for (method, definition) in methods.as_object().unwrap() {
                found.extend(of_operation(method, definition));
            }
        }
    }
    found
}

fn of_operation(method: &str, definition: &Value) -> Vec<Example> {
    let operation = definition["operationId"].as_str().unwrap();
    let status = definition["responses"].as_object().unwrap().keys().next().unwrap().parse().unwrap();
    let numbers = definition.as_object().unwrap().keys().filter_map(|key| key.strip_prefix("x-request-examples-url-")?.parse::<u32>().ok());
    let found: Vec<Example> = numbers
        .map(|number| {
            let mut url = definition[format!("x-request-examples-url-{number}")].as_str().unwrap().to_owned();
            for (_, _, wrong, right) in CORRECTIONS.iter().filter(|(name, of, ..)| *name == operation && *of == number) {
                assert!(url.contains(wrong), "{operation}: nothing to correct in {url}");
                url = url.replace(wrong, right);
            }
            let (stated, address) = url.split_once("https://").unwrap();
            assert!(stated.is_empty() || stated.trim().eq_ignore_ascii_case(method), "{operation} is no {stated}");
            let body = definition.get(format!("x-request-examples-{number}")).cloned();
            let path = address.split_once('/').unwrap().1;
            Example {
                operation: operation.to_owned(),
                number,
                method: method.to_uppercase().parse().unwrap(),
                path: format!("/{path}"),
                body,
                status,
            }
        })
        .collect();
    for body in documents::example_requests(operation) {
        assert!(found.iter().any(|example| example.body.as_ref() == Some(&body)), "an example of {operation} has no address: {body}");
    }
    found
}

/// Sends all examples, each to a fresh simulator with the project of the example. Returns the entries of the log.
async fn run() -> &'static [(Example, Value)] {
    static SENT: OnceCell<Vec<(Example, Value)>> = OnceCell::const_new();
    SENT.get_or_init(send_all).await
}

async fn send_all() -> Vec<(Example, Value)> {
    let mut clouds: BTreeMap<String, Simulator> = BTreeMap::new();
    let mut sent = Vec::new();
    for example in examples() {
        let project = example.project().to_owned();
        if !clouds.contains_key(&project) {
            clouds.insert(project.clone(), Simulator::start_with(&["--project-id", &project], json!({})).await);
        }
        for seeds in example.worlds() {
            let entry = send(&clouds[&project], &example, &seeds).await;
            sent.push((example.clone(), entry));
        }
    }
    sent
}

async fn send(cloud: &Simulator, example: &Example, seeds: &[(&'static str, Value)]) -> Value {
    cloud.admin(Method::POST, "reset", None).await;
    let token = cloud.sign_in(&password("operator")).await;
    for (kind, body) in seeds {
        let created = cloud.admin(Method::POST, "resources", Some(json!({"kind": kind, "body": body}))).await;
        assert_eq!(created.status, 201, "{} needs {kind} {body}: {}", example.operation, created.body);
    }
    let since = cloud.log(0).await.len() as u64;
    let url = format!("{}{}", cloud.base, example.path);
    cloud.send(example.method.clone(), &url, &token, example.body.clone()).await.unwrap();
    cloud.log(since).await[0].clone()
}

#[tokio::test]
async fn each_example_request_is_taken_word_for_word() {
    let sent = run().await;
    assert!(sent.len() > 55, "only {} examples", sent.len());
    let mut complaints = Vec::new();
    for (example, entry) in sent {
        let Example { operation, number, status, .. } = example;
        let refused = REFUSED.iter().find(|(name, of, ..)| name == operation && of == number);
        let expected = refused.map_or((u64::from(*status), ""), |(_, _, status, code)| (u64::from(*status), code));
        let got = (entry["status"].as_u64().unwrap(), entry["error_code"].as_str().unwrap_or_default());
        if got != expected {
            complaints.push(format!("{operation} {number}: {got:?} {}", entry["response_body"]));
        } else if refused.is_none() {
            assert_eq!(entry["operation"], operation.as_str());
            complaints.extend(documents::check(entry));
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[tokio::test]
async fn each_example_answer_is_what_the_simulator_answers() {
    let mut answers: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (example, entry) in run().await {
        answers.entry(example.operation.clone()).or_default().push(entry["response_body"].clone());
    }
    answers.insert("CreateVifPeer".to_owned(), vec![created_peer().await]);
    let mut complaints = Vec::new();
    let mut compared = 0;
    for (operation, examples) in documents::examples() {
        for example in examples {
            compared += 1;
            let of_operation = answers.get(&operation).into_iter().flatten();
            let fewest = of_operation.map(|answer| differences("", &example, answer)).min_by_key(Vec::len);
            let fewest = fewest.unwrap_or_else(|| vec!["no answer".to_owned()]);
            complaints.extend(fewest.into_iter().map(|difference| format!("{operation}: {difference}")));
        }
    }
    assert!(compared > 40, "only {compared} examples");
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// The answer to the creation of a peer, which the example request does not create.
async fn created_peer() -> Value {
    let cloud = Simulator::start(json!({})).await;
    let vif = cloud.interface(interface(&cloud.gateway().await, LINE_A, 30)).await;
    let six = json!({
        "vif_id": vif, "name": "six", "description": "mytest", "address_family": "ipv6", "route_mode": "static",
        "remote_ep_group": ["fd02::/48"], "local_gateway_ip": "fd00::1/64", "remote_gateway_ip": "fd00::2/64",
    });
    cloud.post("dcaas/vif-peers", json!({"vif_peer": six})).await.body
}

/// What an example holds and an answer does not: keys, or values of the same type. An item of a list may be any of the answer's.
fn differences(place: &str, example: &Value, answer: &Value) -> Vec<String> {
    match (example, answer) {
        (Value::Object(fields), Value::Object(shown)) => fields
            .iter()
            .flat_map(|(key, inner)| {
                let place = format!("{place}/{key}");
                shown.get(key).map_or_else(|| vec![format!("{place} is missing")], |value| differences(&place, inner, value))
            })
            .collect(),
        (Value::Array(items), Value::Array(shown)) => {
            let place = format!("{place}/0");
            let fits = |item: &Value| shown.iter().map(|value| differences(&place, item, value)).min_by_key(Vec::len);
            items.iter().flat_map(|item| fits(item).unwrap_or_else(|| vec![format!("{place} is missing")])).collect()
        }
        // What has no value in the example may have one in the answer.
        (Value::Null, _) => Vec::new(),
        (example, shown) if std::mem::discriminant(example) == std::mem::discriminant(shown) => Vec::new(),
        (example, shown) => vec![format!("{place} is {shown}, not as {example}")],
    }
}
