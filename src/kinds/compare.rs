//! Comparing a spec with what the cloud shows: the same rules for all kinds.

use ipnet::IpNet;
use std::collections::BTreeSet;
use std::fmt::Display;

use crate::api::Tags;
use crate::cloud::{Call, Tag, TagAction, change_tags};
use crate::reconcile::{DesiredTags, Difference};

/// Gathers the differences of one resource.
#[derive(Default)]
pub(super) struct Comparison(Vec<Difference>);

impl Comparison {
    /// A field that the cloud can't change. Neither a spec that is silent nor a cloud that is makes a difference.
    pub fn fixed<T: PartialEq + Display + Field>(&mut self, path: &'static str, desired: Option<T>, observed: Option<T>) {
        if let (Some(desired), Some(observed)) = (desired, observed.filter(Field::is_shown))
            && desired != observed
        {
            self.push(path, false, true, &desired, &observed);
        }
    }

    /// What a managed resource must be like although the spec has no field for it.
    pub fn required(&mut self, path: &'static str, desired: &str, observed: Option<&str>) {
        let before = self.0.len();
        self.fixed(path, Some(desired), observed);
        for difference in self.0.iter_mut().skip(before) {
            difference.is_of_spec = false;
        }
    }

    /// A field that the cloud can change. A spec that is silent makes no difference.
    pub fn mutable<T: PartialEq + Display + Field>(&mut self, path: &'static str, desired: Option<T>, observed: Option<T>) {
        let Some(desired) = desired else { return };
        match observed {
            Some(observed) if desired == observed => {}
            Some(observed) => self.push(path, true, observed.is_shown(), &desired, &observed),
            None => self.push(path, true, false, &desired, &""),
        }
    }

    /// A text that the cloud can change and that it may show as null when empty.
    pub fn text(&mut self, path: &'static str, desired: Option<&str>, observed: Option<&str>) {
        self.mutable(path, desired, Some(observed.unwrap_or_default()));
    }

    /// A list of networks that the cloud can change: order and spelling are nothing.
    pub fn networks(&mut self, path: &'static str, desired: &[String], observed: &[String]) {
        if networks(desired) != networks(observed) {
            self.push(path, true, !observed.is_empty(), &desired.join(", "), &observed.join(", "));
        }
    }

    /// An address with its prefix length that the cloud can't change; spelling is nothing.
    pub fn address(&mut self, path: &'static str, desired: &str, observed: Option<&str>) {
        if let Some(observed) = observed.filter(Field::is_shown)
            && address(desired) != address(observed)
        {
            self.push(path, false, true, &desired, &observed);
        }
    }

    /// A field of several parts that the cloud can change by one call.
    pub fn whole(&mut self, path: &'static str, is_shown: bool, desired: &str, observed: &str) {
        self.push(path, true, is_shown, &desired, &observed);
    }

    /// All tags but those that others manage.
    pub fn tags(&mut self, desired: &DesiredTags, observed: &Tags) {
        if TagChange::between(desired, observed).is_some() {
            let spelled = |tags: &Tags| spelled(tags.iter().filter(|(key, _)| !desired.is_ignored(key)));
            self.push("tags", true, !observed.is_empty(), &spelled(&desired.tags), &spelled(observed));
        }
    }

