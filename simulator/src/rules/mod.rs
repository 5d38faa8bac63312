//! What the service refuses, and with which code.
//!
//! A rule looks at the cloud and at a request and answers a refusal or nothing; it changes nothing. The order
//! of the checks inside an operation is ours: syntax, existence, state, then conflicts and quotas.

pub mod fields;
pub mod gateways;
pub mod interfaces;
pub mod network;
pub mod peers;

use crate::{
    errors::Refusal,
    settings::Settings,
    state::{Object, Table, is_pending, peers as peers_of, text},
};

/// Refuses a gateway that is being changed.
pub fn gateway_unlocked(gateway: &Object, settings: &Settings) -> Result<(), Refusal> {
    if is_pending(gateway) { Err(Refusal::rule(&settings.locks.gateway_code)) } else { Ok(()) }
}

/// Refuses an interface that is being changed, itself or one of its peers.
pub fn interface_unlocked(interface: &Object, settings: &Settings) -> Result<(), Refusal> {
    // The peer of an interface that awaits the other tenant waits with it: nothing is being changed.
    let undecided = matches!(text(interface, "status"), "AUTHORIZATION" | "REJECTED");
    let by_peer = settings.locks.peer_locks_interface && !undecided && peers_of(interface).any(is_pending);
    if is_pending(interface) || by_peer { Err(Refusal::rule(&settings.locks.interface_code)) } else { Ok(()) }
}

/// Refuses a name that another resource of the project has, where names are unique (`docs/design/uncertain-facts.md#u11`).
pub fn name_free(table: &Table, project_id: &str, id: &str, body: &Object, settings: &Settings) -> Result<(), Refusal> {
    let name = text(body, "name");
    let taken = |other: &Object| text(other, "name") == name && text(other, "tenant_id") == project_id && text(other, "id") != id;
    if settings.switches.u11_unique_names && !name.is_empty() && table.values().any(taken) {
        return Err(Refusal::parameter("name is in use"));
    }
    Ok(())
}

/// Resources of a project in a table.
pub fn owned<'t>(table: &'t Table, project_id: &'t str) -> impl Iterator<Item = &'t Object> {
    table.values().filter(move |object| text(object, "tenant_id") == project_id)
}
