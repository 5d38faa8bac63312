//! A cloud, an API server or an operator that fails, and several operators beside each other.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod cloud;
mod frozen;
mod kills;
mod lag;
mod outages;
mod pauses;
mod proxies;
mod refusals;
mod replicas;
mod rights;
mod runtime;
mod unreadable;
