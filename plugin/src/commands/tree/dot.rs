//! The tree as a graph for Graphviz: `kubectl dc tree -o dot | dot -T png`.

use std::fmt::Write as _;

use crate::summary::State;
use crate::topology::{Grant, Node, Presence, Role, Topology};

/// The text of the graph.
#[must_use]
pub fn dot(topology: &Topology) -> String {
    let mut text =
        "digraph lines {\n  rankdir=LR;\n  node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"sans-serif\"];\n"
            .to_owned();
    for node in &topology.nodes {
        let _ = writeln!(text, "  {} [label={}, {}];", quoted(&node.key), quoted(&label(node)), look(node));
    }
    for edge in &topology.edges {
        let style = if edge.role == Role::Path { "solid" } else { "dashed" };
        let color = if edge.grant == Some(Grant::Missing) { "red" } else { "black" };
        let _ = writeln!(text, "  {} -> {} [style={style}, color={color}];", quoted(&edge.from), quoted(&edge.to));
    }
    text + "}\n"
}

/// Lines of text in the node.
fn label(node: &Node) -> String {
    let namespace = node.namespace.iter().map(|namespace| format!("namespace {namespace}"));
    let reason = node.summary.iter().filter(|summary| summary.state != State::Working).map(|summary| summary.reason.clone());
    let facts = (!node.facts.is_empty()).then(|| node.facts.join(", "));
    std::iter::once(node.label.clone()).chain(namespace).chain(facts).chain(reason).collect::<Vec<_>>().join("\n")
}

fn look(node: &Node) -> &'static str {
    match (node.presence, node.summary.as_ref().map(|summary| summary.state)) {
        (Presence::NotRead, _) => "style=\"rounded,dashed\", color=gray40",
        (_, Some(State::Failing)) => "color=red, fillcolor=mistyrose",
        (_, Some(State::Pending)) => "color=orange, fillcolor=lightyellow",
        (_, Some(State::Working)) => "color=darkgreen, fillcolor=honeydew",
        (Presence::Object | Presence::Id, _) => "color=gray40",
    }
}

/// A string of the language: backslash, quote and line break are escaped.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::lines;
    use crate::topology::Grants;

    #[test]
    fn a_graph_has_its_nodes_and_edges() {
        let mut objects = lines();
        objects.truncate(1);
        let expected = r#"digraph lines {
  rankdir=LR;
  node [shape=box, style="rounded,filled", fillcolor=white, fontname="sans-serif"];
  "Connection/c1" [label="connection c1", color=gray40];
  "VirtualInterface/team/branch" [label="vif/branch\nnamespace team\nVLAN 32, 50 Mbit/s\nDown", color=red, fillcolor=mistyrose];
  "VirtualGateway/network/main" [label="vgw/main\nnamespace network", style="rounded,dashed", color=gray40];
  "Connection/c1" -> "VirtualInterface/team/branch" [style=solid, color=black];
  "VirtualInterface/team/branch" -> "VirtualGateway/network/main" [style=solid, color=red];
}
"#;
        assert_eq!(dot(&Topology::new(&objects, &Grants::default())), expected);
    }

    #[test]
    fn text_stays_text() {
        assert_eq!(quoted("a\"b\\c\nd"), r#""a\"b\\c\nd""#);
    }
}
