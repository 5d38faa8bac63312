//! Tags of a resource: the wire type, and the batch call that changes them.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::cloud::call::{Call, Method};
use crate::cloud::resources::wire::text;

/// Key (1..128 characters) and value (0..255) of a tag.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tag {
    /// The prefix `_sys_` is reserved for the cloud.
    pub key: String,
    /// May be empty.
    #[serde(default, deserialize_with = "text")]
    pub value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagAction {
    /// Adds tags; an existing key gets the new value.
    Create,
    /// Removes tags by key.
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
