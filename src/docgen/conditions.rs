//! `docs/conditions.md`: types and reasons of the conditions.

use std::fmt::{self, Write};

use super::{GENERATED, recovery, schedule};
use crate::accounts;
use crate::api::{ConditionType, Reason, Recovery};

pub(super) fn conditions(text: &mut String) -> fmt::Result {
    writeln!(text, "{GENERATED}\n\n# Conditions\n")?;
    writeln!(
        text,
        "The conditions in `status.conditions`. A condition describes the spec of the generation in its `observedGeneration`, and the whole"
    )?;
    writeln!(text, "status that of `status.observedGeneration`, which is 0 until the first reconcile. *Network objects* are all but")?;
    writeln!(text, "`CloudAccount`, which is *account*, and `DirectConnectGrant`, which has no status.\n")?;
    writeln!(text, "## Types\n\n| Type | Kinds | Description |\n|---|---|---|")?;
    for type_ in ConditionType::ALL {
        let kinds = if type_.is_of_accounts() { "Network objects, account" } else { "Network objects" };
        writeln!(text, "| `{}` | {kinds} | {} |", type_.as_str(), type_.meaning())?;
    }
    writeln!(text, "\n## Reasons\n")?;
    writeln!(
        text,
        "*Recovery* says whether the object becomes ready without a change by a user. The operator also retries an account that is not `Ready`, at"
    )?;
    writeln!(text, "the times under *Account*; it notices a change of the account or of its Secret at once.\n")?;
    writeln!(text, "| Reason | Conditions | Recovery | Account | Description and remedy |\n|---|---|---|---|---|")?;
    for reason in Reason::ALL {
        let types: Vec<String> = reason.conditions().iter().map(|type_| format!("`{}`", type_.as_str())).collect();
        let (types, recovery, account) = (types.join(", "), recovery(reason.recovery()), of_accounts(*reason));
        writeln!(text, "| `{}` | {types} | {recovery} | {account} | {} |", reason.as_str(), reason.advice())?;
    }
    Ok(())
}

fn of_accounts(reason: Reason) -> String {
    match (reason.is_of_accounts(), reason.recovery()) {
        (false, _) => "–".to_owned(),
        (true, _) if reason == Reason::WaitingForDependants => "during deletion".to_owned(),
        (true, Recovery::NotNeeded) => "ready".to_owned(),
        (true, _) => schedule(accounts::waits(reason)),
    }
}
