//! Taking over what is in the cloud already: what is asked for and could match, and nothing else.

mod conflicts;
mod first_peer;
mod restored;
mod shared;
mod untagged;

use serde_json::{Value, json};
use support::line::{Foreign, first_peer, gateway, id, interface, peer, with};
use support::world::{World, condition, is};

const OWNER_TAG: &str = "direct-connect-operator-owner";
const NATURAL: &str = "naturalKey";

/// The line of [`World::foreign_line`] as objects, its first peer too, each with its id there.
fn line(foreign: &Foreign, number: u8, vlan: u16) -> [(Value, &str); 4] {
    [
        (gateway("gw", number), &foreign.gateway),
        (interface("vif", "gw", vlan), &foreign.interface),
        (first_peer("first", "vif"), &foreign.first),
        (peer("peer", "vif"), &foreign.second),
    ]
}

/// How `spec.import` asks for `id`.
fn import(by: &str, id: &str) -> Value {
    if by == NATURAL { json!({ NATURAL: true }) } else { json!({ "id": id }) }
}

fn kind_and_name(object: &Value) -> (&str, &str) {
    (object["kind"].as_str().unwrap(), object["metadata"]["name"].as_str().unwrap())
}

/// Writes to the cloud since its start.
async fn writes(world: &World) -> Vec<String> {
    let log = world.cloud.log().await;
    let written =
        log.iter().filter(|entry| entry["method"] != "GET").map(|entry| entry["operation"].as_str().unwrap_or_default().to_owned());
    written.collect()
}

async fn nothing_written(world: &World) {
    assert_eq!(writes(world).await, Vec::<String>::new());
}

#[tokio::test]
async fn observed_is_looked_at_and_never_written() {
    for by in ["id", NATURAL] {
        let world = World::new().await;
        let foreign = world.foreign_line(1, 30).await;
        let line = line(&foreign, 1, 30);
        for (object, cloud) in &line {
            let (kind, name) = kind_and_name(object);
            let spec = json!({ "import": import(by, cloud), "policy": { "management": "ObserveOnly" } });
            world.apply(&with(object.clone(), &spec)).await;
            let ready = world.wait_ready(kind, name).await;
            assert_eq!(
                (id(&ready), &condition(&ready, "Ready").unwrap()["reason"]),
                ((*cloud).to_owned(), &json!("Observed")),
                "{by} {kind}"
            );
            assert!(is(&ready, "Healthy", "True"), "{ready:#}");
        }
        for (object, cloud) in &line {
            let (kind, name) = kind_and_name(object);
            world.cloud.patch(cloud, json!({ "description": "theirs" })).await;
            world.patch(kind, name, json!({ "spec": { "description": "ours" } })).await;
            let shown = world.look(kind, name).await;
            assert!(is(&shown, "Synced", "False") && is(&shown, "Stalled", "True"), "{shown:#}");
            assert_eq!(shown["status"]["drift"], json!([{ "path": "spec.description", "desired": "ours", "observed": "theirs" }]));
        }
        for (object, _) in line.iter().rev() {
            let (kind, name) = kind_and_name(object);
            world.delete(kind, name).await;
            world.wait_gone(kind, name).await;
        }
        nothing_written(&world).await;
        assert_eq!(world.cloud.all("virtual_interfaces").await[0]["vif_peers"].as_array().unwrap().len(), 2);
        assert_eq!(world.cloud.all("virtual_gateways").await[0]["tags"], json!([]));
    }
}

#[tokio::test]
async fn managed_is_marked_corrected_and_deleted() {
    for by in ["id", NATURAL] {
        let world = World::new().await;
        let foreign = world.foreign_line(1, 30).await;
        world.cloud.patch(&foreign.second, json!({ "name": "other" })).await;
        for (object, cloud) in line(&foreign, 1, 30) {
            let (kind, name) = kind_and_name(&object);
            world.apply(&with(object.clone(), &json!({ "import": import(by, cloud) }))).await;
            let ready = world.wait_ready(kind, name).await;
            assert_eq!(id(&ready), *cloud, "{by} {kind}");
            assert!(world.told(kind, name, "Adopted", 1).await[0].contains(cloud));
            if kind != "Peer" {
                let owner = ready["status"]["observed"]["tags"][OWNER_TAG].as_str().unwrap();
                assert!(owner.ends_with(&format!(":{}/{name}", world.namespace)), "{owner}");
            }
            world.cloud.patch(cloud, json!({ "description": "theirs" })).await;
            world.patch(kind, name, json!({ "spec": { "description": "ours" } })).await;
            world.look(kind, name).await;
            let ready = world.wait_ready(kind, name).await;
            assert!(ready["status"]["drift"].is_null(), "{ready:#}");
        }
        let there = world.cloud.resources().await.to_string();
        assert!(!there.contains("theirs") && !there.contains("other") && there.matches("ours").count() == 4, "{there}");
        assert!(writes(&world).await.iter().all(|operation| !operation.starts_with("Create")), "{:?}", writes(&world).await);
        world.finish().await;
    }
}

