//! What the cloud says of a virtual interface, as shown in `status.observed`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::Tags;

/// What the cloud says of a virtual interface.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VirtualInterfaceObserved {
    /// Name in the cloud.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,

    /// State in the cloud: ACTIVE, DOWN, BUILD, ERROR, PENDING_CREATE, PENDING_UPDATE, PENDING_DELETE, DELETED, AUTHORIZATION,
    /// REJECTED or ADMIN_SHUTDOWN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,

    /// Id of the connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_id: Option<String>,

    /// Id of the link aggregation group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_id: Option<String>,

    /// Id of the virtual gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtual_gateway_id: Option<String>,

    /// VLAN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vlan: Option<i32>,

    /// Bandwidth in Mbit/s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<i32>,

    /// Priority for traffic out of the cloud, normal or low.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,

    /// Whether BFD watches the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_bfd: Option<bool>,

    /// Whether NQA watches the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_nqa: Option<bool>,

    /// How many static routes the cloud takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route_limit: Option<i32>,

    /// The cloud's device that carries the interface.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,

    /// The cloud's explanation of the state ERROR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,

    /// Networks of the customer's side.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remote_ep_group: Vec<String>,

    /// Particulars of BFD and NQA.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extend_attribute: Option<ObservedExtendAttribute>,

    /// Id of the enterprise project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enterprise_project_id: Option<String>,

    /// Tags in the cloud, with the owner's.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,

    /// The interface's peers, at most one of each address family.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub peers: Vec<ObservedPeer>,
}

/// What the cloud says of one peer of an interface.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObservedPeer {
    /// Id of the peer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,

    /// Name in the cloud.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,

    /// Address family, ipv4 or ipv6.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_family: Option<String>,

    /// State in the cloud, for example ACTIVE, DOWN or PENDING_CREATE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,

    /// State of the BGP session, in the cloud's words; absent for static routes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bgp_status: Option<String>,

    /// Number of routes received by BGP; absent for static routes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_routes: Option<i64>,

    /// Networks of the customer's side.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remote_ep_group: Vec<String>,
}

/// What the cloud says of BFD and NQA. Without bounds: a status must be able to show whatever the cloud says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObservedExtendAttribute {
    /// What watches the line, bfd or nqa.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ha_type: Option<String>,

    /// Mode of the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ha_mode: Option<String>,

    /// After how many missed packets the line counts as down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detect_multiplier: Option<i32>,

    /// Shortest interval between received packets in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_rx_interval: Option<i32>,

    /// Shortest interval between sent packets in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_tx_interval: Option<i32>,

    /// Discriminator of the customer's side of a static BFD session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_disclaim: Option<i32>,

    /// Discriminator of the cloud's side of a static BFD session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_disclaim: Option<i32>,

    /// Discriminator of the customer's side of a static BFD session over IPv6.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipv6_remote_disclaim: Option<i32>,

    /// Discriminator of the cloud's side of a static BFD session over IPv6.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipv6_local_disclaim: Option<i32>,
}
