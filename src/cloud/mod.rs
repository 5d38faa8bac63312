//! The Direct Connect API v3 as this operator uses it: credentials, signing, transport, budget, errors, and the wire types of each
//! collection. Knows nothing of Kubernetes.
//!
//! A call is a value ([`Call`]) made without IO by the collection's module, and carried out by [`Client`].

mod budget;
mod call;
mod client;
mod connection;
mod credentials;
mod error;
mod hide;
mod peer;
mod quota;
pub mod sign;
mod tag;
mod transport;
mod virtual_gateway;
mod virtual_interface;
mod wire;

pub use budget::{Budget, Priority};
pub use call::{Call, Method};
pub use client::{Client, Settings};
pub use connection::DirectConnect;
pub use credentials::Credentials;
pub use error::{CATALOGUE, Class, CloudError, Outcome, classify};
pub use peer::{CreateVifPeer, UpdateVifPeer, VifPeer};
pub use quota::{Quota, Quotas, quotas};
pub use tag::{Tag, TagAction, change_tags};
pub use transport::Answer;
pub use virtual_gateway::{CreateVirtualGateway, UpdateVirtualGateway, VirtualGateway};
pub use virtual_interface::{CreateVirtualInterface, ExtendAttribute, UpdateVirtualInterface, VirtualInterface};

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Largest page of a LIST.
const PAGE_LIMIT: u32 = 2000;

/// A resource that the cloud lists.
///
/// An implementation MUST tolerate unknown and null fields, and MUST NOT keep secrets that the cloud echoes: items stay in memory.
pub trait Listed: Clone + std::fmt::Debug + PartialEq + DeserializeOwned + Send + Sync + 'static {
    /// Last segment of the collection's path, e.g. `virtual-gateways`.
    const COLLECTION: &'static str;
    /// Key of a list's answer, e.g. `virtual_gateways`.
    const PLURAL: &'static str;
    /// Key of one resource's answer, e.g. `virtual_gateway`.
    const SINGULAR: &'static str;
    /// The vendor's operation ids of list and show.
    const OPERATIONS: (&'static str, &'static str);

    /// The cloud's id.
    fn id(&self) -> &str;

    /// Reads one resource.
    #[must_use]
    fn show(id: &str) -> Call {
        Call::new(Self::OPERATIONS.1, Method::Get, &["dcaas", Self::COLLECTION, id], Self::SINGULAR)
    }
}

#[derive(Deserialize)]
struct PageInfo {
    #[serde(default)]
    next_marker: Option<String>,
}

impl Client {
    /// Reads a whole collection, page by page.
    ///
    /// # Errors
    /// That of the first page that failed; a part of a collection is never returned.
    pub async fn list<R: Listed>(&self, priority: Priority) -> Result<Vec<R>, CloudError> {
        let mut items: Vec<R> = Vec::new();
        let mut marker: Option<String> = None;
        loop {
            let mut call = Call::new(R::OPERATIONS.0, Method::Get, &["dcaas", R::COLLECTION], R::PLURAL).with_query("limit", PAGE_LIMIT);
            if let Some(marker) = &marker {
                call = call.with_query("marker", marker);
            }
            self.permit(&call, priority).await;
            let answer = self.send(&call).await?;
            let page: Vec<R> = transport::decode(call.operation, &answer, R::PLURAL)?;
            // An answer without page_info is a single page.
            let next = transport::decode::<PageInfo>(call.operation, &answer, "page_info").ok().and_then(|info| info.next_marker);
            items.extend(page);
            match next.filter(|next| !next.is_empty()) {
                // A marker that stands still would never end.
                Some(next) if marker.as_ref() == Some(&next) => {
                    return Err(CloudError::local(
                        call.operation,
                        "Malformed",
                        "the page's next_marker is its own marker",
                        Outcome::Unknown,
                    ));
                }
                Some(next) => marker = Some(next),
                None => return Ok(items),
            }
        }
    }
}
