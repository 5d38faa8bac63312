//! Connections: found, described and referred to; never ordered, never cancelled, and never changed in what they cost.

use serde_json::{Value, json};
use support::eventually;
use support::line::{id, object, with};
use support::simulator::PARTNER;
use support::world::{BOUND, World, condition, is};

const KIND: &str = "Connection";

/// A line of this world's own: one ID is one line, whichever cloud shows it. It is paid by use, so that the cloud would take its cancellation.
async fn line(world: &World, fields: Value) -> String {
    let mut body = json!({ "name": "line", "charge_mode": "traffic", "port_type": "10G", "bandwidth": 10_000 });
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    world.cloud.create("direct_connect", body).await["id"].as_str().unwrap().to_owned()
}

fn by_id(name: &str, id: &str) -> Value {
    object(KIND, name, &json!({ "import": { "id": id } }))
}

fn by_name(name: &str, in_cloud: &str) -> Value {
    object(KIND, name, &json!({ "import": { "naturalKey": true }, "name": in_cloud }))
}

fn message(object: &Value) -> String {
    condition(object, "Ready").unwrap()["message"].as_str().unwrap().to_owned()
}

/// All that was asked of the cloud about connections but reads; fails at whatever would cost or cancel one.
async fn updates(world: &World) -> Vec<Value> {
    let log = world.cloud.log().await;
    let writes = log.iter().filter(|entry| entry["method"] != "GET" && entry["path"].as_str().unwrap().contains("/direct-connects"));
    let bodies = writes.map(|entry| {
        assert_eq!(entry["method"], "PUT", "{entry:#}");
        let fields = entry["request_body"]["direct_connect"].as_object().unwrap_or_else(|| panic!("{entry:#}"));
        assert!(fields.keys().all(|key| ["name", "description", "peer_location"].contains(&key.as_str())), "{entry:#}");
        Value::Object(fields.clone())
    });
    bodies.collect()
}

/// The lines are as they were at the start.
async fn untouched(world: &World, before: &[Value]) {
    assert_eq!(updates(world).await, Vec::<Value>::new());
    assert_eq!(world.cloud.all("direct_connects").await, before);
}

#[tokio::test]
async fn it_is_found_by_its_id_and_by_its_name() {
    let world = World::new().await;
    let (a, b) = (line(&world, json!({})).await, line(&world, json!({ "name": "known-by-name" })).await);
    let before = world.cloud.all("direct_connects").await;
    world.apply(&by_id("a", &a)).await;
    world.apply(&by_name("b", "known-by-name")).await;
    for (name, cloud) in [("a", &a), ("b", &b)] {
        let ready = world.wait_ready(KIND, name).await;
        assert_eq!(id(&ready), *cloud);
        assert!(is(&ready, "Healthy", "True") && is(&ready, "Synced", "True"), "{ready:#}");
        assert_eq!(ready["status"]["observed"]["bandwidth"], 10_000);
        assert!(world.told(KIND, name, "Adopted", 1).await[0].contains(cloud));
    }
    // It works or not, and is there all the same.
    world.cloud.patch(&a, json!({ "status": "DOWN" })).await;
    let down = world.look(KIND, "a").await;
    assert!(is(&down, "Ready", "True") && is(&down, "Healthy", "False"), "{down:#}");
    world.cloud.patch(&a, json!({ "status": "ACTIVE" })).await;
    untouched(&world, &before).await;
    world.finish().await;
}

#[tokio::test]
async fn of_several_with_one_name_none_is_taken() {
    let world = World::new().await;
    let (one, other) = (line(&world, json!({})).await, line(&world, json!({})).await);
    world.apply(&by_name("line", "line")).await;
    let stalled = world.wait_reason(KIND, "line", "Conflict").await;
    let told = message(&stalled);
    assert!(told.contains(&one) && told.contains(&other) && told.contains("spec.import.id"), "{told}");
    assert!(stalled["status"]["id"].is_null() && stalled["status"]["observed"].is_null(), "{stalled:#}");
    // Once the name is that of one only, it is that one.
    world.cloud.patch(&other, json!({ "name": "another" })).await;
    world.look(KIND, "line").await;
    assert_eq!(id(&world.wait_ready(KIND, "line").await), one);
    // And stays it, whoever takes the name then.
    world.cloud.patch(&other, json!({ "name": "line" })).await;
    let ready = world.look(KIND, "line").await;
    assert!(is(&ready, "Ready", "True") && id(&ready) == one, "{ready:#}");
    assert_eq!(updates(&world).await, Vec::<Value>::new());
}

