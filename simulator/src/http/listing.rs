//! Lists: filters, order, pages and the choice of fields.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Answer, Call, Outcome};
use crate::{
    errors::Refusal,
    state::{Object, text},
};

/// Most objects of one page, and the size of a page unless told.
const MAX_PAGE: usize = 2000;
/// Most values of a filter that is repeated, and of one that is joined by commas.
const MAX_REPEATED: usize = 5;
const MAX_JOINED: usize = 10;

/// How a list is asked for.
pub struct Listing<'l> {
    /// Wrapper of the list in the answer.
    pub wrapper: &'l str,
    /// Filters with repeated keys.
    pub repeated: &'l [&'l str],
    /// Filters joined by commas.
    pub joined: &'l [&'l str],
}

impl Listing<'_> {
    /// The page that a call asks for, each object as `render` shows it.
    pub fn answer<'o>(&self, call: &Call<'_>, objects: impl Iterator<Item = &'o Object>, render: impl Fn(&Object) -> Value) -> Outcome {
        let filters = self.filters(call)?;
        let passes = |object: &&Object| filters.iter().all(|(key, wanted)| wanted.contains(&text(object, key)));
        let mut found: Vec<&Object> = objects.filter(passes).collect();
        sort(&mut found, call)?;
        let page = page(&found, call)?;
        let names = call.query.commas("fields");
        let shown: Vec<Value> = page.objects.iter().map(|object| choose(render(object), &names)).collect();
        let next = page.objects.last().filter(|_| page.more);
        let mut info = json!({
            "previous_marker": page.objects.first().map_or("", |object| text(object, "id")),
            "current_count": page.objects.len(),
        });
        let mut answer: Answer = call.answer(StatusCode::OK, self.wrapper, Value::Array(shown));
        if let Some(Value::Object(body)) = &mut answer.body {
            if let (Value::Object(info), Some(last)) = (&mut info, next) {
                info.insert("next_marker".to_owned(), json!(text(last, "id")));
            }
            body.insert("page_info".to_owned(), info);
        }
        Ok(answer)
    }

    fn filters<'c>(&self, call: &'c Call<'_>) -> Result<Vec<(&str, Vec<&'c str>)>, Refusal> {
        let repeated = self.repeated.iter().map(|key| (*key, call.query.all(key), MAX_REPEATED));
        let joined = self.joined.iter().map(|key| (*key, call.query.commas(key), MAX_JOINED));
        let mut filters = Vec::new();
        for (key, values, most) in repeated.chain(joined).filter(|(_, values, _)| !values.is_empty()) {
            // The documents set no bound for `vpc_id`.
            if values.len() > most && key != "vpc_id" {
                return Err(Refusal::parameter(&format!("{key} has too many values")));
            }
            filters.push((key, values));
        }
        Ok(filters)
    }
}

/// Sorts by a field; equal ones by id, so that pages do not overlap.
fn sort(found: &mut [&Object], call: &Call<'_>) -> Result<(), Refusal> {
    let key = call.query.one("sort_key").unwrap_or("id");
    let field = |object: &&Object| object.get(key).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    if key != "id" {
        found.sort_by_cached_key(|object| (field(object), text(object, "id").to_owned()));
    }
    match call.query.one("sort_dir") {
        None | Some("asc") => {}
        Some("desc") => found.reverse(),
        Some(_) => return Err(Refusal::parameter("sort_dir is invalid")),
    }
    Ok(())
}

struct Page<'o> {
    objects: Vec<&'o Object>,
    more: bool,
}

/// The page after the marker, which has effect only together with a limit.
fn page<'o>(found: &[&'o Object], call: &Call<'_>) -> Result<Page<'o>, Refusal> {
    let Some(limit) = call.query.one("limit") else {
        return Ok(Page { objects: found.iter().take(MAX_PAGE).copied().collect(), more: found.len() > MAX_PAGE });
    };
    let limit = limit.parse::<usize>().ok().filter(|limit| (1..=MAX_PAGE).contains(limit));
    let limit = limit.ok_or_else(|| Refusal::parameter("limit is invalid"))?;
    let start = match call.query.one("marker").filter(|marker| !marker.is_empty()) {
        None => 0,
        Some(marker) => match found.iter().position(|object| text(object, "id") == marker) {
            Some(position) => position + 1,
            None => return Err(Refusal::parameter("marker is invalid")),
        },
    };
    let objects: Vec<&Object> = found.iter().skip(start).take(limit).copied().collect();
    let more = start + objects.len() < found.len();
    Ok(Page { objects, more })
}

/// The named fields of an object, or all.
pub fn choose(value: Value, names: &[&str]) -> Value {
    match value {
        Value::Object(mut fields) if !names.is_empty() => {
            fields.retain(|key, _| names.contains(&key.as_str()));
            Value::Object(fields)
        }
        whole => whole,
    }
}
