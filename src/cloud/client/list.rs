//! Collections: what a listed resource is, and how a whole collection is read.

use serde::de::DeserializeOwned;
use std::collections::HashSet;

use super::Client;
use super::call::{Call, Method};
use crate::cloud::errors::catalogue::OwnCode;
use crate::cloud::errors::{CloudError, RequestOutcome};
use crate::cloud::resources::Tag;
use crate::cloud::throttle::Priority;

/// A resource that the cloud lists.
///
/// An implementation MUST tolerate unknown and null fields, and MUST NOT keep secrets that the cloud echoes: items stay in state.
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

    /// What its natural key is made of, so that it is found without its id. Several resources may have one of them in common.
    fn natural_keys(&self) -> Vec<String>;

    /// Its tags.
    fn tags(&self) -> &[Tag];

    /// Reads one resource.
    #[must_use]
    fn show(id: &str) -> Call {
        Call::new(Self::OPERATIONS.1, Method::Get, &["dcaas", Self::COLLECTION, id], Self::SINGULAR)
    }
}

impl Client {
    /// Reads a whole collection, page by page.
    ///
    /// # Errors
    /// That of the first page that failed; a part of a collection is never returned.
    pub async fn list<R: Listed>(&self, priority: Priority) -> Result<Vec<R>, CloudError> {
        let mut pages = 0;
        let listed = self.list_pages(priority, &mut pages).await;
        self.metrics().listed(R::PLURAL, pages, listed.is_ok());
        listed
    }

    async fn list_pages<R: Listed>(&self, priority: Priority, pages: &mut u64) -> Result<Vec<R>, CloudError> {
        let mut items: Vec<R> = Vec::new();
        let mut markers = HashSet::new();
        let mut marker: Option<String> = None;
        loop {
            let mut call = Call::new(R::OPERATIONS.0, Method::Get, &["dcaas", R::COLLECTION], R::PLURAL)
                .with_query("limit", self.settings().limits.page)
                .patient();
            if let Some(marker) = &marker {
                call = call.with_query("marker", marker);
            }
            self.permit(&call, priority).await;
            let page = self.send(&call).await?.page::<R>()?;
            *pages += 1;
            items.extend(page.items);
            match page.next_marker {
                // Pages that go round would never end.
                Some(next) if !markers.insert(next.clone()) => {
                    let what = "the page's next_marker was that of a page before";
                    return Err(CloudError::local(call.operation, OwnCode::Malformed, what, RequestOutcome::Unknown));
                }
                Some(next) => marker = Some(next),
                None => return Ok(items),
            }
        }
    }
}
