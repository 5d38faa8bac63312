//! What somebody else changes in the cloud: set back, told or ignored, as the policy says; and no fight without end.

mod deleted;
mod fights;

use serde_json::{Value, json};
use support::line::{gateway, id, interface, peer};
use support::world::{World, condition, is};

const LINE: [(&str, &str); 3] = [("VirtualGateway", "gw"), ("VirtualInterface", "vif"), ("Peer", "peer")];

/// One field that somebody changes.
struct Field {
    kind: &'static str,
    name: &'static str,
    path: &'static str,
    /// The cloud's words for the change.
    change: Value,
    desired: &'static str,
    observed: &'static str,
}

/// A field of each sort: plain ones, networks, a number, another peer's networks. Tags have a test of their own.
fn fields() -> Vec<Field> {
    let row = |kind, name, path, change, desired, observed| Field { kind, name, path, change, desired, observed };
    vec![
        row("VirtualGateway", "gw", "name", json!({ "name": "theirs" }), "gw", "theirs"),
        row("VirtualGateway", "gw", "description", json!({ "description": "theirs" }), "ours", "theirs"),
        row("VirtualGateway", "gw", "localEpGroup", json!({ "local_ep_group": ["172.30.0.0/24"] }), "172.16.1.0/24", "172.30.0.0/24"),
        row("VirtualInterface", "vif", "bandwidth", json!({ "bandwidth": 99 }), "50", "99"),
        row("VirtualInterface", "vif", "remoteEpGroup", json!({ "remote_ep_group": ["10.7.0.0/24"] }), "10.1.123.0/24", "10.7.0.0/24"),
        row("Peer", "peer", "name", json!({ "name": "theirs" }), "peer", "theirs"),
        row("Peer", "peer", "remoteEpGroup", json!({ "remote_ep_group": ["fd00:7::/64"] }), "fd00:bbbb::/64", "fd00:7::/64"),
    ]
}

/// A line whose objects have this policy, at rest.
async fn line(policy: &Value) -> World {
    let world = World::new().await;
    for mut object in [gateway("gw", 1), interface("vif", "gw", 30), peer("peer", "vif")] {
        object["spec"]["policy"] = policy.clone();
        object["spec"]["description"] = json!("ours");
        world.apply(&object).await;
    }
    for (kind, name) in LINE {
        world.wait_ready(kind, name).await;
    }
    world
}

/// Writes to the cloud since its start, but for creations.
async fn changes(world: &World) -> Vec<String> {
    let log = world.cloud.log().await;
    let operations = log.iter().filter_map(|entry| entry["operation"].as_str());
    operations.filter(|operation| operation.starts_with("Update") || operation.starts_with("Batch")).map(str::to_owned).collect()
}

#[tokio::test]
async fn corrected_is_every_field_once_and_told_once() {
    let world = line(&json!({})).await;
    for (number, Field { kind, name, path, change, desired, observed }) in fields().into_iter().enumerate() {
        let before = world.get(kind, name).await;
        let told = world.notes(kind, name, "DriftDetected").await.len();
        world.cloud.patch(&id(&before), change).await;
        world.look(kind, name).await;
        let same = |now: &Value| ["id", "observed", "drift"].iter().all(|field| now["status"][field] == before["status"][field]);
        world.wait(kind, name, &format!("{path} is set back"), |object| is(object, "Ready", "True") && same(object)).await;
        assert_eq!(changes(&world).await.len(), number + 1, "{kind} {path}: {:?}", changes(&world).await);
        world.look(kind, name).await;
        for reason in ["DriftDetected", "DriftCorrected"] {
            let notes = world.told(kind, name, reason, told + 1).await;
            assert!(notes[told].contains(path) && notes[told].contains(desired) && notes[told].contains(observed), "{notes:#?}");
        }
        assert!(world.notes(kind, name, "Updated").await.is_empty(), "{path}");
    }
    world.finish().await;
}

