//! Kubernetes operator for Huawei Cloud Direct Connect.
//!
//! Two mirrors and a pure decision between them: the API server is mirrored by watches, the cloud by LIST; a pass reads both, decides one step
//! without IO, carries it out and reports. The layers, each of which knows only those above it:
//!
//! - [`api`]: the custom resources, their rules, conditions.
//! - [`metrics`]: what is counted, by whoever it is handed to.
//! - [`cloud`]: the client of the Direct Connect API.
//! - [`mirror`]: what the cloud's LIST showed.
//! - [`index`]: who refers to whom, and who holds what.
//! - [`leadership`]: which of several replicas may write.
//! - [`accounts`]: which accounts are ready, with which client and mirrors.
//! - [`engine`]: the one generic reconcile.
//! - [`kinds`]: what is particular to each kind, pure.
//! - [`shard`], [`merge`] and [`slim`]: which objects are watched, several watches as one, and what of the objects is kept.
//! - [`preflight`]: what is waited for before anything begins.
//! - [`operator`]: all of it wired and run.
//!
//! [`docs`] renders what the code knows of its kinds, conditions, errors and metrics for people.

pub mod accounts;
pub mod api;
pub mod backoff;
pub mod cloud;
pub mod config;
pub mod docs;
pub mod engine;
pub mod finalizer;
pub mod index;
pub mod kinds;
pub mod leadership;
pub mod merge;
pub mod metrics;
pub mod mirror;
pub mod operator;
pub mod owner;
pub mod preflight;
pub mod relist;
pub mod server;
pub mod shard;
pub mod slim;
pub mod telemetry;
pub mod telling;
#[cfg(feature = "otlp")]
pub mod traces;
