//! The life of objects in the cloud: create, change, drift, import, deletion, and a process that ends or dies in the midst of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod connections;
mod deletion;
mod drift;
mod every_kind;
mod features;
mod global_eips;
mod global_gateway_routes;
mod global_gateways;
mod hosted_connections;
mod import;
mod line_references;
mod lives;
mod odd_clouds;
mod peer_links;
mod restart;
mod samples;
mod session_keys;
mod sweep;
mod tags;
mod toy_kind;
