//! The topology as one SVG: columns from the leased line to the network, a card for each node, a curve for each tie.
//!
//! The same topology gives the same bytes. It loads nothing and runs nothing, is as readable on a dark ground as on a light one, and says each
//! state by colour, by shape and by word. What is too long for its card is cut, with the whole in a `<title>`.

mod layout;
#[cfg(test)]
mod tests;
mod text;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt::{Result, Write};

use crate::escape::Text;
use crate::marks;
use crate::summary::State;
use crate::topology::{Edge, Grant, Node, Presence, Role, Topology};
use layout::Card;
use text::Font;

/// Width of the picture: that of the page of `report`, where it is not scaled.
const WIDTH: u32 = 1136;
/// Space inside of a card.
const PADDING: u32 = 12;
/// From line to line.
const LINE: u32 = 18;
/// Height of the headings.
const HEAD: u32 = 34;
/// Width of a mark with the space behind it.
const MARK: u32 = 17;
const TITLE: Font = Font { size: 130, factor: 100 };
const SMALL: Font = Font { size: 120, factor: 94 };
const BOLD: Font = Font { size: 120, factor: 100 };
const HEADINGS: [&str; 6] =
    ["Connections", "Hosted connections", "Interfaces and peers", "Gateways", "Links, routes, addresses", "Networks"];
const STYLE: &str = include_str!("svg.css");

/// A line of a card.
struct Row {
    class: &'static str,
    font: Font,
    /// State of what the row names, drawn as a shape before it.
    mark: Option<State>,
    text: String,
    /// Whether it begins a part.
    is_part: bool,
}

/// Where a card stands.
#[derive(Clone, Copy)]
struct Place {
    x: u32,
    y: u32,
    height: u32,
}

/// The topology as an SVG.
#[must_use]
pub fn svg(topology: &Topology) -> String {
    let (cards, ties) = layout::cards(topology);
    let columns: Vec<u8> = cards.iter().map(|card| card.node.column).collect();
    let mut present = columns.clone();
    present.sort_unstable();
    present.dedup();
    let count = u32::try_from(present.len()).unwrap_or(1).max(1);
    let gap = 80 - 8 * count.min(6);
    let width = ((WIDTH - 2 - gap * (count - 1)) / count).min(300);
    let x: BTreeMap<u8, u32> = (0..).zip(&present).map(|(number, column)| (*column, 1 + number * (width + gap))).collect();
    let rows: Vec<Vec<Row>> = cards.iter().map(|card| rows(card, width - 2 * PADDING)).collect();

    let heights: Vec<u32> = rows.iter().map(|rows| height(rows)).collect();
    let (tops, bottom) = layout::places(&columns, &heights, &ties, HEAD);
    let places = columns.iter().zip(tops).zip(heights);
    let places: Vec<Place> =
        places.map(|((column, y), height)| Place { x: x.get(column).copied().unwrap_or_default(), y, height }).collect();

    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = begin(topology, bottom + 1, &x, &mut out);
    for (from, to, edge) in ties {
        if let (Some(from), Some(to)) = (places.get(from), places.get(to)) {
            let _ = curve(edge, *from, *to, width, &mut out);
        }
    }
    for ((card, rows), place) in cards.iter().zip(&rows).zip(places) {
        let _ = draw(card, rows, place, width, &mut out);
    }
    out.push_str("</svg>\n");
    out
}

fn begin(topology: &Topology, height: u32, x: &BTreeMap<u8, u32>, out: &mut String) -> Result {
    let states = topology.nodes.iter().filter_map(|node| node.summary.as_ref());
    let failing = states.filter(|summary| summary.state == State::Failing).count();
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"dc-topology\" role=\"img\" aria-labelledby=\"dc-topology-title dc-topology-desc\" \
         width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\">\n<title id=\"dc-topology-title\">Direct Connect topology</title>\n\
         <desc id=\"dc-topology-desc\">{} {}, {failing} failing, from connections at the left to networks at the right.</desc>\n\
         <style>\n{STYLE}</style>\n<rect class=\"paper\" width=\"100%\" height=\"100%\"/>",
        topology.nodes.len(),
        if topology.nodes.len() == 1 { "node" } else { "nodes" }
    )?;
    for (column, x) in x {
        let heading = HEADINGS.get(usize::from(*column)).copied().unwrap_or_default();
        writeln!(out, "<text class=\"heading\" x=\"{x}\" y=\"14\">{heading}</text>")?;
    }
    Ok(())
}

