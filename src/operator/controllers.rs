//! The tasks of the controllers, and their orderly end.

use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

use crate::telemetry::metrics;

/// How often it is said what the end of the process waits for.
const PROGRESS: Duration = Duration::from_secs(5);

/// The controllers that run, one for each kind and one for accounts.
pub struct Controllers {
    running: BTreeSet<&'static str>,
    /// Each resolves to the kind whose controller has ended.
    tasks: FuturesUnordered<BoxFuture<'static, &'static str>>,
    metrics: metrics::Reconcile,
}

impl Controllers {
    pub fn new(metrics: metrics::Reconcile) -> Self {
        Self { running: BTreeSet::new(), tasks: FuturesUnordered::new(), metrics }
    }

    /// Runs the controller of a kind as a task.
    pub fn spawn(&mut self, kind: &'static str, controller: impl Future<Output = ()> + Send + 'static) {
        self.running.insert(kind);
        // A task that panicked has ended too.
        self.tasks.push(tokio::spawn(controller).map(move |_| kind).boxed());
    }

    /// Resolves once all have ended.
    pub async fn ended(&mut self) {
        while let Some(kind) = self.tasks.next().await {
            self.running.remove(kind);
        }
    }

    /// Waits up to `limit` for the reconciles in progress, and says which those are when it takes a while.
    pub async fn finish(&mut self, limit: Duration) {
        tracing::info!("stopping: waiting for reconciles in progress");
        let end = Instant::now() + limit;
        loop {
            let progress = (Instant::now() + PROGRESS).min(end);
            if timeout_at(progress, self.ended()).await.is_ok() {
                return;
            }
            let running = self.still_running();
            if progress == end {
                return tracing::warn!(running, "reconciles still in progress were cancelled; the next start continues them");
            }
            tracing::info!(running, "still waiting for reconciles in progress");
        }
    }

    /// The controllers that have not ended, each with the number of its reconciles.
    fn still_running(&self) -> String {
        let each = self.running.iter().map(|kind| format!("{kind} ({})", self.metrics.in_flight(kind)));
        each.collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::metrics::Metrics;

    #[tokio::test(start_paused = true)]
    async fn the_end_waits_for_what_is_in_progress_and_no_longer_than_its_limit() {
        let metrics = Metrics::new();
        let (begun, limit) = (Instant::now(), Duration::from_secs(70));
        let mut controllers = Controllers::new(metrics.reconcile.clone());
        controllers.spawn("Peer", tokio::time::sleep(Duration::from_secs(12)));
        controllers.spawn("VirtualGateway", async { panic!("a controller") });
        controllers.finish(limit).await;
        assert_eq!((begun.elapsed().as_secs(), controllers.still_running().as_str()), (12, ""));

        let pass = metrics.reconcile.begin("VirtualInterface");
        controllers.spawn("VirtualInterface", std::future::pending());
        controllers.spawn("Peer", std::future::ready(()));
        controllers.finish(limit).await;
        assert_eq!((begun.elapsed().as_secs(), controllers.still_running().as_str()), (82, "VirtualInterface (1)"));
        drop(pass);
    }
}
