//! Connect gateways: wire types and calls (`docs/design/cloud-api.md#connect-gateways`).

use serde::{Deserialize, Serialize};

use crate::cloud::call::{Call, Method};
use crate::cloud::resources::listed::Listed;
use crate::cloud::resources::tag::Tag;
use crate::cloud::resources::wire::some;

const COLLECTION: &str = "connect-gateways";
const WRAPPER: &str = "connect_gateway";

/// A connect gateway as the cloud shows it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ConnectGateway {
    pub id: String,
    /// Name, 0..64 characters. Several gateways may have the same.
    #[serde(default, deserialize_with = "some")]
    pub name: Option<String>,
    /// Description, 0..255 characters.
    #[serde(default, deserialize_with = "some")]
    pub description: Option<String>,
    /// `ipv4` or `dual`.
    #[serde(default, deserialize_with = "some")]
    pub address_family: Option<String>,
    /// ASN, which the cloud chooses.
    #[serde(default, deserialize_with = "some")]
    pub bgp_asn: Option<i64>,
    /// One of `docs/design/cloud-api.md#status-words`.
    #[serde(default, deserialize_with = "some")]
    pub status: Option<String>,
    #[serde(default, deserialize_with = "some")]
    pub access_site: Option<String>,
    #[serde(default, deserialize_with = "some")]
    pub gateway_site: Option<String>,
    /// Global connection bandwidth of its global EIPs.
    #[serde(default, deserialize_with = "some")]
    pub gcb_id: Option<String>,
    /// Number of global EIPs that are bound to it.
    #[serde(default, deserialize_with = "some")]
    pub current_geip_count: Option<i64>,
}

impl Listed for ConnectGateway {
    const COLLECTION: &'static str = COLLECTION;
    const PLURAL: &'static str = "connect_gateways";
    const SINGULAR: &'static str = WRAPPER;
    const OPERATIONS: (&'static str, &'static str) = ("ListConnectGateways", "ShowConnectGateway");

    fn id(&self) -> &str {
        &self.id
    }

    /// The name.
    fn natural_keys(&self) -> Vec<String> {
        self.name.iter().cloned().collect()
    }

    fn tags(&self) -> &[Tag] {
        &[]
    }
}

/// Body of `CreateConnectGateway`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CreateConnectGateway {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_family: Option<&'static str>,
}

/// Body of `UpdateConnectGateway`: only what changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct UpdateConnectGateway {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Description; empty clears it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_family: Option<&'static str>,
}

impl CreateConnectGateway {
    /// The call that creates it.
    #[must_use]
    pub fn call(&self) -> Call {
        Call::new("CreateConnectGateway", Method::Post, &["dcaas", COLLECTION], WRAPPER).with_body(self)
    }
}

impl UpdateConnectGateway {
    /// The call that changes gateway `id`.
    #[must_use]
    pub fn call(&self, id: &str) -> Call {
        Call::new("UpdateConnectGateway", Method::Put, &["dcaas", COLLECTION, id], WRAPPER).with_body(self)
    }
}

impl ConnectGateway {
    /// Operations that write it.
    pub const WRITES: &'static [&'static str] = &["CreateConnectGateway", "UpdateConnectGateway", "DeleteConnectGateway"];

    /// The call that deletes gateway `id`.
    #[must_use]
    pub fn delete(id: &str) -> Call {
        Call::new("DeleteConnectGateway", Method::Delete, &["dcaas", COLLECTION, id], WRAPPER)
    }
}
