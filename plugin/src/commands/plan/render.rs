//! A plan as text.

use anstyle::{AnsiColor, Style};
use direct_connect_operator::api::WaitingFor;
use direct_connect_operator::kinds;
use direct_connect_operator::reconcile::plan::{Action, Change, Planned};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::escape::visible;
use crate::object::short_name;

/// How an action looks: its symbol, its word, how the last line counts it, and its colour.
struct Look {
    symbol: &'static str,
    word: &'static str,
    count: &'static str,
    color: Option<AnsiColor>,
}

/// All actions, in the order in which they are counted.
const ACTIONS: [Action; 8] =
    [Action::Create, Action::Import, Action::Update, Action::Replace, Action::Delete, Action::Wait, Action::Refused, Action::None];

const fn look(action: Action) -> Look {
    let (symbol, word, count, color) = match action {
        Action::Create => ("+", "create", "to create", Some(AnsiColor::Green)),
        Action::Import => (">", "import", "to import", Some(AnsiColor::Green)),
        Action::Update => ("~", "update", "to update", Some(AnsiColor::Yellow)),
        Action::Replace => ("-/+", "replace", "to replace", Some(AnsiColor::Red)),
        Action::Delete => ("-", "delete", "to delete", Some(AnsiColor::Red)),
        Action::Wait => ("?", "waits", "waiting", Some(AnsiColor::Yellow)),
        Action::Refused => ("!", "refused", "refused", Some(AnsiColor::Red)),
        Action::None => ("=", "none", "unchanged", None),
    };
    Look { symbol, word, count, color }
}

/// The plan, an object a line, with what changes below it; with the calls, if `wide`.
pub fn text(planned: &[Planned], wide: bool) -> String {
    let namespaces: BTreeSet<&str> = planned.iter().map(|planned| planned.namespace.as_str()).collect();
    let name = |planned: &Planned| {
        let name = slash_name(planned);
        if namespaces.len() > 1 { format!("{name} in {}", planned.namespace) } else { name }
    };
    let width = planned.iter().map(|planned| name(planned).chars().count()).max().unwrap_or_default();
    let mut text = String::new();
    for planned in planned {
        let Look { symbol, color, .. } = look(planned.action);
        let style = color.map_or_else(Style::new, AnsiColor::on_default);
        let _ = writeln!(text, "{style}{symbol:<3} {:<width$}   {}{style:#}", name(planned), headline(planned));
        for change in &planned.changes {
            let _ = writeln!(text, "      {}", changed(change));
        }
        for change in &planned.differs {
            let line = format!("{}: {} in the cloud, {} in the spec", change.path, shown(&change.from), shown(&change.to));
            let _ = writeln!(text, "      {}", visible(&line));
        }
        for call in planned.calls.iter().filter(|_| wide) {
            let _ = writeln!(text, "      calls {} {}", call.operation, call.path);
        }
    }
    text + &summary(planned)
}

/// What becomes of an object, in one line.
fn headline(planned: &Planned) -> String {
    let Planned { action, id, disruptive, after, waits_for, reason, message, why, as_of, .. } = planned;
    let mut text = look(*action).word.to_owned();
    if let (Action::Import, Some(id)) = (action, id) {
        let _ = write!(text, " {id}");
    }
    if !disruptive.is_empty() {
        let _ = write!(text, " (disruptive: {})", disruptive.join(", "));
    }
    if !after.is_empty() {
        let _ = write!(text, ", after {}", names(after));
    }
    if let (true, Some(at)) = (matches!(action, Action::Update | Action::Replace | Action::None), as_of) {
        let _ = write!(text, ", as of {at}");
    }
    for because in [why, message].into_iter().flatten() {
        let _ = write!(text, ": {because}");
    }
    if let Some(reason) = reason {
        let _ = write!(text, " ({reason})");
    }
    // The message names what a reference leads to.
    if *action == Action::Wait && message.is_none() && !waits_for.is_empty() {
        let _ = write!(text, ", for {}", names(waits_for));
    }
    visible(&text).into_owned()
}

fn changed(Change { path, from, to, disruptive }: &Change) -> String {
    let mark = disruptive.map(|what| format!("  (disruptive: {what})")).unwrap_or_default();
    visible(&format!("{path}: {} → {}{mark}", shown(from), shown(to))).into_owned()
}

/// A value; what is empty is seen as such.
fn shown(value: &str) -> &str {
    if value.is_empty() { "\"\"" } else { value }
}

/// `vif/office`.
pub fn slash_name(planned: &Planned) -> String {
    format!("{}/{}", short(planned.kind), planned.name)
}

fn short(kind: &str) -> String {
    kinds::named(kind).map_or_else(|| kind.to_owned(), short_name)
}

fn names(objects: &[WaitingFor]) -> String {
    let name = |WaitingFor { kind, namespace, name }: &WaitingFor| {
        let elsewhere = namespace.as_ref().map(|namespace| format!(" in {namespace}")).unwrap_or_default();
        format!("{}/{name}{elsewhere}", short(kind))
    };
    objects.iter().map(name).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(", ")
}

/// How many objects there are of each action, by the words of the last line in camel case.
pub fn counts(planned: &[Planned]) -> BTreeMap<&'static str, usize> {
    let count = |action: Action| planned.iter().filter(|planned| planned.action == action).count();
    let name = |action| match action {
        Action::Wait => "wait",
        other => look(other).word,
    };
    let disruptive = planned.iter().filter(|planned| !planned.disruptive.is_empty()).count();
    ACTIONS.into_iter().map(|action| (name(action), count(action))).chain([("disruptive", disruptive)]).collect()
}

/// The last line.
fn summary(planned: &[Planned]) -> String {
    let count = |action: Action| planned.iter().filter(|planned| planned.action == action).count();
    let always = |action: Action| matches!(action, Action::Create | Action::Update | Action::Delete);
    let told = ACTIONS.into_iter().map(|action| (action, count(action))).filter(|(action, count)| *count > 0 || always(*action));
    let told: Vec<String> = told.map(|(action, count)| format!("{count} {}", look(action).count)).collect();
    let disruptive = planned.iter().filter(|planned| !planned.disruptive.is_empty()).count();
    let disruptive = if disruptive > 0 { format!("; {disruptive} disruptive") } else { String::new() };
    format!("Plan: {}{disruptive}.\n", told.join(", "))
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;
