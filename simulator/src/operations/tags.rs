//! Tags of gateways, interfaces and connections. The first id of a call is the kind in the path, such as `dc-vgw`.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Call, OperationResult, Success};
use crate::{
    http::ApiError,
    rules::fields::{check_tag, check_tags},
    state::{Cloud, Object, Table, set, text},
};

pub fn show(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let resource = find(cloud, call, ids)?;
    let mut response = call.success(StatusCode::OK, "tags", Value::Array(tags_of(resource)));
    if let Some(Value::Object(body)) = &mut response.body {
        body.insert("sys_tags".to_owned(), json!([]));
    }
    Ok(response)
}

/// All distinct tags of the resources of one kind.
#[expect(clippy::unnecessary_wraps, reason = "all operations have this signature")]
pub fn list_of_project(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let kind = ids.first().map(String::as_str).unwrap_or_default();
    let resources = table(cloud, kind).values().filter(|resource| text(resource, "tenant_id") == call.project_id);
    let mut all: Vec<Value> = resources.flat_map(tags_of).collect();
    all.sort_by_key(ToString::to_string);
    all.dedup();
    Ok(call.success(StatusCode::OK, "tags", Value::Array(all)))
}

/// Adds a tag, or overwrites the one with the same key.
pub fn create(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let new = Value::Object(call.object("tag")?);
    check_tag(&new)?;
    let resource = find(cloud, call, ids)?;
    replace(resource, with(tags_of(resource), &new), call)
}

pub fn delete(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let key = ids.get(2).map(String::as_str).unwrap_or_default();
    let resource = find(cloud, call, ids)?;
    let before = tags_of(resource);
    let after = without(before.clone(), key);
    if after.len() == before.len() {
        return Err(ApiError::not_found("DC.0002"));
    }
    replace(resource, after, call)
}

/// Adds or removes several tags. Removing an absent tag is not an error.
pub fn batch(cloud: &mut Cloud, call: &Call<'_>, ids: &[String]) -> OperationResult {
    let document = call.document()?;
    let given = document.get("tags").and_then(Value::as_array).cloned().unwrap_or_default();
    given.iter().try_for_each(check_tag)?;
    let resource = find(cloud, call, ids)?;
    let after = match text(&document, "action") {
        "create" => given.iter().fold(tags_of(resource), with),
        "delete" => given.iter().fold(tags_of(resource), |tags, gone| without(tags, key_of(gone))),
        _ => return Err(ApiError::invalid_parameter("action is invalid")),
    };
    replace(resource, after, call)
}

fn with(mut tags: Vec<Value>, new: &Value) -> Vec<Value> {
    let same_key = tags.iter_mut().find(|tag| key_of(tag) == key_of(new));
    let new = json!({"key": key_of(new), "value": new.get("value").and_then(Value::as_str).unwrap_or_default()});
    match same_key {
        Some(tag) => *tag = new,
        None => tags.push(new),
    }
    tags
}

fn without(mut tags: Vec<Value>, key: &str) -> Vec<Value> {
    tags.retain(|tag| key_of(tag) != key);
    tags
}

pub fn key_of(tag: &Value) -> &str {
    tag.get("key").and_then(Value::as_str).unwrap_or_default()
}

pub fn tags_of(resource: &Object) -> Vec<Value> {
    resource.get("tags").and_then(Value::as_array).cloned().unwrap_or_default()
}

fn replace(resource: &mut Object, after: Vec<Value>, call: &Call<'_>) -> OperationResult {
    let after = Value::Array(after);
    check_tags(&after, call.settings)?;
    set(resource, "tags", after);
    Ok(Success::no_content())
}

pub fn table<'c>(cloud: &'c mut Cloud, kind: &str) -> &'c mut Table {
    match kind {
        "dc-vgw" => &mut cloud.gateways,
        "dc-vif" => &mut cloud.interfaces,
        _ => &mut cloud.connections,
    }
}

fn find<'c>(cloud: &'c mut Cloud, call: &Call<'_>, ids: &[String]) -> Result<&'c mut Object, ApiError> {
    let (Some(kind), Some(id)) = (ids.first(), ids.get(1)) else {
        return Err(ApiError::not_found("DC.0002"));
    };
    let resource = table(cloud, kind).get_mut(id);
    resource.filter(|resource| text(resource, "tenant_id") == call.project_id).ok_or_else(|| ApiError::not_found("DC.0002"))
}
