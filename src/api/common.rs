//! Types that all kinds share: names of the API group, references, policy, import.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rules;

/// The API group of all kinds.
pub const GROUP: &str = "directconnect.huaweicloud.com";

/// The version of all kinds.
pub const VERSION: &str = "v1alpha1";

/// On a namespace: the default `CloudAccount` of its objects.
pub const ACCOUNT_ANNOTATION: &str = "directconnect.huaweicloud.com/account";

/// On an object, `"true"`: pauses reconciliation, including deletion. Only the condition `Synced=False/Paused` is written.
pub const PAUSED_ANNOTATION: &str = "directconnect.huaweicloud.com/paused";

/// On an object, any new value: reconcile now. Echoed in `status.lastHandledReconcileAt`.
pub const RECONCILE_AT_ANNOTATION: &str = "directconnect.huaweicloud.com/reconcile-at";

/// On an object that is being deleted, `"true"`: removes the finalizer although the account cannot be used; the cloud resource is kept.
pub const ABANDON_ANNOTATION: &str = "directconnect.huaweicloud.com/abandon";

/// On an object, `"true"`: the optional admission policy of the chart rejects its deletion.
pub const PROTECTED_ANNOTATION: &str = "directconnect.huaweicloud.com/protected";

/// Finalizer of objects: removed when the cloud has confirmed that the resource no longer exists.
pub const FINALIZER: &str = "directconnect.huaweicloud.com/cloud-resource";
/// Field manager of the writes of the operator, and reporter of its events.
pub const FIELD_MANAGER: &str = "direct-connect-operator";

/// The account of objects without `spec.accountRef`, in namespaces without the annotation.
pub const DEFAULT_ACCOUNT: &str = "default";

/// Tags of a cloud resource, by key. Keys of 1 to 128 and values of 0 to 255 characters.
pub type Tags = BTreeMap<String, String>;

/// A reference to a CloudAccount.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountRef {
    /// name is the name of the CloudAccount, 1 to 253 characters.
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = rules::object_name("name"))]
    pub name: String,
}

/// A reference to an object of this API group.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObjectReference {
    /// name is the name of the object, 1 to 253 characters.
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = rules::object_name("name"))]
    pub name: String,

    /// namespace is the namespace of the object, 1 to 63 characters. Defaults to the namespace of the object that has the reference. A
    /// reference to another namespace must be allowed by a DirectConnectGrant in that namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    #[x_kube(validation = rules::namespace_name("namespace"))]
    pub namespace: Option<String>,
}

/// A reference to one key of a Secret in the namespace of the object that has the reference.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretKeyReference {
    /// name is the name of the Secret, 1 to 253 characters.
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = rules::object_name("name"))]
    pub name: String,

    /// key is the key in the Secret, 1 to 253 characters: letters, digits, dashes, underscores and dots.
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = rules::secret_key("key"))]
    pub key: String,
}

/// Whether the operator writes to the cloud.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = rules::described_by_its_field)]
pub enum Management {
    /// The operator makes the cloud resource match the spec.
    #[default]
    Managed,
    /// The operator only reads the cloud resource.
    ObserveOnly,
}

/// What happens to the cloud resource when the Kubernetes object is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = rules::described_by_its_field)]
pub enum DeletionPolicy {
    /// It is deleted.
    #[default]
    Delete,
    /// It is kept.
    Retain,
}

/// What happens when the cloud resource was changed by others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = rules::described_by_its_field)]
pub enum DriftPolicy {
    /// The change is reverted.
    #[default]
    Correct,
    /// The difference is reported in `status.drift`. Changes of the spec are still applied.
    Detect,
    /// The difference is neither reverted nor reported.
    Ignore,
}

/// How the operator manages an object. Fields that are not set default to `spec.defaults` of the account, then to the built-in default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    /// management is Managed (default) or ObserveOnly. Managed: the operator makes the cloud resource match the spec. ObserveOnly: the
    /// operator reads the cloud resource and never changes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub management: Option<Management>,

    /// deletion is Delete (default) or Retain. Delete: the cloud resource is deleted with this object. Retain: the cloud resource is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion: Option<DeletionPolicy>,

    /// drift is Correct (default), Detect or Ignore. Correct: changes made in the cloud are reverted. Detect: they are reported in
    /// status.drift and not reverted. Ignore: they are neither reported nor reverted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<DriftPolicy>,

    /// ignoreFields lists fields of the spec, for example bandwidth, in which the cloud resource may differ from the spec. At most 32
    /// items.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(length(min = 1, max = 64)))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub ignore_fields: Vec<String>,

    /// ignoreTags lists keys of tags that other tools manage, for example a tag policy of the cloud: the operator neither removes nor corrects
    /// them. An item that ends in * is a prefix. A key of spec.tags that is listed here is only set when the cloud resource is created. At most
    /// 32 items, in addition to those of the account.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(length(min = 1, max = 129)))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    #[schemars(transform = rules::tag_patterns("ignoreTags"))]
    pub ignore_tags: Vec<String>,
}

impl Policy {
    /// The policy of an object without `spec.policy`.
    pub const NONE: &'static Self =
        &Self { management: None, deletion: None, drift: None, ignore_fields: Vec::new(), ignore_tags: Vec::new() };
}

/// Adopts an existing cloud resource instead of creating one. Exactly one of the fields must be set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[x_kube(validation = rules::exactly_one("import", &["id", "naturalKey"]))]
#[serde(rename_all = "camelCase")]
pub struct Import {
    /// id is the ID of the cloud resource, a UUID. Immutable once set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 36))]
    #[x_kube(validation = rules::uuid("import.id"), validation = rules::fixed("import.id"))]
    pub id: Option<String>,

    /// naturalKey can only be true. It adopts the existing cloud resource with the natural key of this object. The natural key is the VPC
    /// of a virtual gateway, the connection and VLAN of a virtual interface, the virtual interface and address family of a peer, the global
    /// gateway and peer of a peer link, the global gateway, destination and next hop of a route, the name of a connection, of a global gateway
    /// or of a connect gateway, the operations connection and VLAN of a hosted connection, or the global EIP of an association.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("self").message("import.naturalKey can only be true; remove it to import by ID"))]
    pub natural_key: Option<bool>,
}

/// The address family of a peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = rules::described_by_its_field)]
#[serde(rename_all = "lowercase")]
pub enum AddressFamily {
    /// IPv4.
    #[default]
    Ipv4,
    /// IPv6.
    Ipv6,
}

impl AddressFamily {
    /// The value in the API of the cloud: `ipv4` or `ipv6`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
        }
    }
}

/// The address families of a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = rules::described_by_its_field)]
#[serde(rename_all = "lowercase")]
pub enum GatewayAddressFamily {
    /// IPv4 only.
    Ipv4,
    /// IPv4 and IPv6.
    Dual,
}

impl GatewayAddressFamily {
    /// The value in the API of the cloud: `ipv4` or `dual`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ipv4 => "ipv4",
            Self::Dual => "dual",
        }
    }
}

/// How routes are exchanged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = rules::described_by_its_field)]
#[serde(rename_all = "lowercase")]
pub enum RouteMode {
    /// Static routes to the networks of `remoteEpGroup`.
    #[default]
    Static,
    /// Routes learned by BGP.
    Bgp,
}

impl RouteMode {
    /// The value in the API of the cloud: `static` or `bgp`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Static => "static",
            Self::Bgp => "bgp",
        }
    }
}
