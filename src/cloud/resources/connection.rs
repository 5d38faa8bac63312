//! Connections, which are ordered and paid elsewhere: wire type and calls (`docs/design/cloud-api.md#connections`).
//!
//! There is no create and no delete here, and the update has no field that costs or cancels anything. `client::guard` refuses such a call
//! wherever it comes from.

use serde::{Deserialize, Serialize};

use crate::cloud::call::{Call, Method};
use crate::cloud::resources::listed::Listed;
use crate::cloud::resources::tag::Tag;
use crate::cloud::resources::wire::{some, some_list};

const COLLECTION: &str = "direct-connects";
const WRAPPER: &str = "direct_connect";

/// A connection as the cloud shows it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Connection {
    pub id: String,
    /// Name, 0..64 characters. Several connections may have the same.
    #[serde(default, deserialize_with = "some")]
    pub name: Option<String>,
    /// Description, 0..128 characters.
    #[serde(default, deserialize_with = "some")]
    pub description: Option<String>,
    /// `standard`, `hosting`, `hosted`, `onestop_standard` or `onestop_hosted`.
    #[serde(rename = "type")]
    #[serde(default, deserialize_with = "some")]
    pub kind: Option<String>,
    /// `1G`, `10G`, `40G` or `100G`.
    #[serde(default, deserialize_with = "some")]
    pub port_type: Option<String>,
    /// Mbit/s.
    #[serde(default, deserialize_with = "some")]
    pub bandwidth: Option<i32>,
    /// The cloud's end.
    #[serde(default, deserialize_with = "some")]
    pub location: Option<String>,
    /// The customer's end, 0..255 characters.
    #[serde(default, deserialize_with = "some")]
    pub peer_location: Option<String>,
    /// The carrier.
    #[serde(default, deserialize_with = "some")]
    pub provider: Option<String>,
    /// VLAN of a hosted connection.
    #[serde(default, deserialize_with = "some")]
    pub vlan: Option<i32>,
    /// Operations connection that a hosted one is on.
    #[serde(default, deserialize_with = "some")]
    pub hosting_id: Option<String>,
    #[serde(default, deserialize_with = "some")]
    pub device_id: Option<String>,
    #[serde(default, deserialize_with = "some")]
    pub lag_id: Option<String>,
    /// `prepayment`, `bandwidth` or `traffic`.
    #[serde(default, deserialize_with = "some")]
    pub charge_mode: Option<String>,
    /// One of `docs/design/cloud-api.md#connections`.
    #[serde(default, deserialize_with = "some")]
    pub status: Option<String>,
    /// Why it is in `ERROR`.
    #[serde(default, deserialize_with = "some")]
    pub reason: Option<String>,
    /// Tags; none where the region has none.
    #[serde(default, deserialize_with = "some_list")]
    pub tags: Vec<Tag>,
}

impl Listed for Connection {
    const COLLECTION: &'static str = COLLECTION;
    const PLURAL: &'static str = "direct_connects";
    const SINGULAR: &'static str = WRAPPER;
    const OPERATIONS: (&'static str, &'static str) = ("ListDirectConnects", "ShowDirectConnect");

    fn id(&self) -> &str {
        &self.id
    }

    /// The name.
    fn natural_keys(&self) -> Vec<String> {
        self.name.iter().cloned().collect()
    }

    /// None that says whose it is: the line is not ours, and an owner tag on it, however it came there, means nothing.
    fn tags(&self) -> &[Tag] {
        &[]
    }
}

/// Body of `UpdateDirectConnect`: only what changes. The vendor's `bandwidth` and `status` are an order and a bill, and `provider_status` is the
/// carrier's switch: they MUST NOT be here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct UpdateConnection {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Description; empty clears it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer_location: Option<String>,
}

impl UpdateConnection {
    /// The call that changes connection `id`.
    #[must_use]
    pub fn call(&self, id: &str) -> Call {
        Call::new("UpdateDirectConnect", Method::Put, &["dcaas", COLLECTION, id], WRAPPER).with_body(self)
    }
}

impl Connection {
    /// Operations that write it.
    pub const WRITES: &'static [&'static str] = &["UpdateDirectConnect"];
}
