//! Global gateways: their life under each reading of the documents, and the name that must tell them apart where a region keeps no tags.

use serde_json::{Value, json};
use support::line::{gateway, id, interface, object, with};
use support::world::{World, condition, is};

const KIND: &str = "GlobalGateway";
const OWNER_TAG: &str = "direct-connect-operator-owner";

fn global(name: &str, spec: &Value) -> Value {
    object(KIND, name, spec)
}

fn message(object: &Value) -> &str {
    condition(object, "Ready").unwrap()["message"].as_str().unwrap()
}

/// An interface on a gateway by its id.
fn on(gateway: &str) -> Value {
    with(interface("vif", "none", 40), &json!({ "virtualGatewayRef": null, "globalGatewayId": gateway }))
}

/// Bodies of an operation that the cloud carried out.
async fn committed(world: &World, operation: &str) -> Vec<Value> {
    let log = world.cloud.log().await;
    let carried_out = log.iter().filter(|entry| entry["operation"] == operation && entry["committed"] == true);
    carried_out.map(|entry| entry["request_body"]["global_dc_gateway"].clone()).collect()
}

/// Has the cache of the collection filled.
async fn look_once(world: &World) {
    world.apply(&global("nowhere", &json!({ "import": { "id": "99999999-9999-4999-8999-999999999999" } }))).await;
    world.wait_reason(KIND, "nowhere", "NotFound").await;
}

async fn lives(switches: Value, fresh_health: &str) {
    let world = World::new().await;
    world
        .cloud
        .settings(json!({ "switches": switches, "settle_ms": { "global_dc_gateway": { "create": 100, "update": 100, "delete": 300 } } }))
        .await;
    let spec = json!({ "description": "first", "bgpAsn": 4_200_000_000_u32, "tags": { "team": "network" } });
    world.apply(&global("gdgw", &spec)).await;
    let ready = world.wait_ready(KIND, "gdgw").await;
    assert!(is(&ready, "Healthy", fresh_health), "{ready:#}");
    let observed = &ready["status"]["observed"];
    assert_eq!(
        (&observed["name"], &observed["bgpAsn"], &observed["addressFamily"]),
        (&json!("gdgw"), &json!(4_200_000_000_u32), &json!("ipv4"))
    );
    assert_eq!((&observed["currentPeerLinkCount"], &observed["availablePeerLinkCount"]), (&json!(0), &json!(3)));
    let first = id(&ready);

    // One call for all, with nothing but what changed.
    world.patch(KIND, "gdgw", json!({ "spec": { "description": "second", "addressFamily": "dual" } })).await;
    let ready = world.wait_ready(KIND, "gdgw").await;
    assert_eq!(ready["status"]["observed"]["addressFamily"], "dual");
    assert_eq!(committed(&world, "UpdateGlobalDcGateway").await, [json!({ "description": "second", "address_family": "dual" })]);
    world.patch(KIND, "gdgw", json!({ "spec": { "addressFamily": "ipv4", "name": "renamed" } })).await;
    let ready = world.wait_ready(KIND, "gdgw").await;
    assert_eq!((id(&ready), &ready["status"]["observed"]["name"]), (first.clone(), &json!("renamed")));

    // What others change is changed back, but for what the spec does not name.
    world.cloud.patch(&first, json!({ "description": "theirs", "name": "theirs" })).await;
    world.look(KIND, "gdgw").await;
    world.wait_ready(KIND, "gdgw").await;
    let shown = world.cloud.find(&first).await.unwrap();
    assert_eq!((&shown["description"], &shown["name"]), (&json!("second"), &json!("renamed")));
    assert_eq!(world.cloud.count("CreateGlobalDcGateway").await, 1);
    world.finish().await;
    assert_eq!(committed(&world, "DeleteGlobalDcGateway").await.len(), 1);
}

#[tokio::test]
async fn a_life_as_documented() {
    lives(json!({}), "False").await;
}

#[tokio::test]
async fn a_life_where_a_new_gateway_is_active() {
    lives(json!({ "u21_fresh_global_gateway": "ACTIVE" }), "True").await;
}

#[tokio::test]
async fn a_life_where_answers_to_updates_are_whole() {
    lives(json!({ "u29_whole_update_answer": true }), "False").await;
}

#[tokio::test]
async fn a_life_without_tags() {
    lives(json!({ "u28_global_gateway_tags": "drop" }), "False").await;
}

