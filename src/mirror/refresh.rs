//! When to LIST: the cold rhythm of an account at rest, the hot one while something settles, at once when freshness is asked for, and with
//! backoff while the cloud fails.

use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

use super::{Event, Mirror};
use crate::backoff::jittered;
use crate::cloud::{Client, CloudError, Listed, Priority};

/// The beats of a mirror.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rhythm {
    /// Between two LISTs at rest, ±20 %.
    pub cold: Duration,
    /// Between two LISTs while something settles, at first …
    pub hot: Duration,
    /// … and at most: it grows by half for each LIST that shows no change.
    pub hot_limit: Duration,
}

/// Longest wait after a failed LIST.
const FAILURE_LIMIT: Duration = Duration::from_mins(1);

struct Beat {
    rhythm: Rhythm,
    last: Option<Instant>,
    cold: Duration,
    hot: Duration,
    failures: u32,
}

/// Refreshes `mirror` for ever. Dropping the future stops it.
pub async fn refresh<R: Listed>(mirror: Arc<Mirror<R>>, client: Arc<Client>, rhythm: Rhythm) {
    let mut beat = Beat { rhythm, last: None, cold: jittered(rhythm.cold), hot: rhythm.hot, failures: 0 };
    loop {
        wait(&mirror, &mut beat).await;
        let begun = Instant::now();
        let priority = if mirror.state().hot.is_empty() { Priority::Look } else { Priority::Wait };
        let listed = client.list::<R>(priority).await;
        beat.last = Some(Instant::now());
        beat.take(&mirror, listed, begun);
    }
}

impl Beat {
    fn take<R: Listed>(&mut self, mirror: &Mirror<R>, listed: Result<Vec<R>, CloudError>, begun: Instant) {
        match listed {
            Ok(items) => {
                let changed = mirror.apply(items, begun);
                self.failures = 0;
                self.cold = jittered(self.rhythm.cold);
                self.hot = if changed.is_empty() { (self.hot * 3 / 2).min(self.rhythm.hot_limit) } else { self.rhythm.hot };
                // Nobody listens before the first object asks: that is no error.
                let _ = mirror.events.send(Event::Listed(Arc::new(changed)));
            }
            Err(error) => {
                tracing::warn!(operation = error.operation, code = error.code, request_id = error.request_id, "list failed: {error}");
                self.failures = self.failures.saturating_add(1);
                mirror.fail(error);
                let _ = mirror.events.send(Event::Failed);
            }
        }
    }

    /// When the next LIST is due: `demanded` and `hot` hurry it, failures hold it back.
    fn due(&self, demanded: Option<Instant>, hot: bool) -> Option<Instant> {
        let last = self.last?;
        if self.failures > 0 {
            return Some(last + (Duration::from_secs(1) * 2u32.saturating_pow(self.failures.min(8))).min(FAILURE_LIMIT));
        }
        let rhythm = last + if hot { self.hot.min(self.cold) } else { self.cold };
        Some(demanded.map_or(rhythm, |demanded| demanded.min(rhythm)))
    }
}

/// Waits until a LIST is due. The first one is due at once.
async fn wait<R: Listed>(mirror: &Mirror<R>, beat: &mut Beat) {
    let mut was_hot = !mirror.state().hot.is_empty();
    loop {
        let wanted = mirror.wanted.notified();
        let (demanded, hot) = {
            let state = mirror.state();
            (state.demanded, !state.hot.is_empty())
        };
        if hot && !was_hot {
            beat.hot = beat.rhythm.hot;
        }
        was_hot = hot;
        let Some(due) = beat.due(demanded, hot) else { return };
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

    #[tokio::test(start_paused = true)]
    async fn a_list_is_due_by_the_first_of_its_reasons() {
        let now = Instant::now();
        let second = Duration::from_secs(1);
        let rhythm = Rhythm { cold: second * 300, hot: second * 2, hot_limit: second * 15 };
        let rows = [
            ("never read", None, 0, None, false, None),
            ("at rest", Some(now), 0, None, false, Some(300)),
            ("something settles", Some(now), 0, None, true, Some(2)),
            ("freshness is asked for", Some(now), 0, Some(now + second), true, Some(1)),
            ("asked for later than the beat", Some(now), 0, Some(now + second * 400), false, Some(300)),
            ("failed once, and nobody hurries it", Some(now), 1, Some(now), true, Some(2)),
            ("failed often", Some(now), 20, None, true, Some(60)),
        ];
        for (row, last, failures, demanded, hot, due) in rows {
            let beat = Beat { rhythm, last, cold: rhythm.cold, hot: rhythm.hot, failures };
            assert_eq!(beat.due(demanded, hot), due.map(|seconds| now + second * seconds), "{row}");
        }
    }
}
