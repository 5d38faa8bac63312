//! Switches for the uncertain facts, by their numbers: what the vendor's documents leave open, or contradict each other in.
//! `docs/design/uncertain-facts.md` describes each.

use serde::{Deserialize, Serialize};

use super::{
    global_gateways::{CreateTags, GatewayNextHop, RoutesAnswer, UsedGatewayDelete},
    switchovers::{StatusAfterUndo, StatusWhileStarting},
};

/// U1: whether an update may remove subnets of a gateway (`DC.0001`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GatewaySubnets {
    Replace,
    AddOnly,
}

/// U3: whether a resource can be deleted in a pending status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PendingDelete {
    Refuse,
    Accept,
}

/// U9: how the BGP key appears in responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Md5Echo {
    Echo,
    Mask,
    Hide,
}

/// U12: the order of subnets in responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CidrOrder {
    AsGiven,
    Sorted,
    Reversed,
}

/// U17: whether the remote subnets must contain the interconnection subnet, or must not (`DC.0001`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InterconnectSubnet {
    Ignore,
    Require,
    Forbid,
}

/// U20: the effect of an empty description in an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmptyDescription {
    Empty,
    Null,
    Ignored,
}

/// Whether what is uncertain is refused or accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    Refuse,
    Accept,
}

/// U34: what the answer to a binding or unbinding holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BindAnswer {
    List,
    Object,
}

/// U35: which ids a bound segment has in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SegmentRows {
    SegmentOnly,
    Both,
}

/// U36: what becomes of a global EIP that is bound to another connect gateway. Refused with `DC.0001`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BoundElsewhere {
    Refuse,
    Move,
}

/// U37: the deletion of a connect gateway with global EIPs. Refused with `DC.0001`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GatewayInUse {
    Refuse,
    Cascade,
}

/// U40: what the id in the path of a detection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DetectionPath {
    Detection,
    VifPeer,
}

/// U40: the form of the times of a detection: `2025-07-05T15:11:14Z` or `2025-07-05 15:11:14`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DetectionTimes {
    Iso,
    Spaced,
}

/// U49: the id by which the tenant of a hosted connection sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HostedId {
    Same,
    Own,
}

/// U6: the values of `bgp_status`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BgpStatus {
    pub up: String,
    pub down: String,
}

/// U7: the status of a new interface or peer, by route mode.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StatusAfterCreate {
    #[serde(rename = "static")]
    pub fixed: String,
    pub bgp: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct Switches {
    pub u1_gateway_subnets: GatewaySubnets,
    /// Whether an interface in status ERROR can be deleted. Otherwise `DC.1210`.
    pub u2_delete_error_interface: bool,
    pub u3_delete_while_pending: PendingDelete,
    /// HTTP status of "not found" for updates and peers. It is always 404 for reads and deletes of other resources.
    pub u4_not_found_status: u16,
    /// Error code for the deletion of the last peer.
    pub u5_last_peer_code: String,
    /// Error code for a second peer of the same address family.
    pub u5_duplicate_family_code: String,
    pub u6_bgp_status: BgpStatus,
    pub u7_fresh_status: StatusAfterCreate,
    /// Whether an update that changes nothing goes through `PENDING_UPDATE`.
    pub u8_unchanged_update_pends: bool,
    pub u9_bgp_md5: Md5Echo,
    /// ASN of a gateway that is created without one.
    pub u10_default_asn: u32,
    /// Whether names must be unique in a project (`DC.0001`).
    pub u11_unique_names: bool,
    pub u12_cidr_order: CidrOrder,
    /// Status of a resource that is being created: `PENDING_CREATE` or `BUILD`.
    pub u13_pending_create_status: String,
    /// Value of `Retry-After` in responses 429. `None` sends no header.
    pub u14_retry_after_s: Option<u32>,
    /// Type of the quota of gateways in the list of quotas. `None` does not list it.
    pub u15_gateway_quota_type: Option<String>,
    pub u17_interconnect_subnet: InterconnectSubnet,
    /// Domain of the endpoint in the catalog of a token.
    pub u18_endpoint_domain: String,
    /// Tags per resource.
    pub u19_max_tags: usize,
    pub u20_empty_description: EmptyDescription,
    /// Status of a global gateway without interfaces: `DOWN` or `ACTIVE`.
    pub u21_fresh_global_gateway: String,
    /// Whether a global gateway is ACTIVE while it has an interface.
    pub u22_interface_connects_global_gateway: bool,
    /// Whether a peer link needs an interface on its gateway (`DC.0001`).
    pub u23_peer_link_needs_interface: bool,
    /// Whether a gateway can have several links to the same peer. Otherwise `DC.0001`.
    pub u24_several_links_to_one_peer: bool,
    /// Status of a peer link that is being deleted: `PENDING_UPDATE` or `PENDING_DELETE`.
    pub u25_deleting_peer_link_status: String,
    pub u26_delete_used_global_gateway: UsedGatewayDelete,
    /// Whether the last interface of a global gateway with links can be deleted. Otherwise `DC.0001`.
    pub u27_delete_last_interface: bool,
    pub u28_global_gateway_tags: CreateTags,
    /// Whether updates of global gateways and links are answered with all fields, not only with those of the vendor's examples.
    pub u29_whole_update_answer: bool,
    /// Whether the remote subnets of a peer show the routes that lead to it.
    pub u30_routes_in_remote_subnets: bool,
    /// Error code for changes and deletions of a route that is not there: `DC.2720` or `DC.0001`.
    pub u31_absent_route_code: String,
    pub u32_routes_answer: RoutesAnswer,
    pub u33_bound_global_eip_status: String,
    pub u34_bind_answer: BindAnswer,
    pub u35_segment_rows: SegmentRows,
    pub u36_bound_elsewhere: BoundElsewhere,
    pub u37_delete_used_connect_gateway: GatewayInUse,
    /// Status of a new hosted connection: `BUILD`, which here means that it is provisioned, or `ACTIVE`.
    pub u38_fresh_hosted_status: String,
    /// Whether a hosted connection with a virtual interface can be deleted. Otherwise `DC.1007`.
    pub u39_delete_used_hosted: Refusal,
    pub u40_detection_path: DetectionPath,
    pub u40_detection_times: DetectionTimes,
    pub u41_status_while_starting: StatusWhileStarting,
    /// Whether an interface in status `ADMIN_SHUTDOWN` can be deleted. Otherwise `DC.1210`.
    pub u42_delete_shut_interface: Refusal,
    /// Whether a switchover test that repeats the one before is accepted, without effect. Otherwise `DC.1210`.
    pub u43_repeated_switchover: Refusal,
    /// Whether an interface that is DOWN, or has only static routes, can be shut down. Otherwise `DC.1210`.
    pub u44_shutdown_of_down_or_static: Refusal,
    /// Whether a connect gateway or a global gateway of family `dual` can become `ipv4`. Otherwise `DC.0001`.
    pub u45_dual_to_ipv4: Refusal,
    pub u46_status_after_undo: StatusAfterUndo,
    /// Whether a global EIP that is not bound can be unbound. Otherwise `DC.0001`.
    pub u47_unbind_unbound: Refusal,
    /// Whether an interface on a global gateway keeps the `vgw_id` that was sent.
    pub u48_interface_keeps_vgw_id: bool,
    pub u49_tenants_hosted_id: HostedId,
    /// Whether a route or link in status ERROR can be deleted. Otherwise `DC.0001`.
    pub u50_delete_in_error: bool,
    pub u51_gateway_next_hop: GatewayNextHop,
}

