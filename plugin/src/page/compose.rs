//! From what was read to what the page shows.

use std::collections::BTreeMap;

use direct_connect_operator::api::{CloudAccount, ConditionType, Reason};
use direct_connect_operator::reconcile::Place;
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1;
use kube::ResourceExt;

use super::{Account, Checked, Condition, Drift, Line, Page, Quota, Unread};
use crate::object::Object;
use crate::summary::{State, Summary};
use crate::svg::svg;
use crate::topology::{Edge, Node, Presence, Role, Topology, key, sessions};

/// The column of interfaces in the topology.
const INTERFACES: u8 = Place::Interface as u8;

/// What was read.
pub struct Read<'a> {
    /// Where, e.g. `namespace network`.
    pub scope: String,
    /// When.
    pub at: Timestamp,
    /// Images of the operators that were found.
    pub operators: Vec<String>,
    /// Whether the objects could not be read at all.
    pub is_unreadable: bool,
    /// The objects, in the order of the kinds.
    pub objects: &'a [Object],
    /// What hangs on what.
    pub topology: &'a Topology,
    /// The accounts.
    pub accounts: &'a [CloudAccount],
    /// What could not be read.
    pub unread: Vec<Unread>,
}

/// What the page shows of it.
#[must_use]
pub fn page(read: Read) -> Page {
    let summaries: Vec<(&Object, Summary)> = read.objects.iter().map(|object| (object, Summary::of(object))).collect();
    let mut accounts: Vec<&CloudAccount> = read.accounts.iter().collect();
    accounts.sort_by_key(|account| account.name_any());
    let mut objects: Vec<Checked> = accounts.iter().map(|account| checked_account(account)).collect();
    objects.extend(summaries.iter().map(|(object, summary)| checked(object, summary)));
    objects.sort_by(|one, other| (one.state, &one.namespace).cmp(&(other.state, &other.namespace)));
    Page {
        scope: read.scope,
        at: format!("{} UTC", minute(read.at)),
        plugin: env!("CARGO_PKG_VERSION").to_owned(),
        operators: read.operators,
        topology: if read.topology.nodes.is_empty() { String::new() } else { svg(read.topology) },
        is_unreadable: read.is_unreadable,
        lines: lines(read.topology, &summaries),
        objects,
        drift: summaries.iter().flat_map(|(object, summary)| drift(object, summary)).collect(),
        accounts: accounts.into_iter().map(account).collect(),
        unread: read.unread,
    }
}

fn lines(topology: &Topology, summaries: &[(&Object, Summary)]) -> Vec<Line> {
    let by_key: BTreeMap<String, &(&Object, Summary)> = summaries.iter().map(|summary| (key(summary.0), summary)).collect();
    let nodes: BTreeMap<&str, &Node> = topology.nodes.iter().map(|node| (node.key.as_str(), node)).collect();
    // On the way from the line to the networks, away from the interface or towards it.
    let (ahead, behind) = (topology.outgoing(), topology.incoming());
    let labels = |ends: Vec<&String>, is_wanted: fn(u8) -> bool| {
        let nodes = ends.into_iter().filter_map(|end| nodes.get(end.as_str())).filter(|node| is_wanted(node.column));
        let mut labels: Vec<&str> = nodes.map(|node| shown(node)).collect();
        labels.sort_unstable();
        labels.join(", ")
    };
    let is_line = |node: &&Node| node.column == INTERFACES && node.part_of.is_none() && node.presence == Presence::Object;
    let mut lines: Vec<Line> = topology
        .nodes
        .iter()
        .filter(is_line)
        .filter_map(|node| {
            let (object, summary) = by_key.get(&node.key)?;
            let key = node.key.as_str();
            Some(Line {
                gateway: labels(paths(ahead.get(key), |edge| &edge.to), |column| column > INTERFACES),
                connection: labels(paths(behind.get(key), |edge| &edge.from), |column| column < INTERFACES),
                ..line(object, summary)
            })
        })
        .collect();
    lines.sort_by(|one, other| (one.state, &one.namespace, &one.name).cmp(&(other.state, &other.namespace, &other.name)));
    lines
}

/// A node in a column whose heading says what an id is of.
fn shown(node: &Node) -> &str {
    node.id.as_deref().filter(|_| node.presence == Presence::Id).unwrap_or(&node.label)
}

