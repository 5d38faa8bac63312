//! The plan of each kind: of its create, of each field that can change, and of its deletion. The view that is made of statuses says the same as the
//! cloud.

use serde_json::{Value, json};
use support::line::with;
use support::world::World;

use super::{operations, plan, timeless};
use crate::every_kind::row::{Ids, NAME, Row};

/// Makes the test of each row.
macro_rules! each_kind {
    ($($name:ident,)+) => {
        $(#[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            is_planned(&crate::every_kind::rows::$name::ROW).await;
        })+
    };
}

for_each_row!(each_kind);

async fn is_planned(row: &Row) {
    let (world, ids) = row.world().await;
    created(row, &world, &ids).await;
    let mut object = row.object(&ids, &row.asked_for());
    assert_eq!(one(&world, &object).await["action"], "none", "{}: just applied", row.kind);
    for change in (row.changes)() {
        object = with(object, &change.spec);
        let planned = one(&world, &object).await;
        let mut planned_calls = operations(&planned);
        planned_calls.dedup();
        let mut calls = change.calls.to_vec();
        calls.dedup();
        assert_eq!(planned_calls, calls, "{} {}: {planned:#}", row.kind, change.spec);
        world.apply(&object).await;
        world.wait_ready(row.kind, NAME).await;
        row.is_settled(&world).await;
        assert_eq!(one(&world, &object).await["action"], "none", "{} {}: applied", row.kind, change.spec);
    }
    let planned = plan(&world, &[object], &["--delete"]);
    assert_eq!(planned[0]["action"], "delete", "{}", row.kind);
    assert_eq!(operations(&planned[0]), row.delete.into_iter().collect::<Vec<_>>(), "{}: {planned:#?}", row.kind);
    world.finish().await;
}

/// Plans its create, and lets it happen.
async fn created(row: &Row, world: &World, ids: &Ids) {
    let object = row.object(ids, &row.asked_for());
    if let Some(create) = row.create {
        let planned = one(world, &object).await;
        assert_eq!(planned["action"], "create", "{planned:#}");
        assert_eq!(operations(&planned).first(), Some(&create), "{planned:#}");
    } else {
        let planned = plan(world, std::slice::from_ref(&object), &["--cloud"]);
        assert_eq!((&planned[0]["action"], &planned[0]["reason"]), (&json!("refused"), &json!("NotFound")), "there is none yet");
    }
    row.up(world, ids).await;
    row.is_settled(world).await;
}

/// The plan of one object, which is the same by the statuses and by the cloud. Only what neither the object in the cluster nor its status says of the
/// description the cloud alone can say.
async fn one(world: &World, object: &Value) -> Value {
    let (kind, name) = (object["kind"].as_str().unwrap(), object["metadata"]["name"].as_str().unwrap());
    let present = world.api(kind).get_opt(name).await.unwrap();
    let is_open = present.is_some_and(|present| present.data["spec"]["description"].is_null());
    let read = |more: &[&str]| {
        let mut planned = timeless(plan(world, std::slice::from_ref(object), more));
        if let (true, Some(changes)) = (is_open, planned[0].get_mut("changes").and_then(Value::as_array_mut)) {
            changes.retain(|change| change["path"] != "description");
        }
        planned
    };
    let (by_status, by_cloud) = (read(&[]), read(&["--cloud"]));
    assert_eq!(by_status, by_cloud, "by the statuses, and by the cloud");
    by_status.into_iter().next().unwrap()
}
