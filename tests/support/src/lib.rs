//! What tests, demo and benchmark share: a real control plane, the simulated cloud, the operator as a process.
//!
//! A helper of tests may panic with a clear message.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::missing_panics_doc, clippy::missing_errors_doc, clippy::must_use_candidate)]

pub mod contract;
pub mod controlplane;
pub mod group;
pub mod line;
pub mod load;
pub mod metrics;
pub mod monitoring;
pub mod normal;
pub mod operator;
pub mod process;
pub mod proxy;
pub mod record;
pub mod release;
pub mod secrets;
pub mod simulator;
pub mod tools;
pub mod usage;
pub mod world;

use std::future::Future;
use std::io::Write as _;
use std::time::{Duration, Instant};

/// Tells a figure of a test that passes, too: what is printed is kept by the test runner until something fails.
pub fn figure(text: &str) {
    let _ = writeln!(std::io::stderr(), "figure: {text}");
}

/// Waits until `look` gives something, within a bound; `what` is told when it does not.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, bound: Duration, mut look: impl FnMut() -> F) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(start.elapsed() < bound, "not within {bound:?}: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