/// Where the edges that are pieces of the way end, or begin.
fn paths<'a>(edges: Option<&Vec<&'a Edge>>, end: fn(&'a Edge) -> &'a String) -> Vec<&'a String> {
    edges.into_iter().flatten().copied().filter(|edge| edge.role == Role::Path).map(end).collect()
}

/// A line, but for what it is tied to.
fn line(object: &Object, summary: &Summary) -> Line {
    Line {
        state: summary.state,
        namespace: object.namespace().to_owned(),
        name: object.name().to_owned(),
        gateway: String::new(),
        connection: String::new(),
        vlan: object.text("/spec/vlan"),
        bandwidth: object.text("/spec/bandwidth"),
        routing: sessions(object).map_or_else(|| object.text("/spec/routeMode"), |sessions| format!("BGP {}", sessions.to_lowercase())),
        since: summary.since.as_ref().map(|since| minute(since.0)).unwrap_or_default(),
        message: if summary.state == State::Working { String::new() } else { summary.told() },
    }
}

fn checked(object: &Object, summary: &Summary) -> Checked {
    let conditions: Vec<v1::Condition> = object.read("/status/conditions").unwrap_or_default();
    with_conditions(summary.state, object.namespace(), object.slash_name(), &conditions)
}

fn checked_account(account: &CloudAccount) -> Checked {
    let conditions = account.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default();
    with_conditions(account_state(account), "", format!("cloudaccount/{}", account.name_any()), conditions)
}

fn with_conditions(state: State, namespace: &str, name: String, conditions: &[v1::Condition]) -> Checked {
    let conditions: Vec<Condition> = conditions.iter().map(condition).collect();
    let mut reasons: Vec<&str> = conditions.iter().filter(|one| one.state != State::Working).map(|one| one.reason.as_str()).collect();
    reasons.sort_unstable();
    reasons.dedup();
    let known = |reason: &&str| Reason::ALL.iter().find(|known| known.as_str() == *reason);
    let advice = reasons.iter().filter_map(known).map(|reason| (reason.as_str().to_owned(), reason.advice().to_owned())).collect();
    Checked { state, namespace: namespace.to_owned(), name, conditions, advice }
}

fn condition(condition: &v1::Condition) -> Condition {
    let is_of = |types: &[ConditionType]| types.iter().any(|type_| type_.as_str() == condition.type_);
    let state = match condition.status.as_str() {
        "True" if is_of(&[ConditionType::Stalled]) => State::Failing,
        "True" if is_of(&[ConditionType::Reconciling, ConditionType::Duplicated]) => State::Pending,
        "True" => State::Working,
        "False" if is_of(&[ConditionType::Healthy]) => State::Failing,
        "False" => State::Pending,
        _ => State::Unknown,
    };
    Condition {
        state,
        name: condition.type_.clone(),
        status: condition.status.clone(),
        reason: condition.reason.clone(),
        message: condition.message.clone(),
        since: minute(condition.last_transition_time.0),
    }
}

fn drift(object: &Object, summary: &Summary) -> Vec<Drift> {
    let drift = summary.drift.iter().map(|drift| Drift {
        namespace: object.namespace().to_owned(),
        name: object.slash_name(),
        path: drift.path.clone(),
        desired: drift.desired.clone(),
        observed: drift.observed.clone(),
    });
    drift.collect()
}

fn account_state(account: &CloudAccount) -> State {
    let conditions = account.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default();
    let status = |type_: ConditionType| conditions.iter().find(|one| one.type_ == type_.as_str()).map(|one| one.status.as_str());
    match (status(ConditionType::Ready), status(ConditionType::Stalled)) {
        (_, Some("True")) => State::Failing,
        (Some("True"), _) => State::Working,
        (Some("False"), _) => State::Pending,
        _ => State::Unknown,
    }
}

fn account(account: &CloudAccount) -> Account {
    let status = account.status.clone().unwrap_or_default();
    let time = |time: Option<v1::Time>| time.map(|time| minute(time.0)).unwrap_or_default();
    Account {
        state: account_state(account),
        name: account.name_any(),
        region: account.spec.region.clone(),
        project: status.project_id.unwrap_or_default(),
        objects: status.managed_objects.map(|count| count.to_string()).unwrap_or_default(),
        keys_end: time(status.credentials_expire_at),
        synced: time(status.last_sync_time),
        quotas: status.quotas.into_iter().map(|quota| Quota { name: quota.type_, used: quota.used, limit: quota.limit }).collect(),
    }
}

/// To the minute, in UTC.
fn minute(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M").to_string()
}
