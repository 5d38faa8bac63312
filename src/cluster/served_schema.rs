//! Which fields of a kind the API server declares: it refuses a server-side apply that has others, whatever its field validation.

use kube::{Client, Resource};
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;

/// A part of an `OpenAPI` schema, as far as it says which fields are declared.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Schema {
    #[serde(default)]
    properties: HashMap<String, Schema>,
    items: Option<Box<Schema>>,
    additional_properties: Option<MapValues>,
    #[serde(rename = "x-kubernetes-preserve-unknown-fields", default)]
    is_open: bool,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum MapValues {
    Of(Box<Schema>),
    #[allow(dead_code, reason = "it only tells the two forms apart")]
    Any(bool),
}

#[derive(Deserialize)]
struct Document {
    components: Components,
}

#[derive(Deserialize)]
struct Components {
    schemas: HashMap<String, Definition>,
}

#[derive(Deserialize)]
struct Definition {
    #[serde(rename = "x-kubernetes-group-version-kind", default)]
    kinds: Vec<KindName>,
    #[serde(flatten)]
    schema: Schema,
}

#[derive(Deserialize)]
struct KindName {
    group: String,
    version: String,
    kind: String,
}

/// The schema of `K` as the API server serves it. Needs no right but to read `/openapi`, which every authenticated client has.
pub(super) async fn read<K: Resource<DynamicType = ()>>(client: &Client) -> Result<Option<Schema>, kube::Error> {
    let (group, version, kind) = (K::group(&()), K::version(&()), K::kind(&()));
    let request = http::Request::get(format!("/openapi/v3/apis/{group}/{version}")).body(Vec::new()).map_err(kube::Error::HttpError)?;
    let document: Document = client.request(request).await?;
    let is_meant = |name: &KindName| name.group == group && name.version == version && name.kind == kind;
    let found = document.components.schemas.into_values().find(|definition| definition.kinds.iter().any(is_meant));
    Ok(found.map(|definition| definition.schema))
}

impl Schema {
    /// What is declared of a field of this object.
    pub(super) fn field(&self, name: &str) -> Option<&Self> {
        self.properties.get(name)
    }

    /// Removes what is not declared, and returns the paths of what it removed.
    pub(super) fn prune(&self, value: &mut Value) -> Vec<String> {
        let mut pruned = Vec::new();
        self.prune_at("", value, &mut pruned);
        pruned
    }

    fn prune_at(&self, path: &str, value: &mut Value, pruned: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                if !self.properties.is_empty() && !self.is_open {
                    fields.retain(|name, _| {
                        let is_declared = self.properties.contains_key(name);
                        pruned.extend((!is_declared).then(|| format!("{path}.{name}")));
                        is_declared
                    });
                }
                for (name, value) in fields {
                    let declared = self.properties.get(name).or(match &self.additional_properties {
                        Some(MapValues::Of(schema)) => Some(schema),
                        Some(MapValues::Any(_)) | None => None,
                    });
                    if let Some(schema) = declared {
                        schema.prune_at(&format!("{path}.{name}"), value, pruned);
                    }
                }
            }
            Value::Array(items) => {
                for item in items {
                    if let Some(schema) = &self.items {
                        schema.prune_at(&format!("{path}[]"), item, pruned);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_undeclared_fields_are_pruned() {
        let schema: Schema = serde_json::from_value(json!({
            "type": "object",
            "properties": {
                "id": { "type": "string" },
                "intent": { "type": "object", "properties": { "time": { "type": "string" } } },
                "conditions": { "type": "array", "items": { "type": "object", "properties": { "type": { "type": "string" } } } },
                "tags": { "type": "object", "additionalProperties": { "type": "string" } },
                "zones": { "type": "object", "additionalProperties": { "type": "object", "properties": { "name": { "type": "string" } } } },
                "any": { "type": "object", "additionalProperties": true },
                "open": { "type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": { "a": { "type": "string" } } },
            },
        }))
        .unwrap();
        let declared = json!({
            "id": "1", "intent": { "time": "t" }, "conditions": [{ "type": "Ready" }, { "type": "Synced" }], "tags": { "team": "a" },
            "zones": { "a": { "name": "n" } }, "any": { "a": { "b": 1 } }, "open": { "a": "1", "b": "2" },
        });
        let mut same = declared.clone();
        assert!(schema.prune(&mut same).is_empty());
        assert_eq!(same, declared);
        let mut more = declared.clone();
        more["new"] = json!(1);
        more["intent"]["target"] = json!({ "name": "n" });
        more["conditions"][1]["severity"] = json!("high");
        more["zones"]["a"]["size"] = json!(2);
        let mut pruned = schema.prune(&mut more);
        pruned.sort();
        assert_eq!(pruned, [".conditions[].severity", ".intent.target", ".new", ".zones.a.size"]);
        assert_eq!(more, declared);
    }
}
