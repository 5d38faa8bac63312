//! `Connection`: a leased line. It is ordered elsewhere, and here it is described and referred to.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{AccountRef, Import, Policy, Tags};
use super::status::Status;
use super::{rules, spec_rules};

/// The status of a `Connection`.
pub type ConnectionStatus = Status<ConnectionObserved>;

/// The desired state of a Connection.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[kube(
    group = "directconnect.huaweicloud.com",
    version = "v1alpha1",
    kind = "Connection",
    plural = "connections",
    shortname = "dcconn",
    category = "directconnect",
    namespaced,
    status = "ConnectionStatus",
    derive = "PartialEq",
    validation = spec_rules::import_is_kept(),
    doc = "A Connection is a leased line of Huawei Cloud Direct Connect. It is ordered, paid and cancelled in the console: the operator finds it, describes it and never creates or deletes it.",
    printcolumn(name = "Ready", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#),
    printcolumn(name = "Reason", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].reason"#),
    printcolumn(name = "Healthy", type_ = "string", json_path = r#".status.conditions[?(@.type=="Healthy")].status"#),
    printcolumn(name = "ID", type_ = "string", json_path = ".status.id"),
    printcolumn(name = "Location", type_ = "string", json_path = ".status.observed.location"),
    printcolumn(name = "Port", type_ = "string", json_path = ".status.observed.portType"),
    printcolumn(name = "Bandwidth", type_ = "integer", json_path = ".status.observed.bandwidth"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Message", type_ = "string", priority = "1", json_path = r#".status.conditions[?(@.type=="Ready")].message"#)
)]
#[schemars(transform = spec_rules::connection())]
#[serde(rename_all = "camelCase")]
pub struct ConnectionSpec {
    /// accountRef references the CloudAccount. Defaults to the account in the annotation directconnect.huaweicloud.com/account of the
    /// namespace, then to the account with the name default. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_ref: Option<AccountRef>,

    /// policy defines how the operator manages the object. Fields that are not set default to spec.defaults of the account, then to the
    /// default of the field. deletion can only be Retain: a connection is never deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,

    /// import is required. It names the connection: the one with the given ID, or the only one with the name in spec.name. Immutable once the
    /// connection is found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<Import>,

    /// name is the name in the cloud, 1 to 64 characters: letters, digits, underscores, dots and dashes. Required with import.naturalKey.
    /// If not set, the name in the cloud is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    #[x_kube(validation = rules::cloud_name())]
    pub name: Option<String>,

    /// description is the description in the cloud, at most 128 characters. It must not contain < or >. If not set, the description in the
    /// cloud is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    #[x_kube(validation = rules::description())]
    pub description: Option<String>,

    /// peerLocation is the location of the customer's end of the line, at most 255 characters. If not set, the value in the cloud is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    pub peer_location: Option<String>,

    /// tags are tags that the connection is to have, at most 10. Its other tags are left alone, and a tag that is removed from the spec stays
    /// in the cloud. The operator sets no owner tag, and the account's default tags do not apply. A key must have 1 to 128 letters, digits,
    /// spaces and _ . : = + - @, no space at either end, must not start with _sys_ and must not be direct-connect-operator-owner. A value can
    /// have up to 255 of these characters and /.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxProperties" = 10, "x-kubernetes-map-type" = "atomic"))]
    #[schemars(transform = rules::tag_values)]
    #[x_kube(validation = rules::tag_keys())]
    pub tags: Option<Tags>,
}

/// The state of a connection in the cloud.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionObserved {
    /// name is the name in the cloud.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,

    /// status is the status in the cloud: ACTIVE, DOWN, ERROR, DENY, PENDING_DELETE, DELETED, or a stage of the delivery: APPLY,
    /// PENDING_SURVEY, PENDING_PAY, PAID, LEASED_LINE_DELIVERY or BUILD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,

    /// type is the type: standard, hosting, hosted, onestop_standard or onestop_hosted.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub type_: Option<String>,

    /// portType is the type of the port: 1G, 10G, 40G or 100G.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port_type: Option<String>,

    /// bandwidth is the bandwidth in Mbit/s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<i32>,

    /// location is the location of the cloud's end of the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,

    /// provider is the carrier of the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,

    /// peerLocation is the location of the customer's end of the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer_location: Option<String>,

    /// vlan is the VLAN of a hosted connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vlan: Option<i32>,

    /// hostingId is the ID of the operations connection that a hosted connection is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosting_id: Option<String>,

    /// deviceId is the ID of the cloud's device that the connection is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,

    /// lagId is the ID of the link aggregation group that the connection is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_id: Option<String>,

    /// chargeMode is how the connection is charged: prepayment, bandwidth or traffic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charge_mode: Option<String>,

    /// reason is the cloud's reason for the status ERROR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,

    /// tags are the tags in the cloud.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}
