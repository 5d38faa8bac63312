//! Which of two versions of an object is the newer one.
//!
//! Since Kubernetes 1.35 the resource versions of one kind may be compared: they are positive integers in decimal form, of any length, which grow
//! (KEP-5504). Earlier versions allow equality only, although those that keep objects in etcd number them in the same way. So versions of this
//! form are compared as numbers. Of others it is not known which one is newer, and callers MUST then rely on what the watch shows: it ends with the
//! newest version, while a comparison that goes wrong could hide it forever.

use kube::Resource;
use std::cmp::Ordering;

/// How the version of `a` compares with that of `b`, another version of the same object; `None` if that is not known.
#[must_use]
pub fn compare(a: &impl Resource, b: &impl Resource) -> Option<Ordering> {
    let [a, b] = [a.meta(), b.meta()].map(|meta| meta.resource_version.as_deref());
    compare_texts(a?, b?)
}

fn compare_texts(a: &str, b: &str) -> Option<Ordering> {
    let is_number = |text: &str| !text.starts_with('0') && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if a == b {
        Some(Ordering::Equal)
    } else if is_number(a) && is_number(b) {
        // Without leading zeros the longer one is the larger one.
        Some(a.len().cmp(&b.len()).then_with(|| a.cmp(b)))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_and_other_texts_are_equal_or_not() {
        let rows = [
            ("7", "7", Some(Ordering::Equal)),
            ("7", "8", Some(Ordering::Less)),
            ("10", "9", Some(Ordering::Greater)),
            ("99999999999999999999999999", "100000000000000000000000000", Some(Ordering::Less)),
            ("abc", "abc", Some(Ordering::Equal)),
            ("abc", "abd", None),
            ("7", "a8", None),
            ("07", "8", None),
            ("0", "8", None),
            ("", "8", None),
        ];
        for (a, b, expected) in rows {
            assert_eq!(compare_texts(a, b), expected, "{a} {b}");
            assert_eq!(compare_texts(b, a), expected.map(Ordering::reverse), "{b} {a}");
        }
    }
}
