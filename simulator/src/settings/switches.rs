//! The uncertain facts of the API as switches: where the vendor's documents are silent or disagree, both
//! readings can be played. Numbers are those of `docs/design/uncertain-facts.md`.

use serde::{Deserialize, Serialize};

/// U1: what an update may do to the subnets of a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GatewaySubnets {
    Replace,
    AddOnly,
}

/// U3: whether a resource in a pending status may be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PendingDelete {
    Refuse,
    Accept,
}

/// U9: how the BGP key is read back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Md5Echo {
    Echo,
    Mask,
    Hide,
}

/// U12: how lists of subnets are read back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CidrOrder {
    AsGiven,
    Sorted,
    Reversed,
}

/// U17: how the interconnection subnet must stand to the remote subnets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InterconnectSubnet {
    Ignore,
    Require,
    Forbid,
}

/// U20: what an empty description in an update does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmptyDescription {
    Empty,
    Null,
    Ignored,
}

/// U6: the words for a BGP session.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BgpStatus {
    pub up: String,
    pub down: String,
}

/// U7: the status of a fresh interface, by route mode.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FreshStatus {
    #[serde(rename = "static")]
    pub fixed: String,
    pub bgp: String,
}

/// The uncertain facts of the API, numbered as in the design.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    /// An update replaces the subnets of a gateway, or may only add to them (`DC.0001`).
    pub u1_gateway_subnets: GatewaySubnets,
    /// An interface in status ERROR can be deleted; otherwise `DC.1210`.
    pub u2_delete_error_interface: bool,
    /// A resource in a pending status can be deleted, or is locked.
    pub u3_delete_while_pending: PendingDelete,
    /// HTTP status of "not found" on updates and peers (reads and deletions answer 404).
    pub u4_not_found_status: u16,
    /// Code for the deletion of the last peer.
    pub u5_last_peer_code: String,
    /// Code for a second peer of the same family.
    pub u5_duplicate_family_code: String,
    /// Words for a BGP session that is up or down.
    pub u6_bgp_status: BgpStatus,
    /// Status of a fresh interface, by route mode.
    pub u7_fresh_status: FreshStatus,
    /// An update without any difference goes through `PENDING_UPDATE` all the same.
    pub u8_unchanged_update_pends: bool,
    /// The BGP key in answers.
    pub u9_bgp_md5: Md5Echo,
    /// ASN of a gateway created without one.
    pub u10_default_asn: u32,
    /// Names are unique in a project (`DC.0001`).
    pub u11_unique_names: bool,
    /// Order of subnets in answers.
    pub u12_cidr_order: CidrOrder,
    /// The pending status of a creation: `PENDING_CREATE` or `BUILD`.
    pub u13_pending_create_status: String,
    /// Value of `Retry-After` on 429; `null` sends none.
    pub u14_retry_after_s: Option<u32>,
    /// Name under which the quota of gateways is listed; `null` lists none.
    pub u15_gateway_quota_type: Option<String>,
    /// Status of a bound global EIP; without effect while the simulator holds none.
    pub u16_global_eip_status: String,
    /// The interconnection subnet among the remote subnets (`DC.0001`).
    pub u17_interconnect_subnet: InterconnectSubnet,
    /// Domain of the endpoint in the catalog of a token.
    pub u18_endpoint_domain: String,
    /// Tags a resource may have.
    pub u19_max_tags: usize,
    /// An empty description in an update.
    pub u20_empty_description: EmptyDescription,
}

impl Default for BgpStatus {
    fn default() -> Self {
        Self { up: "ACTIVE".to_owned(), down: "DOWN".to_owned() }
    }
}

impl Default for FreshStatus {
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
            u7_fresh_status: FreshStatus::default(),
            u8_unchanged_update_pends: true,
            u9_bgp_md5: Md5Echo::Echo,
            u10_default_asn: 64_512,
            u11_unique_names: false,
            u12_cidr_order: CidrOrder::AsGiven,
            u13_pending_create_status: "PENDING_CREATE".to_owned(),
            u14_retry_after_s: None,
            u15_gateway_quota_type: None,
            u16_global_eip_status: "ACTIVE".to_owned(),
            u17_interconnect_subnet: InterconnectSubnet::Ignore,
            u18_endpoint_domain: "myhuaweicloud.eu".to_owned(),
            u19_max_tags: 10,
            u20_empty_description: EmptyDescription::Empty,
        }
    }
}
