//! One object on its way through the rounds of a plan.

use json_patch::merge;
use serde_json::{Value, json};

use crate::cluster::status::now;
use crate::graph::ObjectKey;
use crate::reconcile::object_state::ObjectState;
use crate::reconcile::registration::Registration;

use super::planned::Planned;
use super::world::{Subject, World};

/// The object, what its attempts would remember, and what is told of it so far.
pub(in crate::reconcile) struct Course {
    pub kind: &'static Registration,
    pub key: ObjectKey,
    /// As it is by now.
    pub object: Value,
    /// As it was before the plan, if it was there.
    pub present: Option<Value>,
    pub state: ObjectState,
    pub planned: Planned,
    /// Nothing more happens to it.
    pub is_over: bool,
}

impl Course {
    /// Puts the object into the world as the plan begins. `None` if it is of no kind of the operator.
    pub fn begin(world: &mut World, Subject { mut object, present, is_deleted }: Subject) -> Option<Self> {
        let kind = world.kind_of(&object)?;
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let key = ObjectKey { kind: kind.kind, namespace: text("/metadata/namespace"), name: text("/metadata/name") };
        let planned = Planned {
            kind: kind.kind,
            namespace: key.namespace.clone(),
            name: key.name.clone(),
            id: object.pointer("/status/id").and_then(Value::as_str).map(str::to_owned),
            ..Planned::default()
        };
        if is_deleted {
            merge(&mut object, &json!({ "metadata": { "deletionTimestamp": now() } }));
        }
        (kind.planner().enter)(world, &object);
        Some(Self { kind, key, object, present, state: ObjectState::default(), planned, is_over: false })
    }

    /// Writes these fields of the status.
    pub fn set_status(&mut self, status: &Value) {
        merge(&mut self.object, &json!({ "status": status }));
    }

    /// What is told of it in the end.
    pub fn finish(self) -> Planned {
        self.planned
    }
}
