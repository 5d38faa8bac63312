//! `VirtualInterface`: one line over a connection, from a virtual gateway to the customer's network.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{AccountRef, AddressFamily, Import, ObjectReference, Policy, RouteMode, SecretKeyReference, Tags};
use super::status::Status;
pub use super::virtual_interface_status::{ObservedExtendAttribute, ObservedPeer, VirtualInterfaceObserved};
use super::{rules, spec_rules};

/// The status of a `VirtualInterface`.
pub type VirtualInterfaceStatus = Status<VirtualInterfaceObserved>;

/// A virtual interface carries the traffic between a virtual gateway and the customer's network over a connection.
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
    doc = "A virtual interface of Huawei Cloud Direct Connect: carries traffic between a gateway and the customer's network over a connection.",
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
    validation = rules::exactly_one("spec", &["connectionId", "lagId"]),
    validation = rules::exactly_one("spec", &["virtualGatewayRef", "virtualGatewayId", "globalGatewayId"])
)]
#[schemars(transform = spec_rules::virtual_interface())]
#[serde(rename_all = "camelCase")]
pub struct VirtualInterfaceSpec {
    /// The account. Absent: the account of the namespace's annotation directconnect.huaweicloud.com/account, else the one
    /// called default. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_ref: Option<AccountRef>,

    /// How the object is handled. What is absent is taken from spec.defaults of the account, else it is the default told here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,

    /// Takes over an interface that is already there: by its id, or the one of the same connection and VLAN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<Import>,

    /// Id of the connection, a UUID. Exactly one of connectionId and lagId. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 36))]
    #[x_kube(validation = rules::uuid("connectionId"))]
    pub connection_id: Option<String>,

    /// Id of the link aggregation group, a UUID. Exactly one of connectionId and lagId. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 36))]
    #[x_kube(validation = rules::uuid("lagId"))]
    pub lag_id: Option<String>,

    /// The VirtualGateway. Exactly one of virtualGatewayRef, virtualGatewayId and globalGatewayId. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtual_gateway_ref: Option<ObjectReference>,

    /// Id of a virtual gateway, a UUID. Exactly one of virtualGatewayRef, virtualGatewayId and globalGatewayId. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 36))]
    #[x_kube(validation = rules::uuid("virtualGatewayId"))]
    pub virtual_gateway_id: Option<String>,

    /// Id of a global Direct Connect gateway, a UUID. Exactly one of virtualGatewayRef, virtualGatewayId and globalGatewayId.
    /// Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 36))]
    #[x_kube(validation = rules::uuid("globalGatewayId"))]
    pub global_gateway_id: Option<String>,

    /// private (default) or public. Immutable.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub type_: Option<InterfaceType>,

    /// VLAN, 0 to 3999, unique on its connection; 0 is untagged, and then the only interface of the connection. Immutable.
    #[schemars(range(min = 0, max = 3999))]
    pub vlan: i32,

    /// Bandwidth in Mbit/s, 2 to 400000 and at most what the connection has left.
    #[schemars(range(min = 2, max = 400_000))]
    pub bandwidth: i32,

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

    /// Address family of the interface's first peer, ipv4 (default) or ipv6. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_family: Option<AddressFamily>,

    /// Address of the cloud's side with its prefix length, for example 10.0.0.1/30 or fd00::1/64. Immutable.
    #[schemars(length(max = 43))]
    #[x_kube(validation = rules::gateway_address("localGatewayIp"))]
    pub local_gateway_ip: String,

    /// Address of the customer's side with its prefix length, in the same subnet. Immutable.
    #[schemars(length(max = 43))]
    #[x_kube(validation = rules::gateway_address("remoteGatewayIp"))]
    pub remote_gateway_ip: String,

    /// Networks of the customer's side, in CIDR notation, of the interface's address family. 1 to 50 with routeMode static, 0 to 100
    /// with bgp; how many static ones the cloud takes is told by status.observed.routeLimit. The order means nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(length(max = 43)))]
    #[schemars(transform = rules::networks_any("remoteEpGroup"))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub remote_ep_group: Vec<String>,

    /// Public networks of the cloud's services, in CIDR notation. Only for type public. At most 200. The order means nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200), inner(length(max = 43)))]
    #[schemars(transform = rules::networks_any("serviceEpGroup"))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub service_ep_group: Vec<String>,

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

