//! Validation of request bodies: the keys of an operation and the types of their values.

use serde_json::Value;
use uuid::Uuid;

use crate::{
    http::ApiError,
    settings::{KeyPolicy, Settings},
    state::Object,
};

#[derive(Clone, Copy)]
pub enum FieldType {
    /// Text with a maximum number of characters.
    Text(usize),
    /// The same of letters, digits, `-`, `_` and `.`.
    Name(usize),
    /// Text without the characters `<` and `>`, of at most 128 characters.
    Description,
    /// The same, of at most 255.
    LongDescription,
    Uuid,
    /// The id of a project.
    Project,
    /// A UUID, or `0` for the default enterprise project.
    EnterpriseProject,
    Integer(u64, u64),
    /// An autonomous system number. Its range has an error code of its own.
    Asn,
    Flag,
    OneOf(&'static [&'static str]),
    /// A list of strings, with its minimum and maximum length.
    Texts(usize, usize),
    Tags,
    /// A list of objects, which the operation checks.
    Objects,
    /// A number that is written as text.
    Digits(u64, u64),
}

pub type Field = (&'static str, FieldType);

/// Validates a body and returns it without the keys that are ignored: depending on the settings, immutable and unknown
/// keys are rejected or ignored.
pub fn validate(body: Object, fields: &[Field], immutable: &[&str], settings: &Settings) -> Result<Object, ApiError> {
    let mut accepted = Object::new();
    for (key, value) in body {
        if let Some((_, field_type)) = fields.iter().find(|(name, _)| *name == key) {
            check(&key, &value, *field_type, settings)?;
            accepted.insert(key, value);
        } else if immutable.contains(&key.as_str()) {
            apply_key_policy(settings.immutable_keys, &format!("{key} cannot be changed"))?;
        } else {
            apply_key_policy(settings.unknown_keys, &format!("{key} is not a parameter"))?;
        }
    }
    Ok(accepted)
}

pub fn require(body: &Object, keys: &[&str]) -> Result<(), ApiError> {
    match keys.iter().find(|key| !body.contains_key(**key)) {
        Some(key) => Err(ApiError::invalid_parameter(&format!("{key} is required"))),
        None => Ok(()),
    }
}

fn apply_key_policy(policy: KeyPolicy, message: &str) -> Result<(), ApiError> {
    if policy == KeyPolicy::Refuse { Err(ApiError::invalid_parameter(message)) } else { Ok(()) }
}

fn check(key: &str, value: &Value, field_type: FieldType, settings: &Settings) -> Result<(), ApiError> {
    let valid = match field_type {
        FieldType::Text(max) => is_text_up_to(value, max),
        FieldType::Name(max) => is_text_up_to(value, max) && value.as_str().is_some_and(|text| text.chars().all(is_of_name)),
        FieldType::Description => is_description_up_to(value, 128),
        FieldType::LongDescription => is_description_up_to(value, 255),
        FieldType::Uuid => value.as_str().is_some_and(is_uuid),
        FieldType::Project => value.as_str().is_some_and(|text| text.len() == 32 && text.chars().all(|digit| digit.is_ascii_hexdigit())),
        FieldType::EnterpriseProject => value.as_str().is_some_and(|text| text == "0" || is_uuid(text)),
        FieldType::Integer(min, max) => value.as_u64().is_some_and(|number| (min..=max).contains(&number)),
        FieldType::Asn if !value.is_number() => false,
        FieldType::Asn if !value.as_u64().is_some_and(|asn| (1..=4_294_967_295).contains(&asn)) => {
            return Err(ApiError::bad_request("DC.0008"));
        }
        FieldType::Asn => true,
        FieldType::Flag => value.is_boolean(),
        FieldType::OneOf(words) => value.as_str().is_some_and(|text| words.contains(&text)),
        FieldType::Texts(min, max) => {
            value.as_array().is_some_and(|list| (min..=max).contains(&list.len()) && list.iter().all(Value::is_string))
        }
        FieldType::Tags => return check_tags(value, settings),
        FieldType::Objects => value.as_array().is_some_and(|list| list.iter().all(Value::is_object)),
        FieldType::Digits(min, max) => {
            value.as_str().and_then(|text| text.parse().ok()).is_some_and(|number| (min..=max).contains(&number))
        }
    };
    if valid { Ok(()) } else { Err(ApiError::invalid_parameter(&format!("{key} is invalid"))) }
}

fn is_text_up_to(value: &Value, max: usize) -> bool {
    value.as_str().is_some_and(|text| text.chars().count() <= max)
}

fn is_description_up_to(value: &Value, max: usize) -> bool {
    is_text_up_to(value, max) && !value.as_str().is_some_and(|text| text.contains(['<', '>']))
}

fn is_of_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-_.".contains(character) || ('\u{4e00}'..='\u{9fa5}').contains(&character)
}

/// Whether `text` is a UUID with hyphens.
pub fn is_uuid(text: &str) -> bool {
    text.len() == 36 && Uuid::parse_str(text).is_ok()
}

/// Tags must have distinct keys, and a resource a limited number of them.
pub fn check_tags(value: &Value, settings: &Settings) -> Result<(), ApiError> {
    let list = value.as_array().ok_or_else(|| ApiError::invalid_parameter("tags is not a list"))?;
    if list.len() > settings.switches.u19_max_tags {
        return Err(ApiError::invalid_parameter("too many tags"));
    }
    list.iter().try_for_each(check_tag)?;
    let mut keys: Vec<_> = list.iter().map(|tag| tag.get("key").and_then(Value::as_str)).collect();
    keys.sort_unstable();
    keys.dedup();
    if keys.len() < list.len() { Err(ApiError::invalid_parameter("two tags have the same key")) } else { Ok(()) }
}

/// The key must have 1 to 128 characters and not be reserved, the value at most 255. Both take letters of any language, digits, spaces (not at
/// either end) and `_.:=+-@`, the value also `/`.
pub fn check_tag(value: &Value) -> Result<(), ApiError> {
    let fits = |text: &str, limit: usize, special: &str| {
        let takes = |character: char| character.is_alphanumeric() || character == ' ' || special.contains(character);
        text.chars().count() <= limit && text.trim() == text && text.chars().all(takes)
    };
    let key_fits = value
        .get("key")
        .and_then(Value::as_str)
        .is_some_and(|key| !key.is_empty() && !key.starts_with("_sys_") && fits(key, 128, "_.:=+-@"));
    let value_fits = value.get("value").is_none_or(|value| value.as_str().is_some_and(|value| fits(value, 255, "_.:=+-@/")));
    if key_fits && value_fits { Ok(()) } else { Err(ApiError::invalid_parameter("a tag is invalid")) }
}
