//! Metrics of calls to the cloud: number, results, durations and waits.

use prometheus_client::registry::Registry;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::Instant;

use super::metric::{Counters, Gauges, Histograms, Increment, Registered};
use super::table::{LISTS, PAGES, RATE_LIMIT_QUEUE_FULL, RATE_LIMIT_WAIT, REQUEST_DURATION, REQUESTS, REQUESTS_IN_FLIGHT};

/// The metrics of calls to the cloud. Cheap to clone.
#[derive(Clone)]
pub struct Cloud {
    requests: Counters<3>,
    duration: Histograms<1>,
    in_flight: Gauges<0>,
    rate_limit_wait: Histograms<2>,
    queue_full: Counters<2>,
    lists: Counters<2>,
    pages: Counters<1>,
}

impl Cloud {
    pub(super) fn register(registry: &mut Registry) -> Self {
        Self {
            requests: Counters::register(registry, &REQUESTS),
            duration: Histograms::register(registry, &REQUEST_DURATION),
            in_flight: Gauges::register(registry, &REQUESTS_IN_FLIGHT),
            rate_limit_wait: Histograms::register(registry, &RATE_LIMIT_WAIT),
            queue_full: Counters::register(registry, &RATE_LIMIT_QUEUE_FULL),
            lists: Counters::register(registry, &LISTS),
            pages: Counters::register(registry, &PAGES),
        }
    }

    pub(super) fn open(&self, registered: &Registered) {
        let Self { requests: _, duration: _, in_flight, rate_limit_wait, queue_full, lists, pages } = self;
        in_flight.open(registered);
        rate_limit_wait.open(registered);
        queue_full.open(registered);
        lists.open(registered);
        pages.open(registered);
    }

    /// Records the start of a request. One that is dropped without a result is not counted.
    #[must_use]
    pub fn begin(&self, operation: &'static str) -> Flight {
        Flight { cloud: self.clone(), operation, begun: Instant::now(), _gauge: self.in_flight.increment([]) }
    }

    /// Records how long a call waited for its permit.
    pub fn waited(&self, direction: &'static str, priority: &'static str, wait: Duration) {
        self.rate_limit_wait.observe([direction, priority], wait);
    }

    /// Records that a queue was full.
    pub fn queue_full(&self, direction: &'static str, priority: &'static str) {
        self.queue_full.add([direction, priority], 1);
    }

    /// Records the result of a LIST of a whole collection, and its number of pages.
    pub fn listed(&self, collection: &'static str, pages: u64, ok: bool) {
        self.lists.add([collection, if ok { "ok" } else { "failed" }], 1);
        self.pages.add([collection], pages);
    }
}

/// Metrics that are not exported.
impl Default for Cloud {
    fn default() -> Self {
        Self::register(&mut Registry::default())
    }
}

/// A request in flight.
pub struct Flight {
    cloud: Cloud,
    operation: &'static str,
    begun: Instant,
    _gauge: Increment,
}

impl Flight {
    /// Counts it as failed, with class and code of the error.
    pub fn failed(self, class: &'static str, code: &'static str) {
        self.observe_duration();
        self.cloud.requests.add([self.operation, class, code], 1);
    }

    /// Records that it was answered successfully.
    #[must_use]
    pub fn answered(self) -> Answered {
        self.observe_duration();
        Answered { requests: self.cloud.requests.clone(), operation: self.operation, counted: AtomicBool::new(false) }
    }

    fn observe_duration(&self) {
        self.cloud.duration.observe([self.operation], self.begun.elapsed());
    }
}

/// A request with a successful answer. It counts as successful when this is dropped, unless the answer was unreadable.
pub struct Answered {
    requests: Counters<3>,
    operation: &'static str,
    counted: AtomicBool,
}

impl Answered {
    /// Counts it as failed because the answer can't be read, with class and code of the error.
    pub fn unreadable(&self, class: &'static str, code: &'static str) {
        if !self.counted.swap(true, Ordering::Relaxed) {
            self.requests.add([self.operation, class, code], 1);
        }
    }
}

impl Drop for Answered {
    fn drop(&mut self) {
        self.unreadable("ok", "none");
    }
}
