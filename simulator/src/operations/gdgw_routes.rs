//! The route tables of global gateways. One operation adds, changes and deletes routes.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Call, OperationResult, global_gateways, listing::Listing, new_id, render, with_defaults};
use crate::{
    rules::gdgw_routes::{self as rules, Change},
    settings::RoutesAnswer,
    state::{
        Cloud, Object,
        pending::{FinalState, PendingResource},
        set, text,
    },
};

const WRAPPER: &str = "gdgw_routetable";

pub fn list(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let gateway = global_gateways::find(cloud, call, ids)?;
    let listing = Listing { wrapper: "gdgw_routetables", repeated: &["nexthop", "destination", "address_family"], comma_separated: &[] };
    let routes = cloud.routes_of_global_gateway(text(gateway, "id"));
    listing.respond_counted(call, routes, |route| render::apply_settings(route.clone(), call.settings))
}

/// Carries out all of a request or nothing. A dry run checks the request, and its answer shows what the request would do.
pub fn update(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let gateway = global_gateways::find(cloud, call, ids).map_err(|error| error.with_status(call.settings.switches.u4_not_found_status))?;
    let gateway_id = text(gateway, "id").to_owned();
    let dry_run = rules::dry_run(&call.document()?)?;
    let change = rules::check_update(cloud, gateway, call.object(WRAPPER)?, call.settings)?;
    let mut copy = Cloud::default();
    let cloud = if dry_run {
        copy.clone_from(cloud);
        &mut copy
    } else {
        cloud
    };
    let changed = apply(cloud, call, &gateway_id, change);
    cloud.settle(call.now, call.settings);
    let routes: Vec<Object> = match call.settings.switches.u32_routes_answer {
        RoutesAnswer::Request => changed,
        RoutesAnswer::Table => cloud.routes_of_global_gateway(&gateway_id).cloned().collect(),
        RoutesAnswer::Empty => Vec::new(),
    };
    let routes = routes.into_iter().map(|route| render::apply_settings(route, call.settings)).collect();
    Ok(call.success(StatusCode::OK, WRAPPER, routes))
}

/// Returns the routes of the request.
fn apply(cloud: &mut Cloud, call: &Call<'_>, gateway_id: &str, change: Change) -> Vec<Object> {
    match change {
        Change::Add(routes) => routes.into_iter().map(|route| add(cloud, call, gateway_id, route)).collect(),
        Change::Delete(ids) => ids.iter().filter_map(|id| cloud.remove_gdgw_route(id, call.settings)).collect(),
        Change::Describe(texts) => {
            let describe = |(id, description): (String, Option<Value>)| {
                let route = cloud.gdgw_routes.get_mut(&id)?;
                if let Some(description) = description {
                    set(route, "description", description);
                }
                Some(route.clone())
            };
            texts.into_iter().filter_map(describe).collect()
        }
    }
}

fn add(cloud: &mut Cloud, call: &Call<'_>, gateway_id: &str, mut route: Object) -> Object {
    let id = new_id();
    set(&mut route, "gateway_id", gateway_id);
    set(&mut route, "status", "PENDING_CREATE");
    let route = new(&id, call.project_id, route);
    cloud.gdgw_routes.insert(id.clone(), route.clone());
    let outcome = FinalState::Status("ACTIVE".to_owned()).or_error(call.error_reason);
    cloud.pending.schedule(call.now, call.settings.settle_ms.create, PendingResource::GdgwRoute(id), outcome);
    route
}

/// A route with all fields of a response.
pub fn new(id: &str, project_id: &str, body: Object) -> Object {
    let defaults = json!({
        "id": id, "tenant_id": project_id, "description": "", "address_family": rules::family(text(&body, "destination")),
        "type": "vif_peer", "obtain_mode": "specific", "status": "ACTIVE",
    });
    with_defaults(defaults, body)
}