    /// Tags that only the create sets, of those that the spec names: the account's and the owner's can't be added later, and where the cloud shows
    /// no tags it keeps none.
    pub fn tags_of_create(&mut self, spec: Option<&Tags>, desired: &DesiredTags, observed: &Tags) {
        let is_asked_for = |key: &String| spec.is_some_and(|spec| spec.contains_key(key)) && !desired.is_ignored(key);
        let of_spec = |tags: &Tags| -> Tags {
            tags.iter().filter(|(key, _)| is_asked_for(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
        };
        let (wanted, shown) = (of_spec(&desired.tags), of_spec(observed));
        if !observed.is_empty() && wanted != shown && !wanted.is_empty() {
            self.push("tags", false, true, &spelled(wanted.iter()), &spelled(shown.iter()));
        }
    }

    pub fn finish(self) -> Vec<Difference> {
        self.0
    }

    fn push(&mut self, path: &'static str, mutable: bool, is_shown: bool, desired: &dyn Display, observed: &dyn Display) {
        let (desired, observed) = (desired.to_string(), observed.to_string());
        self.0.push(Difference { path, mutable, is_shown, is_of_spec: true, desired, observed });
    }
}

/// A value of the cloud that may stand for none.
pub(super) trait Field {
    /// Whether it is a value.
    fn is_shown(&self) -> bool;
}

impl Field for str {
    fn is_shown(&self) -> bool {
        !self.is_empty()
    }
}

impl Field for String {
    fn is_shown(&self) -> bool {
        !self.is_empty()
    }
}

impl<T: Field + ?Sized> Field for &T {
    fn is_shown(&self) -> bool {
        T::is_shown(self)
    }
}

impl Field for i32 {
    fn is_shown(&self) -> bool {
        *self != 0
    }
}

impl Field for i64 {
    fn is_shown(&self) -> bool {
        *self != 0
    }
}

impl Field for bool {
    fn is_shown(&self) -> bool {
        true
    }
}

/// The next call's worth of change between two sets of tags.
pub(super) struct TagChange {
    action: TagAction,
    tags: Vec<Tag>,
}

impl TagChange {
    /// What is too much goes first: a resource has ten tags at most.
    pub fn between(desired: &DesiredTags, observed: &Tags) -> Option<Self> {
        let DesiredTags { tags, is_whole, ignored: _ } = desired;
        let surplus = to_wire(observed.iter().filter(|(key, _)| *is_whole && !tags.contains_key(*key) && !desired.is_ignored(key)));
        let missing = to_wire(tags.iter().filter(|(key, value)| observed.get(*key) != Some(*value) && !desired.is_ignored(key)));
        match (surplus.is_empty(), missing.is_empty()) {
            (false, _) => Some(Self { action: TagAction::Delete, tags: surplus }),
            (true, false) => Some(Self { action: TagAction::Create, tags: missing }),
            (true, true) => None,
        }
    }

    pub fn call(&self, resource_type: &str, id: &str) -> Call {
        change_tags(resource_type, id, self.action, &self.tags)
    }
}

/// The networks that a list is to have to which others contribute: those of the spec, and what others have added to it.
pub(super) fn with_contributed<'a>(desired: &[String], observed: &[String], contributed: impl Iterator<Item = &'a String>) -> Vec<String> {
    let (wanted, contributed) = (networks(desired), networks(contributed));
    let is_added = |network: &&String| {
        let network = parse(network);
        contributed.contains(&network) && !wanted.contains(&network)
    };
    desired.iter().chain(observed.iter().filter(is_added)).cloned().collect()
}

/// Whether `path` is among the differences.
pub(super) fn differs(differences: &[Difference], path: &str) -> bool {
    differences.iter().any(|difference| difference.path == path)
}

pub(super) fn to_wire<'a>(tags: impl IntoIterator<Item = (&'a String, &'a String)>) -> Vec<Tag> {
    tags.into_iter().map(|(key, value)| Tag { key: key.clone(), value: value.clone() }).collect()
}

pub(super) fn from_wire(tags: &[Tag]) -> Tags {
    tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect()
}

fn spelled<'a>(tags: impl Iterator<Item = (&'a String, &'a String)>) -> String {
    tags.map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(", ")
}

/// Networks in one spelling; a text that is none stands for itself.
fn networks<'a>(texts: impl IntoIterator<Item = &'a String>) -> BTreeSet<Result<IpNet, String>> {
    texts.into_iter().map(|text| parse(text)).collect()
}

fn parse(text: &str) -> Result<IpNet, String> {
    text.parse::<IpNet>().map(|net| net.trunc()).map_err(|_| text.to_owned())
}