#[tokio::test]
async fn what_is_not_there_is_not_ordered() {
    let world = World::new().await;
    let before = world.cloud.all("direct_connects").await;
    world.apply(&by_name("by-name", "nobody")).await;
    world.apply(&by_id("by-id", "c0000000-0000-4000-8000-00000000ffff")).await;
    for name in ["by-name", "by-id"] {
        let stalled = world.wait_reason(KIND, name, "NotFound").await;
        assert!(is(&stalled, "Stalled", "True"), "{stalled:#}");
        let stalled = world.look(KIND, name).await;
        assert!(stalled["status"]["intent"].is_null() && stalled["status"]["id"].is_null(), "{stalled:#}");
    }
    untouched(&world, &before).await;
    // One that comes is taken.
    let cloud = line(&world, json!({ "name": "nobody" })).await;
    world.look(KIND, "by-name").await;
    assert_eq!(id(&world.wait_ready(KIND, "by-name").await), cloud);
    // One that is cancelled in the console is not ordered again.
    world.cloud.delete(&cloud).await;
    world.look(KIND, "by-name").await;
    let gone = world.wait_reason(KIND, "by-name", "NotFound").await;
    assert!(is(&gone, "Stalled", "True"), "{gone:#}");
    untouched(&world, &before).await;
    world.finish().await;
}

#[tokio::test]
async fn it_outlives_its_object_whatever_the_policies_say() {
    let world = World::new().await;
    let cloud = line(&world, json!({})).await;
    let before = world.cloud.all("direct_connects").await;
    world.patch_account(json!({ "defaults": { "deletionPolicy": "Delete" } })).await;
    world.account_in_force().await;
    let policies = [
        Value::Null,
        json!({ "deletion": "Retain" }),
        json!({ "management": "Managed", "drift": "Correct" }),
        json!({ "management": "ObserveOnly" }),
    ];
    for (number, policy) in policies.into_iter().enumerate() {
        let name = format!("line-{number}");
        world.apply(&with(by_id(&name, &cloud), &json!({ "policy": policy }))).await;
        world.wait_ready(KIND, &name).await;
        world.delete(KIND, &name).await;
        world.wait_gone(KIND, &name).await;
        untouched(&world, &before).await;
    }
    let refused =
        world.try_apply(Some(&world.namespace), &with(by_id("line", &cloud), &json!({ "policy": { "deletion": "Delete" } }))).await;
    assert!(refused.unwrap_err().to_string().contains("a connection is never deleted by the operator"));
    // An object that never found one, and one whose line is being cancelled by others.
    world.apply(&by_name("nobody", "nobody")).await;
    world.wait_reason(KIND, "nobody", "NotFound").await;
    world.apply(&by_id("going", &cloud)).await;
    world.wait_ready(KIND, "going").await;
    world.cloud.patch(&cloud, json!({ "status": "PENDING_DELETE" })).await;
    world.look(KIND, "going").await;
    for name in ["nobody", "going"] {
        world.delete(KIND, name).await;
        world.wait_gone(KIND, name).await;
    }
    world.cloud.patch(&cloud, json!({ "status": "ACTIVE" })).await;
    untouched(&world, &before).await;
    world.finish().await;
}

/// The connections are listed no more often than when all is at rest.
async fn is_in_no_hurry(world: &World) {
    // The account's sync interval is 30 s, and a hot cache is refreshed every second. The first two may be one that was under way, and the one whose
    // time is random.
    let (lists, start) = (world.cloud.count("ListDirectConnects").await, std::time::Instant::now());
    eventually("three LISTs", 3 * BOUND, || async { (world.cloud.count("ListDirectConnects").await >= lists + 3).then_some(()) }).await;
    assert!(start.elapsed().as_secs() > 12, "three LISTs within {:?}", start.elapsed());
}