    /// Priority of the line for traffic out of the cloud, normal (default of the cloud) or low (a standby line, only with bgp).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,

    /// Whether BFD watches the line. Not together with enableNqa. Absent: left as the cloud has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_bfd: Option<bool>,

    /// Whether NQA watches the line. Not together with enableBfd. Absent: left as the cloud has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_nqa: Option<bool>,

    /// How BFD or NQA watches the line. What is absent is left as the cloud has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extend_attribute: Option<ExtendAttribute>,

    /// Project id of the account that owns the gateway, 32 hex digits, if it is another one; that account has to accept the
    /// interface. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    #[x_kube(validation = rules::project("resourceTenantId"))]
    pub resource_tenant_id: Option<String>,

    /// Id of the enterprise project, a UUID or 0 for the default one. Not together with resourceTenantId. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 36))]
    #[x_kube(validation = rules::enterprise_project("enterpriseProjectId"))]
    pub enterprise_project_id: Option<String>,

    /// Tags in the cloud, at most 9: the cloud allows 10, and one is the owner's mark. Keys of 1 to 128 characters, not beginning
    /// with _sys_ and other than direct-connect-operator-owner; values of 0 to 255 characters.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    #[schemars(extend("maxProperties" = 9))]
    #[schemars(transform = rules::tag_values)]
    #[x_kube(validation = rules::tag_keys())]
    pub tags: Tags,
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

/// What an interface reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = rules::told_by_its_field)]
#[serde(rename_all = "lowercase")]
pub enum InterfaceType {
    /// VPCs.
    #[default]
    Private,
    /// Public services of the cloud.
    Public,
}

impl InterfaceType {
    /// The cloud's word for it: `private` or `public`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Public => "public",
        }
    }
}

/// Which line is preferred for traffic out of the cloud.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = rules::told_by_its_field)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Preferred.
    #[default]
    Normal,
    /// Standby.
    Low,
}

impl Priority {
    /// The cloud's word for it: `normal` or `low`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Low => "low",
        }
    }
}

/// How the line is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = rules::told_by_its_field)]
#[serde(rename_all = "lowercase")]
pub enum HaType {
    /// Network quality analysis: probes.
    Nqa,
    /// Bidirectional forwarding detection.
    Bfd,
}

impl HaType {
    /// The cloud's word for it: `nqa` or `bfd`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nqa => "nqa",
            Self::Bfd => "bfd",
        }
    }
}

/// The kind of session that watches the line, in the cloud's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = rules::told_by_its_field)]
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
    /// The cloud's word for it.
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

/// Particulars of BFD and NQA (`PUT /virtual-interfaces/{id}/extend-attributes`). What is absent is left as the cloud has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExtendAttribute {
    /// What watches the line, bfd or nqa.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ha_type: Option<HaType>,

    /// Mode of the session: auto_single, auto_multi, static_single, static_multi or enhance_nqa.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ha_mode: Option<HaMode>,

    /// After how many missed packets the line counts as down, 3 to 20.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 3, max = 20))]
    pub detect_multiplier: Option<i32>,

    /// Shortest interval between received packets in milliseconds, 200 to 5000 (BFD takes effect up to 1000; NQA is rounded up to
    /// whole seconds).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 200, max = 5000))]
    pub min_rx_interval: Option<i32>,

    /// Shortest interval between sent packets in milliseconds, 200 to 5000 (BFD takes effect up to 1000; NQA is rounded up to
    /// whole seconds).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 200, max = 5000))]
    pub min_tx_interval: Option<i32>,

    /// Discriminator of the customer's side of a static BFD session, 1 to 16384.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 16384))]
    pub remote_disclaim: Option<i32>,

    /// Discriminator of the cloud's side of a static BFD session, 1 to 16384.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 16384))]
    pub local_disclaim: Option<i32>,

    /// Discriminator of the customer's side of a static BFD session over IPv6, 1 to 16384.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 16384))]
    pub ipv6_remote_disclaim: Option<i32>,

    /// Discriminator of the cloud's side of a static BFD session over IPv6, 1 to 16384.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 16384))]
    pub ipv6_local_disclaim: Option<i32>,
}
