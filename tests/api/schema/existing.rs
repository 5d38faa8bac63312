//! The object for what is in the cloud already, as the vendor's documents show it, is one that the API server takes.

use direct_connect_operator::kinds;
use kube::api::{DynamicObject, PostParams};
use serde_json::{Value, json};
use support::contract::examples;
use support::controlplane::ControlPlane;
use support::world::API_VERSION;

use super::ID;

/// What the documents leave out of an item, or show as no cloud would.
fn completed(kind: &str, mut item: Value) -> Value {
    match kind {
        "GlobalEipAssociation" => item["connect_gateway_id"] = json!(ID),
        "GlobalGatewayRoute" => item["destination"] = json!("10.20.0.0/16"),
        _ => {}
    }
    item
}

#[tokio::test]
async fn objects_for_what_the_documents_show_are_accepted() {
    let plane = ControlPlane::shared().await;
    let client = plane.client().await;
    let dry_run = PostParams { dry_run: true, ..PostParams::default() };
    let documented = examples();
    let mut kinds_seen = Vec::new();
    for kind in kinds::ALL {
        let [list, show] = kind.reads;
        let answers = [list, show].into_iter().flat_map(|operation| documented.get(operation).into_iter().flatten());
        let items = answers.filter_map(|answer| answer[kind.resource_type.collection].as_array()).flatten();
        let api = support::world::api(&client, Some("default"), API_VERSION, kind.kind);
        for item in items.map(|item| completed(kind.kind, item.clone())) {
            for existing in kind.existing_in(&item).unwrap() {
                let spec = existing.spec(&|_, _| None).unwrap_or_else(|problem| panic!("{}: {problem}: {item}", kind.kind));
                let object = json!({ "apiVersion": API_VERSION, "kind": kind.kind, "metadata": { "name": "taken-over" }, "spec": spec });
                let object: DynamicObject = serde_json::from_value(object).unwrap();
                api.create(&dry_run, &object).await.unwrap_or_else(|error| panic!("{}: {error}: {spec}", kind.kind));
                kinds_seen.push(kind.kind);
            }
        }
    }
    kinds_seen.dedup();
    // The documents show no interface with a second peer.
    let all: Vec<&str> = kinds::ALL.iter().map(|kind| kind.kind).filter(|kind| *kind != "Peer").collect();
    assert_eq!(kinds_seen, all);
}
