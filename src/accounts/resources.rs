//! The cloud resources of a type as all kinds show them alike: what an inventory knows of each.

use std::collections::BTreeMap;

use crate::api::ConnectionCapacity;
use crate::cloud::Connection;

/// What a collection holds of one type of resources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CloudResources {
    /// Number of items in the collection, also of those that can't be read.
    pub listed: usize,
    /// The resources that can be read.
    pub resources: Vec<CloudResource>,
    /// Whether all items can be read.
    pub is_whole: bool,
}

/// A cloud resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CloudResource {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// Value of its owner tag.
    pub owner: Option<String>,
    /// It is listed inside another resource, and belongs to whom that one belongs to.
    pub is_part: bool,
    /// The cloud deletes it, or has deleted it.
    pub is_going: bool,
    /// What it takes of a connection.
    pub allocation: Option<Allocation>,
}

/// What a resource takes of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allocation {
    /// Id of the connection.
    pub connection: String,
    /// Mbit/s.
    pub bandwidth: i64,
    /// VLAN.
    pub vlan: Option<i32>,
}

/// These connections by ID, when others take `allocations` of them; `None` where that is not known.
#[must_use]
pub fn capacities<'a>(
    connections: impl IntoIterator<Item = &'a Connection>,
    allocations: Option<&[Allocation]>,
) -> Vec<ConnectionCapacity> {
    let capacity = |connection: &Connection| ConnectionCapacity {
        id: connection.id.clone(),
        name: connection.name.clone().filter(|name| !name.is_empty()),
        status: connection.status.clone(),
        bandwidth: connection.bandwidth.map(i64::from),
        allocated: None,
        location: connection.location.clone().filter(|location| !location.is_empty()),
    };
    let mut capacities: Vec<ConnectionCapacity> = connections.into_iter().map(capacity).collect();
    capacities.sort_by(|one, other| one.id.cmp(&other.id));
    // A LIST page by page can show one twice.
    capacities.dedup_by(|one, other| one.id == other.id);
    with_allocations(capacities, allocations)
}

/// The same connections with what is allocated of them now.
pub(super) fn with_allocations(mut connections: Vec<ConnectionCapacity>, allocations: Option<&[Allocation]>) -> Vec<ConnectionCapacity> {
    let mut taken: BTreeMap<&str, i64> = BTreeMap::new();
    for allocation in allocations.unwrap_or_default() {
        *taken.entry(&allocation.connection).or_default() += allocation.bandwidth;
    }
    for connection in &mut connections {
        connection.allocated = allocations.map(|_| taken.get(connection.id.as_str()).copied().unwrap_or_default());
    }
    connections
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_connection_has_what_nobody_takes() {
        let connection = |id: &str| serde_json::from_value(json!({ "id": id, "name": "", "bandwidth": 1000, "status": "ACTIVE" })).unwrap();
        let connections: Vec<Connection> = ["b", "a"].map(connection).into();
        let takes = |connection: &str, bandwidth| Allocation { connection: connection.to_owned(), bandwidth, vlan: None };
        let told = |allocations: Option<&[Allocation]>| {
            let all = capacities(&connections, allocations).into_iter();
            all.map(|capacity| (capacity.id, capacity.name, capacity.allocated)).collect::<Vec<_>>()
        };
        let rows = [takes("a", 50), takes("a", 80), takes("elsewhere", 5)];
        assert_eq!(told(Some(&rows)), [("a".to_owned(), None, Some(130)), ("b".to_owned(), None, Some(0))]);
        assert_eq!(told(None), [("a".to_owned(), None, None), ("b".to_owned(), None, None)]);
    }
}
