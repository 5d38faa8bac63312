//! The query of resources of one kind by their tags and names.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{
    Call, OperationResult, Success,
    tags::{key_of, table, tags_of},
};
use crate::{
    rules::{
        of_project,
        tag_queries::{self as rules, TAG_FILTERS, objects},
    },
    state::{Cloud, Object, flag, text, texts},
};

/// Lists or counts the resources, by the action of the body.
pub fn list(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let query = rules::check(call.document()?, call.settings)?;
    let kind = ids.first().map(String::as_str).unwrap_or_default();
    let found: Vec<&Object> = of_project(table(cloud, kind), call.project_id).filter(|resource| passes(&query, resource)).collect();
    let mut body = json!({"request_id": call.request_id, "total_count": found.len()});
    if let (Value::Object(fields), "filter") = (&mut body, text(&query, "action")) {
        let page = found.iter().skip(digits(&query, "offset", 0)).take(digits(&query, "limit", 1000));
        fields.insert("resources".to_owned(), page.map(|resource| render(resource)).collect());
    }
    Ok(Success { status: StatusCode::OK, body: Some(body) })
}

fn digits(query: &Object, key: &str, default: usize) -> usize {
    text(query, key).parse().unwrap_or(default)
}

fn render(resource: &Object) -> Value {
    json!({
        "resource_id": text(resource, "id"), "resource_name": text(resource, "name"), "resource_detail": {}, "tags": tags_of(resource),
        "sys_tags": [],
    })
}

fn passes(query: &Object, resource: &Object) -> bool {
    objects(query, "matches").all(|field| matches_field(field, resource)) && passes_tags(query, resource)
}

/// The name is searched for in any case of letters, unless it is empty.
fn matches_field(field: &Object, resource: &Object) -> bool {
    let wanted = text(field, "value");
    match text(field, "key") {
        "resource_name" if !wanted.is_empty() => text(resource, "name").to_lowercase().contains(&wanted.to_lowercase()),
        "resource_name" => text(resource, "name").is_empty(),
        _ => text(resource, "id") == wanted,
    }
}

/// A filter without keys lets everything pass. `not_tags` and `not_tags_any` are the opposites of `tags` and `tags_any`.
fn passes_tags(query: &Object, resource: &Object) -> bool {
    let tags = tags_of(resource);
    if flag(query, "without_any_tag") {
        return tags.is_empty();
    }
    TAG_FILTERS.iter().all(|filter| {
        let wanted: Vec<bool> = objects(query, filter).map(|wanted| tags.iter().any(|tag| has(tag, wanted))).collect();
        let (all, any) = (wanted.iter().all(|has| *has), wanted.iter().any(|has| *has));
        let passes = match *filter {
            "tags" => all,
            "tags_any" => any,
            "not_tags" => !all,
            _ => !any,
        };
        passes || wanted.is_empty()
    })
}

/// Without values any value does. A value with a star in front stands for those that contain the rest.
fn has(tag: &Value, wanted: &Object) -> bool {
    let value = tag.get("value").and_then(Value::as_str).unwrap_or_default();
    let values = texts(wanted, "values");
    let fits = |wanted: &&str| wanted.strip_prefix('*').map_or(*wanted == value, |part| value.contains(part));
    key_of(tag) == text(wanted, "key") && (values.is_empty() || values.iter().any(fits))
}
