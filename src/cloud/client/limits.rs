//! How the cloud is spared, alike for all accounts.

use std::time::Duration;

/// Bounds of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest time of one call from its first byte to its last.
    pub call: Duration,
    /// Most resources in one page of a LIST, 1 to 2000.
    pub page: u32,
    /// How long a budget rests after a 429 that names no time: the cloud's windows are minutes.
    pub pause: Duration,
    /// The rate after such refusals never falls below this part of its limit: 16 is a sixteenth.
    pub floor: u32,
    /// A good answer wins back this part of the limit: 32 is a thirty-second.
    pub gain: u32,
    /// So many calls of one class and direction wait for their turn. Who finds the line full comes back later, so that the passes of one account
    /// never take up the room of all.
    pub line: u32,
    /// So many failures of an endpoint in a row open its breaker. Fewer are the lot of single calls.
    pub failures: u32,
    /// First and longest time for which it is left alone then.
    pub rest: (Duration, Duration),
}

impl Limits {
    /// For how long after it was announced a create may still take effect: one call's time, and as much again to be begun.
    #[must_use]
    pub fn create(&self) -> Duration {
        self.call * 2
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            call: Duration::from_mins(1),
            page: 2000,
            pause: Duration::from_mins(1),
            floor: 16,
            gain: 32,
            line: 32,
            failures: 5,
            rest: (Duration::from_secs(1), Duration::from_secs(30)),
        }
    }
}
