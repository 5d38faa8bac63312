//! What a spec can say of what the cloud shows: the same rules for all kinds. Whatever the API server would refuse is left out, or told.

use ipnet::IpNet;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use crate::api::Tags;
use crate::cloud::Tag;
use crate::graph::owner::OWNER_TAG;

/// Most tags of a spec: the operator needs one more.
const MOST_TAGS: usize = 9;

/// A value without which there is no spec.
///
/// # Errors
/// The cloud does not show it.
pub(super) fn needed<T>(what: &str, value: Option<T>) -> Result<T, String> {
    value.ok_or_else(|| format!("the cloud does not show its {what}"))
}

/// A name, if it has only characters that a spec takes: letters, digits, underscores, dots and dashes.
pub(super) fn name(seen: Option<&String>) -> Option<String> {
    let is_legal = |letter: char| letter.is_ascii_alphanumeric() || "_.-".contains(letter) || ('\u{4e00}'..='\u{9fa5}').contains(&letter);
    seen.filter(|name| (1..=64).contains(&name.chars().count()) && name.chars().all(is_legal)).cloned()
}

/// A description that is not empty, if a spec takes it.
pub(super) fn description(seen: Option<&String>, longest: usize) -> Option<String> {
    text(seen, longest).filter(|text| !text.contains(['<', '>', '`']))
}

/// A text that is not empty, if it is not too long.
pub(super) fn text(seen: Option<&String>, longest: usize) -> Option<String> {
    seen.filter(|text| (1..=longest).contains(&text.chars().count())).cloned()
}

/// A word of the cloud that a field of this type knows.
pub(super) fn word<T: DeserializeOwned>(seen: Option<&String>) -> Option<T> {
    serde_json::from_value(Value::String(seen?.clone())).ok()
}

/// A number that a field takes.
pub(super) fn number(seen: Option<i32>, range: RangeInclusive<i32>) -> Option<i32> {
    seen.filter(|number| range.contains(number))
}

/// A network in canonical form.
///
/// # Errors
/// It is none.
pub(super) fn network(what: &str, seen: &str) -> Result<String, String> {
    seen.parse::<IpNet>()
        .map(|network| network.trunc().to_string())
        .map_err(|_| format!("its {what} has no network in CIDR notation: {seen}"))
}

/// The network that identifies a resource.
///
/// # Errors
/// It is none, or it has bits of a host, which a spec can't say.
pub(super) fn destination(seen: &str) -> Result<String, String> {
    let canonical = network("destination", seen)?;
    if canonical.parse::<IpNet>() == seen.parse::<IpNet>() {
        Ok(canonical)
    } else {
        Err(format!("its destination has bits of a host: {seen}"))
    }
}

/// Networks in canonical form, in order, each once.
///
/// # Errors
/// One is none, or there are more than a spec can hold.
pub(super) fn networks(what: &str, seen: &[String], most: usize) -> Result<Vec<String>, String> {
    let networks: BTreeSet<IpNet> = seen
        .iter()
        .map(|text| Ok(network(what, text)?.parse().ok()))
        .collect::<Result<Vec<Option<IpNet>>, String>>()?
        .into_iter()
        .flatten()
        .collect();
    if networks.len() > most {
        return Err(format!("its {what} has {} networks, and a spec can hold {most}", networks.len()));
    }
    Ok(networks.iter().map(ToString::to_string).collect())
}

/// The networks of the customer's side, of which static routes need one.
///
/// # Errors
/// There is none.
pub(super) fn routable(networks: Vec<String>, is_bgp: bool) -> Result<Vec<String>, String> {
    needed("remote_ep_group", Some(networks).filter(|networks| is_bgp || !networks.is_empty()))
}

/// All tags but the owner's and the cloud's own. None, which leaves them alone, if there are none or if a spec can't hold them.
pub(super) fn tags(seen: &[Tag]) -> Option<Tags> {
    let of_users = seen.iter().filter(|tag| tag.key != OWNER_TAG && !tag.key.starts_with("_sys_"));
    let tags: Tags = of_users.map(|tag| (tag.key.clone(), tag.value.clone())).collect();
    let is_legal = |text: &str, more: &str, most: usize| {
        let is_legal = |letter: char| letter.is_alphanumeric() || " _.:=+-@".contains(letter) || more.contains(letter);
        text.chars().count() <= most && text.chars().all(is_legal) && text.trim_matches(' ') == text
    };
    let all_legal = tags.iter().all(|(key, value)| !key.is_empty() && is_legal(key, "", 128) && is_legal(value, "/", 255));
    (all_legal && !tags.is_empty() && tags.len() <= MOST_TAGS).then_some(tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spec_can_not_hold_is_left_out_or_told() {
        let owned = |text: &str| text.to_owned();
        assert_eq!(name(Some(&owned("线路-a_1.b"))), Some(owned("线路-a_1.b")));
        for illegal in ["direct connect1", "", &"x".repeat(65)] {
            assert_eq!(name(Some(&owned(illegal))), None, "{illegal}");
        }
        assert_eq!(description(Some(&owned("to <b>")), 128), None);
        assert_eq!(description(Some(&owned("")), 128), None, "an empty one says nothing");
        assert_eq!(network("destination", "10.1.2.3/8"), Ok(owned("10.0.0.0/8")));
        assert!(network("destination", "x.x.0.0/16").unwrap_err().contains("destination has no network"));
        assert_eq!((destination("FD00:0::/64"), destination("10.1.2.3/8").is_err()), (Ok(owned("fd00::/64")), true));
        let lists = |all: &[&str]| networks("list", &all.iter().map(ToString::to_string).collect::<Vec<_>>(), 2);
        assert_eq!(lists(&["FD00:0::/64", "10.0.0.1/8", "10.0.0.0/8"]), Ok(vec![owned("10.0.0.0/8"), owned("fd00::/64")]));
        assert!(lists(&["10.0.0.0/8", "11.0.0.0/8", "12.0.0.0/8"]).unwrap_err().contains("3 networks"));
    }

    #[test]
    fn tags_are_those_of_users_and_whole_or_left_alone() {
        let tag = |key: &str, value: &str| Tag { key: key.to_owned(), value: value.to_owned() };
        let keys = |all: &[Tag]| tags(all).map(|tags| tags.into_keys().collect::<Vec<_>>());
        assert_eq!(keys(&[tag("team", "a/b"), tag(OWNER_TAG, "c:n/x"), tag("_sys_x", "")]), Some(vec!["team".to_owned()]));
        assert_eq!(keys(&[tag(OWNER_TAG, "c:n/x")]), None);
        for illegal in [tag("a/b", ""), tag(" a", ""), tag("a", "x;y"), tag("", "")] {
            assert_eq!(keys(&[tag("team", "a"), illegal.clone()]), None, "{illegal:?}");
        }
        let many: Vec<Tag> = (0..10).map(|number| tag(&format!("k{number}"), "")).collect();
        assert_eq!((keys(&many), keys(many.split_last().unwrap().1).map(|keys| keys.len())), (None, Some(9)));
    }
}
