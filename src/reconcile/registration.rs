//! A kind as a value: all that is kept of it in one list. Who goes over the kinds goes over the list and names none of them.

use futures::future::BoxFuture;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::runtime::reflector::Store;
use kube::{CustomResourceExt, Resource};
use serde::Deserialize;
use serde_json::Value;
use std::any::Any;
use std::fmt;
use std::sync::Arc;

use super::controller::{Shared, controller};
use super::existing::{self, Existing, ExistingResources};
use super::kind::{Kind, Place, Reference, ResourcePhase};
use super::plan::{Planner, Views};
use crate::accounts::{Account, Behind, CloudResource, CloudResources, ResourceType};
use crate::api::cloud_account::{Feature, Features};
use crate::api::{DeletionPolicy, SecretKeyReference};
use crate::cache::View;
use crate::cloud::{Client, CloudError, Item, Listed, Priority};
use crate::graph::owner::{OWNER_TAG, keeper_of};
use crate::telemetry::metrics::Source;

/// Makes the source of a kind's metrics from the stores of all kinds.
type MetricsOf = fn(&Stores) -> Option<Arc<dyn Source>>;

/// Reads the resources of a kind from the cloud.
type ListOf = fn(&Client) -> BoxFuture<'_, Result<CloudResources, CloudError>>;

/// Reads what the cloud shows for a kind.
type ReadExisting = fn(&Client) -> BoxFuture<'_, Result<ExistingResources, CloudError>>;

/// A kind that the operator runs.
#[derive(Clone, Copy)]
pub struct Registration {
    /// Name of the kind.
    pub kind: &'static str,
    /// Every reference that a spec of the kind can hold: its field and the kind that it leads to.
    pub references: &'static [(&'static str, &'static str)],
    /// Where its resources stand on the way from the line to the networks.
    pub place: Place,
    /// Operations of LIST and show.
    pub reads: [&'static str; 2],
    /// Operations that write.
    pub writes: &'static [&'static str],
    /// The type of its resources.
    pub resource_type: ResourceType,
    feature: Option<fn(&Features) -> Option<Feature>>,
    definition: fn() -> CustomResourceDefinition,
    plural: fn() -> String,
    references_of: fn(&Value) -> serde_json::Result<Vec<Reference>>,
    list: ListOf,
    run: fn(Shared) -> Running,
    existing: ReadExisting,
    existing_in: fn(&Value) -> serde_json::Result<Vec<Existing>>,
    metrics: Option<MetricsOf>,
    planner: Planner,
}

/// A controller that was made and does not run yet.
pub struct Running {
    /// Runs it until the process is to end.
    pub run: BoxFuture<'static, ()>,
    /// Resolves when its watch has listed all objects.
    pub listed: BoxFuture<'static, ()>,
    store: Box<dyn Any + Send + Sync>,
}

/// The objects that the controllers watch, by kind.
#[derive(Default)]
pub struct Stores(Vec<Box<dyn Any + Send + Sync>>);

impl Registration {
    /// The kind `K`.
    #[must_use]
    pub const fn of<K: Kind>() -> Self
    where
        K::Object: CustomResourceExt,
    {
        let (list, show) = K::Listed::OPERATIONS;
        let behind: Option<fn(&Account, &str, &str) -> Behind> = if K::BY_ID.is_some() { Some(behind::<K>) } else { None };
        Self {
            kind: K::NAME,
            references: K::REFERENCES,
            place: K::PLACE,
            reads: [list, show],
            writes: K::WRITES,
            resource_type: ResourceType {
                kind: K::NAME,
                collection: K::Listed::PLURAL,
                behind,
                shown: shown::<K>,
                allocates: K::ALLOCATES,
                is_ordered_elsewhere: matches!(K::DELETION, Some(DeletionPolicy::Retain)),
            },
            feature: K::FEATURE,
            list: list_of::<K>,
            definition: <K::Object as CustomResourceExt>::crd,
            plural: plural::<K::Object>,
            references_of: references_of::<K>,
            run: run::<K>,
            existing: read_existing::<K>,
            existing_in: existing::of_item::<K>,
            metrics: None,
            planner: Planner::of::<K>(),
        }
    }

