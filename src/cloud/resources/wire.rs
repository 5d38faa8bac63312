//! Deserialization of fields that the cloud may omit, set to null, or format differently than documented.

use serde::{Deserialize, Deserializer};

/// A list that may be null.
pub(in crate::cloud) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A list of networks that may be null. An element with several networks separated by spaces, as in one of the vendor's examples, is split
/// (`docs/design/cloud-api.md#reading-answers`).
pub(in crate::cloud) fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let texts: Vec<String> = list(deserializer)?;
    Ok(texts.iter().flat_map(|text| text.split_whitespace()).map(str::to_owned).collect())
}

/// A text that may be null or missing.
pub(in crate::cloud) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
