//! Which objects this operator looks after, where several share a cluster: those of some namespaces, those with some labels.
//!
//! It holds for `VirtualGateway`, `VirtualInterface` and `Peer`. Accounts, namespaces, Secrets and grants belong to all shards. Namespaces are
//! watched one by one, so that rights in them suffice.

use kube::core::{Expression, NamespaceResourceScope};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Resource};
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::str::FromStr;

use crate::cluster::merge;
use crate::cluster::strip_metadata::strip_metadata;
use crate::graph::owner::short_hash;

/// The objects that one operator looks after.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shard {
    /// Their namespaces; all when empty.
    pub namespaces: BTreeSet<String>,
    /// The labels that they have; any when absent.
    pub selector: Option<LabelSelector>,
}

/// A label selector in the form that is the same whatever the order it was written in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelSelector(String);

impl Shard {
    /// Whether it is all that the cluster has.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.namespaces.is_empty() && self.selector.is_none()
    }

    /// Stands for this shard in names that shards must not share; `None` for the whole. The same whatever the order of what was given.
    #[must_use]
    pub fn mark(&self) -> Option<String> {
        let namespaces = self.namespaces.iter().map(String::as_str).collect::<Vec<_>>().join(",");
        // Neither of the two signs can stand in a namespace's name.
        match &self.selector {
            None => (!namespaces.is_empty()).then(|| short_hash(&namespaces)),
            Some(selector) => Some(short_hash(&format!("{namespaces}|{}", selector.0))),
        }
    }

    /// The watch of its objects of one kind, which are listed by pages of this size.
    pub fn watch<K>(
        &self,
        client: &kube::Client,
        page: u32,
    ) -> impl futures::Stream<Item = watcher::Result<watcher::Event<K>>> + Send + use<K>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + DeserializeOwned + Debug + Send + 'static,
    {
        let config = watcher::Config::default().page_size(page);
        let config = self.selector.iter().fold(config, |config, selector| config.labels(&selector.0));
        let places: Vec<Api<K>> = if self.namespaces.is_empty() {
            vec![Api::all(client.clone())]
        } else {
            self.namespaces.iter().map(|namespace| Api::namespaced(client.clone(), namespace)).collect()
        };
        let watches = places.into_iter().map(|api| watcher(api, config.clone()).default_backoff().modify(strip_metadata));
        merge::merge(watches.collect())
    }
}

impl FromStr for LabelSelector {
    type Err = String;

    /// As the API server reads it: `team=a`, `tier!=test`, `team in (a,b)`, `team notin (c)`, `team`, `!team`, separated by commas.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut requirements = BTreeSet::new();
        for part in parts(text)? {
            requirements.insert(requirement(part.trim()).ok_or_else(|| wrong(part))?.to_string());
        }
        Ok(Self(requirements.into_iter().collect::<Vec<_>>().join(",")))
    }
}

fn wrong(part: &str) -> String {
    format!("{:?} is no requirement on labels; write team=a, team!=a, team in (a,b), team notin (a,b), team or !team", part.trim())
}

/// The text between the commas that do not stand in brackets.
fn parts(text: &str) -> Result<Vec<&str>, String> {
    let (mut parts, mut rest, mut within) = (Vec::new(), text, false);
    let mut from = 0;
    while let Some((place, sign)) = rest.char_indices().find(|(place, sign)| *place >= from && matches!(sign, ',' | '(' | ')')) {
        from = place + 1;
        match (sign, within) {
            ('(', false) => within = true,
            (')', true) => within = false,
            (',', true) => {}
            (',', false) => {
                let (part, after) = rest.split_at(place);
                parts.push(part);
                (rest, from) = (after.get(1..).unwrap_or_default(), 0);
            }
            _ => return Err(wrong(text)),
        }
    }
    parts.push(rest);
    if within { Err(wrong(text)) } else { Ok(parts) }
}