/// The lines of a card of this inner width.
fn rows(card: &Card, width: u32) -> Vec<Row> {
    let mut rows = Vec::new();
    for (number, node) in std::iter::once(&card.node).chain(&card.parts).enumerate() {
        let row = |class, text: String| {
            let font = if class == marks::class(State::Failing) { BOLD } else { SMALL };
            Row { class, font, mark: None, text, is_part: false }
        };
        let (class, font) = if number == 0 { ("name", TITLE) } else { ("part", SMALL) };
        // An id needs a line for itself.
        let (label, id) = if node.presence == Presence::Id {
            node.label.rsplit_once(' ').unwrap_or((&node.label, ""))
        } else {
            (node.label.as_str(), "")
        };
        rows.push(Row { class, font, mark: state(node), text: label.to_owned(), is_part: number > 0 });
        if !id.is_empty() {
            rows.push(row("quiet", id.to_owned()));
        }
        if let Some(namespace) = node.namespace.as_ref().filter(|_| number == 0) {
            rows.push(row("quiet", namespace.clone()));
        }
        rows.extend(SMALL.lines(&node.facts, width).into_iter().map(|line| row("fact", line)));
        if node.presence == Presence::NotRead {
            rows.push(row("unknown", "Not read".to_owned()));
        }
        if let Some(summary) = &node.summary {
            if summary.state != State::Working {
                let word = marks::word(summary.state);
                let told = if summary.reason.is_empty() { word.to_owned() } else { format!("{word}: {}", summary.reason) };
                rows.push(row(marks::class(summary.state), told));
            }
            if !summary.drift.is_empty() {
                let paths: Vec<&str> = summary.drift.iter().map(|drift| drift.path.as_str()).collect();
                rows.push(row("pending", format!("Drift: {}", paths.join(", "))));
            }
        }
        let missing = card.edges.iter().filter(|edge| edge.by == node.key && edge.grant == Some(Grant::Missing));
        rows.extend(missing.map(|edge| row("failing", format!("No grant: {}", edge.field))));
    }
    rows
}

fn height(rows: &[Row]) -> u32 {
    let parts = rows.iter().filter(|row| row.is_part).count();
    let (rows, parts) = (u32::try_from(rows.len()).unwrap_or_default(), u32::try_from(parts).unwrap_or_default());
    2 * PADDING - 4 + rows * LINE + parts * 8
}

fn draw(card: &Card, rows: &[Row], place: Place, width: u32, out: &mut String) -> Result {
    let Place { x, y, height } = place;
    let bare = if card.node.presence == Presence::Object { "" } else { " bare" };
    let class = state(card.node).map_or("plain", marks::class);
    writeln!(out, "<g class=\"card {class}{bare}\">\n<title>{}</title>", Text(&whole(card)))?;
    writeln!(out, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"6\"/>")?;
    let mut baseline = y + PADDING + 11;
    for row in rows {
        if row.is_part {
            writeln!(out, "<path class=\"rule\" d=\"M{} {}h{}\"/>", x + PADDING, baseline - 9, width - 2 * PADDING)?;
            baseline += 8;
        }
        let mut left = x + PADDING;
        if let Some(state) = row.mark {
            writeln!(out, "<path class=\"{}\" d=\"M{left} {}{}\"/>", marks::class(state), baseline - 10, marks::shape(state))?;
            left += MARK;
        }
        let shown = row.font.cut(&row.text, x + width - PADDING - left);
        write!(out, "<text class=\"{}\" x=\"{left}\" y=\"{baseline}\">", row.class)?;
        if shown != row.text {
            write!(out, "<title>{}</title>", Text(&row.text))?;
        }
        writeln!(out, "{}</text>", Text(&shown))?;
        baseline += LINE;
    }
    out.write_str("</g>\n")
}

/// All that is known of a card, for the pointer that rests on it.
fn whole(card: &Card) -> String {
    let about = |node: &&Node| {
        let state = node.summary.as_ref().map(|summary| format!("{} {} {}", marks::word(summary.state), summary.reason, summary.message));
        let known = [node.namespace.clone(), node.id.clone(), state.map(|state| state.trim_end().to_owned())];
        let facts = known.into_iter().flatten().chain(node.facts.iter().cloned());
        std::iter::once(node.label.clone()).chain(facts).collect::<Vec<_>>().join(", ")
    };
    std::iter::once(&card.node).chain(&card.parts).map(about).collect::<Vec<_>>().join("; ")
}

/// A curve from the side of one card that faces the other one.
fn curve(edge: &Edge, from: Place, to: Place, width: u32, out: &mut String) -> Result {
    let [start, end] = [from, to].map(|place| place.y + place.height / 2);
    let class = match (edge.grant, edge.role) {
        (Some(Grant::Missing), _) => "tie missing",
        (_, Role::Path) => "tie",
        (_, Role::Aside) => "tie aside",
    };
    let (left, right, bend) = match from.x.cmp(&to.x) {
        Ordering::Less => (from.x + width, to.x, u32::midpoint(from.x + width, to.x)),
        Ordering::Greater => (from.x, to.x + width, u32::midpoint(from.x, to.x + width)),
        // Around the side of their column.
        Ordering::Equal => (from.x + width, from.x + width, from.x + width + 22),
    };
    writeln!(
        out,
        "<path class=\"{class}\" d=\"M{left} {start}C{bend} {start} {bend} {end} {right} {end}\"><title>{}</title></path>",
        Text(&edge.field)
    )
}

/// How a node is; nothing of what has no conditions.
fn state(node: &Node) -> Option<State> {
    match node.presence {
        Presence::Object => node.summary.as_ref().map(|summary| summary.state),
        Presence::NotRead => Some(State::Unknown),
        Presence::Id => None,
    }
}
