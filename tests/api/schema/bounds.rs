//! Reads the schema: its fields, its bounds, and how to cross each.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use serde_json::{Map, Value, json};

/// The schema of a definition's one version.
pub fn schema(crd: &CustomResourceDefinition) -> Value {
    serde_json::to_value(crd).unwrap()["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone()
}

/// Every schema below, with its path: `spec.grants[0].vlans`, `spec.tags.*`.
pub fn fields(schema: &Value) -> Vec<(String, Value)> {
    let below = |path: &str, schema: &Value| {
        let mut all = vec![(path.to_owned(), schema.clone())];
        // metav1's own types are described by Kubernetes.
        let nested = if path.ends_with("elector") || path.ends_with("conditions") { Vec::new() } else { fields(schema) };
        all.extend(nested.into_iter().map(|(rest, schema)| {
            let dot = if rest.starts_with('[') { "" } else { "." };
            (format!("{path}{dot}{rest}"), schema)
        }));
        all
    };
    let properties = schema["properties"].as_object().into_iter().flatten();
    let properties = properties.filter(|(name, _)| *name != "metadata" || schema["properties"]["spec"].is_null());
    let mut all: Vec<_> = properties.flat_map(|(name, schema)| below(name, schema)).collect();
    all.extend(schema["items"].as_object().map(|_| below("[0]", &schema["items"])).into_iter().flatten());
    all.extend(schema["additionalProperties"].as_object().map(|_| below("*", &schema["additionalProperties"])).into_iter().flatten());
    all
}

/// A value beyond a bound of the schema.
pub struct Crossing {
    /// Where, as the API server tells it.
    pub path: String,
    /// What the API server has to say besides.
    pub allowed: String,
    value: Value,
}

impl Crossing {
    /// A valid object with that value in it.
    pub fn applied_to(&self, object: &Value) -> Value {
        let mut object = object.clone();
        let mut place = &mut object;
        for step in self.path.split('.') {
            let (name, in_list) = step.strip_suffix("[0]").map_or((step, false), |name| (name, true));
            if !place.is_object() {
                *place = Value::Object(Map::new());
            }
            place = &mut place[name];
            if in_list {
                if place.get(0).is_none_or(Value::is_null) {
                    *place = json!([null]);
                }
                place = &mut place[0];
            }
        }
        *place = self.value.clone();
        object
    }
}

/// Every bound below `spec`, crossed by one.
pub fn crossings(crd: &CustomResourceDefinition) -> Vec<Crossing> {
    let fields = fields(&schema(crd)).into_iter().filter(|(path, _)| path.starts_with("spec."));
    fields.flat_map(|(path, schema)| crossings_of(&path.replace(".*", ".key"), &schema)).collect()
}

fn crossings_of(path: &str, schema: &Value) -> Vec<Crossing> {
    let number = |name: &str| schema[name].as_f64().map(|bound| format!("{bound}").parse::<i64>().unwrap());
    let strings = |count: i64| (0..count).map(|n| format!("x{n}")).collect::<Vec<_>>();
    let beyond = [
        number("minimum").map(|bound| (json!(bound - 1), format!("greater than or equal to {bound}"))),
        number("maximum").map(|bound| (json!(bound + 1), format!("less than or equal to {bound}"))),
        number("minLength").map(|bound| (json!("x".repeat(usize::try_from(bound - 1).unwrap())), format!("at least {bound} chars"))),
        number("maxLength").map(|bound| (json!("x".repeat(usize::try_from(bound + 1).unwrap())), format!("more than {bound} "))),
        number("minItems").map(|bound| (json!(strings(bound - 1)), format!("at least {bound} items"))),
        number("maxItems").map(|bound| {
            let items = if schema["items"]["type"] == "object" { json!(vec![json!({}); count(bound)]) } else { json!(strings(bound + 1)) };
            (items, format!("at most {bound} items"))
        }),
        number("maxProperties").map(|bound| {
            let map: Map<_, _> = strings(bound + 1).into_iter().map(|key| (key, json!(""))).collect();
            (json!(map), format!("at most {bound} items"))
        }),
        schema["enum"].as_array().map(|values| (json!("neither"), format!("supported values: {}", values[0]))),
    ];
    beyond.into_iter().flatten().map(|(value, allowed)| Crossing { path: path.to_owned(), allowed, value }).collect()
}

fn count(bound: i64) -> usize {
    usize::try_from(bound + 1).unwrap()
}
