//! Objects that are stored in a form that the operator can't read: written by another version of the definition, or restored from a backup.

use serde_json::{Value, json};
use std::sync::Arc;
use support::controlplane::{ControlPlane, root};
use support::eventually;
use support::line::{gateway, id, interface, peer, vpc, with};
use support::metrics::Scrape;
use support::operator::Operator;
use support::world::{API_VERSION, BOUND, World, api, condition, is, start_operator};

/// Puts `text` of the definition of `kind` to a schema that takes anything.
fn relax(plane: &ControlPlane, plural: &str, field: &str) {
    let path = root().join(format!("crds/directconnect.huaweicloud.com_{plural}.yaml"));
    let mut definition: Value = serde_saphyr::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let spec = &mut definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"];
    spec[field] = json!({ "x-kubernetes-preserve-unknown-fields": true });
    let relaxed = plane.dir().join(format!("relaxed-{plural}.json"));
    std::fs::write(&relaxed, definition.to_string()).unwrap();
    plane.kubectl(&["apply", "--server-side", "-f", relaxed.to_str().unwrap()]);
}

/// Stores a value of `field` that the operator can't read, and puts the definition back. The API server takes a relaxed definition up some time later.
async fn spoil(world: &World, kind: &str, plural: &str, name: &str, field: &str) {
    relax(&world.plane, plural, field);
    let namespace = (kind != "CloudAccount").then_some(world.namespace.as_str());
    let objects = api(&world.client, namespace, API_VERSION, kind);
    let patch = kube::api::Patch::Merge(json!({ "spec": { field: { "odd": true } } }));
    eventually("the odd value is stored", BOUND, || async {
        let stored = objects.patch(name, &kube::api::PatchParams::default(), &patch).await.ok()?;
        (stored.data["spec"][field]["odd"] == true).then_some(())
    })
    .await;
    world.plane.install_crds();
}

async fn count(operator: &Operator, kind: &str) -> Option<f64> {
    Scrape::of(operator).await.get("directconnect_unreadable_objects", &[("kind", kind)])
}

async fn until_counted(operator: &Operator, kind: &str, expected: f64) {
    eventually(&format!("{expected} unreadable {kind}"), BOUND, || async { (count(operator, kind).await == Some(expected)).then_some(()) })
        .await;
}

