//! Routes of global gateways: one table with several writers, and one list of networks with two.

use serde_json::{Value, json};
use support::eventually;
use support::line::{global_gateway, id, object, on_global, peer, peer_link, route, with};
use support::world::{BOUND, World, condition, is};

const KIND: &str = "GlobalGatewayRoute";
const DESTINATION: &str = "10.20.0.0/16";

fn message(object: &Value) -> &str {
    condition(object, "Ready").unwrap()["message"].as_str().unwrap()
}

/// A gateway with an interface.
async fn connected(world: &World) {
    world.apply(&global_gateway("backbone")).await;
    world.apply(&on_global("line", "backbone", 40)).await;
    world.wait_ready("VirtualInterface", "line").await;
}

/// The ID of the interface's peer of this family.
async fn peer_of(world: &World, interface: &str, family: &str) -> String {
    let shown = world.get("VirtualInterface", interface).await;
    let peers = shown["status"]["observed"]["peers"].as_array().unwrap();
    let peer = peers.iter().find(|peer| peer["addressFamily"] == family);
    peer.unwrap_or_else(|| panic!("no {family}: {shown:#}"))["id"].as_str().unwrap().to_owned()
}

/// Changes of route tables that the cloud carried out: the action and what it is about.
async fn changes(world: &World) -> Vec<(String, Value)> {
    let log = world.cloud.log().await;
    let carried_out = log.iter().filter(|entry| entry["operation"] == "UpdateGdgwRouteTable" && entry["committed"] == true);
    let actions = carried_out.flat_map(|entry| entry["request_body"]["gdgw_routetable"].as_object().unwrap().clone());
    actions.map(|(action, routes)| (action, routes[0]["destination"].clone())).collect()
}

/// What the cloud shows as the networks of the interface.
async fn networks(world: &World, interface: &str) -> Vec<String> {
    let shown = world.cloud.find(&id(&world.get("VirtualInterface", interface).await)).await.unwrap();
    let mut networks: Vec<String> = serde_json::from_value(shown["vif_peers"][0]["remote_ep_group"].clone()).unwrap();
    networks.sort_unstable();
    networks
}

