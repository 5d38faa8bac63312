//! Virtual interfaces and their extended attributes: wire types and calls (`docs/design/cloud-api.md#virtual-interfaces`).

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::cloud::call::{Call, Method};
use crate::cloud::resources::listed::Listed;
use crate::cloud::resources::peer::VifPeer;
use crate::cloud::resources::tag::Tag;
use crate::cloud::resources::wire::{list, networks, some, some_list};

const COLLECTION: &str = "virtual-interfaces";
const WRAPPER: &str = "virtual_interface";

/// A virtual interface as the cloud shows it. The BGP key, which the cloud echoes, is dropped.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct VirtualInterface {
    pub id: String,
    /// Name, 0..64 characters.
    #[serde(default, deserialize_with = "some")]
    pub name: Option<String>,
    /// Description, 0..128 characters.
    #[serde(default, deserialize_with = "some")]
    pub description: Option<String>,
    /// `ipv4` or `ipv6`: the family of the peer that was made with it. Deprecated.
    #[serde(default, deserialize_with = "some")]
    pub address_family: Option<String>,
    /// Connection it runs over, or
    #[serde(default, deserialize_with = "some")]
    pub direct_connect_id: Option<String>,
    /// link aggregation group.
    #[serde(default, deserialize_with = "some")]
    pub lag_id: Option<String>,
    /// `private` or `public`.
    #[serde(rename = "type")]
    #[serde(default, deserialize_with = "some")]
    pub kind: Option<String>,
    /// `VGW`, `GDGW`, `LGW`, …
    #[serde(default, deserialize_with = "some")]
    pub service_type: Option<String>,
    /// Virtual gateway, or
    #[serde(default, deserialize_with = "some")]
    pub vgw_id: Option<String>,
    /// global gateway.
    #[serde(default, deserialize_with = "some")]
    pub gateway_id: Option<String>,
    /// 0..3999.
    #[serde(default, deserialize_with = "some")]
    pub vlan: Option<i32>,
    /// Mbit/s.
    #[serde(default, deserialize_with = "some")]
    pub bandwidth: Option<i32>,
    /// `normal` or `low`.
    #[serde(default, deserialize_with = "some")]
    pub priority: Option<String>,
    /// Bidirectional forwarding detection.
    #[serde(default, deserialize_with = "some")]
    pub enable_bfd: Option<bool>,
    /// Network quality analysis.
    #[serde(default, deserialize_with = "some")]
    pub enable_nqa: Option<bool>,
    /// Absent until it is configured.
    #[serde(default, deserialize_with = "some")]
    pub extend_attribute: Option<ExtendAttribute>,
    /// Networks of the customer's side; ambiguous when there are two peers.
    #[serde(default, deserialize_with = "networks")]
    pub remote_ep_group: Vec<String>,
    /// Public service networks.
    #[serde(default, deserialize_with = "networks")]
    pub service_ep_group: Vec<String>,
    /// One of `docs/design/cloud-api.md#status-words`.
    #[serde(default, deserialize_with = "some")]
    pub status: Option<String>,
    /// Why `status` is `ERROR`.
    #[serde(default, deserialize_with = "some")]
    pub reason: Option<String>,
    #[serde(default, deserialize_with = "some")]
    pub device_id: Option<String>,
    /// Maximum number of remote networks.
    #[serde(default, deserialize_with = "some")]
    pub route_limit: Option<i32>,
    /// Enterprise project; `0` is the default one.
    #[serde(default, deserialize_with = "some")]
    pub enterprise_project_id: Option<String>,
    /// Tags; none where the region has none.
    #[serde(default, deserialize_with = "some_list")]
    pub tags: Vec<Tag>,
    /// One peer for each address family.
    #[serde(default, deserialize_with = "list")]
    pub vif_peers: Vec<VifPeer>,
}

impl VirtualInterface {
    /// A VLAN of a connection or of a link aggregation group, which only one interface can use.
    #[must_use]
    pub fn natural_key(connection: &str, vlan: i32) -> String {
        format!("{connection}/{vlan}")
    }
}

impl Listed for VirtualInterface {
    const COLLECTION: &'static str = COLLECTION;
    const PLURAL: &'static str = "virtual_interfaces";
    const SINGULAR: &'static str = WRAPPER;
    const OPERATIONS: (&'static str, &'static str) = ("ListVirtualInterfaces", "ShowVirtualInterface");

    fn id(&self) -> &str {
        &self.id
    }

    /// The VLAN of its connection or group.
    fn natural_keys(&self) -> Vec<String> {
        let connections = self.direct_connect_id.iter().chain(&self.lag_id);
        connections.filter_map(|connection| self.vlan.map(|vlan| Self::natural_key(connection, vlan))).collect()
    }

    fn tags(&self) -> &[Tag] {
        &self.tags
    }
}

