//! The Helm chart with its alerts and sizes: its templates, its installation, and the upgrade from earlier versions.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod install;
mod monitoring;
mod sizing;
mod templates;
mod upgrade;