#[tokio::test]
async fn detected_is_shown_and_left_until_the_spec_changes() {
    let world = line(&json!({ "drift": "Detect" })).await;
    let mut changed = Vec::new();
    for Field { kind, name, path, change, desired, observed } in fields() {
        world.cloud.patch(&id(&world.get(kind, name).await), change).await;
        let shown = world.look(kind, name).await;
        assert!(is(&shown, "Stalled", "True") && is(&shown, "Synced", "False") && is(&shown, "Healthy", "True"), "{shown:#}");
        assert_eq!(condition(&shown, "Ready").unwrap()["reason"], "Drifted");
        let drift = shown["status"]["drift"].as_array().unwrap();
        let expected = json!({ "path": format!("spec.{path}"), "desired": desired, "observed": observed });
        assert!(drift.contains(&expected), "{expected}: {drift:#?}");
        // Told when it was new, not at every look.
        let count = changed.iter().filter(|other| **other == (kind, name)).count() + 1;
        world.look(kind, name).await;
        assert!(world.told(kind, name, "DriftDetected", count).await[count - 1].contains(path), "{path}");
        changed.push((kind, name));
    }
    assert_eq!(changes(&world).await, Vec::<String>::new(), "nothing was set back");
    // Another field of the spec changes: then the cloud is made to match all of it.
    for (kind, name) in LINE {
        world.patch(kind, name, json!({ "spec": { "description": "new" } })).await;
        let ready = world.wait_ready(kind, name).await;
        assert!(ready["status"]["drift"].is_null(), "{ready:#}");
        assert!(world.notes(kind, name, "DriftCorrected").await.is_empty(), "{kind}: it was a wish");
        let updated = world.told(kind, name, "Updated", 1).await;
        assert!(updated[0].contains("description"), "{updated:?}");
    }
    let there = world.cloud.resources().await.to_string();
    assert!(!fields().iter().any(|field| there.contains(&format!("\"{}\"", field.observed))), "{there}");
    world.finish().await;
}

#[tokio::test]
async fn ignored_is_neither_shown_nor_set_back() {
    let world = line(&json!({ "drift": "Ignore" })).await;
    for Field { kind, name, path, change, .. } in fields() {
        world.cloud.patch(&id(&world.get(kind, name).await), change).await;
        let ready = world.look(kind, name).await;
        assert!(is(&ready, "Ready", "True") && is(&ready, "Synced", "True") && ready["status"]["drift"].is_null(), "{path}: {ready:#}");
        assert!(world.notes(kind, name, "DriftDetected").await.is_empty(), "{path}");
    }
    assert_eq!(changes(&world).await, Vec::<String>::new());
    world.finish().await;
}

#[tokio::test]
async fn an_ignored_field_is_the_clouds_until_it_is_ignored_no_more() {
    let world = line(&json!({})).await;
    for Field { kind, name, path, change, desired, .. } in fields() {
        world.patch(kind, name, json!({ "spec": { "policy": { "ignoreFields": [path] } } })).await;
        let cloud = id(&world.wait_ready(kind, name).await);
        let before = changes(&world).await.len();
        world.cloud.patch(&cloud, change).await;
        let ready = world.look(kind, name).await;
        assert!(is(&ready, "Ready", "True") && ready["status"]["drift"].is_null(), "{path}: {ready:#}");
        assert_eq!(changes(&world).await.len(), before, "{path}");
        // A field beside it is still set back, and takes nothing along.
        if path != "description" {
            world.cloud.patch(&cloud, json!({ "description": "theirs, too" })).await;
            world.look(kind, name).await;
            world.wait_ready(kind, name).await;
            let log = world.cloud.log().await;
            let last = log.iter().rfind(|entry| entry["operation"].as_str().is_some_and(|operation| operation.starts_with("Update")));
            let body = last.unwrap()["request_body"].as_object().unwrap().values().next().unwrap();
            assert_eq!(body, &json!({ "description": "ours" }), "{path}");
        }
        world.patch(kind, name, json!({ "spec": { "policy": { "ignoreFields": null } } })).await;
        let ready = world.wait_ready(kind, name).await;
        let cloud = world.cloud.resources().await.to_string();
        assert!(cloud.contains(desired) && ready["status"]["drift"].is_null(), "{path}: {ready:#}");
    }
    world.finish().await;
}