/// The answer to the create is lost. With tags or without, the gateway is found, and none is made twice.
async fn a_lost_create_is_found(tags: &str, sent: &[bool], kept: bool) {
    let world = World::new().await;
    world.cloud.settings(json!({ "switches": { "u28_global_gateway_tags": tags } })).await;
    look_once(&world).await;
    let spec = json!({ "name": "first", "tags": { "team": "network" } });
    if tags == "refuse" {
        // With all tags and with the owner's alone it is refused.
        world.cloud.fault(json!({ "operation": "CreateGlobalDcGateway", "kind": "lose_answer", "after": 2 })).await;
        world.apply(&global("gdgw", &spec)).await;
    } else {
        world.create_unseen(&global("gdgw", &spec), "CreateGlobalDcGateway", "ListGlobalDcGateways").await;
        // It was created by the old name.
        world.patch(KIND, "gdgw", json!({ "spec": { "name": "second" } })).await;
        world.cloud.clear_faults().await;
    }
    let ready = world.wait_ready(KIND, "gdgw").await;
    let there = world.cloud.all("global_dc_gateways").await;
    assert_eq!((there.len(), &there[0]["id"]), (1, &json!(id(&ready))), "{there:#?}");
    assert_eq!(ready["status"]["observed"]["tags"][OWNER_TAG].is_string(), kept, "{ready:#}");
    assert!(world.told(KIND, "gdgw", "Adopted", 1).await[0].contains(&id(&ready)), "its answer was lost");
    let creates = committed(&world, "CreateGlobalDcGateway").await;
    assert_eq!(creates.iter().map(|body| body["tags"].is_array()).collect::<Vec<_>>(), sent);
    assert_eq!(world.cloud.count("BatchCreateResourceTags").await, 0, "the operation knows no global gateways");
    world.finish().await;
}

#[tokio::test]
async fn a_lost_create_is_found_by_its_tag() {
    a_lost_create_is_found("keep", &[true], true).await;
}

#[tokio::test]
async fn a_lost_create_is_found_by_its_name_where_tags_are_dropped() {
    a_lost_create_is_found("drop", &[true], false).await;
}

#[tokio::test]
async fn a_lost_create_is_found_by_its_name_where_tags_are_refused() {
    a_lost_create_is_found("refuse", &[false], false).await;
}

/// That a region refuses the tags of global gateways says nothing of those of others, and the other way round.
#[tokio::test]
async fn tags_that_global_gateways_refuse_are_kept_of_others() {
    let world = World::new().await;
    world.cloud.settings(json!({ "switches": { "u28_global_gateway_tags": "refuse" } })).await;
    world.apply(&gateway("before", 1)).await;
    world.wait_ready("VirtualGateway", "before").await;
    for name in ["one", "two"] {
        world.apply(&global(name, &json!({ "tags": { "team": "network" } }))).await;
        let ready = world.wait_ready(KIND, name).await;
        assert_eq!(ready["status"]["observed"]["tags"], Value::Null, "{ready:#}");
    }
    // With all tags, with the owner's, with none; and what was found out is kept.
    assert_eq!(world.cloud.count("CreateGlobalDcGateway").await, 4);
    world.apply(&gateway("after", 2)).await;
    let after = world.wait_ready("VirtualGateway", "after").await;
    assert!(after["status"]["observed"]["tags"][OWNER_TAG].is_string(), "{after:#}");
    world.finish().await;
}

#[tokio::test]
async fn an_account_without_tags_sends_none() {
    let world = World::new().await;
    world.patch_account(json!({ "features": { "tags": "disabled" } })).await;
    world.apply(&global("gdgw", &json!({ "tags": { "team": "network" } }))).await;
    world.wait_ready(KIND, "gdgw").await;
    assert_eq!(committed(&world, "CreateGlobalDcGateway").await, [json!({ "name": "gdgw" })]);
    world.finish().await;
}

/// The cloud takes any name twice. The operator does not, or a lost create could not be told from somebody else's gateway.
/// The tags of its spec can't be changed, so that only the account's can be fewer.
#[tokio::test]
async fn too_many_tags_are_told_with_what_helps() {
    let world = World::new().await;
    let defaults = |tags: Value| json!({ "defaults": { "tags": tags } });
    world.patch_account(defaults(json!({ "cost": "7", "env": "test" }))).await;
    world.account_in_force().await;
    let tags: serde_json::Map<String, Value> = (1..=8).map(|number| (format!("tag-{number}"), json!("x"))).collect();
    world.apply(&global("gdgw", &json!({ "tags": tags }))).await;
    let stalled = world.wait_reason(KIND, "gdgw", "Invalid").await;
    let told = message(&stalled);
    assert!(
        told.contains("spec.tags: 11 tags") && told.contains("remove some of the account's default tags, or delete the object"),
        "{told}"
    );
    world.patch_account(defaults(json!({ "env": null }))).await;
    let ready = world.wait_ready(KIND, "gdgw").await;
    assert_eq!(ready["status"]["observed"]["tags"].as_object().unwrap().len(), 10, "{ready:#}");
    world.finish().await;
}

