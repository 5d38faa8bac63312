//! The form of request bodies: which keys an operation takes, and what may stand in them.

use serde_json::Value;
use uuid::Uuid;

use crate::{
    errors::Refusal,
    settings::{KeyPolicy, Settings},
    state::Object,
};

/// What may stand in a field.
#[derive(Clone, Copy)]
pub enum Form {
    /// Text of at most so many characters.
    Text(usize),
    /// Text without the characters `<` and `>`.
    Description,
    Uuid,
    /// A UUID, or `0` for the default enterprise project.
    EnterpriseProject,
    Integer(u64, u64),
    /// An autonomous system number; out of range it has a code of its own.
    Asn,
    Flag,
    OneOf(&'static [&'static str]),
    /// A list of so many texts, at least and at most.
    Texts(usize, usize),
    Tags,
}

/// A key and the form of its value.
pub type Field = (&'static str, Form);

/// Holds a body against the fields of an operation and answers what is left of it: the keys that are known
/// but immutable, or not known at all, are refused or dropped as the settings say.
pub fn accept(body: Object, fields: &[Field], immutable: &[&str], settings: &Settings) -> Result<Object, Refusal> {
    let mut accepted = Object::new();
    for (key, value) in body {
        if let Some((_, form)) = fields.iter().find(|(name, _)| *name == key) {
            check(&key, &value, *form, settings)?;
            accepted.insert(key, value);
        } else if immutable.contains(&key.as_str()) {
            tolerate(settings.immutable_keys, &format!("{key} cannot be changed"))?;
        } else {
            tolerate(settings.unknown_keys, &format!("{key} is not a parameter"))?;
        }
    }
    Ok(accepted)
}

/// Refuses a body in which a key is missing.
pub fn require(body: &Object, keys: &[&str]) -> Result<(), Refusal> {
    match keys.iter().find(|key| !body.contains_key(**key)) {
        Some(key) => Err(Refusal::parameter(&format!("{key} is required"))),
        None => Ok(()),
    }
}

fn tolerate(policy: KeyPolicy, complaint: &str) -> Result<(), Refusal> {
    if policy == KeyPolicy::Refuse { Err(Refusal::parameter(complaint)) } else { Ok(()) }
}

fn check(key: &str, value: &Value, form: Form, settings: &Settings) -> Result<(), Refusal> {
    let fits = match form {
        Form::Text(max) => short(value, max),
        Form::Description => short(value, 128) && !value.as_str().is_some_and(|text| text.contains(['<', '>'])),
        Form::Uuid => value.as_str().is_some_and(is_uuid),
        Form::EnterpriseProject => value.as_str().is_some_and(|text| text == "0" || is_uuid(text)),
        Form::Integer(min, max) => value.as_u64().is_some_and(|number| (min..=max).contains(&number)),
        Form::Asn if !value.is_number() => false,
        Form::Asn if !value.as_u64().is_some_and(|asn| (1..=4_294_967_295).contains(&asn)) => {
            return Err(Refusal::rule("DC.0008"));
        }
        Form::Asn => true,
        Form::Flag => value.is_boolean(),
        Form::OneOf(words) => value.as_str().is_some_and(|text| words.contains(&text)),
        Form::Texts(min, max) => {
            value.as_array().is_some_and(|list| (min..=max).contains(&list.len()) && list.iter().all(Value::is_string))
        }
        Form::Tags => return tags(value, settings),
    };
    if fits { Ok(()) } else { Err(Refusal::parameter(&format!("{key} is invalid"))) }
}

fn short(value: &Value, max: usize) -> bool {
    value.as_str().is_some_and(|text| text.chars().count() <= max)
}

/// Whether a text is a UUID with dashes.
pub fn is_uuid(text: &str) -> bool {
    text.len() == 36 && Uuid::parse_str(text).is_ok()
}

/// A list of tags with distinct keys, not more than a resource may have.
pub fn tags(value: &Value, settings: &Settings) -> Result<(), Refusal> {
    let list = value.as_array().ok_or_else(|| Refusal::parameter("tags is not a list"))?;
    if list.len() > settings.switches.u19_max_tags {
        return Err(Refusal::parameter("too many tags"));
    }
    list.iter().try_for_each(tag)?;
    let mut keys: Vec<_> = list.iter().map(|tag| tag.get("key").and_then(Value::as_str)).collect();
    keys.sort_unstable();
    keys.dedup();
    if keys.len() < list.len() { Err(Refusal::parameter("two tags have the same key")) } else { Ok(()) }
}

/// One tag: a key of 1 to 128 characters, not of the system's; a value of at most 255.
pub fn tag(value: &Value) -> Result<(), Refusal> {
    let length = |field: &str| value.get(field).map(|text| text.as_str().map(|text| text.chars().count()));
    let key_fits = matches!(length("key"), Some(Some(1..=128)));
    let value_fits = matches!(length("value"), None | Some(Some(0..=255)));
    let reserved = value.get("key").and_then(Value::as_str).is_some_and(|key| key.starts_with("_sys_") || key.trim() != key);
    if key_fits && value_fits && !reserved { Ok(()) } else { Err(Refusal::parameter("a tag is invalid")) }
}