#[tokio::test]
async fn one_that_can_not_be_read_stops_no_other_and_keeps_what_it_has() {
    let plane = Arc::new(ControlPlane::start().await);
    plane.install_crds();
    let world = World::on(Arc::clone(&plane), "odd").await;
    world.furnish().await;
    let mut operator = start_operator(&plane, "before", &[]).await;
    world.apply(&gateway("odd", 1)).await;
    let held = id(&world.wait_ready("VirtualGateway", "odd").await);
    operator.kill();
    spoil(&world, "VirtualGateway", "virtualgateways", "odd", "description").await;

    // At the start.
    let operator = start_operator(&plane, "after", &[]).await;
    assert_eq!(operator.readiness().await.as_deref(), Some("ok\n"));
    until_counted(&operator, "VirtualGateway", 1.0).await;
    let told = world.told("VirtualGateway", "odd", "Unreadable", 1).await;
    assert!(told[0].contains("spec.description: "), "{told:?}");
    assert_eq!(operator.log().matches("the object can't be read: nothing is done for it").count(), 1, "{}", operator.tail());
    world.apply(&gateway("gw", 2)).await;
    world.wait_ready("VirtualGateway", "gw").await;
    // What it has is nobody else's.
    world.apply(&with(gateway("thief", 1), &json!({ "import": { "id": held } }))).await;
    let refused = world.wait_reason("VirtualGateway", "thief", "Conflict").await;
    assert!(condition(&refused, "Ready").unwrap()["message"].as_str().unwrap().contains("odd"), "{refused:#}");
    world.delete("VirtualGateway", "thief").await;
    world.wait_gone("VirtualGateway", "thief").await;

    // While it runs: another one, and what goes meanwhile.
    spoil(&world, "VirtualGateway", "virtualgateways", "gw", "description").await;
    until_counted(&operator, "VirtualGateway", 2.0).await;
    let writes = world.cloud.count("UpdateVirtualGateway").await;
    world.apply(&gateway("third", 3)).await;
    world.wait_ready("VirtualGateway", "third").await;
    world.delete("VirtualGateway", "third").await;
    world.wait_gone("VirtualGateway", "third").await;
    assert_eq!(world.cloud.count("UpdateVirtualGateway").await, writes, "nothing is done for the odd ones");
    assert_eq!(world.cloud.all("virtual_gateways").await.len(), 2);

    // Corrected, each goes on.
    for name in ["odd", "gw"] {
        world.patch("VirtualGateway", name, json!({ "spec": { "description": "corrected" } })).await;
        world.wait_ready("VirtualGateway", name).await;
    }
    until_counted(&operator, "VirtualGateway", 0.0).await;
    assert_eq!(id(&world.get("VirtualGateway", "odd").await), held);
    assert_eq!(world.cloud.count("CreateVirtualGateway").await, 3);

    // The same for accounts: what uses one says so, and others go on.
    spoil(&world, "CloudAccount", "cloudaccounts", &world.namespace, "syncInterval").await;
    until_counted(&operator, "CloudAccount", 1.0).await;
    world.patch("VirtualGateway", "gw", json!({ "spec": { "description": "changed" } })).await;
    let waiting = world.wait_reason("VirtualGateway", "gw", "Invalid").await;
    assert!(condition(&waiting, "Ready").unwrap()["message"].as_str().unwrap().contains("CloudAccount"), "{waiting:#}");
    world.patch_account(json!({ "syncInterval": "1m" })).await;
    world.wait_ready("VirtualGateway", "gw").await;
    until_counted(&operator, "CloudAccount", 0.0).await;

    // And for grants, which grant nothing meanwhile.
    let grant = json!({
        "apiVersion": API_VERSION, "kind": "DirectConnectGrant", "metadata": { "name": "grant" },
        "spec": { "from": [{ "kind": "VirtualInterface", "namespace": "elsewhere" }], "to": [{ "kind": "VirtualGateway" }] },
    });
    world.apply(&grant).await;
    spoil(&world, "DirectConnectGrant", "directconnectgrants", "grant", "from").await;
    until_counted(&operator, "DirectConnectGrant", 1.0).await;
    assert_eq!(operator.readiness().await.as_deref(), Some("ok\n"));
    world.api("DirectConnectGrant").delete("grant", &kube::api::DeleteParams::default()).await.unwrap();
    until_counted(&operator, "DirectConnectGrant", 0.0).await;
    world.finish().await;
}

