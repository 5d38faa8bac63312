//! Tenants who share accounts, and what keeps them and their credentials apart.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod connections;
mod credentials;
mod global_gateways;
mod inventory;
mod secrets;
mod shared_accounts;
mod tenants;
