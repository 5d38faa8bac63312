//! When to LIST: not at all while nobody needs the collection, at the idle interval, at the active interval while a resource settles, at once when fresh data is demanded, and with backoff
//! while the cloud fails.

use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};
use tracing::Instrument;

use super::{CloudCache, Event};
use crate::backoff::{any_part, at_most};
use crate::cloud::{Client, CloudError, ErrorClass, Item, Listed, Priority, Unreadable};

/// The intervals at which a cache is refreshed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollSchedule {
    /// Longest interval while nothing settles: 80 to 100 % of it are used.
    pub idle: Duration,
    /// Shortest interval while a resource settles.
    pub active: Duration,
    /// Longest interval while a resource settles. In between it is a quarter of the time without a change, so that the delay until a change is
    /// seen is small compared with the time that the change took.
    pub active_max: Duration,
}

impl PollSchedule {
    /// The active interval after a time without a change.
    fn active_after(self, quiet: Duration) -> Duration {
        (quiet / 4).min(self.active_max).max(self.active)
    }
}

/// Longest wait after a failed LIST.
const FAILURE_LIMIT: Duration = Duration::from_mins(1);
/// Wait after the answer that the region does not have the collection.
const UNSUPPORTED: Duration = Duration::from_hours(1);

struct Poller {
    schedule: PollSchedule,
    /// When the last LIST ended.
    last: Option<Instant>,
    /// The first idle LIST is due at a random time within one idle interval: accounts that were created together would LIST together for ever.
    /// LISTs before it for other reasons do not move it.
    first_idle: Option<Instant>,
    /// The present idle interval, with jitter.
    idle: Duration,
    /// The present active interval.
    active: Duration,
    /// Since when nothing has changed and active polling was not requested anew.
    quiet_since: Instant,
    /// Consecutive failures.
    failures: u32,
    /// The region does not have the collection.
    is_unsupported: bool,
}

/// Polls the collection of `cache` until the future is dropped. `account` is the account's name in the log.
pub async fn refresh<R: Listed>(cache: Arc<CloudCache<R>>, client: Arc<Client>, schedule: PollSchedule, account: String) {
    let mut poller = Poller::new(schedule);
    loop {
        wait(&cache, &mut poller).await;
        if cache.is_resting() || cache.rest_if_unneeded(schedule.idle) {
            cache.until_asked().await;
            poller = Poller::new(schedule);
            continue;
        }
        let started = Instant::now();
        let priority = if cache.is_active() { Priority::Wait } else { Priority::Background };
        let span = tracing::error_span!(parent: None, "list", account);
        let listed = client.list::<R>(priority).instrument(span.clone()).await;
        poller.last = Some(Instant::now());
        span.in_scope(|| poller.record(&cache, listed, started));
    }
}

impl Poller {
    fn new(schedule: PollSchedule) -> Self {
        let first_idle = Instant::now() + any_part(schedule.idle).max(schedule.active);
        Self {
            schedule,
            last: None,
            first_idle: Some(first_idle),
            idle: at_most(schedule.idle),
            active: schedule.active,
            quiet_since: Instant::now(),
            failures: 0,
            is_unsupported: false,
        }
    }

    fn record<R: Listed>(&mut self, cache: &CloudCache<R>, listed: Result<Vec<Item<R>>, CloudError>, started: Instant) {
        match listed {
            Ok(items) => {
                let before = cache.unreadable();
                let changed = cache.apply(items, started);
                report(&before, &cache.unreadable());
                (self.failures, self.is_unsupported) = (0, false);
                self.idle = at_most(self.schedule.idle);
                self.first_idle = self.first_idle.filter(|first_idle| started < *first_idle);
                if !changed.is_empty() {
                    self.quiet_since = started;
                }
                self.restart_active(cache.lock().active_since);
                self.active = self.schedule.active_after(started.saturating_duration_since(self.quiet_since));
                // There may be no listener yet.
                let _ = cache.events.send(Event::Listed(Arc::new(changed)));
            }
            Err(error) => {
                tracing::warn!(operation = error.operation, code = error.code, request_id = error.request_id, "LIST failed: {error}");
                self.failures = self.failures.saturating_add(1);
                // One that was read before is there.
                self.is_unsupported = error.class == ErrorClass::Unsupported && cache.lock().listed.is_none();
                cache.fail(error);
                let _ = cache.events.send(Event::Failed);
            }
        }
    }

    /// Starts again at the shortest active interval if active polling was requested anew, at `since`.
    fn restart_active(&mut self, since: Instant) {
        if since > self.quiet_since {
            (self.active, self.quiet_since) = (self.schedule.active, since);
        }
    }

    /// When the next LIST is due: `demanded` and `active` make it earlier, failures later. `None`: at once, since it is the first.
    fn due(&self, demanded: Option<Instant>, active: bool) -> Option<Instant> {
        let last = self.last?;
        if self.is_unsupported {
            return Some(last + UNSUPPORTED);
        }
        if self.failures > 0 {
            return Some(last + (Duration::from_secs(1) * 2u32.saturating_pow(self.failures.min(8))).min(FAILURE_LIMIT));
        }
        let idle_due = self.first_idle.map_or(last + self.idle, |first| first.max(last + self.schedule.active).min(last + self.idle));
        let due = if active { idle_due.min(last + self.active) } else { idle_due };
        Some(demanded.map_or(due, |demanded| demanded.min(due)))
    }
}