/// Settings of the detection of link failures. Body and answer of `UpdateExtendAttribute`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtendAttribute {
    /// `nqa` or `bfd`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(default, deserialize_with = "some")]
    pub ha_type: Option<String>,
    /// `auto_single`, `auto_multi`, `static_single`, `static_multi`, `enhance_nqa`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(default, deserialize_with = "some")]
    pub ha_mode: Option<String>,
    /// 3..20.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(default, deserialize_with = "some")]
    pub detect_multiplier: Option<i32>,
    /// 200..5000 ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(default, deserialize_with = "some")]
    pub min_rx_interval: Option<i32>,
    /// 200..5000 ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(default, deserialize_with = "some")]
    pub min_tx_interval: Option<i32>,
    /// 1..16384, static BFD.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(default, deserialize_with = "some")]
    pub remote_disclaim: Option<i32>,
    /// 1..16384, static BFD.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(default, deserialize_with = "some")]
    pub local_disclaim: Option<i32>,
    /// 1..16384, static BFD over IPv6.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(default, deserialize_with = "some")]
    pub ipv6_remote_disclaim: Option<i32>,
    /// 1..16384, static BFD over IPv6.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(default, deserialize_with = "some")]
    pub ipv6_local_disclaim: Option<i32>,
}

/// Body of `CreateVirtualInterface`, without the BGP key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CreateVirtualInterface {
    /// Name; the first peer takes it too.
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Connection, or
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direct_connect_id: Option<String>,
    /// link aggregation group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lag_id: Option<String>,
    /// `private` or `public`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// `VGW` or `GDGW`.
    pub service_type: &'static str,
    /// Virtual gateway, or
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vgw_id: Option<String>,
    /// global gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway_id: Option<String>,
    /// 0..3999.
    pub vlan: i32,
    /// Mbit/s, from 2.
    pub bandwidth: i32,
    /// `static` or `bgp`.
    pub route_mode: &'static str,
    /// ASN of the customer's side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bgp_asn: Option<i64>,
    /// `ipv4` or `ipv6`.
    pub address_family: &'static str,
    /// CIDR of the cloud's end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_gateway_v4_ip: Option<String>,
    /// CIDR of the customer's end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_gateway_v4_ip: Option<String>,
    /// CIDR of the cloud's end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_gateway_v6_ip: Option<String>,
    /// CIDR of the customer's end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_gateway_v6_ip: Option<String>,
    /// Networks of the customer's side.
    pub remote_ep_group: Vec<String>,
    /// Public service networks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub service_ep_group: Vec<String>,
    /// `normal` or `low`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<&'static str>,
    /// Bidirectional forwarding detection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_bfd: Option<bool>,
    /// Network quality analysis.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_nqa: Option<bool>,
    /// Project of the tenant for whom the interface is created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_tenant_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enterprise_project_id: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}

/// Body of `UpdateVirtualInterface`: only what changes. `priority`, `enable_bfd` and `enable_nqa` each go alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct UpdateVirtualInterface {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Description; empty clears it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Mbit/s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<i32>,
    /// Networks of the customer's side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_ep_group: Option<Vec<String>>,
    /// Public service networks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_ep_group: Option<Vec<String>>,
    /// `normal` or `low`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<&'static str>,
    /// Bidirectional forwarding detection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_bfd: Option<bool>,
    /// Network quality analysis.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_nqa: Option<bool>,
}

impl CreateVirtualInterface {
    /// The call that creates it.
    #[must_use]
    pub fn call(&self, bgp_md5: Option<SecretString>) -> Call {
        Call::new("CreateVirtualInterface", Method::Post, &["dcaas", COLLECTION], WRAPPER).with_body(self).with_secret("bgp_md5", bgp_md5)
    }
}

impl UpdateVirtualInterface {
    /// The call that changes interface `id`.
    #[must_use]
    pub fn call(&self, id: &str) -> Call {
        Call::new("UpdateVirtualInterface", Method::Put, &["dcaas", COLLECTION, id], WRAPPER).with_body(self)
    }
}

impl ExtendAttribute {
    /// The call that sets the extended attributes of interface `id`.
    #[must_use]
    pub fn call(&self, id: &str) -> Call {
        Call::new("UpdateExtendAttribute", Method::Put, &["dcaas", COLLECTION, id, "extend-attributes"], "extend_attribute")
            .with_body(self)
            .partial()
    }
}

impl VirtualInterface {
    /// Operations that write it.
    pub const WRITES: &'static [&'static str] =
        &["CreateVirtualInterface", "UpdateVirtualInterface", "UpdateExtendAttribute", "DeleteVirtualInterface"];

    /// The call that deletes interface `id`.
    #[must_use]
    pub fn delete(id: &str) -> Call {
        Call::new("DeleteVirtualInterface", Method::Delete, &["dcaas", COLLECTION, id], WRAPPER)
    }
}
