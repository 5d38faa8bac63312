//! Timeouts of a client of the API server.

use std::time::Duration;

/// A watch may be silent for so many times the timeout of a call: the API server sends a bookmark every minute.
const WATCH_SILENCE: u32 = 5;

/// A connection that carries nothing is found dead by its calls: each must be answered within `limit`, and a watch must not be silent for longer than some
/// times that.
pub const fn limit(config: &mut kube::Config, limit: Duration) {
    config.connect_timeout = Some(limit);
    config.read_timeout = Some(limit.saturating_mul(WATCH_SILENCE));
    // The time for which a connection was at rest does not count.
    config.reset_reader_on_write = true;
    config.write_timeout = Some(limit);
}
