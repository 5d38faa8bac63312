//! What hangs on what: connections, interfaces with their peers, gateways, what gateways have, networks.
//!
//! A pure function of the objects and grants that were read. It names no kind: where a kind stands comes from its registration, references by
//! name from it too, and ids from the API's fields ([`ids`]). Nodes and edges are sorted, so that the same objects give the same bytes.

mod build;
mod facts;
mod ids;
#[cfg(test)]
mod tests;

use direct_connect_operator::api::DirectConnectGrant;
use direct_connect_operator::reconcile::Place;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

pub use build::key;
pub use facts::sessions;

use crate::summary::Summary;

/// Objects and the ids that they name, and what leads from one to another.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Topology {
    /// By column, then objects before bare ids, then namespace and label.
    pub nodes: Vec<Node>,
    /// In the order of the nodes at which they begin, then at which they end.
    pub edges: Vec<Edge>,
}

/// An object, or something that objects name by its id alone.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Node {
    /// Names it among all nodes, in every run alike: `VirtualInterface/team/office`, `Vpc/0000…`.
    pub key: String,
    /// Kind of the object, or of the resource: `VirtualInterface`, `Vpc`, `EnterpriseRouter`, …
    pub kind: String,
    /// What is known of it.
    pub presence: Presence,
    /// 0 for leased lines, 1 for shares of them, 2 for interfaces with their peers, 3 for gateways, 4 for their links, routes and addresses, 5 for
    /// networks.
    pub column: u8,
    /// As people name it: `vif/office`, `VPC 0000…`.
    pub label: String,
    /// Namespace of the object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Name of the object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// ID of the cloud resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The node of the same column of which it is a part: of a peer its interface.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part_of: Option<String>,
    /// A few words each: `VLAN 31`, `50 Mbit/s`, `BGP ESTABLISHED`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<String>,
    /// What its conditions say, if it is an object that was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
}

/// What is known of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Presence {
    /// An object that was read.
    Object,
    /// An object that others refer to and that was not read: it is not there, or may not be read.
    NotRead,
    /// A resource that is named by its id only.
    Id,
}

/// What leads from one node to another.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Edge {
    /// Key of the node at which it begins.
    pub from: String,
    /// Key of the node at which it ends.
    pub to: String,
    /// Key of the node that says so.
    pub by: String,
    /// The field that says so: `virtualGatewayRef`, `peerSite.enterpriseRouterId`.
    pub field: String,
    /// What it means.
    pub role: Role,
    /// Whether the reference is granted, where it leads to another namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<Grant>,
}

/// What an edge means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Role {
    /// A piece of the way from the line to the networks, in this direction; or from an interface to its peer. These make no circle.
    Path,
    /// Something else that the object at its beginning names: the next hop of a route, the other end of a link.
    Aside,
}

/// Whether a reference to another namespace is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Grant {
    /// A `DirectConnectGrant` allows it, or the operator is seen to follow it.
    Granted,
    /// No `DirectConnectGrant` allows it.
    Missing,
    /// The grants of that namespace can't be read.
    Unknown,
}

/// The grants that were read.
#[derive(Clone, Debug, Default)]
pub struct Grants {
    /// All of them.
    pub grants: Vec<DirectConnectGrant>,
    /// The namespaces whose grants were read; `None`: all.
    pub namespaces: Option<BTreeSet<String>>,
}

impl Topology {
    /// A node by its key.
    #[must_use]
    pub fn node(&self, key: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.key == key)
    }

    /// What leads away from each node, by the key of that node.
    #[must_use]
    pub fn outgoing(&self) -> BTreeMap<&str, Vec<&Edge>> {
        grouped(&self.edges, |edge| &edge.from)
    }

    /// What leads to each node, by the key of that node.
    #[must_use]
    pub fn incoming(&self) -> BTreeMap<&str, Vec<&Edge>> {
        grouped(&self.edges, |edge| &edge.to)
    }

    /// What lies on a way through `key`: all before it, all behind it, and the parts of these. Of a part it is the way through the whole.
    #[must_use]
    pub fn around(&self, key: &str) -> Self {
        let start = self.node(key).and_then(|node| node.part_of.as_deref()).unwrap_or(key);
        let mut kept = reach(start, &self.outgoing(), |edge| &edge.to);
        kept.extend(reach(start, &self.incoming(), |edge| &edge.from));
        let is_kept = |node: &&Node| kept.contains(node.part_of.as_ref().unwrap_or(&node.key).as_str()) || kept.contains(node.key.as_str());
        let nodes: Vec<Node> = self.nodes.iter().filter(is_kept).cloned().collect();
        let keys: BTreeSet<&str> = nodes.iter().map(|node| node.key.as_str()).collect();
        let edges = self.edges.iter().filter(|edge| keys.contains(edge.from.as_str()) && keys.contains(edge.to.as_str()));
        Self { edges: edges.cloned().collect(), nodes }
    }
}

/// All that is reached from `start` by paths, with itself.
fn reach<'a>(start: &'a str, edges: &BTreeMap<&str, Vec<&'a Edge>>, end: impl Fn(&'a Edge) -> &'a str) -> BTreeSet<&'a str> {
    let (mut reached, mut open) = (BTreeSet::from([start]), vec![start]);
    while let Some(key) = open.pop() {
        let next = edges.get(key).into_iter().flatten().filter(|edge| edge.role == Role::Path).map(|edge| end(edge));
        open.extend(next.filter(|key| reached.insert(key)));
    }
    reached
}

fn grouped<'a>(edges: &'a [Edge], end: impl Fn(&'a Edge) -> &'a String) -> BTreeMap<&'a str, Vec<&'a Edge>> {
    let mut all = BTreeMap::<&str, Vec<&Edge>>::new();
    for edge in edges {
        all.entry(end(edge)).or_default().push(edge);
    }
    all
}

/// The column of a place.
const fn column(place: Place) -> u8 {
    place as u8
}
