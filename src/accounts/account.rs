//! An account that is ready: what it allows, and what of the cloud can be seen through it.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::caches::CloudCaches;
use super::grants::{Allowance, What};
use super::resources::{CloudResource, CloudResources};
use crate::api::cloud_account::{Feature, Features};
use crate::api::{Defaults, Unowned};
use crate::cache::{CloudCache, View};
use crate::cloud::{Client, CloudError, ErrorClass, Listed};
use crate::graph::ObjectKey;
use crate::graph::owner::{OWNER_TAG, unowned};

/// An account that is ready.
pub struct Account {
    /// Its client.
    pub client: Arc<Client>,
    /// Defaults for objects that say nothing.
    pub defaults: Defaults,
    /// Who may use it, and what of it.
    pub allowance: Allowance,
    /// What of the API it uses.
    pub(super) features: Features,
    pub(super) caches: Arc<CloudCaches>,
    /// What can be named by an id.
    pub(super) types: Arc<[ResourceType]>,
}

/// What stands behind the id of a cloud resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Behind {
    /// It has not been looked at yet, or could not be, as the error says; it will be.
    Unknown(Option<Box<CloudError>>),
    /// No resource of the kind can be named by an id, or there is no such kind.
    NotNameable,
    /// The account shows no such resource; whoever names it uses this.
    Absent(Vec<What>),
    /// This is used with it, and this object of the cluster owns it by its tag.
    There(Vec<What>, Option<ObjectKey>),
}

/// Resources whose tags a region keeps, drops or refuses alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagScope {
    /// Those whose tags can be changed.
    Region,
    /// Those of this collection, whose tags only their create sets.
    Create(&'static str),
}

impl TagScope {
    /// Whether the tags can be changed after the create.
    #[must_use]
    pub const fn is_mutable(self) -> bool {
        matches!(self, Self::Region)
    }
}

/// A type of cloud resources, as accounts know it: they know no kind.
#[derive(Clone, Copy, Debug)]
pub struct ResourceType {
    /// Name of the kind that stands for it.
    pub kind: &'static str,
    /// Name of the collection whose LIST shows it.
    pub collection: &'static str,
    /// Looks up what stands behind an id, with the name of the cluster; `None` where no resource of it can be named by an id.
    pub behind: Option<fn(&Account, &str, &str) -> Behind>,
    /// Shows what the cache of the collection holds of it; `None` where that is not listed.
    pub shown: fn(&Account) -> Option<CloudResources>,
    /// Whether such resources take bandwidth of connections.
    pub allocates: bool,
    /// Whether they are ordered elsewhere, so that none needs an object.
    pub is_ordered_elsewhere: bool,
}

impl ResourceType {
    /// Why a resource of this type is nobody's in this cluster; `None` if it is somebody's, or goes. `is_held` tells whether an object has it or imports it,
    /// `exists` whether an object is there.
    #[must_use]
    pub fn unowned(
        &self,
        resource: &CloudResource,
        cluster: &str,
        is_held: impl FnOnce(&str) -> bool,
        exists: impl FnOnce(&ObjectKey) -> bool,
    ) -> Option<Unowned> {
        let is_looked_at = !(self.is_ordered_elsewhere || resource.is_part || resource.is_going);
        (is_looked_at && !is_held(&resource.id)).then(|| unowned(resource.owner.as_deref(), self.kind, cluster, exists))?
    }
}

impl Account {
    /// What stands behind the id of a resource of `kind`. `cluster` identifies this cluster in owner tags.
    #[must_use]
    pub fn behind(&self, kind: &str, id: &str, cluster: &str) -> Behind {
        let type_ = self.types.iter().find(|type_| type_.kind == kind);
        type_.and_then(|type_| type_.behind).map_or(Behind::NotNameable, |behind| behind(self, id, cluster))
    }

    /// Whether `feature` may be used.
    #[must_use]
    pub fn allows(&self, feature: fn(&Features) -> Option<Feature>) -> bool {
        self.features.allow(feature)
    }

    fn tags(&self) -> Feature {
        self.features.tags.unwrap_or_default()
    }

    /// Whether the region keeps the tags of these resources, as far as is known.
    #[must_use]
    pub fn keeps_tags(&self, scope: TagScope) -> bool {
        match (self.tags(), scope) {
            (Feature::Disabled, _) => false,
            (Feature::Enabled, _) => true,
            (Feature::Auto, TagScope::Region) => !self.caches.tags_refused.load(Ordering::Relaxed),
            (Feature::Auto, TagScope::Create(collection)) => !self.caches.refuses_tags_of(collection),
        }
    }

    /// Whether the region has no operation that changes tags.
    #[must_use]
    pub fn lacks_tag_operation(&self, error: &CloudError) -> bool {
        self.tags() == Feature::Auto && error.class == ErrorClass::Unsupported && error.operation == "BatchCreateResourceTags"
    }

    /// Whether a create that carried tags may have been refused for them: nothing is known yet of tags of these resources in this region.
    #[must_use]
    pub fn may_refuse_tags(&self, scope: TagScope, error: &CloudError) -> bool {
        self.tags() == Feature::Auto && error.class == ErrorClass::Invalid && self.keeps_tags(scope) && !self.shows_tags(scope)
    }

    /// Concludes that the region does not support tags of these resources.
    pub fn do_without_tags(&self, scope: TagScope) {
        let is_news = match scope {
            TagScope::Region => !self.caches.tags_refused.swap(true, Ordering::Relaxed),
            TagScope::Create(collection) => self.caches.do_without_tags_of(collection),
        };
        if is_news {
            tracing::info!(?scope, "the region does not support tags: resources are found by intents and natural keys alone");
        }
    }

    /// Whether a resource of ours is seen with its tag: then it is not tags as such that the region refuses.
    fn shows_tags(&self, scope: TagScope) -> bool {
        let is_of = |collection: &str| match scope {
            TagScope::Region => true,
            TagScope::Create(only) => collection == only,
        };
        self.caches.refreshed().iter().any(|cache| is_of(cache.collection()) && cache.has_tag(OWNER_TAG))
    }

    /// Somebody waits for room in a quota: they are read often until there is some.
    pub fn watch_quotas(&self) {
        self.caches.quotas_watched.store(true, Ordering::Relaxed);
    }

    /// What a refusal by the cloud can depend on: the client with its credentials, and the defaults.
    pub fn hash_identity(&self, hasher: &mut impl Hasher) {
        self.caches.id.hash(hasher);
        format!("{:?}", self.defaults).hash(hasher);
    }

    /// The collection is not to be listed any more.
    pub fn rest<R: Listed>(&self) {
        self.caches.rest::<R>();
    }

    /// The contents of the cache of a collection that is listed anyway: this starts no LIST.
    #[must_use]
    pub fn view_if_listed<R: Listed>(&self) -> Option<View<R>> {
        self.caches.view_if_listed()
    }

    /// The cache of a collection.
    #[must_use]
    pub fn cache<R: Listed>(&self) -> Arc<CloudCache<R>> {
        self.caches.get()
    }
}
