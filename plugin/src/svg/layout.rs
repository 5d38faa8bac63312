//! Where each node stands: in its column, near what it is tied to.

use std::collections::BTreeMap;

use crate::topology::{Edge, Node, Topology};

/// A node with its parts, as one card.
#[derive(Clone, Debug)]
pub struct Card<'a> {
    /// What the card is of.
    pub node: &'a Node,
    /// Its parts: of an interface the peers.
    pub parts: Vec<&'a Node>,
    /// Edges that it or a part names.
    pub edges: Vec<&'a Edge>,
}

/// A tie between two cards: from, to, and the edge that says so.
pub type Tie<'a> = (usize, usize, &'a Edge);

/// The cards, in the order of the nodes, and the ties between them.
#[must_use]
pub fn cards(topology: &Topology) -> (Vec<Card<'_>>, Vec<Tie<'_>>) {
    let mut cards: Vec<Card> = Vec::new();
    let mut index: BTreeMap<&str, usize> = BTreeMap::new();
    let is_part = |node: &Node| node.part_of.as_ref().is_some_and(|whole| topology.nodes.iter().any(|other| other.key == *whole));
    let (parts, wholes): (Vec<&Node>, Vec<&Node>) = topology.nodes.iter().partition(|node| is_part(node));
    for node in wholes {
        index.insert(&node.key, cards.len());
        cards.push(Card { node, parts: Vec::new(), edges: Vec::new() });
    }
    for node in parts {
        let whole = node.part_of.as_deref().and_then(|whole| index.get(whole)).copied();
        if let Some((at, card)) = whole.and_then(|at| Some((at, cards.get_mut(at)?))) {
            card.parts.push(node);
            index.insert(&node.key, at);
        }
    }
    let mut ties = Vec::new();
    for edge in &topology.edges {
        let (Some(&from), Some(&to)) = (index.get(edge.from.as_str()), index.get(edge.to.as_str())) else { continue };
        if let Some(card) = index.get(edge.by.as_str()).and_then(|by| cards.get_mut(*by)) {
            card.edges.push(edge);
        }
        if from != to {
            ties.push((from, to, edge));
        }
    }
    (cards, ties)
}

/// The cards of each group of tied cards, by column and from top to bottom.
#[must_use]
pub fn groups(columns: &[u8], ties: &[Tie]) -> Vec<BTreeMap<u8, Vec<usize>>> {
    let mut neighbours = vec![Vec::new(); columns.len()];
    for &(from, to, _) in ties {
        for (one, other) in [(from, to), (to, from)] {
            if let Some(all) = neighbours.get_mut(one) {
                all.push(other);
            }
        }
    }
    let mut seen = vec![false; columns.len()];
    let mut groups = Vec::new();
    for first in 0..columns.len() {
        let (mut group, mut open) = (Vec::new(), vec![first]);
        while let Some(next) = open.pop() {
            if !seen.get_mut(next).is_some_and(|seen| !std::mem::replace(seen, true)) {
                continue;
            }
            group.push(next);
            open.extend(neighbours.get(next).into_iter().flatten());
        }
        group.sort_unstable();
        if !group.is_empty() {
            groups.push(ordered(&group, columns, &neighbours));
        }
    }
    groups
}

/// The columns of a group, each ordered by where its neighbours stand: first from right to left, then back. Two ways are enough for lines, which
/// seldom cross.
fn ordered(group: &[usize], columns: &[u8], neighbours: &[Vec<usize>]) -> BTreeMap<u8, Vec<usize>> {
    let column = |card: usize| columns.get(card).copied().unwrap_or_default();
    let mut by_column: BTreeMap<u8, Vec<usize>> = BTreeMap::new();
    for &card in group {
        by_column.entry(column(card)).or_default().push(card);
    }
    let mut place: BTreeMap<usize, usize> = BTreeMap::new();
    let rank = |cards: &[usize], place: &mut BTreeMap<usize, usize>| {
        // Of columns of any length the same scale.
        place.extend(cards.iter().enumerate().map(|(rank, &card)| (card, (2 * rank + 1) * 10_000 / cards.len())));
    };
    by_column.values().for_each(|cards| rank(cards, &mut place));
    let keys: Vec<u8> = by_column.keys().copied().collect();
    for at in keys.iter().rev().chain(&keys) {
        let Some(cards) = by_column.get_mut(at) else { continue };
        cards.sort_by_key(|&card| {
            let others = neighbours.get(card).into_iter().flatten().filter(|&&other| column(other) != *at);
            let places: Vec<usize> = others.filter_map(|other| place.get(other)).copied().collect();
            if places.is_empty() { place.get(&card).copied().unwrap_or_default() } else { places.iter().sum::<usize>() / places.len() }
        });
        rank(cards, &mut place);
    }
    by_column
}
