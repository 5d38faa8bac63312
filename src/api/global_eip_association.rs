//! `GlobalEipAssociation`: the binding of one global EIP, or one segment of them, to a connect gateway.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{AccountRef, Import, ObjectReference, Policy};
use super::status::Status;
use super::{rules, spec_rules};

/// The status of a `GlobalEipAssociation`.
pub type GlobalEipAssociationStatus = Status<GlobalEipAssociationObserved>;

/// The desired state of a GlobalEipAssociation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[kube(
    group = "directconnect.huaweicloud.com",
    version = "v1alpha1",
    kind = "GlobalEipAssociation",
    plural = "globaleipassociations",
    shortname = "geipa",
    category = "directconnect",
    namespaced,
    status = "GlobalEipAssociationStatus",
    derive = "PartialEq",
    doc = "A GlobalEipAssociation binds a global EIP, or a segment of global EIPs, to a connect gateway of Huawei Cloud Direct Connect. The global EIP itself belongs to another service. Experimental, as ConnectGateway.",
    printcolumn(name = "Ready", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#),
    printcolumn(name = "Reason", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].reason"#),
    printcolumn(name = "ID", type_ = "string", json_path = ".status.id"),
    printcolumn(name = "CIDR", type_ = "string", json_path = ".status.observed.cidr"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Message", type_ = "string", priority = "1", json_path = r#".status.conditions[?(@.type=="Ready")].message"#)
)]
#[x_kube(validation = rules::exactly_one("spec", &["connectGatewayRef", "connectGatewayId"]))]
#[schemars(transform = spec_rules::global_eip_association())]
#[serde(rename_all = "camelCase")]
pub struct GlobalEipAssociationSpec {
    /// accountRef references the CloudAccount. Defaults to the account in the annotation directconnect.huaweicloud.com/account of the
    /// namespace, then to the account with the name default. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_ref: Option<AccountRef>,

    /// policy defines how the operator manages the object. Fields that are not set default to spec.defaults of the account, then to the
    /// default of the field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,

    /// import adopts an existing binding of the global EIP instead of creating one. Only naturalKey can be set: globalEipId names the binding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<Import>,

    /// connectGatewayRef references the ConnectGateway. Exactly one of connectGatewayRef and connectGatewayId must be set. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect_gateway_ref: Option<ObjectReference>,

    /// connectGatewayId is the ID of the connect gateway, a UUID. Exactly one of connectGatewayRef and connectGatewayId must be set.
    /// Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 36))]
    #[x_kube(validation = rules::uuid("connectGatewayId"))]
    pub connect_gateway_id: Option<String>,

    /// globalEipId is the ID of the global EIP, or of the segment with type IP_SEGMENT, a UUID. A global EIP can be bound only once. Immutable.
    #[schemars(length(max = 36))]
    #[x_kube(validation = rules::uuid("globalEipId"))]
    pub global_eip_id: String,

    /// type is IP_ADDRESS (default) or IP_SEGMENT. IP_ADDRESS: a single global EIP. IP_SEGMENT: a segment of global EIPs. Immutable.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub type_: Option<GlobalEipType>,

    /// gcbId is the ID of the global connection bandwidth that the global EIP uses, a UUID. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 36))]
    #[x_kube(validation = rules::uuid("gcbId"))]
    pub gcb_id: Option<String>,
}

/// What is bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = rules::described_by_its_field)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum GlobalEipType {
    /// A single global EIP.
    #[default]
    IpAddress,
    /// A segment of global EIPs.
    IpSegment,
}

impl GlobalEipType {
    /// The value in the API of the cloud: `IP_ADDRESS` or `IP_SEGMENT`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IpAddress => "IP_ADDRESS",
            Self::IpSegment => "IP_SEGMENT",
        }
    }
}

/// The state of a binding in the cloud.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GlobalEipAssociationObserved {
    /// connectGatewayId is the ID of the connect gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect_gateway_id: Option<String>,

    /// cidr is the address or the network of the global EIP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cidr: Option<String>,

    /// addressFamily is ipv4 or ipv6.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_family: Option<String>,

    /// type is IP_ADDRESS or IP_SEGMENT.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub type_: Option<String>,

    /// status is the status in the cloud: BINDING, BIND_SUCCESSFULLY, ACTIVE, UNBINDING or ERROR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,

    /// gcbId is the ID of the global connection bandwidth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gcb_id: Option<String>,

    /// errorMessage is the reason of the status ERROR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
}
