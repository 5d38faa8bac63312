//! Rules of the query of resources by their tags.

use std::collections::BTreeSet;

use serde_json::Value;

use super::fields::{Field, FieldType, require, validate};
use crate::{
    http::ApiError,
    settings::Settings,
    state::{Object, flag, text, texts},
};

/// The filters by tags.
pub const TAG_FILTERS: [&str; 4] = ["tags", "tags_any", "not_tags", "not_tags_any"];
/// The most keys of such a filter, and the most values of a key.
const MAX_KEYS: usize = 10;

const COUNT: [Field; 8] = [
    ("action", FieldType::OneOf(&["filter", "count"])),
    ("matches", FieldType::Objects),
    ("tags", FieldType::Objects),
    ("tags_any", FieldType::Objects),
    ("not_tags", FieldType::Objects),
    ("not_tags_any", FieldType::Objects),
    ("sys_tags", FieldType::Objects),
    // Not in the schema, but in the text on `sys_tags`.
    ("without_any_tag", FieldType::Flag),
];

/// A count takes no page.
const PAGE: [Field; 2] = [("limit", FieldType::Digits(1, 1000)), ("offset", FieldType::Digits(0, u64::MAX))];

/// Returns the validated body.
pub fn check(body: Object, settings: &Settings) -> Result<Object, ApiError> {
    let fields = if text(&body, "action") == "count" { COUNT.to_vec() } else { [COUNT.as_slice(), PAGE.as_slice()].concat() };
    let body = validate(body, &fields, &[], settings)?;
    require(&body, &["action"])?;
    for key in TAG_FILTERS {
        check_filter(key, &body)?;
    }
    objects(&body, "matches").try_for_each(check_match)?;
    let by_tags = flag(&body, "without_any_tag") || TAG_FILTERS.iter().any(|key| objects(&body, key).next().is_some());
    if objects(&body, "sys_tags").next().is_some() {
        let detail = if by_tags { "sys_tags excludes the other filters by tags" } else { "sys_tags needs the permission op_service" };
        return Err(ApiError::invalid_parameter(detail));
    }
    Ok(body)
}

/// The objects of a list field.
pub fn objects<'b>(body: &'b Object, key: &str) -> impl Iterator<Item = &'b Object> + use<'b> {
    body.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

fn check_filter(key: &str, body: &Object) -> Result<(), ApiError> {
    let tags: Vec<&Object> = objects(body, key).collect();
    let keys: BTreeSet<&str> = tags.iter().map(|tag| text(tag, "key")).collect();
    let valid = tags.len() <= MAX_KEYS && keys.len() == tags.len() && tags.iter().all(|tag| is_valid(tag));
    if valid { Ok(()) } else { Err(ApiError::invalid_parameter(&format!("{key} is invalid"))) }
}

fn is_valid(tag: &Object) -> bool {
    let (key, values) = (text(tag, "key"), texts(tag, "values"));
    let given = tag.get("values").and_then(Value::as_array).map(Vec::len);
    let distinct: BTreeSet<&str> = values.iter().copied().collect();
    let lengths_fit = (1..=127).contains(&key.chars().count()) && values.iter().all(|value| value.chars().count() <= 255);
    lengths_fit && given == Some(distinct.len()) && distinct.len() <= MAX_KEYS
}

fn check_match(field: &Object) -> Result<(), ApiError> {
    let known = matches!(text(field, "key"), "resource_name" | "resource_id");
    let value_fits = field.get("value").and_then(Value::as_str).is_some_and(|value| value.chars().count() <= 255);
    if known && value_fits { Ok(()) } else { Err(ApiError::invalid_parameter("matches is invalid")) }
}
