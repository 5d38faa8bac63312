//! Peer links: what they need and what needs them, under each reading of the documents.

use serde_json::{Value, json};
use support::line::{ROUTER, global_gateway, id, object, on_global, peer_link, with};
use support::simulator::{PROJECT, REGION};
use support::world::{World, condition, is};

const KIND: &str = "PeerLink";

fn message(object: &Value) -> &str {
    condition(object, "Ready").unwrap()["message"].as_str().unwrap()
}

/// Requests to write peer links.
async fn writes(world: &World) -> Vec<String> {
    let log = world.cloud.log().await;
    let writes = log.iter().filter(|entry| entry["method"] != "GET").filter_map(|entry| entry["operation"].as_str());
    writes.filter(|operation| operation.ends_with("PeerLink")).map(str::to_owned).collect()
}

/// A gateway with an interface, and its ID.
async fn connected(world: &World) -> String {
    world.apply(&global_gateway("backbone")).await;
    world.apply(&on_global("line", "backbone", 40)).await;
    world.wait_ready("VirtualInterface", "line").await;
    id(&world.get("GlobalGateway", "backbone").await)
}

/// What somebody else has made: a link of the gateway to the router.
async fn foreign(world: &World, gateway: &str, owner: &str) -> String {
    let site = json!({ "gateway_id": ROUTER, "region_id": REGION, "project_id": PROJECT });
    let body = json!({ "global_dc_gateway_id": gateway, "name": "theirs", "peer_site": site, "create_owner": owner });
    world.cloud.create("peer_link", body).await["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_topology_comes_up_in_any_order_and_goes_in_the_right_one() {
    let world = World::new().await;
    world.apply(&peer_link("link", "backbone", Some("line"))).await;
    let waiting = world.wait_reason(KIND, "link", "WaitingForReference").await;
    let missing = json!([{ "kind": "GlobalGateway", "name": "backbone" }, { "kind": "VirtualInterface", "name": "line" }]);
    assert_eq!(waiting["status"]["waitingFor"], missing);
    let gateway = connected(&world).await;
    let ready = world.wait_ready(KIND, "link").await;
    assert!(is(&ready, "Healthy", "True"), "{ready:#}");
    let site = &ready["status"]["observed"]["peerSite"];
    assert_eq!((&site["type"], &site["gatewayId"], &site["regionId"]), (&json!("ER"), &json!(ROUTER), &json!(REGION)));
    assert_eq!(ready["status"]["observed"]["globalGatewayId"], json!(gateway));
    world.look("GlobalGateway", "backbone").await;
    let shown = world.get("GlobalGateway", "backbone").await;
    assert_eq!(shown["status"]["observed"]["currentPeerLinkCount"], 1, "{shown:#}");
    // The first goes first: each waits for what refers to it.
    world.delete("GlobalGateway", "backbone").await;
    let waiting = world.wait_reason("GlobalGateway", "backbone", "WaitingForDependants").await;
    let dependants = json!([{ "kind": KIND, "name": "link" }, { "kind": "VirtualInterface", "name": "line" }]);
    assert_eq!(waiting["status"]["waitingFor"], dependants);
    world.delete("VirtualInterface", "line").await;
    let waiting = world.wait_reason("VirtualInterface", "line", "WaitingForDependants").await;
    assert_eq!(waiting["status"]["waitingFor"], json!([{ "kind": KIND, "name": "link" }]));
    world.finish().await;
    let log = world.cloud.log().await;
    let deletes: Vec<&str> = log.iter().filter(|entry| entry["status"] == 204).filter_map(|entry| entry["operation"].as_str()).collect();
    assert_eq!(deletes, ["DeletePeerLink", "DeleteVirtualInterface", "DeleteGlobalDcGateway"]);
}

/// A life in which the link names its interface: whatever the cloud asks of the two is kept.
async fn lives(switches: Value) -> World {
    let world = World::new().await;
    world.cloud.settings(json!({ "switches": switches, "settle_ms": { "delete": 1500 } })).await;
    connected(&world).await;
    world.apply(&peer_link("link", "backbone", Some("line"))).await;
    let link = id(&world.wait_ready(KIND, "link").await);
    world.patch(KIND, "link", json!({ "spec": { "description": "new", "name": "renamed" } })).await;
    let ready = world.wait_ready(KIND, "link").await;
    let shown = world.cloud.find(&link).await.unwrap();
    assert_eq!((&shown["description"], &shown["name"]), (&json!("new"), &json!("renamed")));
    assert_eq!((id(&ready), &ready["status"]["observed"]["createOwner"]), (link, &json!("dc")));
    world.look(KIND, "link").await;
    assert_eq!(writes(&world).await, ["CreatePeerLink", "UpdatePeerLink"]);
    world.clear().await;
    assert!(world.cloud.is_empty().await, "{}", world.cloud.resources().await);
    world
}

#[tokio::test]
async fn a_life_as_documented() {
    lives(json!({})).await.finish().await;
}

#[tokio::test]
async fn a_life_where_the_cloud_is_easier() {
    let easier =
        json!({ "u23_peer_link_needs_interface": false, "u24_several_links_to_one_peer": true, "u27_delete_last_interface": true });
    lives(easier).await.finish().await;
}

#[tokio::test]
async fn a_life_with_other_words_and_whole_answers() {
    // The documents have no such word, so nothing is held against them.
    lives(json!({ "u25_deleting_peer_link_status": "PENDING_DELETE", "u29_whole_update_answer": true })).await;
}

/// Without a reference to the interface nothing but the cloud says that one is needed, before a link and as long as there is one.
#[tokio::test]
async fn what_the_cloud_asks_of_interfaces_is_told() {
    let world = World::new().await;
    world.apply(&global_gateway("backbone")).await;
    world.wait_ready("GlobalGateway", "backbone").await;
    world.apply(&peer_link("link", "backbone", None)).await;
    let refused = world.wait_reason(KIND, "link", "Invalid").await;
    assert!(message(&refused).contains("no virtual interface"), "{refused:#}");
    assert_eq!(refused["status"]["intent"], Value::Null);
    world.apply(&on_global("line", "backbone", 40)).await;
    world.wait_ready("VirtualInterface", "line").await;
    // The reference is a change that lets it try again at once.
    world.patch(KIND, "link", json!({ "spec": { "virtualInterfaceRef": { "name": "line" } } })).await;
    world.wait_ready(KIND, "link").await;
    world.patch(KIND, "link", json!({ "spec": { "virtualInterfaceRef": null } })).await;
    world.wait_ready(KIND, "link").await;
    world.delete("VirtualInterface", "line").await;
    let told = world.wait_reason("VirtualInterface", "line", "InUse").await;
    assert!(message(&told).contains("peer links"), "{told:#}");
    world.delete(KIND, "link").await;
    world.wait_gone(KIND, "link").await;
    world.wait_gone("VirtualInterface", "line").await;
    world.finish().await;
}

#[tokio::test]
async fn a_cloud_that_asks_nothing_of_interfaces_takes_a_link_at_once() {
    let world = World::new().await;
    world.cloud.settings(json!({ "switches": { "u23_peer_link_needs_interface": false } })).await;
    world.apply(&global_gateway("backbone")).await;
    world.apply(&peer_link("link", "backbone", None)).await;
    world.wait_ready(KIND, "link").await;
    world.finish().await;
}

/// Whether the cloud takes a second link to the same peer or not, the operator makes none.
async fn a_second_link_is_a_conflict(taken: bool) {
    let world = World::new().await;
    world.cloud.settings(json!({ "switches": { "u24_several_links_to_one_peer": taken } })).await;
    let gateway = connected(&world).await;
    let theirs = foreign(&world, &gateway, "dc").await;
    world.apply(&peer_link("link", "backbone", Some("line"))).await;
    let stalled = world.wait_reason(KIND, "link", "Conflict").await;
    let place = format!("the link of global gateway {gateway} to {ROUTER}");
    assert!(message(&stalled).contains(&place) && message(&stalled).contains(&theirs), "{stalled:#}");
    if taken {
        let second = foreign(&world, &gateway, "dc").await;
        world.look(KIND, "link").await;
        let stalled = world.wait_reason(KIND, "link", "Conflict").await;
        assert!(message(&stalled).contains(&theirs) && message(&stalled).contains(&second), "{stalled:#}");
        world.patch(KIND, "link", json!({ "spec": { "import": { "id": second } } })).await;
        assert_eq!(id(&world.wait_ready(KIND, "link").await), second);
        world.cloud.delete(&theirs).await;
    } else {
        world.patch(KIND, "link", json!({ "spec": { "import": { "naturalKey": true } } })).await;
        assert_eq!(id(&world.wait_ready(KIND, "link").await), theirs);
    }
    assert_eq!(writes(&world).await, ["UpdatePeerLink"], "the name alone");
    world.finish().await;
}

#[tokio::test]
async fn a_second_link_to_a_peer_is_a_conflict() {
    a_second_link_is_a_conflict(false).await;
}

#[tokio::test]
async fn a_second_link_to_a_peer_is_a_conflict_where_the_cloud_takes_it() {
    a_second_link_is_a_conflict(true).await;
}

/// A central network of Cloud Connect makes links, and manages them: they can be looked at.
#[tokio::test]
async fn a_link_of_cloud_connect_is_observed_and_never_taken() {
    let world = World::new().await;
    let gateway = connected(&world).await;
    let theirs = foreign(&world, &gateway, "cc").await;
    let import = json!({ "import": { "naturalKey": true } });
    world.apply(&with(peer_link("taken", "backbone", Some("line")), &import)).await;
    let stalled = world.wait_reason(KIND, "taken", "Immutable").await;
    assert!(message(&stalled).contains("createOwner (cloud: cc, spec: dc)"), "{stalled:#}");
    world.delete(KIND, "taken").await;
    world.wait_gone(KIND, "taken").await;

    let policy = json!({ "management": "ObserveOnly", "ignoreFields": ["name"] });
    let observed = json!({ "import": { "naturalKey": true }, "policy": policy });
    world.apply(&with(peer_link("link", "backbone", Some("line")), &observed)).await;
    let ready = world.wait_ready(KIND, "link").await;
    assert_eq!((id(&ready), &ready["status"]["observed"]["createOwner"]), (theirs.clone(), &json!("cc")));
    assert_eq!(condition(&ready, "Ready").unwrap()["reason"], "Observed");
    // Its name differs, and is left alone whatever the policy becomes.
    world.patch(KIND, "link", json!({ "spec": { "policy": { "management": "Managed", "ignoreFields": null } } })).await;
    let stalled = world.wait_reason(KIND, "link", "Immutable").await;
    assert!(message(&stalled).contains("createOwner"), "{stalled:#}");
    world.delete(KIND, "link").await;
    world.wait_gone(KIND, "link").await;
    assert_eq!(writes(&world).await, Vec::<String>::new());
    assert_eq!(world.cloud.find(&theirs).await.unwrap()["name"], "theirs");
    world.cloud.delete(&theirs).await;
    world.finish().await;
}

/// The other side is a gateway of ours: it is there first, and goes last.
#[tokio::test]
async fn two_gateways_are_linked_from_either_side() {
    let world = World::new().await;
    connected(&world).await;
    let site = json!({ "globalGatewayRef": { "name": "other" }, "regionId": REGION, "projectId": PROJECT });
    world.apply(&with(peer_link("link", "backbone", Some("line")), &json!({ "peerSite": site }))).await;
    world.wait_reason(KIND, "link", "WaitingForReference").await;
    world.apply(&global_gateway("other")).await;
    let ready = world.wait_ready(KIND, "link").await;
    let other = id(&world.get("GlobalGateway", "other").await);
    let shown = &ready["status"]["observed"]["peerSite"];
    assert_eq!((&shown["type"], &shown["gatewayId"]), (&json!("GDGW"), &json!(other)));
    world.delete("GlobalGateway", "other").await;
    let waiting = world.wait_reason("GlobalGateway", "other", "WaitingForDependants").await;
    assert_eq!(waiting["status"]["waitingFor"], json!([{ "kind": KIND, "name": "link" }]));
    world.finish().await;
}

/// Its gateway is deleted by somebody, and with it the link: both are made again, each once.
#[tokio::test]
async fn a_link_follows_its_gateway() {
    let world = World::new().await;
    world.cloud.settings(json!({ "switches": { "u23_peer_link_needs_interface": false } })).await;
    world.apply(&global_gateway("backbone")).await;
    world.apply(&peer_link("link", "backbone", None)).await;
    let link = id(&world.wait_ready(KIND, "link").await);
    let gateway = id(&world.get("GlobalGateway", "backbone").await);
    world.cloud.delete(&link).await;
    world.cloud.delete(&gateway).await;
    world.look("GlobalGateway", "backbone").await;
    world.look(KIND, "link").await;
    let is_new = |object: &Value| is(object, "Ready", "True") && object["status"]["id"] != json!(link);
    let ready = world.wait(KIND, "link", "a new link", is_new).await;
    let new = id(&world.wait_ready("GlobalGateway", "backbone").await);
    assert!(new != gateway && ready["status"]["observed"]["globalGatewayId"] == json!(new), "{ready:#}");
    let log = world.cloud.log().await;
    let made = |operation: &str| log.iter().filter(|entry| entry["operation"] == operation && entry["committed"] == true).count();
    assert_eq!((made("CreateGlobalDcGateway"), made("CreatePeerLink")), (2, 2));
    world.finish().await;
}

/// A link in the status ERROR says why, and goes unless the cloud keeps it.
#[tokio::test]
async fn a_link_that_failed_says_why_and_goes_when_the_cloud_lets_it() {
    let world = World::new().await;
    world.cloud.settings(json!({ "switches": { "u50_delete_in_error": false } })).await;
    connected(&world).await;
    world.cloud.fault(json!({ "operation": "CreatePeerLink", "kind": "error_state", "reason": "no route to the router" })).await;
    world.apply(&peer_link("link", "backbone", Some("line"))).await;
    let failed = world.wait_reason(KIND, "link", "CloudFailed").await;
    assert!(message(&failed).contains("no route to the router"), "{failed:#}");
    assert_eq!(failed["status"]["observed"]["reason"], "no route to the router");
    world.delete(KIND, "link").await;
    world.wait_reason(KIND, "link", "InUse").await;
    world.cloud.settings(json!({ "switches": { "u50_delete_in_error": true } })).await;
    world.wait_gone(KIND, "link").await;
    world.finish().await;
}

/// An account's grants name the routers and gateways that may be used.
#[tokio::test]
async fn a_link_uses_the_router_and_the_gateway_that_it_names() {
    let world = World::new().await;
    let gateway = connected(&world).await;
    let grant = |ids: Value| json!({ "grants": [{ "namespaces": { "names": [world.namespace] }, "vpcIds": ids }] });
    world.account_with(&grant(json!([gateway]))).await;
    world.account_in_force().await;
    let by_id = with(peer_link("link", "backbone", Some("line")), &json!({ "globalGatewayRef": null, "globalGatewayId": gateway }));
    world.apply(&by_id).await;
    let denied = world.wait_reason(KIND, "link", "NotGranted").await;
    assert!(message(&denied).contains(&format!("spec.peerSite.enterpriseRouterId: {ROUTER} is not granted")), "{denied:#}");
    world.account_with(&grant(json!([ROUTER]))).await;
    world.account_in_force().await;
    let denied = world.wait(KIND, "link", "the gateway is not granted", |object| message(object).contains("spec.globalGatewayId")).await;
    assert!(message(&denied).contains(&gateway), "{denied:#}");
    assert_eq!(writes(&world).await, Vec::<String>::new());
    world.account_with(&grant(json!([ROUTER, gateway]))).await;
    world.wait_ready(KIND, "link").await;
    world.finish().await;
}

/// Another namespace's gateway is had by its leave.
#[tokio::test]
async fn a_reference_to_another_namespace_needs_its_grant() {
    let world = World::new().await;
    world.cloud.settings(json!({ "switches": { "u23_peer_link_needs_interface": false } })).await;
    world.apply(&global_gateway("backbone")).await;
    let gateway = id(&world.wait_ready("GlobalGateway", "backbone").await);
    let team = world.neighbour("team", json!({})).await;
    let reference = json!({ "globalGatewayRef": { "name": "backbone", "namespace": world.namespace } });
    team.apply(&with(peer_link("link", "backbone", None), &reference)).await;
    team.wait_reason(KIND, "link", "WaitingForReference").await;
    // The ID is no way around it.
    let by_id = json!({ "globalGatewayRef": null, "globalGatewayId": gateway });
    team.apply(&with(peer_link("by-id", "backbone", None), &by_id)).await;
    let denied = team.wait_reason(KIND, "by-id", "NotGranted").await;
    assert!(message(&denied).contains("is not granted to this namespace"), "{denied:#}");
    let grant = json!({ "from": [{ "kind": KIND, "namespace": team.namespace }], "to": [{ "kind": "GlobalGateway" }] });
    world.apply(&object("DirectConnectGrant", "team", &grant)).await;
    team.wait_ready(KIND, "link").await;
    team.clear().await;
    world.finish().await;
}
