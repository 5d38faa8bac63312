//! When to LIST: the idle rhythm of an account at rest, the active one while something settles, at once when freshness is asked for, and with
//! backoff while the cloud fails.

use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};
use tracing::Instrument;

use super::{CloudCache, Event};
use crate::backoff::{any_part, at_most};
use crate::cloud::{Client, CloudError, Listed, Priority};

/// The beats of a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollSchedule {
    /// Between two LISTs at rest at most: 80 to 100 % of it.
    pub idle: Duration,
    /// Between two LISTs while something settles, at first …
    pub active: Duration,
    /// … and at most: it is a quarter of the time without a change, so that what is waited for is seen soon for the time it took.
    pub active_max: Duration,
}

impl PollSchedule {
    /// The active beat after so long without a change.
    fn after(self, quiet: Duration) -> Duration {
        (quiet / 4).min(self.active_max).max(self.active)
    }
}

/// Longest wait after a failed LIST.
const FAILURE_LIMIT: Duration = Duration::from_mins(1);

struct Beat {
    rhythm: PollSchedule,
    last: Option<Instant>,
    /// The first LIST at rest is due at any time of one idle beat: accounts that began together would LIST together for ever. What is read
    /// before for other reasons does not move it.
    spread: Option<Instant>,
    idle: Duration,
    active: Duration,
    /// Since when nothing has changed and nobody new has begun to wait.
    quiet_since: Instant,
    failures: u32,
}

/// Refreshes `cache` for ever. Dropping the future stops it. `account` is the client's name in the log.
pub async fn refresh<R: Listed>(cache: Arc<CloudCache<R>>, client: Arc<Client>, rhythm: PollSchedule, account: String) {
    let mut beat = Beat::new(rhythm);
    loop {
        wait(&cache, &mut beat).await;
        let begun = Instant::now();
        let priority = if cache.is_active() { Priority::Wait } else { Priority::Background };
        let span = tracing::error_span!(parent: None, "list", account);
        let listed = client.list::<R>(priority).instrument(span.clone()).await;
        beat.last = Some(Instant::now());
        span.in_scope(|| beat.take(&cache, listed, begun));
    }
}

impl Beat {
    fn new(rhythm: PollSchedule) -> Self {
        let spread = Instant::now() + any_part(rhythm.idle).max(rhythm.active);
        Self {
            rhythm,
            last: None,
            spread: Some(spread),
            idle: at_most(rhythm.idle),
            active: rhythm.active,
            quiet_since: Instant::now(),
            failures: 0,
        }
    }

    fn take<R: Listed>(&mut self, cache: &CloudCache<R>, listed: Result<Vec<R>, CloudError>, begun: Instant) {
        match listed {
            Ok(items) => {
                let changed = cache.apply(items, begun);
                self.failures = 0;
                self.idle = at_most(self.rhythm.idle);
                self.spread = self.spread.filter(|spread| begun < *spread);
                if !changed.is_empty() {
                    self.quiet_since = begun;
                }
                self.begin_again(cache.state().active_since);
                self.active = self.rhythm.after(begun.saturating_duration_since(self.quiet_since));
                // Nobody listens before the first object asks: that is no error.
                let _ = cache.events.send(Event::Listed(Arc::new(changed)));
            }
            Err(error) => {
                tracing::warn!(operation = error.operation, code = error.code, request_id = error.request_id, "list failed: {error}");
                self.failures = self.failures.saturating_add(1);
                cache.fail(error);
                let _ = cache.events.send(Event::Failed);
            }
        }
    }

    /// Somebody who began to wait at `since` has seen no quiet yet.
    fn begin_again(&mut self, since: Instant) {
        if since > self.quiet_since {
            (self.active, self.quiet_since) = (self.rhythm.active, since);
        }
    }

    /// When the next LIST is due: `demanded` and `active` hurry it, failures hold it back.
    fn due(&self, demanded: Option<Instant>, active: bool) -> Option<Instant> {
        let last = self.last?;
        if self.failures > 0 {
            return Some(last + (Duration::from_secs(1) * 2u32.saturating_pow(self.failures.min(8))).min(FAILURE_LIMIT));
        }
        let rest = self.spread.map_or(last + self.idle, |spread| spread.max(last + self.rhythm.active).min(last + self.idle));
        let rhythm = if active { rest.min(last + self.active) } else { rest };
        Some(demanded.map_or(rhythm, |demanded| demanded.min(rhythm)))
    }
}

