//! Items of a LIST: read one by one, so that one that can't be read hides no other.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use serde_path_to_error::{Path, Segment};

use super::{Fields, Listed};

/// An item of a LIST.
#[derive(Clone, Debug, PartialEq)]
pub enum Item<R> {
    Readable(R),
    Unreadable(Unreadable<R>),
}

/// An item with fields that can't be read. It is there, and nothing else is to be concluded from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Unreadable<R> {
    /// The item without these fields.
    pub rest: R,
    /// Their names at the top of the item; empty if nothing but the ID can be read.
    pub fields: Vec<String>,
    /// The fields, and what is wrong with them.
    pub problem: String,
}

impl<R: Listed> Item<R> {
    /// Reads an item. Whatever the rest is like, it has an ID.
    ///
    /// # Errors
    /// It has no ID that can be read.
    pub fn read(text: &RawValue) -> Result<Self, String> {
        if !text.get().starts_with('{') {
            return Err("not an object".to_owned());
        }
        // To know the path of an error costs time that nearly all items do not need.
        let mut problem = match serde_json::from_str::<R>(text.get()) {
            Ok(readable) => return Ok(Self::Readable(readable)),
            Err(error) => without_value(&error.to_string()),
        };
        let (key, id) = identify::<R>(text.get())?;
        // One that is nested too deeply, or has a key twice, has nothing but its ID.
        let mut value = serde_json::from_str(text.get()).unwrap_or_default();
        let (mut problems, mut fields) = (Vec::new(), Vec::new());
        loop {
            match read::<R>(&value) {
                Ok(rest) if rest.id() == id && !problems.is_empty() => {
                    return Ok(Self::Unreadable(Unreadable { rest, fields, problem: problems.join("; ") }));
                }
                Err((path, found)) if remove(&mut value, &path) => {
                    problems.push(found);
                    fields.extend(path.iter().next().map(ToString::to_string));
                }
                Ok(_) | Err(_) => {
                    problem.truncate(problem.floor_char_boundary(200));
                    let rest = read::<R>(&serde_json::json!({ key: id })).map_err(|(_, problem)| problem)?;
                    return Ok(Self::Unreadable(Unreadable { rest, fields: Vec::new(), problem }));
                }
            }
        }
    }

    /// What of it can be read.
    pub(in crate::cloud) fn get_mut(&mut self) -> &mut R {
        match self {
            Self::Readable(item) => item,
            Self::Unreadable(item) => &mut item.rest,
        }
    }

    /// The item, if all of it can be read.
    #[must_use]
    pub fn into_readable(self) -> Option<R> {
        match self {
            Self::Readable(item) => Some(item),
            Self::Unreadable(_) => None,
        }
    }

    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Readable(item) => item.id(),
            Self::Unreadable(item) => item.rest.id(),
        }
    }
}

impl<R: Listed> Unreadable<R> {
    /// The ID as it may be told: in an answer that is not as documented a key may stand anywhere, and an ID is a UUID.
    #[must_use]
    pub fn told_id(&self) -> &str {
        let is_id = |id: &&str| id.chars().all(|character| character.is_ascii_hexdigit() || character == '-');
        Some(self.rest.id()).filter(is_id).unwrap_or("***")
    }

    /// Whether its tags can't be read.
    #[must_use]
    pub fn hides_tags(&self) -> bool {
        self.fields.is_empty() || self.fields.iter().any(|field| field == "tags")
    }
}

/// The ID of an item, and the key under which it stands.
fn identify<R: Listed>(text: &str) -> Result<(&'static str, String), String> {
    let fields: Fields = serde_json::from_str(text).map_err(|error| without_value(&error.to_string()))?;
    for key in R::ID {
        if let Some(value) = fields.get(key)?.filter(|value| value.get() != "null") {
            let id = serde_json::from_str(value.get()).map_err(|error| format!("{key}: {}", without_value(&error.to_string())))?;
            return Ok((key, id));
        }
    }
    Err(format!("missing field `{}`", R::ID.join("` or `")))
}

/// What stands there; or where the first problem is, and what it is.
fn read<'de, T: Deserialize<'de>>(text: impl serde::Deserializer<'de, Error = serde_json::Error>) -> Result<T, (Path, String)> {
    serde_path_to_error::deserialize(text).map_err(|error| {
        let problem = without_value(&error.inner().to_string());
        let problem = if error.path().iter().next().is_some() { format!("{}: {problem}", error.path()) } else { problem };
        (error.path().clone(), problem)
    })
}

