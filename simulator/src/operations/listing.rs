//! Lists: filters, sorting, pagination and selection of fields.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Call, OperationResult};
use crate::{
    http::ApiError,
    state::{Object, text},
};

/// The maximum page size, and the default one.
const MAX_PAGE: usize = 2000;
/// The maximum of `offset`.
const MAX_OFFSET: usize = 1000;
/// The maximum number of values of `fields`, and of a filter unless the documents say otherwise.
const MAX_VALUES: usize = 5;

/// The parameters of a list operation.
pub struct Listing<'l> {
    /// Key of the list in the response.
    pub wrapper: &'l str,
    /// Filters whose parameter is repeated for several values.
    pub repeated: &'l [&'l str],
    /// Filters whose values are separated by commas.
    pub comma_separated: &'l [&'l str],
}

impl Listing<'_> {
    pub fn respond<'o>(
        &self,
        call: &Call<'_>,
        objects: impl Iterator<Item = &'o Object>,
        render: impl Fn(&Object) -> Value,
    ) -> OperationResult {
        let found = self.found(call, objects)?;
        self.respond_page(call, &found, render)
    }

    /// A list that tells how many there are on all pages.
    pub fn respond_counted<'o>(
        &self,
        call: &Call<'_>,
        objects: impl Iterator<Item = &'o Object>,
        render: impl Fn(&Object) -> Value,
    ) -> OperationResult {
        let found = self.found(call, objects)?;
        self.respond_counted_page(call, &found, found.len(), render)
    }

    /// The same with the parameters `offset`, `page_reverse` and `ext_fields`.
    pub fn respond_from_offset<'o>(
        &self,
        call: &Call<'_>,
        objects: impl Iterator<Item = &'o Object>,
        render: impl Fn(&Object) -> Value,
    ) -> OperationResult {
        let (found, total) = self.found_from_offset(call, objects)?;
        self.respond_counted_page(call, &found, total, render)
    }

    /// The same without the number.
    pub fn respond_from_offset_uncounted<'o>(
        &self,
        call: &Call<'_>,
        objects: impl Iterator<Item = &'o Object>,
        render: impl Fn(&Object) -> Value,
    ) -> OperationResult {
        let (found, _) = self.found_from_offset(call, objects)?;
        self.respond_page(call, &found, render)
    }

    /// The objects from the offset on, and how many there are with those before it.
    fn found_from_offset<'o>(
        &self,
        call: &Call<'_>,
        objects: impl Iterator<Item = &'o Object>,
    ) -> Result<(Vec<&'o Object>, usize), ApiError> {
        let mut found = self.found(call, objects)?;
        let total = found.len();
        check_count("ext_fields", &call.query.all("ext_fields"))?;
        match call.query.first("page_reverse") {
            None | Some("false") => {}
            Some("true") => found.reverse(),
            Some(_) => return Err(ApiError::invalid_parameter("page_reverse is invalid")),
        }
        if let Some(offset) = call.query.first("offset") {
            let offset = offset.parse().ok().filter(|offset| (1..=MAX_OFFSET).contains(offset));
            let offset: usize = offset.ok_or_else(|| ApiError::invalid_parameter("offset is invalid"))?;
            found.drain(..offset.min(total));
        }
        Ok((found, total))
    }

    fn respond_counted_page(&self, call: &Call<'_>, found: &[&Object], total: usize, render: impl Fn(&Object) -> Value) -> OperationResult {
        let mut response = self.respond_page(call, found, render)?;
        if let Some(Value::Object(body)) = &mut response.body {
            body.insert("total_count".to_owned(), json!(total));
        }
        Ok(response)
    }

    /// The objects that pass the filters, sorted.
    fn found<'o>(&self, call: &Call<'_>, objects: impl Iterator<Item = &'o Object>) -> Result<Vec<&'o Object>, ApiError> {
        let filters = self.filters(call)?;
        let passes = |object: &&Object| filters.iter().all(|(key, wanted)| wanted.contains(&text(object, key)));
        let mut found: Vec<&Object> = objects.filter(passes).collect();
        sort(&mut found, call)?;
        Ok(found)
    }

    fn respond_page(&self, call: &Call<'_>, found: &[&Object], render: impl Fn(&Object) -> Value) -> OperationResult {
        let page = page(found, call)?;
        let names = field_names(call)?;
        let shown: Vec<Value> = page.objects.iter().map(|object| select_fields(render(object), &names)).collect();
        let next = page.objects.last().filter(|_| page.more);
        let mut info = json!({
            "previous_marker": page.objects.first().map_or("", |object| text(object, "id")),
            "current_count": page.objects.len(),
        });
        let mut response = call.success(StatusCode::OK, self.wrapper, Value::Array(shown));
        if let Some(Value::Object(body)) = &mut response.body {
            if let (Value::Object(info), Some(last)) = (&mut info, next) {
                info.insert("next_marker".to_owned(), json!(text(last, "id")));
            }
            body.insert("page_info".to_owned(), info);
        }
        Ok(response)
    }

    fn filters<'c>(&self, call: &'c Call<'_>) -> Result<Vec<(&str, Vec<&'c str>)>, ApiError> {
        let repeated = self.repeated.iter().map(|key| (*key, call.query.all(key)));
        let comma_separated = self.comma_separated.iter().map(|key| (*key, call.query.comma_separated(key)));
        let mut filters = Vec::new();
        for (key, values) in repeated.chain(comma_separated).filter(|(_, values)| !values.is_empty()) {
            check_count(key, &values)?;
            filters.push((key, values));
        }
        Ok(filters)
    }
}

