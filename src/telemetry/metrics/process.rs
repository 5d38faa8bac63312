//! Metrics of the process from `/proc`. Values that can't be read are omitted; systems other than Linux have none.

#[cfg(target_os = "linux")]
use procfs::process::{LimitValue, Process};

use super::readings::Readings;
#[cfg(target_os = "linux")]
use super::table::{CPU_SECONDS, MAX_FDS, OPEN_FDS, RESIDENT_MEMORY, START_TIME, VIRTUAL_MEMORY};

#[cfg(not(target_os = "linux"))]
pub(super) const fn read(_: &mut Readings) {}

#[cfg(target_os = "linux")]
#[allow(clippy::cast_precision_loss, reason = "metrics are floats; no value here needs more than 53 bits")]
pub(super) fn read(readings: &mut Readings) {
    let Ok(process) = Process::myself() else { return };
    if let Ok(stat) = process.stat() {
        let ticks = procfs::ticks_per_second() as f64;
        readings.add(&CPU_SECONDS, [], (stat.utime + stat.stime) as f64 / ticks);
        readings.add(&RESIDENT_MEMORY, [], (stat.rss * procfs::page_size()) as f64);
        readings.add(&VIRTUAL_MEMORY, [], stat.vsize as f64);
        if let Ok(boot) = procfs::boot_time_secs() {
            readings.add(&START_TIME, [], boot as f64 + stat.starttime as f64 / ticks);
        }
    }
    if let Ok(open) = process.fd_count() {
        readings.count(&OPEN_FDS, [], open);
    }
    if let Ok(LimitValue::Value(limit)) = process.limits().map(|limits| limits.max_open_files.soft_limit) {
        readings.add(&MAX_FDS, [], limit as f64);
    }
}
