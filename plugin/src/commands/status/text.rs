//! The status as text.

use direct_connect_operator::api::LastError;
use jiff::Timestamp;
use std::fmt::Write as _;

use super::Status;
use super::accounts::Account;
use super::lines::Line;
use crate::escape::visible;
use crate::operators::Operator;
use crate::output::style::of_state;
use crate::output::{Format, Table, age, cut, text as plain};
use crate::summary::State;

/// Longest message of a table that is not wide.
const MESSAGE: usize = 80;

/// Keys that end within this time stand out.
const SOON: i64 = 14 * 24 * 60 * 60;

/// The block of operator and accounts, then the lines, then, if it is verbose, what there is to say of each.
#[must_use]
pub fn text(status: &Status, wide: bool, verbose: bool) -> String {
    let mut parts: Vec<String> = Vec::new();
    parts.extend(status.operators.as_deref().filter(|all| !all.is_empty()).map(|all| operators(all, status.plugin)));
    parts.extend(status.accounts.as_deref().filter(|all| !all.is_empty()).map(|all| accounts(all, wide || verbose)));
    if !status.objects.is_empty() {
        parts.push(count(&status.objects) + "\n" + &lines(&status.objects, wide));
    }
    if verbose {
        parts.extend(status.objects.iter().map(details));
    }
    parts.join("\n")
}

fn operators(operators: &[Operator], plugin: &str) -> String {
    let mut text = format!("plugin {plugin}\n");
    for Operator { namespace, name, version, ready, replicas, leader, .. } in operators {
        let leader = leader.as_ref().map(|leader| format!(", leader {leader}")).unwrap_or_default();
        let version = if version.is_empty() { "of unknown version" } else { version };
        let _ = writeln!(text, "operator {version}, {namespace}/{name}: {ready} of {replicas} pods ready{leader}");
    }
    text
}

fn accounts(accounts: &[Account], whole: bool) -> String {
    let now = Timestamp::now();
    let mut table = Table::new(["ACCOUNT", "READY", "OBJECTS", "QUOTA", "KEYS END", "LAST SYNC", "MESSAGE"]);
    for account in accounts {
        let left = account.credentials_expire_at.as_ref().map(|end| end.0.as_second() - now.as_second());
        let state = match left {
            _ if !account.is_ready() => State::Failing,
            Some(left) if left < SOON => State::Pending,
            _ => State::Working,
        };
        let end = account.credentials_expire_at.as_ref().map(|end| match left {
            Some(left) if left <= 0 => format!("{} ago", age(end.0, now)),
            _ => format!("in {}", age(now, end.0)),
        });
        let message = match account.is_ready() {
            true if whole => account.message.clone(),
            true => String::new(),
            false => format!("{}: {}", account.reason, account.message),
        };
        table.styled_row(
            of_state(state),
            [
                account.name.clone(),
                account.ready.clone(),
                account.managed_objects.map(|number| number.to_string()).unwrap_or_default(),
                account.quota(whole),
                end.unwrap_or_default(),
                account.last_sync_time.as_ref().map(|time| format!("{} ago", age(time.0, now))).unwrap_or_default(),
                if whole { message } else { cut(&message, MESSAGE) },
            ],
        );
    }
    table.to_string()
}

/// `3 objects: 1 failing, 2 working`.
fn count(lines: &[Line]) -> String {
    let of = |state: State, word: &str| {
        let number = lines.iter().filter(|line| line.summary.state == state).count();
        (number > 0).then(|| format!("{number} {word}"))
    };
    let parts = [(State::Failing, "failing"), (State::Pending, "pending"), (State::Unknown, "unknown"), (State::Working, "working")];
    let parts: Vec<String> = parts.into_iter().filter_map(|(state, word)| of(state, word)).collect();
    format!("{} object{}: {}", lines.len(), if lines.len() == 1 { "" } else { "s" }, parts.join(", "))
}

fn lines(lines: &[Line], wide: bool) -> String {
    let now = Timestamp::now();
    let headers = ["NAMESPACE", "NAME", "READY", "HEALTHY", "VLAN", "MBIT", "GATEWAY", "BGP", "SINCE"];
    let more = ["ID", "ACCOUNT", "DRIFT"].into_iter().filter(|_| wide);
    let mut table = Table::new(headers.into_iter().chain(more).chain(["MESSAGE"]));
    for line in lines {
        let summary = &line.summary;
        let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
        let cells = [
            line.namespace.clone(),
            line.label.clone(),
            summary.ready.clone(),
            summary.healthy.clone(),
            number(line.vlan),
            number(line.bandwidth),
            line.gateway.clone().unwrap_or_default(),
            line.bgp.clone().unwrap_or_default(),
            summary.since.as_ref().map(|since| age(since.0, now)).unwrap_or_default(),
        ];
        let drift = summary.drift.iter().map(|drift| drift.path.as_str()).collect::<Vec<_>>().join(", ");
        let more = wide.then(|| [line.id.clone().unwrap_or_default(), line.account.clone().unwrap_or_default(), drift]);
        let message = if wide { summary.told() } else { cut(&summary.brief(), MESSAGE) };
        table.styled_row(of_state(summary.state), cells.into_iter().chain(more.into_iter().flatten()).chain([message]));
    }
    table.to_string()
}

/// What the cloud shows of an object, its drift and its last error.
fn details(line: &Line) -> String {
    let mut text = format!("{} in {}: {}\n", line.label, line.namespace, visible(&line.summary.told()));
    for drift in &line.summary.drift {
        let drift = format!("{} is {} in the cloud, {} in the spec", drift.path, drift.observed, drift.desired);
        let _ = writeln!(text, "  drift: {}", visible(&drift));
    }
    for whom in &line.waiting_for {
        let namespace = whom.namespace.as_ref().map(|namespace| format!(" in {namespace}")).unwrap_or_default();
        let _ = writeln!(text, "  waits for: {} {}{namespace}", whom.kind, whom.name);
    }
    if let Some(LastError { code, message, http_status: _, request_id, operation, time }) = &line.last_error {
        let request = request_id.as_ref().map(|id| format!(", request {id}")).unwrap_or_default();
        let error = format!("{operation} {code}: {message} ({}{request})", time.0);
        let _ = writeln!(text, "  last error: {}", visible(&error));
    }
    if !line.observed.is_null() {
        let observed = plain(&line.observed, Format::Yaml).unwrap_or_default();
        let _ = writeln!(text, "  observed:");
        for row in observed.lines() {
            let _ = writeln!(text, "    {}", visible(row));
        }
    }
    text
}