/// An error without the text of the value: the cloud echoes keys.
fn without_value(error: &str) -> String {
    match (error.split_once("string \""), error.rsplit_once("\", expected")) {
        (Some((before, _)), Some((_, after))) => format!("{before}string, expected{after}"),
        _ => error.to_owned(),
    }
}

/// Removes the field or element at `path`, if it leads to one.
fn remove(value: &mut Value, path: &Path) -> bool {
    let segments: Vec<&Segment> = path.iter().collect();
    let Some((last, parents)) = segments.split_last() else { return false };
    let parent = parents.iter().try_fold(value, |value, segment| match segment {
        Segment::Map { key } => value.get_mut(key),
        Segment::Seq { index } => value.get_mut(index),
        Segment::Enum { .. } | Segment::Unknown => None,
    });
    match (parent, last) {
        (Some(Value::Object(fields)), Segment::Map { key }) => fields.remove(key).is_some(),
        (Some(Value::Array(elements)), Segment::Seq { index }) if *index < elements.len() => {
            elements.remove(*index);
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::VirtualInterface;
    use serde_json::json;

    fn item(value: &Value) -> Result<Item<VirtualInterface>, String> {
        Item::read(&serde_json::value::to_raw_value(value).unwrap())
    }

    fn unreadable(value: &Value) -> Unreadable<VirtualInterface> {
        let Ok(Item::Unreadable(unreadable)) = item(value) else { panic!("{value} is readable, or has no ID") };
        unreadable
    }

    #[test]
    fn what_can_be_read_of_it_is_kept() {
        let rows = [
            (json!({ "id": "1", "vlan": "x", "direct_connect_id": "c" }), "vlan: invalid type: string, expected i32"),
            (json!({ "id": "1", "vlan": 5, "direct_connect_id": ["c"] }), "direct_connect_id: invalid type: sequence, expected a string"),
            (json!({ "id": "1", "vif_peers": "none" }), "vif_peers: invalid type: string, expected a sequence"),
            (json!({ "id": "1", "vif_peers": [{ "id": "p", "bgp_asn": {} }] }), "vif_peers[0].bgp_asn: invalid type: map, expected i64"),
            (json!({ "id": "1", "vif_peers": [{ "name": "p" }] }), "vif_peers[0]: missing field `id`"),
            (
                json!({ "id": "1", "vlan": true, "name": 5 }),
                "name: invalid type: integer `5`, expected a string; vlan: invalid type: boolean `true`, expected i32",
            ),
        ];
        for (value, problem) in rows {
            let unreadable = unreadable(&value);
            assert_eq!((unreadable.rest.id.as_str(), unreadable.problem.as_str()), ("1", problem), "{value}");
        }
        let rest = unreadable(&json!({ "id": "1", "bandwidth": "much", "vlan": 5, "direct_connect_id": "c" })).rest;
        assert_eq!((rest.natural_keys(), rest.bandwidth), (vec!["c/5".to_owned()], None));
    }

    #[test]
    fn a_key_in_the_place_of_an_id_is_not_told() {
        let told = |id: &str| unreadable(&json!({ "id": id, "vlan": "x" })).told_id().to_owned();
        assert_eq!(told("418c5c0f-b8e5-4f1d-96e0-1779de1aa9e9"), "418c5c0f-b8e5-4f1d-96e0-1779de1aa9e9");
        assert_eq!(told("Qaz12345678"), "***");
    }

    #[test]
    fn one_without_an_id_is_none() {
        for value in [json!(null), json!({}), json!({ "id": 1 }), json!({ "id": null, "vlan": 1 }), json!([]), json!("1")] {
            assert!(item(&value).is_err(), "{value}");
        }
    }

    #[test]
    fn a_key_that_stands_there_twice_is_no_value() {
        let twice = RawValue::from_string(r#"{ "id": "1", "vlan": 1, "vlan": 2 }"#.to_owned()).unwrap();
        let Ok(Item::Unreadable(unreadable)) = Item::<VirtualInterface>::read(&twice) else { panic!("it is readable") };
        assert_eq!(unreadable.problem, "duplicate field `vlan` at line 1 column 30");
        let twice = RawValue::from_string(r#"{ "id": "1", "id": "2" }"#.to_owned()).unwrap();
        assert!(Item::<VirtualInterface>::read(&twice).is_err());
    }
}
