//! Passes over objects: how many, what came of them, how long they took; and what they found.

use prometheus_client::registry::Registry;
use std::time::Duration;
use tokio::time::Instant;

use super::metric::{Counters, Gauges, Histograms, OneMore, Registered};
use super::table::{DRIFT, READY, RECONCILE_DURATION, RECONCILES, RECONCILES_IN_FLIGHT};

/// What came of a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReconcileResult {
    /// Nothing was left to do.
    Rested,
    /// The cloud or the object was written.
    Wrote,
    /// Something is waited for.
    Waited,
    /// Nothing goes on before somebody changes something.
    Stalled,
    /// The object is paused.
    Paused,
    /// The account can't be used.
    NoAccount,
    /// The cloud said no, or nothing.
    CloudError,
    /// The API server said no, or nothing.
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

/// What became of what somebody changed in the cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drift {
    /// It was seen for the first time.
    Detected,
    /// It was set back.
    Corrected,
    /// A resource that was gone was made anew.
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

/// The part of passes and objects. Cheap to clone.
#[derive(Clone)]
pub struct Reconcile {
    passes: Counters<2>,
    duration: Histograms<1>,
    in_flight: Gauges<1>,
    ready: Histograms<1>,
    drift: Counters<2>,
}

impl Reconcile {
    pub(super) fn register(registry: &mut Registry) -> Self {
        Self {
            passes: Counters::register(registry, &RECONCILES),
            duration: Histograms::register(registry, &RECONCILE_DURATION),
            in_flight: Gauges::register(registry, &RECONCILES_IN_FLIGHT),
            ready: Histograms::register(registry, &READY),
            drift: Counters::register(registry, &DRIFT),
        }
    }

    pub(super) fn open(&self, registered: &Registered) {
        let Self { passes, duration, in_flight, ready, drift } = self;
        passes.open(registered);
        duration.open(registered);
        in_flight.open(registered);
        ready.open(registered);
        drift.open(registered);
    }

    /// A pass begins. One whose end is not told was given up and is not counted.
    #[must_use]
    pub fn begin(&self, kind: &'static str) -> Attempt {
        Attempt { reconcile: self.clone(), kind, begun: Instant::now(), _under_way: self.in_flight.one_more([kind]) }
    }

    /// An object became ready for the first time, so long after it was made.
    pub fn ready(&self, kind: &'static str, after: Duration) {
        self.ready.observe([kind], after);
    }

    /// The cloud differed from the spec by somebody else's doing.
    pub fn drift(&self, kind: &'static str, drift: Drift) {
        self.drift.add([kind, drift.label()], 1);
    }
}

/// A pass under way.
pub struct Attempt {
    reconcile: Reconcile,
    kind: &'static str,
    begun: Instant,
    _under_way: OneMore,
}

impl Attempt {
    /// It ended.
    pub fn ended(self, passed: ReconcileResult) {
        self.reconcile.duration.observe([self.kind], self.begun.elapsed());
        self.reconcile.passes.add([self.kind, passed.label()], 1);
    }
}
