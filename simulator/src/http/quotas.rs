//! Quotas and their use.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Call, Outcome};
use crate::{rules::owned, state::Cloud};

/// Quotas of kinds that the simulator does not hold.
const OTHERS: [(&str, usize); 4] = [("connectGateway", 10), ("geip", 100), ("globalDcGateway", 10), ("peerLinkPerGdgw", 5)];

#[expect(clippy::unnecessary_wraps, reason = "the form of an operation")]
pub fn show(cloud: &mut Cloud, call: &Call<'_>, _: &[String]) -> Outcome {
    let (project, quotas) = (&call.caller.project_id, &call.settings.quotas);
    let mut rows = vec![
        ("physicalConnect", quotas.connections, owned(&cloud.connections, project).count()),
        ("virtualInterface", quotas.virtual_interfaces, owned(&cloud.interfaces, project).count()),
    ];
    if let Some(name) = &call.settings.switches.u15_gateway_quota_type {
        rows.push((name, quotas.virtual_gateways, owned(&cloud.gateways, project).count()));
    }
    rows.extend(OTHERS.map(|(name, quota)| (name, quota, 0)));
    let wanted = call.query.commas("type");
    let resources: Vec<Value> = rows
        .into_iter()
        .filter(|(name, ..)| wanted.is_empty() || wanted.contains(name))
        .map(|(name, quota, used)| json!({"type": name, "quota": quota, "used": used, "unit": "count"}))
        .collect();
    // 201 for a read is what the vendor documents.
    Ok(call.answer(StatusCode::CREATED, "quotas", json!({"resources": resources})))
}