#[tokio::test]
async fn a_name_that_somebody_has_is_a_conflict_before_anything_is_made() {
    let world = World::new().await;
    let theirs = world.cloud.create("global_dc_gateway", json!({ "name": "backbone" })).await["id"].as_str().unwrap().to_owned();
    world.apply(&global("gdgw", &json!({ "name": "backbone" }))).await;
    let stalled = world.wait_reason(KIND, "gdgw", "Conflict").await;
    assert!(message(&stalled).contains("the name backbone is already used by"), "{stalled:#}");
    assert_eq!((&stalled["status"]["intent"], world.cloud.count("CreateGlobalDcGateway").await), (&Value::Null, 0));
    // Two objects are told apart alike.
    world.apply(&global("one", &json!({ "name": "shared" }))).await;
    world.wait_ready(KIND, "one").await;
    world.apply(&global("two", &json!({ "name": "shared" }))).await;
    let stalled = world.wait_reason(KIND, "two", "Conflict").await;
    assert!(message(&stalled).contains("already used by GlobalGateway") && message(&stalled).contains("/one"), "{stalled:#}");
    world.delete(KIND, "two").await;
    world.wait_gone(KIND, "two").await;
    // The name becomes free.
    world.cloud.patch(&theirs, json!({ "name": "other" })).await;
    world.look(KIND, "gdgw").await;
    let ready = world.wait_ready(KIND, "gdgw").await;
    assert_ne!(id(&ready), theirs);
    // Theirs is taken over by word, by the name or by the ID.
    world.apply(&global("other", &json!({ "import": { "naturalKey": true } }))).await;
    assert_eq!(id(&world.wait_ready(KIND, "other").await), theirs);
    world.finish().await;
}

#[tokio::test]
async fn a_gateway_is_imported_unless_it_differs_for_good() {
    let world = World::new().await;
    let tags = json!([{ "key": "team", "value": "other" }]);
    let theirs = world.cloud.create("global_dc_gateway", json!({ "name": "theirs", "bgp_asn": 64_700, "tags": tags })).await;
    let import = |more: Value| {
        let mut spec = json!({ "import": { "id": theirs["id"] }, "name": "theirs", "policy": { "deletion": "Retain" } });
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        global("gdgw", &spec)
    };
    for (field, value) in [("bgpAsn", json!(64_701)), ("tags", json!({ "team": "network" }))] {
        world.apply(&import(json!({ field: value }))).await;
        let stalled = world.wait_reason(KIND, "gdgw", "Immutable").await;
        assert!(message(&stalled).contains(field), "{stalled:#}");
        world.delete(KIND, "gdgw").await;
        world.wait_gone(KIND, "gdgw").await;
    }
    world.apply(&import(json!({ "bgpAsn": 64_700, "tags": { "team": "other" } }))).await;
    let ready = world.wait_ready(KIND, "gdgw").await;
    assert_eq!(
        (id(&ready), &ready["status"]["observed"]["tags"]),
        (theirs["id"].as_str().unwrap().to_owned(), &json!({ "team": "other" }))
    );
    world.delete(KIND, "gdgw").await;
    world.wait_gone(KIND, "gdgw").await;
    assert_eq!(world.cloud.all("global_dc_gateways").await.len(), 1, "it is retained");
    world.cloud.delete(theirs["id"].as_str().unwrap()).await;
    world.finish().await;
}

/// A gateway is healthy while an interface works on it, and goes after it.
async fn is_used(switches: Value, connected: bool) {
    let world = World::new().await;
    world.cloud.settings(json!({ "switches": switches })).await;
    world.apply(&global("gdgw", &json!({}))).await;
    let ready = world.wait_ready(KIND, "gdgw").await;
    assert!(is(&ready, "Healthy", "False") && condition(&ready, "Healthy").unwrap()["reason"] == "Down", "{ready:#}");
    world.apply(&on(&id(&ready))).await;
    world.wait_ready("VirtualInterface", "vif").await;
    let health = if connected { "True" } else { "False" };
    world.look(KIND, "gdgw").await;
    let ready = world.wait(KIND, "gdgw", "its health", |object| is(object, "Healthy", health) && is(object, "Ready", "True")).await;
    // Nothing but the cloud knows of an interface that names it by the ID.
    world.delete(KIND, "gdgw").await;
    world.wait_reason(KIND, "gdgw", "InUse").await;
    world.delete("VirtualInterface", "vif").await;
    world.wait_gone("VirtualInterface", "vif").await;
    world.wait_gone(KIND, "gdgw").await;
    assert_eq!(world.cloud.find(&id(&ready)).await, None);
    world.finish().await;
}

#[tokio::test]
async fn an_interface_connects_a_gateway_and_keeps_it() {
    is_used(json!({}), true).await;
}

#[tokio::test]
async fn an_interface_that_connects_nothing_keeps_a_gateway_all_the_same() {
    is_used(json!({ "u22_interface_connects_global_gateway": false, "u26_delete_used_global_gateway": "DC.1106" }), false).await;
}

