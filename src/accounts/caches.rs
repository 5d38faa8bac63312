//! The caches of one account, by the type of what they hold: a collection needs no place of its own here. Each is refreshed from the first time
//! that it is asked for until nobody needs it any more.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::AbortHandle;
use uuid::Uuid;

use crate::cache::{CloudCache, PollSchedule, View, refresh};
use crate::cloud::{Client, Listed, Tag};

/// The client of an account and the caches that are fed through it.
pub(super) struct CloudCaches {
    /// Differs from that of every client before.
    pub id: Uuid,
    /// Name of the account.
    account: String,
    pub client: Arc<Client>,
    pub schedule: PollSchedule,
    /// Hears of rejected credentials.
    watch: AbortHandle,
    /// The region was found not to know tags.
    pub tags_refused: AtomicBool,
    /// Collections whose creates were found to refuse tags.
    tags_refused_of: Mutex<Vec<&'static str>>,
    /// Somebody waits for room in a quota.
    pub quotas_watched: AtomicBool,
    started: Mutex<HashMap<TypeId, Arc<dyn AnyCache>>>,
}

/// A cache and the task that refreshes it, which ends with it.
struct Started<R> {
    cache: Arc<CloudCache<R>>,
    refresher: AbortHandle,
}

/// What can be asked of a cache whatever it holds.
pub(super) trait AnyCache: Any + Send + Sync {
    /// Name of its collection.
    fn collection(&self) -> &'static str;

    /// As [`CloudCache::is_refreshed`].
    fn is_refreshed(&self) -> bool;

    /// As [`CloudCache::age_and_size`].
    fn age_and_size(&self) -> (Duration, usize);

    /// IDs of the items with fields that can't be read, and what is wrong with them.
    fn unreadable(&self) -> Vec<(String, String)>;

    /// Whether it holds something with this tag.
    fn has_tag(&self, key: &str) -> bool;
}

impl<R: Listed> AnyCache for Started<R> {
    fn collection(&self) -> &'static str {
        R::PLURAL
    }

    fn is_refreshed(&self) -> bool {
        self.cache.is_refreshed()
    }

    fn age_and_size(&self) -> (Duration, usize) {
        self.cache.age_and_size()
    }

    fn unreadable(&self) -> Vec<(String, String)> {
        self.cache.unreadable().iter().map(|item| (item.told_id().to_owned(), item.problem.clone())).collect()
    }

    fn has_tag(&self, key: &str) -> bool {
        let has = |tags: &[Tag]| tags.iter().any(|tag| tag.key == key);
        self.cache.view().iter().any(|item| has(item.tags()))
    }
}

impl<R> Drop for Started<R> {
    fn drop(&mut self) {
        self.refresher.abort();
    }
}

impl Drop for CloudCaches {
    fn drop(&mut self) {
        self.watch.abort();
    }
}

impl CloudCaches {
    pub fn new(account: String, client: Arc<Client>, schedule: PollSchedule, watch: AbortHandle) -> Self {
        Self {
            id: Uuid::new_v4(),
            account,
            client,
            schedule,
            watch,
            tags_refused: AtomicBool::new(false),
            tags_refused_of: Mutex::default(),
            quotas_watched: AtomicBool::new(false),
            started: Mutex::default(),
        }
    }

    /// Stops the refresh of a collection until it is asked for again.
    pub fn rest<R: Listed>(&self) {
        if let Some(cache) = Self::present::<R>(&self.lock()) {
            cache.rest();
        }
    }

    /// The contents of a cache that has been filled, and is refreshed.
    pub fn view_if_listed<R: Listed>(&self) -> Option<View<R>> {
        let present = Self::present::<R>(&self.lock())?;
        Some(present.view()).filter(View::is_filled)
    }

    /// The cache of a collection, which is started when it is asked for the first time.
    pub fn get<R: Listed>(&self) -> Arc<CloudCache<R>> {
        let mut started = self.lock();
        if let Some(present) = Self::present::<R>(&started) {
            present.ask();
            return present;
        }
        let cache = Arc::new(CloudCache::new());
        let refresher = tokio::spawn(refresh(Arc::clone(&cache), Arc::clone(&self.client), self.schedule, self.account.clone()));
        let new = Started { cache: Arc::clone(&cache), refresher: refresher.abort_handle() };
        started.insert(TypeId::of::<R>(), Arc::new(new));
        cache
    }

    /// Whether the creates of a collection were found to refuse tags.
    pub fn refuses_tags_of(&self, collection: &str) -> bool {
        self.tags_refused_of.lock().unwrap_or_else(PoisonError::into_inner).contains(&collection)
    }

    /// The creates of a collection refuse tags. Returns whether that is news.
    pub fn do_without_tags_of(&self, collection: &'static str) -> bool {
        let mut refused = self.tags_refused_of.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = !refused.contains(&collection);
        if is_news {
            refused.push(collection);
        }
        is_news
    }

    /// Those that are refreshed.
    pub fn refreshed(&self) -> Vec<Arc<dyn AnyCache>> {
        let started = self.lock();
        started.values().filter(|cache| cache.is_refreshed()).map(Arc::clone).collect()
    }

    fn present<R: Listed>(started: &HashMap<TypeId, Arc<dyn AnyCache>>) -> Option<Arc<CloudCache<R>>> {
        let any: &dyn Any = started.get(&TypeId::of::<R>())?.as_ref();
        any.downcast_ref::<Started<R>>().map(|present| Arc::clone(&present.cache))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TypeId, Arc<dyn AnyCache>>> {
        self.started.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
