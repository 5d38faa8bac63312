//! The conditions under which the service rejects a request, with their error codes.
//!
//! A rule reads the cloud and the request, and changes nothing. The documents do not define the order of the checks of
//! an operation. Here it is: syntax, existence, status, conflicts, quotas.

pub mod connect_gateways;
pub mod connections;
pub mod fields;
pub mod gateways;
pub mod gdgw_routes;
pub mod global_eips;
pub mod global_gateways;
pub mod hosted_connections;
pub mod interfaces;
pub mod network;
pub mod peer_detections;
pub mod peer_links;
pub mod peers;
pub mod switchovers;
pub mod tag_queries;

use crate::{
    http::ApiError,
    settings::{Refusal, Settings},
    state::{Cloud, Object, Table, is_pending, peers as peers_of, text},
};

/// Rejects a gateway with a pending change.
pub fn check_gateway_unlocked(gateway: &Object, settings: &Settings) -> Result<(), ApiError> {
    if is_pending(gateway) { Err(ApiError::bad_request(&settings.locks.gateway_code)) } else { Ok(()) }
}

/// Rejects an interface with a pending change of itself or of a peer.
pub fn check_interface_unlocked(interface: &Object, settings: &Settings) -> Result<(), ApiError> {
    // While the other project has not accepted an interface, its peer has a pending status without a pending change.
    let not_accepted = matches!(text(interface, "status"), "AUTHORIZATION" | "REJECTED");
    let by_peer = settings.locks.peer_locks_interface && !not_accepted && peers_of(interface).any(is_pending);
    if is_pending(interface) || by_peer { Err(ApiError::bad_request(&settings.locks.interface_code)) } else { Ok(()) }
}

/// Rejects an interface with a switchover test that has not been carried out yet.
pub fn check_no_switchover(cloud: &Cloud, interface: &Object, settings: &Settings) -> Result<(), ApiError> {
    let in_progress = cloud.switchover_in_progress(text(interface, "id")).is_some();
    if in_progress { Err(ApiError::bad_request(&settings.locks.interface_code)) } else { Ok(()) }
}

/// Rejects an interface that is shut down for a switchover test, of which only the end of the test is possible.
pub fn check_not_shut_down(interface: &Object, settings: &Settings) -> Result<(), ApiError> {
    let refused = settings.locks.admin_shutdown && text(interface, "status") == "ADMIN_SHUTDOWN";
    if refused { Err(ApiError::bad_request("DC.1210")) } else { Ok(()) }
}

/// Rejects a name that another resource of the project has, if names must be unique (`docs/design/uncertain-facts.md#u11`).
pub fn check_name_unique(table: &Table, project_id: &str, id: &str, body: &Object, settings: &Settings) -> Result<(), ApiError> {
    let name = text(body, "name");
    let taken = |other: &Object| text(other, "name") == name && text(other, "tenant_id") == project_id && text(other, "id") != id;
    if settings.switches.u11_unique_names && !name.is_empty() && table.values().any(taken) {
        return Err(ApiError::invalid_parameter("name is in use"));
    }
    Ok(())
}

pub fn of_project<'t>(table: &'t Table, project_id: &'t str) -> impl Iterator<Item = &'t Object> {
    table.values().filter(move |object| text(object, "tenant_id") == project_id)
}

pub fn one_of_project<'t>(table: &'t Table, project_id: &str, id: &str) -> Option<&'t Object> {
    table.get(id).filter(|object| text(object, "tenant_id") == project_id)
}

/// Whether a change of a gateway takes IPv6 away, and the cloud refuses that (`docs/design/uncertain-facts.md#u45`).
pub fn is_refused_narrowing(gateway: &Object, changes: &Object, settings: &Settings) -> bool {
    let narrows = text(gateway, "address_family") == "dual" && text(changes, "address_family") == "ipv4";
    narrows && settings.switches.u45_dual_to_ipv4 == Refusal::Refuse
}
