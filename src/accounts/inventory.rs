//! The inventory of an account: what its caches show, and what of that is nobody's. It costs one LIST of the connections an hour, and no other
//! call: it looks at the collections that are listed anyway.
//!
//! What is just being made or deleted may be nobody's for a moment. So a resource is told only when a second look, some time later, shows it, too.

use jiff::SignedDuration;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout};

use super::account::{Account, ResourceType};
use super::context::Context;
use super::resources::{Allocation, CloudResource, CloudResources, capacities, with_allocations};
use crate::api::cloud_account::CloudAccountStatus;
use crate::api::{Collection, ConnectionCapacity, INVENTORY_LIMIT, Inventory, Unowned, UnownedResource};
use crate::backoff::{any_part, jittered};
use crate::cloud::{CloudError, Connection, ErrorClass, Item, Listed, Priority};
use crate::cluster::status::now;
use crate::graph::{Index, ObjectKey};

/// How often the connections are listed.
const EVERY: Duration = Duration::from_hours(1);
/// How often the LIST of the connections is tried.
const RETRY: Duration = Duration::from_mins(10);
/// Longest time for it: a pass of the account waits.
const LIST_TIMEOUT: Duration = Duration::from_secs(20);
/// From the first look at an account until its connections are listed: the objects that have waited for the account come first.
const NOT_AT_ONCE: Duration = Duration::from_secs(20);
/// Longest time in which the caches are filled after the start.
const FILLED_WITHIN: Duration = Duration::from_mins(5);
/// Time between two looks: what both show is told.
pub(super) const CONFIRM: Duration = Duration::from_secs(10);

/// What the looks at an account have shown.
#[derive(Clone, Default)]
pub(super) struct Looks {
    /// When the first and the last one was.
    first: Option<Instant>,
    last: Option<Instant>,
    /// When the last one was that the cloud answered to.
    as_of: Option<Time>,
    /// What the last one showed that is nobody's.
    suspects: Arc<BTreeSet<Suspect>>,
    /// When the LIST of the connections is due, and what the last one showed.
    list_at: Option<Instant>,
    lines: Option<Arc<Lines>>,
    /// What is told.
    pub told: Option<Arc<Told>>,
    /// The last look showed what a second one is to confirm.
    is_to_be_confirmed: bool,
}

/// The connections of an account.
#[derive(Debug, Default, PartialEq, Eq)]
struct Lines {
    total: i64,
    /// Those that are told, without what is allocated.
    told: Vec<ConnectionCapacity>,
}

