//! Kubernetes operator for Huawei Cloud Direct Connect.
//!
//! Two caches and a pure decision between them: watches cache the API server, LIST caches the cloud. A reconcile reads both, decides on one step
//! without IO, executes it and reports. Each module knows only those above it in this list:
//!
//! - [`backoff`]: how long to wait.
//! - [`shutdown`]: the end of the process.
//! - [`proxy`]: HTTP proxies, and URLs without passwords.
//! - [`api`]: the custom resources, their rules, conditions.
//! - [`telemetry`]: metrics, logs, traces and probes.
//! - [`cloud`]: the client of the Direct Connect API.
//! - [`graph`]: which object refers to which, which one holds a cloud resource, the owner tag.
//! - [`cache`]: what the cloud's LIST showed.
//! - [`cluster`]: watches, finalizers, statuses, discovery, leader election.
//! - [`accounts`]: which accounts are ready, with which client and caches.
//! - [`reconcile`]: the one generic reconcile.
//! - [`kinds`]: what is particular to each kind, pure.
//! - [`config`]: flags and environment.
//! - [`operator`]: all of it wired and run.
//!
//! [`docgen`] renders what the code knows of its kinds, conditions, errors, metrics and flags as pages of the documentation.

pub mod accounts;
pub mod api;
pub mod backoff;
pub mod cache;
pub mod cloud;
pub mod cluster;
pub mod config;
pub mod docgen;
pub mod graph;
pub mod kinds;
pub mod operator;
pub mod proxy;
pub mod reconcile;
pub mod shutdown;
pub mod telemetry;
