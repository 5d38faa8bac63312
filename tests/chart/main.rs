//! The Helm charts, the operator's with its alerts and sizes: their templates, their installation, and the upgrade from earlier versions.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod accounts;
mod install;
mod monitoring;
mod sizing;
mod templates;
mod upgrade;
