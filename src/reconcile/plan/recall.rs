//! A resource from what a status and a spec tell of it.

use schemars::{JsonSchema, schema_for};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// The resource with the first of these keys as its ID: `fields`, as the body of a create has them, under what `observed` shows. A field that the
/// status could show and does not show is not there. Fields of a status have the names of the wire in camel case, but for those in `names`: each as a
/// status has it in snake case, then as the wire has it.
pub(crate) fn recall<R: DeserializeOwned, O: Serialize + JsonSchema>(
    fields: Value,
    (keys, id): (&[&str], &str),
    observed: Option<&O>,
    names: &[(&str, &str)],
) -> Option<R> {
    let Value::Object(mut fields) = fields else { return None };
    if let Some(observed) = observed {
        let name = |shown: &str| {
            let name = snake_case(shown);
            names.iter().find(|(shown, _)| *shown == name).map_or(name, |(_, wire)| (*wire).to_owned())
        };
        let schema = schema_for!(O);
        for shown in schema.get("properties").and_then(Value::as_object).into_iter().flatten().map(|(shown, _)| shown) {
            fields.remove(&name(shown));
        }
        let Ok(Value::Object(shown)) = serde_json::to_value(observed) else { return None };
        fields.extend(shown.into_iter().map(|(shown, value)| (name(&shown), wire(&shown, value))));
    }
    fields.insert((*keys.first()?).to_owned(), id.into());
    serde_json::from_value(fields.into()).ok()
}

/// A value as the wire has it. Tags are a list there.
fn wire(field: &str, value: Value) -> Value {
    match value {
        Value::Object(tags) if field == "tags" => tags.into_iter().map(|(key, value)| json!({ "key": key, "value": value })).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(field, value)| (snake_case(&field), wire(&field, value))).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.into_iter().map(|item| wire("", item)).collect(),
        other => other,
    }
}

fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}