/// The stages of a delivery take days: nothing is written meanwhile, and the cloud is asked no more often than for what is at rest.
#[tokio::test]
async fn a_delivery_is_waited_for_in_no_hurry() {
    let world = World::new().await;
    let cloud = line(&world, json!({ "status": "APPLY" })).await;
    world.apply(&with(by_id("line", &cloud), &json!({ "description": "ours" }))).await;
    for stage in ["APPLY", "PENDING_SURVEY", "PENDING_PAY", "PAID", "LEASED_LINE_DELIVERY", "BUILD"] {
        world.cloud.patch(&cloud, json!({ "status": stage })).await;
        world.wait(KIND, "line", "it has an ID", |object| object["status"]["id"] == json!(cloud)).await;
        let waiting = world.look(KIND, "line").await;
        assert_eq!(condition(&waiting, "Ready").unwrap()["reason"], "Delivering", "{stage}: {waiting:#}");
        assert!(condition(&waiting, "Reconciling").is_some() && condition(&waiting, "Stalled").is_none(), "{stage}: {waiting:#}");
        assert_eq!(waiting["status"]["observed"]["status"], stage);
    }
    assert_eq!(updates(&world).await, Vec::<Value>::new());
    is_in_no_hurry(&world).await;
    world.cloud.patch(&cloud, json!({ "status": "ACTIVE" })).await;
    world.look(KIND, "line").await;
    world.wait_ready(KIND, "line").await;
    assert_eq!(updates(&world).await, [json!({ "description": "ours" })]);
    world.finish().await;
}

/// Neither is the end of one that others cancel waited for in a hurry, nor what nobody knows.
async fn what_others_do_to_a_line_is_waited_for_in_no_hurry(status: &str, reason: &str) {
    let world = World::new().await;
    let cloud = line(&world, json!({})).await;
    world.apply(&by_id("line", &cloud)).await;
    world.wait_ready(KIND, "line").await;
    world.cloud.patch(&cloud, json!({ "status": status })).await;
    world.look(KIND, "line").await;
    world.wait_reason(KIND, "line", reason).await;
    is_in_no_hurry(&world).await;
    world.cloud.delete(&cloud).await;
    world.look(KIND, "line").await;
    world.wait_reason(KIND, "line", "NotFound").await;
    is_in_no_hurry(&world).await;
    assert_eq!(updates(&world).await, Vec::<Value>::new());
    world.clear().await;
    world.tells_no_secret().await;
}

#[tokio::test]
async fn a_cancelled_line_is_waited_for_in_no_hurry() {
    what_others_do_to_a_line_is_waited_for_in_no_hurry("PENDING_DELETE", "Deleting").await;
}

#[tokio::test]
async fn a_line_in_a_state_that_nobody_knows_is_waited_for_in_no_hurry() {
    what_others_do_to_a_line_is_waited_for_in_no_hurry("MERGING", "Settling").await;
}

#[tokio::test]
async fn a_denied_order_is_told() {
    let world = World::new().await;
    let cloud = line(&world, json!({ "status": "APPLY" })).await;
    world.apply(&by_id("line", &cloud)).await;
    world.cloud.patch(&cloud, json!({ "status": "DENY", "reason": "no port is free" })).await;
    world.wait(KIND, "line", "it has an ID", |object| object["status"]["id"] == json!(cloud)).await;
    world.look(KIND, "line").await;
    let failed = world.wait_reason(KIND, "line", "CloudFailed").await;
    assert!(message(&failed).contains("denied: no port is free"), "{failed:#}");
    assert_eq!(updates(&world).await, Vec::<Value>::new());
    world.finish().await;
}

#[tokio::test]
async fn only_what_the_spec_names_is_compared_and_written() {
    let world = World::new().await;
    let cloud = line(&world, json!({})).await;
    world.apply(&by_id("line", &cloud)).await;
    world.wait_ready(KIND, "line").await;
    world.cloud.patch(&cloud, json!({ "name": "theirs", "description": "theirs", "peer_location": "theirs", "bandwidth": 500 })).await;
    let ready = world.look(KIND, "line").await;
    assert!(is(&ready, "Ready", "True") && ready["status"]["drift"].is_null(), "{ready:#}");
    assert_eq!(ready["status"]["observed"]["bandwidth"], 500);
    assert_eq!(updates(&world).await, Vec::<Value>::new());
    for field in [json!({ "description": "ours" }), json!({ "peerLocation": "here" }), json!({ "name": "named" })] {
        world.patch(KIND, "line", json!({ "spec": field })).await;
        world.wait_ready(KIND, "line").await;
    }
    let expected = [json!({ "description": "ours" }), json!({ "peer_location": "here" }), json!({ "name": "named" })];
    assert_eq!(updates(&world).await, expected);
    // What is taken out of the spec keeps its value, and is nobody's business from then on.
    world.patch(KIND, "line", json!({ "spec": { "name": null, "description": null } })).await;
    world.wait_ready(KIND, "line").await;
    world.cloud.patch(&cloud, json!({ "name": "theirs", "description": "theirs", "peer_location": "theirs" })).await;
    world.look(KIND, "line").await;
    world.wait_ready(KIND, "line").await;
    assert_eq!(updates(&world).await[3..], [json!({ "peer_location": "here" })]);
    world.finish().await;
}

