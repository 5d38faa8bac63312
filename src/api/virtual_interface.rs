//! `VirtualInterface`: connects a virtual gateway with the network of the customer over a connection.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{AccountRef, AddressFamily, Import, ObjectReference, Policy, RouteMode, SecretKeyReference, Tags};
use super::status::Status;
pub use super::virtual_interface_status::{ObservedExtendAttribute, ObservedPeer, VirtualInterfaceObserved};
use super::{rules, spec_rules};

/// The status of a `VirtualInterface`.
pub type VirtualInterfaceStatus = Status<VirtualInterfaceObserved>;

/// The desired state of a VirtualInterface.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[kube(
    group = "directconnect.huaweicloud.com",
    version = "v1alpha1",
    kind = "VirtualInterface",
    plural = "virtualinterfaces",
    shortname = "vif",
    category = "directconnect",
    namespaced,
    status = "VirtualInterfaceStatus",
    derive = "PartialEq",
    validation = spec_rules::name_fits(),
    doc = "A VirtualInterface is a virtual interface of Huawei Cloud Direct Connect. It connects a virtual gateway or a global gateway with the network of the customer over a connection.",
    printcolumn(name = "Ready", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#),
    printcolumn(name = "Reason", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].reason"#),
    printcolumn(name = "Healthy", type_ = "string", json_path = r#".status.conditions[?(@.type=="Healthy")].status"#),
    printcolumn(name = "ID", type_ = "string", json_path = ".status.id"),
    printcolumn(name = "VLAN", type_ = "integer", json_path = ".spec.vlan"),
    printcolumn(name = "Bandwidth", type_ = "integer", json_path = ".spec.bandwidth"),
    printcolumn(name = "Routing", type_ = "string", json_path = ".spec.routeMode"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Message", type_ = "string", priority = "1", json_path = r#".status.conditions[?(@.type=="Ready")].message"#)
)]
#[x_kube(
    validation = rules::exactly_one("spec", &["connectionRef", "hostedConnectionRef", "connectionId", "lagId"]),
    validation = rules::exactly_one("spec", &["virtualGatewayRef", "virtualGatewayId", "globalGatewayRef", "globalGatewayId"])
)]
#[schemars(transform = spec_rules::virtual_interface())]
#[serde(rename_all = "camelCase")]
pub struct VirtualInterfaceSpec {
    /// accountRef references the CloudAccount. Defaults to the account in the annotation directconnect.huaweicloud.com/account of the
    /// namespace, then to the account with the name default. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_ref: Option<AccountRef>,

    /// policy defines how the operator manages the object. Fields that are not set default to spec.defaults of the account, then to the
    /// default of the field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,

    /// import adopts an existing virtual interface instead of creating one: the interface with the given ID, or the interface with the same
    /// connection and VLAN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<Import>,

    /// connectionRef references the Connection. Exactly one of connectionRef, hostedConnectionRef, connectionId and lagId must be set.
    /// Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_ref: Option<ObjectReference>,

    /// hostedConnectionRef references the HostedConnection. Exactly one of connectionRef, hostedConnectionRef, connectionId and lagId must be
    /// set. vlan and bandwidth must be those of the hosted connection. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosted_connection_ref: Option<ObjectReference>,

    /// connectionId is the ID of the connection, a UUID. Exactly one of connectionRef, hostedConnectionRef, connectionId and lagId must be
    /// set. Immutable, except that connectionRef or hostedConnectionRef to the same connection can replace it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 36))]
    #[x_kube(validation = rules::uuid("connectionId"))]
    pub connection_id: Option<String>,

    /// lagId is the ID of the link aggregation group, a UUID. Exactly one of connectionRef, hostedConnectionRef, connectionId and lagId must
    /// be set. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 36))]
    #[x_kube(validation = rules::uuid("lagId"))]
    pub lag_id: Option<String>,

    /// virtualGatewayRef references the VirtualGateway. Exactly one of virtualGatewayRef, virtualGatewayId, globalGatewayRef and
    /// globalGatewayId must be set. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtual_gateway_ref: Option<ObjectReference>,

    /// virtualGatewayId is the ID of the virtual gateway, a UUID. Exactly one of virtualGatewayRef, virtualGatewayId, globalGatewayRef and
    /// globalGatewayId must be set. Immutable, except that virtualGatewayRef to the same gateway can replace it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 36))]
    #[x_kube(validation = rules::uuid("virtualGatewayId"))]
    pub virtual_gateway_id: Option<String>,

