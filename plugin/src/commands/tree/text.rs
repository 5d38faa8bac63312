//! The tree as lines of a table.

use direct_connect_operator::reconcile::Place;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::By;
use crate::output::style::{FAINT, of_state};
use crate::output::{Table, age, cut};
use crate::topology::{Edge, Grant, Node, Presence, Role, Topology};

/// How much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// What fits on a screen.
    Narrow,
    /// All columns, and messages in full.
    Wide,
}

/// Longest message of a narrow table.
const MESSAGE: usize = 72;

/// Where a walk goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    /// To the networks.
    Down,
    /// To the lines.
    Up,
    /// To the lines, then to the networks.
    Both,
}

/// One line: what stands before the label, the node, and the edge on which the walk came.
struct Line<'a> {
    before: String,
    node: &'a Node,
    edge: Option<&'a Edge>,
    /// What hangs on it was shown further up.
    is_repeated: bool,
}

/// The whole text.
#[must_use]
pub fn text(topology: &Topology, by: By, layout: Layout) -> String {
    let lines = Walk::new(topology).lines(by);
    let namespaces: BTreeSet<&str> = topology.nodes.iter().filter_map(|node| node.namespace.as_deref()).collect();
    let has_namespaces = namespaces.len() > 1;
    let headers = [has_namespaces.then_some("NAMESPACE"), Some("NAME"), Some("READY"), Some("HEALTHY"), Some("DETAILS"), Some("STATUS")];
    let wide = ["ID", "SINCE", "DRIFT"].into_iter().filter(|_| layout == Layout::Wide);
    let mut table = Table::new(headers.into_iter().flatten().chain(wide));
    for line in lines {
        let summary = line.node.summary.as_ref();
        let style = summary.map_or(FAINT, |summary| of_state(summary.state));
        let mark = if line.is_repeated { " (see above)" } else { "" };
        let text = |part: fn(&crate::summary::Summary) -> &String| summary.map(part).cloned().unwrap_or_default();
        let cells = [
            has_namespaces.then(|| line.node.namespace.clone().unwrap_or_default()),
            Some(format!("{}{}{mark}", line.before, line.node.label)),
            Some(text(|summary| &summary.ready)),
            Some(text(|summary| &summary.healthy)),
            Some(details(&line)),
            Some(status(line.node, layout)),
        ];
        let wide = (layout == Layout::Wide).then(|| [line.node.id.clone().unwrap_or_default(), since(line.node), drift(line.node)]);
        table.styled_row(style, cells.into_iter().flatten().chain(wide.into_iter().flatten()));
    }
    table.to_string()
}

/// Facts, then what stands out.
fn details(line: &Line<'_>) -> String {
    let mut details = line.node.facts.clone();
    let drifted = line.node.summary.as_ref().map_or(0, |summary| summary.drift.len());
    details.extend((drifted > 0).then(|| format!("drift in {drifted} field{}", if drifted == 1 { "" } else { "s" })));
    details.extend(line.edge.and_then(|edge| edge.grant).map(|grant| {
        match grant {
            Grant::Granted => "granted",
            Grant::Missing => "not granted",
            Grant::Unknown => "grant not readable",
        }
        .to_owned()
    }));
    details.join(", ")
}

fn status(node: &Node, layout: Layout) -> String {
    let Some(summary) = &node.summary else {
        return if node.presence == Presence::NotRead { "not found, or not readable".to_owned() } else { String::new() };
    };
    if layout == Layout::Wide { summary.told() } else { cut(&summary.brief(), MESSAGE) }
}

fn since(node: &Node) -> String {
    let since = node.summary.as_ref().and_then(|summary| summary.since.as_ref());
    since.map(|since| age(since.0, jiff::Timestamp::now())).unwrap_or_default()
}

fn drift(node: &Node) -> String {
    let drift = node.summary.iter().flat_map(|summary| &summary.drift);
    drift.map(|drift| format!("{} (cloud: {}, spec: {})", drift.path, drift.observed, drift.desired)).collect::<Vec<_>>().join("; ")
}

