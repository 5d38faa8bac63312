//! Rows of the table of values: one value is changed, and exactly the named documents change, as it is said.

use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

use super::rendered;
use support::controlplane::ControlPlane;

const NAME: &str = "test-direct-connect-operator";

/// What becomes of a document. Documents are called as [`documents`] says.
pub enum Effect {
    /// This field had another value, or none, and has this one. Null is none.
    Is(String, String, Value),
    /// This field has another value than before.
    Differs(String, String),
    Comes(String),
    Goes(String),
    /// This field of every document.
    Everywhere(String, Value),
}

pub fn is(document: &str, pointer: &str, value: impl Into<Value>) -> Effect {
    Effect::Is(document.to_owned(), pointer.to_owned(), value.into())
}

/// A field of the operator's container.
pub fn container(pointer: &str, value: impl Into<Value>) -> Effect {
    is("Deployment", &format!("/spec/template/spec/containers/operator{pointer}"), value)
}

/// A variable of the operator's environment.
pub fn env(name: &str, value: &str) -> Effect {
    container(&format!("/env/{name}/value"), value)
}

/// A field of the operator's pod.
pub fn pod(pointer: &str, value: impl Into<Value>) -> Effect {
    is("Deployment", &format!("/spec/template/spec{pointer}"), value)
}

pub fn comes(document: &str) -> Effect {
    Effect::Comes(document.to_owned())
}

pub fn goes(document: &str) -> Effect {
    Effect::Goes(document.to_owned())
}

pub fn everywhere(pointer: &str, value: impl Into<Value>) -> Effect {
    Effect::Everywhere(pointer.to_owned(), value.into())
}

pub struct Row {
    /// Of the value, as a JSON pointer.
    pub path: &'static str,
    pub value: Value,
    /// Other values before and after. The definitions are left out unless they are asked for.
    pub given: Value,
    pub effects: Vec<Effect>,
}

pub fn row(path: &'static str, value: impl Into<Value>, effects: Vec<Effect>) -> Row {
    Row { path, value: value.into(), given: json!({}), effects }
}

impl Row {
    pub fn given(self, given: Value) -> Self {
        Self { given, ..self }
    }
}

/// Lays one document over another.
pub fn merge(target: &mut Value, over: &Value) {
    match (target, over) {
        (Value::Object(target), Value::Object(over)) => {
            for (key, value) in over {
                merge(target.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (target, over) => *target = over.clone(),
    }
}

/// `{"a": {"b": value}}` for `/a/b`.
fn nested(pointer: &str, value: &Value) -> Value {
    let keys = pointer.trim_start_matches('/').rsplit('/').map(|key| key.replace("~1", "/").replace("~0", "~"));
    keys.fold(value.clone(), |inner, key| Value::Object(Map::from_iter([(key, inner)])))
}

/// Lists of named things as maps, so that a field has an address that does not count.
fn by_name(value: Value) -> Value {
    match value {
        Value::Array(items) if !items.is_empty() && items.iter().all(|item| item["name"].is_string()) => {
            Value::Object(items.into_iter().map(|item| (item["name"].as_str().unwrap().to_owned(), by_name(item))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(by_name).collect()),
        Value::Object(fields) => Value::Object(fields.into_iter().map(|(key, field)| (key, by_name(field))).collect()),
        other => other,
    }
}

/// `Kind`, `/` and what its name has after the release's, `@` and its namespace where that is not the release's.
fn called(document: &Value) -> String {
    let (kind, metadata) = (document["kind"].as_str().unwrap(), &document["metadata"]);
    let name = metadata["name"].as_str().unwrap();
    let rest = name.strip_prefix(NAME).map_or(name, |rest| rest.trim_start_matches('-'));
    let namespace = metadata["namespace"].as_str().filter(|namespace| *namespace != "system");
    let (slash, at) = (if rest.is_empty() { "" } else { "/" }, if namespace.is_some() { "@" } else { "" });
    format!("{kind}{slash}{rest}{at}{}", namespace.unwrap_or_default())
}

pub type Documents = BTreeMap<String, Value>;

pub fn documents(plane: &ControlPlane, values: &Value) -> Documents {
    let all = rendered(plane, values).unwrap_or_else(|error| panic!("{values}: {error}"));
    let count = all.len();
    let documents: Documents = all.into_iter().map(|document| (called(&document), by_name(document))).collect();
    assert_eq!(documents.len(), count, "no two documents are of one object: {:?}", documents.keys());
    documents
}

fn field<'a>(document: &'a Value, pointer: &str) -> &'a Value {
    document.pointer(pointer).unwrap_or(&Value::Null)
}

/// What is wrong with a row, if anything. `seen` remembers what was rendered.
pub fn wrong(plane: &ControlPlane, row: &Row, seen: &mut BTreeMap<String, Documents>) -> Vec<String> {
    let mut values = json!({ "crds": { "enabled": false } });
    merge(&mut values, &row.given);
    let before = seen.entry(values.to_string()).or_insert_with(|| documents(plane, &values)).clone();
    merge(&mut values, &nested(row.path, &row.value));
    let after = documents(plane, &values);
    let mut wrong = Vec::new();
    let mut named = BTreeSet::new();
    let mut expect = |holds: bool, what: String| {
        if !holds {
            wrong.push(format!("{} = {}: {what}", row.path, row.value));
        }
    };
    for effect in &row.effects {
        match effect {
            Effect::Is(document, pointer, value) => {
                named.insert(document.clone());
                let of = |all: &Documents| all.get(document).map_or(Value::Null, |document| field(document, pointer).clone());
                expect(of(&before) != *value, format!("{document}{pointer} was {value} before"));
                expect(of(&after) == *value, format!("{document}{pointer} is {}, not {value}", of(&after)));
            }
            Effect::Differs(document, pointer) => {
                named.insert(document.clone());
                let of = |all: &Documents| all.get(document).map_or(Value::Null, |document| field(document, pointer).clone());
                expect(of(&before) != of(&after), format!("{document}{pointer} stays {}", of(&after)));
            }
            Effect::Comes(document) => {
                named.insert(document.clone());
                expect(
                    !before.contains_key(document) && after.contains_key(document),
                    format!("{document} does not come: {:?}", after.keys()),
                );
            }
            Effect::Goes(document) => {
                named.insert(document.clone());
                expect(
                    before.contains_key(document) && !after.contains_key(document),
                    format!("{document} does not go: {:?}", before.keys()),
                );
            }
            Effect::Everywhere(pointer, value) => {
                named.extend(before.keys().chain(after.keys()).cloned());
                for (name, document) in &before {
                    expect(field(document, pointer) != value, format!("{name}{pointer} was {value} before"));
                }
                for (name, document) in &after {
                    expect(field(document, pointer) == value, format!("{name}{pointer} is not {value}"));
                }
            }
        }
    }
    let changed: BTreeSet<String> =
        before.keys().chain(after.keys()).filter(|name| before.get(*name) != after.get(*name)).cloned().collect();
    expect(changed == named, format!("what changed is {changed:?}, not {named:?}"));
    wrong
}
