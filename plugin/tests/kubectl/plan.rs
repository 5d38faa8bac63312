//! `plan`: what it says is what the operator then does.

mod each_kind;
mod series;
mod stories;

use serde_json::{Value, json};
use std::io::Write;
use support::world::World;
use tempfile::NamedTempFile;

use crate::plugin::dc;

/// A file with these manifests.
pub fn file(manifests: &[Value]) -> NamedTempFile {
    let mut file = NamedTempFile::with_suffix(".json").unwrap();
    file.write_all(json!({ "apiVersion": "v1", "kind": "List", "items": manifests }).to_string().as_bytes()).unwrap();
    file
}

/// What the plan says of these manifests, the objects in its order.
pub fn plan(world: &World, manifests: &[Value], more: &[&str]) -> Vec<Value> {
    let file = file(manifests);
    let arguments: Vec<&str> =
        ["plan", "-o", "json", "-f", file.path().to_str().unwrap()].into_iter().chain(more.iter().copied()).collect();
    let run = dc(world, &arguments);
    assert!([0, 1].contains(&run.code), "{}{}", run.stdout, run.stderr);
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((&document["kind"], &document["apiVersion"]), (&json!("Plan"), &json!("plugin.directconnect.huaweicloud.com/v1alpha1")));
    let objects = document["objects"].as_array().unwrap().clone();
    let is_found = objects.iter().any(|object| object["action"] != "none");
    assert_eq!(run.code, i32::from(is_found), "{document:#}");
    objects
}

/// The operations that it would call, in their order.
pub fn operations(planned: &Value) -> Vec<&str> {
    planned["calls"].as_array().into_iter().flatten().filter_map(|call| call["operation"].as_str()).collect()
}

/// The same plan without when its state was read.
pub fn timeless(mut planned: Vec<Value>) -> Vec<Value> {
    for object in &mut planned {
        object.as_object_mut().unwrap().remove("asOf");
    }
    planned
}
