//! `VirtualGateway`: the Direct Connect gateway of a VPC or an enterprise router.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{AccountRef, Import, Policy, Tags};
use super::status::Status;
use super::{rules, spec_rules};

/// The status of a `VirtualGateway`.
pub type VirtualGatewayStatus = Status<VirtualGatewayObserved>;

/// The desired state of a VirtualGateway.
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
    doc = "A VirtualGateway is a virtual gateway of Huawei Cloud Direct Connect. It connects a VPC or an enterprise router with virtual interfaces.",
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
    /// accountRef references the CloudAccount. Defaults to the account in the annotation directconnect.huaweicloud.com/account of the
    /// namespace, then to the account with the name default. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_ref: Option<AccountRef>,

    /// policy defines how the operator manages the object. Fields that are not set default to spec.defaults of the account, then to the
    /// default of the field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,

    /// import adopts an existing virtual gateway instead of creating one: the gateway with the given ID, or the gateway of the VPC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<Import>,

    /// vpcId is the ID of the VPC, a UUID. Exactly one of vpcId and enterpriseRouterId must be set. A VPC can have only one virtual
    /// gateway. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 36))]
    #[x_kube(validation = rules::uuid("vpcId"))]
    pub vpc_id: Option<String>,

    /// enterpriseRouterId is the ID of the enterprise router, a UUID. Exactly one of vpcId and enterpriseRouterId must be set. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 36))]
    #[x_kube(validation = rules::uuid("enterpriseRouterId"))]
    pub enterprise_router_id: Option<String>,

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

    /// localEpGroup lists the IPv4 networks on the cloud side, in CIDR notation. Required with vpcId. The order is not significant. 1 to 50
    /// items.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 50), inner(length(max = 18)))]
    #[schemars(transform = rules::networks_v4("localEpGroup"))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub local_ep_group: Vec<String>,

    /// localEpGroupIpv6 lists the IPv6 networks on the cloud side, in CIDR notation. The order is not significant. 1 to 50 items.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 50), inner(length(max = 43)))]
    #[schemars(transform = rules::networks_v6("localEpGroupIpv6"))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub local_ep_group_ipv6: Vec<String>,

    /// bgpAsn is the BGP autonomous system number of the cloud side, 1 to 4294967295. If not set, the cloud chooses it, usually 64512.
    /// Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 4_294_967_295_i64))]
    #[schemars(transform = rules::large_integer)]
    pub bgp_asn: Option<i64>,

    /// enterpriseProjectId is the ID of the enterprise project, a UUID, or 0 for the default enterprise project. Immutable.
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

/// The state of a virtual gateway in the cloud.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VirtualGatewayObserved {
    /// name is the name in the cloud.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,

    /// status is the status in the cloud: ACTIVE, DOWN, BUILD, ERROR, PENDING_CREATE, PENDING_UPDATE or PENDING_DELETE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,

    /// vpcId is the ID of the VPC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpc_id: Option<String>,

    /// enterpriseRouterId is the ID of the enterprise router.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enterprise_router_id: Option<String>,

    /// localEpGroup lists the IPv4 networks on the cloud side.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub local_ep_group: Vec<String>,

    /// localEpGroupIpv6 lists the IPv6 networks on the cloud side.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub local_ep_group_ipv6: Vec<String>,

    /// bgpAsn is the BGP autonomous system number of the cloud side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bgp_asn: Option<i64>,

    /// deviceId is the ID of the cloud's device that the gateway is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,

    /// redundantDeviceId is the ID of the second device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redundant_device_id: Option<String>,

    /// enterpriseProjectId is the ID of the enterprise project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enterprise_project_id: Option<String>,

    /// tags are the tags in the cloud, including the owner tag.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}
