//! What others see of the operator without its chart: custom resources and their schema, status, metrics, documentation, and its calls to the cloud.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod client;
mod controlplane;
mod crds;
mod docs;
mod fuzz;
mod layers;
mod machines;
mod metrics;
mod oldest;
mod schema;
mod service_accounts;
mod signing;
