//! The chart's alerts and dashboard, read: what they ask Prometheus, as it can be asked.
//!
//! Pure: files in, values out. Nothing of Prometheus or Grafana is needed.

use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::controlplane::root;

/// Panels that show nothing while all is well: there is no error, and no time at which credentials expire.
pub const EMPTY_WHEN_HEALTHY: &[&str] = &["Errors by code", "Credentials expire in"];
/// Metrics that have no series while all is well.
pub const ABSENT_WHEN_HEALTHY: &[&str] = &["directconnect_credentials_expiry_timestamp_seconds"];

/// A file of alerts, as Prometheus takes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    #[serde(rename = "name")]
    _name: String,
    rules: Vec<Alert>,
}

/// One alert.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alert {
    #[serde(rename = "alert")]
    pub name: String,
    /// Returns something while the alert is on; nothing while all is well.
    pub expr: String,
    /// How long it must be on before anybody is told.
    #[serde(rename = "for")]
    pub lasts: String,
    #[serde(rename = "keep_firing_for")]
    pub keeps: Option<String>,
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<String, String>,
}

/// One query of a panel.
pub struct Query {
    /// Title of the panel and letter of the query.
    pub place: String,
    /// With Grafana's variables replaced.
    pub expr: String,
    /// Whether it returns something on a running operator of which all is well.
    pub always: bool,
}

pub fn alerts() -> Vec<Alert> {
    let rules: Rules = serde_saphyr::from_str(&read(&file("alerts.yaml"))).unwrap_or_else(|error| panic!("alerts.yaml: {error}"));
    rules.groups.into_iter().flat_map(|group| group.rules).collect()
}

pub fn dashboard() -> Value {
    serde_json::from_str(&read(&file("dashboard.json"))).unwrap_or_else(|error| panic!("dashboard.json: {error}"))
}

/// The panels without the rows that stand between them.
pub fn panels(dashboard: &Value) -> Vec<&Value> {
    dashboard["panels"].as_array().expect("panels").iter().filter(|panel| panel["type"] != "row").collect()
}

/// The queries of all panels. `rate_interval` is what Grafana would take for rates: four scrapes.
pub fn queries(dashboard: &Value, rate_interval: &str) -> Vec<Query> {
    let mut all = Vec::new();
    for panel in panels(dashboard) {
        let title = panel["title"].as_str().unwrap_or_default();
        for target in panel["targets"].as_array().into_iter().flatten() {
            let expr = target["expr"].as_str().unwrap_or_default();
            let expr = [("$__rate_interval", rate_interval), ("$namespace", ".*"), ("$job", ".*")]
                .iter()
                .fold(expr.to_owned(), |expr, (variable, value)| expr.replace(variable, value));
            let place = format!("{title} / {}", target["refId"].as_str().unwrap_or_default());
            all.push(Query { place, expr, always: !EMPTY_WHEN_HEALTHY.contains(&title) });
        }
    }
    all
}

/// The metrics that a text names: an expression, or a page that tells of some.
pub fn metrics(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    words.filter(|word| word.starts_with("directconnect_") || word.starts_with("process_")).map(str::to_owned).collect()
}

/// The values that an expression asks of a label: `reason=~"A|B"` gives A and B.
pub fn values<'a>(expr: &'a str, label: &str) -> Vec<&'a str> {
    let mut all = Vec::new();
    for sign in ["=\"", "!=\"", "=~\"", "!~\""] {
        let begin = format!("{label}{sign}");
        let asked = expr.split(begin.as_str()).skip(1).filter_map(|rest| rest.split('"').next());
        all.extend(asked.flat_map(|value| value.split('|')));
    }
    all
}

/// Each runbook's name, without its ending, and its text.
pub fn runbooks() -> BTreeMap<String, String> {
    let folder = root().join("docs/runbooks");
    let entries = folder.read_dir().unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let files = entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.extension().is_some_and(|end| end == "md"));
    files.map(|path| (path.file_stem().expect("a name").to_string_lossy().into_owned(), read(&path))).collect()
}

/// The names of `docs/metrics.md`, which is generated from the code.
pub fn documented() -> BTreeSet<String> {
    metrics(&read(&root().join("docs/metrics.md")))
}

fn file(name: &str) -> PathBuf {
    root().join("charts/direct-connect-operator/files").join(name)
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
