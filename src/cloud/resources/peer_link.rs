//! Peer links of global gateways: wire types and calls (`docs/design/cloud-api.md#peer-links`).

use serde::{Deserialize, Serialize};

use crate::cloud::call::{Call, Method};
use crate::cloud::resources::global_gateway::GlobalGateway;
use crate::cloud::resources::listed::{Listed, Parent};
use crate::cloud::resources::tag::Tag;
use crate::cloud::resources::wire::some;

const COLLECTION: &str = "peer-links";
const WRAPPER: &str = "peer_link";

/// A peer link as the cloud shows it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PeerLink {
    pub id: String,
    /// The gateway at which it is listed.
    #[serde(default, deserialize_with = "some")]
    pub global_dc_gateway_id: Option<String>,
    /// Name, 0..64 characters.
    #[serde(default, deserialize_with = "some")]
    pub name: Option<String>,
    /// Description, 0..128 characters.
    #[serde(default, deserialize_with = "some")]
    pub description: Option<String>,
    #[serde(default, deserialize_with = "some")]
    pub peer_site: Option<PeerSite>,
    #[serde(default, deserialize_with = "some")]
    pub bandwidth_info: Option<BandwidthInfo>,
    /// `PENDING_CREATE`, `PENDING_UPDATE`, `ACTIVE` or `ERROR`.
    #[serde(default, deserialize_with = "some")]
    pub status: Option<String>,
    /// Why it is in `ERROR`.
    #[serde(default, deserialize_with = "some")]
    pub reason: Option<String>,
    #[serde(default, deserialize_with = "some")]
    pub instance_id: Option<String>,
    /// The service that created it: `dc`, or `cc` for Cloud Connect.
    #[serde(default, deserialize_with = "some")]
    pub create_owner: Option<String>,
}

/// The other side of a peer link.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct PeerSite {
    /// `ER` or `GDGW`.
    #[serde(rename = "type", default, deserialize_with = "some")]
    pub type_: Option<String>,
    /// The router, or the gateway.
    #[serde(default, deserialize_with = "some")]
    pub gateway_id: Option<String>,
    #[serde(default, deserialize_with = "some")]
    pub project_id: Option<String>,
    #[serde(default, deserialize_with = "some")]
    pub region_id: Option<String>,
    /// The router's attachment, or the other gateway's link.
    #[serde(default, deserialize_with = "some")]
    pub link_id: Option<String>,
    #[serde(default, deserialize_with = "some")]
    pub site_code: Option<String>,
}

/// The bandwidth of a peer link.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct BandwidthInfo {
    /// Mbit/s.
    #[serde(default, deserialize_with = "some")]
    pub bandwidth_size: Option<i64>,
    /// Global connection bandwidth.
    #[serde(default, deserialize_with = "some")]
    pub gcb_id: Option<String>,
}

impl Listed for PeerLink {
    const COLLECTION: &'static str = COLLECTION;
    const PLURAL: &'static str = "peer_links";
    const SINGULAR: &'static str = WRAPPER;
    const OPERATIONS: (&'static str, &'static str) = ("ListPeerLinks", "ShowPeerLink");
    const PARENT: Option<Parent> = Some(Parent {
        collection: GlobalGateway::COLLECTION,
        plural: GlobalGateway::PLURAL,
        operation: GlobalGateway::OPERATIONS.0,
        segment: GlobalGateway::COLLECTION,
    });

    fn id(&self) -> &str {
        &self.id
    }

    /// The gateway and its peer.
    fn natural_keys(&self) -> Vec<String> {
        let peer = self.peer_site.as_ref().and_then(|site| site.gateway_id.as_deref());
        self.global_dc_gateway_id.iter().zip(peer).map(|(gateway, peer)| Self::natural_key(gateway, peer)).collect()
    }

    fn tags(&self) -> &[Tag] {
        &[]
    }

    fn set_parent(&mut self, parent: &str) {
        self.global_dc_gateway_id.get_or_insert_with(|| parent.to_owned());
    }
}

/// Body of `CreatePeerLink`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CreatePeerLink {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub peer_site: CreatePeerSite,
}

/// The other side in the body of `CreatePeerLink`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CreatePeerSite {
    pub gateway_id: String,
    pub project_id: String,
    pub region_id: String,
}

/// Body of `UpdatePeerLink`: only what changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct UpdatePeerLink {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Description; empty clears it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl CreatePeerLink {
    /// The call that creates it at `gateway`. The answer lacks the owner.
    #[must_use]
    pub fn call(&self, gateway: &str) -> Call {
        Call::new("CreatePeerLink", Method::Post, &PeerLink::path(Some(gateway)), WRAPPER).with_body(self)
    }
}

impl UpdatePeerLink {
    /// The call that changes a link. The example of its answer lacks fields (`docs/design/uncertain-facts.md#u29`).
    #[must_use]
    pub fn call(&self, link: &PeerLink) -> Call {
        Call::new("UpdatePeerLink", Method::Put, &link.segments(), WRAPPER).with_body(self).partial()
    }
}

impl PeerLink {
    /// Operations that write it.
    pub const WRITES: &'static [&'static str] = &["CreatePeerLink", "UpdatePeerLink", "DeletePeerLink"];

    /// Where a link of `gateway` to `peer` is.
    #[must_use]
    pub fn natural_key(gateway: &str, peer: &str) -> String {
        format!("{gateway}/{peer}")
    }

    /// The call that deletes it.
    #[must_use]
    pub fn delete(&self) -> Call {
        Call::new("DeletePeerLink", Method::Delete, &self.segments(), WRAPPER)
    }

    fn segments(&self) -> Vec<&str> {
        Self::path(Some(self.global_dc_gateway_id.as_deref().unwrap_or_default())).into_iter().chain([self.id.as_str()]).collect()
    }
}
