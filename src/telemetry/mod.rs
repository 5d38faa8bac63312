//! What the process tells of itself: logs, metrics, probes, and traces where they are built in.

pub mod logs;
pub mod metrics;
pub mod probes;
#[cfg(feature = "otlp")]
pub mod traces;
