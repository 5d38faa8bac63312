//! Calls that fail, and what the object says of it.

use serde_json::{Value, json};
use support::line::id;
use support::world::{condition, is};

use super::row::{NAME, Row};

/// The credentials may do all but this.
fn refused(operation: &str) -> Value {
    json!({ "operation": operation, "kind": "status", "status": 403, "code": "DC.0013", "message": "no" })
}

/// The condition and `status.lastError` tell the code of [`refused`].
fn tells(object: &Value, operation: &str) {
    let ready = condition(object, "Ready").unwrap();
    let message = ready["message"].as_str().unwrap();
    assert!(is(object, "Ready", "False") && message.contains("DC.0013") && message.contains(operation), "{object:#}");
    let last = &object["status"]["lastError"];
    assert_eq!((&last["code"], &last["operation"]), (&json!("DC.0013"), &json!(operation)), "{object:#}");
}

pub async fn a_lost_answer_makes_no_second_one(row: &Row) {
    let Some(create) = row.create else { return };
    let (world, ids) = row.world().await;
    let since = row.now(&world).await;
    world.cloud.fault(json!({ "operation": create, "kind": "lose_answer" })).await;
    let ready = row.up(&world, &ids).await;
    assert!(world.told(row.kind, NAME, "Adopted", 1).await[0].contains(&id(&ready)));
    assert_eq!(row.written(&world, since).await, [create]);
    row.is_settled(&world).await;
    // Neither does one that is lost on its way to the delete.
    let (Some(delete), since) = (row.delete, row.now(&world).await) else { return };
    world.cloud.fault(json!({ "operation": delete, "kind": "lose_answer" })).await;
    world.delete(row.kind, NAME).await;
    world.wait_gone(row.kind, NAME).await;
    assert_eq!(row.written(&world, since).await, [delete]);
    world.finish().await;
}

pub async fn a_refused_create_is_told_with_its_code(row: &Row) {
    let Some(create) = row.create else { return };
    let (world, ids) = row.world().await;
    let since = row.now(&world).await;
    world.cloud.fault(refused(create)).await;
    world.apply(&row.object(&ids, &json!({}))).await;
    tells(&world.wait_reason(row.kind, NAME, "Forbidden").await, create);
    world.look(row.kind, NAME).await;
    let tried = row.asked(&world, since).await;
    assert!(tried.len() <= 2 && tried.iter().all(|operation| operation == create), "it is not tried again and again: {tried:?}");
    // A change of the spec is a reason to.
    world.patch(row.kind, NAME, json!({ "spec": { "policy": { "drift": "Correct" } } })).await;
    let ready = world.wait_ready(row.kind, NAME).await;
    assert!(ready["status"]["lastError"].is_null(), "{ready:#}");
    assert_eq!(row.asked(&world, since).await, [create, create]);
}

pub async fn a_refused_update_is_told_with_its_code(row: &Row) {
    let (world, ids) = row.world().await;
    row.up(&world, &ids).await;
    let since = row.now(&world).await;
    let changes = (row.changes)();
    let [first, second, ..] = changes.as_slice() else { return };
    let ([call], [_]) = (first.calls, second.calls) else { panic!("{}: two changes of one call each come first", row.kind) };
    world.cloud.fault(refused(call)).await;
    world.patch(row.kind, NAME, json!({ "spec": first.spec })).await;
    tells(&world.wait_reason(row.kind, NAME, "Forbidden").await, call);
    world.patch(row.kind, NAME, json!({ "spec": second.spec })).await;
    let ready = world.wait_ready(row.kind, NAME).await;
    assert!(ready["status"]["lastError"].is_null(), "{ready:#}");
    assert_eq!(row.asked(&world, since).await.first().map(String::as_str), Some(*call));
}

pub async fn a_full_quota_is_told_and_tried_again_when_there_is_room(row: &Row) {
    let Some((quota, create)) = row.quota.zip(row.create) else { return };
    let (world, ids) = row.world().await;
    let there = world.cloud.all(row.table).await.len();
    let since = row.now(&world).await;
    world.cloud.settings(json!({ "quotas": { quota: there } })).await;
    world.apply(&row.object(&ids, &json!({}))).await;
    let full = world.wait_reason(row.kind, NAME, "QuotaExceeded").await;
    assert!(is(&full, "Stalled", "True"), "{full:#}");
    world.cloud.settings(json!({ "quotas": { quota: there + 1 } })).await;
    world.wait_ready(row.kind, NAME).await;
    assert_eq!(row.written(&world, since).await, [create]);
}

pub async fn a_feature_that_is_disabled_is_not_used(row: &Row) {
    let Some(feature) = row.feature else { return };
    let (world, ids) = row.world().await;
    world.patch_account(json!({ "features": { feature: "disabled" } })).await;
    world.account_in_force().await;
    world.apply(&row.object(&ids, &row.asked_for())).await;
    let told = world.wait_reason(row.kind, NAME, "Unsupported").await;
    let message = condition(&told, "Ready").unwrap()["message"].as_str().unwrap();
    assert!(message.contains("spec.features"), "{message}");
    let calls = world.cloud.counters().await;
    for operation in [row.create, Some(row.list)].into_iter().flatten() {
        assert!(calls[operation].is_null(), "{operation}: {calls:#}");
    }
    world.patch_account(json!({ "features": null })).await;
    if row.create.is_none() {
        row.make_foreign(&world, &ids).await;
    }
    world.wait_ready(row.kind, NAME).await;
}

