//! Traces of a real operator, as a collector gets them: a span for each pass, and within it one for each call to the cloud.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use support::group::Group;
use support::line::gateway;
use support::world::{World, start_operator};

/// With an operator that has a collector.
static GROUP: Group = Group::new();

/// Request bodies, in the order they came.
type Requests = Arc<Mutex<Vec<Bytes>>>;

#[derive(Debug)]
struct Span {
    trace: Vec<u8>,
    id: Vec<u8>,
    parent: Vec<u8>,
    name: String,
    attributes: BTreeMap<String, String>,
    failed: bool,
}

/// A field of a protobuf message: its number, and what it holds as bytes or as a number.
enum Value<'a> {
    Bytes(&'a [u8]),
    Number(u64),
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for place in 0.. {
        let byte = bytes[0];
        *bytes = &bytes[1..];
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte < 0x80 {
            break;
        }
    }
    value
}

fn fields(mut bytes: &[u8]) -> Vec<(u64, Value<'_>)> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let value = match key & 7 {
            0 => Value::Number(varint(&mut bytes)),
            kind => {
                let length = match kind {
                    1 => 8,
                    2 => usize::try_from(varint(&mut bytes)).unwrap(),
                    5 => 4,
                    other => panic!("wire type {other}"),
                };
                let (value, rest) = bytes.split_at(length);
                bytes = rest;
                Value::Bytes(value)
            }
        };
        fields.push((key >> 3, value));
    }
    fields
}

/// What stands under `number`, each time.
fn all(bytes: &[u8], number: u64) -> Vec<&[u8]> {
    let of = |(found, value)| match value {
        Value::Bytes(value) if found == number => Some(value),
        _ => None,
    };
    fields(bytes).into_iter().filter_map(of).collect()
}

fn text(bytes: &[u8], number: u64) -> String {
    all(bytes, number).first().map(|text| String::from_utf8(text.to_vec()).unwrap()).unwrap_or_default()
}

fn attributes(of: &[&[u8]]) -> BTreeMap<String, String> {
    let value = |value: &[u8]| match fields(value).first() {
        Some((_, Value::Bytes(text))) => String::from_utf8(text.to_vec()).unwrap(),
        Some((_, Value::Number(number))) => number.to_string(),
        None => String::new(),
    };
    of.iter().map(|pair| (text(pair, 1), all(pair, 2).first().map(|found| value(found)).unwrap_or_default())).collect()
}

/// `ExportTraceServiceRequest` → the resource's attributes and the spans.
fn read(request: &[u8]) -> Vec<(BTreeMap<String, String>, Vec<Span>)> {
    let span = |span: &[u8]| {
        let id = |number| all(span, number).first().map(|id| id.to_vec()).unwrap_or_default();
        let status = all(span, 15).first().is_some_and(|status| fields(status).iter().any(|field| matches!(field, (3, Value::Number(2)))));
        Span { trace: id(1), id: id(2), parent: id(4), name: text(span, 5), attributes: attributes(&all(span, 9)), failed: status }
    };
    let of_resource = |resource: &&[u8]| {
        let known = all(resource, 1).first().map(|known| attributes(&all(known, 1))).unwrap_or_default();
        let spans = all(resource, 2).iter().flat_map(|scope| all(scope, 2)).map(span).collect();
        (known, spans)
    };
    all(request, 1).iter().map(of_resource).collect()
}

async fn take(State(requests): State<Requests>, headers: HeaderMap, body: Bytes) {
    assert_eq!(headers["content-type"], "application/x-protobuf");
    requests.lock().unwrap().push(body);
}

// The operator is waited for while the collector answers it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_gets_a_span_for_each_pass_with_its_calls() {
    let requests = Requests::default();
    let collector = Router::new().route("/v1/traces", post(take)).with_state(Arc::clone(&requests));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, collector).await });

    let world = World::without_operator_in(&GROUP).await;
    // What is logged says nothing of what is traced.
    let mut operator = start_operator(&world.plane, "traced", &["--otlp-endpoint", &endpoint, "--log", "warn"]).await;
    world.cloud.fault(json!({ "operation": "CreateVirtualGateway", "kind": "status", "status": 500, "code": "DC.0001" })).await;
    world.apply(&gateway("gw", 1)).await;
    world.wait_ready("VirtualGateway", "gw").await;
    world.finish().await;
    assert!(operator.stop(), "{}", operator.tail());

    // All that was not exported before is at the end.
    let requests = requests.lock().unwrap();
    let read: Vec<_> = requests.iter().flat_map(|request| read(request)).collect();
    assert!(read.iter().all(|(resource, _)| resource["service.name"] == "direct-connect-operator"), "{:?}", read[0].0);
    let spans: Vec<&Span> = read.iter().flat_map(|(_, spans)| spans).collect();
    let passes: Vec<&&Span> = spans.iter().filter(|span| span.name == "reconcile").collect();
    let creates: Vec<&&Span> = spans.iter().filter(|span| span.name == "CreateVirtualGateway").collect();
    let names: std::collections::BTreeSet<&str> = spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(creates.len(), 2, "the one that failed and the one that did not: {} requests, {names:?}", requests.len());
    for create in &creates {
        let pass = passes.iter().find(|pass| pass.id == create.parent).unwrap();
        assert_eq!((&pass.trace, &pass.parent), (&create.trace, &Vec::new()));
        let of = |name: &str| pass.attributes[name].as_str();
        assert_eq!((of("kind"), of("name"), of("namespace")), ("VirtualGateway", "gw", world.namespace.as_str()));
        assert!(!create.attributes["request_id"].is_empty() && create.attributes.contains_key("duration_ms"), "{create:?}");
    }
    let told = |status: &str| creates.iter().find(|create| create.attributes["http_status"] == status).unwrap();
    assert!(told("500").failed && !told("201").failed);
    assert_eq!(told("500").attributes["code"], "DC.0001");
    assert!(spans.iter().any(|span| span.name == "DeleteVirtualGateway"), "the last ones, too");
    assert!(spans.iter().all(|span| !span.name.contains("reconciling")), "ours only");
}