/// Somebody else's route to the interface.
async fn foreign(world: &World, more: &Value) -> String {
    let gateway = id(&world.get("GlobalGateway", "backbone").await);
    let mut body =
        json!({ "gateway_id": gateway, "destination": DESTINATION, "nexthop": peer_of(world, "line", "ipv4").await, "type": "vif_peer" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.cloud.create("gdgw_route", body).await["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_route_waits_for_its_next_hop_and_goes_before_it() {
    let world = World::new().await;
    world.apply(&route("route", "backbone", DESTINATION, "line")).await;
    let waiting = world.wait_reason(KIND, "route", "WaitingForReference").await;
    let missing = json!([{ "kind": "GlobalGateway", "name": "backbone" }, { "kind": "VirtualInterface", "name": "line" }]);
    assert_eq!(waiting["status"]["waitingFor"], missing);
    connected(&world).await;
    let ready = world.wait_ready(KIND, "route").await;
    assert!(condition(&ready, "Healthy").is_none(), "{ready:#}");
    let observed = &ready["status"]["observed"];
    assert_eq!((&observed["nexthop"], &observed["type"]), (&json!(peer_of(&world, "line", "ipv4").await), &json!("vif_peer")));
    assert_eq!((&observed["obtainMode"], &observed["addressFamily"]), (&json!("specific"), &json!("ipv4")));
    for (kind, name) in [("GlobalGateway", "backbone"), ("VirtualInterface", "line")] {
        world.delete(kind, name).await;
        let waiting = world.wait_reason(kind, name, "WaitingForDependants").await;
        assert!(waiting["status"]["waitingFor"].to_string().contains(KIND), "{waiting:#}");
    }
    world.finish().await;
    let log = world.cloud.log().await;
    let is_delete = |entry: &&Value| {
        let operation = entry["operation"].as_str().unwrap();
        entry["committed"] == true && (operation.starts_with("Delete") || entry["request_body"]["gdgw_routetable"]["del_routes"].is_array())
    };
    let deletes: Vec<&str> = log.iter().filter(is_delete).filter_map(|entry| entry["operation"].as_str()).collect();
    assert_eq!(deletes, ["UpdateGdgwRouteTable", "DeleteVirtualInterface", "DeleteGlobalDcGateway"]);
}

/// The interface and its routes write to one list, or to two: neither undoes what the other has done.
async fn interface_and_routes_are_at_peace(shown: bool) {
    let world = World::new().await;
    world.cloud.settings(json!({ "switches": { "u30_routes_in_remote_subnets": shown } })).await;
    connected(&world).await;
    let others = ["10.20.0.0/16", "10.21.0.0/16"];
    for (name, destination) in ["one", "two"].into_iter().zip(others) {
        world.apply(&route(name, "backbone", destination, "line")).await;
    }
    let list = |own: &[&str], routes: &[&str]| -> Vec<String> {
        let mut all: Vec<String> = own.iter().chain(routes.iter().filter(|_| shown)).map(ToString::to_string).collect();
        all.sort_unstable();
        all
    };
    for name in ["one", "two"] {
        world.wait_ready(KIND, name).await;
    }
    let updates = async || -> Vec<Value> {
        let log = world.cloud.log().await;
        let of_interface = log.iter().filter(|entry| entry["operation"] == "UpdateVirtualInterface");
        of_interface.map(|entry| entry["request_body"]["virtual_interface"].clone()).collect()
    };
    // However often somebody looks: nothing is written once all has settled.
    for _ in 0..5 {
        for (kind, name) in [("VirtualInterface", "line"), (KIND, "one"), (KIND, "two")] {
            world.look(kind, name).await;
        }
    }
    let line = world.wait_ready("VirtualInterface", "line").await;
    assert!(is(&line, "Synced", "True") && line["status"]["drift"].is_null(), "{line:#}");
    assert_eq!((updates().await, changes(&world).await.len()), (Vec::new(), 2));
    assert_eq!(networks(&world, "line").await, list(&["10.1.123.0/24"], &others));
    // The interface's own networks change while routes lend theirs.
    world.patch("VirtualInterface", "line", json!({ "spec": { "remoteEpGroup": ["10.2.0.0/24", "10.3.0.0/24"] } })).await;
    world.wait_ready("VirtualInterface", "line").await;
    assert_eq!(networks(&world, "line").await, list(&["10.2.0.0/24", "10.3.0.0/24"], &others));
    world.patch("VirtualInterface", "line", json!({ "spec": { "remoteEpGroup": ["10.3.0.0/24"] } })).await;
    world.wait_ready("VirtualInterface", "line").await;
    world.delete(KIND, "one").await;
    world.wait_gone(KIND, "one").await;
    for (kind, name) in [("VirtualInterface", "line"), (KIND, "two")] {
        world.look(kind, name).await;
        world.wait_ready(kind, name).await;
    }
    assert_eq!(networks(&world, "line").await, list(&["10.3.0.0/24"], &others[1..]));
    let updates = updates().await;
    assert_eq!(updates.len(), 2, "one for each change of its spec: {updates:#?}");
    assert!(world.notes("VirtualInterface", "line", "DriftCorrected").await.is_empty());
    world.finish().await;
}

#[tokio::test]
async fn an_interface_keeps_the_networks_that_routes_add() {
    interface_and_routes_are_at_peace(true).await;
}

#[tokio::test]
async fn an_interface_and_routes_with_lists_of_their_own_are_at_peace() {
    interface_and_routes_are_at_peace(false).await;
}

/// A route that outlives its object adds nothing any more: its interface learns of that although nothing changes in the cloud.
#[tokio::test]
async fn the_network_of_a_route_that_is_kept_is_drift_of_its_interface() {
    let world = World::new().await;
    world.cloud.settings(json!({ "switches": { "u30_routes_in_remote_subnets": true } })).await;
    connected(&world).await;
    // It names no object, so that no reference ends with it.
    let by_id = json!({ "virtualInterfaceRef": null, "nexthop": peer_of(&world, "line", "ipv4").await, "type": "vif_peer" });
    let kept = with(with(route("route", "backbone", DESTINATION, "line"), &by_id), &json!({ "policy": { "deletion": "Retain" } }));
    world.apply(&kept).await;
    let kept = id(&world.wait_ready(KIND, "route").await);
    world.look("VirtualInterface", "line").await;
    world.wait_ready("VirtualInterface", "line").await;
    assert!(networks(&world, "line").await.contains(&DESTINATION.to_owned()));
    let before = world.cloud.count("UpdateVirtualInterface").await;
    world.delete(KIND, "route").await;
    world.wait_gone(KIND, "route").await;
    let corrected = || async { (world.cloud.count("UpdateVirtualInterface").await > before).then_some(()) };
    eventually("the interface takes the network away", BOUND, corrected).await;
    world.cloud.delete(&kept).await;
    world.finish().await;
}

/// The answer to a change of the table is not read: what it shows is not certain.
async fn lives(switches: Value) {
    let world = World::new().await;
    // What others make is no matter of the interface here.
    world.cloud.settings(json!({ "switches": { "u30_routes_in_remote_subnets": false } })).await;
    world.cloud.settings(json!({ "switches": switches })).await;
    connected(&world).await;
    // Others have routes in the same table.
    let learned = foreign(&world, &json!({ "destination": "10.30.0.0/16", "obtain_mode": "bgp" })).await;
    let theirs = foreign(&world, &json!({ "destination": "10.31.0.0/16" })).await;
    world.apply(&with(route("route", "backbone", DESTINATION, "line"), &json!({ "description": "first" }))).await;
    let ready = world.wait_ready(KIND, "route").await;
    world.patch(KIND, "route", json!({ "spec": { "description": "second" } })).await;
    world.wait_ready(KIND, "route").await;
    assert_eq!(world.cloud.find(&id(&ready)).await.unwrap()["description"], "second");
    world.delete(KIND, "route").await;
    world.wait_gone(KIND, "route").await;
    let actions: Vec<String> = changes(&world).await.into_iter().map(|(action, _)| action).collect();
    assert_eq!(actions, ["add_routes", "update_routes", "del_routes"]);
    for id in [learned, theirs] {
        assert!(world.cloud.find(&id).await.is_some(), "{id} is somebody else's");
        world.cloud.delete(&id).await;
    }
    world.finish().await;
}

#[tokio::test]
async fn a_life_with_answers_that_show_the_request() {
    lives(json!({ "u32_routes_answer": "request" })).await;
}

#[tokio::test]
async fn a_life_with_answers_that_show_the_table() {
    lives(json!({ "u32_routes_answer": "table" })).await;
}

#[tokio::test]
async fn a_life_with_answers_that_show_nothing() {
    lives(json!({ "u32_routes_answer": "empty" })).await;
}

/// A route that somebody deletes at the same time is gone, whatever the cloud calls that.
async fn a_route_that_is_gone_goes(code: &str) {
    let world = World::new().await;
    world.cloud.settings(json!({ "switches": { "u31_absent_route_code": code } })).await;
    connected(&world).await;
    world.apply(&route("route", "backbone", DESTINATION, "line")).await;
    let ready = world.wait_ready(KIND, "route").await;
    world.cloud.delete(&id(&ready)).await;
    world.delete(KIND, "route").await;
    world.wait_gone(KIND, "route").await;
    let log = world.cloud.log().await;
    let refused: Vec<&Value> = log.iter().filter(|entry| entry["operation"] == "UpdateGdgwRouteTable" && entry["status"] == 400).collect();
    assert!(refused.len() == 1 && refused[0]["response_body"]["error_code"] == code, "{refused:#?}");
    assert_eq!(changes(&world).await.len(), 1, "it was not made again");
    world.finish().await;
}

#[tokio::test]
async fn a_route_that_is_gone_goes_with_the_published_code() {
    a_route_that_is_gone_goes("DC.2720").await;
}

#[tokio::test]
async fn a_route_that_is_gone_goes_with_the_general_code() {
    a_route_that_is_gone_goes("DC.0001").await;
}

#[tokio::test]
async fn a_route_that_failed_goes_when_the_cloud_lets_it() {
    let world = World::new().await;
    world.cloud.settings(json!({ "switches": { "u50_delete_in_error": false } })).await;
    connected(&world).await;
    world.cloud.fault(json!({ "operation": "UpdateGdgwRouteTable", "kind": "error_state", "reason": "x" })).await;
    world.apply(&route("route", "backbone", DESTINATION, "line")).await;
    world.wait_reason(KIND, "route", "CloudFailed").await;
    world.delete(KIND, "route").await;
    world.wait_reason(KIND, "route", "InUse").await;
    world.cloud.settings(json!({ "switches": { "u50_delete_in_error": true } })).await;
    world.wait_gone(KIND, "route").await;
    world.finish().await;
}

/// Of an interface the peer of the destination's family is meant, once there is one; a Peer can be named itself.
#[tokio::test]
async fn a_next_hop_is_of_the_family_of_the_destination() {
    let world = World::new().await;
    world.apply(&with(global_gateway("backbone"), &json!({ "addressFamily": "dual" }))).await;
    world.apply(&on_global("line", "backbone", 40)).await;
    world.wait_ready("VirtualInterface", "line").await;
    world.apply(&route("by-line", "backbone", "fd00:20::/64", "line")).await;
    world.wait_reason(KIND, "by-line", "WaitingForReference").await;
    world.apply(&peer("six", "line")).await;
    let by_peer = json!({ "virtualInterfaceRef": null, "peerRef": { "name": "six" } });
    world.apply(&with(route("by-peer", "backbone", "fd00:21::/64", "line"), &by_peer)).await;
    for name in ["by-line", "by-peer"] {
        let ready = world.wait_ready(KIND, name).await;
        let observed = &ready["status"]["observed"];
        assert_eq!((&observed["nexthop"], &observed["addressFamily"]), (&json!(peer_of(&world, "line", "ipv6").await), &json!("ipv6")));
    }
    for _ in 0..3 {
        for (kind, name) in [("Peer", "six"), ("VirtualInterface", "line")] {
            world.look(kind, name).await;
        }
    }
    assert!(is(&world.wait_ready("Peer", "six").await, "Synced", "True"));
    assert_eq!((world.cloud.count("UpdateVifPeer").await, world.cloud.count("UpdateVirtualInterface").await), (0, 0));
    world.finish().await;
}

/// By the other gateway's ID, or by that of the link to it, as the cloud has it: the second can be named only as such.
async fn a_gateway_is_the_next_hop(by_link: bool) {
    let world = World::new().await;
    let next_hop = if by_link { "peer_link" } else { "gateway" };
    world.cloud.settings(json!({ "switches": { "u51_gateway_next_hop": next_hop } })).await;
    connected(&world).await;
    world.apply(&global_gateway("other")).await;
    let other = id(&world.wait_ready("GlobalGateway", "other").await);
    let mut link = peer_link("link", "backbone", Some("line"));
    link["spec"]["peerSite"].as_object_mut().unwrap().remove("enterpriseRouterId");
    link["spec"]["peerSite"]["globalGatewayRef"] = json!({ "name": "other" });
    world.apply(&link).await;
    let link = id(&world.wait_ready("PeerLink", "link").await);
    let by_name = json!({ "virtualInterfaceRef": null, "nextHopGlobalGatewayRef": { "name": "other" } });
    world.apply(&with(route("route", "backbone", DESTINATION, "line"), &by_name)).await;
    if by_link {
        let refused = world.wait_reason(KIND, "route", "Invalid").await;
        assert!(message(&refused).contains("nexthop"), "{refused:#}");
        world.delete(KIND, "route").await;
        world.wait_gone(KIND, "route").await;
        let by_id = json!({ "virtualInterfaceRef": null, "nexthop": link, "type": "gdgw" });
        world.apply(&with(route("route", "backbone", DESTINATION, "line"), &by_id)).await;
    }
    let ready = world.wait_ready(KIND, "route").await;
    let expected = if by_link { link } else { other };
    assert_eq!((&ready["status"]["observed"]["nexthop"], &ready["status"]["observed"]["type"]), (&json!(expected), &json!("gdgw")));
    world.finish().await;
}

#[tokio::test]
async fn a_gateway_is_a_next_hop_by_its_id() {
    a_gateway_is_the_next_hop(false).await;
}

#[tokio::test]
async fn a_gateway_is_a_next_hop_by_the_id_of_the_link_to_it() {
    a_gateway_is_the_next_hop(true).await;
}

/// A table may be long with what BGP has learned: that is read and forgotten, and nobody can take it.
#[tokio::test]
async fn what_bgp_learned_is_nobodys() {
    let world = World::new().await;
    world.cloud.settings(json!({ "switches": { "u30_routes_in_remote_subnets": false } })).await;
    connected(&world).await;
    let mut learned = String::new();
    for number in 0..30 {
        learned = foreign(&world, &json!({ "destination": format!("10.{number}.0.0/24"), "obtain_mode": "bgp" })).await;
    }
    // The same destination by the same next hop.
    let destination = "10.29.0.0/24";
    world.apply(&with(route("route", "backbone", destination, "line"), &json!({ "import": { "id": learned } }))).await;
    world.wait_reason(KIND, "route", "NotFound").await;
    assert_eq!(changes(&world).await, []);
    world.delete(KIND, "route").await;
    world.wait_gone(KIND, "route").await;
    for route in world.cloud.all("gdgw_routetables").await {
        world.cloud.delete(route["id"].as_str().unwrap()).await;
    }
    world.finish().await;
}

/// A peer that is named by its ID could be one of any line.
#[tokio::test]
async fn a_peer_by_its_id_is_for_those_whose_lines_are_not_limited() {
    let world = World::new().await;
    connected(&world).await;
    let grant = json!({ "grants": [{ "namespaces": { "names": [world.namespace] }, "connectionIds": [support::simulator::LINE_A] }] });
    world.account_with(&grant).await;
    world.account_in_force().await;
    let next = peer_of(&world, "line", "ipv4").await;
    let by_id = json!({ "virtualInterfaceRef": null, "nexthop": next, "type": "vif_peer" });
    world.apply(&with(route("by-id", "backbone", DESTINATION, "line"), &by_id)).await;
    let denied = world.wait_reason(KIND, "by-id", "NotGranted").await;
    assert!(message(&denied).contains(&format!("spec.nexthop: {next} is not granted")), "{denied:#}");
    world.apply(&route("by-name", "backbone", "10.22.0.0/16", "line")).await;
    world.wait_ready(KIND, "by-name").await;
    world.account_with(&json!({})).await;
    world.wait_ready(KIND, "by-id").await;
    world.finish().await;
}

/// Nobody adds the network of a route that somebody made by hand: the interface takes it away, and says so when it comes again and again.
#[tokio::test]
async fn a_route_made_by_hand_is_drift_of_its_interface() {
    let world = World::new().await;
    connected(&world).await;
    let theirs = foreign(&world, &json!({})).await;
    let told = world.wait("VirtualInterface", "line", "it gives up", |object| {
        condition(object, "Ready").is_some_and(|ready| ready["reason"] == "Drifted")
    });
    let (told, ()) = tokio::join!(told, async {
        for _ in 0..8 {
            world.look("VirtualInterface", "line").await;
        }
    });
    assert!(message(&told).contains("remoteEpGroup") && message(&told).contains("ignoreFields"), "{told:#}");
    assert_eq!(world.cloud.count("UpdateVirtualInterface").await, 5);
    world.cloud.delete(&theirs).await;
    world.finish().await;
}

/// The gateway's table is an object for each route: they are made one by one, whoever comes first.
#[tokio::test]
async fn many_routes_of_one_table() {
    let world = World::new().await;
    connected(&world).await;
    let names: Vec<String> = (0..20).map(|number| format!("route-{number}")).collect();
    for (number, name) in names.iter().enumerate() {
        world.apply(&route(name, "backbone", &format!("10.{}.0.0/16", 100 + number), "line")).await;
    }
    for name in &names {
        world.wait_ready(KIND, name).await;
    }
    assert_eq!(changes(&world).await.len(), names.len());
    world.apply(&object(KIND, "again", &route("again", "backbone", "10.100.0.0/16", "line")["spec"])).await;
    let stalled = world.wait_reason(KIND, "again", "Conflict").await;
    assert!(message(&stalled).contains("route-0"), "{stalled:#}");
    world.finish().await;
}
