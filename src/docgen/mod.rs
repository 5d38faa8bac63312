//! The pages of `docs/` that are generated from the code, one file here for each.
//!
//! It contains only the wording around the tables, so that the documentation is what the operator does.

mod api;
mod conditions;
mod errors;
mod flags;
mod metrics;

pub use metrics::label_values;

use std::fmt;
use std::time::Duration;

use crate::api::Recovery;

const GENERATED: &str = "<!-- Generated from the code by `make generate`. -->";

/// Name and text of each page.
#[must_use]
pub fn files() -> Vec<(String, String)> {
    vec![
        ("api.md".to_owned(), rendered(api::reference)),
        ("conditions.md".to_owned(), rendered(conditions::conditions)),
        ("error-codes.md".to_owned(), rendered(errors::error_codes)),
        ("flags.md".to_owned(), rendered(flags::flags)),
        ("metrics.md".to_owned(), rendered(metrics::metrics)),
    ]
}

fn rendered(page: fn(&mut String) -> fmt::Result) -> String {
    let mut text = String::new();
    // Writing to a string can't fail.
    let _ = page(&mut text);
    text
}

const fn recovery(recovery: Recovery) -> &'static str {
    match recovery {
        Recovery::NotNeeded => "Not needed",
        Recovery::Automatic => "Automatic",
        Recovery::Manual => "After a change",
        Recovery::Either => "Automatic with `Reconciling`, after a change with `Stalled`",
    }
}

/// A retry schedule in words: first and longest interval.
fn schedule((first, limit): (Duration, Duration)) -> String {
    if first == limit { format!("every {}", spoken(first)) } else { format!("after {}, doubling to {}", spoken(first), spoken(limit)) }
}

/// `90 s` or `10 min`.
fn spoken(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds > 60 && seconds.is_multiple_of(60) { format!("{} min", seconds / 60) } else { format!("{seconds} s") }
}