#[tokio::test]
async fn a_region_that_deletes_a_gateway_in_use_is_let() {
    let world = World::new().await;
    world.cloud.settings(json!({ "switches": { "u26_delete_used_global_gateway": "accept" } })).await;
    world.apply(&global("gdgw", &json!({}))).await;
    let ready = world.wait_ready(KIND, "gdgw").await;
    let theirs = world.cloud.create(
        "virtual_interface",
        json!({
            "name": "theirs", "direct_connect_id": support::simulator::LINE_A, "gateway_id": id(&ready), "service_type": "GDGW", "vlan": 41,
            "bandwidth": 50, "route_mode": "static", "local_gateway_v4_ip": "10.0.9.1/30", "remote_gateway_v4_ip": "10.0.9.2/30",
            "remote_ep_group": ["10.9.0.0/24"],
        }),
    );
    let theirs = theirs.await["id"].as_str().unwrap().to_owned();
    world.delete(KIND, "gdgw").await;
    world.wait_gone(KIND, "gdgw").await;
    world.cloud.delete(&theirs).await;
    world.finish().await;
}

#[tokio::test]
async fn a_narrowing_that_the_region_refuses_is_told() {
    let world = World::new().await;
    world.cloud.settings(json!({ "switches": { "u45_dual_to_ipv4": "refuse" } })).await;
    world.apply(&global("gdgw", &json!({ "addressFamily": "dual" }))).await;
    world.wait_ready(KIND, "gdgw").await;
    world.patch(KIND, "gdgw", json!({ "spec": { "addressFamily": "ipv4" } })).await;
    let stalled = world.wait_reason(KIND, "gdgw", "Invalid").await;
    assert_eq!(stalled["status"]["observed"]["addressFamily"], "dual");
    world.patch(KIND, "gdgw", json!({ "spec": { "addressFamily": "dual" } })).await;
    world.wait_ready(KIND, "gdgw").await;
    world.finish().await;
}

/// The fifth is the last; room in the quota is found without anybody's doing.
#[tokio::test]
async fn a_quota_that_is_used_up_is_waited_for() {
    let world = World::new().await;
    let mut theirs = Vec::new();
    for number in 0..5 {
        theirs.push(world.cloud.create("global_dc_gateway", json!({ "name": format!("theirs-{number}") })).await);
    }
    world.apply(&global("gdgw", &json!({}))).await;
    world.wait_reason(KIND, "gdgw", "QuotaExceeded").await;
    for gateway in &theirs {
        world.cloud.delete(gateway["id"].as_str().unwrap()).await;
    }
    world.wait_ready(KIND, "gdgw").await;
    world.finish().await;
}

#[tokio::test]
async fn what_the_cloud_gives_up_or_says_in_unknown_words_is_let_be() {
    let world = World::new().await;
    world.apply(&global("gdgw", &json!({}))).await;
    let gateway = id(&world.wait_ready(KIND, "gdgw").await);
    world.cloud.patch(&gateway, json!({ "status": "MERGING" })).await;
    world.look(KIND, "gdgw").await;
    world.wait_reason(KIND, "gdgw", "Settling").await;
    world.patch(KIND, "gdgw", json!({ "spec": { "description": "ours" } })).await;
    world.cloud.patch(&gateway, json!({ "status": "ERROR", "reason": "no device" })).await;
    let failed = world.wait_reason(KIND, "gdgw", "CloudFailed").await;
    assert!(message(&failed).contains("no device") && is(&failed, "Stalled", "True"), "{failed:#}");
    assert_eq!((&failed["status"]["observed"]["reason"], world.cloud.count("UpdateGlobalDcGateway").await), (&json!("no device"), 0));
    world.cloud.patch(&gateway, json!({ "status": "DOWN", "reason": null })).await;
    world.wait_ready(KIND, "gdgw").await;
    assert_eq!(world.cloud.find(&gateway).await.unwrap()["description"], "ours");
    // The documents do not have the word.
    world.clear().await;
    world.tells_no_secret().await;
}

#[tokio::test]
async fn an_account_that_does_without_global_gateways_makes_no_call_for_them() {
    let world = World::new().await;
    world.patch_account(json!({ "features": { "globalGateways": "disabled" } })).await;
    world.apply(&global("gdgw", &json!({}))).await;
    let stalled = world.wait_reason(KIND, "gdgw", "Unsupported").await;
    assert!(message(&stalled).contains("disabled in spec.features"), "{stalled:#}");
    assert_eq!(world.cloud.count("ListGlobalDcGateways").await, 0);
    world.patch_account(json!({ "features": { "globalGateways": "auto" } })).await;
    world.wait_ready(KIND, "gdgw").await;
    world.finish().await;
}