#[tokio::test]
async fn an_item_of_a_list_that_can_not_be_read_stalls_only_its_own_object() {
    let plane = Arc::new(ControlPlane::start().await);
    plane.install_crds();
    let world = World::on(Arc::clone(&plane), "items").await;
    world.furnish().await;
    let operator = start_operator(&plane, "items", &[]).await;
    world.apply(&gateway("odd", 1)).await;
    world.apply(&gateway("gw", 2)).await;
    world.apply(&interface("vif", "gw", 101)).await;
    let [odd, vif] = [id(&world.wait_ready("VirtualGateway", "odd").await), id(&world.wait_ready("VirtualInterface", "vif").await)];
    let foreign =
        world.cloud.create("virtual_gateway", json!({ "name": "foreign", "vpc_id": vpc(3), "local_ep_group": ["10.9.0.0/24"] })).await;
    let foreign = foreign["id"].as_str().unwrap().to_owned();
    for id in [&odd, &foreign] {
        world.cloud.patch(id, json!({ "bgp_asn": "many", "local_ep_group_ipv6": { "a": 1 } })).await;
    }
    world.cloud.patch(&vif, json!({ "bandwidth": "wide" })).await;
    let message = |object: &Value| condition(object, "Ready").unwrap()["message"].as_str().unwrap().to_owned();

    // What it belongs to says so, by ID and field, and nothing is done to it.
    let stalled = world.look("VirtualGateway", "odd").await;
    let said = message(&stalled);
    assert!(is(&stalled, "Stalled", "True") && said.contains(&odd) && said.contains("bgp_asn: "), "{stalled:#}");
    let said = message(&world.look("VirtualInterface", "vif").await);
    assert!(said.contains(&vif) && said.contains("bandwidth: "), "{said}");
    world.apply(&peer("peer", "vif")).await;
    world.wait_reason("Peer", "peer", "Unreadable").await;
    // Nor is anything created in the place of what can't be read, of whom ever it is.
    world.apply(&gateway("new", 3)).await;
    let said = message(&world.wait_reason("VirtualGateway", "new", "Unreadable").await);
    assert!(said.contains(&foreign), "{said}");
    world.patch("VirtualGateway", "odd", json!({ "spec": { "description": "changed" } })).await;
    world
        .wait("VirtualGateway", "odd", "the change waits", |object| {
            object["status"]["observedGeneration"] == 2 && is(object, "Stalled", "True")
        })
        .await;
    world.delete("VirtualGateway", "odd").await;
    world.delete("VirtualInterface", "vif").await;
    world.delete("Peer", "peer").await;

    // All others go on.
    world.patch("VirtualGateway", "gw", json!({ "spec": { "description": "changed" } })).await;
    world.wait_ready("VirtualGateway", "gw").await;
    world.apply(&gateway("third", 4)).await;
    world.wait_ready("VirtualGateway", "third").await;
    for (kind, name) in [("VirtualGateway", "odd"), ("VirtualInterface", "vif")] {
        world
            .wait(kind, name, "the deletion waits", |object| {
                let waits =
                    condition(object, "Ready").is_some_and(|ready| ready["message"].to_string().contains("spec.policy.deletion: Retain"));
                object["metadata"]["deletionTimestamp"].is_string() && waits
            })
            .await;
    }
    for (operation, count) in [
        ("CreateVirtualGateway", 3),
        ("UpdateVirtualGateway", 1),
        ("DeleteVirtualGateway", 0),
        ("DeleteVirtualInterface", 0),
        ("CreateVifPeer", 0),
    ] {
        assert_eq!(world.cloud.count(operation).await, count, "{operation}");
    }

    // It is told once: in the log, by a metric and at the account.
    for id in [&odd, &foreign, &vif] {
        let line = |line: &&str| line.contains("an item of the LIST can't be read") && line.contains(id.as_str());
        assert_eq!(operator.log().lines().filter(line).count(), 1, "{}", operator.tail());
    }
    let unreadable = Scrape::of(&operator).await.get("directconnect_cache_unreadable", &[("collection", "virtual_gateways")]);
    assert_eq!(unreadable, Some(2.0));
    world.patch_account(json!({ "syncInterval": "2m" })).await;
    eventually("the account names them", BOUND, || async {
        let said = message(&world.get_account().await);
        ([&odd, &foreign, &vif].iter().all(|id| said.contains(id.as_str())) && said.contains("bgp_asn: ")).then_some(())
    })
    .await;

    // Mended, each goes on.
    let mended = json!({ "bgp_asn": 64_512, "local_ep_group_ipv6": [] });
    world.cloud.delete(&foreign).await;
    world.cloud.patch(&odd, mended).await;
    world.cloud.patch(&vif, json!({ "bandwidth": 50 })).await;
    for (kind, name) in [("VirtualGateway", "new"), ("VirtualInterface", "vif")] {
        world.ask(kind, name, "now").await;
    }
    world.wait_ready("VirtualGateway", "new").await;
    world.wait_gone("VirtualInterface", "vif").await;
    world.wait_gone("VirtualGateway", "odd").await;
    world.clear().await;
    assert!(world.cloud.is_empty().await);
}
