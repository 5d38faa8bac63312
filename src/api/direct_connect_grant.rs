//! `DirectConnectGrant`: lets objects of other namespaces refer to objects of its own.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rules;

/// Who may refer to what. Both lists must match.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[kube(
    group = "directconnect.huaweicloud.com",
    version = "v1alpha1",
    kind = "DirectConnectGrant",
    plural = "directconnectgrants",
    shortname = "dcgrant",
    category = "directconnect",
    namespaced,
    derive = "PartialEq",
    doc = "Lets objects of other namespaces refer to objects of this namespace. Taking it away stops new references; what stands in the cloud stays.",
    printcolumn(name = "From", type_ = "string", json_path = ".spec.from[*].namespace"),
    printcolumn(name = "To", type_ = "string", json_path = ".spec.to[*].kind"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct DirectConnectGrantSpec {
    /// Who may refer: 1 to 64 entries, any of them.
    #[schemars(length(min = 1, max = 64))]
    pub from: Vec<DirectConnectGrantFrom>,

    /// What may be referred to: 1 to 64 entries, any of them.
    #[schemars(length(min = 1, max = 64))]
    pub to: Vec<DirectConnectGrantTo>,
}

/// Objects that may refer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct DirectConnectGrantFrom {
    /// Kind of the objects: VirtualInterface or Peer.
    pub kind: ReferringKind,

    /// Their namespace, 1 to 63 characters.
    #[schemars(length(min = 1, max = 63))]
    #[x_kube(validation = rules::namespace_name("namespace"))]
    pub namespace: String,
}

/// Objects that may be referred to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct DirectConnectGrantTo {
    /// Kind of the objects: VirtualGateway or VirtualInterface.
    pub kind: ReferredKind,

    /// Name of one object, 1 to 253 characters. Absent: all of the kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = rules::object_name("name"))]
    pub name: Option<String>,
}

/// Kinds that hold references.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = rules::told_by_its_field)]
pub enum ReferringKind {
    /// Refers to a gateway.
    #[default]
    VirtualInterface,
    /// Refers to an interface.
    Peer,
}

/// Kinds that are referred to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = rules::told_by_its_field)]
pub enum ReferredKind {
    /// By interfaces.
    #[default]
    VirtualGateway,
    /// By peers.
    VirtualInterface,
}

impl ReferringKind {
    /// Name of the kind.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VirtualInterface => "VirtualInterface",
            Self::Peer => "Peer",
        }
    }
}

impl ReferredKind {
    /// Name of the kind.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VirtualGateway => "VirtualGateway",
            Self::VirtualInterface => "VirtualInterface",
        }
    }
}

impl DirectConnectGrantSpec {
    /// Whether an object of `kind` in `namespace` may refer to the object `name` of kind `target` beside the grant.
    #[must_use]
    pub fn allows(&self, kind: &str, namespace: &str, target: &str, name: &str) -> bool {
        self.from.iter().any(|from| from.kind.as_str() == kind && from.namespace == namespace)
            && self.to.iter().any(|to| to.kind.as_str() == target && to.name.as_deref().is_none_or(|only| only == name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lists_must_match() {
        let grant: DirectConnectGrantSpec = serde_json::from_value(serde_json::json!({
            "from": [{ "kind": "VirtualInterface", "namespace": "team" }],
            "to": [{ "kind": "VirtualGateway", "name": "shared" }, { "kind": "VirtualInterface" }],
        }))
        .unwrap();
        let rows = [
            ("as written", "VirtualInterface", "team", "VirtualGateway", "shared", true),
            ("any name of a kind without one", "VirtualInterface", "team", "VirtualInterface", "x", true),
            ("another name", "VirtualInterface", "team", "VirtualGateway", "other", false),
            ("another namespace", "VirtualInterface", "others", "VirtualGateway", "shared", false),
            ("another kind", "Peer", "team", "VirtualInterface", "x", false),
        ];
        for (row, kind, namespace, target, name, allowed) in rows {
            assert_eq!(grant.allows(kind, namespace, target, name), allowed, "{row}");
        }
    }
}
