//! Makes the nodes and edges.

use direct_connect_operator::api::{ConditionType, WaitingFor};
use direct_connect_operator::kinds;
use direct_connect_operator::reconcile::Place;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

use super::facts::facts;
use super::ids::{FIELDS, describe};
use super::{Edge, Grant, Grants, Node, Presence, Role, Topology, column};
use crate::object::{Object, short_name};
use crate::summary::Summary;

/// Fields that name the other end, or the next hop: an object never hangs on what they lead to.
const OTHER_END: [&str; 4] = ["peerSite.globalGatewayRef", "peerSite.globalGatewayId", "nextHopGlobalGatewayRef", "nexthop"];

/// Where a field of an object leads.
struct Lead {
    field: String,
    to: String,
    place: Place,
}

/// What is looked up while building.
struct Builder<'a> {
    grants: &'a Grants,
    /// By key.
    nodes: BTreeMap<String, Node>,
    edges: Vec<Edge>,
    /// Objects by the id of their resource, or of a part of it.
    by_id: HashMap<&'a str, Vec<&'a Object>>,
}

impl Topology {
    /// Of these objects, which MAY be of several namespaces. What they refer to and is not among them becomes a node without a summary.
    #[must_use]
    pub fn new(objects: &[Object], grants: &Grants) -> Self {
        let mut builder = Builder { grants, nodes: BTreeMap::new(), edges: Vec::new(), by_id: by_id(objects) };
        for object in objects {
            builder.nodes.insert(key(object), node(object));
        }
        for object in objects {
            builder.follow(object);
        }
        builder.finish()
    }
}

impl Builder<'_> {
    /// Adds what `object` leads to.
    fn follow(&mut self, object: &Object) {
        let (own, me) = (object.kind.place, key(object));
        let mut leads = self.references(object);
        leads.extend(self.ids(object));
        let mut seen = HashSet::new();
        leads.retain(|lead| lead.to != me && seen.insert(lead.to.clone()));
        // Of what stands before it, it hangs on the nearest.
        let before = leads.iter().enumerate().filter(|(_, lead)| lead.place <= own && !OTHER_END.contains(&lead.field.as_str()));
        let stem = before.max_by_key(|(index, lead)| (lead.place, Reverse(*index))).map(|(index, _)| index);
        for (index, lead) in leads.into_iter().enumerate() {
            let is_stem = stem == Some(index);
            let grant = self.grant(object, &lead);
            let role = if is_stem || lead.place > own { Role::Path } else { Role::Aside };
            let is_part = is_stem && lead.place == own;
            self.note(&me, &lead, role, is_part);
            let (from, to) = if is_stem { (lead.to, me.clone()) } else { (me.clone(), lead.to) };
            self.edges.push(Edge { from, to, by: me.clone(), field: lead.field, role, grant });
        }
    }

    /// Tells at the object's node of what it is a part, and what it names aside.
    fn note(&mut self, me: &str, lead: &Lead, role: Role, is_part: bool) {
        let label = self.nodes.get(&lead.to).map(|node| node.label.clone()).unwrap_or_default();
        let Some(node) = self.nodes.get_mut(me) else { return };
        if is_part {
            node.part_of = Some(lead.to.clone());
        }
        if role == Role::Aside {
            let word = if lead.field.starts_with("peerSite.") { "to" } else { "via" };
            node.facts.push(format!("{word} {label}"));
        }
    }

    /// What it refers to by name.
    fn references(&mut self, object: &Object) -> Vec<Lead> {
        let lead = |reference: direct_connect_operator::reconcile::Reference| {
            let namespace = reference.namespace.as_deref().unwrap_or_else(|| object.namespace());
            let to = format!("{}/{namespace}/{}", reference.kind, reference.name);
            let place = describe(reference.kind).1;
            self.nodes.entry(to.clone()).or_insert_with(|| not_read(&to, reference.kind, namespace, &reference.name));
            Lead { field: reference.field.to_owned(), to, place }
        };
        object.references().into_iter().map(lead).collect()
    }

    /// What it names by id.
    fn ids(&mut self, object: &Object) -> Vec<Lead> {
        let mut leads = Vec::new();
        for field in FIELDS {
            let Some(id) = object.field(field.pointer).as_str().filter(|id| !id.is_empty()) else { continue };
            if let Some(known) = self.object_of(object, id, field.kind) {
                leads.push(Lead { field: field.name(), to: key(known), place: known.kind.place });
            } else if let Some(kind) = field.kind {
                let to = format!("{kind}/{id}");
                let place = describe(kind).1;
                self.nodes.entry(to.clone()).or_insert_with(|| bare(&to, kind, id));
                leads.push(Lead { field: field.name(), to, place });
            }
        }
        leads
    }

    /// The object of a resource that `from` names by its id: rather one of the kind that the field means, rather one of the same namespace.
    fn object_of(&self, from: &Object, id: &str, kind: Option<&str>) -> Option<&Object> {
        let candidates = self.by_id.get(id)?.iter().copied();
        candidates.min_by_key(|object| {
            let is_kind = kind.is_none_or(|kind| object.kind.kind == kind);
            (!is_kind, object.id() != Some(id), object.namespace() != from.namespace())
        })
    }

    /// Whether `from` may refer to what it leads to; `None` in its own namespace, and for what is in none.
    fn grant(&self, from: &Object, lead: &Lead) -> Option<Grant> {
        let to = self.nodes.get(&lead.to)?;
        let (namespace, name) = (to.namespace.as_deref()?, to.name.as_deref()?);
        if namespace == from.namespace() {
            return None;
        }
        let allows = self.grants.grants.iter().any(|grant| {
            grant.metadata.namespace.as_deref() == Some(namespace) && grant.spec.allows(from.kind.kind, from.namespace(), &to.kind, name)
        });
        let is_known = self.grants.namespaces.as_ref().is_none_or(|read| read.contains(namespace));
        let waits = from.read::<Vec<WaitingFor>>("/status/waitingFor").unwrap_or_default();
        let waits = waits.iter().any(|whom| whom.kind == to.kind && whom.name == name && whom.namespace.as_deref() == Some(namespace));
        Some(match (allows, is_known) {
            (true, _) => Grant::Granted,
            (false, true) => Grant::Missing,
            // The operator follows only what is granted.
            (false, false) if from.is(ConditionType::Ready) && from.is_current() && !waits => Grant::Granted,
            (false, false) => Grant::Unknown,
        })
    }

    fn finish(self) -> Topology {
        let mut nodes: Vec<Node> = self.nodes.into_values().collect();
        nodes.sort_by(|one, other| order(one).cmp(&order(other)));
        let place: HashMap<&str, usize> = nodes.iter().enumerate().map(|(index, node)| (node.key.as_str(), index)).collect();
        let mut edges = self.edges;
        let of = |key: &String| place.get(key.as_str()).copied();
        edges.sort_by(|one, other| (of(&one.from), of(&one.to), &one.field).cmp(&(of(&other.from), of(&other.to), &other.field)));
        Topology { nodes, edges }
    }
}