/// Nodes, each with the edge that leads to it.
type Ends<'a> = Vec<(&'a Edge, &'a Node)>;

/// A walk over a topology, which shows each subtree once.
struct Walk<'a> {
    topology: &'a Topology,
    nodes: HashMap<&'a str, &'a Node>,
    outgoing: BTreeMap<&'a str, Vec<&'a Edge>>,
    incoming: BTreeMap<&'a str, Vec<&'a Edge>>,
    shown: HashSet<&'a str>,
    lines: Vec<Line<'a>>,
}

impl<'a> Walk<'a> {
    fn new(topology: &'a Topology) -> Self {
        let nodes = topology.nodes.iter().map(|node| (node.key.as_str(), node)).collect();
        let (outgoing, incoming) = (topology.outgoing(), topology.incoming());
        Self { topology, nodes, outgoing, incoming, shown: HashSet::new(), lines: Vec::new() }
    }

    /// All lines, tree by tree.
    fn lines(mut self, by: By) -> Vec<Line<'a>> {
        let (direction, roots) = match by {
            By::Connection => (Direction::Down, None),
            By::Gateway => (Direction::Both, Some(Place::Gateway as u8)),
            By::Vpc => (Direction::Up, Some(Place::Network as u8)),
        };
        for node in self.topology.nodes.iter().filter(|node| roots == Some(node.column)) {
            self.visit(node, None, direction, String::new(), "");
        }
        // Then what hangs on none of these.
        for node in self.topology.nodes.iter().filter(|node| node.part_of.is_none()) {
            let is_behind = !self.before(node).is_empty();
            let is_before = !self.behind(node).1.is_empty();
            let is_root = if direction == Direction::Up { !is_before } else { direction == Direction::Both || !is_behind };
            // What is only named aside is told where it is named.
            let is_aside = node.presence != Presence::Object && !is_behind && !is_before && self.behind(node).0.is_empty();
            if is_root && !is_aside && !self.shown.contains(node.key.as_str()) {
                self.visit(node, None, if direction == Direction::Both { Direction::Down } else { direction }, String::new(), "");
            }
        }
        self.lines
    }

    /// Adds the line of a node, and those of what hangs on it.
    fn visit(&mut self, node: &'a Node, edge: Option<&'a Edge>, direction: Direction, before: String, indent: &str) {
        let children = self.children(node, direction);
        let is_repeated = !self.shown.insert(&node.key) && !children.is_empty();
        self.lines.push(Line { before, node, edge, is_repeated });
        if is_repeated {
            return;
        }
        let last = children.len().saturating_sub(1);
        for (place, (edge, child, direction)) in children.into_iter().enumerate() {
            let (branch, stem) = if place == last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            self.visit(child, Some(edge), direction, format!("{indent}{branch}"), &format!("{indent}{stem}"));
        }
    }

    /// What hangs on a node in a direction, parts first.
    fn children(&self, node: &Node, direction: Direction) -> Vec<(&'a Edge, &'a Node, Direction)> {
        let with = |all: Ends<'a>, direction| all.into_iter().map(move |(edge, node)| (edge, node, direction));
        let (parts, behind) = self.behind(node);
        let mut children: Vec<_> = with(parts, Direction::Down).collect();
        if direction != Direction::Down {
            children.extend(with(self.before(node), Direction::Up));
        }
        if direction != Direction::Up {
            children.extend(with(behind, Direction::Down));
        }
        children
    }

    /// Its parts, and what is behind it on the way to the networks.
    fn behind(&self, node: &Node) -> (Ends<'a>, Ends<'a>) {
        let edges = self.outgoing.get(node.key.as_str()).into_iter().flatten().filter(|edge| edge.role == Role::Path);
        let ends = edges.filter_map(|edge| Some((*edge, *self.nodes.get(edge.to.as_str())?)));
        ends.partition(|(_, to)| to.part_of.as_deref() == Some(node.key.as_str()))
    }

    /// What is before it on the way from the line.
    fn before(&self, node: &Node) -> Ends<'a> {
        let edges = self.incoming.get(node.key.as_str()).into_iter().flatten().filter(|edge| edge.role == Role::Path);
        let ends = edges.filter_map(|edge| Some((*edge, *self.nodes.get(edge.from.as_str())?)));
        ends.filter(|(_, from)| node.part_of.as_deref() != Some(from.key.as_str())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{conditions, lines, with};
    use crate::topology::Grants;
    use serde_json::json;

    fn shown(by: By) -> String {
        text(&Topology::new(&lines(), &Grants::default()), by, Layout::Narrow)
    }

    #[test]
    fn trees_begin_with_what_is_asked_for() {
        let by_connection = "\
NAMESPACE   NAME                           READY   HEALTHY   DETAILS                STATUS
-           connection c1                  -       -         -                      -
team        ├─ vif/branch                  True    False     VLAN 32, 50 Mbit/s     Down: the BGP session is not established: ipv4
network     │  └─ vgw/main                 True    -         not granted            Available
-           │     └─ VPC vpc1              -       -         -                      -
team        └─ vif/office                  True    -         VLAN 31, 50 Mbit/s     Available
team           ├─ vifpeer/second           True    -         ipv6                   Available
network        └─ vgw/main (see above)     True    -         not granted            Available
team        gdgw/world                     True    -         -                      Available
team        └─ peerlink/link               True    -         region r1              Available
-              └─ enterprise router er1    -       -         -                      -
";
        let squeezed = |text: &str| text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>();
        assert_eq!(squeezed(&plain(&shown(By::Connection))), squeezed(by_connection));
        let by_gateway = [
            "vgw/main",
            "├─ vif/branch",
            "│  └─ connection c1",
            "├─ vif/office",
            "│  ├─ vifpeer/second",
            "│  └─ connection c1",
            "└─ VPC vpc1",
            "gdgw/world",
            "└─ peerlink/link",
            "   └─ enterprise router er1",
        ];
        let by_vpc = [
            "VPC vpc1",
            "└─ vgw/main",
            "   ├─ vif/branch",
            "   │  └─ connection c1",
            "   └─ vif/office",
            "      ├─ vifpeer/second",
            "      └─ connection c1",
            "enterprise router er1",
            "└─ peerlink/link",
            "   └─ gdgw/world",
        ];
        let topology = Topology::new(&lines(), &Grants::default());
        for (by, expected) in [(By::Gateway, by_gateway), (By::Vpc, by_vpc)] {
            let names: Vec<String> =
                Walk::new(&topology).lines(by).iter().map(|line| format!("{}{}", line.before, line.node.label)).collect();
            assert_eq!(names, expected);
        }
    }

    #[test]
    fn every_object_is_shown_whatever_the_trees_begin_with() {
        let topology = Topology::new(&lines(), &Grants::default());
        for by in [By::Connection, By::Gateway, By::Vpc] {
            let text = shown(by);
            for node in &topology.nodes {
                assert!(text.contains(&node.label), "{by:?}: {}", node.label);
            }
        }
    }

    #[test]
    fn drift_is_told_and_a_long_message_is_cut_unless_the_table_is_wide() {
        let mut objects = lines();
        objects.truncate(1);
        let message = "x".repeat(100);
        let stalled = [("Ready", "False", "Invalid", message.as_str()), ("Stalled", "True", "Invalid", message.as_str())];
        let drift = json!([{ "path": "spec.bandwidth", "desired": "50", "observed": "100" }]);
        let objects = [with(conditions(objects.remove(0), &stalled), "/status/drift", drift)];
        let topology = Topology::new(&objects, &Grants::default());
        let (narrow, wide) = (text(&topology, By::Connection, Layout::Narrow), text(&topology, By::Connection, Layout::Wide));
        assert!(narrow.contains("drift in 1 field") && narrow.contains('…') && !narrow.contains(&message), "{narrow}");
        assert!(wide.contains(&message) && wide.contains("spec.bandwidth (cloud: 100, spec: 50)"), "{wide}");
    }

    /// Without colours.
    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }
}