#[tokio::test]
async fn its_tags_are_added_to_those_of_others() {
    let world = World::new().await;
    let cloud = line(&world, json!({})).await;
    world.patch_account(json!({ "defaults": { "tags": { "account": "default" } } })).await;
    world.account_in_force().await;
    let theirs = json!([{ "key": "theirs", "value": "1" }, { "key": "team", "value": "theirs" }]);
    world.cloud.patch(&cloud, json!({ "tags": theirs })).await;
    world.apply(&with(by_id("line", &cloud), &json!({ "tags": { "team": "network", "cost": "7" } }))).await;
    world.wait_ready(KIND, "line").await;
    let tags = async || {
        let tags = world.cloud.find(&cloud).await.unwrap()["tags"].clone();
        let tags = tags.as_array().unwrap().iter().map(|tag| (tag["key"].as_str().unwrap().to_owned(), tag["value"].clone()));
        Value::Object(tags.collect())
    };
    assert_eq!(tags().await, json!({ "theirs": "1", "team": "network", "cost": "7" }));
    // One that is taken out of the spec stays; one that is changed by others comes back.
    world.patch(KIND, "line", json!({ "spec": { "tags": { "cost": null } } })).await;
    world.wait_ready(KIND, "line").await;
    world
        .cloud
        .patch(
            &cloud,
            json!({ "tags": [{ "key": "team", "value": "x" }, { "key": "more", "value": "2" }, { "key": "cost", "value": "8" }] }),
        )
        .await;
    world.look(KIND, "line").await;
    world.wait_ready(KIND, "line").await;
    assert_eq!(tags().await, json!({ "team": "network", "more": "2", "cost": "8" }));
    let actions = world.cloud.log().await.into_iter().filter(|entry| entry["operation"] == "BatchCreateResourceTags");
    assert!(actions.into_iter().all(|entry| entry["request_body"]["action"] == "create"));
    assert_eq!(updates(&world).await, Vec::<Value>::new());
    world.delete(KIND, "line").await;
    world.wait_gone(KIND, "line").await;
    assert_eq!(tags().await, json!({ "team": "network", "more": "2", "cost": "8" }));
    world.finish().await;
}

/// What is provided on it goes on by the id that it has.
#[tokio::test]
async fn one_that_others_refer_to_goes_and_they_go_on() {
    let world = World::new().await;
    let operations = line(&world, json!({ "name": "operations", "type": "hosting" })).await;
    let before = world.cloud.find(&operations).await;
    world.apply(&by_id("operations", &operations)).await;
    let hosted = json!({ "hostingConnectionRef": { "name": "operations" }, "vlan": 300, "bandwidth": 50, "resourceTenantId": PARTNER });
    world.apply(&object("HostedConnection", "hosted", &hosted)).await;
    let cloud = id(&world.wait_ready("HostedConnection", "hosted").await);
    world.delete(KIND, "operations").await;
    world.wait_gone(KIND, "operations").await;
    let ready = world.look("HostedConnection", "hosted").await;
    assert!(is(&ready, "Ready", "True") && id(&ready) == cloud, "{ready:#}");
    world.patch("HostedConnection", "hosted", json!({ "spec": { "bandwidth": 60 } })).await;
    world.wait_ready("HostedConnection", "hosted").await;
    assert_eq!(world.cloud.find(&cloud).await.unwrap()["bandwidth"], 60);
    world.delete("HostedConnection", "hosted").await;
    world.wait_gone("HostedConnection", "hosted").await;
    assert_eq!((world.cloud.find(&cloud).await, world.cloud.find(&operations).await), (None, before));
    assert_eq!(updates(&world).await, Vec::<Value>::new());
    world.finish().await;
}
