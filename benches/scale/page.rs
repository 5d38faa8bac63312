//! `docs/performance.md`, written from the figures of a run.

use std::collections::BTreeSet;

use super::figures::{Figures, growth, table, told_growth};

const TEMPLATE: &str = include_str!("performance.md");

/// The rows of the page, in its order.
pub const ROWS: [&str; 17] = [
    "idle",
    "burst",
    "steady",
    "restart",
    "plugin",
    "drift",
    "families",
    "throttled",
    "accounts",
    "keys",
    "soak",
    "burst-100",
    "burst-1000",
    "burst-10000",
    "restart-100",
    "restart-1000",
    "restart-10000",
];

/// The page of these rows.
pub fn page(rows: &[Figures]) -> String {
    let all = |text: fn(&Figures) -> &str| rows.iter().map(text).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(" and ");
    TEMPLATE
        .replace("{{machine}}", &all(|row| &row.machine))
        .replace("{{date}}", &all(|row| &row.date))
        .replace("{{table}}", &table(rows))
        .replace("{{growth}}", &told_growth(&growth(rows)))
}
