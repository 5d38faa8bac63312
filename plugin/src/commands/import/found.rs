//! What is found in an account: resources without an object, each once.

use direct_connect_operator::reconcile::{ExistingResources, Registration, ResourcePhase};
use std::collections::BTreeSet;

use crate::object::{Object, short_name};
use crate::takeover::{Also, Candidate, Skipped};

/// What is found, kind by kind in their order.
pub struct Found {
    /// Resources that have no object.
    pub candidates: Vec<Candidate>,
    /// What is left out.
    pub skipped: Vec<Skipped>,
    /// IDs of resources that have objects.
    pub with_objects: BTreeSet<String>,
    /// IDs of the resources of all objects.
    taken: BTreeSet<String>,
    /// The account that objects are to name.
    account: Option<String>,
}

impl Found {
    /// Nothing yet.
    #[must_use]
    pub fn new(account: Option<String>, objects: &[Object]) -> Self {
        // What an object asks for is its own before it has it.
        let ids = |object: &Object| {
            [object.field("/status/id").as_str(), object.field("/spec/import/id").as_str()].map(|id| id.map(str::to_owned))
        };
        let taken = objects.iter().flat_map(|object| ids(object).into_iter().flatten()).collect();
        Self { candidates: Vec::new(), skipped: Vec::new(), with_objects: BTreeSet::new(), taken, account }
    }

    /// Adds the resources of a kind, and what can't be read of it if it is wanted.
    pub fn add(&mut self, kind: &'static Registration, existing: ExistingResources, is_wanted: bool) {
        if is_wanted {
            let unreadable = existing.unreadable.into_iter();
            self.skipped.extend(unreadable.map(|(id, why)| Skipped { what: format!("{} {id}", short_name(kind)), why }));
        }
        for resource in existing.resources {
            // A partner may see a line twice: it is one of the later kind, which says more, and an object of either kind has it.
            if is_wanted {
                self.candidates.retain(|other| other.resource.id != resource.id);
            }
            if self.taken.contains(&resource.id) {
                self.with_objects.insert(resource.id);
            } else if matches!(resource.phase, ResourcePhase::Deleting | ResourcePhase::Gone) {
                self.skip(&format!("{} {}", short_name(kind), resource.id), "it is being deleted");
            } else {
                self.candidates.push(Candidate { kind, resource, also: Also { account: self.account.clone(), ..Also::default() } });
            }
        }
    }

    /// Leaves something out.
    pub fn skip(&mut self, what: &str, why: &str) {
        self.skipped.push(Skipped { what: what.to_owned(), why: why.to_owned() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{object, with};
    use direct_connect_operator::kinds;
    use serde_json::json;

    /// Kinds and IDs of what has no object, where both kinds show the line `hosted`, and how many resources have one.
    fn found(objects: &[Object], wanted: &[&str]) -> (Vec<(&'static str, String)>, usize) {
        let mut found = Found::new(None, objects);
        let items = [
            ("Connection", json!({ "id": "line", "name": "line" })),
            ("Connection", json!({ "id": "hosted", "name": "hosted" })),
            (
                "HostedConnection",
                json!({ "id": "hosted", "name": "hosted", "hosting_id": "h", "vlan": 1, "bandwidth": 2, "tenant_id": "t" }),
            ),
        ];
        for (kind, item) in items {
            let kind = kinds::named(kind).unwrap();
            let resources = kind.existing_in(&item).unwrap();
            found.add(kind, ExistingResources { resources, ..ExistingResources::default() }, wanted.contains(&kind.kind));
        }
        let kept = found.candidates.into_iter().filter(|one| wanted.contains(&one.kind.kind));
        (kept.map(|one| (one.kind.kind, one.resource.id)).collect(), found.with_objects.len())
    }

    #[test]
    fn a_hosted_line_is_found_once_and_not_again() {
        let of = |kind: &str| with(object(kind, "n", "x", json!({})), "/status/id", json!("hosted"));
        let asked = with(of("HostedConnection"), "/spec/import", json!({ "id": "hosted" }));
        let asked = with(asked, "/status/id", json!(null));
        let both = ["Connection", "HostedConnection"];
        let (line, plain, hosted) = (("Connection", "line"), ("Connection", "hosted"), ("HostedConnection", "hosted"));
        let rows = [
            ("at first", vec![], &both[..], vec![line, hosted], 0),
            ("it has an object", vec![of("HostedConnection")], &both[..], vec![line], 1),
            ("an object asks for it", vec![asked], &both[..], vec![line], 1),
            ("it has an object of the other kind", vec![of("Connection")], &both[..], vec![line], 1),
            ("only connections are wanted", vec![], &both[..1], vec![line, plain], 0),
            ("only connections, and it has an object", vec![of("HostedConnection")], &both[..1], vec![line], 1),
            ("only hosted ones are wanted", vec![], &both[1..], vec![hosted], 0),
        ];
        for (row, objects, wanted, left, with_objects) in rows {
            let left: Vec<(&str, String)> = left.into_iter().map(|(kind, id)| (kind, id.to_owned())).collect();
            assert_eq!(found(&objects, wanted), (left, with_objects), "{row}");
        }
    }
}
