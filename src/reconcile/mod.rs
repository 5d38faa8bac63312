//! The one generic reconcile: observe, decide, execute, report. Knows no particular kind.
//!
//! An attempt reads two caches (the object's watch and the cloud's LIST), decides on one step without IO, executes it and reports. Waiting is
//! no error: whoever changes what is waited for wakes the object.
//!
//! - `context`: what is the same from the beginning to the end of an attempt.
//! - `attempt`: the order of an attempt, and what is decided before the cloud is read.
//! - `observe` → `decide` → `execute` → `conclude`: the steps of an attempt that reaches the cloud.
//! - `report`, `events`: what users read of it.
//! - `status`: how it is written.
//! - `object_state`: what is kept of an object between two attempts.
//! - `unseen_writes`: what reads of the cloud may not show yet.
//! - `controller`: watches, wake-ups and queue of one kind.
//! - `existing`: what is in the cloud already, for tools that take it over.
//! - `registration`: a kind as a value, one entry of the list of kinds.

mod attempt;
mod backoff;
mod claim;
mod conclude;
mod context;
mod controller;
mod decide;
mod doubt;
mod drift_conflicts;
mod events;
mod execute;
mod existing;
mod failures;
mod kind;
mod listeners;
mod metrics;
mod namespaces;
mod object_state;
mod observe;
mod permission;
pub mod plan;
mod reconciler;
mod registration;
mod report;
mod status;
mod summary;
mod unseen_writes;

pub(crate) use backoff::waits;
pub use controller::Shared;
pub use decide::{Creation, Found, IntentState, Obstacle, Ownership, Presence, Situation, Step, Unseen, Wait, decide};
pub use existing::{Existing, ExistingResources, Refer};
pub use kind::{ById, Desired, DesiredTags, Difference, Health, Kind, Links, Place, Reference, ResourcePhase, SpecTags, Tagging};
pub use namespaces::Namespaces;
pub(crate) use plan::recall;
pub use reconciler::{Failure, Reconciler};
pub use registration::{Registration, Running, Stores};
pub use report::{AttemptOutcome, ObservedResource, ResourceState, StatusInput, report, same};
pub(crate) use report::{ReconcileStatus, status_after};
