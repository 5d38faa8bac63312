//! Logs, metrics, probes, and traces if they are built in.

pub mod logs;
pub mod metrics;
pub mod probes;
#[cfg(feature = "otlp")]
pub mod traces;
