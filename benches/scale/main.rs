//! `make bench`: what the operator costs, beside what it could cost at best. A real control plane and the simulated cloud on loopback, the
//! operator of the release as a process; memory and processor time are told by the operating system.
//!
//! Prints a Markdown table and writes one JSON file for each row. `SCENARIO` picks some scenarios; `SCENARIO=soak` takes half an hour, and is
//! no part of a whole run.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a benchmark ends at the first surprise"
)]

mod figures;
mod page;
mod scenarios;
mod stage;

use std::process::ExitCode;

use figures::{Figures, folder, growth, table, told_growth};
use scenarios::{accounts, churn, families, idle, keys, lines, throttled};

/// Those of a whole run, in this order, and the one that takes too long for it.
const SCENARIOS: [&str; 12] =
    ["idle", "burst", "restart", "plugin", "drift", "steady", "families", "throttled", "accounts", "keys", "growth", "soak"];

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    if std::env::args().any(|argument| argument == "page") {
        return write_page();
    }
    let chosen = std::env::var("SCENARIO").unwrap_or_default();
    let chosen: Vec<&str> = chosen.split(',').filter(|scenario| !scenario.is_empty()).collect();
    if let Some(unknown) = chosen.iter().find(|scenario| !SCENARIOS.contains(scenario)) {
        eprintln!("there is no scenario {unknown}; write SCENARIO=x or SCENARIO=x,y with some of {}", SCENARIOS.join(", "));
        return ExitCode::from(2);
    }
    let is_chosen = |scenario: &str| chosen.contains(&scenario) || (chosen.is_empty() && scenario != "soak");
    let mut rows = Rows::default();
    if is_chosen("idle") {
        rows.take(idle::run().await);
    }
    if ["burst", "plugin", "restart", "drift", "steady"].into_iter().any(is_chosen) {
        lines::run(is_chosen, chosen == ["steady"], &mut rows).await;
    }
    if is_chosen("families") {
        rows.take(families::run().await);
    }
    if is_chosen("throttled") {
        rows.take(throttled::run().await);
    }
    if is_chosen("accounts") {
        rows.take(accounts::run().await);
    }
    if is_chosen("keys") {
        rows.take(keys::run().await);
    }
    if is_chosen("soak") {
        rows.take(churn::run().await);
    }
    if is_chosen("growth") {
        lines::sizes(&mut rows).await;
    }
    let Rows(rows) = rows;
    println!("{}", table(&rows));
    let growth = growth(&rows);
    if !growth.is_empty() {
        println!("How cost grows, as the exponent of the number of objects (1 is linear):\n\n{}", told_growth(&growth));
    }
    let missed = rows.iter().flat_map(|row| &row.targets).filter(|target| !target.reached).count();
    let missed = missed + growth.iter().filter(|growth| !growth.is_linear()).count();
    if missed > 0 {
        println!("{missed} targets were missed.");
    }
    ExitCode::SUCCESS
}

/// What was measured so far.
#[derive(Default)]
pub struct Rows(Vec<Figures>);

impl Rows {
    /// Keeps a row, in memory and as a file: what was measured is not lost with what comes after.
    pub fn take(&mut self, row: Figures) {
        let folder = folder();
        std::fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let file = folder.join(format!("{}.json", row.scenario));
        let text = serde_json::to_string_pretty(&row).expect("a row is JSON");
        std::fs::write(&file, text + "\n").unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        eprintln!("{}", table(std::slice::from_ref(&row)));
        self.0.push(row);
    }
}

/// Writes `docs/performance.md` from the figures that are there, and keeps them beside the template.
fn write_page() -> ExitCode {
    let read = |row: &&str| std::fs::read_to_string(folder().join(format!("{row}.json"))).ok();
    let rows: Vec<Figures> =
        page::ROWS.iter().filter_map(read).map(|text| serde_json::from_str(&text).expect("a row of figures")).collect();
    if rows.is_empty() {
        eprintln!("there are no figures yet: run make bench");
        return ExitCode::FAILURE;
    }
    if rows.iter().any(|row| row.machine != rows[0].machine) {
        eprintln!("{} has figures of several machines: remove it, and run make bench", folder().display());
        return ExitCode::FAILURE;
    }
    let text = serde_json::to_string_pretty(&rows).expect("rows are JSON");
    for (path, text) in [("benches/scale/measured.json", text + "\n"), ("docs/performance.md", page::page(&rows))] {
        std::fs::write(support::controlplane::root().join(path), text).unwrap_or_else(|error| panic!("{path}: {error}"));
    }
    ExitCode::SUCCESS
}
