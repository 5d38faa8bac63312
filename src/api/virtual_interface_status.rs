//! The state of a virtual interface in the cloud, as shown in `status.observed`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::Tags;

/// The state of a virtual interface in the cloud.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VirtualInterfaceObserved {
    /// name is the name in the cloud.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,

    /// status is the status in the cloud: ACTIVE, DOWN, BUILD, ERROR, PENDING_CREATE, PENDING_UPDATE, PENDING_DELETE, DELETED,
    /// AUTHORIZATION, REJECTED or ADMIN_SHUTDOWN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,

    /// connectionId is the ID of the connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_id: Option<String>,

    /// lagId is the ID of the link aggregation group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_id: Option<String>,

    /// virtualGatewayId is the ID of the virtual gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtual_gateway_id: Option<String>,

    /// globalGatewayId is the ID of the global gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub global_gateway_id: Option<String>,

    /// serviceType is the type of the gateway: VGW (virtual gateway), GDGW (global gateway), LGW or GEIP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_type: Option<String>,

    /// vlan is the VLAN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vlan: Option<i32>,

    /// bandwidth is the bandwidth in Mbit/s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<i32>,

    /// priority is the priority for traffic from the cloud, normal or low.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,

    /// enableBfd tells whether BFD is enabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_bfd: Option<bool>,

    /// enableNqa tells whether NQA is enabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_nqa: Option<bool>,

    /// routeLimit is the maximum number of static routes that the cloud accepts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route_limit: Option<i32>,

    /// deviceId is the ID of the cloud's device that the interface is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,

    /// reason is the cloud's explanation of the status ERROR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,

    /// remoteEpGroup lists the networks on the customer side.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remote_ep_group: Vec<String>,

    /// extendAttribute shows the settings of BFD and NQA.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extend_attribute: Option<ObservedExtendAttribute>,

    /// enterpriseProjectId is the ID of the enterprise project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enterprise_project_id: Option<String>,

    /// tags are the tags in the cloud, including the owner tag.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,

    /// peers lists the peers of the interface, at most one of each address family.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub peers: Vec<ObservedPeer>,
}

/// The state of one peer of a virtual interface in the cloud.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObservedPeer {
    /// id is the ID of the peer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,

    /// name is the name in the cloud.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,

    /// addressFamily is the address family, ipv4 or ipv6.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_family: Option<String>,

    /// status is the status in the cloud, for example ACTIVE, DOWN or PENDING_CREATE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,

    /// bgpStatus is the status of the BGP session as reported by the cloud. Not set with routeMode static.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bgp_status: Option<String>,

    /// receivedRoutes is the number of routes received over BGP. Not set with routeMode static.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_routes: Option<i64>,

    /// remoteEpGroup lists the networks on the customer side.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remote_ep_group: Vec<String>,
}

/// The settings of BFD and NQA in the cloud. The fields have no bounds, because a status must be able to show any value of the cloud.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObservedExtendAttribute {
    /// haType is the type of monitoring, bfd or nqa.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ha_type: Option<String>,

    /// haMode is the mode of the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ha_mode: Option<String>,

    /// detectMultiplier is the number of missed packets after which the interface is considered down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detect_multiplier: Option<i32>,

    /// minRxInterval is the minimum interval between received packets in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_rx_interval: Option<i32>,

    /// minTxInterval is the minimum interval between sent packets in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_tx_interval: Option<i32>,

    /// remoteDisclaim is the discriminator of the customer side in a static BFD session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_disclaim: Option<i32>,

    /// localDisclaim is the discriminator of the cloud side in a static BFD session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_disclaim: Option<i32>,

    /// ipv6RemoteDisclaim is the discriminator of the customer side in a static BFD session over IPv6.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipv6_remote_disclaim: Option<i32>,

    /// ipv6LocalDisclaim is the discriminator of the cloud side in a static BFD session over IPv6.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipv6_local_disclaim: Option<i32>,
}
