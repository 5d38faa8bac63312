//! `docs/error-codes.md`: the error codes of the cloud, and how the operator handles each.

use std::fmt::{self, Write};

use super::{GENERATED, recovery, schedule};
use crate::accounts;
use crate::api::{Reason, Recovery};
use crate::cloud::{CATALOGUE, ErrorClass, OwnCode, classify};
use crate::reconcile::{ReconcileStatus, status_after, waits};

pub(super) fn error_codes(text: &mut String) -> fmt::Result {
    writeln!(text, "{GENERATED}\n\n# Error codes\n")?;
    writeln!(
        text,
        "The values of `status.lastError.code`, how the operator handles them, and what you can do. The code decides, not the HTTP status:"
    )?;
    writeln!(
        text,
        "the cloud answers almost every error of Direct Connect with 400. Retry intervals vary by ± 20 %. A change of the spec or of the"
    )?;
    writeln!(text, "annotation `directconnect.huaweicloud.com/reconcile-at` causes a retry at once.\n")?;
    writeln!(text, "*Reason* is the reason of the conditions, *Recovery* is explained there too: see [conditions.md](conditions.md).\n")?;
    writeln!(text, "| Class | Reason | Recovery | Retried |\n|---|---|---|---|")?;
    for class in ErrorClass::ALL {
        let (status, reason) = status_after(class);
        let expected = if status == ReconcileStatus::Stalled { Recovery::Manual } else { Recovery::Automatic };
        let (label, reason, expected, again) = (class.label(), reason.as_str(), recovery(expected), again(class));
        writeln!(text, "| [{label}](#{label}) | `{reason}` | {expected} | {again} |")?;
    }
    for class in ErrorClass::ALL {
        let (_, reason) = status_after(class);
        writeln!(text, "\n## {}\n\nReason `{}`, retried {}. {}\n", class.label(), reason.as_str(), again(class), class.advice())?;
        writeln!(text, "| Code | Description |\n|---|---|")?;
        for code in CATALOGUE.iter().filter(|code| code.class == class) {
            writeln!(text, "| `{}` | {} |", code.code, code.meaning)?;
        }
        for code in OwnCode::ALL.iter().filter(|code| code.class() == class) {
            writeln!(text, "| `{}` | From the operator: {} |", code.as_str(), code.meaning())?;
        }
    }
    fallback(text)
}

fn again(class: ErrorClass) -> String {
    match class {
        // The client sends no call with rejected credentials, so the retry interval of the account applies.
        ErrorClass::Auth => format!("when the Secret changes, otherwise {}", schedule(accounts::waits(Reason::CredentialsRejected))),
        ErrorClass::Quota => format!("{}, and at once when the account's quotas show free capacity", schedule(waits(class))),
        _ => schedule(waits(class)),
    }
}

/// The classes come from [`classify`], so that the table is always right.
fn fallback(text: &mut String) -> fmt::Result {
    const ROWS: [(&str, &str, u16, bool); 10] = [
        ("400 and other 4xx", "DC.9999", 400, true),
        ("401", "other", 401, true),
        ("403", "other", 403, true),
        ("404", "other", 404, true),
        ("404 with a code of the API gateway (`APIGW.*`)", "APIGW.9999", 404, true),
        ("408", "other", 408, true),
        ("409", "other", 409, true),
        ("429, with any body", "other", 429, false),
        ("5xx, with any body", "other", 500, false),
        ("Any other, with an unreadable body such as a proxy's page", "other", 404, false),
    ];
    writeln!(text, "\n## Any other code\n")?;
    writeln!(
        text,
        "The class of a code that is not listed above, including `DC.*`, follows from the HTTP status. For an answer without a code,"
    )?;
    writeln!(
        text,
        "`status.lastError.code` is the HTTP status. The operator retries unknown errors slowly, since the cause is often a temporary state.\n"
    )?;
    writeln!(text, "| HTTP status | Class |\n|---|---|")?;
    for (response, code, status, readable) in ROWS {
        let label = classify(code, status, readable).label();
        writeln!(text, "| {response} | [{label}](#{label}) |")?;
    }
    Ok(())
}