fn order(node: &Node) -> (u8, Presence, &Option<String>, &str, &str) {
    (node.column, node.presence, &node.namespace, &node.label, &node.key)
}

/// Names an object among all nodes.
#[must_use]
pub fn key(object: &Object) -> String {
    format!("{}/{}/{}", object.kind.kind, object.namespace(), object.name())
}

fn by_id(objects: &[Object]) -> HashMap<&str, Vec<&Object>> {
    let mut all = HashMap::<&str, Vec<&Object>>::new();
    for object in objects {
        let peers = object.field("/status/observed/peers").as_array().map(Vec::as_slice).unwrap_or_default();
        let parts = peers.iter().filter_map(|peer| peer.get("id")?.as_str());
        for id in object.id().into_iter().chain(parts) {
            all.entry(id).or_default().push(object);
        }
    }
    all
}

fn node(object: &Object) -> Node {
    Node {
        key: key(object),
        kind: object.kind.kind.to_owned(),
        presence: Presence::Object,
        column: column(object.kind.place),
        label: object.slash_name(),
        namespace: Some(object.namespace().to_owned()),
        name: Some(object.name().to_owned()),
        id: object.id().map(str::to_owned),
        part_of: None,
        facts: facts(object),
        summary: Some(Summary::of(object)),
    }
}

/// An object that is referred to and was not read.
fn not_read(key: &str, kind: &str, namespace: &str, name: &str) -> Node {
    let short = kinds::named(kind).map_or_else(|| kind.to_owned(), short_name);
    Node {
        key: key.to_owned(),
        kind: kind.to_owned(),
        presence: Presence::NotRead,
        column: column(describe(kind).1),
        label: format!("{short}/{name}"),
        namespace: Some(namespace.to_owned()),
        name: Some(name.to_owned()),
        id: None,
        part_of: None,
        facts: Vec::new(),
        summary: None,
    }
}

/// A resource that is known by its id only.
fn bare(key: &str, kind: &str, id: &str) -> Node {
    let (words, place) = describe(kind);
    Node {
        key: key.to_owned(),
        kind: kind.to_owned(),
        presence: Presence::Id,
        column: column(place),
        label: format!("{words} {id}"),
        namespace: None,
        name: None,
        id: Some(id.to_owned()),
        part_of: None,
        facts: Vec::new(),
        summary: None,
    }
}
