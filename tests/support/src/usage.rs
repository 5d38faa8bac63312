//! What a process takes of the machine, as the kernel tells it.

use std::time::{Duration, Instant};

use crate::operator::Operator;
use crate::{eventually, figure};

/// Far more than coming to rest needs.
const REST: Duration = Duration::from_mins(2);
/// Seconds of processor within one, below which nothing is worked at: the lease is renewed, the probes answer.
const AT_REST: f64 = 0.04;
/// Of the kernel's clock, in which it tells processor time.
const TICKS_A_SECOND: f64 = 100.0;

/// What a process has taken so far.
pub struct Usage {
    /// Resident now, and at most so far, in MiB.
    pub resident: f64,
    pub peak: f64,
    /// Processor time in seconds.
    pub processor: f64,
    pub at: Instant,
}

impl Usage {
    pub fn of(operator: &Operator) -> Self {
        let read = |file: &str| std::fs::read_to_string(format!("/proc/{}/{file}", operator.id())).unwrap();
        let status = read("status");
        let mib = |field: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
            line.trim_matches(|other: char| !other.is_ascii_digit()).parse::<f64>().unwrap() / 1024.0
        };
        // Behind the program's name, which stands in brackets, the 12th and the 13th field.
        let stat = read("stat");
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        let ticks = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
        Self { resident: mib("VmRSS:"), peak: mib("VmHWM:"), processor: ticks / TICKS_A_SECOND, at: Instant::now() }
    }

    /// Waits until the operator has nothing more to do: until it takes next to nothing of the processor for a second.
    pub async fn at_rest(operator: &Operator) -> Self {
        eventually("the operator comes to rest", REST, || async {
            let before = Self::of(operator);
            tokio::time::sleep(Duration::from_secs(1)).await;
            let now = Self::of(operator);
            (now.processor - before.processor < AT_REST).then_some(now)
        })
        .await
    }

    /// Prints it, and the processor time since `last`.
    pub fn tell(&self, what: &str, last: &Self) {
        let (used, window) = (self.processor - last.processor, self.at.duration_since(last.at).as_secs_f64());
        let share = 1000.0 * used / window;
        let Self { resident, peak, .. } = self;
        figure(&format!(
            "{what}: {resident:.1} MiB resident, {peak:.1} MiB at most; {used:.2} s of processor in {window:.1} s, {share:.0}m"
        ));
    }
}
