//! What an account grants of global and connect gateways, and of what hangs on them.

use serde_json::{Value, json};
use support::line::{global_gateway, id, object, on_global, peer_link, route, with};
use support::simulator::LINE_A;
use support::world::{World, condition};

/// A router that nobody is granted.
const OTHER_ROUTER: &str = "a0000000-0000-4000-8000-000000000002";
const GCB: &str = "b1000000-0000-4000-8000-000000000001";

/// Has the account grant `limits` to the namespace, besides all that they do not limit.
async fn grant(world: &World, team: &World, limits: &Value) {
    let grant = json!({ "namespaces": { "names": [team.namespace] } });
    world.account_with(&json!({ "grants": [merged(grant, limits), { "namespaces": { "names": [world.namespace] } }] })).await;
    world.account_in_force().await;
}

fn merged(mut object: Value, more: &Value) -> Value {
    object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    object
}

/// The object is denied, as this text says, and nothing of it is shown.
async fn denied(team: &World, object: &Value, told: &str) {
    let (kind, name) = (object["kind"].as_str().unwrap(), object["metadata"]["name"].as_str().unwrap());
    team.apply(object).await;
    let denied = team
        .wait(kind, name, told, |object| {
            condition(object, "Ready")
                .is_some_and(|ready| ready["reason"] == "NotGranted" && ready["message"].as_str().is_some_and(|text| text.contains(told)))
        })
        .await;
    assert!(denied["status"]["observed"].is_null() && denied["status"]["id"].is_null(), "{denied:#}");
    team.delete(kind, name).await;
    team.wait_gone(kind, name).await;
}

/// Writes to the cloud since entry `since` of the log.
async fn writes(world: &World, since: u64) -> Vec<String> {
    let (log, _) = world.cloud.log_since(since).await;
    let writes = log.iter().filter(|entry| entry["method"] != "GET");
    writes.filter_map(|entry| entry["operation"].as_str()).map(str::to_owned).collect()
}

#[tokio::test]
async fn a_team_links_and_routes_what_is_granted_to_it() {
    let world = World::new().await;
    let team = world.neighbour("team", json!({})).await;
    world.apply(&global_gateway("theirs")).await;
    let theirs = id(&world.wait_ready("GlobalGateway", "theirs").await);
    let stray = world.cloud.create("global_dc_gateway", json!({ "name": "stray" })).await["id"].as_str().unwrap().to_owned();
    team.apply(&global_gateway("backbone")).await;
    team.apply(&on_global("line", "backbone", 40)).await;
    let interface = team.wait_ready("VirtualInterface", "line").await;
    let peer = interface["status"]["observed"]["peers"][0]["id"].clone();
    let router = peer_link("x", "x", None)["spec"]["peerSite"]["enterpriseRouterId"].as_str().unwrap().to_owned();

    let since = world.cloud.log_since(0).await.1;
    grant(&world, &team, &json!({ "vpcIds": [router], "connectionIds": [LINE_A] })).await;
    let link = || peer_link("link", "backbone", Some("line"));
    let mut to_other = link();
    to_other["spec"]["peerSite"]["enterpriseRouterId"] = json!(OTHER_ROUTER);
    denied(&team, &to_other, &format!("spec.peerSite.enterpriseRouterId: {OTHER_ROUTER} is not granted; allowed: {router}")).await;
    let by_id = |object: Value, id: &str| with(object, &json!({ "globalGatewayRef": null, "globalGatewayId": id }));
    let to = |destination: &str| route("route", "backbone", destination, "line");
    for object in [by_id(link(), &stray), by_id(to("10.20.0.0/16"), &stray)] {
        denied(&team, &object, &format!("spec.globalGatewayId: {stray} is not granted; allowed: {router}")).await;
    }
    let next = with(to("10.20.0.0/16"), &json!({ "virtualInterfaceRef": null, "nexthop": peer, "type": "vif_peer" }));
    denied(&team, &next, "spec.nexthop: ").await;
    // What another namespace's object manages is not had by its ID, though the account grants that.
    grant(&world, &team, &json!({ "vpcIds": [router, theirs] })).await;
    denied(&team, &by_id(link(), &theirs), &format!("spec.globalGatewayId: {theirs} is not granted to this namespace")).await;
    assert_eq!(writes(&world, since).await, [""; 0], "the cloud is not asked for what is not granted");

    team.apply(&link()).await;
    team.apply(&to("10.20.0.0/16")).await;
    for (kind, name) in [("PeerLink", "link"), ("GlobalGatewayRoute", "route")] {
        team.wait_ready(kind, name).await;
    }
    // Narrowed, both go on and are not changed.
    grant(&world, &team, &json!({ "vpcIds": [OTHER_ROUTER], "connectionIds": [OTHER_ROUTER] })).await;
    let since = world.cloud.log_since(0).await.1;
    for (kind, name) in [("PeerLink", "link"), ("GlobalGatewayRoute", "route")] {
        team.patch(kind, name, json!({ "spec": { "description": "new" } })).await;
        team.wait_reason(kind, name, "NotGranted").await;
    }
    assert_eq!(writes(&world, since).await, [""; 0]);
    team.clear().await;
    world.cloud.delete(&stray).await;
    world.finish().await;
}

#[tokio::test]
async fn a_team_binds_the_global_eips_that_are_granted_to_it() {
    let world = World::new().await;
    let team = world.neighbour("team", json!({})).await;
    let number = world.namespace.bytes().filter(u8::is_ascii_digit).map(char::from).collect::<String>();
    let [ours, theirs] = [1, 2].map(|eip| format!("e2000000-0000-4000-8000-{number:0>9}{eip:03}"));
    team.apply(&object("ConnectGateway", "edge", &json!({}))).await;
    let gateway = id(&team.wait_ready("ConnectGateway", "edge").await);
    let limits = |eip: &str| json!({ "globalEipIds": [eip], "gcbIds": [], "vpcIds": [] });
    grant(&world, &team, &limits(&ours)).await;
    let since = world.cloud.log_since(0).await.1;
    let binding = |eip: &str, more: Value| {
        with(object("GlobalEipAssociation", "web", &json!({ "connectGatewayRef": { "name": "edge" }, "globalEipId": eip })), &more)
    };
    denied(&team, &binding(&theirs, json!({})), &format!("spec.globalEipId: {theirs} is not granted; allowed: {ours}")).await;
    denied(&team, &binding(&ours, json!({ "gcbId": GCB })), &format!("spec.gcbId: {GCB} is not granted")).await;
    let by_id = json!({ "connectGatewayRef": null, "connectGatewayId": gateway });
    denied(&team, &binding(&ours, by_id), &format!("spec.connectGatewayId: {gateway} is not granted")).await;
    assert_eq!(writes(&world, since).await, [""; 0], "the cloud is not asked for what is not granted");

    team.apply(&binding(&ours, json!({}))).await;
    assert_eq!(id(&team.wait_ready("GlobalEipAssociation", "web").await), ours);
    // Narrowed, it goes on, and goes with its object.
    grant(&world, &team, &limits(&theirs)).await;
    team.wait_reason("GlobalEipAssociation", "web", "NotGranted").await;
    assert!(world.cloud.find(&ours).await.is_some());
    team.clear().await;
    assert_eq!(writes(&world, since).await, ["BindGlobalEips", "UnbindGlobalEips", "DeleteConnectGateway"]);
    world.finish().await;
}
