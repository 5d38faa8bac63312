//! `Peer`: the second address family of a virtual interface.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{AccountRef, AddressFamily, Import, ObjectReference, Policy, RouteMode, SecretKeyReference};
use super::status::Status;
use super::{rules, spec_rules};

/// The status of a `Peer`.
pub type PeerStatus = Status<PeerObserved>;

/// The desired state of a Peer.
///
/// The cloud creates the first peer together with its virtual interface, which describes it. A Peer describes the second address family or,
/// with import, the first.
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
    doc = "A Peer is a peer of a virtual interface of Huawei Cloud Direct Connect: its second address family or, with import, its first.",
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
    /// accountRef references the CloudAccount. Defaults to the account in the annotation directconnect.huaweicloud.com/account of the
    /// namespace, then to the account with the name default. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_ref: Option<AccountRef>,

    /// policy defines how the operator manages the object. Fields that are not set default to spec.defaults of the account, then to the
    /// default of the field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,

    /// import adopts an existing peer instead of creating one: the peer with the given ID, or the peer of the virtual interface with the
    /// same address family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<Import>,

    /// virtualInterfaceRef references the VirtualInterface. Exactly one of virtualInterfaceRef and virtualInterfaceId must be set.
    /// Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtual_interface_ref: Option<ObjectReference>,

    /// virtualInterfaceId is the ID of the virtual interface, a UUID. Exactly one of virtualInterfaceRef and virtualInterfaceId must be
    /// set. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 36))]
    #[x_kube(validation = rules::uuid("virtualInterfaceId"))]
    pub virtual_interface_id: Option<String>,

    /// addressFamily is the address family, ipv4 or ipv6. A virtual interface can have only one peer of each address family. Immutable.
    pub address_family: AddressFamily,

    /// localGatewayIp is the address of the cloud side with its prefix length, for example 10.0.0.1/30 or fd00::1/64. Immutable.
    #[schemars(length(max = 43))]
    #[x_kube(validation = rules::gateway_address("localGatewayIp"))]
    pub local_gateway_ip: String,

    /// remoteGatewayIp is the address of the customer side with its prefix length. It must be in the same subnet as localGatewayIp.
    /// Immutable.
    #[schemars(length(max = 43))]
    #[x_kube(validation = rules::gateway_address("remoteGatewayIp"))]
    pub remote_gateway_ip: String,

    /// routeMode is the routing mode, static or bgp. Immutable.
    pub route_mode: RouteMode,

    /// bgpAsn is the BGP autonomous system number of the customer side, 1 to 4294967295 except 64512. Required with routeMode bgp,
    /// otherwise not allowed. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 4_294_967_295_i64))]
    #[schemars(transform = rules::large_integer)]
    #[x_kube(validation = rules::customer_asn())]
    pub bgp_asn: Option<i64>,

    /// bgpMd5SecretRef references the key of a Secret in this namespace that contains the BGP MD5 password. Only allowed with routeMode
    /// bgp. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bgp_md5_secret_ref: Option<SecretKeyReference>,

    /// remoteEpGroup lists the networks on the customer side, in CIDR notation, all of the peer's address family. The order is not
    /// significant. 1 to 50 items with routeMode static, 0 to 100 items with routeMode bgp.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(length(max = 43)))]
    #[schemars(transform = rules::networks_any("remoteEpGroup"))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub remote_ep_group: Vec<String>,

    /// name is the name in the cloud, 1 to 64 characters: letters, digits, underscores, dots and dashes. Defaults to the name of this
    /// object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    #[x_kube(validation = rules::cloud_name())]
    pub name: Option<String>,

    /// description is the description in the cloud, at most 128 characters. It must not contain < or >.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    #[x_kube(validation = rules::description())]
    pub description: Option<String>,
}

/// The state of a peer in the cloud.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PeerObserved {
    /// virtualInterfaceId is the ID of the virtual interface.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtual_interface_id: Option<String>,

    /// name is the name in the cloud.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,

    /// status is the status in the cloud, for example ACTIVE, DOWN or PENDING_CREATE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,

    /// bgpStatus is the status of the BGP session as reported by the cloud. Not set with routeMode static.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bgp_status: Option<String>,

    /// receivedRoutes is the number of routes received over BGP. Not set with routeMode static.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_routes: Option<i64>,

    /// addressFamily is the address family, ipv4 or ipv6.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_family: Option<String>,

    /// routeMode is the routing mode, static or bgp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route_mode: Option<String>,

    /// bgpAsn is the BGP autonomous system number of the customer side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bgp_asn: Option<i64>,

    /// localGatewayIp is the address of the cloud side with its prefix length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_gateway_ip: Option<String>,

    /// remoteGatewayIp is the address of the customer side with its prefix length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_gateway_ip: Option<String>,

    /// remoteEpGroup lists the networks on the customer side.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remote_ep_group: Vec<String>,

    /// deviceId is the ID of the cloud's device that the peer is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
}
