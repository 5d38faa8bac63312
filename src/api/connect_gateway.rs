//! `ConnectGateway`: the gateway through which global EIPs are reached over a connection.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{AccountRef, GatewayAddressFamily, Import, Policy};
use super::status::Status;
use super::{rules, spec_rules};

/// The status of a `ConnectGateway`.
pub type ConnectGatewayStatus = Status<ConnectGatewayObserved>;

/// The desired state of a ConnectGateway.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[kube(
    group = "directconnect.huaweicloud.com",
    version = "v1alpha1",
    kind = "ConnectGateway",
    plural = "connectgateways",
    shortname = "cgw",
    category = "directconnect",
    namespaced,
    status = "ConnectGatewayStatus",
    derive = "PartialEq",
    validation = spec_rules::name_fits(),
    doc = "A ConnectGateway is a connect gateway of Huawei Cloud Direct Connect. Global EIPs that are bound to it are reached over a connection. Experimental: no operation of the cloud's API shows how an interface is connected to one.",
    printcolumn(name = "Ready", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#),
    printcolumn(name = "Reason", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].reason"#),
    printcolumn(name = "Healthy", type_ = "string", json_path = r#".status.conditions[?(@.type=="Healthy")].status"#),
    printcolumn(name = "ID", type_ = "string", json_path = ".status.id"),
    printcolumn(name = "EIPs", type_ = "integer", json_path = ".status.observed.currentGeipCount"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Message", type_ = "string", priority = "1", json_path = r#".status.conditions[?(@.type=="Ready")].message"#)
)]
#[schemars(transform = spec_rules::connect_gateway())]
#[serde(rename_all = "camelCase")]
pub struct ConnectGatewaySpec {
    /// accountRef references the CloudAccount. Defaults to the account in the annotation directconnect.huaweicloud.com/account of the
    /// namespace, then to the account with the name default. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_ref: Option<AccountRef>,

    /// policy defines how the operator manages the object. Fields that are not set default to spec.defaults of the account, then to the
    /// default of the field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,

    /// import adopts an existing connect gateway instead of creating one: the gateway with the given ID, or the gateway with the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<Import>,

    /// name is the name in the cloud, 1 to 64 characters: letters, digits, underscores, dots and dashes. Defaults to the name of this
    /// object. A gateway is not created while another one has the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    #[x_kube(validation = rules::cloud_name())]
    pub name: Option<String>,

    /// description is the description in the cloud, at most 255 characters. It must not contain < or >.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    #[x_kube(validation = rules::description())]
    pub description: Option<String>,

    /// addressFamily is ipv4 or dual. ipv4: IPv4 only. dual: IPv4 and IPv6. If not set, a gateway is created with ipv4, and the family of an
    /// existing one is not changed. Not every region allows the change from dual to ipv4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_family: Option<GatewayAddressFamily>,
}

/// The state of a connect gateway in the cloud.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectGatewayObserved {
    /// name is the name in the cloud.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,

    /// status is the status in the cloud: ACTIVE, DOWN (not used, or its device is down) or ERROR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,

    /// addressFamily is ipv4 or dual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_family: Option<String>,

    /// bgpAsn is the BGP autonomous system number of the gateway. The cloud chooses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bgp_asn: Option<i64>,

    /// accessSite is the site at which the gateway is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_site: Option<String>,

    /// gatewaySite is the site of the gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway_site: Option<String>,

    /// gcbId is the ID of the global connection bandwidth that its global EIPs use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gcb_id: Option<String>,

    /// currentGeipCount is the number of global EIPs that are bound to the gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_geip_count: Option<i64>,
}
