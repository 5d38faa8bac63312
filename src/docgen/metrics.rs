//! `docs/metrics.md`: the table of the metrics, with the values of every label.

use std::fmt::{self, Write};

use super::GENERATED;
use crate::api::Reason;
use crate::cloud::{CATALOGUE, ErrorClass, OwnCode, QUOTA_TYPES};
use crate::kinds;
use crate::telemetry::metrics::table::TABLE;
use crate::telemetry::metrics::{Label, Measure, Section, Values};

pub(super) fn metrics(text: &mut String) -> fmt::Result {
    writeln!(text, "{GENERATED}\n\n# Metrics\n")?;
    writeln!(
        text,
        "`/metrics` on the port of the probes (`--listen`), in the OpenMetrics text format. Each label has a closed set of values: no"
    )?;
    writeln!(
        text,
        "metric contains the name of an object, an account or a resource, and no response of the cloud can create a new series.\n"
    )?;
    writeln!(text, "Counters and histograms start at zero when a replica becomes the leader. Gauges are read at the time of the scrape.")?;
    TABLE.iter().try_for_each(|section| section_of_metrics(text, section))
}

fn section_of_metrics(text: &mut String, Section { title, text: about, metrics }: &Section) -> fmt::Result {
    writeln!(text, "\n## {title}\n\n{about}\n\n| Metric | Type | Labels | Description |\n|---|---|---|---|")?;
    for row in *metrics {
        let labels: Vec<String> = row.labels.iter().map(|label| format!("`{}`", label.name)).collect();
        let labels = if labels.is_empty() { "–".to_owned() } else { labels.join(", ") };
        let (type_, more) = measured(row.measure);
        writeln!(text, "| `{}` | {type_} | {labels} | {}.{more} |", row.series(), row.help)?;
    }
    let mut labels: Vec<&Label> = Vec::new();
    for label in metrics.iter().flat_map(|row| row.labels) {
        if !labels.iter().any(|other| other.name == label.name) {
            labels.push(label);
        }
    }
    if labels.is_empty() {
        return Ok(());
    }
    writeln!(text, "\n| Label | Value | Description |\n|---|---|---|")?;
    for label in labels {
        match label.values {
            Values::Of(what) | Values::Registered(_, what) => writeln!(text, "| `{}` | {} | {what} |", label.name, named(label))?,
            Values::Listed(values) => {
                for (value, meaning) in values {
                    writeln!(text, "| `{}` | `{value}` | {meaning} |", label.name)?;
                }
            }
        }
    }
    Ok(())
}

fn measured(measure: Measure) -> (&'static str, String) {
    match measure {
        Measure::Counter => ("counter", String::new()),
        Measure::Gauge => ("gauge", String::new()),
        Measure::Histogram(bounds) => {
            let bounds: Vec<String> = bounds.iter().map(ToString::to_string).collect();
            ("histogram", format!(" Buckets in seconds: {}.", bounds.join(", ")))
        }
    }
}

/// All values that a label can have.
#[must_use]
pub fn label_values(label: &Label) -> Vec<&'static str> {
    let (listed, besides): (Vec<&str>, &[&str]) = match (label.values, label.name) {
        (Values::Listed(values), _) => (values.iter().map(|(value, _)| *value).collect(), &[]),
        (Values::Registered(catalogue, _), _) => (kinds::registered(kinds::ALL).values(catalogue), &[]),
        (Values::Of(_), "version") => (vec![env!("CARGO_PKG_VERSION")], &[]),
        (Values::Of(_), "reason") => (Reason::ALL.iter().map(|reason| reason.as_str()).collect(), &["none", "other"]),
        (Values::Of(_), "operation") => (kinds::operations(kinds::ALL), &[]),
        (Values::Of(_), "class") => (ErrorClass::ALL.iter().map(|class| class.label()).collect(), &["ok"]),
        (Values::Of(_), "code") => {
            let own = OwnCode::ALL.iter().map(|own| own.as_str());
            (CATALOGUE.iter().map(|row| row.code).chain(own).collect(), &["none", "other"])
        }
        (Values::Of(_), "type") => (QUOTA_TYPES.to_vec(), &["other"]),
        (Values::Of(_), _) => (Vec::new(), &[]),
    };
    listed.into_iter().chain(besides.iter().copied()).collect()
}

/// The values of a label that no other page lists.
fn named(label: &Label) -> String {
    match label.name {
        "collection" | "kind" | "operation" | "type" => {
            label_values(label).iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ")
        }
        _ => "–".to_owned(),
    }
}