fn requirement(text: &str) -> Option<Expression> {
    let list = |key: &str, values: &str| {
        let values = values.trim().strip_prefix('(')?.strip_suffix(')')?;
        let values: Option<BTreeSet<String>> = values.split(',').map(|value| label(value.trim())).collect();
        Some((name(key)?, values?))
    };
    // Values may begin with these words, but stand in brackets only after them.
    if let Some((key, values)) = text.split_once(" notin").filter(|_| text.contains('(')) {
        return list(key, values).map(|(key, values)| Expression::NotIn(key, values));
    }
    if let Some((key, values)) = text.split_once(" in").filter(|_| text.contains('(')) {
        return list(key, values).map(|(key, values)| Expression::In(key, values));
    }
    if let Some((key, value)) = text.split_once("!=") {
        return Some(Expression::NotEqual(name(key)?, label(value.trim())?));
    }
    if let Some((key, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
        return Some(Expression::Equal(name(key)?, label(value.trim())?));
    }
    match text.strip_prefix('!') {
        Some(key) => name(key).map(Expression::DoesNotExist),
        None => name(text).map(Expression::Exists),
    }
}

/// Key of a label: a name, with or without a domain and a slash before it.
fn name(text: &str) -> Option<String> {
    let text = text.trim();
    let (domain, name) = text.split_once('/').map_or((None, text), |(domain, name)| (Some(domain), name));
    let domain_is_sound =
        domain.is_none_or(|domain| (1..=253).contains(&domain.len()) && domain.split('.').all(|part| is_word(part) && !part.contains('_')));
    (domain_is_sound && !name.is_empty() && is_word(name)).then(|| text.to_owned())
}

/// Value of a label, which may be empty.
fn label(text: &str) -> Option<String> {
    (text.is_empty() || is_word(text)).then(|| text.to_owned())
}

fn is_word(text: &str) -> bool {
    let ends = |end: Option<char>| end.is_some_and(|sign| sign.is_ascii_alphanumeric());
    text.len() <= 63
        && ends(text.chars().next())
        && ends(text.chars().last())
        && text.chars().all(|sign| sign.is_ascii_alphanumeric() || "-_.".contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shard(namespaces: &[&str], selector: &str) -> Shard {
        let selector = (!selector.is_empty()).then(|| selector.parse().unwrap());
        Shard { namespaces: namespaces.iter().map(ToString::to_string).collect(), selector }
    }

    #[test]
    fn a_selector_reads_the_same_in_any_order() {
        for (text, read) in [
            ("team=a", "team=a"),
            (" tier != test , team==a ", "team=a,tier!=test"),
            ("team in (b, a),!old", "!old,team in (a,b)"),
            ("team = infra,tier != internal", "team=infra,tier!=internal"),
            ("example.com/team notin (a),example.com/team", "example.com/team,example.com/team notin (a)"),
            ("team=", "team="),
        ] {
            assert_eq!(text.parse(), Ok(LabelSelector(read.to_owned())), "{text}");
        }
        let wrong =
            ["", ",", "team=a,", "a b", "team in a", "team in (a", "team=(a)", "te am=a", "team=a=b", "-team", "a/b/c", "team>1", "=a"];
        for wrong in wrong {
            assert!(wrong.parse::<LabelSelector>().is_err(), "{wrong}");
        }
        assert!("team in (a".parse::<LabelSelector>().unwrap_err().contains("\"team in (a\" is no requirement on labels"));
    }

    #[test]
    fn each_shard_has_a_mark_of_its_own() {
        assert_eq!(Shard::default().mark(), None);
        assert!(Shard::default().is_whole());
        // What accounts carry already.
        assert_eq!(shard(&["team"], "").mark(), Some(short_hash("team")));
        assert_eq!(shard(&["a", "b"], "x=1,y=2").mark(), shard(&["b", "a"], "y=2,x=1").mark());
        let all = [shard(&["a"], ""), shard(&["b"], ""), shard(&["a", "b"], ""), shard(&["a"], "x"), shard(&[], "x"), shard(&[], "y")];
        let marks: BTreeSet<_> = all.iter().map(Shard::mark).collect();
        assert_eq!(marks.len(), all.len());
        assert!(all.iter().all(|shard| !shard.is_whole()));
    }
}