/// Told once, and no obstacle to the deletion of what never was.
pub async fn a_region_without_the_kind_is_not_asked_again(row: &Row) {
    if row.feature.is_none() {
        return;
    }
    let (world, ids) = row.world().await;
    let absent =
        json!({ "operation": row.list, "kind": "status", "status": 404, "code": "APIGW.0101", "message": "no api", "times": 1000 });
    world.cloud.fault(absent).await;
    let since = row.now(&world).await;
    world.apply(&row.object(&ids, &row.asked_for())).await;
    let told = world.wait_reason(row.kind, NAME, "Unsupported").await;
    assert!(is(&told, "Stalled", "True"), "{told:#}");
    let lists = world.cloud.count(row.list).await;
    world.ask(row.kind, NAME, "again").await;
    world.wait_reason(row.kind, NAME, "Unsupported").await;
    world.delete(row.kind, NAME).await;
    world.wait_gone(row.kind, NAME).await;
    assert_eq!((world.cloud.count(row.list).await, row.asked(&world, since).await), (lists, Vec::new()));
}

/// The next calls of `operation` fail so.
fn fails(operation: &str, status: u16, code: &str, times: u32) -> Value {
    json!({ "operation": operation, "kind": "status", "status": status, "code": code, "message": "no", "times": times })
}

/// The cloud asks for a pause: that is told, whatever the call, and what was asked for comes about when it is over.
pub async fn a_call_that_is_throttled_is_told_and_made_after_the_pause(row: &Row) {
    const PAUSE: u32 = 3;
    let (world, ids) = row.world().await;
    let change = (row.changes)().into_iter().next();
    let throttled = async |operation: &str| {
        let told = world.wait_reason(row.kind, NAME, "Throttled").await;
        assert!(is(&told, "Reconciling", "True"), "{told:#}");
        let last = &told["status"]["lastError"];
        assert_eq!((&last["code"], &last["operation"]), (&json!("APIGW.0308"), &json!(operation)), "{told:#}");
    };
    let fault = |operation: &str| {
        let mut fault = fails(operation, 429, "APIGW.0308", 1);
        fault["retry_after_s"] = json!(PAUSE);
        fault
    };
    let since = row.now(&world).await;
    let mut expected = Vec::new();
    if let Some(create) = row.create {
        world.cloud.fault(fault(create)).await;
        world.apply(&row.object(&ids, &json!({}))).await;
        throttled(create).await;
        world.wait_ready(row.kind, NAME).await;
        expected.push(create);
    } else {
        row.up(&world, &ids).await;
    }
    if let Some(change) = change {
        world.cloud.fault(fault(change.calls[0])).await;
        world.patch(row.kind, NAME, json!({ "spec": change.spec })).await;
        throttled(change.calls[0]).await;
        world.wait_ready(row.kind, NAME).await;
        expected.extend(change.calls);
    }
    if let Some(delete) = row.delete {
        world.cloud.fault(fault(delete)).await;
        world.delete(row.kind, NAME).await;
        throttled(delete).await;
        world.wait_gone(row.kind, NAME).await;
        expected.push(delete);
    }
    assert_eq!(row.written(&world, since).await, expected, "each once");
}

/// What can't be is told and makes nothing; what may have been is looked for; what passes by itself is tried again.
pub async fn each_class_of_error_is_told_at_each_call(row: &Row) {
    const UNAVAILABLE: (u16, &str) = (503, "APIGW.0613");
    let (world, ids) = row.world().await;
    let since = row.now(&world).await;
    if let Some(create) = row.create {
        for (status, code, reason) in [(400, "DC.9999", "Invalid"), (409, "DC.9999", "Conflict")] {
            // A create that may be refused for its tags is tried with fewer of them, and without.
            world.cloud.fault(fails(create, status, code, 3)).await;
            world.apply(&row.object(&ids, &json!({}))).await;
            let told = world.wait_reason(row.kind, NAME, reason).await;
            assert!(is(&told, "Stalled", "True") && told["status"]["lastError"]["code"] == code, "{told:#}");
            world.delete(row.kind, NAME).await;
            world.wait_gone(row.kind, NAME).await;
            world.cloud.clear_faults().await;
        }
        assert_eq!(row.written(&world, since).await, [""; 0]);
        world.cloud.fault(fails(create, UNAVAILABLE.0, UNAVAILABLE.1, 1)).await;
    }
    row.up(&world, &ids).await;
    assert_eq!(row.written(&world, since).await, row.create.into_iter().collect::<Vec<_>>(), "it is made once");
    if let Some(change) = (row.changes)().first() {
        let since = row.now(&world).await;
        world.cloud.fault(fails(change.calls[0], UNAVAILABLE.0, UNAVAILABLE.1, 1)).await;
        world.patch(row.kind, NAME, json!({ "spec": change.spec })).await;
        let told = world.wait_reason(row.kind, NAME, "CloudUnavailable").await;
        assert!(is(&told, "Reconciling", "True"), "{told:#}");
        world.wait_ready(row.kind, NAME).await;
        assert_eq!(row.written(&world, since).await, change.calls);
    }
    if let Some(delete) = row.delete {
        world.cloud.fault(fails(delete, 400, "DC.0001", 1)).await;
        world.cloud.fault(fails(delete, UNAVAILABLE.0, UNAVAILABLE.1, 1)).await;
        world.delete(row.kind, NAME).await;
        for reason in ["InUse", "CloudUnavailable"] {
            let told = world.wait_reason(row.kind, NAME, reason).await;
            assert!(is(&told, "Reconciling", "True"), "{told:#}");
        }
        world.wait_gone(row.kind, NAME).await;
    }
}
