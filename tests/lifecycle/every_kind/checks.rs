//! The life of one object, and what the cloud may do to it.

use direct_connect_operator::kinds;
use serde_json::{Value, json};
use support::line::id;
use support::world::{BOUND, condition, is};

use super::row::{NAME, Row, holds};

/// One create, all columns filled, nothing written afterwards; one delete.
pub async fn comes_up_and_goes(row: &Row) {
    let (world, ids) = row.world().await;
    let since = row.now(&world).await;
    let ready = row.up(&world, &ids).await;
    assert!(is(&ready, "Synced", "True"), "{ready:#}");
    assert_eq!(condition(&ready, "Healthy").map(|healthy| &healthy["status"]), row.healthy.map(Value::from).as_ref(), "{ready:#}");
    assert!(condition(&ready, "Stalled").is_none() && condition(&ready, "Reconciling").is_none(), "{ready:#}");
    assert!(holds(&ready["status"]["observed"], &(row.observed)()), "{ready:#}");
    for (column, path) in columns(row.kind) {
        let value = ready.pointer(&path).filter(|value| !value.is_null());
        assert_eq!(value.is_none(), row.blank.contains(&column.as_str()), "column {column}: {ready:#}");
    }
    assert_eq!(row.written(&world, since).await, row.create.into_iter().collect::<Vec<_>>());
    let ready = row.is_settled(&world).await;

    let since = row.now(&world).await;
    world.delete(row.kind, NAME).await;
    world.wait_gone(row.kind, NAME).await;
    assert_eq!(row.written(&world, since).await, row.delete.into_iter().collect::<Vec<_>>());
    assert_eq!(world.cloud.find(&id(&ready)).await.is_none(), row.delete.is_some(), "{}", world.cloud.resources().await);
    if row.delete.is_some() {
        world.finish().await;
    } else {
        world.cloud.check_contract().await;
    }
}

/// Columns that show a field, each with its JSON pointer.
fn columns(kind: &str) -> Vec<(String, String)> {
    let crd = kinds::crds().into_iter().find(|crd| crd.spec.names.kind == kind).unwrap();
    let columns = crd.spec.versions.into_iter().next().unwrap().additional_printer_columns.unwrap();
    let fields = columns.into_iter().filter(|column| !column.json_path.contains('['));
    fields.map(|column| (column.name, column.json_path.replace('.', "/"))).collect()
}

pub async fn fields_change_with_the_fewest_calls(row: &Row) {
    let (world, ids) = row.world().await;
    let cloud = id(&row.up(&world, &ids).await);
    for change in (row.changes)() {
        let since = row.now(&world).await;
        world.patch(row.kind, NAME, json!({ "spec": change.spec })).await;
        let ready = world.wait_ready(row.kind, NAME).await;
        assert_eq!(id(&ready), cloud, "{}: {}", row.kind, change.spec);
        assert_eq!(row.asked(&world, since).await, change.calls, "{}: {}", row.kind, change.spec);
        let shown = row.shown(&world, &cloud).await;
        assert!(holds(&shown, &change.shown), "{}: {}: {shown:#}", row.kind, change.spec);
        row.is_settled(&world).await;
    }
    assert!(world.notes(row.kind, NAME, "DriftCorrected").await.is_empty(), "{}: they were wishes", row.kind);
    world.cloud.check_contract().await;
}

pub async fn drift_is_corrected(row: &Row) {
    let Some(update) = row.update else { return };
    let (world, ids) = row.world().await;
    let cloud = id(&row.up(&world, &ids).await);
    let drift = (row.drift)();
    let since = row.now(&world).await;
    world.cloud.patch(&cloud, drift.theirs).await;
    world.look(row.kind, NAME).await;
    let note = world.told(row.kind, NAME, "DriftCorrected", 1).await.remove(0);
    assert!(note.contains(drift.field), "{note}");
    let ready = world.wait_ready(row.kind, NAME).await;
    assert!(ready["status"]["drift"].is_null(), "{ready:#}");
    let shown = row.shown(&world, &cloud).await;
    assert!(holds(&shown, &drift.ours), "{shown:#}");
    assert_eq!(row.asked(&world, since).await, [update]);
    row.is_settled(&world).await;
}

pub async fn what_somebody_deletes_is_made_again(row: &Row) {
    let Some(create) = row.create else { return };
    let (world, ids) = row.world().await;
    let cloud = id(&row.up(&world, &ids).await);
    let since = row.now(&world).await;
    world.cloud.delete(&cloud).await;
    world.look(row.kind, NAME).await;
    support::eventually("it is made again", BOUND, || async { (row.written(&world, since).await == [create]).then_some(()) }).await;
    let ready = world.wait_ready(row.kind, NAME).await;
    row.shown(&world, &id(&ready)).await;
    row.is_settled(&world).await;
    assert_eq!(row.written(&world, since).await, [create]);
    world.finish().await;
}

/// The cloud has words that no document knows. What it does then is not disturbed, and wishes wait.
pub async fn a_word_that_nobody_knows_stops_all_writes(row: &Row) {
    let (world, ids) = row.world().await;
    let cloud = id(&row.up(&world, &ids).await);
    let status = row.shown(&world, &cloud).await["status"].clone();
    let since = row.now(&world).await;
    world.cloud.patch(&cloud, json!({ "status": "REBALANCING" })).await;
    world.look(row.kind, NAME).await;
    let wish = (row.changes)().into_iter().next();
    if let Some(wish) = &wish {
        world.patch(row.kind, NAME, json!({ "spec": wish.spec })).await;
    }
    let told = world.look(row.kind, NAME).await;
    let reconciling = condition(&told, "Reconciling").unwrap_or_else(|| panic!("{told:#}"));
    assert_eq!(reconciling["reason"], "Settling", "{told:#}");
    world.look(row.kind, NAME).await;
    assert_eq!(row.asked(&world, since).await, Vec::<String>::new(), "{}", row.kind);
    world.cloud.patch(&cloud, json!({ "status": status })).await;
    world.look(row.kind, NAME).await;
    world.wait_ready(row.kind, NAME).await;
    let shown = row.shown(&world, &cloud).await;
    assert!(wish.is_none_or(|wish| holds(&shown, &wish.shown)), "{shown:#}");
}

/// The cloud gave up on it: that is said, and nothing is repaired.
pub async fn an_error_is_told(row: &Row) {
    let (world, ids) = row.world().await;
    let cloud = id(&row.up(&world, &ids).await);
    let since = row.now(&world).await;
    world.cloud.patch(&cloud, json!({ "status": "ERROR" })).await;
    world.ask(row.kind, NAME, "error").await;
    let failed = world.wait_reason(row.kind, NAME, "CloudFailed").await;
    assert!(is(&failed, "Stalled", "True"), "{failed:#}");
    assert_eq!(id(&failed), cloud);
    assert_eq!(row.asked(&world, since).await, Vec::<String>::new(), "{}", row.kind);
    // It can be deleted all the same.
    world.delete(row.kind, NAME).await;
    world.wait_gone(row.kind, NAME).await;
    let left = world.cloud.find(&cloud).await;
    assert_eq!(left.as_ref().map(|left: &Value| &left["status"]), row.delete.is_none().then_some(&json!("ERROR")));
}
