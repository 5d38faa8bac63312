//! Which resources are imported: by themselves, or because they hang on one that is.

use direct_connect_operator::reconcile::Registration;
use serde_json::Value;
use std::collections::BTreeSet;

use crate::error::Error;
use crate::object::{kind_of, short_name};
use crate::takeover::Candidate;
use crate::takeover::manifests::has_field;

/// Which resources. All that is given must hold.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Selection {
    /// Only resources with this tag, and those without tags of their own that hang on one; can be repeated.
    #[arg(long = "tag", value_name = "KEY=VALUE", help_heading = "Selection")]
    pub tags: Vec<String>,
    /// Only the gateway of this VPC or enterprise router, and what hangs on it.
    #[arg(long, value_name = "ID", help_heading = "Selection")]
    pub vpc: Option<String>,
    /// Only this connection, and what hangs on it.
    #[arg(long, value_name = "ID", help_heading = "Selection")]
    pub connection: Option<String>,
    /// Only this gateway, of whatever kind, and what hangs on it.
    #[arg(long, value_name = "ID", help_heading = "Selection")]
    pub gateway: Option<String>,
    /// Only resources with such a name in the cloud; * stands for any characters, ? for one.
    #[arg(long, value_name = "GLOB", help_heading = "Selection")]
    pub name: Option<String>,
    /// Only resources of this kind, like vif; can be repeated.
    #[arg(long = "kind", value_name = "KIND", help_heading = "Selection")]
    pub kinds: Vec<String>,
    /// Only resources without an owner tag.
    #[arg(long, help_heading = "Selection")]
    pub unowned: bool,
}

/// A selection that can be meant.
pub struct Checked<'a> {
    selection: &'a Selection,
    tags: Vec<(&'a str, &'a str)>,
    kinds: Vec<&'static str>,
}

impl Selection {
    /// # Errors
    /// A tag or a kind is none.
    pub fn checked(&self) -> Result<Checked<'_>, Error> {
        let tag = |tag: &'static str, text: &'_ String| Error::Usage(format!("--tag {text}: write it as {tag}"));
        let tags = self.tags.iter().map(|text| text.split_once('=').ok_or_else(|| tag("KEY=VALUE", text))).collect::<Result<_, _>>()?;
        let unknown = |word: &String| {
            let kinds: Vec<String> = direct_connect_operator::kinds::ALL.iter().map(short_name).collect();
            Error::Usage(format!("--kind {word}: no kind of Direct Connect; the kinds are {}", kinds.join(", ")))
        };
        let kinds =
            self.kinds.iter().map(|word| kind_of(word).map(|kind| kind.kind).ok_or_else(|| unknown(word))).collect::<Result<_, _>>()?;
        Ok(Checked { selection: self, tags, kinds })
    }
}

impl Checked<'_> {
    /// Whether resources of the kind are.
    #[must_use]
    pub fn wants(&self, kind: &Registration) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind.kind)
    }

    /// Those that are selected, of candidates in the order of the kinds.
    #[must_use]
    pub fn apply(&self, candidates: Vec<Candidate>) -> Vec<Candidate> {
        let specs: Vec<Value> = candidates.iter().map(|candidate| candidate.resource.spec(&|_, _| None).unwrap_or_default()).collect();
        let all: Vec<(&Candidate, &Value)> = candidates.iter().zip(&specs).collect();
        let Selection { vpc, connection, gateway, name, unowned, .. } = self.selection;
        let ids = [vpc, connection, gateway].into_iter().flatten();
        let mut sets: Vec<BTreeSet<&str>> = ids.map(|id| hanging_on(&all, id)).collect();
        sets.extend(self.tags.iter().map(|tag| tagged(&all, *tag)));
        let is_selected = |candidate: &Candidate| {
            let resource = &candidate.resource;
            self.wants(candidate.kind)
                && sets.iter().all(|set| set.contains(resource.id.as_str()))
                && name.as_ref().is_none_or(|glob| resource.name().is_some_and(|name| matches(glob, name)))
                && (!unowned || resource.owner().is_none())
        };
        let selected: Vec<bool> = candidates.iter().map(is_selected).collect();
        candidates.into_iter().zip(selected).filter(|(_, selected)| *selected).map(|(candidate, _)| candidate).collect()
    }
}

/// IDs of the resource `id`, and of all that name it or one of these. A kind comes after those that it refers to.
fn hanging_on<'a>(all: &[(&'a Candidate, &'a Value)], id: &'a str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::from([id]);
    for (candidate, spec) in all {
        if found.contains(candidate.resource.id.as_str()) || names(spec, &found) {
            found.extend(candidate.resource.parts.values().chain([&candidate.resource.id]).map(String::as_str));
        }
    }
    found
}

/// IDs of the resources with a tag, and of those that can't have tags and name one of these.
fn tagged<'a>(all: &[(&'a Candidate, &'a Value)], (key, value): (&str, &str)) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    for (candidate, spec) in all {
        let has_tag = candidate.resource.tags.get(key).is_some_and(|tag| tag == value);
        if has_tag || (!has_field(candidate.kind, "tags") && names(spec, &found)) {
            found.extend(candidate.resource.parts.values().chain([&candidate.resource.id]).map(String::as_str));
        }
    }
    found
}