#[tokio::test]
async fn what_could_never_match_is_not_taken() {
    let world = World::new().await;
    let foreign = world.foreign_line(1, 30).await;
    // Each by its id, and with a field that the cloud can't change.
    let different = [
        with(gateway("gw", 2), &json!({ "import": { "id": foreign.gateway } })),
        with(
            interface("vif", "gw", 31),
            &json!({ "import": { "id": foreign.interface }, "virtualGatewayRef": null, "virtualGatewayId": foreign.gateway }),
        ),
        with(
            peer("peer", "vif"),
            &json!({
                "import": { "id": foreign.second }, "virtualInterfaceRef": null, "virtualInterfaceId": foreign.interface,
                "localGatewayIp": "fd00:aaaa::3/64",
            }),
        ),
    ];
    for (object, field) in different.iter().zip(["vpcId", "vlan", "localGatewayIp"]) {
        let (kind, name) = kind_and_name(object);
        world.apply(object).await;
        let stalled = world.wait_reason(kind, name, "Immutable").await;
        assert!(is(&stalled, "Stalled", "True") && stalled["status"]["id"].is_null(), "{stalled:#}");
        assert!(condition(&stalled, "Ready").unwrap()["message"].as_str().unwrap().contains(field), "{stalled:#}");
        world.delete(kind, name).await;
        world.wait_gone(kind, name).await;
    }
    nothing_written(&world).await;
    assert_eq!(world.cloud.all("virtual_interfaces").await[0]["vif_peers"].as_array().unwrap().len(), 2);
}

/// Whatever comes first: where an interface would hang must be known before it can be said whether it is what is asked for.
#[tokio::test]
async fn an_import_waits_for_what_it_refers_to() {
    let world = World::new().await;
    let foreign = world.foreign_line(1, 30).await;
    let [gateway, interface, _, peer] = line(&foreign, 1, 30);
    for (object, cloud) in [peer, interface] {
        let (kind, name) = kind_and_name(&object);
        world.apply(&with(object.clone(), &json!({ "import": import(NATURAL, cloud) }))).await;
        let waiting = world.wait_reason(kind, name, "WaitingForReference").await;
        assert!(waiting["status"]["id"].is_null() && condition(&waiting, "Stalled").is_none(), "{waiting:#}");
        assert_eq!(world.notes(kind, name, "Conflict").await, Vec::<String>::new());
    }
    world.apply(&with(gateway.0.clone(), &json!({ "import": import(NATURAL, gateway.1) }))).await;
    assert_eq!(id(&world.wait_ready("VirtualInterface", "vif").await), foreign.interface);
    assert_eq!(id(&world.wait_ready("Peer", "peer").await), foreign.second);
    assert_eq!(world.cloud.count("CreateVirtualInterface").await, 0);
    world.finish().await;
}

/// To ask for another resource does not make forget the one that a create may have made.
#[tokio::test]
async fn what_a_create_has_made_is_found_whatever_is_asked_for_since() {
    let world = World::new().await;
    world.apply(&gateway("other", 2)).await;
    world.wait_ready("VirtualGateway", "other").await;
    world.create_unseen(&gateway("gw", 1), "CreateVirtualGateway", "ListVirtualGateways").await;
    world.patch("VirtualGateway", "gw", json!({ "spec": { "import": { "id": "99999999-9999-4999-8999-999999999999" } } })).await;
    world.delete("VirtualGateway", "gw").await;
    world.cloud.clear_faults().await;
    world.wait_gone("VirtualGateway", "gw").await;
    world.finish().await;
    assert_eq!(world.cloud.count("DeleteVirtualGateway").await, 2);
}

#[tokio::test]
async fn an_id_that_is_not_there_is_told() {
    const NOWHERE: &str = "99999999-9999-4999-8999-999999999999";
    let world = World::new().await;
    let foreign = world.foreign_line(1, 30).await;
    for (object, _) in line(&foreign, 1, 30) {
        let (kind, name) = kind_and_name(&object);
        let mut object = with(object.clone(), &json!({ "import": { "id": NOWHERE } }));
        match kind {
            "VirtualInterface" => object = with(object, &json!({ "virtualGatewayRef": null, "virtualGatewayId": foreign.gateway })),
            "Peer" => object = with(object, &json!({ "virtualInterfaceRef": null, "virtualInterfaceId": foreign.interface })),
            _ => {}
        }
        world.apply(&object).await;
        let stalled = world.wait_reason(kind, name, "NotFound").await;
        assert!(is(&stalled, "Stalled", "True") && stalled["status"]["id"].is_null(), "{stalled:#}");
        assert!(condition(&stalled, "Ready").unwrap()["message"].as_str().unwrap().contains(NOWHERE), "{stalled:#}");
        world.delete(kind, name).await;
        world.wait_gone(kind, name).await;
    }
    nothing_written(&world).await;
}