/// Waits until a LIST is due. The first one is due at once.
async fn wait<R: Listed>(cache: &CloudCache<R>, beat: &mut Beat) {
    loop {
        let wanted = cache.wanted.notified();
        let (demanded, active) = {
            let state = cache.state();
            beat.begin_again(state.active_since);
            (state.demanded, cache.is_active())
        };
        let Some(due) = beat.due(demanded, active) else { return };
        if due <= Instant::now() {
            return;
        }
        tokio::select! {
            () = sleep_until(due) => return,
            () = wanted => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_settles_is_seen_within_a_quarter_more_of_its_time_and_the_bounds() {
        let second = Duration::from_secs(1);
        let rhythm = PollSchedule { idle: second * 300, active: second * 2, active_max: second * 15 };
        let mut looks = vec![Duration::ZERO];
        while looks.len() < 60 {
            let last = looks[looks.len() - 1];
            looks.push(last + rhythm.after(last));
        }
        for pair in looks.windows(2) {
            let beat = pair[1].checked_sub(pair[0]).unwrap();
            assert!(beat == rhythm.active || beat * 4 <= pair[0], "{pair:?}");
            assert!(beat <= rhythm.active_max, "{pair:?}");
        }
        let looks_until = |settled: u64| looks.iter().filter(|look| **look <= second * u32::try_from(settled).unwrap()).count();
        assert_eq!([5, 60, 300].map(looks_until), [3, 14, 30]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_is_due_by_the_first_of_its_reasons() {
        let now = Instant::now();
        let second = Duration::from_secs(1);
        let rhythm = PollSchedule { idle: second * 300, active: second * 2, active_max: second * 15 };
        let rows = [
            ("never read", None, 0, None, false, None),
            ("at rest", Some(now), 0, None, false, Some(300)),
            ("something settles", Some(now), 0, None, true, Some(2)),
            ("freshness is asked for", Some(now), 0, Some(now + second), true, Some(1)),
            ("asked for later than the beat", Some(now), 0, Some(now + second * 400), false, Some(300)),
            ("failed once, and nobody hurries it", Some(now), 1, Some(now), true, Some(2)),
            ("failed often", Some(now), 20, None, true, Some(60)),
        ];
        for (row, last, failures, demanded, active, due) in rows {
            let beat = Beat { rhythm, last, spread: None, idle: rhythm.idle, active: rhythm.active, quiet_since: now, failures };
            assert_eq!(beat.due(demanded, active), due.map(|seconds| now + second * seconds), "{row}");
        }
        let rows = [
            ("the first at rest has a time of its own", Some(now), 120, false, 120),
            ("which a LIST in between does not move", Some(now + second * 100), 120, false, 120),
            ("but it does not follow at once", Some(now + second * 119), 120, false, 121),
            ("nor is it later than the beat", Some(now), 400, false, 300),
            ("something settles", Some(now), 120, true, 2),
        ];
        for (row, last, spread, active, due) in rows {
            let spread = Some(now + second * spread);
            let beat = Beat { rhythm, last, spread, idle: rhythm.idle, active: rhythm.active, quiet_since: now, failures: 0 };
            assert_eq!(beat.due(None, active), Some(now + second * due), "{row}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn accounts_that_began_together_part_ways_and_keep_the_interval() {
        let (begun, second) = (Instant::now(), Duration::from_secs(1));
        let rhythm = PollSchedule { idle: second * 300, active: second * 2, active_max: second * 15 };
        let mut quarters = [0; 4];
        for _ in 0..400 {
            let beat = Beat { last: Some(begun), ..Beat::new(rhythm) };
            let due = beat.due(None, false).unwrap() - begun;
            assert!(due >= rhythm.active && due <= rhythm.idle, "{due:?}");
            quarters[usize::try_from(due.as_secs() / 75).unwrap().min(3)] += 1;
            assert!(beat.idle >= second * 239 && beat.idle <= rhythm.idle, "{:?}", beat.idle);
        }
        assert!(quarters.iter().all(|dues| *dues > 40), "{quarters:?}");
    }
}