fn address(text: &str) -> Result<IpNet, String> {
    text.parse::<IpNet>().map_err(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::owner::OWNER_TAG;
    use proptest::prelude::*;

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn networks_are_sets_of_networks() {
        let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
        let table: [(&[&str], &[&str], bool); 5] = [
            (&["10.0.0.0/8", "192.168.0.0/16"], &["192.168.0.0/16", "10.0.0.0/8"], true),
            (&["fd00::/64"], &["FD00:0::/64"], true),
            (&["10.0.0.0/8"], &["10.0.0.0/9"], false),
            (&[], &["10.0.0.0/8"], false),
            (&["10.0.0.0/8"], &["garbage"], false),
        ];
        for (desired, observed, same) in table {
            assert_eq!(differ(&owned(desired), &owned(observed)), !same, "{desired:?} {observed:?}");
        }
    }

    #[test]
    fn what_others_contribute_stays_in_the_list() {
        /// What it is, the spec, the cloud, what others add, the result.
        type Row<'a> = (&'a str, &'a [&'a str], &'a [&'a str], &'a [&'a str], &'a [&'a str]);
        let table: [Row; 5] = [
            ("added by another", &["10.0.0.0/8"], &["10.0.0.0/8", "172.16.0.0/12"], &["172.16.0.0/12"], &["10.0.0.0/8", "172.16.0.0/12"]),
            ("not there yet, or not shown there", &["10.0.0.0/8"], &["10.0.0.0/8"], &["172.16.0.0/12"], &["10.0.0.0/8"]),
            ("added by nobody", &["10.0.0.0/8"], &["10.0.0.0/8", "172.16.0.0/12"], &[], &["10.0.0.0/8"]),
            ("in the spec, too", &["10.0.0.0/8"], &["10.0.0.0/8"], &["10.0.0.0/8"], &["10.0.0.0/8"]),
            ("in another spelling", &["fd00::/64"], &["FD00::/64", "FD01::/64"], &["fd01::/64"], &["fd00::/64", "FD01::/64"]),
        ];
        let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
        for (row, desired, observed, contributed, wanted) in table {
            assert_eq!(with_contributed(&owned(desired), &owned(observed), owned(contributed).iter()), owned(wanted), "{row}");
        }
    }

    #[test]
    fn surplus_tags_go_before_missing_ones_come_and_those_of_others_stay() {
        let whole = |pairs: &[(&str, &str)]| DesiredTags {
            tags: tags(pairs),
            is_whole: true,
            ignored: vec!["policy".to_owned(), "cost:*".to_owned(), OWNER_TAG.to_owned(), "dir*".to_owned()],
        };
        let unset = |pairs: &[(&str, &str)]| DesiredTags { is_whole: false, ..whole(pairs) };
        let (delete, create) = (|pairs| Some((TagAction::Delete, tags(pairs))), |pairs| Some((TagAction::Create, tags(pairs))));
        let ours: &[(&str, &str)] = &[("a", "1"), ("b", "2")];
        let owner: &[(&str, &str)] = &[(OWNER_TAG, "c:n/x")];
        let rows = [
            ("what is too much goes first", whole(ours), tags(&[("a", "0"), ("x", ""), ("_sys_y", "")]), delete(&[("x", "")])),
            ("what is missing or differs", whole(ours), tags(&[("a", "0"), ("_sys_y", "")]), create(ours)),
            ("the cloud's own", whole(&[("a", "1")]), tags(&[("a", "1"), ("_sys_y", "")]), None),
            ("those of others, by key and by prefix", whole(&[]), tags(&[("policy", "x"), ("cost:", ""), ("cost:centre", "7")]), None),
            ("which are no other keys", whole(&[]), tags(&[("policy2", ""), ("cost", "")]), delete(&[("policy2", ""), ("cost", "")])),
            ("nor corrected", whole(&[("policy", "a")]), tags(&[("policy", "b")]), None),
            ("that of the owner of what is only observed", whole(&[]), tags(owner), None),
            ("{} removes all", whole(&[]), tags(&[("a", "1")]), delete(&[("a", "1")])),
            ("nothing is asked for", unset(&[]), tags(&[("a", "1")]), None),
            ("but for the owner's, which is never left to others", unset(owner), tags(&[("a", "1")]), create(owner)),
        ];
        for (row, desired, observed, expected) in rows {
            let change = TagChange::between(&desired, &observed).map(|change| (change.action, from_wire(&change.tags)));
            assert_eq!(change, expected, "{row}");
        }
    }

    #[test]
    fn of_the_tags_of_a_create_those_of_the_spec_are_compared_where_any_are_shown() {
        let desired = |pairs| DesiredTags { tags: tags(pairs), is_whole: true, ignored: vec!["cost:*".to_owned()] };
        let with_owner = desired(&[("a", "1"), ("cost:x", "1"), ("of the account", "1"), (OWNER_TAG, "c:n/x")]);
        let spec = tags(&[("a", "1"), ("cost:x", "1")]);
        let rows = [
            ("as asked for, among others", &with_owner, tags(&[("a", "1"), ("b", "2"), (OWNER_TAG, "c:n/x")]), None),
            ("the region keeps none", &with_owner, tags(&[]), None),
            ("another value", &with_owner, tags(&[("a", "2")]), Some(("a=1", "a=2"))),
            ("not there", &with_owner, tags(&[(OWNER_TAG, "c:n/x")]), Some(("a=1", ""))),
            ("none is to be there", &DesiredTags::default(), tags(&[("a", "2")]), None),
        ];
        for (row, desired, observed, expected) in rows {
            let mut comparison = Comparison::default();
            comparison.tags_of_create(Some(&spec), desired, &observed);
            let told = comparison.finish();
            let told: Vec<(&str, &str)> = told.iter().map(|one| (one.desired.as_str(), one.observed.as_str())).collect();
            assert_eq!(told, expected.into_iter().collect::<Vec<_>>(), "{row}");
        }
        let mut comparison = Comparison::default();
        comparison.tags_of_create(None, &with_owner, &tags(&[("a", "2")]));
        assert_eq!(comparison.finish(), [], "a spec without tags");
    }

    fn differ(desired: &[String], observed: &[String]) -> bool {
        let mut comparison = Comparison::default();
        comparison.networks("remoteEpGroup", desired, observed);
        !comparison.finish().is_empty()
    }

    /// A network with any host bits, of either family.
    fn any_network() -> impl Strategy<Value = IpNet> {
        let v4 = (any::<std::net::Ipv4Addr>(), 0..=32u8).prop_map(|(address, length)| IpNet::new(address.into(), length));
        let v6 = (any::<std::net::Ipv6Addr>(), 0..=128u8).prop_map(|(address, length)| IpNet::new(address.into(), length));
        prop_oneof![v4, v6].prop_map(Result::unwrap)
    }

    fn any_networks() -> impl Strategy<Value = Vec<IpNet>> {
        proptest::collection::vec(any_network(), 0..8)
    }

    /// Networks, texts that are nearly networks, and any texts.
    fn any_texts() -> impl Strategy<Value = Vec<String>> {
        let text = prop_oneof![any_network().prop_map(|net| net.to_string()), "[0-9a-fA-F:./ ]{0,45}", ".{0,20}"];
        proptest::collection::vec(text, 0..5)
    }

    fn texts<'a>(networks: impl IntoIterator<Item = &'a IpNet>) -> Vec<String> {
        networks.into_iter().map(ToString::to_string).collect()
    }

    proptest! {
        #[test]
        fn any_texts_equal_themselves_in_any_order(texts in any_texts(), turn in any::<proptest::sample::Index>()) {
            let mut turned: Vec<String> = texts.iter().rev().cloned().collect();
            turned.rotate_left(turn.index(texts.len().max(1)));
            prop_assert!(!differ(&texts, &texts) && !differ(&texts, &turned) && !differ(&turned, &texts));
        }

        #[test]
        fn any_texts_are_compared_alike_from_both_sides(one in any_texts(), other in any_texts()) {
            prop_assert_eq!(differ(&one, &other), differ(&other, &one));
        }

        #[test]
        fn spelling_and_repetition_are_nothing(networks in any_networks()) {
            let other: Vec<String> = networks.iter().flat_map(|net| [net.trunc().to_string().to_uppercase(), net.to_string()]).collect();
            prop_assert!(!differ(&texts(&networks), &other));
        }

        #[test]
        fn sets_that_differ_are_told(networks in any_networks(), one_more in any_network()) {
            let set: BTreeSet<IpNet> = networks.iter().map(IpNet::trunc).collect();
            let more: BTreeSet<IpNet> = set.iter().copied().chain([one_more.trunc()]).collect();
            prop_assert_eq!(differ(&texts(&set), &texts(&more)), set != more);
            prop_assert_eq!(differ(&texts(&more), &texts(&set)), set != more);
            let without_first: Vec<IpNet> = set.iter().skip(1).copied().collect();
            prop_assert_eq!(differ(&texts(&networks), &texts(&without_first)), !set.is_empty());
        }

        #[test]
        fn an_address_equals_itself_in_any_spelling_and_no_other(one in any_network(), other in any_network(), text in ".{0,45}") {
            let differ = |desired: &str, observed: &str| {
                let mut comparison = Comparison::default();
                comparison.address("localGatewayIp", desired, Some(observed));
                !comparison.finish().is_empty()
            };
            prop_assert!(!differ(&text, &text) && !differ(&one.to_string(), &one.to_string().to_uppercase()));
            prop_assert_eq!(differ(&one.to_string(), &other.to_string()), one != other);
        }
    }
}
