//! What all kinds share: names of the group, references, policy, import.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rules;

/// The API group of all kinds.
pub const GROUP: &str = "directconnect.huaweicloud.com";

/// The version of all kinds.
pub const VERSION: &str = "v1alpha1";

/// On a namespace: the name of the `CloudAccount` for objects that name none.
pub const ACCOUNT_ANNOTATION: &str = "directconnect.huaweicloud.com/account";

/// On an object, `"true"`: nothing is written anywhere but the condition `Synced=False/Paused`; deletion waits too.
pub const PAUSED_ANNOTATION: &str = "directconnect.huaweicloud.com/paused";

/// On an object, any new value: look at the cloud now. Echoed in `status.lastHandledReconcileAt`.
pub const RECONCILE_AT_ANNOTATION: &str = "directconnect.huaweicloud.com/reconcile-at";

/// On an object that is being deleted, `"true"`: let it go although its account can't be reached any more; what it has in the cloud stays there.
pub const ABANDON_ANNOTATION: &str = "directconnect.huaweicloud.com/abandon";

/// On an object, `"true"`: the optional admission policy of the chart refuses its deletion.
pub const PROTECTED_ANNOTATION: &str = "directconnect.huaweicloud.com/protected";

/// Keeps an object until the cloud has confirmed that its counterpart is gone.
pub const FINALIZER: &str = "directconnect.huaweicloud.com/cloud-resource";
/// Field manager of all that the operator writes, and reporter of its events.
pub const FIELD_MANAGER: &str = "direct-connect-operator";

/// The account of objects that name none, in namespaces that name none.
pub const DEFAULT_ACCOUNT: &str = "default";

/// Tags of a cloud object, by key. Keys of 1 to 128 and values of 0 to 255 characters.
pub type Tags = BTreeMap<String, String>;

/// Names a `CloudAccount`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountRef {
    /// Name of the CloudAccount, 1 to 253 characters.
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = rules::object_name("name"))]
    pub name: String,
}

/// Names an object of this group.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObjectReference {
    /// Name of the object, 1 to 253 characters.
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = rules::object_name("name"))]
    pub name: String,

    /// Namespace of the object, 1 to 63 characters; the namespace of the object that holds the reference when absent.
    /// Another namespace must allow it by a DirectConnectGrant of this group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    #[x_kube(validation = rules::namespace_name("namespace"))]
    pub namespace: Option<String>,
}

/// Names one key of a `Secret` in the namespace of the object that holds the reference.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretKeyReference {
    /// Name of the Secret, 1 to 253 characters.
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = rules::object_name("name"))]
    pub name: String,

    /// Key within the Secret, 1 to 253 characters of letters, digits, dash, underscore and dot.
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = rules::secret_key("key"))]
    pub key: String,
}

/// Who writes: the operator, or nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = rules::told_by_its_field)]
pub enum Management {
    /// The cloud is made to match the spec.
    #[default]
    Managed,
    /// The cloud is only looked at and never written.
    ObserveOnly,
}

/// What becomes of the cloud object when the Kubernetes object is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = rules::told_by_its_field)]
pub enum DeletionPolicy {
    /// It is deleted too.
    #[default]
    Delete,
    /// It stays in the cloud.
    Retain,
}

/// What is done about a cloud object that was changed from outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = rules::told_by_its_field)]
pub enum DriftPolicy {
    /// It is set back to the spec.
    #[default]
    Correct,
    /// The difference is reported in `status.drift`; a change of the spec is still carried out.
    Detect,
    /// The difference is neither corrected nor reported.
    Ignore,
}

/// How an object is handled. What is absent is taken from the account's `spec.defaults`, else from the built-in default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    /// Managed (default): the cloud is made to match the spec. ObserveOnly: the cloud is never written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub management: Option<Management>,

    /// Delete (default): the cloud object goes with this object. Retain: it stays in the cloud.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion: Option<DeletionPolicy>,

    /// Correct (default): changes made outside are set back. Detect: they are reported in status.drift. Ignore: neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<DriftPolicy>,

    /// Fields of the spec, by name (for example bandwidth), in which the cloud may differ. At most 32.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(length(min = 1, max = 64)))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub ignore_fields: Vec<String>,
}

impl Policy {
    /// The policy of an object that states none.
    pub const NONE: &'static Self = &Self { management: None, deletion: None, drift: None, ignore_fields: Vec::new() };
}

/// Takes over what is already in the cloud, in place of creating it. Exactly one of the fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[x_kube(validation = rules::exactly_one("import", &["id", "naturalKey"]))]
#[serde(rename_all = "camelCase")]
pub struct Import {
    /// Id of the cloud object, a UUID. Can't be changed once set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 36))]
    #[x_kube(validation = rules::uuid("import.id"), validation = rules::fixed("import.id"))]
    pub id: Option<String>,

    /// Only true: adopt what already holds this object's natural key (gateway: VPC; interface: connection and VLAN;
    /// peer: interface and address family).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("self").message("import.naturalKey can only be true; leave it out to import by id"))]
    pub natural_key: Option<bool>,
}

/// The address family of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = rules::told_by_its_field)]
#[serde(rename_all = "lowercase")]
pub enum AddressFamily {
    /// IPv4.
    #[default]
    Ipv4,
    /// IPv6.
    Ipv6,
}

impl AddressFamily {
    /// The cloud's word for it: `ipv4` or `ipv6`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
        }
    }
}

/// How routes are exchanged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = rules::told_by_its_field)]
#[serde(rename_all = "lowercase")]
pub enum RouteMode {
    /// Static routes to the networks of `remoteEpGroup`.
    #[default]
    Static,
    /// Routes learned by BGP.
    Bgp,
}

impl RouteMode {
    /// The cloud's word for it: `static` or `bgp`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Static => "static",
            Self::Bgp => "bgp",
        }
    }
}
