//! Leader election: which replica writes. It knows the lease and the clock, and nothing of the cloud or of what is written.
//!
//! Replicas share a `Lease` of the API server. The holder reconciles, the others are on standby. A *term* is the time in which a replica leads.
//!
//! **Guaranteed**, whatever the wall clocks of the machines show:
//! - Terms do not overlap. A leader's term ends a renew deadline after it *sent* its last renewal. Another replica takes the lease only after it
//!   has *seen* it unchanged for a lease duration, which is longer. Both measure with their own monotonic clocks, and every change of the lease
//!   is guarded by its resource version.
//! - No write begins after the term, and none goes on: [`Leadership::guard`] checks each time before the write is polled.
//! - A term that ended does not begin again: the process ends, with an error.
//!
//! **Not guaranteed**, because neither Kubernetes nor the cloud takes a fencing token:
//! - A write from a former leader can arrive after its term. The guard ends where the HTTP client takes the request: a task of its own drives
//!   the connection without a check, and the kernel sends what it has buffered. The window is short in a running process, but a process that is
//!   paused within it sends the request when it is resumed, before it ends. The reconcile copes with that: a create has an intent with a deadline
//!   that the next leader waits out, and an owner tag and a natural key by which it is found; an update names the fields that it wants, so the
//!   next comparison corrects a late one; a delete names an id that is never used again; the watch shows a late status, which is then written
//!   again.
//! - The monotonic clock stops while a machine is suspended or a virtual machine is paused, and so does the term.
//! - Monotonic clocks may differ by the lease duration minus the renew deadline (a third, by default) within one term, and not by more.
//! - Nobody may edit the lease by hand, or delete it and start a new replica within the term.

mod election;
mod fence;
mod lease;

pub use election::{Election, Loss, Term, Timing};
pub use fence::Fence;

use std::pin::pin;
use std::task::Poll;
use tokio::sync::watch;
use tokio::time::Instant;

/// The right to write while the term lasts. Cheap to clone and to check.
#[derive(Clone)]
pub struct Leadership {
    /// When the term ends unless it is renewed; `None` without leader election.
    until: Option<watch::Receiver<Instant>>,
}

/// A write was not begun, or not completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this replica no longer leads")]
pub struct NotLeading;

impl Leadership {
    /// Of a process without leader election.
    #[must_use]
    pub const fn alone() -> Self {
        Self { until: None }
    }

    /// Until an instant that may be moved.
    #[must_use]
    pub const fn until(until: watch::Receiver<Instant>) -> Self {
        Self { until: Some(until) }
    }

    /// Whether it holds now. Without IO: a process that was paused beyond the end of its term finds out here first.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.until.as_ref().is_none_or(|until| {
            let until = *until.borrow();
            // The clock is read last: the process may have been paused before this line.
            Instant::now() < until
        })
    }

    /// Runs `work` while leadership holds, which is checked each time the work is polled: nothing between here and the network (a login, a
    /// connection, a retry) can carry a write beyond the term.
    ///
    /// # Errors
    /// Leadership does not hold. Work that had begun is dropped; whether it took effect is not known.
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
    async fn it_holds_until_the_term_ends_unless_renewed() {
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
    async fn work_neither_begins_nor_continues_after_the_term() {
        let (_term, leadership) = term(10);
        let sent = AtomicU32::new(0);
        // Like a write, it waits for a connection first.
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