    /// globalGatewayRef references the GlobalGateway. Exactly one of virtualGatewayRef, virtualGatewayId, globalGatewayRef and
    /// globalGatewayId must be set. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub global_gateway_ref: Option<ObjectReference>,

    /// globalGatewayId is the ID of the global gateway, a UUID. Exactly one of virtualGatewayRef, virtualGatewayId, globalGatewayRef and
    /// globalGatewayId must be set. Immutable, except that globalGatewayRef to the same gateway can replace it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 36))]
    #[x_kube(validation = rules::uuid("globalGatewayId"))]
    pub global_gateway_id: Option<String>,

    /// type is private (default) or public. A private interface connects to VPCs, a public one to the public services of the cloud.
    /// Immutable.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub type_: Option<InterfaceType>,

    /// vlan is the VLAN, 0 to 3999. It must be unique on the connection. 0 means untagged, and then the interface must be the only one on
    /// the connection. Immutable.
    #[schemars(range(min = 0, max = 3999))]
    pub vlan: i32,

    /// bandwidth is the bandwidth in Mbit/s, 2 to 400000. It must not exceed the unused bandwidth of the connection.
    #[schemars(range(min = 2, max = 400_000))]
    pub bandwidth: i32,

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

    /// addressFamily is the address family of the first peer, ipv4 (default) or ipv6. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_family: Option<AddressFamily>,

    /// localGatewayIp is the address of the cloud side with its prefix length, for example 10.0.0.1/30 or fd00::1/64. Immutable.
    #[schemars(length(max = 43))]
    #[x_kube(validation = rules::gateway_address("localGatewayIp"))]
    pub local_gateway_ip: String,

    /// remoteGatewayIp is the address of the customer side with its prefix length. It must be in the same subnet as localGatewayIp.
    /// Immutable.
    #[schemars(length(max = 43))]
    #[x_kube(validation = rules::gateway_address("remoteGatewayIp"))]
    pub remote_gateway_ip: String,

    /// remoteEpGroup lists the networks on the customer side, in CIDR notation, all of the interface's address family. The order is not
    /// significant. 1 to 50 items with routeMode static, 0 to 100 items with routeMode bgp. status.observed.routeLimit is the maximum
    /// number of static routes that the cloud accepts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(length(max = 43)))]
    #[schemars(transform = rules::networks_any("remoteEpGroup"))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub remote_ep_group: Vec<String>,

    /// serviceEpGroup lists the networks of the cloud's public services, in CIDR notation. Only allowed with type public. The order is not
    /// significant. At most 200 items.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200), inner(length(max = 43)))]
    #[schemars(transform = rules::networks_any("serviceEpGroup"))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub service_ep_group: Vec<String>,

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

    /// priority is the priority for traffic from the cloud, normal or low. low makes the interface a standby and is only allowed with
    /// routeMode bgp. If not set, the value in the cloud is kept; the cloud defaults to normal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,

    /// enableBfd enables BFD. Not allowed together with enableNqa. If not set, the value in the cloud is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_bfd: Option<bool>,

    /// enableNqa enables NQA. Not allowed together with enableBfd. If not set, the value in the cloud is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_nqa: Option<bool>,

    /// extendAttribute configures BFD and NQA. For fields that are not set, the value in the cloud is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extend_attribute: Option<ExtendAttribute>,

    /// resourceTenantId is the project ID of the account that owns the virtual gateway, 32 hexadecimal digits, if it is another account.
    /// That account must accept the interface. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    #[x_kube(validation = rules::project("resourceTenantId"))]
    pub resource_tenant_id: Option<String>,

    /// enterpriseProjectId is the ID of the enterprise project, a UUID, or 0 for the default enterprise project. Not allowed together with
    /// resourceTenantId. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 36))]
    #[x_kube(validation = rules::enterprise_project("enterpriseProjectId"))]
    pub enterprise_project_id: Option<String>,

