//! What is in the cloud already, and who may have it.

use serde_json::{Value, json};
use support::line::{id, with};
use support::world::{World, condition, is};

use super::row::{Ids, NAME, Row};

pub async fn an_import_by_id_takes_over(row: &Row) {
    if row.by_id {
        let (world, ids) = row.world().await;
        let foreign = row.make_foreign(&world, &ids).await;
        takes_over(row, &world, &ids, &json!({ "id": foreign }), &foreign).await;
    }
}

pub async fn an_import_by_its_natural_key_takes_over(row: &Row) {
    if row.by_natural_key {
        let (world, ids) = row.world().await;
        let foreign = row.make_foreign(&world, &ids).await;
        takes_over(row, &world, &ids, &json!({ "naturalKey": true }), &foreign).await;
    }
}

async fn takes_over(row: &Row, world: &World, ids: &Ids, import: &Value, foreign: &str) {
    let since = row.now(world).await;
    world.apply(&row.object(ids, &json!({ "import": import }))).await;
    let ready = world.wait_ready(row.kind, NAME).await;
    assert_eq!(id(&ready), foreign, "{import}");
    // The owner's tag at most.
    let written = row.asked(world, since).await;
    assert!(written.iter().all(|operation| operation == "BatchCreateResourceTags") && written.len() <= 1, "{import}: {written:?}");
    row.is_settled(world).await;
    let since = row.now(world).await;
    world.delete(row.kind, NAME).await;
    world.wait_gone(row.kind, NAME).await;
    assert_eq!(row.written(world, since).await, row.delete.into_iter().collect::<Vec<_>>(), "what was taken over goes with its object");
}

pub async fn the_younger_of_two_objects_waits_for_the_older(row: &Row) {
    const YOUNGER: &str = "younger";
    let (world, ids) = row.world().await;
    let cloud = id(&row.up(&world, &ids).await);
    let since = row.now(&world).await;
    let mut younger = row.object(&ids, &row.asked_for());
    younger["metadata"]["name"] = json!(YOUNGER);
    world.apply(&younger).await;
    let message = conflict(&world, row, YOUNGER).await;
    assert!(message.contains(&format!("{} {}/{NAME}", row.kind, world.namespace)) && message.contains(&cloud), "{message}");
    assert_eq!(row.asked(&world, since).await, Vec::<String>::new());
    // It never had anything: its deletion leaves the other's alone.
    world.delete(row.kind, YOUNGER).await;
    world.wait_gone(row.kind, YOUNGER).await;
    assert_eq!(row.asked(&world, since).await, Vec::<String>::new());
    world.apply(&younger).await;
    conflict(&world, row, YOUNGER).await;
    world.delete(row.kind, NAME).await;
    world.wait_gone(row.kind, NAME).await;
    world.wait_ready(row.kind, YOUNGER).await;
    assert_eq!(row.written(&world, since).await, row.delete.into_iter().chain(row.create).collect::<Vec<_>>());
}

/// They are in no order: whichever is first has it, also where the cloud would take both.
pub async fn of_two_objects_in_the_same_moment_one_has_the_resource(row: &Row) {
    let (world, ids) = row.world().await;
    if let Some(create) = row.create {
        world.cloud.settings(json!({ "latencies": { "operations": { create: 700 } } })).await;
    } else {
        row.make_foreign(&world, &ids).await;
    }
    let since = row.now(&world).await;
    let names = [NAME, "twin"];
    let objects = names.map(|name| {
        let mut object = row.object(&ids, &row.asked_for());
        object["metadata"]["name"] = json!(name);
        object
    });
    tokio::join!(world.apply(&objects[0]), world.apply(&objects[1]));
    let (has, has_not) = tokio::select! {
        _ = world.wait_ready(row.kind, names[0]) => (names[0], names[1]),
        _ = world.wait_ready(row.kind, names[1]) => (names[1], names[0]),
    };
    conflict(&world, row, has_not).await;
    assert_eq!(row.written(&world, since).await, row.create.into_iter().collect::<Vec<_>>());
    world.delete(row.kind, has).await;
    world.wait_gone(row.kind, has).await;
    world.wait_ready(row.kind, has_not).await;
}

pub async fn what_somebody_else_has_made_is_not_touched(row: &Row) {
    if row.create.is_none() {
        return;
    }
    let (world, ids) = row.world().await;
    let foreign = row.make_foreign(&world, &ids).await;
    let before = row.shown(&world, &foreign).await;
    let since = row.now(&world).await;
    world.apply(&row.object(&ids, &json!({}))).await;
    let message = conflict(&world, row, NAME).await;
    assert!(message.contains(&foreign) && message.contains("spec.import"), "{message}");
    world.look(row.kind, NAME).await;
    assert_eq!((row.asked(&world, since).await, row.shown(&world, &foreign).await), (Vec::new(), before));
    // The place is free.
    world.cloud.delete(&foreign).await;
    world.look(row.kind, NAME).await;
    world.wait_ready(row.kind, NAME).await;
    assert_eq!(row.written(&world, since).await, row.create.into_iter().collect::<Vec<_>>());
    world.finish().await;
}

/// Waits for the reason `Conflict` and returns its message.
async fn conflict(world: &World, row: &Row, name: &str) -> String {
    let stalled = world.wait_reason(row.kind, name, "Conflict").await;
    assert!(is(&stalled, "Stalled", "True") && stalled["status"]["id"].is_null(), "{stalled:#}");
    assert!(stalled["status"]["observed"].is_null(), "somebody else's is not shown: {stalled:#}");
    condition(&stalled, "Ready").unwrap()["message"].as_str().unwrap().to_owned()
}

pub async fn what_is_only_observed_is_not_written(row: &Row) {
    let (world, ids) = row.world().await;
    let since = row.now(&world).await;
    let import = if row.by_natural_key { json!({ "naturalKey": true }) } else { Value::Null };
    let observed = with(row.object(&ids, &json!({})), &json!({ "policy": { "management": "ObserveOnly" }, "import": import }));
    world.apply(&observed).await;
    world.wait_reason(row.kind, NAME, "NotFound").await;
    let foreign = row.make_foreign(&world, &ids).await;
    world.look(row.kind, NAME).await;
    if !row.by_natural_key {
        world.patch(row.kind, NAME, json!({ "spec": { "import": { "id": foreign } } })).await;
    }
    let ready = world.wait_ready(row.kind, NAME).await;
    assert_eq!((id(&ready), &condition(&ready, "Ready").unwrap()["reason"]), (foreign.clone(), &json!("Observed")));
    differs(row, &world, &foreign).await;
    world.delete(row.kind, NAME).await;
    world.wait_gone(row.kind, NAME).await;
    assert_eq!(row.asked(&world, since).await, Vec::<String>::new());
    row.shown(&world, &foreign).await;
}

/// What differs is told.
async fn differs(row: &Row, world: &World, foreign: &str) {
    if row.update.is_none() {
        return;
    }
    let drift = (row.drift)();
    world.cloud.patch(foreign, drift.theirs).await;
    let shown = world.look(row.kind, NAME).await;
    assert!(is(&shown, "Synced", "False"), "{shown:#}");
    assert_eq!(shown["status"]["drift"][0]["path"], json!(format!("spec.{}", drift.field)), "{shown:#}");
}
