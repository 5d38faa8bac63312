//! Deserialization of fields that the cloud may omit, set to null, or format differently than documented.

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A list that may be null. Strict otherwise: what is missing from it would count as gone.
pub(in crate::cloud) fn list<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A list that may be null, or a text that is empty.
pub(in crate::cloud) fn some_list<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(some(deserializer)?.unwrap_or_default())
}

/// A value that may be null, missing, or a text that is empty, which all mean that there is none.
pub(in crate::cloud) fn some<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Option<T>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        value => T::deserialize(value).map(Some).map_err(D::Error::custom),
    }
}

/// A list of networks that may be null. An element with several networks separated by spaces, as in one of the vendor's examples, is split
/// (`docs/design/cloud-api.md#reading-answers`).
pub(in crate::cloud) fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let texts: Vec<String> = some_list(deserializer)?;
    Ok(texts.iter().flat_map(|text| text.split_whitespace()).map(str::to_owned).collect())
}

/// A text that may be null or missing.
pub(in crate::cloud) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