    /// tags are all tags of the cloud resource, at most 9. (The cloud allows 10, and the operator needs one for its owner tag.) The operator
    /// removes all others, except those that policy.ignoreTags names; {} removes all. If tags is absent, and the account has no default tags,
    /// the tags of the cloud resource are left alone. A key must have 1 to 128 letters, digits, spaces and _ . : = + - @, no space at either
    /// end, must not start with _sys_ and must not be direct-connect-operator-owner. A value can have up to 255 of these characters and /.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxProperties" = 9, "x-kubernetes-map-type" = "atomic"))]
    #[schemars(transform = rules::tag_values)]
    #[x_kube(validation = rules::tag_keys())]
    pub tags: Option<Tags>,
}

impl VirtualInterfaceSpec {
    /// The type, with its default.
    #[must_use]
    pub fn type_or_default(&self) -> InterfaceType {
        self.type_.unwrap_or_default()
    }

    /// The address family of the first peer, with its default.
    #[must_use]
    pub fn address_family_or_default(&self) -> AddressFamily {
        self.address_family.unwrap_or_default()
    }
}

/// What an interface connects to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = rules::described_by_its_field)]
#[serde(rename_all = "lowercase")]
pub enum InterfaceType {
    /// VPCs.
    #[default]
    Private,
    /// Public services of the cloud.
    Public,
}

impl InterfaceType {
    /// The value in the API of the cloud: `private` or `public`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Public => "public",
        }
    }
}

/// Which interface is preferred for traffic from the cloud.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = rules::described_by_its_field)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Preferred.
    #[default]
    Normal,
    /// Standby.
    Low,
}

impl Priority {
    /// The value in the API of the cloud: `normal` or `low`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Low => "low",
        }
    }
}

/// How the interface is monitored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = rules::described_by_its_field)]
#[serde(rename_all = "lowercase")]
pub enum HaType {
    /// Network quality analysis: probes.
    Nqa,
    /// Bidirectional forwarding detection.
    Bfd,
}

impl HaType {
    /// The value in the API of the cloud: `nqa` or `bfd`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nqa => "nqa",
            Self::Bfd => "bfd",
        }
    }
}

/// The mode of the BFD or NQA session, as named by the cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = rules::described_by_its_field)]
#[serde(rename_all = "snake_case")]
pub enum HaMode {
    /// `auto_single`.
    AutoSingle,
    /// `auto_multi`.
    AutoMulti,
    /// `static_single`.
    StaticSingle,
    /// `static_multi`.
    StaticMulti,
    /// `enhance_nqa`.
    EnhanceNqa,
}

impl HaMode {
    /// The value in the API of the cloud.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AutoSingle => "auto_single",
            Self::AutoMulti => "auto_multi",
            Self::StaticSingle => "static_single",
            Self::StaticMulti => "static_multi",
            Self::EnhanceNqa => "enhance_nqa",
        }
    }
}

/// Settings of BFD and NQA (`PUT /virtual-interfaces/{id}/extend-attributes`). For fields that are not set, the value in the cloud is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExtendAttribute {
    /// haType is the type of monitoring, bfd or nqa.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ha_type: Option<HaType>,

    /// haMode is the mode of the session: auto_single, auto_multi, static_single, static_multi or enhance_nqa.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ha_mode: Option<HaMode>,

    /// detectMultiplier is the number of missed packets after which the interface is considered down, 3 to 20.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 3, max = 20))]
    pub detect_multiplier: Option<i32>,

    /// minRxInterval is the minimum interval between received packets in milliseconds, 200 to 5000. BFD uses values up to 1000. For NQA,
    /// the value is rounded up to whole seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 200, max = 5000))]
    pub min_rx_interval: Option<i32>,

    /// minTxInterval is the minimum interval between sent packets in milliseconds, 200 to 5000. BFD uses values up to 1000. For NQA, the
    /// value is rounded up to whole seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 200, max = 5000))]
    pub min_tx_interval: Option<i32>,

    /// remoteDisclaim is the discriminator of the customer side in a static BFD session, 1 to 16384.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 16384))]
    pub remote_disclaim: Option<i32>,

    /// localDisclaim is the discriminator of the cloud side in a static BFD session, 1 to 16384.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 16384))]
    pub local_disclaim: Option<i32>,

    /// ipv6RemoteDisclaim is the discriminator of the customer side in a static BFD session over IPv6, 1 to 16384.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 16384))]
    pub ipv6_remote_disclaim: Option<i32>,

    /// ipv6LocalDisclaim is the discriminator of the cloud side in a static BFD session over IPv6, 1 to 16384.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 16384))]
    pub ipv6_local_disclaim: Option<i32>,
}
