//! The tag that names a cloud resource's owner: how it is written, and how much of it is told to whom.

use sha2::{Digest, Sha256};
use std::fmt::Write as _;

use crate::graph::Key;

/// Key of the tag. Letters and hyphens only: legal in every region's documented set.
pub const OWNER_TAG: &str = "direct-connect-operator-owner";

/// Longest value of a tag (`docs/design/cloud-api.md#tags`).
const LIMIT: usize = 255;

/// Value of [`OWNER_TAG`]: `<cluster>:<namespace>/<name>`. What is longer than a tag's value ends in a hash of the whole, so that two owners never
/// read the same.
#[must_use]
pub fn owner(cluster: &str, namespace: &str, name: &str) -> String {
    let whole = format!("{cluster}:{namespace}/{name}");
    if whole.len() <= LIMIT {
        return whole;
    }
    let hash = short_hash(&whole);
    let kept: String = whole.chars().take(LIMIT - hash.len() - 1).collect();
    format!("{kept}-{hash}")
}

/// 16 characters that stand for a longer text.
#[must_use]
pub fn short_hash(text: &str) -> String {
    const BYTES: usize = 8;
    Sha256::digest(text.as_bytes()).iter().take(BYTES).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The namespace of `cluster` that the owner's tag `tag` names; `None` for what another cluster owns.
#[must_use]
pub fn namespace_of<'a>(tag: &'a str, cluster: &str) -> Option<&'a str> {
    tag.strip_prefix(cluster)?.strip_prefix(':')?.split_once('/').map(|(namespace, _)| namespace)
}

/// The object of `cluster` that the owner's tag `tag` names; `None` also where the name may have been cut.
#[must_use]
pub fn object_of(tag: &str, kind: &'static str, cluster: &str) -> Option<Key> {
    keeper_of(tag, kind, cluster).filter(|_| tag.len() < LIMIT)
}

/// The same, also where the name may have been cut: the namespace is told by it in any case.
#[must_use]
pub fn keeper_of(tag: &str, kind: &'static str, cluster: &str) -> Option<Key> {
    let (_, name) = tag.rsplit_once('/')?;
    Some(Key { kind, namespace: namespace_of(tag, cluster)?.to_owned(), name: name.to_owned() })
}

/// Whose a resource with this tag is, as an object of `namespace` may know it: other namespaces' objects are not named.
#[must_use]
pub fn describe_owner_tag(tag: &str, cluster: &str, namespace: &str) -> String {
    match namespace_of(tag, cluster) {
        Some(own) if own == namespace => format!("it belongs to {}", tag.get(cluster.len() + 1..).unwrap_or(tag)),
        Some(_) => ELSEWHERE.to_owned(),
        None => format!("it belongs to {tag}"),
    }
}

/// Whose a resource is that an object of this cluster holds.
#[must_use]
pub fn describe_holder(holder: &Key, namespace: &str) -> String {
    if holder.namespace == namespace {
        format!("it belongs to {} {}/{}", holder.kind, holder.namespace, holder.name)
    } else {
        ELSEWHERE.to_owned()
    }
}

const ELSEWHERE: &str = "it belongs to an object of another namespace";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_fits_into_a_tag_and_stays_its_own() {
        let (cluster, namespace) = ("c".repeat(36), "n".repeat(63));
        let (a, b) =
            (owner(&cluster, &namespace, &format!("{}a", "x".repeat(252))), owner(&cluster, &namespace, &format!("{}b", "x".repeat(252))));
        assert!(a.len() <= LIMIT && a != b, "{a}");
        assert_eq!(namespace_of(&a, &cluster), Some(namespace.as_str()), "a short one still tells the namespace");
        assert_eq!(owner("c", "n", "x"), "c:n/x");
        let named = |tag, cluster| object_of(tag, "VirtualGateway", cluster).map(|key| (key.namespace, key.name));
        assert_eq!(named("c:n/x", "c"), Some(("n".to_owned(), "x".to_owned())));
        assert_eq!((named("c:n/x", "d"), named(&a, &cluster)), (None, None), "another cluster's, and one that was cut");
    }

    #[test]
    fn other_namespaces_are_not_named() {
        let rows = [
            ("own namespace", "c:team/a", "it belongs to team/a"),
            ("another namespace", "c:others/a", ELSEWHERE),
            ("another cluster", "d:others/a", "it belongs to d:others/a"),
            ("a cluster whose name begins like ours", "cc:others/a", "it belongs to cc:others/a"),
            ("no such form", "hello", "it belongs to hello"),
        ];
        for (row, tag, told) in rows {
            assert_eq!(describe_owner_tag(tag, "c", "team"), told, "{row}");
        }
    }
}
