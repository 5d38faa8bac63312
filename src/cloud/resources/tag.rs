//! Tags of a resource: as they stand in bodies, and the batch call that changes them.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::cloud::client::call::{Call, Method};
use crate::cloud::resources::wire::text;

/// Key (1..128 characters) and value (0..255) of a tag.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tag {
    /// Key; `_sys_` in front is the cloud's.
    pub key: String,
    /// Value, may be empty.
    #[serde(default, deserialize_with = "text")]
    pub value: String,
}

/// What the batch call does with its tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagAction {
    /// Adds them; an existing key gets the new value.
    Create,
    /// Removes them by key.
    Delete,
}

/// `BatchCreateResourceTags` on a resource of type `dc-vgw`, `dc-vif` or `dc-directconnect`.
#[must_use]
pub fn change_tags(resource_type: &str, id: &str, action: TagAction, tags: &[Tag]) -> Call {
    let action = match action {
        TagAction::Create => "create",
        TagAction::Delete => "delete",
    };
    Call::new("BatchCreateResourceTags", Method::Post, &[resource_type, id, "tags", "action"], "")
        .with_bare_body(json!({ "action": action, "tags": tags }))
        .partial()
}
