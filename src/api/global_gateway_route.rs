//! `GlobalGatewayRoute`: one static route of a global gateway.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{AccountRef, Import, ObjectReference, Policy};
use super::status::Status;
use super::{rules, spec_rules};

/// The status of a `GlobalGatewayRoute`.
pub type GlobalGatewayRouteStatus = Status<GlobalGatewayRouteObserved>;

/// The desired state of a GlobalGatewayRoute.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[kube(
    group = "directconnect.huaweicloud.com",
    version = "v1alpha1",
    kind = "GlobalGatewayRoute",
    plural = "globalgatewayroutes",
    shortname = "gdgwroute",
    category = "directconnect",
    namespaced,
    status = "GlobalGatewayRouteStatus",
    derive = "PartialEq",
    doc = "A GlobalGatewayRoute is one static route in the route table of a global gateway of Huawei Cloud Direct Connect. It leads to a peer of a virtual interface or to another global gateway.",
    printcolumn(name = "Ready", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#),
    printcolumn(name = "Reason", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].reason"#),
    printcolumn(name = "ID", type_ = "string", json_path = ".status.id"),
    printcolumn(name = "Destination", type_ = "string", json_path = ".spec.destination"),
    printcolumn(name = "Next hop", type_ = "string", json_path = ".status.observed.nexthop"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Message", type_ = "string", priority = "1", json_path = r#".status.conditions[?(@.type=="Ready")].message"#)
)]
#[x_kube(
    validation = rules::exactly_one("spec", &["globalGatewayRef", "globalGatewayId"]),
    validation = rules::exactly_one("spec", &["virtualInterfaceRef", "peerRef", "nextHopGlobalGatewayRef", "nexthop"])
)]
#[schemars(transform = spec_rules::global_gateway_route())]
#[serde(rename_all = "camelCase")]
pub struct GlobalGatewayRouteSpec {
    /// accountRef references the CloudAccount. Defaults to the account in the annotation directconnect.huaweicloud.com/account of the
    /// namespace, then to the account with the name default. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_ref: Option<AccountRef>,

    /// policy defines how the operator manages the object. Fields that are not set default to spec.defaults of the account, then to the
    /// default of the field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,

    /// import adopts an existing route instead of creating one: the route with the given ID, or the route of the same global gateway with the
    /// same destination and next hop. Routes that BGP learned cannot be imported.
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

    /// destination is the network that the route leads to, in CIDR notation, for example 10.20.0.0/16 or fd00:1::/64. Immutable.
    #[schemars(length(max = 43))]
    #[x_kube(validation = rules::network("destination"))]
    pub destination: String,

    /// virtualInterfaceRef references a VirtualInterface of the global gateway. The next hop is its peer of the address family of
    /// destination. Exactly one of virtualInterfaceRef, peerRef, nextHopGlobalGatewayRef and nexthop must be set. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtual_interface_ref: Option<ObjectReference>,

    /// peerRef references the Peer that is the next hop. Exactly one of virtualInterfaceRef, peerRef, nextHopGlobalGatewayRef and nexthop
    /// must be set. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer_ref: Option<ObjectReference>,

    /// nextHopGlobalGatewayRef references the GlobalGateway that is the next hop. Exactly one of virtualInterfaceRef, peerRef,
    /// nextHopGlobalGatewayRef and nexthop must be set. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_hop_global_gateway_ref: Option<ObjectReference>,

    /// nexthop is the ID of the next hop, a UUID. Exactly one of virtualInterfaceRef, peerRef, nextHopGlobalGatewayRef and nexthop must be
    /// set. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 36))]
    #[x_kube(validation = rules::uuid("nexthop"))]
    pub nexthop: Option<String>,

    /// type tells what nexthop is: vif_peer, a peer of a virtual interface, or gdgw, another global gateway. Required with nexthop, otherwise
    /// not allowed. Immutable.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub type_: Option<NextHopType>,

    /// description is the description in the cloud, at most 255 characters. It must not contain <, > or a backtick.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    #[x_kube(validation = rules::route_description())]
    pub description: Option<String>,
}

/// What the next hop of a route is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = rules::described_by_its_field)]
#[serde(rename_all = "snake_case")]
pub enum NextHopType {
    /// A peer of a virtual interface.
    VifPeer,
    /// Another global gateway.
    Gdgw,
}

impl NextHopType {
    /// The value in the API of the cloud: `vif_peer` or `gdgw`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VifPeer => "vif_peer",
            Self::Gdgw => "gdgw",
        }
    }
}

/// The state of a route of a global gateway in the cloud.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GlobalGatewayRouteObserved {
    /// globalGatewayId is the ID of the global gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub global_gateway_id: Option<String>,

    /// destination is the network that the route leads to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<String>,

    /// nexthop is the ID of the next hop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nexthop: Option<String>,

    /// type is the type of the next hop: vif_peer or gdgw.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub type_: Option<String>,

    /// addressFamily is ipv4 or ipv6.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_family: Option<String>,

    /// obtainMode is specific for a route of a user, or customized for the default route.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obtain_mode: Option<String>,

    /// status is the status in the cloud: ACTIVE, ERROR or PENDING_CREATE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}
