//! `docs/error-codes.md`: the codes of the cloud, and what follows from each.

use std::fmt::{self, Write};

use super::{GENERATED, goes_on, rhythm};
use crate::accounts;
use crate::api::{Reason, Recovery};
use crate::cloud::{CATALOGUE, ErrorClass, OwnCode, classify};
use crate::reconcile::{ReconcileStatus, status_after, waits};

pub(super) fn error_codes(text: &mut String) -> fmt::Result {
    writeln!(text, "{GENERATED}\n\n# Error codes\n")?;
    writeln!(
        text,
        "What stands in `status.lastError.code`, what the operator does about it, and what you can do. The code decides, not the HTTP"
    )?;
    writeln!(
        text,
        "status: the cloud answers almost every error of Direct Connect with 400. Waits are ± 20 %. A changed spec is tried at once, and"
    )?;
    writeln!(text, "so is an object whose annotation `directconnect.huaweicloud.com/reconcile-at` changes.\n")?;
    writeln!(text, "The reason is that of the conditions, see [conditions.md](conditions.md).\n")?;
    writeln!(text, "| Class | Reason | Goes on | Tried again |\n|---|---|---|---|")?;
    for class in ErrorClass::ALL {
        let (progress, reason) = status_after(class);
        let course = if progress == ReconcileStatus::Stalled { Recovery::Manual } else { Recovery::Automatic };
        let (label, reason, course, again) = (class.label(), reason.as_str(), goes_on(course), again(class));
        writeln!(text, "| [{label}](#{label}) | `{reason}` | {course} | {again} |")?;
    }
    for class in ErrorClass::ALL {
        let (_, reason) = status_after(class);
        writeln!(text, "\n## {}\n\nReason `{}`, tried again {}. {}\n", class.label(), reason.as_str(), again(class), class.advice())?;
        writeln!(text, "| Code | Means |\n|---|---|")?;
        for code in CATALOGUE.iter().filter(|code| code.class == class) {
            writeln!(text, "| `{}` | {} |", code.code, code.meaning)?;
        }
        for code in OwnCode::ALL.iter().filter(|code| code.class() == class) {
            writeln!(text, "| `{}` | The operator's own: {} |", code.as_str(), code.meaning())?;
        }
    }
    fallback(text)
}

fn again(class: ErrorClass) -> String {
    match class {
        // The client itself stays shut; what the object would do does not matter then.
        ErrorClass::Auth => format!("when the Secret changes; without that once {}", rhythm(accounts::waits(Reason::CredentialsRejected))),
        ErrorClass::Quota => format!("{}, and as soon as the cloud's quotas show room", rhythm(waits(class))),
        _ => rhythm(waits(class)),
    }
}

/// What is asked of [`classify`] is answered by it, so that the table can't say otherwise.
fn fallback(text: &mut String) -> fmt::Result {
    const ROWS: [(&str, &str, u16, bool); 10] = [
        ("400, or another of 4xx", "DC.9999", 400, true),
        ("401", "other", 401, true),
        ("403", "other", 403, true),
        ("404", "other", 404, true),
        ("404 of the API gateway (`APIGW.*`)", "APIGW.9999", 404, true),
        ("408", "other", 408, true),
        ("409", "other", 409, true),
        ("429, readable or not", "other", 429, false),
        ("5xx, readable or not", "other", 500, false),
        ("Any other that can't be read: a proxy's page", "other", 404, false),
    ];
    writeln!(text, "\n## Any other code\n")?;
    writeln!(
        text,
        "A code that stands nowhere above, `DC.*` too, is classed by the HTTP status of its answer; an answer without a code is shown with"
    )?;
    writeln!(
        text,
        "the HTTP status in its place. What nobody knows is thus tried again, if slowly: the text often hides a state that passes.\n"
    )?;
    writeln!(text, "| HTTP status | Class |\n|---|---|")?;
    for (told, code, status, readable) in ROWS {
        let label = classify(code, status, readable).label();
        writeln!(text, "| {told} | [{label}](#{label}) |")?;
    }
    Ok(())
}