fn check_count(key: &str, values: &[&str]) -> Result<(), ApiError> {
    let most = match key {
        "vpc_id"
        | "resource_id"
        | "global_eip_id"
        | "global_eip_segment_id"
        | "global_center_network_id"
        | "site_network_id"
        | "cloud_connection_id"
        | "nexthop"
        | "destination" => usize::MAX,
        "enterprise_project_id" => 10,
        _ => MAX_VALUES,
    };
    if values.len() > most { Err(ApiError::invalid_parameter(&format!("{key} has too many values"))) } else { Ok(()) }
}

/// The parameter `fields`. Empty if all fields are to be shown.
fn field_names<'c>(call: &'c Call<'_>) -> Result<Vec<&'c str>, ApiError> {
    let names = call.query.comma_separated("fields");
    check_count("fields", &names)?;
    Ok(names)
}

/// A resource as the parameter `fields` wants it.
pub fn selected(value: Value, call: &Call<'_>) -> Result<Value, ApiError> {
    Ok(select_fields(value, &field_names(call)?))
}

/// Sorts by a field, then by id, so that pages do not overlap.
fn sort(found: &mut [&Object], call: &Call<'_>) -> Result<(), ApiError> {
    let key = call.query.first("sort_key").unwrap_or("id");
    let field = |object: &&Object| {
        let value = object.get(key);
        // Numbers by their value, everything else as text.
        let number = value.and_then(serde_json::Value::as_i64);
        (number, value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
    };
    if key != "id" {
        found.sort_by_cached_key(|object| (field(object), text(object, "id").to_owned()));
    }
    match call.query.first("sort_dir") {
        None | Some("asc") => {}
        Some("desc") => found.reverse(),
        Some(_) => return Err(ApiError::invalid_parameter("sort_dir is invalid")),
    }
    Ok(())
}

struct Page<'o> {
    objects: Vec<&'o Object>,
    more: bool,
}

/// The page after the marker, which is ignored without a limit.
fn page<'o>(found: &[&'o Object], call: &Call<'_>) -> Result<Page<'o>, ApiError> {
    let Some(limit) = call.query.first("limit") else {
        return Ok(Page { objects: found.iter().take(MAX_PAGE).copied().collect(), more: found.len() > MAX_PAGE });
    };
    let limit = limit.parse::<usize>().ok().filter(|limit| (1..=MAX_PAGE).contains(limit));
    let limit = limit.ok_or_else(|| ApiError::invalid_parameter("limit is invalid"))?;
    let start = match call.query.first("marker").filter(|marker| !marker.is_empty()) {
        None => 0,
        Some(marker) => match found.iter().position(|object| text(object, "id") == marker) {
            Some(position) => position + 1,
            None => return Err(ApiError::invalid_parameter("marker is invalid")),
        },
    };
    let objects: Vec<&Object> = found.iter().skip(start).take(limit).copied().collect();
    let more = start + objects.len() < found.len();
    Ok(Page { objects, more })
}

/// All fields if `names` is empty.
fn select_fields(value: Value, names: &[&str]) -> Value {
    match value {
        Value::Object(mut fields) if !names.is_empty() => {
            fields.retain(|key, _| names.contains(&key.as_str()));
            Value::Object(fields)
        }
        whole => whole,
    }
}
