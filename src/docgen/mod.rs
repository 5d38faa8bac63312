//! The pages that are rendered from the code, for the folder `docs/`: one file here for each.
//!
//! It holds no knowledge of its own but the wording around the tables, so that what a user reads is what the operator does.

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

/// Name and text of each file. The same on every run.
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

const fn goes_on(course: Recovery) -> &'static str {
    match course {
        Recovery::NotNeeded => "At rest",
        Recovery::Automatic => "By itself",
        Recovery::Manual => "After a change",
        Recovery::Either => "By itself with `Reconciling`, after a change with `Stalled`",
    }
}

fn rhythm((first, limit): (Duration, Duration)) -> String {
    if first == limit { format!("every {}", spoken(first)) } else { format!("after {}, doubling to {}", spoken(first), spoken(limit)) }
}

/// `90 s` or `10 min`.
fn spoken(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds > 60 && seconds.is_multiple_of(60) { format!("{} min", seconds / 60) } else { format!("{seconds} s") }
}
