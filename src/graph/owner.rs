//! The owner tag, which names the object that manages a cloud resource: how it is formatted and parsed.

use sha2::{Digest, Sha256};

use super::ObjectKey;
use crate::api::Unowned;

/// Key of the tag. Letters and hyphens only, which every region documents as legal.
pub const OWNER_TAG: &str = "direct-connect-operator-owner";

/// Longest value of a tag (`docs/design/cloud-api.md#tags`).
const LIMIT: usize = 255;

/// Value of [`OWNER_TAG`]: `<cluster>:<namespace>/<name>`. A value that is too long is cut and ends in a hash of the whole, so that no two owners
/// have the same tag.
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

/// 16 hex digits that stand for a longer text.
#[must_use]
pub fn short_hash(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes()).iter().take(size_of::<u64>()).fold(0, |hash, byte| hash << 8 | u64::from(*byte));
    format!("{hash:016x}")
}

/// The namespace that an owner tag names; `None` if the owner is in another cluster.
#[must_use]
pub fn namespace_of<'a>(tag: &'a str, cluster: &str) -> Option<&'a str> {
    tag.strip_prefix(cluster)?.strip_prefix(':')?.split_once('/').map(|(namespace, _)| namespace)
}

/// The object that an owner tag names; `None` if it is in another cluster, or if its name may have been cut.
#[must_use]
pub fn object_of(tag: &str, kind: &'static str, cluster: &str) -> Option<ObjectKey> {
    keeper_of(tag, kind, cluster).filter(|_| tag.len() < LIMIT)
}

/// As [`object_of`], but with a name that may have been cut. The namespace never is.
#[must_use]
pub fn keeper_of(tag: &str, kind: &'static str, cluster: &str) -> Option<ObjectKey> {
    let (_, name) = tag.rsplit_once('/')?;
    Some(ObjectKey { kind, namespace: namespace_of(tag, cluster)?.to_owned(), name: name.to_owned() })
}

/// Why a resource of `kind` with this owner tag is nobody's in this cluster; `None` if it names an object that `exists`, or may name one.
#[must_use]
pub fn unowned(tag: Option<&str>, kind: &'static str, cluster: &str, exists: impl FnOnce(&ObjectKey) -> bool) -> Option<Unowned> {
    let Some(tag) = tag else { return Some(Unowned::NoTag) };
    if namespace_of(tag, cluster).is_none() {
        return Some(Unowned::AnotherCluster);
    }
    // Of a tag that was cut nobody can tell.
    object_of(tag, kind, cluster).filter(|key| !exists(key)).map(|_| Unowned::ObjectGone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_fits_into_a_tag_and_stays_its_own() {
        let (cluster, namespace) = ("c".repeat(36), "n".repeat(63));
        let (a, b) =
            (owner(&cluster, &namespace, &format!("{}a", "x".repeat(252))), owner(&cluster, &namespace, &format!("{}b", "x".repeat(252))));
        assert!(a.len() <= LIMIT && a != b, "{a}");
        assert_eq!(namespace_of(&a, &cluster), Some(namespace.as_str()), "a cut tag still names the namespace");
        assert_eq!(owner("c", "n", "x"), "c:n/x");
        let named = |tag, cluster| object_of(tag, "VirtualGateway", cluster).map(|key| (key.namespace, key.name));
        assert_eq!(named("c:n/x", "c"), Some(("n".to_owned(), "x".to_owned())));
        assert_eq!((named("c:n/x", "d"), named(&a, &cluster)), (None, None), "another cluster's, and one that was cut");
    }

    #[test]
    fn a_hash_has_the_first_digits_of_sha_256() {
        assert_eq!(short_hash("team"), "ca8b22d0db83a22d");
        assert_eq!(short_hash("abc"), "ba7816bf8f01cfea");
    }

    #[test]
    fn what_no_living_object_is_named_for_is_nobodys() {
        let cut = owner("here", "team", &"x".repeat(253));
        let rows = [
            (None, Some(Unowned::NoTag)),
            (Some("there:team/office"), Some(Unowned::AnotherCluster)),
            (Some("by-hand"), Some(Unowned::AnotherCluster)),
            (Some("here:team/gone"), Some(Unowned::ObjectGone)),
            (Some("here:team/office"), None),
            (Some(cut.as_str()), None),
        ];
        for (tag, why) in rows {
            assert_eq!(unowned(tag, "VirtualGateway", "here", |key| key.name == "office"), why, "{tag:?}");
        }
    }
}
