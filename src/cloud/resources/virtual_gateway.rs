//! Virtual gateways: wire types and calls (`docs/design/cloud-api.md#virtual-gateways`).

use serde::{Deserialize, Serialize};

use crate::cloud::call::{Call, Method};
use crate::cloud::resources::listed::Listed;
use crate::cloud::resources::tag::Tag;
use crate::cloud::resources::wire::{networks, some, some_list};

const COLLECTION: &str = "virtual-gateways";
const WRAPPER: &str = "virtual_gateway";

/// A virtual gateway as the cloud shows it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct VirtualGateway {
    pub id: String,
    /// Name, 0..64 characters.
    #[serde(default, deserialize_with = "some")]
    pub name: Option<String>,
    /// Description, 0..128 characters.
    #[serde(default, deserialize_with = "some")]
    pub description: Option<String>,
    /// The VPC it serves; null when attached to an enterprise router.
    #[serde(default, deserialize_with = "some")]
    pub vpc_id: Option<String>,
    /// The enterprise router it is attached to.
    #[serde(default, deserialize_with = "some")]
    pub enterprise_router_id: Option<String>,
    /// IPv4 networks of the cloud side.
    #[serde(default, deserialize_with = "networks")]
    pub local_ep_group: Vec<String>,
    /// IPv6 networks of the cloud side.
    #[serde(default, deserialize_with = "networks")]
    pub local_ep_group_ipv6: Vec<String>,
    /// ASN of the cloud side.
    #[serde(default, deserialize_with = "some")]
    pub bgp_asn: Option<i64>,
    /// One of `docs/design/cloud-api.md#status-words`.
    #[serde(default, deserialize_with = "some")]
    pub status: Option<String>,
    #[serde(default, deserialize_with = "some")]
    pub device_id: Option<String>,
    #[serde(default, deserialize_with = "some")]
    pub redundant_device_id: Option<String>,
    /// Enterprise project; `0` is the default one.
    #[serde(default, deserialize_with = "some")]
    pub enterprise_project_id: Option<String>,
    /// Tags; none where the region has none.
    #[serde(default, deserialize_with = "some_list")]
    pub tags: Vec<Tag>,
}

impl Listed for VirtualGateway {
    const COLLECTION: &'static str = COLLECTION;
    const PLURAL: &'static str = "virtual_gateways";
    const SINGULAR: &'static str = WRAPPER;
    const OPERATIONS: (&'static str, &'static str) = ("ListVirtualGateways", "ShowVirtualGateway");

    fn id(&self) -> &str {
        &self.id
    }

    /// The VPC, or the router.
    fn natural_keys(&self) -> Vec<String> {
        self.vpc_id.iter().chain(&self.enterprise_router_id).cloned().collect()
    }

    fn tags(&self) -> &[Tag] {
        &self.tags
    }
}

/// Body of `CreateVirtualGateway`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CreateVirtualGateway {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// VPC, or
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc_id: Option<String>,
    /// enterprise router.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enterprise_router_id: Option<String>,
    /// IPv4 networks; the vendor's schema requires the key for a VPC's gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_ep_group: Option<Vec<String>>,
    /// IPv6 networks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub local_ep_group_ipv6: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bgp_asn: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enterprise_project_id: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}

/// Body of `UpdateVirtualGateway`: only what changes; a list replaces the old one whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct UpdateVirtualGateway {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Description; empty clears it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// IPv4 networks, 1..200.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_ep_group: Option<Vec<String>>,
    /// IPv6 networks, 1..50.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_ep_group_ipv6: Option<Vec<String>>,
}

impl CreateVirtualGateway {
    /// The call that creates it.
    #[must_use]
    pub fn call(&self) -> Call {
        Call::new("CreateVirtualGateway", Method::Post, &["dcaas", COLLECTION], WRAPPER).with_body(self)
    }
}

impl UpdateVirtualGateway {
    /// The call that changes gateway `id`.
    #[must_use]
    pub fn call(&self, id: &str) -> Call {
        Call::new("UpdateVirtualGateway", Method::Put, &["dcaas", COLLECTION, id], WRAPPER).with_body(self)
    }
}

impl VirtualGateway {
    /// Operations that write it.
    pub const WRITES: &'static [&'static str] = &["CreateVirtualGateway", "UpdateVirtualGateway", "DeleteVirtualGateway"];

    /// The call that deletes gateway `id`.
    #[must_use]
    pub fn delete(id: &str) -> Call {
        Call::new("DeleteVirtualGateway", Method::Delete, &["dcaas", COLLECTION, id], WRAPPER)
    }
}
