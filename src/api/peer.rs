//! `Peer`: the second address family of a virtual interface.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{AccountRef, AddressFamily, Import, ObjectReference, Policy, RouteMode, SecretKeyReference};
use super::status::Status;
use super::{rules, spec_rules};

/// The status of a `Peer`.
pub type PeerStatus = Status<PeerObserved>;

/// A session of a virtual interface in one address family.
///
/// The first one comes with the interface and is described there; a Peer is the second family or, with import, the first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[kube(
    group = "directconnect.huaweicloud.com",
    version = "v1alpha1",
    kind = "Peer",
    plural = "peers",
    shortname = "vifpeer",
    category = "directconnect",
    namespaced,
    status = "PeerStatus",
    derive = "PartialEq",
    validation = spec_rules::name_fits(),
    doc = "A peer of a virtual interface of Huawei Cloud Direct Connect: its second address family or, with import, its first.",
    printcolumn(name = "Ready", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#),
    printcolumn(name = "Reason", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].reason"#),
    printcolumn(name = "Healthy", type_ = "string", json_path = r#".status.conditions[?(@.type=="Healthy")].status"#),
    printcolumn(name = "ID", type_ = "string", json_path = ".status.id"),
    printcolumn(name = "Family", type_ = "string", json_path = ".spec.addressFamily"),
    printcolumn(name = "Routing", type_ = "string", json_path = ".spec.routeMode"),
    printcolumn(name = "BGP", type_ = "string", json_path = ".status.observed.bgpStatus"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Message", type_ = "string", priority = "1", json_path = r#".status.conditions[?(@.type=="Ready")].message"#)
)]
#[x_kube(validation = rules::exactly_one("spec", &["virtualInterfaceRef", "virtualInterfaceId"]))]
#[schemars(transform = spec_rules::peer())]
#[serde(rename_all = "camelCase")]
pub struct PeerSpec {
    /// The account. Absent: the account of the namespace's annotation directconnect.huaweicloud.com/account, else the one
    /// called default. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_ref: Option<AccountRef>,

    /// How the object is handled. What is absent is taken from spec.defaults of the account, else it is the default told here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,

    /// Takes over a peer that is already there: by its id, or the one of the same interface and address family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<Import>,

    /// The VirtualInterface. Exactly one of virtualInterfaceRef and virtualInterfaceId. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtual_interface_ref: Option<ObjectReference>,

    /// Id of a virtual interface, a UUID. Exactly one of virtualInterfaceRef and virtualInterfaceId. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 36))]
    #[x_kube(validation = rules::uuid("virtualInterfaceId"))]
    pub virtual_interface_id: Option<String>,

    /// Address family, ipv4 or ipv6. An interface has at most one peer of each. Immutable.
    pub address_family: AddressFamily,

    /// Address of the cloud's side with its prefix length, for example 10.0.0.1/30 or fd00::1/64. Immutable.
    #[schemars(length(max = 43))]
    #[x_kube(validation = rules::gateway_address("localGatewayIp"))]
    pub local_gateway_ip: String,

    /// Address of the customer's side with its prefix length, in the same subnet. Immutable.
    #[schemars(length(max = 43))]
    #[x_kube(validation = rules::gateway_address("remoteGatewayIp"))]
    pub remote_gateway_ip: String,

    /// How routes are exchanged, static or bgp. Immutable.
    pub route_mode: RouteMode,

    /// BGP autonomous system number of the customer's side, 1 to 4294967295 but not 64512. Required with bgp, else not allowed.
    /// Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 4_294_967_295_i64))]
    #[x_kube(validation = rules::customer_asn())]
    pub bgp_asn: Option<i64>,

    /// The key of a Secret of this namespace that holds the BGP MD5 password. Only with bgp. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bgp_md5_secret_ref: Option<SecretKeyReference>,

    /// Networks of the customer's side, in CIDR notation, of the peer's address family. 1 to 50 with routeMode static, 0 to 100 with
    /// bgp. The order means nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(length(max = 43)))]
    #[schemars(transform = rules::networks_any("remoteEpGroup"))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub remote_ep_group: Vec<String>,

    /// Name in the cloud, 1 to 64 letters, digits, underscores, dots and dashes. Absent: the name of this object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    #[x_kube(validation = rules::cloud_name())]
    pub name: Option<String>,

    /// Description in the cloud, at most 128 characters, without angle brackets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    #[x_kube(validation = rules::description())]
    pub description: Option<String>,
}

/// What the cloud says of a peer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PeerObserved {
    /// Id of the virtual interface.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtual_interface_id: Option<String>,

    /// Name in the cloud.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,

    /// State in the cloud, for example ACTIVE, DOWN or PENDING_CREATE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,

    /// State of the BGP session, in the cloud's words; absent for static routes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bgp_status: Option<String>,

    /// Number of routes received by BGP; absent for static routes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_routes: Option<i64>,

    /// Address family, ipv4 or ipv6.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_family: Option<String>,

    /// How routes are exchanged, static or bgp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route_mode: Option<String>,

    /// BGP autonomous system number of the customer's side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bgp_asn: Option<i64>,

    /// Address of the cloud's side with its prefix length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_gateway_ip: Option<String>,

    /// Address of the customer's side with its prefix length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_gateway_ip: Option<String>,

    /// Networks of the customer's side.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remote_ep_group: Vec<String>,

    /// The cloud's device that carries the peer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
}
