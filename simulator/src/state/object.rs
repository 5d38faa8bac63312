//! Access to the fields of resources, which are JSON objects.

use serde_json::{Map, Value};

pub type Object = Map<String, Value>;

/// A string field, empty if it is absent or not a string.
pub fn text<'o>(object: &'o Object, key: &str) -> &'o str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

pub fn number(object: &Object, key: &str) -> Option<u64> {
    object.get(key).and_then(Value::as_u64)
}

pub fn flag(object: &Object, key: &str) -> bool {
    object.get(key).and_then(Value::as_bool).unwrap_or_default()
}

/// The strings of a list field.
pub fn texts<'o>(object: &'o Object, key: &str) -> Vec<&'o str> {
    let list = object.get(key).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).collect()
}

pub fn set(object: &mut Object, key: &str, value: impl Into<Value>) {
    object.insert(key.to_owned(), value.into());
}

/// Whether a change of the resource is in progress, by its status.
pub fn is_pending(object: &Object) -> bool {
    let status = text(object, "status");
    status.starts_with("PENDING_") || status == "BUILD"
}

pub fn peers(interface: &Object) -> impl Iterator<Item = &Object> {
    let list = interface.get("vif_peers").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_object)
}

pub fn peers_mut(interface: &mut Object) -> impl Iterator<Item = &mut Object> {
    let list = interface.get_mut("vif_peers").and_then(Value::as_array_mut);
    list.into_iter().flatten().filter_map(Value::as_object_mut)
}

pub fn add_peer(interface: &mut Object, peer: Object) {
    let list = interface.entry("vif_peers").or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(list) = list {
        list.push(Value::Object(peer));
    }
}

pub fn remove_peer(interface: &mut Object, id: &str) {
    if let Some(Value::Array(list)) = interface.get_mut("vif_peers") {
        list.retain(|peer| peer.get("id").and_then(Value::as_str) != Some(id));
    }
}
