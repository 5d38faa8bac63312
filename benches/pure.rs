//! The pure parts, so that a regression is seen without a cluster: sign, decode of a full page, the difference of two LISTs, the decision.

#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use direct_connect_operator::api::{DeletionPolicy, DriftPolicy, Management};
use direct_connect_operator::cache::CloudCache;
use direct_connect_operator::cloud::sign::{Signable, authorization};
use direct_connect_operator::cloud::{Item, VirtualInterface};
use direct_connect_operator::reconcile::{Found, IntentState, Ownership, Presence, ResourcePhase, Situation, Unseen, decide};
use secrecy::SecretString;
use serde_json::json;
use std::hint::black_box;
use tokio::time::Instant;

/// As many interfaces as the largest page of a LIST has.
const PAGE: usize = 2000;
/// Of which so many changed.
const CHANGED: usize = 100;
/// Objects of one look at a middling account.
const OBJECTS: usize = 1500;

fn sign(criterion: &mut Criterion) {
    let secret = SecretString::from("SKexample/0000000000000000000000000000+");
    let headers = [("Host".to_owned(), "dcaas.example".to_owned()), ("X-Sdk-Date".to_owned(), "20260425T093000Z".to_owned())];
    let query = [("limit".to_owned(), "2000".to_owned())];
    let request = Signable {
        method: "GET",
        path: "/v3/0605768a3300d5762f82c01180692873/dcaas/virtual-interfaces",
        query: &query,
        headers: &headers,
        body: &[],
    };
    criterion.bench_function("sign one request", |bencher| bencher.iter(|| authorization(black_box(&request), "AKEXAMPLE", &secret)));
}

/// A page of interfaces, each with a peer; some of another bandwidth.
fn page(changed: usize) -> String {
    let peer = |number: usize| {
        json!({
            "id": format!("20082c1b-3c99-48d8-8e8c-{number:012}"), "address_family": "ipv4", "route_mode": "bgp", "bgp_asn": 65001,
            "local_gateway_ip": "10.0.0.1/30", "remote_gateway_ip": "10.0.0.2/30", "remote_ep_group": ["10.1.0.0/24", "10.2.0.0/24"], "status": "ACTIVE",
        })
    };
    let page: Vec<_> = (0..PAGE).map(|number| json!({
        "id": format!("0d0fdf63-f2c4-491c-8866-{number:012}"), "name": format!("vif-{number}"), "vlan": number,
        "bandwidth": if number < changed { 60 } else { 50 },
        "direct_connect_id": "c0000000-0000-4000-8000-000000000001", "status": "ACTIVE", "tags": [{ "key": "team", "value": "network" }],
        "vif_peers": [peer(number)],
    })).collect();
    json!(page).to_string()
}

fn decode(criterion: &mut Criterion) {
    let text = page(0);
    let read = serde_json::from_str::<Vec<VirtualInterface>>(&text).map(|items| items.len());
    assert!(read.is_ok_and(|items| items == PAGE), "the page can be read");
    criterion.bench_function("decode a page of 2,000 interfaces", |bencher| {
        bencher.iter(|| serde_json::from_str::<Vec<VirtualInterface>>(black_box(&text)).map(|items| items.len()));
    });
}

/// A LIST taken into a cache that holds it already, and one in which some of it changed.
fn difference(criterion: &mut Criterion) {
    let read = |changed| -> Vec<Item<VirtualInterface>> {
        let read = serde_json::from_str::<Vec<VirtualInterface>>(&page(changed)).unwrap_or_default();
        read.into_iter().map(Item::Readable).collect()
    };
    let pages = [read(0), read(CHANGED)];
    let cache = CloudCache::new();
    cache.apply(read(0), Instant::now());
    criterion.bench_function("take a LIST of 2,000 interfaces without a change", |bencher| {
        bencher.iter_batched(|| read(0), |listed| cache.apply(listed, Instant::now()).len(), BatchSize::LargeInput);
    });
    let mut turns = pages.iter().cycle();
    criterion.bench_function("take a LIST of 2,000 interfaces with 100 changed", |bencher| {
        bencher.iter_batched(
            || turns.next().cloned().unwrap_or_default(),
            |listed| cache.apply(listed, Instant::now()).len(),
            BatchSize::LargeInput,
        );
    });
}

fn decisions(criterion: &mut Criterion) {
    let situation = Situation {
        deleting: false,
        management: Management::Managed,
        deletion: DeletionPolicy::Delete,
        drift: DriftPolicy::Correct,
        spec_changed: false,
        dependants: Vec::new(),
        references: Vec::new(),
        intent: IntentState::None,
        cloud: Presence::Absent,
        lost: None,
        duplicates: vec![],
        contested: Vec::new(),
        create: None,
        too_many_tags: None,
    };
    let found = Found {
        id: "0d0fdf63-f2c4-491c-8866-000000000001".to_owned(),
        owner: Ownership::Ours,
        recorded: true,
        orphaned: false,
        phase: ResourcePhase::Settled,
        differences: Vec::new(),
        ignored: Vec::new(),
        update: None,
        delete: Some(VirtualInterface::delete("0d0fdf63-f2c4-491c-8866-000000000001")),
        unseen: Unseen::default(),
        obstacle: None,
    };
    // Most are at rest; some are still to be made.
    let at_rest = Situation { cloud: Presence::Present(Box::new(found)), ..situation.clone() };
    let all: Vec<Situation> = (0..OBJECTS).map(|number| if number % 10 == 0 { situation.clone() } else { at_rest.clone() }).collect();
    criterion.bench_function("decide 1,500 objects", |bencher| {
        bencher.iter(|| all.iter().filter(|one| decide(black_box(one)).is_cloud_write()).count());
    });
}

criterion_group!(pure, sign, decode, difference, decisions);
criterion_main!(pure);
