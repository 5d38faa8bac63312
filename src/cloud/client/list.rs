//! Reads a whole collection.

use std::collections::HashSet;

use super::Client;
use crate::cloud::call::{Call, Method};
use crate::cloud::errors::catalogue::OwnCode;
use crate::cloud::errors::{CloudError, RequestOutcome};
use crate::cloud::resources::{Item, Listed};
use crate::cloud::throttle::Priority;

impl Client {
    /// Reads a whole collection, page by page.
    ///
    /// # Errors
    /// The error of the first page that failed; a part of a collection is never returned.
    pub async fn list<R: Listed>(&self, priority: Priority) -> Result<Vec<Item<R>>, CloudError> {
        let mut pages = 0;
        let listed = self.list_pages(priority, &mut pages).await;
        self.metrics().listed(R::PLURAL, pages, listed.is_ok());
        listed
    }

    async fn list_pages<R: Listed>(&self, priority: Priority, pages: &mut u64) -> Result<Vec<Item<R>>, CloudError> {
        let mut items: Vec<Item<R>> = Vec::new();
        let mut markers = HashSet::new();
        let mut marker: Option<String> = None;
        loop {
            let mut call = Call::new(R::OPERATIONS.0, Method::Get, &["dcaas", R::COLLECTION], R::PLURAL)
                .with_query("limit", self.settings().limits.page)
                .waiting_for_breaker();
            if let Some(marker) = &marker {
                call = call.with_query("marker", marker);
            }
            self.permit(&call, priority).await;
            let page = self.send(&call).await?.page::<R>()?;
            *pages += 1;
            items.extend(page.items);
            match page.next_marker {
                // A cycle of pages would never end.
                Some(next) if !markers.insert(next.clone()) => {
                    let what = "next_marker repeats that of an earlier page";
                    return Err(CloudError::local(call.operation, OwnCode::Malformed, what, RequestOutcome::Unknown));
                }
                Some(next) => marker = Some(next),
                None => return Ok(items),
            }
        }
    }
}
