//! The plugin as users run it: `kubectl dc …` through a real kubectl, against a real API server, the operator and a simulated cloud.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod annotations;
#[macro_use]
mod every_kind;
mod inventory;
mod packaging;
mod page;
mod plan;
mod plugin;
mod reconcile;
mod report;
mod status;
mod takeover;
mod tenant;
mod tree;
