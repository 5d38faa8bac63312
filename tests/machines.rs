//! Status for machines: kstatus, `kubectl wait`, Argo CD and Flux read the objects right, in every state and at every moment of a life.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

#[path = "machines/argo.rs"]
mod argo;
#[path = "machines/flux.rs"]
mod flux;
#[path = "machines/kstatus.rs"]
mod kstatus;
#[path = "machines/life.rs"]
mod life;
#[path = "machines/record.rs"]
mod record;
#[path = "machines/states.rs"]
mod states;
#[path = "support/mod.rs"]
mod support;
