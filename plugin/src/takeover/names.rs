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
        let short = if is_shared(named.kind, name) { with_short_id(name, named.id) } else { name.clone() };
        let is_free = |name: &String| !used.contains(&(named.kind, name.clone())) && !is_taken(named.kind, name);
        // Two IDs that begin alike, or are alike but for what is not legal.
        let whole = || with_id(name, named.id);
        let counted = || (2..=u32::MAX).map(|number| with_id(&whole(), &number.to_string())).find(is_free);
        let chosen = Some(short).filter(is_free).or_else(|| Some(whole()).filter(is_free)).or_else(counted).unwrap_or_else(whole);
        used.insert((named.kind, chosen.clone()));
        chosen
    });
    unique.collect()
}

/// The name in the cloud, made legal; else the kind with the beginning of the ID.
fn plain(named: Named<'_>) -> String {
    let name = legal(named.name.unwrap_or_default());
    let name = cut(&name, LIMIT);
    if name.is_empty() { with_short_id(&named.kind.to_ascii_lowercase(), named.id) } else { name.to_owned() }
}

/// In lower case, with `-` in place of other characters, but not at its ends.
fn legal(text: &str) -> String {
    let legal = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' };
    let text: String = text.chars().map(legal).collect();
    text.trim_matches('-').to_owned()
}

/// With the beginning of the ID behind it.
fn with_short_id(name: &str, id: &str) -> String {
    with_id(name, cut(&legal(id), SHORT))
}

/// With the ID behind it, as far as there is room for both.
fn with_id(name: &str, id: &str) -> String {
    let id = legal(id);
    let id = cut(&id, LIMIT);
    let name = cut(name, LIMIT.saturating_sub(id.len() + 1));
    [name, id].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
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

    #[test]
    fn an_id_is_made_legal_too() {
        let rows = [
            ("", "A_b/c.d:e", "virtualinterface-a-b-c-d"),
            ("", "-0a1b2c3-4", "virtualinterface-0a1b2c3"),
            ("", "线路", "virtualinterface"),
            ("", "0a1b2c3-4", "virtualinterface-0a1b2c3"),
        ];
        for (name, id, wanted) in rows {
            assert_eq!(names(&[named(id, name)], |_, _| false), [wanted], "{id}");
        }
        let long = format!("aaaaaaaa{}", "/".repeat(80) + &"z".repeat(80));
        let all = [
            named("aaaaaaaa/1", "line"),
            named("aaaaaaaa-1", "line"),
            named("AAAAAAAA_1", "line"),
            named(&long, "line"),
            named("", "line"),
            named("-", "--"),
            named("--", "-"),
        ];
        let chosen = names(&all, |_, name| name == "line");
        assert_eq!(chosen.iter().collect::<BTreeSet<_>>().len(), all.len(), "{chosen:?}");
        for name in &chosen {
            let is_legal = name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-');
            assert!(is_legal && name.len() <= 63 && !name.is_empty() && !name.starts_with('-') && !name.ends_with('-'), "{name}");
        }
    }
}
