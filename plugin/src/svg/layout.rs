//! Where each node stands: in its column, beside what it is tied to.

use std::collections::{BTreeMap, BTreeSet};

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

/// Space between cards of a column, and between groups.
const GAPS: [u32; 2] = [12, 32];

/// The upper edge of each card, and the lower edge of all.
#[must_use]
pub fn places(columns: &[u8], heights: &[u32], ties: &[Tie], top: u32) -> (Vec<u32>, u32) {
    let mut neighbours = vec![Vec::new(); columns.len()];
    for &(from, to, _) in ties {
        for (one, other) in [(from, to), (to, from)] {
            if let Some(all) = neighbours.get_mut(one) {
                all.push(other);
            }
        }
    }
    let mut plan = Plan { columns, heights, neighbours, tops: vec![0; columns.len()] };
    let mut bottom = top;
    for (number, group) in plan.groups().into_iter().enumerate() {
        bottom = plan.stand(&plan.ordered(&group), bottom + if number == 0 { 0 } else { GAPS[1] });
    }
    (plan.tops, bottom)
}

/// What places depend on, by card.
struct Plan<'a> {
    columns: &'a [u8],
    heights: &'a [u32],
    neighbours: Vec<Vec<usize>>,
    tops: Vec<u32>,
}

impl Plan<'_> {
    fn column(&self, card: usize) -> u8 {
        self.columns.get(card).copied().unwrap_or_default()
    }

    fn height(&self, card: usize) -> u32 {
        self.heights.get(card).copied().unwrap_or_default()
    }

    fn top(&self, card: usize) -> u32 {
        self.tops.get(card).copied().unwrap_or_default()
    }

    fn put(&mut self, card: usize, top: u32) {
        if let Some(place) = self.tops.get_mut(card) {
            *place = top;
        }
    }

    /// What a card is tied to in other columns.
    fn others(&self, card: usize) -> impl Iterator<Item = usize> {
        let column = self.column(card);
        self.neighbours.get(card).into_iter().flatten().copied().filter(move |other| self.column(*other) != column)
    }

    /// The groups of cards that are tied to each other.
    fn groups(&self) -> Vec<Vec<usize>> {
        let mut seen = vec![false; self.columns.len()];
        let mut groups = Vec::new();
        for first in 0..self.columns.len() {
            let (mut group, mut open) = (Vec::new(), vec![first]);
            while let Some(next) = open.pop() {
                if seen.get_mut(next).is_some_and(|seen| !std::mem::replace(seen, true)) {
                    group.push(next);
                    open.extend(self.neighbours.get(next).into_iter().flatten());
                }
            }
            group.sort_unstable();
            groups.push(group);
        }
        groups.retain(|group| !group.is_empty());
        groups
    }

    /// The columns of a group, each ordered by where its neighbours stand: first from right to left, then back. Two ways are enough for lines,
    /// which seldom cross.
    fn ordered(&self, group: &[usize]) -> BTreeMap<u8, Vec<usize>> {
        let mut by_column: BTreeMap<u8, Vec<usize>> = BTreeMap::new();
        for &card in group {
            by_column.entry(self.column(card)).or_default().push(card);
        }
        let mut ranks: BTreeMap<usize, usize> = BTreeMap::new();
        let rank = |cards: &[usize], ranks: &mut BTreeMap<usize, usize>| {
            // Of columns of any length the same scale.
            ranks.extend(cards.iter().enumerate().map(|(rank, &card)| (card, (2 * rank + 1) * 10_000 / cards.len())));
        };
        for cards in by_column.values() {
            rank(cards, &mut ranks);
        }
        let keys: Vec<u8> = by_column.keys().copied().collect();
        for column in keys.iter().rev().chain(&keys) {
            let Some(cards) = by_column.get_mut(column) else { continue };
            cards.sort_by_key(|&card| {
                mean(self.others(card).filter_map(|other| ranks.get(&other).copied())).or_else(|| ranks.get(&card).copied())
            });
            rank(cards, &mut ranks);
        }
        by_column
    }

    /// Puts a group below `top`, and returns its lower edge. The tallest column is stacked; in the others each card stands beside the middle of
    /// what it is tied to, as far as the cards above and below leave it room.
    fn stand(&mut self, columns: &BTreeMap<u8, Vec<usize>>, top: u32) -> u32 {
        let stack = |cards: &[usize]| cards.iter().map(|card| self.height(*card) + GAPS[0]).sum::<u32>().saturating_sub(GAPS[0]);
        let Some((tallest, height)) = columns.iter().map(|(column, cards)| (*column, stack(cards))).max_by_key(|(_, height)| *height)
        else {
            return top;
        };
        let (before, after) = (columns.range(..tallest).rev(), columns.range(tallest + 1..));
        let mut placed: BTreeSet<usize> = BTreeSet::new();
        for (_, cards) in columns.range(tallest..=tallest).chain(before).chain(after) {
            let mut next = top;
            for &card in cards {
                let middles =
                    self.others(card).filter(|other| placed.contains(other)).map(|other| self.top(other) + self.height(other) / 2);
                let wanted = mean(middles).unwrap_or_default().saturating_sub(self.height(card) / 2).max(next);
                self.put(card, wanted);
                next = wanted + self.height(card) + GAPS[0];
            }
            // What went beyond the lower edge moves up again.
            let mut limit = top + height;
            for &card in cards.iter().rev() {
                let highest = limit.saturating_sub(self.height(card));
                self.put(card, self.top(card).min(highest));
                limit = self.top(card).saturating_sub(GAPS[0]);
            }
            placed.extend(cards);
        }
        top + height
    }
}

/// The mean of numbers; nothing of none.
fn mean<N: TryFrom<usize> + std::iter::Sum + std::ops::Div<Output = N>>(numbers: impl Iterator<Item = N>) -> Option<N> {
    let numbers: Vec<N> = numbers.collect();
    let count = N::try_from(numbers.len()).ok().filter(|_| !numbers.is_empty())?;
    Some(numbers.into_iter().sum::<N>() / count)
}