/// Whether a spec names one of these.
fn names(spec: &Value, ids: &BTreeSet<&str>) -> bool {
    match spec {
        Value::String(text) => ids.contains(text.as_str()),
        Value::Array(items) => items.iter().any(|item| names(item, ids)),
        Value::Object(fields) => fields.values().any(|field| names(field, ids)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Whether the whole text matches: `*` stands for any characters, `?` for one.
fn matches(glob: &str, text: &str) -> bool {
    match (glob.chars().next(), text.chars().next()) {
        (None, None) => true,
        (Some('*'), first) => {
            let rest = glob.get(1..).unwrap_or_default();
            matches(rest, text) || first.is_some_and(|first| matches(glob, text.get(first.len_utf8()..).unwrap_or_default()))
        }
        (Some(wanted), Some(first)) if wanted == '?' || wanted == first => {
            matches(glob.get(wanted.len_utf8()..).unwrap_or_default(), text.get(first.len_utf8()..).unwrap_or_default())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::takeover::Also;
    use direct_connect_operator::kinds;
    use serde_json::json;

    /// A line with a gateway and another one, a second peer, a global gateway with a route to it.
    fn candidates() -> Vec<Candidate> {
        let peer = |id: &str, family: &str, local: &str, remote: &str, network: &str| {
            json!({
                "id": id, "address_family": family, "route_mode": "static", "local_gateway_ip": local, "remote_gateway_ip": remote,
                "remote_ep_group": [network],
            })
        };
        let interface = json!({
            "id": "vif", "name": "office-line", "direct_connect_id": "line", "vgw_id": "vgw", "service_type": "VGW", "vlan": 1, "bandwidth": 2,
            "address_family": "ipv4", "tags": [{ "key": "direct-connect-operator-owner", "value": "c:n/x" }],
            "vif_peers": [
                peer("first", "ipv4", "10.0.0.1/30", "10.0.0.2/30", "10.1.0.0/16"),
                peer("second", "ipv6", "fd00::1/64", "fd00::2/64", "fd01::/64"),
            ],
        });
        let items = [
            ("Connection", json!({ "id": "line", "name": "line" })),
            (
                "VirtualGateway",
                json!({ "id": "vgw", "name": "office", "vpc_id": "vpc", "local_ep_group": ["10.0.0.0/8"],
                "tags": [{ "key": "team", "value": "a" }] }),
            ),
            ("VirtualGateway", json!({ "id": "other", "name": "branch", "vpc_id": "vpc2", "local_ep_group": ["10.0.0.0/8"] })),
            ("GlobalGateway", json!({ "id": "gdgw", "name": "backbone", "tags": [{ "key": "team", "value": "a" }] })),
            ("VirtualInterface", interface.clone()),
            ("Peer", interface),
            (
                "GlobalGatewayRoute",
                json!({ "id": "route", "gateway_id": "gdgw", "destination": "10.1.0.0/16", "nexthop": "first", "type": "vif_peer" }),
            ),
        ];
        let candidates = items.iter().flat_map(|(kind, item)| {
            let kind = kinds::named(kind).unwrap();
            kind.existing_in(item).unwrap().into_iter().map(move |resource| Candidate { kind, resource, also: Also::default() })
        });
        candidates.collect()
    }

    #[test]
    fn what_hangs_on_a_resource_is_selected_with_it() {
        let text = |text: &str| Some(text.to_owned());
        let rows = [
            ("all", Selection::default(), "line vgw other gdgw vif second route"),
            ("a VPC", Selection { vpc: text("vpc"), ..Selection::default() }, "vgw vif second route"),
            ("a connection", Selection { connection: text("line"), ..Selection::default() }, "line vif second route"),
            ("a gateway", Selection { gateway: text("gdgw"), ..Selection::default() }, "gdgw route"),
            ("both", Selection { gateway: text("gdgw"), connection: text("line"), ..Selection::default() }, "route"),
            ("a tag", Selection { tags: vec!["team=a".to_owned()], ..Selection::default() }, "vgw gdgw route"),
            ("a name", Selection { name: text("o*"), ..Selection::default() }, "vgw vif"),
            ("kinds", Selection { kinds: vec!["vgw".to_owned(), "peers".to_owned()], ..Selection::default() }, "vgw other second"),
            ("without an owner", Selection { unowned: true, ..Selection::default() }, "line vgw other gdgw second route"),
        ];
        for (row, selection, wanted) in rows {
            let selected = selection.checked().unwrap().apply(candidates());
            assert_eq!(selected.iter().map(|one| one.resource.id.as_str()).collect::<Vec<_>>().join(" "), wanted, "{row}");
        }
        for wrong in [
            Selection { tags: vec!["team".to_owned()], ..Selection::default() },
            Selection { kinds: vec!["pod".to_owned()], ..Selection::default() },
        ] {
            assert!(wrong.checked().is_err());
        }
    }

    #[test]
    fn globs_match_whole_names() {
        for (glob, name, wanted) in [
            ("*", "", true),
            ("off*", "office", true),
            ("*ice", "office", true),
            ("?ffice", "öffice", true),
            ("off", "office", false),
            ("*x*", "office", false),
        ] {
            assert_eq!(matches(glob, name), wanted, "{glob} {name}");
        }
    }
}
