//! The catalogues that users read, rendered from the code: `docs/conditions.md` and `docs/error-codes.md`.
//!
//! It holds no knowledge of its own but the wording around the tables, so that what a user reads is what the operator does.

use std::fmt::{self, Write};
use std::time::Duration;

use crate::accounts;
use crate::api::{ConditionType, Course, Reason};
use crate::cloud::{CATALOGUE, Class, OwnCode, classify};
use crate::engine::{Progress, consequence, waits};

const GENERATED: &str = "<!-- Generated from the code by `make generate`. -->";

/// Name and text of each file. The same on every run.
#[must_use]
pub fn files() -> Vec<(String, String)> {
    let render = |into: fn(&mut String) -> fmt::Result| {
        let mut text = String::new();
        // Writing to a string can't fail.
        let _ = into(&mut text);
        text
    };
    vec![("conditions.md".to_owned(), render(conditions)), ("error-codes.md".to_owned(), render(error_codes))]
}

fn conditions(text: &mut String) -> fmt::Result {
    writeln!(text, "{GENERATED}\n\n# Conditions\n")?;
    writeln!(
        text,
        "What stands in `status.conditions`. A condition speaks of the spec that its `observedGeneration` names, as the whole status"
    )?;
    writeln!(
        text,
        "does with `status.observedGeneration`, which is 0 until the operator has looked at the object. Lines are `VirtualGateway`,"
    )?;
    writeln!(text, "`VirtualInterface` and `Peer`; the account is `CloudAccount`.\n")?;
    writeln!(text, "## Types\n\n| Type | Of | Tells |\n|---|---|---|")?;
    for type_ in ConditionType::ALL {
        let kinds = if type_.is_of_accounts() { "Lines, account" } else { "Lines" };
        writeln!(text, "| `{}` | {kinds} | {} |", type_.as_str(), type_.meaning())?;
    }
    writeln!(text, "\n## Reasons\n")?;
    writeln!(
        text,
        "How it goes on holds for lines and accounts. An account that is not `Ready` is also looked at again by itself, as told under Account;"
    )?;
    writeln!(text, "a change of it or of its Secret is taken up at once.\n")?;
    writeln!(text, "| Reason | In | Goes on | Account | Means, and what to do |\n|---|---|---|---|---|")?;
    for reason in Reason::ALL {
        let types: Vec<String> = reason.conditions().iter().map(|type_| format!("`{}`", type_.as_str())).collect();
        let (types, course, account) = (types.join(", "), goes_on(reason.course()), of_accounts(*reason));
        writeln!(text, "| `{}` | {types} | {course} | {account} | {} |", reason.as_str(), reason.advice())?;
    }
    Ok(())
}

fn of_accounts(reason: Reason) -> String {
    match (reason.is_of_accounts(), reason.course()) {
        (false, _) => "–".to_owned(),
        (true, _) if reason == Reason::WaitingForDependants => "while it is deleted".to_owned(),
        (true, Course::Rest) => "ready".to_owned(),
        (true, _) => rhythm(accounts::waits(reason)),
    }
}

const fn goes_on(course: Course) -> &'static str {
    match course {
        Course::Rest => "At rest",
        Course::GoesOn => "By itself",
        Course::Stalls => "After a change",
        Course::Either => "By itself with `Reconciling`, after a change with `Stalled`",
    }
}

fn error_codes(text: &mut String) -> fmt::Result {
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
    for class in Class::ALL {
        let (progress, reason) = consequence(class);
        let course = if progress == Progress::Stalled { Course::Stalls } else { Course::GoesOn };
        let (label, reason, course, again) = (class.label(), reason.as_str(), goes_on(course), again(class));
        writeln!(text, "| [{label}](#{label}) | `{reason}` | {course} | {again} |")?;
    }
    for class in Class::ALL {
        let (_, reason) = consequence(class);
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

fn again(class: Class) -> String {
    match class {
        // The client itself stays shut; what the object would do does not matter then.
        Class::Auth => format!("when the Secret changes; without that once {}", rhythm(accounts::waits(Reason::CredentialsRejected))),
        Class::Quota => format!("{}, and as soon as the cloud's quotas show room", rhythm(waits(class))),
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

fn rhythm((first, limit): (Duration, Duration)) -> String {
    if first == limit { format!("every {}", spoken(first)) } else { format!("after {}, doubling to {}", spoken(first), spoken(limit)) }
}

/// `90 s` or `10 min`.
fn spoken(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds > 60 && seconds.is_multiple_of(60) { format!("{} min", seconds / 60) } else { format!("{seconds} s") }
}