    /// With what the objects of several kinds tell together at a scrape; it tells nothing while one of the kinds is not run.
    #[must_use]
    pub const fn with_metrics(mut self, metrics: fn(&Stores) -> Option<Arc<dyn Source>>) -> Self {
        self.metrics = Some(metrics);
        self
    }

    /// Its definition as its types have it.
    #[must_use]
    pub fn definition(&self) -> CustomResourceDefinition {
        (self.definition)()
    }

    /// Whether an account with these features does without the kind: nothing of it is read then.
    #[must_use]
    pub fn is_disabled(&self, features: &Features) -> bool {
        self.feature.is_some_and(|feature| !features.allow(feature))
    }

    /// Plural name, as in the API server's paths.
    #[must_use]
    pub fn plural(&self) -> String {
        (self.plural)()
    }

    /// Objects that an object of the kind refers to by name.
    ///
    /// # Errors
    /// The object can't be read.
    pub fn references_of(&self, object: &Value) -> serde_json::Result<Vec<Reference>> {
        (self.references_of)(object)
    }

    /// Reads its resources from the cloud.
    ///
    /// # Errors
    /// As [`Client::list`].
    pub async fn resources(&self, client: &Client) -> Result<CloudResources, CloudError> {
        (self.list)(client).await
    }

    /// All operations that it needs.
    pub fn operations(&self) -> impl Iterator<Item = &'static str> {
        self.reads.into_iter().chain(self.writes.iter().copied())
    }

    /// Its part in a plan.
    pub(super) const fn planner(&self) -> &Planner {
        &self.planner
    }

    /// The account of an object, where objects that name none use the one that `of_namespace` says. `None` if the object can't be read.
    #[must_use]
    pub fn account_of(&self, object: &Value, of_namespace: &dyn Fn() -> String) -> Option<String> {
        (self.planner.account)(object, of_namespace)
    }

    /// The Secret that the create of an object's resource needs.
    #[must_use]
    pub fn secret_of(&self, object: &Value) -> Option<SecretKeyReference> {
        (self.planner.secret)(object)
    }

    /// Reads the collection that shows resources of the kind into `views`.
    ///
    /// # Errors
    /// The cloud refuses or does not answer.
    pub async fn read(&self, client: &Client, views: &mut Views) -> Result<(), CloudError> {
        (self.planner.read)(client, views).await
    }

    /// Makes its controller.
    #[must_use]
    pub fn controller(&self, shared: Shared) -> Running {
        (self.run)(shared)
    }

    /// What the cloud shows for the kind, in objects or not: one LIST. `None` where the account does without the kind.
    ///
    /// # Errors
    /// The cloud refuses or does not answer.
    pub async fn existing(&self, client: &Client, features: &Features) -> Result<Option<ExistingResources>, CloudError> {
        if self.is_disabled(features) {
            return Ok(None);
        }
        (self.existing)(client).await.map(Some)
    }

    /// What one item of the LIST shows for the kind.
    ///
    /// # Errors
    /// It can't be read.
    pub fn existing_in(&self, item: &Value) -> serde_json::Result<Vec<Existing>> {
        (self.existing_in)(item)
    }

    /// What is told at a scrape beside what every kind tells.
    #[must_use]
    pub fn metrics(&self, stores: &Stores) -> Option<Arc<dyn Source>> {
        self.metrics.and_then(|metrics| metrics(stores))
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Registration({})", self.kind)
    }
}

impl Stores {
    /// The objects of one kind, where that kind is run.
    #[must_use]
    pub fn get<O: Resource<DynamicType = ()> + Clone + Send + Sync + 'static>(&self) -> Option<Store<O>> {
        self.0.iter().find_map(|store| store.downcast_ref::<Store<O>>()).cloned()
    }
}

