//! References to objects of another namespace.

use direct_connect_operator::kinds;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use support::line::object;
use support::world::{World, is};

use super::row::{NAME, Row};

/// Points every reference of a spec to another namespace. Returns whether there is any.
fn point(value: &mut Value, namespace: &str) -> bool {
    let Some(fields) = value.as_object_mut() else { return false };
    let mut found = false;
    for (field, value) in fields {
        if field.ends_with("Ref") && field != "accountRef" {
            value["namespace"] = json!(namespace);
            found = true;
        } else {
            found |= point(value, namespace);
        }
    }
    found
}

pub async fn one_to_another_namespace_needs_a_grant_there(row: &Row) {
    let world = World::new().await;
    let owner = world.neighbour("owner", json!({})).await;
    let ids = row.furnish(&owner).await;
    let mut referring = row.object(&ids, &json!({}));
    if !point(&mut referring["spec"], &owner.namespace) {
        return;
    }
    world.apply(&referring).await;
    world.wait_reason(row.kind, NAME, "WaitingForReference").await;
    let since = row.now(&world).await;
    let kind = kinds::named(row.kind).unwrap();
    let to: BTreeSet<&str> = kind.references.iter().map(|(_, kind)| *kind).collect();
    let to: Vec<Value> = to.into_iter().map(|kind| json!({ "kind": kind })).collect();
    let grant = json!({ "from": [{ "kind": row.kind, "namespace": world.namespace }], "to": to });
    owner.apply(&object("DirectConnectGrant", "grant", &grant)).await;
    world.wait_ready(row.kind, NAME).await;
    let made = row.written(&world, since).await;
    // Without the grant what is there stays, and nothing is done to it.
    owner.delete("DirectConnectGrant", "grant").await;
    let after = world.look(row.kind, NAME).await;
    assert!(after["metadata"]["deletionTimestamp"].is_null() && after["status"]["id"].is_string(), "{after:#}");
    assert!(is(&after, "Ready", "True"), "{after:#}");
    assert_eq!(row.written(&world, since).await, made);
}
