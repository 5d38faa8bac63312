//! Calls to the cloud: how many, what came of them, how long they took and waited.

use prometheus_client::registry::Registry;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::Instant;

use super::metric::{Counters, Gauges, Histograms, OneMore, Registered};
use super::table::{LISTS, PAGES, RATE_LIMIT_QUEUE_FULL, RATE_LIMIT_WAIT, REQUEST_DURATION, REQUESTS, REQUESTS_IN_FLIGHT};

/// The cloud's part. Cheap to clone.
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

    /// A request goes out. One whose end is not told was given up and is not counted.
    #[must_use]
    pub fn begin(&self, operation: &'static str) -> Flight {
        Flight { cloud: self.clone(), operation, begun: Instant::now(), _under_way: self.in_flight.one_more([]) }
    }

    /// A call had its turn after a wait.
    pub fn waited(&self, direction: &'static str, priority: &'static str, wait: Duration) {
        self.rate_limit_wait.observe([direction, priority], wait);
    }

    /// A line was full.
    pub fn queue_full(&self, direction: &'static str, priority: &'static str) {
        self.queue_full.add([direction, priority], 1);
    }

    /// A whole collection was read, or was not, after so many pages.
    pub fn listed(&self, collection: &'static str, pages: u64, ok: bool) {
        self.lists.add([collection, if ok { "ok" } else { "failed" }], 1);
        self.pages.add([collection], pages);
    }
}

/// Of a process's own, shown to nobody.
impl Default for Cloud {
    fn default() -> Self {
        Self::register(&mut Registry::default())
    }
}

/// A request under way.
pub struct Flight {
    cloud: Cloud,
    operation: &'static str,
    begun: Instant,
    _under_way: OneMore,
}

impl Flight {
    /// It failed: class and code of the error.
    pub fn failed(self, class: &'static str, code: &'static str) {
        self.took();
        self.cloud.requests.add([self.operation, class, code], 1);
    }

    /// It was answered well.
    #[must_use]
    pub fn answered(self) -> Answered {
        self.took();
        Answered { requests: self.cloud.requests.clone(), operation: self.operation, counted: AtomicBool::new(false) }
    }

    fn took(&self) {
        self.cloud.duration.observe([self.operation], self.begun.elapsed());
    }
}

/// A request that was answered. It counts as good when this is dropped, unless somebody could not read the answer.
pub struct Answered {
    requests: Counters<3>,
    operation: &'static str,
    counted: AtomicBool,
}

impl Answered {
    /// The answer can't be read: class and code of the error.
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
