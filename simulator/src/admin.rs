//! The admin API: what a test may see and do behind the cloud's back.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    routing::{get, patch, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    faults::Rule,
    http::render,
    outofband,
    service::{Service, World},
    state::Object,
};

type Refused = (StatusCode, Json<Value>);
type Shared = State<Arc<Service>>;

pub fn router() -> Router<Arc<Service>> {
    Router::new()
        .route("/admin/health", get(async || Json(json!({"status": "ok"}))))
        .route("/admin/settings", get(show_settings).patch(patch_settings))
        .route("/admin/faults", get(list_faults).post(add_fault).delete(clear_faults))
        .route("/admin/log", get(log))
        .route("/admin/counters", get(counters))
        .route("/admin/tokens/expire", post(expire_tokens))
        .route("/admin/resources", get(resources).post(create_resource))
        .route("/admin/resources/{id}", patch(patch_resource).delete(delete_resource))
        .route("/admin/settle", post(settle))
        .route("/admin/reset", post(reset))
}

async fn show_settings(State(service): Shared) -> Json<Value> {
    Json(json!(*service.world().settings))
}

async fn patch_settings(State(service): Shared, Json(patch): Json<Value>) -> Result<Json<Value>, Refused> {
    let mut world = service.world();
    let patched = world.settings.patched(&patch).map_err(|error| bad(&error.to_string()))?;
    world.settings = Arc::new(patched);
    Ok(Json(json!(*world.settings)))
}

async fn list_faults(State(service): Shared) -> Json<Value> {
    Json(json!({"faults": service.world().faults.rules()}))
}

/// Takes a `Value`, so that a malformed rule is answered by a sentence.
async fn add_fault(State(service): Shared, Json(rule): Json<Value>) -> Result<StatusCode, Refused> {
    let rule: Rule = serde_json::from_value(rule).map_err(|error| bad(&error.to_string()))?;
    service.world().faults.add(rule);
    Ok(StatusCode::CREATED)
}

async fn clear_faults(State(service): Shared) -> StatusCode {
    service.world().faults.clear();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct Since {
    #[serde(default)]
    since: u64,
}

async fn log(State(service): Shared, Query(Since { since }): Query<Since>) -> Json<Value> {
    Json(service.world().journal.since(since))
}

async fn counters(State(service): Shared) -> Json<Value> {
    Json(service.world().journal.counters())
}

async fn expire_tokens(State(service): Shared) -> StatusCode {
    let mut world = service.world();
    let now = world.now();
    world.tokens.expire(now.timestamp);
    StatusCode::NO_CONTENT
}

async fn resources(State(service): Shared) -> Json<Value> {
    let mut world = service.world();
    let now = world.now();
    world.settle(now);
    let World { cloud, settings, .. } = &*world;
    let list = |table: &crate::state::Table, show: fn(&Object, &crate::settings::Settings) -> Value| -> Vec<Value> {
        table.values().map(|object| show(object, settings)).collect()
    };
    Json(json!({
        "direct_connects": list(&cloud.connections, render::connection),
        "virtual_gateways": list(&cloud.gateways, render::gateway),
        "virtual_interfaces": list(&cloud.interfaces, render::interface),
        "switchover_test_records": list(&cloud.switchovers, |record, _| Value::Object(record.clone())),
    }))
}

#[derive(Deserialize)]
struct Foreign {
    kind: String,
    body: Object,
}

async fn create_resource(State(service): Shared, Json(request): Json<Value>) -> Result<(StatusCode, Json<Value>), Refused> {
    let Foreign { kind, body } = serde_json::from_value(request).map_err(|error| bad(&error.to_string()))?;
    let project = service.first_project().to_owned();
    let mut world = service.world();
    let now = world.now();
    let created = outofband::create(&mut world.cloud, &kind, body, &project, now);
    created
        .map(|object| (StatusCode::CREATED, Json(Value::Object(object))))
        .ok_or_else(|| bad("kind is unknown, or vif_id names no interface"))
}

async fn patch_resource(State(service): Shared, Path(id): Path<String>, Json(change): Json<Value>) -> Result<Json<Value>, Refused> {
    let Value::Object(change) = change else {
        return Err(bad("the body must be an object"));
    };
    let mut world = service.world();
    let now = world.now();
    world.settle(now);
    outofband::change(&mut world.cloud, &id, change).map(|object| Json(Value::Object(object))).ok_or_else(absent)
}

async fn delete_resource(State(service): Shared, Path(id): Path<String>) -> Result<StatusCode, Refused> {
    let deleted = outofband::delete(&mut service.world().cloud, &id);
    if deleted { Ok(StatusCode::NO_CONTENT) } else { Err(absent()) }
}

async fn settle(State(service): Shared) -> StatusCode {
    let mut world = service.world();
    let now = world.now();
    world.cloud.agenda.hasten(now);
    world.settle(now);
    StatusCode::NO_CONTENT
}

async fn reset(State(service): Shared) -> StatusCode {
    service.reset();
    StatusCode::NO_CONTENT
}

fn bad(message: &str) -> Refused {
    (StatusCode::BAD_REQUEST, Json(json!({"error": message})))
}

fn absent() -> Refused {
    (StatusCode::NOT_FOUND, Json(json!({"error": "there is no such resource"})))
}
