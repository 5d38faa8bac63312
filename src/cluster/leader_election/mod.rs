//! Whether this process is the one that writes. Knows the lease and the clock; knows nothing of the cloud, nor of what is written.
//!
//! Replicas share a `Lease` of the API server. Who holds it works, the others stand by. What that gives, and what it does not:
//!
//! **Guaranteed**, whatever the wall clocks of the machines say:
//! - Terms do not overlap. A holder's term ends a renew deadline after it *sent* its last renewal; another takes the lease only after it has
//!   *seen* it unchanged for a lease duration, which is longer. Both measure with their own monotonic clock, and every change of the lease is
//!   guarded by its resource version.
//! - No write is begun after the term, and none is driven on: [`Leadership::guard`] asks each time before the write is given the processor.
//! - A term that ended is not taken up again: the process ends, with an error.
//!
//! **Not guaranteed**, because neither Kubernetes nor the cloud takes a fencing token:
//! - What was handed over within the term can arrive after it. The guard ends where the HTTP client takes the request: a connection is driven by
//!   a task of its own, which asks nobody, and behind it the kernel sends on what it holds. The window is short in a running process, but a
//!   process that is paused within it sends such a request when it is resumed, before it ends. The reconciler covers it: a create has an intent with
//!   a deadline which the next holder waits out, an owner's tag and a natural key by which it is found; an update names the fields it wants, so
//!   the next comparison sets right what came late; a delete names an id that is never given again; a status that came late is seen by the
//!   watch and written anew.
//! - The monotonic clock stands still while a machine is suspended or a virtual machine is paused, and so does the term.
//! - Monotonic clocks that run apart by more than the difference of lease duration and renew deadline (a third, by default) within one term.
//! - Somebody who edits the lease by hand, or deletes it and starts a new replica within the term.

mod election;
mod fence;
mod lease;

pub use election::{Election, Loss, Term, Timing};
pub use fence::Fence;

use std::pin::pin;
use std::task::Poll;
use tokio::sync::watch;
use tokio::time::Instant;

/// The right to write, as long as it lasts. Cheap to clone and to ask.
#[derive(Clone)]
pub struct Leadership {
    /// When the term ends unless it is renewed; `None` where there are no others.
    until: Option<watch::Receiver<Instant>>,
}

/// A write was not sent, or given up under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this replica does not lead any more")]
pub struct NotLeading;

impl Leadership {
    /// Of a process that has no others beside it.
    #[must_use]
    pub const fn alone() -> Self {
        Self { until: None }
    }

    /// Until an instant that may be moved.
    #[must_use]
    pub const fn until(until: watch::Receiver<Instant>) -> Self {
        Self { until: Some(until) }
    }

    /// Whether it holds right now. No IO: a process that slept over the end of its term learns it here, before it hears of anything else.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.until.as_ref().is_none_or(|until| {
            let until = *until.borrow();
            // Last of all: what was read before may have been read before a pause.
            Instant::now() < until
        })
    }

    /// Does `work` while leadership holds. It is asked each time the work would go on, so whatever stands between here and the wire (a login,
    /// a connection, a retry) cannot carry a write beyond the term.
    ///
    /// # Errors
    /// When leadership does not hold. Work that had begun is dropped, and whether it had its effect is not known.
    pub async fn guard<F: Future>(&self, work: F) -> Result<F::Output, NotLeading> {
        let mut work = pin!(work);
        std::future::poll_fn(|context| if self.holds() { work.as_mut().poll(context).map(Ok) } else { Poll::Ready(Err(NotLeading)) }).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    fn term(seconds: u64) -> (watch::Sender<Instant>, Leadership) {
        let (sender, receiver) = watch::channel(Instant::now() + Duration::from_secs(seconds));
        (sender, Leadership::until(receiver))
    }

    #[tokio::test(start_paused = true)]
    async fn it_holds_until_the_term_ends_and_longer_only_if_renewed() {
        let (term, leadership) = term(10);
        assert!(leadership.holds());
        tokio::time::advance(Duration::from_millis(9_999)).await;
        assert!(leadership.holds());
        term.send_replace(Instant::now() + Duration::from_secs(5));
        tokio::time::advance(Duration::from_millis(4_999)).await;
        assert!(leadership.holds());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(!leadership.holds());
        drop(term);
        assert!(!leadership.holds());
        assert!(Leadership::alone().holds());
    }

    #[tokio::test(start_paused = true)]
    async fn work_is_not_begun_nor_gone_on_with_beyond_the_term() {
        let (_term, leadership) = term(10);
        let sent = AtomicU32::new(0);
        // As a write does: it waits for a connection first.
        let write = async |wait: u64| {
            tokio::time::sleep(Duration::from_secs(wait)).await;
            sent.fetch_add(1, Ordering::Relaxed)
        };
        assert_eq!(leadership.guard(write(9)).await, Ok(0));
        assert_eq!(leadership.guard(write(1)).await, Err(NotLeading), "begun within the term");
        assert_eq!(leadership.guard(write(0)).await, Err(NotLeading), "begun after it");
        assert_eq!(sent.load(Ordering::Relaxed), 1);
    }
}