impl Default for BgpStatus {
    fn default() -> Self {
        Self { up: "ACTIVE".to_owned(), down: "DOWN".to_owned() }
    }
}

impl Default for StatusAfterCreate {
    fn default() -> Self {
        Self { fixed: "ACTIVE".to_owned(), bgp: "ACTIVE".to_owned() }
    }
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            u1_gateway_subnets: GatewaySubnets::Replace,
            u2_delete_error_interface: true,
            u3_delete_while_pending: PendingDelete::Refuse,
            u4_not_found_status: 404,
            u5_last_peer_code: "DC.0001".to_owned(),
            u5_duplicate_family_code: "DC.0001".to_owned(),
            u6_bgp_status: BgpStatus::default(),
            u7_fresh_status: StatusAfterCreate::default(),
            u8_unchanged_update_pends: true,
            u9_bgp_md5: Md5Echo::Echo,
            u10_default_asn: 64_512,
            u11_unique_names: false,
            u12_cidr_order: CidrOrder::AsGiven,
            u13_pending_create_status: "PENDING_CREATE".to_owned(),
            u14_retry_after_s: None,
            u15_gateway_quota_type: None,
            u17_interconnect_subnet: InterconnectSubnet::Ignore,
            u18_endpoint_domain: "myhuaweicloud.eu".to_owned(),
            u19_max_tags: 10,
            u20_empty_description: EmptyDescription::Empty,
            u21_fresh_global_gateway: "DOWN".to_owned(),
            u22_interface_connects_global_gateway: true,
            u23_peer_link_needs_interface: true,
            u24_several_links_to_one_peer: false,
            u25_deleting_peer_link_status: "PENDING_UPDATE".to_owned(),
            u26_delete_used_global_gateway: UsedGatewayDelete::InvalidParameter,
            u27_delete_last_interface: false,
            u28_global_gateway_tags: CreateTags::Keep,
            u29_whole_update_answer: false,
            u30_routes_in_remote_subnets: true,
            u31_absent_route_code: "DC.2720".to_owned(),
            u32_routes_answer: RoutesAnswer::Request,
            u33_bound_global_eip_status: "BIND_SUCCESSFULLY".to_owned(),
            u34_bind_answer: BindAnswer::List,
            u35_segment_rows: SegmentRows::SegmentOnly,
            u36_bound_elsewhere: BoundElsewhere::Refuse,
            u37_delete_used_connect_gateway: GatewayInUse::Refuse,
            u38_fresh_hosted_status: "BUILD".to_owned(),
            u39_delete_used_hosted: Refusal::Refuse,
            u40_detection_path: DetectionPath::Detection,
            u40_detection_times: DetectionTimes::Iso,
            u41_status_while_starting: StatusWhileStarting::Unchanged,
            u42_delete_shut_interface: Refusal::Refuse,
            u43_repeated_switchover: Refusal::Refuse,
            u44_shutdown_of_down_or_static: Refusal::Accept,
            u45_dual_to_ipv4: Refusal::Accept,
            u46_status_after_undo: StatusAfterUndo::Active,
            u47_unbind_unbound: Refusal::Refuse,
            u48_interface_keeps_vgw_id: false,
            u49_tenants_hosted_id: HostedId::Same,
            u50_delete_in_error: true,
            u51_gateway_next_hop: GatewayNextHop::Gateway,
        }
    }
}
