//! `PeerLink`: connects a global gateway with an enterprise router or another global gateway.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{AccountRef, Import, ObjectReference, Policy};
use super::status::Status;
use super::{rules, spec_rules};

/// The status of a `PeerLink`.
pub type PeerLinkStatus = Status<PeerLinkObserved>;

/// The desired state of a PeerLink.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[kube(
    group = "directconnect.huaweicloud.com",
    version = "v1alpha1",
    kind = "PeerLink",
    plural = "peerlinks",
    shortname = "peerlink",
    category = "directconnect",
    namespaced,
    status = "PeerLinkStatus",
    derive = "PartialEq",
    validation = spec_rules::name_fits(),
    doc = "A PeerLink is a peer link of Huawei Cloud Direct Connect. It connects a global gateway with an enterprise router or with another global gateway, in any region.",
    printcolumn(name = "Ready", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#),
    printcolumn(name = "Reason", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].reason"#),
    printcolumn(name = "Healthy", type_ = "string", json_path = r#".status.conditions[?(@.type=="Healthy")].status"#),
    printcolumn(name = "ID", type_ = "string", json_path = ".status.id"),
    printcolumn(name = "Type", type_ = "string", json_path = ".status.observed.peerSite.type"),
    printcolumn(name = "Region", type_ = "string", json_path = ".spec.peerSite.regionId"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Message", type_ = "string", priority = "1", json_path = r#".status.conditions[?(@.type=="Ready")].message"#)
)]
#[x_kube(validation = rules::exactly_one("spec", &["globalGatewayRef", "globalGatewayId"]))]
#[schemars(transform = spec_rules::peer_link())]
#[serde(rename_all = "camelCase")]
pub struct PeerLinkSpec {
    /// accountRef references the CloudAccount. Defaults to the account in the annotation directconnect.huaweicloud.com/account of the
    /// namespace, then to the account with the name default. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_ref: Option<AccountRef>,

    /// policy defines how the operator manages the object. Fields that are not set default to spec.defaults of the account, then to the
    /// default of the field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,

    /// import adopts an existing peer link instead of creating one: the link with the given ID, or the link of the same global gateway to the
    /// same peer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<Import>,

    /// globalGatewayRef references the GlobalGateway. Exactly one of globalGatewayRef and globalGatewayId must be set. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub global_gateway_ref: Option<ObjectReference>,

    /// globalGatewayId is the ID of the global gateway, a UUID. Exactly one of globalGatewayRef and globalGatewayId must be set. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 36))]
    #[x_kube(validation = rules::uuid("globalGatewayId"))]
    pub global_gateway_id: Option<String>,

    /// peerSite is the other side: an enterprise router or another global gateway. Immutable.
    pub peer_site: PeerSite,

    /// virtualInterfaceRef references a VirtualInterface of the global gateway. The cloud requires that the gateway has an interface before
    /// a link is created, and as long as it has links: the link waits until the interface is Ready, and the interface is deleted after the link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtual_interface_ref: Option<ObjectReference>,

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

/// The other side of a peer link.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[x_kube(validation = rules::exactly_one("peerSite", &["enterpriseRouterId", "globalGatewayRef", "globalGatewayId"]))]
#[serde(rename_all = "camelCase")]
pub struct PeerSite {
    /// enterpriseRouterId is the ID of the enterprise router, a UUID. Exactly one of enterpriseRouterId, globalGatewayRef and
    /// globalGatewayId must be set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 36))]
    #[x_kube(validation = rules::uuid("peerSite.enterpriseRouterId"))]
    pub enterprise_router_id: Option<String>,

    /// globalGatewayRef references the GlobalGateway at the other side, which may be of another account. Exactly one of
    /// enterpriseRouterId, globalGatewayRef and globalGatewayId must be set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub global_gateway_ref: Option<ObjectReference>,

    /// globalGatewayId is the ID of the global gateway at the other side, a UUID. Exactly one of enterpriseRouterId, globalGatewayRef and
    /// globalGatewayId must be set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 36))]
    #[x_kube(validation = rules::uuid("peerSite.globalGatewayId"))]
    pub global_gateway_id: Option<String>,

    /// regionId is the region of the other side, for example eu-west-101, 1 to 36 characters.
    #[schemars(length(min = 1, max = 36))]
    #[x_kube(validation = rules::region("peerSite.regionId"))]
    pub region_id: String,

    /// projectId is the ID of the project of the other side, 32 hexadecimal digits.
    #[schemars(length(max = 32))]
    #[x_kube(validation = rules::project("peerSite.projectId"))]
    pub project_id: String,
}

/// The state of a peer link in the cloud.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PeerLinkObserved {
    /// globalGatewayId is the ID of the global gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub global_gateway_id: Option<String>,

    /// name is the name in the cloud.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,

    /// status is the status in the cloud: ACTIVE, ERROR, PENDING_CREATE or PENDING_UPDATE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,

    /// peerSite is the other side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer_site: Option<ObservedPeerSite>,

    /// bandwidth is the bandwidth in Mbit/s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<i64>,

    /// gcbId is the ID of the global connection bandwidth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gcb_id: Option<String>,

    /// instanceId is the ID of the instance of the link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_id: Option<String>,

    /// createOwner is the service that created the link: dc, or cc for a central network of Cloud Connect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create_owner: Option<String>,

    /// reason is the reason of the status ERROR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The other side of a peer link in the cloud.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObservedPeerSite {
    /// type is ER for an enterprise router or GDGW for a global gateway.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub type_: Option<String>,

    /// gatewayId is the ID of the enterprise router or of the global gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway_id: Option<String>,

    /// regionId is the region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region_id: Option<String>,

    /// projectId is the ID of the project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<String>,

    /// linkId is the ID of the attachment of the enterprise router, or of the link at the other global gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_id: Option<String>,

    /// siteCode is the site of the other side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site_code: Option<String>,
}
