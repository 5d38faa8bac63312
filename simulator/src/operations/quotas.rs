//! Quotas and their usage.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Call, OperationResult};
use crate::{
    rules::of_project,
    state::{Cloud, text},
};

#[expect(clippy::unnecessary_wraps, reason = "all operations have this signature")]
pub fn show(cloud: &mut Cloud, call: &Call<'_>, _: &[String]) -> OperationResult {
    let (project, quotas) = (call.project_id, &call.settings.quotas);
    let mut rows = vec![
        ("physicalConnect", quotas.connections, of_project(&cloud.connections, project).count()),
        ("virtualInterface", quotas.virtual_interfaces, of_project(&cloud.interfaces, project).count()),
        ("globalDcGateway", quotas.global_dc_gateways, of_project(&cloud.global_gateways, project).count()),
        ("peerLinkPerGdgw", quotas.peer_links, most_links(cloud, project)),
        ("connectGateway", quotas.connect_gateways, of_project(&cloud.connect_gateways, project).count()),
        ("geip", quotas.global_eips, of_project(&cloud.global_eips, project).count()),
    ];
    if let Some(name) = &call.settings.switches.u15_gateway_quota_type {
        rows.push((name, quotas.virtual_gateways, of_project(&cloud.gateways, project).count()));
    }
    let wanted = call.query.comma_separated("type");
    let resources: Vec<Value> = rows
        .into_iter()
        .filter(|(name, ..)| wanted.is_empty() || wanted.contains(name))
        .map(|(name, quota, used)| json!({"type": name, "quota": quota, "used": used, "unit": "count"}))
        .collect();
    // The documented status of this read is 201.
    Ok(call.success(StatusCode::CREATED, "quotas", json!({"resources": resources})))
}

/// Of the gateway with the most links.
fn most_links(cloud: &Cloud, project: &str) -> usize {
    let gateways = of_project(&cloud.global_gateways, project);
    gateways.map(|gateway| cloud.links_of_global_gateway(text(gateway, "id")).count()).max().unwrap_or_default()
}
