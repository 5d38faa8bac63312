//! The clock of the simulated cloud.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

/// A point in time: `instant` is for durations, `timestamp` is the time of day that the cloud shows.
#[derive(Clone, Copy)]
pub struct Moment {
    pub instant: Instant,
    pub timestamp: Timestamp,
}

impl Moment {
    /// The current time of a cloud whose clock is `clock_offset_s` seconds ahead of the machine's.
    pub fn now(clock_offset_s: i32) -> Self {
        let machine = Timestamp::now();
        let timestamp = machine.checked_add(SignedDuration::from_secs(clock_offset_s.into())).unwrap_or(machine);
        Self { instant: Instant::now(), timestamp }
    }

    /// The point in time that was `lag` ago.
    pub fn before(self, lag: Duration) -> Self {
        let instant = self.instant.checked_sub(lag).unwrap_or(self.instant);
        let timestamp = SignedDuration::try_from(lag).ok().and_then(|lag| self.timestamp.checked_sub(lag).ok()).unwrap_or(self.timestamp);
        Self { instant, timestamp }
    }

    /// The point in time that is `seconds` later.
    pub fn after_seconds(self, seconds: u32) -> Self {
        let instant = self.instant + Duration::from_secs(seconds.into());
        let timestamp = self.timestamp.checked_add(SignedDuration::from_secs(seconds.into())).unwrap_or(self.timestamp);
        Self { instant, timestamp }
    }

    /// The format of the service's timestamps: UTC with milliseconds.
    pub fn stamp(&self) -> String {
        self.timestamp.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
    }

    /// The format of the timestamps of connect gateways: without milliseconds.
    pub fn stamp_of_seconds(&self) -> String {
        self.timestamp.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// The format of the header `Date` (RFC 9110).
    pub fn http_date(&self) -> String {
        self.timestamp.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }
}
