//! `DirectConnectGrant`: allows objects in other namespaces to reference objects in its namespace.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rules;

/// Which objects of other namespaces may reference which objects in this namespace. Both lists must match.
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
    doc = "A DirectConnectGrant allows objects in other namespaces to reference objects in this namespace. After it is deleted, new references are rejected; existing cloud resources are kept.",
    printcolumn(name = "From", type_ = "string", json_path = ".spec.from[*].namespace"),
    printcolumn(name = "To", type_ = "string", json_path = ".spec.to[*].kind"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct DirectConnectGrantSpec {
    /// from lists the objects that may have references to this namespace. Each item allows more objects. 1 to 64 items.
    #[schemars(length(min = 1, max = 64))]
    pub from: Vec<DirectConnectGrantFrom>,

    /// to lists the objects in this namespace that may be referenced. Each item allows more objects. 1 to 64 items.
    #[schemars(length(min = 1, max = 64))]
    pub to: Vec<DirectConnectGrantTo>,
}

/// Objects that may have references.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct DirectConnectGrantFrom {
    /// kind is the kind of the objects that have the references: HostedConnection, VirtualInterface, Peer, PeerLink, GlobalGatewayRoute or
    /// GlobalEipAssociation.
    pub kind: ReferringKind,

    /// namespace is the namespace of the objects that have the references, 1 to 63 characters.
    #[schemars(length(min = 1, max = 63))]
    #[x_kube(validation = rules::namespace_name("namespace"))]
    pub namespace: String,
}

/// Objects that may be referenced.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct DirectConnectGrantTo {
    /// kind is the kind of the objects that may be referenced: Connection, HostedConnection, VirtualGateway, GlobalGateway,
    /// VirtualInterface, Peer or ConnectGateway.
    pub kind: ReferredKind,

    /// name is the name of the only object that may be referenced, 1 to 253 characters. If not set, all objects of the kind may be
    /// referenced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = rules::object_name("name"))]
    pub name: Option<String>,
}

/// Kinds that have references.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = rules::described_by_its_field)]
pub enum ReferringKind {
    /// References a virtual gateway.
    #[default]
    VirtualInterface,
    /// References a virtual interface.
    Peer,
    /// References a connection.
    HostedConnection,
    /// References a connect gateway.
    GlobalEipAssociation,
    /// References global gateways and a virtual interface.
    PeerLink,
    /// References global gateways, a virtual interface and a peer.
    GlobalGatewayRoute,
}

/// Kinds that can be referenced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = rules::described_by_its_field)]
pub enum ReferredKind {
    /// Referenced by virtual interfaces.
    #[default]
    VirtualGateway,
    /// Referenced by peers, peer links and routes.
    VirtualInterface,
    /// Referenced by hosted connections and virtual interfaces.
    Connection,
    /// Referenced by virtual interfaces.
    HostedConnection,
    /// Referenced by virtual interfaces, peer links and routes.
    GlobalGateway,
    /// Referenced by bindings of global EIPs.
    ConnectGateway,
    /// Referenced by routes.
    Peer,
}

impl ReferringKind {
    /// Name of the kind.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VirtualInterface => "VirtualInterface",
            Self::Peer => "Peer",
            Self::HostedConnection => "HostedConnection",
            Self::GlobalEipAssociation => "GlobalEipAssociation",
            Self::PeerLink => "PeerLink",
            Self::GlobalGatewayRoute => "GlobalGatewayRoute",
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
            Self::Connection => "Connection",
            Self::HostedConnection => "HostedConnection",
            Self::GlobalGateway => "GlobalGateway",
            Self::ConnectGateway => "ConnectGateway",
            Self::Peer => "Peer",
        }
    }
}

impl DirectConnectGrantSpec {
    /// Whether an object of `kind` in `namespace` may reference the object `name` of kind `target` in the namespace of the grant.
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
