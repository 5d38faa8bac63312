//! Tests of the simulator by its HTTP interface.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::too_many_lines,
    clippy::unwrap_used,
    reason = "a test ends at the first surprise, and a table is as long as it is"
)]

mod behaviour;
mod connect_gateways;
mod contract;
mod credentials;
mod direct_connect_locations;
/// Shared with the tests of the operator.
#[path = "../../../tests/support/src/contract/mod.rs"]
mod documents;
mod examples;
mod faults;
mod gdgw_routes;
mod global_gateways;
mod harness;
mod hosted_connections;
mod identity;
mod life;
mod lists;
mod peer_detections;
mod peer_links;
mod rms;
mod routes;
mod rules;
mod signing;
mod switchovers;