impl Running {
    /// Puts its objects where [`Registration::metrics`] finds them.
    pub fn keep_store(self, stores: &mut Stores) -> (BoxFuture<'static, ()>, BoxFuture<'static, ()>) {
        stores.0.push(self.store);
        (self.run, self.listed)
    }
}

fn plural<O: Resource<DynamicType = ()>>() -> String {
    O::plural(&()).into_owned()
}

fn run<K: Kind>(shared: Shared) -> Running {
    let (run, listed, store) = controller::<K>(shared);
    Running { run: Box::pin(run), listed: Box::pin(listed), store: Box::new(store) }
}

fn read_existing<K: Kind>(client: &Client) -> BoxFuture<'_, Result<ExistingResources, CloudError>>
where
    K::Object: CustomResourceExt,
{
    Box::pin(existing::of_cloud::<K>(client))
}

fn references_of<K: Kind>(object: &Value) -> serde_json::Result<Vec<Reference>> {
    K::Object::deserialize(object).map(|object| K::references(&object))
}

/// What the account's cache holds of the kind, where the collection is listed anyway.
fn shown<K: Kind>(account: &Account) -> Option<CloudResources> {
    let view = account.view_if_listed::<K::Listed>()?;
    let (readable, unreadable) = (view.iter().map(AsRef::as_ref), view.unreadable().count());
    Some(resources::<K>(readable, unreadable))
}

fn list_of<K: Kind>(client: &Client) -> BoxFuture<'_, Result<CloudResources, CloudError>> {
    Box::pin(async move {
        let listed = client.list::<K::Listed>(Priority::Wait).await?;
        let all = listed.len();
        let readable: Vec<K::Listed> = listed.into_iter().filter_map(Item::into_readable).collect();
        Ok(resources::<K>(readable.iter(), all - readable.len()))
    })
}

/// The resources of the kind in what is listed.
fn resources<'a, K: Kind>(readable: impl Iterator<Item = &'a K::Listed>, unreadable: usize) -> CloudResources {
    let mut all = CloudResources { listed: unreadable, resources: Vec::new(), is_whole: unreadable == 0 };
    for item in readable {
        all.listed += 1;
        all.resources.extend(K::resources(item).iter().map(|seen| CloudResource {
            id: K::id(seen).to_owned(),
            name: K::name(seen).filter(|name| !name.is_empty()).map(str::to_owned),
            owner: K::tags(seen).remove(OWNER_TAG),
            is_part: K::id(seen) != item.id(),
            is_going: matches!(K::phase(seen), ResourcePhase::Deleting | ResourcePhase::Gone),
            allocation: K::allocation(seen),
        }));
    }
    all
}

/// What stands behind the id of a resource of the kind.
fn behind<K: Kind>(account: &Account, id: &str, cluster: &str) -> Behind {
    let is_used = K::FEATURE.is_none_or(|feature| account.allows(feature));
    behind_in::<K>(is_used, || Some(account.cache::<K::Listed>().view()), id, cluster)
}

/// The same, where `view` looks at the collection: `None` if it is not known. No call is made for one that is not used.
pub(super) fn behind_in<K: Kind>(is_used: bool, view: impl FnOnce() -> Option<View<K::Listed>>, id: &str, cluster: &str) -> Behind {
    let Some(by_id) = K::BY_ID else { return Behind::NotNameable };
    if !is_used {
        return Behind::Absent((by_id.uses_of_absent)(id));
    }
    let Some(view) = view() else { return Behind::Unknown(None) };
    match view.get(id) {
        Some(item) => {
            let owner = item.tags().iter().find(|tag| tag.key == OWNER_TAG);
            Behind::There((by_id.uses)(item), owner.and_then(|tag| keeper_of(&tag.value, K::NAME, cluster)))
        }
        None if view.is_filled() => Behind::Absent((by_id.uses_of_absent)(id)),
        None => Behind::Unknown(view.error().cloned().map(Box::new)),
    }
}
