//! values.yaml: every value is commented, known to the schema, and changes what the table says.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

use super::harness::{Row, wrong};
use super::{chart, table, table_around};
use support::controlplane::ControlPlane;

fn read(file: &str) -> String {
    std::fs::read_to_string(chart().join(file)).unwrap()
}

fn values() -> Value {
    serde_saphyr::from_str(&read("values.yaml")).unwrap()
}

fn schema() -> Value {
    serde_json::from_str(&read("values.schema.json")).unwrap()
}

/// As a part of a JSON pointer.
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Values that are no map, or an empty one.
fn leaves(path: &str, value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            fields.iter().for_each(|(key, inner)| leaves(&format!("{path}/{}", escaped(key)), inner, found));
        }
        _ => drop(found.insert(path.to_owned())),
    }
}

async fn hold(rows: Vec<Row>) {
    let plane = ControlPlane::shared().await;
    let mut seen = BTreeMap::new();
    let wrong: Vec<String> = rows.iter().flat_map(|row| wrong(&plane, row, &mut seen)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn names_image_and_rights_are_what_the_values_say() {
    hold(table::identity()).await;
}

#[tokio::test]
async fn the_operator_is_told_what_the_values_say() {
    hold(table::work()).await;
}

#[tokio::test]
async fn the_pod_is_what_the_values_say() {
    hold(table::placement()).await;
}

#[tokio::test]
async fn the_simulator_is_what_the_values_say() {
    hold(table_around::clouds()).await;
}

#[tokio::test]
async fn monitoring_is_what_the_values_say() {
    hold(table_around::monitoring()).await;
}

#[tokio::test]
async fn the_network_policy_is_what_the_values_say() {
    hold(table_around::network()).await;
}

#[test]
fn every_value_stands_in_the_table() {
    let tables =
        [table::identity(), table::work(), table::placement(), table_around::clouds(), table_around::monitoring(), table_around::network()];
    let rows: BTreeSet<String> = tables.iter().flatten().map(|row| row.path.to_owned()).collect();
    let mut all = BTreeSet::new();
    leaves("", &values(), &mut all);
    assert!(all.len() > 100, "{} values", all.len());
    let missing: Vec<&String> = all.difference(&rows).collect();
    assert!(missing.is_empty(), "values that no row changes: {missing:?}");
    let unknown: Vec<&String> = rows.difference(&all).collect();
    assert!(unknown.is_empty(), "rows of values that are not there: {unknown:?}");
}

/// A part of the schema with its reference followed.
fn resolved<'a>(schema: &'a Value, node: &'a Value) -> &'a Value {
    let reference = node["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    reference.map_or(node, |pointer| schema.pointer(pointer).unwrap_or_else(|| panic!("{pointer}")))
}

/// Calls `meet` with each path that the schema names, and what it says there.
fn walk<'a>(schema: &'a Value, node: &'a Value, path: &str, meet: &mut impl FnMut(&str, &'a Value)) {
    let node = resolved(schema, node);
    meet(path, node);
    for (key, inner) in node["properties"].as_object().into_iter().flatten() {
        walk(schema, inner, &format!("{path}/{}", escaped(key)), meet);
    }
    if node["items"].is_object() {
        walk(schema, &node["items"], &format!("{path}/*"), meet);
    }
}

#[test]
fn the_schema_and_the_values_know_the_same_names() {
    let (schema, values) = (schema(), values());
    let mut wrong = Vec::new();
    walk(&schema, &schema, "", &mut |path, node| {
        let (Some(properties), Some(Value::Object(fields))) = (node["properties"].as_object(), values.pointer(path)) else { return };
        // An empty one is described by its comment alone.
        let told = fields.is_empty() && !path.is_empty();
        // Helm itself puts `global` there, and a template refuses `account` in words.
        let more = ["global", "account"];
        let names =
            |keys: &mut dyn Iterator<Item = &String>| keys.filter(|key| !more.contains(&key.as_str())).cloned().collect::<BTreeSet<_>>();
        let (known, there) = (names(&mut properties.keys()), names(&mut fields.keys()));
        if known != there && !told {
            wrong.push(format!("{path}: {:?}", known.symmetric_difference(&there).collect::<Vec<_>>()));
        }
    });
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// Whose shape is the simulator's.
const OPEN: [&str; 1] = ["/simulator/connections/*"];

#[tokio::test]
async fn a_mistyped_name_is_refused_wherever_the_shape_is_the_charts() {
    let schema = schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    assert!(validator.is_valid(&values()), "the values as they stand");
    let mut shapes = 0;
    walk(&schema, &schema, "", &mut |path, node| {
        if node["properties"].is_object() && !OPEN.contains(&path) {
            assert_eq!(node["additionalProperties"], json!(false), "{path} takes any name");
            shapes += 1;
        }
        // A map of the chart that says nothing about its fields would take all.
        let is_free = node["type"] == "object" && !node["properties"].is_object();
        if is_free && let Some(Value::Object(fields)) = values().pointer(path) {
            let freely = ["podSecurityContext", "containerSecurityContext", "requests", "limits", "nodeSelector", "labels"];
            assert!(fields.is_empty() || freely.iter().any(|name| path.ends_with(name)), "{path} has fields that the schema does not know");
        }
    });
    assert!(shapes > 25, "{shapes} shapes");
    let mut wrong = values();
    wrong["monitoring"]["podMonitor"]["intervall"] = json!("30s");
    assert!(!validator.is_valid(&wrong));
}

#[test]
fn every_value_has_its_comment() {
    let schema = schema();
    let mut last = BTreeSet::new();
    walk(&schema, &schema, "", &mut |path, node| {
        if !node["properties"].is_object() || values().pointer(path).is_some_and(|value| *value == json!({})) {
            last.insert(path.to_owned());
        }
    });
    let (text, mut stack, mut above, mut met) = (read("values.yaml"), Vec::<(usize, String)>::new(), false, 0);
    for line in text.lines() {
        let (trimmed, indent) = (line.trim_start(), line.len() - line.trim_start().len());
        if let Some((key, _)) = trimmed.split_once(':').filter(|_| !trimmed.starts_with(['#', '-'])) {
            stack.retain(|(outer, _)| *outer < indent);
            stack.push((indent, escaped(key.trim_matches('"'))));
            let path: String = stack.iter().flat_map(|(_, key)| ["/", key]).collect();
            if last.contains(&path) {
                assert!(above, "{path} has no comment");
                met += 1;
            }
        }
        above = trimmed.starts_with('#');
    }
    assert!(met > 80, "{met} values");
}
