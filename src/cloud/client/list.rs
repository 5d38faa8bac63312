//! Reads a whole collection, and one resource of it.

use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::HashSet;

use super::Client;
use crate::cloud::call::{Call, Method};
use crate::cloud::errors::catalogue::OwnCode;
use crate::cloud::errors::class::ErrorClass;
use crate::cloud::errors::{CloudError, RequestOutcome};
use crate::cloud::resources::{Item, Listed, Parent};
use crate::cloud::throttle::Priority;

impl Client {
    /// Reads a whole collection, page by page; one that is nested, at each parent that the cloud lists.
    ///
    /// # Errors
    /// The error of the first page that failed; a part of a collection is never returned.
    pub async fn list<R: Listed>(&self, priority: Priority) -> Result<Vec<Item<R>>, CloudError> {
        let mut pages = 0;
        let listed = match R::PARENT {
            None => self.pages(R::list(None), priority, &mut pages, Item::<R>::read).await,
            Some(parent) => self.list_nested(parent, priority, &mut pages).await,
        };
        self.metrics().listed(R::PLURAL, pages, listed.is_ok());
        let mut listed = listed?;
        listed.retain(|item| if let Item::Readable(item) = item { item.is_kept() } else { true });
        Ok(listed)
    }

    async fn list_nested<R: Listed>(&self, parent: Parent, priority: Priority, pages: &mut u64) -> Result<Vec<Item<R>>, CloudError> {
        #[derive(Deserialize)]
        struct Identified {
            id: String,
        }
        let read = |text: &RawValue| serde_json::from_str::<Identified>(text.get()).map_err(|_| "it has no id".to_owned());
        let call = Call::new(parent.operation, Method::Get, &["dcaas", parent.collection], parent.plural);
        let mut all = Vec::new();
        for Identified { id } in self.pages(call, priority, pages, read).await? {
            match self.pages(R::list(Some(&id)), priority, pages, read_at(Some(&id))).await {
                Ok(part) => all.extend(part),
                // The parent went meanwhile, and its part with it.
                Err(error) if error.class == ErrorClass::Absent => {}
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }

    /// Reads one resource; of a nested collection, one at `parent`. `None` if the cloud has none of this ID that anybody can manage. [`Self::permit`] was obtained for
    /// [`Client::read_call`].
    ///
    /// # Errors
    /// As [`Self::send`]; where only the LIST shows resources, also when that one can't be read.
    pub async fn show<R: Listed>(&self, id: &str, parent: Option<&str>) -> Result<Option<R>, CloudError> {
        let found = if R::has_show() { self.fetch::<R>(&R::show(id, parent)).await.map(Some) } else { self.find_in_list(id, parent).await };
        match found {
            Ok(mut found) => {
                found.iter_mut().zip(parent).for_each(|(found, parent)| found.set_parent(parent));
                Ok(found.filter(R::is_kept))
            }
            Err(error) if error.class == ErrorClass::Absent => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The first call of [`Self::show`].
    #[must_use]
    pub fn read_call<R: Listed>(id: &str, parent: Option<&str>) -> Call {
        if R::has_show() { R::show(id, parent) } else { R::list(parent) }
    }

    async fn find_in_list<R: Listed>(&self, id: &str, parent: Option<&str>) -> Result<Option<R>, CloudError> {
        let mut pages = 0;
        let listed = self.pages_after_permit(R::list(parent), Priority::Wait, &mut pages, read_at(parent)).await?;
        match listed.into_iter().find(|item: &Item<R>| item.id() == id) {
            Some(Item::Readable(found)) => Ok(Some(found)),
            Some(Item::Unreadable(found)) => {
                Err(CloudError::local(R::OPERATIONS.0, OwnCode::Malformed, found.problem, RequestOutcome::Unknown))
            }
            None => Ok(None),
        }
    }

    /// All pages of a list, each item read by `read`.
    async fn pages<T>(
        &self,
        call: Call,
        priority: Priority,
        pages: &mut u64,
        read: impl Fn(&RawValue) -> Result<T, String>,
    ) -> Result<Vec<T>, CloudError> {
        self.permit(&call, priority).await;
        self.pages_after_permit(call, priority, pages, read).await
    }

    /// The same, when the permit for the first page was obtained.
    async fn pages_after_permit<T>(
        &self,
        call: Call,
        priority: Priority,
        pages: &mut u64,
        read: impl Fn(&RawValue) -> Result<T, String>,
    ) -> Result<Vec<T>, CloudError> {
        let first = call.with_query("limit", self.settings().limits.page).waiting_for_breaker();
        let mut items: Vec<T> = Vec::new();
        let mut markers = HashSet::new();
        let mut call = first.clone();
        loop {
            let page = self.send(&call).await?.page(call.operation, call.wrapper, &read)?;
            *pages += 1;
            items.extend(page.items);
            match page.next_marker {
                // A cycle of pages would never end.
                Some(next) if !markers.insert(next.clone()) => {
                    let what = "next_marker repeats that of an earlier page";
                    return Err(CloudError::local(call.operation, OwnCode::Malformed, what, RequestOutcome::Unknown));
                }
                Some(next) => call = first.clone().with_query("marker", next),
                None => return Ok(items),
            }
            self.permit(&call, priority).await;
        }
    }
}

/// Reads an item that is listed at `parent`.
fn read_at<R: Listed>(parent: Option<&str>) -> impl Fn(&RawValue) -> Result<Item<R>, String> {
    move |text| {
        let mut item = Item::<R>::read(text)?;
        if let Some(parent) = parent {
            item.get_mut().set_parent(parent);
        }
        Ok(item)
    }
}
