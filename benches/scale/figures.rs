//! What a scenario came to: its figure beside its floor, what it cost, and what it must reach.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// One row of the table, one JSON file.
#[derive(Clone, Serialize, Deserialize)]
pub struct Figures {
    pub scenario: String,
    /// What the figure is, with its unit.
    pub what: String,
    pub figure: f64,
    /// What the figure could be at best, and how that is computed.
    pub floor: f64,
    pub floor_is: String,
    pub ratio_to_floor: f64,
    pub objects: usize,
    /// Requests that the cloud saw.
    pub cloud_calls: u64,
    /// Writes of objects and events.
    pub kubernetes_writes: u64,
    /// The operator's at the end, and at most so far.
    pub rss_mib: f64,
    pub rss_peak_mib: f64,
    /// Processor time of the operator.
    pub cpu_seconds: f64,
    pub targets: Vec<Target>,
    /// Where and when.
    pub machine: String,
    pub date: String,
}

/// What must be reached.
#[derive(Clone, Serialize, Deserialize)]
pub struct Target {
    pub what: String,
    pub measured: f64,
    /// Bounds, both of them included.
    pub least: f64,
    pub most: f64,
    pub reached: bool,
}

impl Target {
    pub fn at_most(what: &str, measured: f64, most: f64) -> Self {
        Self::between(what, measured, 0.0, most)
    }

    pub fn exactly(what: &str, measured: f64, wanted: f64) -> Self {
        Self::between(what, measured, wanted, wanted)
    }

    pub fn between(what: &str, measured: f64, least: f64, most: f64) -> Self {
        Self { what: what.to_owned(), measured, least, most, reached: (least..=most).contains(&measured) }
    }

    fn told(&self) -> String {
        let bound = if self.least > 0.0 && self.least < self.most {
            format!("{} to {}", number(self.least), number(self.most))
        } else if self.least < self.most {
            format!("at most {}", number(self.most))
        } else {
            format!("exactly {}", number(self.most))
        };
        let mark = if self.reached { "" } else { ", **missed**" };
        format!("{}: {} ({bound}{mark})", self.what, number(self.measured))
    }
}

/// Short, and with as many digits as say something.
pub fn number(value: f64) -> String {
    let digits = if value.fract() == 0.0 || value.abs() >= 100.0 {
        0
    } else if value.abs() >= 1.0 {
        1
    } else {
        3
    };
    // A zero has no sign here.
    format!("{:.digits$}", value + 0.0)
}

/// The Markdown table of some rows, and below it what each had to reach.
pub fn table(rows: &[Figures]) -> String {
    let mut text = String::from(
        "| scenario | objects | figure | floor | ratio | cloud calls | Kubernetes writes | RSS MiB | CPU s |\n|---|--:|---|--:|--:|--:|--:|--:|--:|\n",
    );
    for row in rows {
        let _ = writeln!(
            text,
            "| {} | {} | {}: {} | {} | {:.2} | {} | {} | {} | {} |",
            row.scenario,
            row.objects,
            row.what,
            number(row.figure),
            number(row.floor),
            row.ratio_to_floor,
            row.cloud_calls,
            row.kubernetes_writes,
            number(row.rss_mib),
            number(row.cpu_seconds),
        );
    }
    text.push('\n');
    for row in rows {
        let targets: Vec<String> = row.targets.iter().map(Target::told).collect();
        let targets = if targets.is_empty() { String::new() } else { format!(" {}.", targets.join("; ")) };
        let _ = writeln!(text, "- **{}**: the floor is {}.{targets}", row.scenario, row.floor_is);
    }
    text
}

/// How the cost of one scenario grows from one number of objects to another, as an exponent of it.
pub struct Growth {
    scenario: String,
    objects: [usize; 2],
    time: f64,
    /// Of what the time could be at best: an API server that takes longer for each write of many is none of the operator's doing.
    floor: f64,
    memory: f64,
    calls: f64,
    processor: f64,
}

impl Growth {
    /// Above 1 by no more than two runs of one size differ.
    const LINEAR: f64 = 1.05;

    /// Nothing grows faster than the number of objects, or than the floor does.
    pub fn is_linear(&self) -> bool {
        let time = self.time <= Self::LINEAR.max(self.floor);
        time && [self.memory, self.calls, self.processor].into_iter().all(|exponent| exponent <= Self::LINEAR)
    }
}

/// Between neighbouring sizes of those scenarios whose names end in one.
pub fn growth(rows: &[Figures]) -> Vec<Growth> {
    let mut by_scenario: BTreeMap<&str, Vec<&Figures>> = BTreeMap::new();
    for (scenario, row) in rows.iter().filter_map(|row| Some((row.scenario.split_once('-')?.0, row))) {
        by_scenario.entry(scenario).or_default().push(row);
    }
    let mut all = Vec::new();
    for (scenario, mut rows) in by_scenario {
        rows.sort_by_key(|row| row.objects);
        for pair in rows.windows(2) {
            let [less, more] = pair else { continue };
            let exponent = |cost: fn(&Figures) -> f64| {
                (cost(more).max(1e-3) / cost(less).max(1e-3)).ln() / (count(more.objects) / count(less.objects)).ln()
            };
            all.push(Growth {
                scenario: scenario.to_owned(),
                objects: [less.objects, more.objects],
                time: exponent(|row| row.figure),
                floor: exponent(|row| row.floor),
                memory: exponent(|row| row.rss_mib),
                calls: exponent(|row| count(row.cloud_calls)),
                processor: exponent(|row| row.cpu_seconds),
            });
        }
    }
    all
}

/// The same as a Markdown table.
pub fn told_growth(growth: &[Growth]) -> String {
    let mut text =
        String::from("| scenario | objects | time | its floor | memory | calls | processor | |\n|---|---|--:|--:|--:|--:|--:|---|\n");
    for row in growth {
        let Growth { scenario, objects: [less, more], time, floor, memory, calls, processor } = row;
        let mark = if row.is_linear() { "at most linear, or as its floor" } else { "**faster than linear**" };
        let _ = writeln!(
            text,
            "| {scenario} | {less} to {more} | {time:.2} | {floor:.2} | {memory:.2} | {calls:.2} | {processor:.2} | {mark} |"
        );
    }
    text
}

/// A number of things, to be reckoned with.
pub fn count(number: impl TryInto<u32>) -> f64 {
    f64::from(number.try_into().unwrap_or(u32::MAX))
}

/// Where the figures of a run are kept.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().map_or_else(PathBuf::new, |target| target.join("bench"))
}

/// The processor, as the kernel names it, and how many of it.
pub fn machine() -> String {
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown processor", |rest| rest.trim_start_matches([' ', '\t', ':']));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{cores} cores of {name}, {}", std::env::consts::OS)
}