#[tokio::test]
async fn tags_are_a_field_like_others() {
    let world = line(&json!({})).await;
    for (kind, name) in [("VirtualGateway", "gw"), ("VirtualInterface", "vif")] {
        // Where nobody asks for tags, others' are left alone.
        let id_of_line = id(&world.get(kind, name).await);
        let owner = world.get(kind, name).await["status"]["observed"]["tags"]["direct-connect-operator-owner"].clone();
        let theirs = json!([{ "key": "theirs", "value": "x" }, { "key": "direct-connect-operator-owner", "value": owner }]);
        world.cloud.patch(&id_of_line, json!({ "tags": theirs })).await;
        world.look(kind, name).await;
        assert_eq!(world.wait_ready(kind, name).await["status"]["observed"]["tags"]["theirs"], "x");

        world.patch(kind, name, json!({ "spec": { "tags": { "team": "network" } } })).await;
        world.wait_ready(kind, name).await;
        let updated = world.told(kind, name, "Updated", 1).await;
        assert!(updated[0].contains("tags"), "{updated:?}");
        let before = world.get(kind, name).await;
        let tags = before["status"]["observed"]["tags"].clone();
        assert!(tags["direct-connect-operator-owner"].as_str().unwrap().ends_with(&format!("{}/{name}", world.namespace)), "{tags}");
        // The owner's tag was taken off and another put on: it is still the one whose id we know.
        world.cloud.patch(&id(&before), json!({ "tags": [{ "key": "theirs", "value": "x" }] })).await;
        world.look(kind, name).await;
        let ready = world.wait_ready(kind, name).await;
        assert_eq!((id(&ready), &ready["status"]["observed"]["tags"]), (id(&before), &tags));
        // Two calls, one tale.
        for reason in ["DriftDetected", "DriftCorrected"] {
            assert!(world.told(kind, name, reason, 1).await[0].contains("tags"), "{reason}");
        }
        assert_eq!(world.notes(kind, name, "Updated").await, updated);

        world.patch(kind, name, json!({ "spec": { "policy": { "drift": "Detect" } } })).await;
        world.wait_ready(kind, name).await;
        world.cloud.patch(&id(&before), json!({ "tags": [{ "key": "theirs", "value": "x" }] })).await;
        let shown = world.look(kind, name).await;
        let drift = &shown["status"]["drift"][0];
        assert_eq!((&drift["path"], &drift["observed"]), (&json!("spec.tags"), &json!("theirs=x")), "{shown:#}");

        world.patch(kind, name, json!({ "spec": { "policy": { "drift": null, "ignoreFields": ["tags"] } } })).await;
        let ready = world.wait_ready(kind, name).await;
        assert_eq!(ready["status"]["observed"]["tags"], json!({ "theirs": "x" }), "{ready:#}");
        world.patch(kind, name, json!({ "spec": { "policy": { "ignoreFields": null } } })).await;
        let ready = world.wait_ready(kind, name).await;
        assert_eq!(ready["status"]["observed"]["tags"], tags, "{ready:#}");
    }
    world.finish().await;
}

#[tokio::test]
async fn a_pause_is_no_change_of_the_spec() {
    const PAUSED: &str = "directconnect.huaweicloud.com/paused";
    let world = line(&json!({ "drift": "Detect" })).await;
    world.cloud.patch(&id(&world.get("VirtualGateway", "gw").await), json!({ "name": "theirs" })).await;
    world.look("VirtualGateway", "gw").await;
    world.patch("VirtualGateway", "gw", json!({ "metadata": { "annotations": { PAUSED: "true" } } })).await;
    world
        .wait("VirtualGateway", "gw", "paused", |object| condition(object, "Synced").is_some_and(|synced| synced["reason"] == "Paused"))
        .await;
    world.patch("VirtualGateway", "gw", json!({ "metadata": { "annotations": { PAUSED: null } } })).await;
    let shown = world.look("VirtualGateway", "gw").await;
    assert_eq!(condition(&shown, "Synced").unwrap()["reason"], "Drifted", "{shown:#}");
    assert_eq!(changes(&world).await, Vec::<String>::new());
    // But one that came during the pause is.
    world
        .patch("VirtualGateway", "gw", json!({ "metadata": { "annotations": { PAUSED: "true" } }, "spec": { "description": "new" } }))
        .await;
    world
        .wait("VirtualGateway", "gw", "paused", |object| condition(object, "Synced").is_some_and(|synced| synced["reason"] == "Paused"))
        .await;
    world.patch("VirtualGateway", "gw", json!({ "metadata": { "annotations": { PAUSED: null } } })).await;
    world.wait_ready("VirtualGateway", "gw").await;
    let there = world.cloud.all("virtual_gateways").await;
    assert_eq!((&there[0]["name"], &there[0]["description"]), (&json!("gw"), &json!("new")));
    world.finish().await;
}