/// A resource that seems to be nobody's.
type Suspect = (&'static str, String);

/// What is told of an account, but for the time.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    collections: Vec<Collection>,
    connections: Vec<ConnectionCapacity>,
    unowned: Vec<UnownedResource>,
    /// Number of resources that are nobody's by kind and reason.
    pub counts: BTreeMap<(&'static str, Unowned), usize>,
}

/// One look at the caches of an account.
#[derive(Default)]
struct Look {
    collections: BTreeMap<&'static str, usize>,
    allocations: Option<Vec<Allocation>>,
    unowned: BTreeMap<(&'static str, String), (CloudResource, Unowned)>,
}

impl Context {
    /// Looks at an account whose status tells `last`. Returns whether a second look is to follow soon.
    ///
    /// Who knows of one shard only can't say what is nobody's. An account without `users`, the objects that use it, is not looked at.
    pub(super) async fn take_inventory(&self, name: &str, account: &Account, last: Option<&Inventory>, users: &[ObjectKey]) -> bool {
        let mut looks = self.looks(name);
        if !self.shard.is_whole() || users.is_empty() {
            looks = Looks::default();
        } else if looks.last.is_none_or(|last| last.elapsed() >= CONFIRM) {
            if looks.first.is_none() {
                looks = Looks::after(last, &account.types);
            }
            self.look(account, &mut looks, last, users).await;
        }
        let is_to_be_confirmed = looks.is_to_be_confirmed;
        self.known(name, |known| known.looks = looks);
        is_to_be_confirmed
    }

    /// What the looks at an account have shown.
    fn looks(&self, name: &str) -> Looks {
        self.known(name, |known| known.looks.clone())
    }

    async fn look(&self, account: &Account, looks: &mut Looks, last: Option<&Inventory>, users: &[ObjectKey]) {
        if let Some(view) = account.view_if_listed::<Connection>() {
            // Some object needs them: they are there without a call.
            looks.lines = Some(Arc::new(Lines::of(view.iter().map(AsRef::as_ref))));
        } else if looks.list_at.is_some_and(|at| at <= Instant::now()) && account.client.unanswered().is_none() {
            let listed = timeout(LIST_TIMEOUT, account.client.list::<Connection>(Priority::Background)).await;
            // Who may not list them may not in ten minutes either.
            let is_final = |error: &CloudError| matches!(error.class, ErrorClass::Permission | ErrorClass::Unsupported);
            let is_done = listed.as_ref().is_ok_and(|listed| listed.as_ref().map_or_else(is_final, |_| true));
            looks.list_at = Some(Instant::now() + if is_done { jittered(EVERY) } else { RETRY });
            if let Ok(Ok(connections)) = listed {
                let readable: Vec<Connection> = connections.into_iter().filter_map(Item::into_readable).collect();
                looks.lines = Some(Arc::new(Lines::of(&readable)));
            }
        }
        let look = Look::at(&in_use(&account.types, users), |type_| (type_.shown)(account), &self.index, self.accounts.cluster());
        let told = look.told(&looks.suspects, looks.lines.as_deref());
        looks.take(look.suspects(), told, last);
        if account.client.unanswered().is_none() {
            looks.as_of = Some(now());
        }
    }

    /// The inventory for the status: at each write as of the last look, and by itself no reason to write more often than once an hour.
    pub(super) fn inventory(&self, name: &str, last: &CloudAccountStatus, is_used: bool) -> Option<Inventory> {
        if !self.shard.is_whole() || !is_used {
            return None;
        }
        let last = last.inventory.clone();
        // Before the second look since the process began, what is told stays.
        let looks = self.looks(name);
        let Some(told) = looks.told else { return last };
        Some(told.after(last, looks.as_of.unwrap_or_else(now)))
    }
}

impl Looks {
    /// Before the first look of this process, at an account whose status tells `last`.
    fn after(last: Option<&Inventory>, types: &[ResourceType]) -> Self {
        let kind = |kind: &str| types.iter().find(|type_| type_.kind == kind).map(|type_| type_.kind);
        let suspects = last.iter().flat_map(|last| &last.unowned).filter_map(|one| Some((kind(&one.kind)?, one.id.clone())));
        let lines = last.and_then(Lines::of_status).map(Arc::new);
        // What a process before this one has listed is not listed again at once: many accounts may begin together.
        let list_at = Instant::now() + if lines.is_some() { any_part(EVERY) } else { NOT_AT_ONCE };
        Self { first: Some(Instant::now()), suspects: Arc::new(suspects.collect()), list_at: Some(list_at), lines, ..Self::default() }
    }

    /// Takes what a look shows. At first nothing is told that says less than the status does while the caches are still being filled.
    fn take(&mut self, suspects: BTreeSet<Suspect>, told: Told, last: Option<&Inventory>) {
        let is_first = self.last.replace(Instant::now()).is_none();
        let is_unconfirmed = suspects.len() > told.total();
        self.suspects = Arc::new(suspects);
        let is_known = |collection: &Collection| told.collections.iter().any(|known| known.name == collection.name);
        let is_filled = last.is_none_or(|last| last.collections.iter().all(is_known));
        let is_late = self.first.is_some_and(|first| first.elapsed() >= FILLED_WITHIN);
        let is_told = self.told.is_some() || !is_first && (is_late || !is_unconfirmed && is_filled);
        self.is_to_be_confirmed = !told.is_empty() && (is_unconfirmed || !is_told);
        if is_told && !told.is_empty() {
            self.told = Some(Arc::new(told));
        }
    }
}

impl Lines {
    fn of<'a>(connections: impl IntoIterator<Item = &'a Connection>) -> Self {
        let mut told = capacities(connections, None);
        let total = number(told.len());
        told.truncate(INVENTORY_LIMIT);
        Self { total, told }
    }

    /// What a status tells.
    fn of_status(inventory: &Inventory) -> Option<Self> {
        let listed = inventory.collections.iter().find(|collection| collection.name == Connection::PLURAL)?;
        Some(Self { total: listed.resources, told: with_allocations(inventory.connections.clone(), None) })
    }
}

impl Look {
    /// Looks at what is shown of each type; `None` where that is not listed.
    fn at(types: &[&ResourceType], shown: impl Fn(&ResourceType) -> Option<CloudResources>, index: &Index, cluster: &str) -> Self {
        // Few resources have no holder: mostly it is not asked for.
        let imports = LazyCell::new(|| index.imports());
        let mut look = Self::default();
        for &type_ in types {
            let Some(CloudResources { listed, resources, is_whole: _ }) = shown(type_) else { continue };
            look.collections.insert(type_.collection, listed);
            let allocations = resources.iter().filter_map(|resource| resource.allocation.clone());
            if type_.allocates {
                look.allocations.get_or_insert_default().extend(allocations);
            }
            for resource in resources {
                let key = (type_.kind, resource.id.clone());
                let is_held = |id: &str| index.holder(type_.kind, id).is_some() || imports.contains(&key);
                if let Some(why) = type_.unowned(&resource, cluster, is_held, |owner| index.knows(owner)) {
                    look.unowned.insert(key, (resource, why));
                }
            }
        }
        look
    }

    fn suspects(&self) -> BTreeSet<Suspect> {
        self.unowned.keys().cloned().collect()
    }

    /// What is told after this look, when the one before it showed these `suspects`.
    fn told(&self, suspects: &BTreeSet<Suspect>, lines: Option<&Lines>) -> Told {
        let confirmed = self.unowned.iter().filter(|(suspect, _)| suspects.contains(*suspect));
        let mut told = Told::default();
        for ((kind, id), (resource, why)) in confirmed {
            *told.counts.entry((*kind, *why)).or_default() += 1;
            if told.unowned.len() < INVENTORY_LIMIT {
                let (name, owner) = (resource.name.clone(), resource.owner.clone());
                told.unowned.push(UnownedResource { kind: (*kind).to_owned(), id: id.clone(), name, owner, reason: *why });
            }
        }
        let collection = |(name, resources): (&&str, &usize)| Collection { name: (*name).to_owned(), resources: number(*resources) };
        told.collections = self.collections.iter().map(collection).collect();
        if let Some(lines) = lines {
            told.connections = with_allocations(lines.told.clone(), self.allocations.as_deref());
            told.collections.retain(|collection| collection.name != Connection::PLURAL);
            told.collections.push(Collection { name: Connection::PLURAL.to_owned(), resources: lines.total });
            told.collections.sort_by(|one, other| one.name.cmp(&other.name));
        }
        told
    }
}

impl Told {
    fn total(&self) -> usize {
        self.counts.values().sum()
    }

    /// Whether nothing was looked at.
    fn is_empty(&self) -> bool {
        self.collections.is_empty()
    }

    /// What is written after `last`: the same for an hour, if nothing changed.
    fn after(&self, last: Option<Inventory>, now: Time) -> Inventory {
        let new = self.inventory(now);
        let is_same = |last: &Inventory| {
            let age = new.last_update_time.0.duration_since(last.last_update_time.0);
            SignedDuration::ZERO <= age
                && age < SignedDuration::from_hours(1)
                && Inventory { last_update_time: last.last_update_time.clone(), ..new.clone() } == *last
        };
        last.filter(is_same).unwrap_or(new)
    }

    fn inventory(&self, at: Time) -> Inventory {
        Inventory {
            last_update_time: at,
            collections: self.collections.clone(),
            connections: self.connections.clone(),
            unowned: self.unowned.clone(),
            unowned_total: number(self.total()),
        }
    }
}

/// The types whose collections are listed all the time, since an object of these `users` needs them. Others are listed now and then: to tell of them
/// would make the inventory come and go.
fn in_use<'a>(types: &'a [ResourceType], users: &[ObjectKey]) -> Vec<&'a ResourceType> {
    let needed: BTreeSet<&str> =
        types.iter().filter(|type_| users.iter().any(|user| user.kind == type_.kind)).map(|type_| type_.collection).collect();
    types.iter().filter(|type_| needed.contains(type_.collection)).collect()
}

fn number(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[path = "inventory_tests.rs"]
mod tests;
