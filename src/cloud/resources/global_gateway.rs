//! Global gateways: wire types and calls (`docs/design/cloud-api.md#global-gateways`).

use serde::{Deserialize, Serialize};

use crate::cloud::call::{Call, Method};
use crate::cloud::resources::listed::Listed;
use crate::cloud::resources::tag::Tag;
use crate::cloud::resources::wire::{some, some_list};

const COLLECTION: &str = "global-dc-gateways";
const WRAPPER: &str = "global_dc_gateway";

/// A global gateway as the cloud shows it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct GlobalGateway {
    pub id: String,
    /// Name, 1..64 characters. Several may have the same.
    #[serde(default, deserialize_with = "some")]
    pub name: Option<String>,
    /// Description, 0..255 characters.
    #[serde(default, deserialize_with = "some")]
    pub description: Option<String>,
    /// ASN of the cloud side. The schema of answers ends at 65535, that of the create does not.
    #[serde(default, deserialize_with = "some")]
    pub bgp_asn: Option<i64>,
    /// `ipv4` or `dual`.
    #[serde(default, deserialize_with = "some")]
    pub address_family: Option<String>,
    /// `DOWN` (not connected), `ACTIVE`, `PENDING_UPDATE` or `ERROR`.
    #[serde(default, deserialize_with = "some")]
    pub status: Option<String>,
    /// Why it is in `ERROR`.
    #[serde(default, deserialize_with = "some")]
    pub reason: Option<String>,
    #[serde(default, deserialize_with = "some")]
    pub current_peer_link_count: Option<i64>,
    #[serde(default, deserialize_with = "some")]
    pub available_peer_link_count: Option<i64>,
    #[serde(default, deserialize_with = "some")]
    pub location_name: Option<String>,
    #[serde(default, deserialize_with = "some")]
    pub region_id: Option<String>,
    /// Central network of Cloud Connect.
    #[serde(default, deserialize_with = "some")]
    pub global_center_network_id: Option<String>,
    /// Enterprise project; `0` is the default one.
    #[serde(default, deserialize_with = "some")]
    pub enterprise_project_id: Option<String>,
    /// Tags, which only the create sets.
    #[serde(default, deserialize_with = "some_list")]
    pub tags: Vec<Tag>,
}

impl Listed for GlobalGateway {
    const COLLECTION: &'static str = COLLECTION;
    const PLURAL: &'static str = "global_dc_gateways";
    const SINGULAR: &'static str = WRAPPER;
    const OPERATIONS: (&'static str, &'static str) = ("ListGlobalDcGateways", "ShowGlobalDcGateway");

    fn id(&self) -> &str {
        &self.id
    }

    /// The name, which the operator keeps unique, as the cloud does not.
    fn natural_keys(&self) -> Vec<String> {
        self.name.iter().cloned().collect()
    }

    fn tags(&self) -> &[Tag] {
        &self.tags
    }
}

/// Body of `CreateGlobalDcGateway`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CreateGlobalGateway {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bgp_asn: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_family: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enterprise_project_id: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}

/// Body of `UpdateGlobalDcGateway`: only what changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct UpdateGlobalGateway {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Description; empty clears it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_family: Option<&'static str>,
}

impl CreateGlobalGateway {
    /// The call that creates it.
    #[must_use]
    pub fn call(&self) -> Call {
        Call::new("CreateGlobalDcGateway", Method::Post, &["dcaas", COLLECTION], WRAPPER).with_body(self)
    }
}

impl UpdateGlobalGateway {
    /// The call that changes gateway `id`. The example of its answer has neither tags nor address family (`docs/design/uncertain-facts.md#u29`).
    #[must_use]
    pub fn call(&self, id: &str) -> Call {
        Call::new("UpdateGlobalDcGateway", Method::Put, &["dcaas", COLLECTION, id], WRAPPER).with_body(self).partial()
    }
}

impl GlobalGateway {
    /// Operations that write it.
    pub const WRITES: &'static [&'static str] = &["CreateGlobalDcGateway", "UpdateGlobalDcGateway", "DeleteGlobalDcGateway"];

    /// The call that deletes gateway `id`.
    #[must_use]
    pub fn delete(id: &str) -> Call {
        Call::new("DeleteGlobalDcGateway", Method::Delete, &["dcaas", COLLECTION, id], WRAPPER)
    }
}