/// Logs each item with fields that can't be read once, and once when it can be read again or is gone.
fn report<R: Listed>(before: &[Arc<Unreadable<R>>], now: &[Arc<Unreadable<R>>]) {
    let operation = R::OPERATIONS.0;
    let is_known = |item: &Unreadable<R>| before.iter().any(|known| known.rest.id() == item.rest.id() && known.problem == item.problem);
    for item in now.iter().filter(|item| !is_known(item)) {
        let (id, problem) = (item.told_id(), &item.problem);
        tracing::warn!(operation, id, problem, "an item of the LIST can't be read: nothing is done to this resource until it can");
    }
    for item in before.iter().filter(|item| now.iter().all(|still| still.rest.id() != item.rest.id())) {
        tracing::info!(operation, id = item.told_id(), "the item of the LIST that could not be read is readable, or gone");
    }
}

/// Waits until a LIST is due.
async fn wait<R: Listed>(cache: &CloudCache<R>, poller: &mut Poller) {
    loop {
        let woken = cache.wake.notified();
        let (demanded, active) = {
            let inner = cache.lock();
            poller.restart_active(inner.active_since);
            (inner.demanded, cache.is_active())
        };
        let Some(due) = poller.due(demanded, active) else { return };
        if due <= Instant::now() {
            return;
        }
        tokio::select! {
            () = sleep_until(due) => return,
            () = woken => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_active_interval_is_a_quarter_of_the_quiet_time_within_its_bounds() {
        let second = Duration::from_secs(1);
        let schedule = PollSchedule { idle: second * 300, active: second * 2, active_max: second * 15 };
        let mut lists = vec![Duration::ZERO];
        while lists.len() < 60 {
            let last = lists[lists.len() - 1];
            lists.push(last + schedule.active_after(last));
        }
        for pair in lists.windows(2) {
            let interval = pair[1].checked_sub(pair[0]).unwrap();
            assert!(interval == schedule.active || interval * 4 <= pair[0], "{pair:?}");
            assert!(interval <= schedule.active_max, "{pair:?}");
        }
        let lists_until = |settled: u64| lists.iter().filter(|list| **list <= second * u32::try_from(settled).unwrap()).count();
        assert_eq!([5, 60, 300].map(lists_until), [3, 14, 30]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_is_due_for_the_earliest_reason() {
        let now = Instant::now();
        let second = Duration::from_secs(1);
        let schedule = PollSchedule { idle: second * 300, active: second * 2, active_max: second * 15 };
        let rows = [
            ("never read", None, 0, None, false, None),
            ("idle", Some(now), 0, None, false, Some(300)),
            ("active", Some(now), 0, None, true, Some(2)),
            ("fresh data is demanded", Some(now), 0, Some(now + second), true, Some(1)),
            ("demanded later than the idle interval", Some(now), 0, Some(now + second * 400), false, Some(300)),
            ("failed once, which a demand does not shorten", Some(now), 1, Some(now), true, Some(2)),
            ("failed often", Some(now), 20, None, true, Some(60)),
        ];
        for (row, last, failures, demanded, active, due) in rows {
            let poller = Poller { last, first_idle: None, idle: schedule.idle, failures, ..Poller::new(schedule) };
            assert_eq!(poller.due(demanded, active), due.map(|seconds| now + second * seconds), "{row}");
        }
        let poller = Poller { last: Some(now), failures: 3, is_unsupported: true, ..Poller::new(schedule) };
        assert_eq!(poller.due(Some(now), true), Some(now + UNSUPPORTED), "the region does not have it");
        let rows = [
            ("the first idle LIST has a random time", Some(now), 120, false, 120),
            ("which a LIST before it does not move", Some(now + second * 100), 120, false, 120),
            ("but at least the shortest interval after it", Some(now + second * 119), 120, false, 121),
            ("and at most the idle interval", Some(now), 400, false, 300),
            ("active", Some(now), 120, true, 2),
        ];
        for (row, last, first_idle, active, due) in rows {
            let first_idle = Some(now + second * first_idle);
            let poller = Poller { last, first_idle, idle: schedule.idle, ..Poller::new(schedule) };
            assert_eq!(poller.due(None, active), Some(now + second * due), "{row}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn accounts_that_were_created_together_spread_their_lists() {
        let (started, second) = (Instant::now(), Duration::from_secs(1));
        let schedule = PollSchedule { idle: second * 300, active: second * 2, active_max: second * 15 };
        let mut quarters = [0; 4];
        for _ in 0..400 {
            let poller = Poller { last: Some(started), ..Poller::new(schedule) };
            let due = poller.due(None, false).unwrap() - started;
            assert!(due >= schedule.active && due <= schedule.idle, "{due:?}");
            quarters[usize::try_from(due.as_secs() / 75).unwrap().min(3)] += 1;
            assert!(poller.idle >= second * 239 && poller.idle <= schedule.idle, "{:?}", poller.idle);
        }
        assert!(quarters.iter().all(|dues| *dues > 40), "{quarters:?}");
    }
}
