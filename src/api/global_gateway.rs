//! `GlobalGateway`: the global Direct Connect gateway, which connects interfaces with enterprise routers and other global gateways.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{AccountRef, GatewayAddressFamily, Import, Policy, Tags};
use super::status::Status;
use super::{rules, spec_rules};

/// The status of a `GlobalGateway`.
pub type GlobalGatewayStatus = Status<GlobalGatewayObserved>;

/// The desired state of a GlobalGateway.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[kube(
    group = "directconnect.huaweicloud.com",
    version = "v1alpha1",
    kind = "GlobalGateway",
    plural = "globalgateways",
    shortname = "gdgw",
    category = "directconnect",
    namespaced,
    status = "GlobalGatewayStatus",
    derive = "PartialEq",
    validation = spec_rules::name_fits(),
    doc = "A GlobalGateway is a global Direct Connect gateway of Huawei Cloud. It connects virtual interfaces with enterprise routers and with other global gateways, in any region.",
    printcolumn(name = "Ready", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#),
    printcolumn(name = "Reason", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].reason"#),
    printcolumn(name = "Healthy", type_ = "string", json_path = r#".status.conditions[?(@.type=="Healthy")].status"#),
    printcolumn(name = "ID", type_ = "string", json_path = ".status.id"),
    printcolumn(name = "ASN", type_ = "integer", json_path = ".status.observed.bgpAsn"),
    printcolumn(name = "Links", type_ = "integer", json_path = ".status.observed.currentPeerLinkCount"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Message", type_ = "string", priority = "1", json_path = r#".status.conditions[?(@.type=="Ready")].message"#)
)]
#[schemars(transform = spec_rules::global_gateway())]
#[serde(rename_all = "camelCase")]
pub struct GlobalGatewaySpec {
    /// accountRef references the CloudAccount. Defaults to the account in the annotation directconnect.huaweicloud.com/account of the
    /// namespace, then to the account with the name default. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_ref: Option<AccountRef>,

    /// policy defines how the operator manages the object. Fields that are not set default to spec.defaults of the account, then to the
    /// default of the field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,

    /// import adopts an existing global gateway instead of creating one: the gateway with the given ID, or the gateway with the name of this
    /// object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<Import>,

    /// name is the name in the cloud, 1 to 64 characters: letters, digits, underscores, dots and dashes. Defaults to the name of this
    /// object. No other global gateway of the project may have it when the gateway is created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    #[x_kube(validation = rules::cloud_name())]
    pub name: Option<String>,

    /// description is the description in the cloud, at most 255 characters. It must not contain < or >.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    #[x_kube(validation = rules::description())]
    pub description: Option<String>,

    /// bgpAsn is the BGP autonomous system number of the cloud side, 1 to 4294967295. If not set, the cloud chooses it, usually 64512.
    /// Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 4_294_967_295_i64))]
    #[schemars(transform = rules::large_integer)]
    pub bgp_asn: Option<i64>,

    /// addressFamily is ipv4, or dual for IPv4 and IPv6. If not set, the cloud uses ipv4, and a change there is left alone. Regions may not
    /// allow a change from dual to ipv4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_family: Option<GatewayAddressFamily>,

    /// enterpriseProjectId is the ID of the enterprise project, a UUID, or 0 for the default enterprise project. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 36))]
    #[x_kube(validation = rules::enterprise_project("enterpriseProjectId"))]
    pub enterprise_project_id: Option<String>,

    /// tags are tags of the cloud resource, at most 9. (The cloud allows 10, and the operator needs one for its owner tag.) The cloud takes them
    /// only when the gateway is created. Other tags are left alone. A key must have 1 to 128 letters, digits, spaces and _ . : = + - @, no
    /// space at either end, must not start with _sys_ and must not be direct-connect-operator-owner. A value can have up to 255 of these
    /// characters and /. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxProperties" = 9, "x-kubernetes-map-type" = "atomic"))]
    #[schemars(transform = rules::tag_values)]
    #[x_kube(validation = rules::tag_keys())]
    pub tags: Option<Tags>,
}

/// The state of a global gateway in the cloud.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GlobalGatewayObserved {
    /// name is the name in the cloud.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,

    /// status is the status in the cloud: ACTIVE, DOWN (nothing is connected), PENDING_UPDATE or ERROR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,

    /// bgpAsn is the BGP autonomous system number of the cloud side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bgp_asn: Option<i64>,

    /// addressFamily is ipv4 or dual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_family: Option<String>,

    /// currentPeerLinkCount is the number of its peer links.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_peer_link_count: Option<i64>,

    /// availablePeerLinkCount is the number of peer links that it can still have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available_peer_link_count: Option<i64>,

    /// locationName is the location of the cloud's device that the gateway is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location_name: Option<String>,

    /// regionId is the region of the gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region_id: Option<String>,

    /// globalCenterNetworkId is the ID of the central network of Cloud Connect that the gateway belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub global_center_network_id: Option<String>,

    /// enterpriseProjectId is the ID of the enterprise project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enterprise_project_id: Option<String>,

    /// reason is the reason of the status ERROR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,

    /// tags are the tags in the cloud, including the owner tag.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}
