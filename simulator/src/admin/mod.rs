//! The admin API under `/admin`, with which tests inspect and control the simulator.

mod resources;

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
    faults::FaultRule,
    operations::{global_gateways, peer_links, render},
    server::{Simulator, SimulatorState},
    settings::Settings,
    state::{Object, Table},
};

type AdminError = (StatusCode, Json<Value>);
type Shared = State<Arc<Simulator>>;

pub fn router() -> Router<Arc<Simulator>> {
    Router::new()
        .route("/admin/health", get(async || Json(json!({"status": "ok"}))))
        .route("/admin/settings", get(show_settings).patch(patch_settings))
        .route("/admin/faults", get(list_faults).post(add_fault).delete(clear_faults))
        .route("/admin/log", get(log))
        .route("/admin/counters", get(counters))
        .route("/admin/exchanges", get(exchanges))
        .route("/admin/tokens/expire", post(expire_tokens))
        .route("/admin/temporary-keys/expire", post(expire_keys))
        .route("/admin/resources", get(list_resources).post(create_resource))
        .route("/admin/resources/{id}", patch(patch_resource).delete(delete_resource))
        .route("/admin/settle", post(settle))
        .route("/admin/connections/freeze", post(freeze))
        .route("/admin/reset", post(reset))
}

async fn show_settings(State(simulator): Shared) -> Json<Value> {
    Json(json!(*simulator.state().settings))
}

async fn patch_settings(State(simulator): Shared, Json(patch): Json<Value>) -> Result<Json<Value>, AdminError> {
    let mut state = simulator.state();
    let patched = state.settings.patched(&patch).map_err(|error| bad_request(&error.to_string()))?;
    state.settings = Arc::new(patched);
    state.remember();
    Ok(Json(json!(*state.settings)))
}

async fn list_faults(State(simulator): Shared) -> Json<Value> {
    Json(json!({"faults": simulator.state().faults.rules()}))
}

/// Parses the rule itself instead of in an extractor, so that an invalid one is answered with the error format of this API.
async fn add_fault(State(simulator): Shared, Json(rule): Json<Value>) -> Result<StatusCode, AdminError> {
    let rule: FaultRule = serde_json::from_value(rule).map_err(|error| bad_request(&error.to_string()))?;
    simulator.state().faults.add(rule);
    Ok(StatusCode::CREATED)
}

async fn clear_faults(State(simulator): Shared) -> StatusCode {
    simulator.state().faults.clear();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct LogQuery {
    #[serde(default)]
    since: u64,
}

async fn log(State(simulator): Shared, Query(LogQuery { since }): Query<LogQuery>) -> Json<Value> {
    Json(simulator.state().journal.since(since))
}

async fn counters(State(simulator): Shared) -> Json<Value> {
    Json(simulator.state().journal.counters())
}

async fn exchanges(State(simulator): Shared) -> Json<Value> {
    let state = simulator.state();
    Json(state.issued.exchanges.document(&state.issued.keys))
}

async fn expire_tokens(State(simulator): Shared) -> StatusCode {
    let mut state = simulator.state();
    let now = state.now();
    state.issued.tokens.expire_all(now.timestamp);
    state.issued.metadata_tokens.expire_all(now.timestamp);
    StatusCode::NO_CONTENT
}

async fn expire_keys(State(simulator): Shared) -> StatusCode {
    let mut state = simulator.state();
    let now = state.now();
    state.issued.keys.expire_all(now.timestamp);
    StatusCode::NO_CONTENT
}

async fn list_resources(State(simulator): Shared) -> Json<Value> {
    let mut state = simulator.state();
    let now = state.now();
    state.settle(now);
    let SimulatorState { cloud, settings, .. } = &*state;
    let list = |table: &Table, show: fn(&Object, &Settings) -> Value| -> Vec<Value> {
        table.values().map(|object| show(object, settings)).collect()
    };
    Json(json!({
        "direct_connects": list(&cloud.connections, render::connection),
        "connect_gateways": cloud.connect_gateways.values().map(|gateway| render::connect_gateway(cloud, gateway, settings)).collect::<Vec<_>>(),
        "global_eips": list(&cloud.global_eips, |bound, _| Value::Object(bound.clone())),
        "direct_connect_locations": list(&cloud.locations, |location, _| Value::Object(location.clone())),
        "virtual_gateways": list(&cloud.gateways, render::gateway),
        "virtual_interfaces": list(&cloud.interfaces, render::interface),
        "switchover_test_records": list(&cloud.switchovers, |record, _| Value::Object(record.clone())),
        "vif_peer_detections": list(&cloud.detections, render::detection),
        "global_dc_gateways": cloud.global_gateways.values().map(|gateway| global_gateways::shown(cloud, gateway, settings, &[])).collect::<Value>(),
        "peer_links": cloud.peer_links.values().map(|link| peer_links::shown(cloud, link, settings, &[])).collect::<Value>(),
        "gdgw_routetables": list(&cloud.gdgw_routes, |route, _| Value::Object(route.clone())),
    }))
}

#[derive(Deserialize)]
struct NewResource {
    kind: String,
    body: Object,
}

async fn create_resource(State(simulator): Shared, Json(request): Json<Value>) -> Result<(StatusCode, Json<Value>), AdminError> {
    let NewResource { kind, body } = serde_json::from_value(request).map_err(|error| bad_request(&error.to_string()))?;
    let project = simulator.first_project().to_owned();
    let mut state = simulator.state();
    let now = state.now();
    let created = resources::create(&mut state.cloud, &kind, body, &project, now);
    state.remember();
    created
        .map(|object| (StatusCode::CREATED, Json(Value::Object(object))))
        .ok_or_else(|| bad_request("kind is unknown, or vif_id names no interface"))
}

async fn patch_resource(State(simulator): Shared, Path(id): Path<String>, Json(change): Json<Value>) -> Result<Json<Value>, AdminError> {
    let Value::Object(change) = change else {
        return Err(bad_request("the body must be an object"));
    };
    let mut state = simulator.state();
    let now = state.now();
    state.settle(now);
    let changed = resources::change(&mut state.cloud, &id, change);
    state.remember();
    changed.map(|object| Json(Value::Object(object))).ok_or_else(not_found)
}

async fn delete_resource(State(simulator): Shared, Path(id): Path<String>) -> Result<StatusCode, AdminError> {
    let mut state = simulator.state();
    let deleted = resources::delete(&mut state.cloud, &id);
    state.remember();
    if deleted { Ok(StatusCode::NO_CONTENT) } else { Err(not_found()) }
}

async fn settle(State(simulator): Shared) -> StatusCode {
    let mut state = simulator.state();
    let now = state.now();
    state.cloud.pending.make_all_due(now);
    state.settle(now);
    StatusCode::NO_CONTENT
}

async fn freeze(State(simulator): Shared) -> StatusCode {
    simulator.freezer().freeze();
    StatusCode::NO_CONTENT
}

async fn reset(State(simulator): Shared) -> StatusCode {
    simulator.reset();
    StatusCode::NO_CONTENT
}

fn bad_request(message: &str) -> AdminError {
    (StatusCode::BAD_REQUEST, Json(json!({"error": message})))
}

fn not_found() -> AdminError {
    (StatusCode::NOT_FOUND, Json(json!({"error": "there is no such resource"})))
}
