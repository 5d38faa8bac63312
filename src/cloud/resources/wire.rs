//! Reading what the cloud may leave out, set to null, or write in another way than documented.

use serde::{Deserialize, Deserializer};

/// A list that may be null.
pub(in crate::cloud) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A list of networks that may be null; an element with several networks between spaces, as one of the vendor's examples has it, is
/// taken apart (`docs/design/cloud-api.md#reading-answers`).
pub(in crate::cloud) fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let texts: Vec<String> = list(deserializer)?;
    Ok(texts.iter().flat_map(|text| text.split_whitespace()).map(str::to_owned).collect())
}

/// A text that may be null or missing.
pub(in crate::cloud) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
