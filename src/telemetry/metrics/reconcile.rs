//! Metrics of reconciles: number, results, durations and drift.

use prometheus_client::registry::Registry;
use std::time::Duration;
use tokio::time::Instant;

use super::metric::{Counters, Gauges, Histograms, Increment, Registered};
use super::table::{DRIFT, READY, RECONCILE_DURATION, RECONCILES, RECONCILES_IN_FLIGHT};

/// The result of a reconcile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReconcileResult {
    /// Nothing to do.
    Rested,
    /// The cloud or the object was written.
    Wrote,
    /// The object waits for something.
    Waited,
    /// There is no progress until a user changes something.
    Stalled,
    /// The object is paused.
    Paused,
    /// The account can't be used.
    NoAccount,
    /// The cloud returned an error, or did not respond.
    CloudError,
    /// The API server returned an error, or did not respond.
    KubernetesError,
}

impl ReconcileResult {
    /// Value of the label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Rested => "up_to_date",
            Self::Wrote => "changed",
            Self::Waited => "waiting",
            Self::Stalled => "stalled",
            Self::Paused => "paused",
            Self::NoAccount => "account_not_ready",
            Self::CloudError => "cloud_error",
            Self::KubernetesError => "kubernetes_error",
        }
    }
}

/// How drift was handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drift {
    /// It was found.
    Detected,
    /// It was corrected.
    Corrected,
    /// A deleted resource was created again.
    Recreated,
}

impl Drift {
    /// Value of the label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Detected => "detected",
            Self::Corrected => "corrected",
            Self::Recreated => "recreated",
        }
    }
}

/// The metrics of reconciles. Cheap to clone.
#[derive(Clone)]
pub struct Reconcile {
    reconciles: Counters<2>,
    duration: Histograms<1>,
    in_flight: Gauges<1>,
    ready: Histograms<1>,
    drift: Counters<2>,
}

impl Reconcile {
    pub(super) fn register(registry: &mut Registry) -> Self {
        Self {
            reconciles: Counters::register(registry, &RECONCILES),
            duration: Histograms::register(registry, &RECONCILE_DURATION),
            in_flight: Gauges::register(registry, &RECONCILES_IN_FLIGHT),
            ready: Histograms::register(registry, &READY),
            drift: Counters::register(registry, &DRIFT),
        }
    }

    pub(super) fn open(&self, registered: &Registered) {
        let Self { reconciles, duration, in_flight, ready, drift } = self;
        reconciles.open(registered);
        duration.open(registered);
        in_flight.open(registered);
        ready.open(registered);
        drift.open(registered);
    }

    /// Records the start of a reconcile. One that is dropped without a result is not counted.
    #[must_use]
    pub fn begin(&self, kind: &'static str) -> Attempt {
        Attempt { reconcile: self.clone(), kind, begun: Instant::now(), _gauge: self.in_flight.increment([kind]) }
    }

    /// Number of reconciles of a kind in progress.
    #[must_use]
    pub fn in_flight(&self, kind: &'static str) -> i64 {
        self.in_flight.get([kind])
    }

    /// Records the time from the creation of an object to its first `Ready`.
    pub fn ready(&self, kind: &'static str, after: Duration) {
        self.ready.observe([kind], after);
    }

    /// Records drift.
    pub fn drift(&self, kind: &'static str, drift: Drift) {
        self.drift.add([kind, drift.label()], 1);
    }
}

/// A reconcile in progress.
pub struct Attempt {
    reconcile: Reconcile,
    kind: &'static str,
    begun: Instant,
    _gauge: Increment,
}

impl Attempt {
    /// Records the result.
    pub fn ended(self, result: ReconcileResult) {
        self.reconcile.duration.observe([self.kind], self.begun.elapsed());
        self.reconcile.reconciles.add([self.kind, result.label()], 1);
    }
}
