//! Peers of a virtual interface: wire types and calls (`docs/design/cloud-api.md#peers`). They have no read operation of their own: they are
//! part of the interface.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::cloud::call::{Call, Method};
use crate::cloud::resources::wire::{networks, some};

const COLLECTION: &str = "vif-peers";
const WRAPPER: &str = "vif_peer";

/// A peer as the cloud shows it. The BGP key, which the cloud echoes, is dropped.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct VifPeer {
    pub id: String,
    /// The interface; may be missing inside the interface itself.
    #[serde(default, deserialize_with = "some")]
    pub vif_id: Option<String>,
    /// Name, 0..64 characters.
    #[serde(default, deserialize_with = "some")]
    pub name: Option<String>,
    /// Description, 0..128 characters.
    #[serde(default, deserialize_with = "some")]
    pub description: Option<String>,
    /// `ipv4` or `ipv6`.
    #[serde(default, deserialize_with = "some")]
    pub address_family: Option<String>,
    /// CIDR of the cloud's end.
    #[serde(default, deserialize_with = "some")]
    pub local_gateway_ip: Option<String>,
    /// CIDR of the customer's end.
    #[serde(default, deserialize_with = "some")]
    pub remote_gateway_ip: Option<String>,
    /// `static` or `bgp`.
    #[serde(default, deserialize_with = "some")]
    pub route_mode: Option<String>,
    /// ASN of the customer's side.
    #[serde(default, deserialize_with = "some")]
    pub bgp_asn: Option<i64>,
    /// Networks of the customer's side.
    #[serde(default, deserialize_with = "networks")]
    pub remote_ep_group: Vec<String>,
    /// Public service networks.
    #[serde(default, deserialize_with = "networks")]
    pub service_ep_group: Vec<String>,
    /// `PENDING_CREATE`, `ACTIVE`, `DOWN`, `ERROR`, …
    #[serde(default, deserialize_with = "some")]
    pub status: Option<String>,
    /// State of the BGP session; null for static routes.
    #[serde(default, deserialize_with = "some")]
    pub bgp_status: Option<String>,
    /// Routes received; -1 for static routes.
    #[serde(default, deserialize_with = "some")]
    pub receive_route_num: Option<i64>,
    #[serde(default, deserialize_with = "some")]
    pub device_id: Option<String>,
}

/// Body of `CreateVifPeer`, without the BGP key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CreateVifPeer {
    pub vif_id: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `ipv4` or `ipv6`.
    pub address_family: &'static str,
    /// CIDR of the cloud's end.
    pub local_gateway_ip: String,
    /// CIDR of the customer's end.
    pub remote_gateway_ip: String,
    /// `static` or `bgp`.
    pub route_mode: &'static str,
    /// ASN of the customer's side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bgp_asn: Option<i64>,
    /// Networks of the customer's side.
    pub remote_ep_group: Vec<String>,
}

/// Body of `UpdateVifPeer`: only what changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct UpdateVifPeer {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Description; empty clears it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Networks of the customer's side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_ep_group: Option<Vec<String>>,
}

impl CreateVifPeer {
    /// The call that creates it.
    #[must_use]
    pub fn call(&self, bgp_md5: Option<SecretString>) -> Call {
        Call::new("CreateVifPeer", Method::Post, &["dcaas", COLLECTION], WRAPPER).with_body(self).with_secret("bgp_md5", bgp_md5)
    }
}

impl UpdateVifPeer {
    /// The call that changes peer `id`.
    #[must_use]
    pub fn call(&self, id: &str) -> Call {
        Call::new("UpdateVifPeer", Method::Put, &["dcaas", COLLECTION, id], WRAPPER).with_body(self)
    }
}

impl VifPeer {
    /// Operations that write it.
    pub const WRITES: &'static [&'static str] = &["CreateVifPeer", "UpdateVifPeer", "DeleteVifPeer"];

    /// The call that deletes peer `id`.
    #[must_use]
    pub fn delete(id: &str) -> Call {
        Call::new("DeleteVifPeer", Method::Delete, &["dcaas", COLLECTION, id], WRAPPER)
    }
}
