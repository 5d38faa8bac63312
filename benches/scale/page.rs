//! `docs/performance.md`, written from the figures of a run.

use crate::figures::{Figures, growth, table, told_growth};

const TEMPLATE: &str = include_str!("performance.md");

/// The page of these rows.
pub fn page(rows: &[Figures]) -> String {
    let last = |text: fn(&Figures) -> &String| rows.iter().map(text).max().cloned().unwrap_or_default();
    TEMPLATE
        .replace("{{machine}}", &last(|row| &row.machine))
        .replace("{{date}}", &last(|row| &row.date))
        .replace("{{table}}", &table(rows))
        .replace("{{growth}}", &told_growth(&growth(rows)))
}
