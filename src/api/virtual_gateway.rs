//! `VirtualGateway`: the cloud's end of Direct Connect in a VPC or an enterprise router.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{AccountRef, Import, Policy, Tags};
use super::status::Status;
use super::{rules, spec_rules};

/// The status of a `VirtualGateway`.
pub type VirtualGatewayStatus = Status<VirtualGatewayObserved>;

/// A virtual gateway connects a VPC or an enterprise router with virtual interfaces.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[kube(
    group = "directconnect.huaweicloud.com",
    version = "v1alpha1",
    kind = "VirtualGateway",
    plural = "virtualgateways",
    shortname = "vgw",
    category = "directconnect",
    namespaced,
    status = "VirtualGatewayStatus",
    derive = "PartialEq",
    validation = spec_rules::name_fits(),
    doc = "A virtual gateway of Huawei Cloud Direct Connect: connects a VPC or an enterprise router with virtual interfaces.",
    printcolumn(name = "Ready", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#),
    printcolumn(name = "Reason", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].reason"#),
    printcolumn(name = "Healthy", type_ = "string", json_path = r#".status.conditions[?(@.type=="Healthy")].status"#),
    printcolumn(name = "ID", type_ = "string", json_path = ".status.id"),
    printcolumn(name = "VPC", type_ = "string", json_path = ".spec.vpcId"),
    printcolumn(name = "ASN", type_ = "integer", json_path = ".status.observed.bgpAsn"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Message", type_ = "string", priority = "1", json_path = r#".status.conditions[?(@.type=="Ready")].message"#)
)]
#[x_kube(validation = rules::exactly_one("spec", &["vpcId", "enterpriseRouterId"]))]
#[schemars(transform = spec_rules::virtual_gateway())]
#[serde(rename_all = "camelCase")]
pub struct VirtualGatewaySpec {
    /// The account. Absent: the account of the namespace's annotation directconnect.huaweicloud.com/account, else the one
    /// called default. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_ref: Option<AccountRef>,

    /// How the object is handled. What is absent is taken from spec.defaults of the account, else it is the default told here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,

    /// Takes over a gateway that is already there: by its id, or the one of the same VPC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<Import>,

    /// Id of the VPC, a UUID. Exactly one of vpcId and enterpriseRouterId. A VPC can have one gateway. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 36))]
    #[x_kube(validation = rules::uuid("vpcId"))]
    pub vpc_id: Option<String>,

    /// Id of the enterprise router, a UUID. Exactly one of vpcId and enterpriseRouterId. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 36))]
    #[x_kube(validation = rules::uuid("enterpriseRouterId"))]
    pub enterprise_router_id: Option<String>,

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

    /// IPv4 networks of the cloud's side, in CIDR notation. 1 to 50; required with vpcId. The order means nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 50), inner(length(max = 18)))]
    #[schemars(transform = rules::networks_v4("localEpGroup"))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub local_ep_group: Vec<String>,

    /// IPv6 networks of the cloud's side, in CIDR notation. 1 to 50. The order means nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 50), inner(length(max = 43)))]
    #[schemars(transform = rules::networks_v6("localEpGroupIpv6"))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub local_ep_group_ipv6: Vec<String>,

    /// BGP autonomous system number of the cloud's side, 1 to 4294967295. Absent: chosen by the cloud, usually 64512. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 4_294_967_295_i64))]
    pub bgp_asn: Option<i64>,

    /// Id of the enterprise project, a UUID or 0 for the default one. Immutable.
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

/// What the cloud says of a virtual gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VirtualGatewayObserved {
    /// Name in the cloud.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,

    /// State in the cloud: ACTIVE, DOWN, BUILD, ERROR, PENDING_CREATE, PENDING_UPDATE or PENDING_DELETE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,

    /// Id of the VPC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpc_id: Option<String>,

    /// Id of the enterprise router.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enterprise_router_id: Option<String>,

    /// IPv4 networks of the cloud's side.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub local_ep_group: Vec<String>,

    /// IPv6 networks of the cloud's side.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub local_ep_group_ipv6: Vec<String>,

    /// BGP autonomous system number of the cloud's side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bgp_asn: Option<i64>,

    /// The cloud's device that carries the gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,

    /// The cloud's second device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redundant_device_id: Option<String>,

    /// Id of the enterprise project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enterprise_project_id: Option<String>,

    /// Tags in the cloud, with the owner's.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}
