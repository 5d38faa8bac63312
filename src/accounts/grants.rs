//! Who may use what of an account: `spec.grants` held against what an object uses. Pure.
//!
//! One grant must allow all of it: grants are alternatives, not parts. What the account leaves open is allowed.

use std::collections::BTreeMap;

use crate::api::CloudAccountSpec;
use crate::api::cloud_account::{Grant, ImportGrant, Namespaces};

use super::namespaces::includes;

/// One thing that an object uses of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// Field of the spec that says so.
    pub field: &'static str,
    /// What.
    pub what: What,
}

/// What can be granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A connection or a link aggregation group, by id.
    Connection(String),
    /// A VPC, an enterprise router, a global gateway or a connect gateway, by id.
    Network(String),
    /// A VLAN.
    Vlan(i32),
    /// A VLAN that is not known: of an interface that the account does not show.
    UnknownVlan,
    /// A global EIP or a segment of them, by id.
    GlobalEip(String),
    /// A global connection bandwidth, by id.
    Gcb(String),
    /// A bandwidth in Mbit/s.
    Bandwidth(i32),
    /// The taking over of what is there.
    Import,
    /// A cloud resource of this kind by its id: what stands behind it is used.
    Resource(&'static str, String),
}

/// Who may use an account, and what of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Allowance {
    /// Namespaces that may use it; all when absent.
    open_to: Option<Namespaces>,
    /// Who may use what.
    grants: Vec<Grant>,
}

impl Allowance {
    /// As the account says.
    #[must_use]
    pub fn of(account: &CloudAccountSpec) -> Self {
        Self { open_to: account.allowed_namespaces.clone(), grants: account.grants.clone() }
    }

    /// Whether objects of a namespace with these labels may use the account.
    #[must_use]
    pub fn is_open_to(&self, namespace: &str, labels: &BTreeMap<String, String>) -> bool {
        self.open_to.as_ref().is_none_or(|open_to| includes(open_to, namespace, labels))
    }

    /// Whether objects of a namespace with these labels may use all of `uses`.
    ///
    /// # Errors
    /// With the field, its value and what is allowed.
    pub fn grants(&self, namespace: &str, labels: &BTreeMap<String, String>, uses: &[Use]) -> Result<(), String> {
        check(&self.grants, namespace, labels, uses)
    }

    /// Whether there are limits at all to what its objects may use.
    #[must_use]
    pub fn has_grants(&self) -> bool {
        !self.grants.is_empty()
    }
}

/// Field of the spec that asks for a resource to be taken over.
pub const IMPORT: &str = "import";

impl Use {
    /// `field` uses `what`.
    #[must_use]
    pub const fn new(field: &'static str, what: What) -> Self {
        Self { field, what }
    }
}

/// Whether objects of a namespace with these labels may use all of `uses`.
///
/// # Errors
/// With the field, its value and what is allowed, for the condition.
fn check(grants: &[Grant], namespace: &str, labels: &BTreeMap<String, String>, uses: &[Use]) -> Result<(), String> {
    if grants.is_empty() {
        return Ok(());
    }
    let mine: Vec<&Grant> = grants.iter().filter(|grant| includes(&grant.namespaces, namespace, labels)).collect();
    let Some(first) = mine.first() else {
        return Err("no grant in spec.grants selects this namespace".to_owned());
    };
    if mine.iter().any(|grant| uses.iter().all(|used| allows(grant, &used.what))) {
        return Ok(());
    }
    // The grant that allows the most tells best what is missing.
    let best = mine.iter().max_by_key(|grant| uses.iter().filter(|used| allows(grant, &used.what)).count()).unwrap_or(first);
    let refused = uses.iter().filter(|used| !allows(best, &used.what));
    Err(refused.map(|used| told(best, used)).collect::<Vec<_>>().join("; "))
}

fn allows(grant: &Grant, what: &What) -> bool {
    let listed = |list: &Option<Vec<String>>, id: &String| list.as_ref().is_none_or(|ids| ids.contains(id));
    match what {
        What::Connection(id) => listed(&grant.connection_ids, id),
        What::Network(id) => listed(&grant.vpc_ids, id),
        What::GlobalEip(id) => listed(&grant.global_eip_ids, id),
        What::Gcb(id) => listed(&grant.gcb_ids, id),
        What::Vlan(vlan) => grant.vlans.as_ref().is_none_or(|ranges| ranges.iter().any(|range| contains(range, *vlan))),
        What::UnknownVlan => grant.vlans.is_none(),
        What::Bandwidth(bandwidth) => grant.max_bandwidth.is_none_or(|most| *bandwidth <= most),
        What::Import => grant.import.unwrap_or_default() == ImportGrant::Allow,
        // What stands behind it was asked for beside it; by itself it gives nothing.
        What::Resource(..) => true,
    }
}

/// `100` or `100-199`. What can't be read allows nothing.
fn contains(range: &str, vlan: i32) -> bool {
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    first.parse().is_ok_and(|first: i32| first <= vlan) && last.parse().is_ok_and(|last: i32| vlan <= last)
}

