//! The inventory of an account: what its caches show, and what of that is nobody's. It costs one LIST of the connections an hour, and no other
//! call: it looks at the collections that are listed anyway.
//!
//! What is just being made or deleted may be nobody's for a moment. So a resource is told only when a second look, some time later, shows it, too.

use jiff::SignedDuration;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
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
use crate::cloud::{Connection, Item, Listed, Priority};
use crate::cluster::status::now;
use crate::graph::owner::unowned;
use crate::graph::{Index, ObjectKey};

/// How often the connections are listed.
const EVERY: Duration = Duration::from_hours(1);
/// How often the LIST of the connections is tried.
const RETRY: Duration = Duration::from_mins(10);
/// Longest time for it: a pass of the account waits.
const LIST_TIMEOUT: Duration = Duration::from_secs(20);
/// From the first look at an account until its connections are listed: the objects that have waited for the account come first.
const NOT_AT_ONCE: Duration = Duration::from_secs(20);
/// Time between two looks: what both show is told.
pub(super) const CONFIRM: Duration = Duration::from_secs(10);

/// What the looks at an account have shown.
#[derive(Clone, Default)]
pub(super) struct Looks {
    /// When the last one was.
    last: Option<Instant>,
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
type Suspect = (&'static str, String, Unowned);

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
    /// Who knows of one shard only can't say what is nobody's. An account that no object uses is not looked at.
    pub(super) async fn take_inventory(&self, name: &str, account: &Account, last: Option<&Inventory>, is_used: bool) -> bool {
        let mut looks = self.looks(name);
        if !(self.shard.is_whole() && is_used) {
            looks = Looks::default();
        } else if looks.last.is_none_or(|last| last.elapsed() >= CONFIRM) {
            if looks.last.is_none() {
                // What a process before this one has listed is not listed again at once: many accounts may begin together.
                looks.lines = last.and_then(Lines::of_status).map(Arc::new);
                looks.list_at = Some(Instant::now() + if looks.lines.is_some() { any_part(EVERY) } else { NOT_AT_ONCE });
            }
            self.look(account, &mut looks).await;
        }
        let is_to_be_confirmed = looks.is_to_be_confirmed;
        self.known(name, |known| known.built.iter_mut().for_each(|built| built.looks = looks.clone()));
        is_to_be_confirmed
    }

    /// What the looks at an account have shown.
    fn looks(&self, name: &str) -> Looks {
        self.known(name, |known| known.built.as_ref().map(|built| built.looks.clone())).unwrap_or_default()
    }

    async fn look(&self, account: &Account, looks: &mut Looks) {
        if let Some(view) = account.view_if_listed::<Connection>() {
            // Some object needs them: they are there without a call.
            looks.lines = Some(Arc::new(Lines::of(view.iter().map(AsRef::as_ref))));
        } else if looks.list_at.is_some_and(|at| at <= Instant::now()) {
            let listed = timeout(LIST_TIMEOUT, account.client.list::<Connection>(Priority::Background)).await;
            let connections = listed.ok().and_then(Result::ok);
            looks.list_at = Some(Instant::now() + if connections.is_some() { jittered(EVERY) } else { RETRY });
            if let Some(connections) = connections {
                let readable: Vec<Connection> = connections.into_iter().filter_map(Item::into_readable).collect();
                looks.lines = Some(Arc::new(Lines::of(&readable)));
            }
        }
        let look = Look::at(&account.types, |type_| (type_.shown)(account), &self.index, self.accounts.cluster());
        let told = look.told(&looks.suspects, looks.lines.as_deref());
        let is_first = looks.last.replace(Instant::now()).is_none();
        looks.suspects = Arc::new(look.suspects());
        looks.is_to_be_confirmed = !told.is_empty() && (is_first || looks.suspects.len() > told.total());
        if !is_first && !told.is_empty() {
            looks.told = Some(Arc::new(told));
        }
    }

    /// The inventory for the status: at each write as of the last look, and by itself no reason to write more often than once an hour.
    pub(super) fn inventory(&self, name: &str, last: &CloudAccountStatus, is_used: bool) -> Option<Inventory> {
        if !(self.shard.is_whole() && is_used) {
            return None;
        }
        let last = last.inventory.clone();
        // Before the second look since the process began, what is told stays.
        let Some(told) = self.looks(name).told else { return last };
        Some(told.after(last, now()))
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
    fn at(types: &[ResourceType], shown: impl Fn(&ResourceType) -> Option<CloudResources>, index: &Index, cluster: &str) -> Self {
        let imports = index.imports();
        let mut look = Self::default();
        for type_ in types {
            let Some(CloudResources { listed, resources, is_whole: _ }) = shown(type_) else { continue };
            look.collections.insert(type_.collection, listed);
            let allocations = resources.iter().filter_map(|resource| resource.allocation.clone());
            if type_.allocates {
                look.allocations.get_or_insert_default().extend(allocations);
            }
            if type_.is_ordered_elsewhere {
                continue;
            }
            for resource in resources.into_iter().filter(|resource| !(resource.is_part || resource.is_going)) {
                let key = (type_.kind, resource.id.clone());
                if imports.contains(&key) || index.holder(type_.kind, &resource.id).is_some() {
                    continue;
                }
                let exists = |owner: &ObjectKey| index.summary(owner).is_some();
                if let Some(why) = unowned(resource.owner.as_deref(), type_.kind, cluster, exists) {
                    look.unowned.insert(key, (resource, why));
                }
            }
        }
        look
    }

    fn suspects(&self) -> BTreeSet<Suspect> {
        self.unowned.iter().map(|((kind, id), (_, why))| (*kind, id.clone(), *why)).collect()
    }

    /// What is told after this look, when the one before it showed these `suspects`.
    fn told(&self, suspects: &BTreeSet<Suspect>, lines: Option<&Lines>) -> Told {
        let confirmed = self.unowned.iter().filter(|((kind, id), (_, why))| suspects.contains(&(*kind, id.clone(), *why)));
        let mut told = Told::default();
        for ((kind, id), (resource, why)) in confirmed {
            *told.counts.entry((*kind, *why)).or_default() += 1;
            if told.unowned.len() < INVENTORY_LIMIT {
                let (name, owner) = (resource.name.clone(), resource.owner.clone());
                told.unowned.push(UnownedResource { kind: (*kind).to_owned(), id: id.clone(), name, owner, why: *why });
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
            let age = new.at.0.duration_since(last.at.0);
            SignedDuration::ZERO <= age && age < SignedDuration::from_hours(1) && Inventory { at: last.at.clone(), ..new.clone() } == *last
        };
        last.filter(is_same).unwrap_or(new)
    }

    fn inventory(&self, at: Time) -> Inventory {
        Inventory {
            at,
            collections: self.collections.clone(),
            connections: self.connections.clone(),
            unowned: self.unowned.clone(),
            unowned_total: number(self.total()),
        }
    }
}

fn number(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::ResourceSummary;
    use serde_json::json;

    const GATEWAYS: ResourceType = ResourceType {
        kind: "VirtualGateway",
        collection: "virtual_gateways",
        behind: None,
        shown: |_| None,
        allocates: false,
        is_ordered_elsewhere: false,
    };
    const INTERFACES: ResourceType =
        ResourceType { kind: "VirtualInterface", collection: "virtual_interfaces", allocates: true, ..GATEWAYS };
    const PEERS: ResourceType = ResourceType { kind: "Peer", allocates: false, ..INTERFACES };
    const LINES: ResourceType = ResourceType { kind: "Connection", collection: "direct_connects", is_ordered_elsewhere: true, ..GATEWAYS };

    fn resource(id: &str, owner: Option<&str>) -> CloudResource {
        CloudResource {
            id: id.to_owned(),
            name: Some(format!("name of {id}")),
            owner: owner.map(str::to_owned),
            ..CloudResource::default()
        }
    }

    /// An object `team/NAME` with this status and import.
    fn object(index: &Index, kind: &'static str, name: &str, id: Option<&str>, import: Option<&str>) {
        let key = ObjectKey { kind, namespace: "team".to_owned(), name: name.to_owned() };
        let [id, import] = [id, import].map(|id| id.map(str::to_owned));
        index.apply(&key, ResourceSummary { id, import, ..ResourceSummary::default() });
    }

    #[test]
    fn what_no_object_holds_imports_or_is_named_for_is_told() {
        let index = Index::default();
        object(&index, "VirtualGateway", "held", Some("1"), None);
        object(&index, "VirtualGateway", "imported", None, Some("2"));
        object(&index, "VirtualGateway", "named", None, None);
        let takes = Allocation { connection: "line".to_owned(), bandwidth: 50, vlan: Some(7) };
        let shown = |type_: &ResourceType| match type_.kind {
            "VirtualGateway" => Some(vec![
                resource("1", None),
                resource("2", None),
                resource("3", Some("here:team/named")),
                resource("4", None),
                resource("5", Some("there:team/named")),
                resource("6", Some("here:team/gone")),
            ]),
            "VirtualInterface" => Some(vec![CloudResource { allocation: Some(takes.clone()), ..resource("1", None) }]),
            "Peer" => Some(vec![CloudResource { is_part: true, ..resource("7", None) }]),
            "Connection" => Some(vec![resource("line", None)]),
            _ => None,
        };
        let shown =
            |type_: &ResourceType| shown(type_).map(|resources| CloudResources { listed: resources.len(), resources, is_whole: true });
        let unlisted = ResourceType { kind: "PeerLink", collection: "peer_links", ..GATEWAYS };
        let look = Look::at(&[LINES, GATEWAYS, INTERFACES, PEERS, unlisted], shown, &index, "here");
        let suspects = look.suspects();
        let line: Connection = serde_json::from_value(json!({ "id": "line", "bandwidth": 1000 })).unwrap();
        let told = look.told(&suspects, Some(&Lines::of([&line])));
        let unowned: Vec<_> = told.unowned.iter().map(|one| (one.kind.as_str(), one.id.as_str(), one.why)).collect();
        assert_eq!(
            unowned,
            [
                ("VirtualGateway", "4", Unowned::NoTag),
                ("VirtualGateway", "5", Unowned::AnotherCluster),
                ("VirtualGateway", "6", Unowned::ObjectGone),
                ("VirtualInterface", "1", Unowned::NoTag),
            ],
            "the interface has the ID of a gateway"
        );
        assert_eq!(told.unowned[1].owner.as_deref(), Some("there:team/named"));
        assert_eq!(told.counts[&("VirtualGateway", Unowned::NoTag)], 1);
        assert_eq!((told.counts.len(), told.total()), (4, 4));
        let collections: Vec<_> = told.collections.iter().map(|one| (one.name.as_str(), one.resources)).collect();
        assert_eq!(collections, [("direct_connects", 1), ("virtual_gateways", 6), ("virtual_interfaces", 1)]);
        assert_eq!(told.connections[0].allocated, Some(50));
        // The next process begins with that.
        assert_eq!(Lines::of_status(&told.inventory(now())), Some(Lines::of([&line])));
    }

    #[test]
    fn what_one_look_shows_alone_is_not_told_and_lists_are_bounded() {
        let index = Index::default();
        let ids: Vec<String> = (0..250).map(|number| format!("{number:03}")).collect();
        let shown = |_: &ResourceType| {
            Some(CloudResources { listed: ids.len(), resources: ids.iter().map(|id| resource(id, None)).collect(), is_whole: true })
        };
        let look = Look::at(&[GATEWAYS], shown, &index, "here");
        assert!(look.told(&BTreeSet::new(), None).unowned.is_empty());
        let inventory = look.told(&look.suspects(), None).inventory(now());
        assert_eq!((inventory.unowned.len(), inventory.unowned_total), (INVENTORY_LIMIT, 250));
        assert!(inventory.connections.is_empty());
    }

    #[test]
    fn time_alone_is_no_reason_to_write_within_the_hour() {
        let at = |minutes: i64| Time(jiff::Timestamp::from_second(60 * minutes).unwrap());
        let told = |resources| Told { collections: vec![Collection { name: "virtual_gateways".to_owned(), resources }], ..Told::default() };
        let last = Some(told(1).inventory(at(100)));
        let rows = [(1, 130, 100), (2, 130, 130), (1, 160, 160), (1, 90, 90)];
        for (resources, now, written) in rows {
            assert_eq!(told(resources).after(last.clone(), at(now)).at, at(written), "{resources} at {now}");
        }
        assert_eq!(told(1).after(None, at(5)).at, at(5));
    }
}
