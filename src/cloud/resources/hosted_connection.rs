//! Hosted connections, which a partner provides on an operations connection: wire type and calls
//! (`docs/design/cloud-api.md#hosted-connections`).

use serde::{Deserialize, Serialize};

use crate::cloud::call::{Call, Method};
use crate::cloud::resources::listed::Listed;
use crate::cloud::resources::tag::Tag;
use crate::cloud::resources::wire::some;

const COLLECTION: &str = "hosted-connects";
const WRAPPER: &str = "hosted_connect";

/// A hosted connection as the cloud shows it to the partner.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct HostedConnection {
    pub id: String,
    /// Name, 0..64 characters.
    #[serde(default, deserialize_with = "some")]
    pub name: Option<String>,
    /// Description, 0..128 characters.
    #[serde(default, deserialize_with = "some")]
    pub description: Option<String>,
    /// Operations connection that it is on.
    #[serde(default, deserialize_with = "some")]
    pub hosting_id: Option<String>,
    /// 1..3999.
    #[serde(default, deserialize_with = "some")]
    pub vlan: Option<i32>,
    /// Mbit/s.
    #[serde(default, deserialize_with = "some")]
    pub bandwidth: Option<i32>,
    /// Project of the tenant that it is provided for.
    #[serde(default, deserialize_with = "some")]
    pub tenant_id: Option<String>,
    /// The cloud's end.
    #[serde(default, deserialize_with = "some")]
    pub location: Option<String>,
    /// The tenant's end, 0..255 characters.
    #[serde(default, deserialize_with = "some")]
    pub peer_location: Option<String>,
    /// `1G`, `10G`, `40G` or `100G`.
    #[serde(default, deserialize_with = "some")]
    pub port_type: Option<String>,
    /// The carrier.
    #[serde(default, deserialize_with = "some")]
    pub provider: Option<String>,
    /// `ACTIVE` or `DOWN`.
    #[serde(default, deserialize_with = "some")]
    pub provider_status: Option<String>,
    /// One of `docs/design/cloud-api.md#hosted-connections`.
    #[serde(default, deserialize_with = "some")]
    pub status: Option<String>,
    #[serde(default, deserialize_with = "some")]
    pub apply_time: Option<String>,
}

impl Listed for HostedConnection {
    const COLLECTION: &'static str = COLLECTION;
    const PLURAL: &'static str = "hosted_connects";
    const SINGULAR: &'static str = WRAPPER;
    const OPERATIONS: (&'static str, &'static str) = ("ListHostedDirectConnects", "ShowHostedDirectConnect");

    fn id(&self) -> &str {
        &self.id
    }

    /// The operations connection and the VLAN, which the cloud keeps unique (DC.1008).
    fn natural_keys(&self) -> Vec<String> {
        self.hosting_id.iter().zip(self.vlan).map(|(hosting, vlan)| Self::natural_key(hosting, vlan)).collect()
    }

    /// It can't be tagged.
    fn tags(&self) -> &[Tag] {
        &[]
    }
}

/// Body of `CreateHostedDirectConnect`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CreateHostedConnection {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub hosting_id: String,
    pub vlan: i32,
    pub bandwidth: i32,
    pub resource_tenant_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer_location: Option<String>,
}

/// Body of `UpdateHostedDirectConnect`: only what changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct UpdateHostedConnection {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Description; empty clears it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer_location: Option<String>,
}

impl CreateHostedConnection {
    /// The call that creates it.
    #[must_use]
    pub fn call(&self) -> Call {
        Call::new("CreateHostedDirectConnect", Method::Post, &["dcaas", COLLECTION], WRAPPER).with_body(self)
    }
}

impl UpdateHostedConnection {
    /// The call that changes hosted connection `id`.
    #[must_use]
    pub fn call(&self, id: &str) -> Call {
        Call::new("UpdateHostedDirectConnect", Method::Put, &["dcaas", COLLECTION, id], WRAPPER).with_body(self)
    }
}

impl HostedConnection {
    /// Operations that write it.
    pub const WRITES: &'static [&'static str] = &["CreateHostedDirectConnect", "UpdateHostedDirectConnect", "DeleteHostedDirectConnect"];

    /// Natural key of a VLAN of an operations connection.
    #[must_use]
    pub fn natural_key(hosting: &str, vlan: i32) -> String {
        format!("{hosting}/{vlan}")
    }

    /// The call that deletes hosted connection `id`.
    #[must_use]
    pub fn delete(id: &str) -> Call {
        Call::new("DeleteHostedDirectConnect", Method::Delete, &["dcaas", COLLECTION, id], WRAPPER)
    }
}
