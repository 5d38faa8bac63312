//! `HostedConnection`: a part of a partner's operations connection, for another tenant.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{AccountRef, Import, ObjectReference, Policy};
use super::status::Status;
use super::{rules, spec_rules};

/// The status of a `HostedConnection`.
pub type HostedConnectionStatus = Status<HostedConnectionObserved>;

/// The desired state of a HostedConnection.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[kube(
    group = "directconnect.huaweicloud.com",
    version = "v1alpha1",
    kind = "HostedConnection",
    plural = "hostedconnections",
    shortname = "hosted",
    category = "directconnect",
    namespaced,
    status = "HostedConnectionStatus",
    derive = "PartialEq",
    validation = spec_rules::name_fits(),
    doc = "A HostedConnection is a hosted connection of Huawei Cloud Direct Connect: a VLAN with a bandwidth on a partner's operations connection, provided for another tenant.",
    printcolumn(name = "Ready", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#),
    printcolumn(name = "Reason", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].reason"#),
    printcolumn(name = "Healthy", type_ = "string", json_path = r#".status.conditions[?(@.type=="Healthy")].status"#),
    printcolumn(name = "ID", type_ = "string", json_path = ".status.id"),
    printcolumn(name = "VLAN", type_ = "integer", json_path = ".spec.vlan"),
    printcolumn(name = "Bandwidth", type_ = "integer", json_path = ".spec.bandwidth"),
    printcolumn(name = "Tenant", type_ = "string", json_path = ".spec.resourceTenantId"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Message", type_ = "string", priority = "1", json_path = r#".status.conditions[?(@.type=="Ready")].message"#)
)]
#[x_kube(validation = rules::exactly_one("spec", &["hostingConnectionRef", "hostingId"]))]
#[schemars(transform = spec_rules::hosted_connection())]
#[serde(rename_all = "camelCase")]
pub struct HostedConnectionSpec {
    /// accountRef references the CloudAccount. Defaults to the account in the annotation directconnect.huaweicloud.com/account of the
    /// namespace, then to the account with the name default. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_ref: Option<AccountRef>,

    /// policy defines how the operator manages the object. Fields that are not set default to spec.defaults of the account, then to the
    /// default of the field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,

    /// import adopts an existing hosted connection instead of creating one: the one with the given ID, or the one with the same operations
    /// connection and VLAN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<Import>,

    /// hostingConnectionRef references the Connection that it is on, whose type in the cloud must be hosting. Exactly one of
    /// hostingConnectionRef and hostingId must be set. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosting_connection_ref: Option<ObjectReference>,

    /// hostingId is the ID of the operations connection that it is on, a UUID. Exactly one of hostingConnectionRef and hostingId must be
    /// set. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 36))]
    #[x_kube(validation = rules::uuid("hostingId"))]
    pub hosting_id: Option<String>,

    /// vlan is the VLAN, 1 to 3999. It must be unique on the operations connection. Immutable.
    #[schemars(range(min = 1, max = 3999))]
    pub vlan: i32,

    /// bandwidth is the bandwidth in Mbit/s, 2 to 400000. The sum over all hosted connections must not exceed the bandwidth of the operations
    /// connection. The cloud can refuse to decrease it.
    #[schemars(range(min = 2, max = 400_000))]
    pub bandwidth: i32,

    /// resourceTenantId is the project ID of the tenant that it is provided for, 32 hexadecimal digits. Immutable.
    #[schemars(length(max = 32))]
    #[x_kube(validation = rules::project("resourceTenantId"))]
    pub resource_tenant_id: String,

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

    /// peerLocation is the location of the tenant's end of the line, at most 255 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    pub peer_location: Option<String>,
}

/// The state of a hosted connection in the cloud.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HostedConnectionObserved {
    /// name is the name in the cloud.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,

    /// status is the status in the cloud: BUILD, ACTIVE, DOWN, ERROR, PENDING_CREATE, PENDING_UPDATE or PENDING_DELETE. BUILD is provided
    /// and ready for a virtual interface.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,

    /// hostingId is the ID of the operations connection that it is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosting_id: Option<String>,

    /// vlan is the VLAN on the operations connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vlan: Option<i32>,

    /// bandwidth is the bandwidth in Mbit/s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<i32>,

    /// tenantId is the project ID of the tenant that it is provided for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,

    /// location is the location of the cloud's end of the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,

    /// portType is the type of the port: 1G, 10G, 40G or 100G.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port_type: Option<String>,

    /// provider is the carrier of the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,

    /// providerStatus is the status of the carrier's line, ACTIVE or DOWN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_status: Option<String>,

    /// applyTime is when the connection was applied for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apply_time: Option<String>,
}
