//! Links of a global gateway to its peers: enterprise routers and other global gateways.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{
    Call, OperationResult, Success, global_gateways,
    listing::{Listing, selected},
    new_id, render, with_defaults,
};
use crate::{
    clock::Moment,
    http::ApiError,
    rules::peer_links as rules,
    settings::Settings,
    state::{
        Cloud, Object,
        pending::{FinalState, PendingResource},
        set, text,
    },
};

const WRAPPER: &str = "peer_link";
/// Fields that the answer to a create lacks.
const NOT_IN_CREATE: &[&str] = &["create_owner", "updated_time"];
/// Fields that the answer to an update lacks (`docs/design/uncertain-facts.md#u29`).
const NOT_IN_UPDATE: &[&str] = &["create_owner", "instance_id"];

pub fn list(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let cloud = &*cloud;
    let gateway = global_gateways::find(cloud, call, ids)?;
    let listing = Listing { wrapper: "peer_links", repeated: &["id"], comma_separated: &["name"] };
    let links = cloud.links_of_global_gateway(text(gateway, "id"));
    listing.respond_from_offset_uncounted(call, links, |link| shown(cloud, link, call.settings, &[]))
}

pub fn show(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let link = find(cloud, call, ids)?;
    Ok(call.success(StatusCode::OK, WRAPPER, selected(shown(cloud, link, call.settings, &[]), call)?))
}

pub fn create(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let gateway = global_gateways::find(cloud, call, ids).map_err(|error| error.with_status(call.settings.switches.u4_not_found_status))?;
    let mut body = rules::check_create(cloud, gateway, call.object(WRAPPER)?, call.settings)?;
    set(&mut body, "global_dc_gateway_id", text(gateway, "id"));
    let id = new_id();
    let mut link = new(cloud, &id, call.project_id, body, call.now);
    set(&mut link, "status", "PENDING_CREATE");
    cloud.peer_links.insert(id.clone(), link);
    schedule(cloud, call, call.settings.settle_ms.create, &id, FinalState::Status("ACTIVE".to_owned()));
    respond(cloud, call, &id, StatusCode::CREATED, NOT_IN_CREATE)
}

pub fn update(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let link = find(cloud, call, ids).map_err(|error| error.with_status(call.settings.switches.u4_not_found_status))?;
    let id = text(link, "id").to_owned();
    let status = text(link, "status").to_owned();
    let changes = rules::check_update(link, call.changes(WRAPPER)?, call.settings)?;
    let Some(link) = cloud.peer_links.get_mut(&id) else {
        return Err(not_found());
    };
    let differs = call.apply(link, changes);
    if differs || call.settings.switches.u8_unchanged_update_pends {
        set(link, "status", "PENDING_UPDATE");
        set(link, "updated_time", call.now.stamp());
        schedule(cloud, call, call.settings.settle_ms.update, &id, FinalState::Status(status));
    }
    let lacking = if call.settings.switches.u29_whole_update_answer { &[] } else { NOT_IN_UPDATE };
    respond(cloud, call, &id, StatusCode::OK, lacking)
}

pub fn delete(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let link = find(cloud, call, ids)?;
    let id = text(link, "id").to_owned();
    rules::check_delete(link, call.settings)?;
    let status = call.settings.switches.u25_deleting_peer_link_status.as_str();
    cloud.peer_links.get_mut(&id).into_iter().for_each(|link| set(link, "status", status));
    schedule(cloud, call, call.settings.settle_ms.delete, &id, FinalState::Deleted);
    Ok(Success::no_content())
}

/// A link with all fields of a response. Its peer is a global gateway if there is one of this id, else an enterprise router.
pub fn new(cloud: &Cloud, id: &str, project_id: &str, body: Object, now: Moment) -> Object {
    let defaults = json!({
        "id": id, "tenant_id": project_id, "name": "", "description": null, "global_dc_gateway_id": null, "status": "ACTIVE", "reason": null,
        "bandwidth_info": {"bandwidth_size": 0, "gcb_id": null}, "create_owner": "dc", "instance_id": null,
        "created_time": now.stamp(), "updated_time": now.stamp(),
    });
    let mut link = with_defaults(defaults, body);
    if let Some(Value::Object(site)) = link.get_mut("peer_site") {
        let kind = if cloud.global_gateways.contains_key(text(site, "gateway_id")) { "GDGW" } else { "ER" };
        let region = text(site, "region_id").to_owned();
        for (key, value) in [("type", Value::from(kind)), ("site_code", region.into()), ("link_id", Value::Null)] {
            site.entry(key).or_insert(value);
        }
    }
    link
}

/// A link as responses show it, without the fields `lacking`. Between two global gateways it names the link in the other direction.
pub fn shown(cloud: &Cloud, link: &Object, settings: &Settings, lacking: &[&str]) -> Value {
    let mut shown = link.clone();
    if let Some(Value::Object(site)) = shown.get_mut("peer_site")
        && text(site, "type") == "GDGW"
    {
        let gateway = text(link, "global_dc_gateway_id");
        let peer = text(site, "gateway_id").to_owned();
        let back = cloud.links_of_global_gateway(&peer).find(|other| rules::peer_gateway(other) == gateway);
        set(site, "link_id", back.map(|other| text(other, "id").to_owned()));
    }
    shown.retain(|key, _| !lacking.contains(&key.as_str()));
    render::apply_settings(shown, settings)
}

fn schedule(cloud: &mut Cloud, call: &Call<'_>, after_ms: u64, id: &str, outcome: FinalState) {
    cloud.pending.schedule(call.now, after_ms, PendingResource::PeerLink(id.to_owned()), outcome.or_error(call.error_reason));
    cloud.settle(call.now, call.settings);
}

/// The link of the second id, if its gateway is that of the first.
fn find<'c>(cloud: &'c Cloud, call: &Call<'_>, ids: &[String]) -> Result<&'c Object, ApiError> {
    let gateway = global_gateways::find(cloud, call, ids)?;
    let link = ids.get(1).and_then(|id| cloud.peer_links.get(id));
    link.filter(|link| text(link, "global_dc_gateway_id") == text(gateway, "id")).ok_or_else(not_found)
}

fn respond(cloud: &Cloud, call: &Call<'_>, id: &str, status: StatusCode, lacking: &[&str]) -> OperationResult {
    let link = cloud.peer_links.get(id).ok_or_else(not_found)?;
    Ok(call.success(status, WRAPPER, shown(cloud, link, call.settings, lacking)))
}

fn not_found() -> ApiError {
    ApiError::not_found("DC.0002")
}
