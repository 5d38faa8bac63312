//! Alerts, runbooks and dashboard: whole, in step with each other, and with names that the operator exports. That Prometheus takes them and
//! that they find data is shown by tests/e2e.

use direct_connect_operator::api::{Reason, Unowned};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use support::monitoring::{self, ABSENT_WHEN_HEALTHY, Alert, EMPTY_WHEN_HEALTHY, alerts, dashboard, documented, panels, queries, runbooks};

/// What the chart replaces by `monitoring.prometheusRule.runbookUrl`.
const RUNBOOKS: &str = "https://runbooks.invalid/";

#[test]
fn every_alert_says_how_bad_it_is_what_it_is_and_what_to_do() {
    let mut seen = BTreeSet::new();
    for Alert { name, expr, lasts, keeps, labels, annotations } in alerts() {
        assert!(name.starts_with("DirectConnect") && name.chars().all(|letter| letter.is_ascii_alphanumeric()), "{name}");
        assert!(seen.insert(name.clone()), "{name} stands there twice");
        assert!(!expr.trim().is_empty(), "{name}");
        assert!(is_duration(&lasts) && keeps.as_deref().is_none_or(is_duration), "{name}: {lasts} {keeps:?}");
        assert!(labels.len() == 1 && ["critical", "warning", "info"].contains(&labels["severity"].as_str()), "{name}: {labels:?}");
        let said: Vec<&str> = annotations.keys().map(String::as_str).collect();
        assert_eq!(said, ["description", "runbook_url", "summary"], "{name}");
        for text in [&annotations["summary"], &annotations["description"]] {
            assert!(text.ends_with('.') && text.len() > 20, "{name}: {text}");
        }
        assert_eq!(annotations["runbook_url"], format!("{RUNBOOKS}{name}"));
    }
    assert!(seen.len() > 10, "{seen:?}");
}

#[test]
fn every_alert_has_its_runbook_and_no_runbook_lost_its_alert() {
    let mut books = runbooks();
    let index = books.remove("README").expect("docs/runbooks/README.md");
    let names: BTreeSet<String> = alerts().into_iter().map(|alert| alert.name).collect();
    assert_eq!(books.keys().cloned().collect::<BTreeSet<_>>(), names);
    let severities: BTreeMap<String, String> = alerts().into_iter().map(|alert| (alert.name, alert.labels["severity"].clone())).collect();
    for (name, text) in books {
        assert_eq!(text.lines().next(), Some(format!("# {name}").as_str()));
        for part in ["## Impact", "## Diagnosis", "## Mitigation"] {
            assert!(text.lines().any(|line| line == part), "{name} has no part {part}");
        }
        let row = format!("| [{name}]({name}.md) | {} |", severities[&name]);
        assert!(index.contains(&row), "the index lacks {row}");
    }
}

#[test]
fn only_metrics_are_asked_for_that_the_operator_exports() {
    let documented = documented();
    let is_known = |name: &str| {
        let base = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        documented.contains(name) || documented.contains(base)
    };
    let mut asked: Vec<(String, String)> = alerts().into_iter().map(|alert| (alert.name, alert.expr)).collect();
    asked.extend(queries(&dashboard(), "1m").into_iter().map(|query| (query.place, query.expr)));
    asked.push(("variables of the dashboard".to_owned(), dashboard()["templating"].to_string()));
    asked.extend(runbooks());
    for (place, text) in asked {
        for name in monitoring::metrics(&text) {
            assert!(is_known(&name), "{place}: docs/metrics.md does not know {name}");
        }
    }
    assert!(ABSENT_WHEN_HEALTHY.iter().all(|name| is_known(name)));
}

#[test]
fn only_reasons_are_asked_for_that_there_are() {
    let of_conditions = Reason::ALL.iter().map(|reason| reason.as_str());
    let reasons: BTreeSet<&str> = of_conditions.chain(Unowned::ALL.iter().map(|reason| reason.label())).collect();
    let mut exprs: Vec<String> = alerts().into_iter().map(|alert| alert.expr).collect();
    exprs.extend(queries(&dashboard(), "1m").into_iter().map(|query| query.expr));
    let asked: Vec<&str> = exprs.iter().flat_map(|expr| monitoring::values(expr, "reason")).collect();
    assert!(asked.len() > 5, "{asked:?}");
    for reason in asked {
        assert!(reasons.contains(reason), "{reason}");
    }
}

#[test]
fn every_panel_says_what_it_shows_and_where_it_comes_from() {
    let dashboard = dashboard();
    assert_eq!(dashboard["uid"], "direct-connect-operator");
    let source = json!({ "type": "prometheus", "uid": "${datasource}" });
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    assert!(variables[0]["name"] == "datasource" && variables[0]["type"] == "datasource" && variables[0]["query"] == "prometheus");
    assert!(variables[1..].iter().all(|variable| variable["datasource"] == source));
    let is_text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    let mut titles = BTreeSet::new();
    for panel in panels(&dashboard) {
        let title = panel["title"].as_str().unwrap();
        assert!(titles.insert(title), "{title} stands there twice");
        assert!(is_text(&panel["title"]) && is_text(&panel["description"]), "{title}");
        assert!(is_text(&panel["fieldConfig"]["defaults"]["unit"]), "{title} has no unit");
        assert_eq!(panel["datasource"], source, "{title}");
        let targets = panel["targets"].as_array().unwrap();
        let letters: BTreeSet<&str> = targets.iter().map(|target| target["refId"].as_str().unwrap()).collect();
        assert!(!targets.is_empty() && letters.len() == targets.len(), "{title}");
        assert!(targets.iter().all(|target| is_text(&target["expr"]) && is_text(&target["legendFormat"])), "{title}");
    }
    assert!(EMPTY_WHEN_HEALTHY.iter().all(|title| titles.contains(title)));
    let queries = queries(&dashboard, "1m");
    assert_eq!(queries.iter().filter(|query| !query.always).count(), EMPTY_WHEN_HEALTHY.len());
    for query in queries {
        assert!(!query.expr.contains('$'), "{}: {} has a variable that nothing replaces", query.place, query.expr);
    }
}

#[test]
fn panels_have_a_number_and_a_place_of_their_own() {
    let dashboard = dashboard();
    let mut ids = BTreeSet::new();
    let mut taken: BTreeMap<(u64, u64), &str> = BTreeMap::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        let title = panel["title"].as_str().unwrap();
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}: its id stands there twice");
        let [x, y, width, height] = ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().unwrap());
        assert!(width > 0 && height > 0 && x + width <= 24, "{title}: {}", panel["gridPos"]);
        for cell in (x..x + width).flat_map(|column| (y..y + height).map(move |line| (column, line))) {
            if let Some(other) = taken.insert(cell, title) {
                panic!("{title} and {other} overlap");
            }
        }
    }
}

/// `7m`, `2h`.
fn is_duration(text: &str) -> bool {
    let (number, unit) = text.split_at(text.len() - 1);
    number.parse::<u32>().is_ok_and(|number| number > 0) && ["s", "m", "h"].contains(&unit)
}
