//! `docs/conditions.md`: types and reasons of the conditions.

use std::fmt::{self, Write};

use super::{GENERATED, goes_on, rhythm};
use crate::accounts;
use crate::api::{ConditionType, Reason, Recovery};

pub(super) fn conditions(text: &mut String) -> fmt::Result {
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
        let (types, course, account) = (types.join(", "), goes_on(reason.recovery()), of_accounts(*reason));
        writeln!(text, "| `{}` | {types} | {course} | {account} | {} |", reason.as_str(), reason.advice())?;
    }
    Ok(())
}

fn of_accounts(reason: Reason) -> String {
    match (reason.is_of_accounts(), reason.recovery()) {
        (false, _) => "–".to_owned(),
        (true, _) if reason == Reason::WaitingForDependants => "while it is deleted".to_owned(),
        (true, Recovery::NotNeeded) => "ready".to_owned(),
        (true, _) => rhythm(accounts::waits(reason)),
    }
}
