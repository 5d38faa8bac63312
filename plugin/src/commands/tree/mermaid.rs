//! The tree as a flowchart of Mermaid, which pages in Markdown show as a drawing.

use std::collections::HashMap;
use std::fmt::Write as _;

use crate::summary::State;
use crate::topology::{Node, Presence, Role, Topology};

/// Colours that can be read on light and dark pages.
const CLASSES: &str = "  classDef failing fill:#f8d7da,stroke:#b02a37,color:#58151c
  classDef pending fill:#fff3cd,stroke:#997404,color:#332701
  classDef working fill:#d1e7dd,stroke:#146c43,color:#051b11
  classDef named stroke-dasharray:4 3
";

/// The text of the flowchart.
#[must_use]
pub fn mermaid(topology: &Topology) -> String {
    let names: HashMap<&str, String> =
        topology.nodes.iter().enumerate().map(|(index, node)| (node.key.as_str(), format!("n{index}"))).collect();
    let mut text = "flowchart LR\n".to_owned();
    for node in &topology.nodes {
        let class = class(node).map(|class| format!(":::{class}")).unwrap_or_default();
        let _ = writeln!(text, "  {}[\"{}\"]{class}", name(&names, &node.key), label(node));
    }
    for edge in &topology.edges {
        let arrow = if edge.role == Role::Path { "-->" } else { "-.->" };
        let _ = writeln!(text, "  {} {arrow} {}", name(&names, &edge.from), name(&names, &edge.to));
    }
    text + CLASSES
}

fn name<'a>(names: &'a HashMap<&str, String>, key: &str) -> &'a str {
    names.get(key).map(String::as_str).unwrap_or_default()
}

fn label(node: &Node) -> String {
    let namespace = node.namespace.iter().cloned();
    let reason = node.summary.iter().filter(|summary| summary.state != State::Working).map(|summary| summary.reason.clone());
    let lines = std::iter::once(node.label.clone()).chain(namespace).chain(node.facts.iter().cloned()).chain(reason);
    lines.map(|line| escaped(&line)).collect::<Vec<_>>().join("<br/>")
}

fn class(node: &Node) -> Option<&'static str> {
    match (node.presence, node.summary.as_ref().map(|summary| summary.state)) {
        (_, Some(State::Failing)) => Some("failing"),
        (_, Some(State::Pending)) => Some("pending"),
        (_, Some(State::Working)) => Some("working"),
        (Presence::Object, _) => None,
        (Presence::NotRead | Presence::Id, _) => Some("named"),
    }
}

/// Names and facts are text: what a flowchart or HTML reads otherwise becomes an entity.
fn escaped(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '"' => "#quot;".to_owned(),
            '<' => "#lt;".to_owned(),
            '>' => "#gt;".to_owned(),
            '#' => "#35;".to_owned(),
            '&' => "#amp;".to_owned(),
            other => other.to_string(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::lines;
    use crate::topology::Grants;

    #[test]
    fn a_flowchart_has_its_nodes_and_edges() {
        let mut objects = lines();
        objects.truncate(1);
        let text = mermaid(&Topology::new(&objects, &Grants::default()));
        let expected = "\
flowchart LR
  n0[\"connection c1\"]:::named
  n1[\"vif/branch<br/>team<br/>VLAN 32<br/>50 Mbit/s<br/>Down\"]:::failing
  n2[\"vgw/main<br/>network\"]:::named
  n0 --> n1
  n1 --> n2
";
        assert_eq!(text.strip_suffix(CLASSES), Some(expected));
    }

    #[test]
    fn text_stays_text() {
        assert_eq!(escaped("<b>\"x\"#&"), "#lt;b#gt;#quot;x#quot;#35;#amp;");
    }
}
