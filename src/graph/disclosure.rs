//! What the status of an object may say of objects in other namespaces: that they exist, and their namespace, but not their names.

use super::ObjectKey;
use super::owner::namespace_of;
use crate::api::WaitingFor;

/// Stands for the name of an object in another namespace.
const UNNAMED: &str = "*";

const ELSEWHERE: &str = "an object in another namespace";

impl ObjectKey {
    /// As the status of an object in `namespace` names it. Without its name if it is in another namespace.
    #[must_use]
    pub fn seen_from(&self, namespace: &str) -> WaitingFor {
        let named = self.named_from(namespace);
        if self.namespace == namespace || namespace.is_empty() { named } else { WaitingFor { name: UNNAMED.to_owned(), ..named } }
    }

    /// As the status of an object in `namespace` names it if that object's own spec has the name.
    #[must_use]
    pub fn named_from(&self, namespace: &str) -> WaitingFor {
        let Self { kind, namespace: own, name } = self;
        WaitingFor { kind: (*kind).to_owned(), namespace: (own != namespace).then(|| own.clone()), name: name.clone() }
    }
}

/// Who owns a cloud resource of `kind` with this owner tag, in the words of a status in `namespace`.
#[must_use]
pub fn describe_owner_tag(tag: &str, kind: &str, cluster: &str, namespace: &str) -> String {
    match namespace_of(tag, cluster) {
        Some(own) if own == namespace => format!("{kind} {}", tag.get(cluster.len() + 1..).unwrap_or(tag)),
        Some(_) => ELSEWHERE.to_owned(),
        None => format!("an owner outside of this cluster with the owner tag {tag}"),
    }
}

/// Who holds a cloud resource, in the words of a status in `namespace`.
#[must_use]
pub fn describe_holder(holder: &ObjectKey, namespace: &str) -> String {
    if holder.namespace == namespace { format!("{} {}/{}", holder.kind, holder.namespace, holder.name) } else { ELSEWHERE.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_in_another_namespace_is_not_named() {
        let rows = [
            ("own namespace", "c:team/a", "Peer team/a"),
            ("another namespace", "c:others/a", ELSEWHERE),
            ("another cluster", "d:others/a", "an owner outside of this cluster with the owner tag d:others/a"),
            ("a cluster whose name begins with ours", "cc:others/a", "an owner outside of this cluster with the owner tag cc:others/a"),
            ("not an owner tag of ours", "hello", "an owner outside of this cluster with the owner tag hello"),
        ];
        for (row, tag, expected) in rows {
            assert_eq!(describe_owner_tag(tag, "Peer", "c", "team"), expected, "{row}");
        }
    }

    #[test]
    fn an_object_in_another_namespace_is_named_only_to_those_who_named_it() {
        let key = ObjectKey { kind: "Peer", namespace: "team".into(), name: "a".into() };
        let told = |name: &str, namespace: Option<&str>| WaitingFor {
            kind: "Peer".into(),
            namespace: namespace.map(str::to_owned),
            name: name.into(),
        };
        assert_eq!(key.seen_from("team"), told("a", None));
        assert_eq!(key.seen_from("others"), told("*", Some("team")));
        assert_eq!(key.seen_from(""), told("a", Some("team")), "an object without a namespace");
        assert_eq!(key.named_from("others"), told("a", Some("team")));
    }
}
