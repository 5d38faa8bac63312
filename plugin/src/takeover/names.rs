//! Names of objects: those of the cloud, made legal. The same resources get the same names, in whatever order they come.

use std::collections::{BTreeMap, BTreeSet};

/// Longest name that is legal everywhere.
const LIMIT: usize = 63;
/// So many characters of an ID stand for it.
const SHORT: usize = 8;

/// A resource to be named.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    /// Kind of its object.
    pub kind: &'a str,
    /// Its ID.
    pub id: &'a str,
    /// Its name in the cloud, if it has one.
    pub name: Option<&'a str>,
}

/// Names for all, in their order. Objects of a kind with one name, and those whose name is taken, have a part of the ID behind it.
#[must_use]
pub fn names(all: &[Named<'_>], is_taken: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let plain: Vec<String> = all.iter().map(|named| plain(*named)).collect();
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (named, name) in all.iter().zip(&plain) {
        *counts.entry((named.kind, name.as_str())).or_default() += 1;
    }
    let is_shared = |kind: &str, name: &str| counts.get(&(kind, name)).is_some_and(|count| *count > 1) || is_taken(kind, name);
    let mut used = BTreeSet::new();
    let unique = all.iter().zip(&plain).map(|(named, name)| {
        let short = if is_shared(named.kind, name) { with_id(name, short(named.id)) } else { name.clone() };
        // Two IDs that begin alike.
        let whole =
            if used.contains(&(named.kind, short.clone())) || is_taken(named.kind, &short) { with_id(name, named.id) } else { short };
        used.insert((named.kind, whole.clone()));
        whole
    });
    unique.collect()
}

/// The name in the cloud in lower case, with `-` in place of other characters; else the kind with the beginning of the ID.
fn plain(named: Named<'_>) -> String {
    let legal = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' };
    let name: String = named.name.unwrap_or_default().chars().map(legal).collect();
    let name = cut(name.trim_matches('-'), LIMIT);
    if name.is_empty() { with_id(&named.kind.to_ascii_lowercase(), short(named.id)) } else { name.to_owned() }
}

fn with_id(name: &str, id: &str) -> String {
    format!("{}-{}", cut(name, LIMIT.saturating_sub(id.len() + 1)), id.to_ascii_lowercase())
}

fn short(id: &str) -> &str {
    id.get(..SHORT).unwrap_or(id)
}

/// At most so many characters, without a dash at the end. Names are ASCII.
fn cut(name: &str, most: usize) -> &str {
    name.get(..most).unwrap_or(name).trim_end_matches('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named<'a>(id: &'a str, name: &'a str) -> Named<'a> {
        Named { kind: "VirtualInterface", id, name: Some(name).filter(|name| !name.is_empty()) }
    }

    #[test]
    fn a_name_is_legal_and_tells_of_that_in_the_cloud() {
        let long = format!("{}-tail", "x".repeat(62));
        let rows = [
            ("office", "office"),
            ("Office_1.Berlin", "office-1-berlin"),
            ("--a b--", "a-b"),
            ("", "virtualinterface-0a1b2c3d"),
            ("线路", "virtualinterface-0a1b2c3d"),
            (&long, &"x".repeat(62)),
        ];
        for (name, wanted) in rows {
            assert_eq!(names(&[named("0a1b2c3d-0000", name)], |_, _| false), [wanted], "{name}");
        }
    }

    #[test]
    fn names_that_are_alike_have_a_part_of_the_id_in_any_order() {
        let (a, b, c) = (named("aaaaaaaa-1", "Line"), named("bbbbbbbb-1", "line"), named("cccccccc-1", "other"));
        assert_eq!(names(&[a, b, c], |_, _| false), ["line-aaaaaaaa", "line-bbbbbbbb", "other"]);
        assert_eq!(names(&[c, b, a], |_, _| false), ["other", "line-bbbbbbbb", "line-aaaaaaaa"]);
        assert_eq!(names(&[c], |kind, name| (kind, name) == ("VirtualInterface", "other")), ["other-cccccccc"], "an object has the name");
        let peer = Named { kind: "Peer", ..b };
        assert_eq!(names(&[a, peer], |_, _| false), ["line", "line"], "kinds have names of their own");
        let twin = named("aaaaaaaa-2", "line");
        assert_eq!(names(&[a, twin], |_, _| false), ["line-aaaaaaaa", "line-aaaaaaaa-2"]);
        let (long, other) = ("x".repeat(80), "x".repeat(70));
        let both = names(&[named("aaaaaaaa-1", &long), named("bbbbbbbb-1", &other)], |_, _| false);
        assert!(both.iter().all(|name| name.len() == 63) && both[0] != both[1], "{both:?}");
    }
}