fn told(grant: &Grant, used: &Use) -> String {
    let list = |list: &Option<Vec<String>>| {
        list.as_ref().map_or_else(String::new, |ids| if ids.is_empty() { "none".to_owned() } else { ids.join(", ") })
    };
    let (value, allowed) = match &used.what {
        What::Connection(id) => (id.clone(), list(&grant.connection_ids)),
        What::Network(id) => (id.clone(), list(&grant.vpc_ids)),
        What::GlobalEip(id) => (id.clone(), list(&grant.global_eip_ids)),
        What::Gcb(id) => (id.clone(), list(&grant.gcb_ids)),
        What::Vlan(vlan) => (vlan.to_string(), list(&grant.vlans)),
        What::UnknownVlan => ("the VLAN of an interface that does not exist".to_owned(), list(&grant.vlans)),
        What::Bandwidth(bandwidth) => (bandwidth.to_string(), format!("up to {}", grant.max_bandwidth.unwrap_or_default())),
        What::Import => return format!("spec.{} is not granted: the grant has import: Deny", used.field),
        What::Resource(kind, id) => (format!("{kind} {id}"), String::new()),
    };
    format!("spec.{}: {value} is not granted; allowed: {allowed}", used.field)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    /// What it is, the grants, what is used, what is told when that is refused.
    type Row<'a> = (&'a str, Vec<Value>, Vec<Use>, Option<&'a str>);

    fn grants(value: Value) -> Vec<Grant> {
        serde_json::from_value(value).unwrap()
    }

    fn uses(connection: &str, vlan: i32, bandwidth: i32) -> Vec<Use> {
        vec![
            Use::new("connectionId", What::Connection(connection.into())),
            Use::new("vlan", What::Vlan(vlan)),
            Use::new("bandwidth", What::Bandwidth(bandwidth)),
        ]
    }

    #[test]
    fn one_grant_must_allow_all() {
        let team = json!({ "names": ["team"] });
        let wide = json!({ "namespaces": team });
        let narrow = json!({
            "namespaces": team, "connectionIds": ["a"], "vlans": ["7", "100-199"], "maxBandwidth": 50, "vpcIds": ["v"], "import": "Deny",
        });
        let other = json!({ "namespaces": team, "connectionIds": ["b"], "vlans": ["300"] });
        let abroad = json!({ "namespaces": { "names": ["others"] } });
        let selected = json!({ "namespaces": { "selector": { "matchLabels": { "tier": "gold" } } } });
        let unseen = vec![Use::new("virtualInterfaceId", What::UnknownVlan)];
        let import = vec![Use::new("import", What::Import)];
        let network = |id: &str| vec![Use::new("vpcId", What::Network(id.into()))];
        let eips = json!({ "namespaces": team, "globalEipIds": ["e"], "gcbIds": ["b"] });
        let global_eip = |id: &str| Use::new("globalEipId", What::GlobalEip(id.into()));
        let gcb = |id: &str| Use::new("gcbId", What::Gcb(id.into()));
        let rows: Vec<Row> = vec![
            ("no grants at all", vec![], uses("z", 1, 9999), None),
            ("a grant without limits", vec![wide], uses("z", 1, 9999), None),
            ("within", vec![narrow.clone()], uses("a", 150, 50), None),
            ("a single VLAN", vec![narrow.clone()], uses("a", 7, 2), None),
            ("another connection", vec![narrow.clone()], uses("b", 150, 50), Some("spec.connectionId: b is not granted; allowed: a")),
            ("a VLAN beside", vec![narrow.clone()], uses("a", 200, 50), Some("spec.vlan: 200 is not granted; allowed: 7, 100-199")),
            ("too broad", vec![narrow.clone()], uses("a", 100, 51), Some("spec.bandwidth: 51 is not granted; allowed: up to 50")),
            ("parts of two grants", vec![narrow.clone(), other.clone()], uses("b", 150, 2), Some("is not granted")),
            ("the second grant", vec![narrow.clone(), other], uses("b", 300, 9999), None),
            ("another namespace's", vec![abroad], uses("a", 1, 2), Some("no grant in spec.grants selects this namespace")),
            ("by label", vec![selected], uses("a", 1, 2), None),
            ("import denied", vec![narrow.clone()], import, Some("spec.import is not granted")),
            (
                "any VLAN",
                vec![narrow.clone()],
                unseen.clone(),
                Some("spec.virtualInterfaceId: the VLAN of an interface that does not exist is not granted; allowed: 7, 100-199"),
            ),
            ("any VLAN where none is named", vec![json!({ "namespaces": team, "connectionIds": ["a"] })], unseen, None),
            ("a global EIP", vec![eips.clone()], vec![global_eip("e"), gcb("b")], None),
            ("another one", vec![eips.clone()], vec![global_eip("f"), gcb("b")], Some("spec.globalEipId: f is not granted; allowed: e")),
            ("another bandwidth of it", vec![eips], vec![global_eip("e"), gcb("c")], Some("spec.gcbId: c is not granted; allowed: b")),
            ("any global EIP where none is named", vec![narrow.clone()], vec![global_eip("f"), gcb("c")], None),
            ("a VPC", vec![narrow.clone()], network("v"), None),
            ("another VPC", vec![narrow], network("w"), Some("spec.vpcId: w is not granted; allowed: v")),
        ];
        let labels = BTreeMap::from([("tier".to_owned(), "gold".to_owned())]);
        for (row, list, uses, refused) in rows {
            let verdict = check(&grants(Value::Array(list)), "team", &labels, &uses);
            match refused {
                None => assert_eq!(verdict, Ok(()), "{row}"),
                Some(text) => assert!(verdict.as_ref().is_err_and(|told| told.contains(text)), "{row}: {verdict:?}"),
            }
        }
    }

    proptest! {
        #[test]
        fn a_range_holds_what_lies_between_its_ends(first in 0..4000i32, length in 0..100i32, vlan in 0..4100i32) {
            let last = first + length;
            prop_assert_eq!(contains(&format!("{first}-{last}"), vlan), (first..=last).contains(&vlan));
            prop_assert_eq!(contains(&first.to_string(), vlan), first == vlan);
        }

        #[test]
        fn no_text_grants_by_mistake(text in "[^0-9]{0,6}", vlan in 0..4000i32) {
            prop_assert!(!contains(&text, vlan));
        }
    }
}
