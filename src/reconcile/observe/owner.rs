//! Whose a resource is that may be an object's.

use crate::api::Managed;
use crate::cache::View;
use crate::graph::owner::{OWNER_TAG, object_of};
use crate::graph::{ObjectKey, describe_holder, describe_owner_tag};
use crate::reconcile::decide::Ownership;
use crate::reconcile::kind::{Desired, Difference, Kind};

use super::look::{Around, Look};

impl<K: Kind, A: Around<K::Listed>> Look<'_, K, A> {
    pub(super) fn is_tagged_ours(&self, seen: &K::Resource) -> bool {
        K::tags(seen).get(OWNER_TAG).is_some_and(|tag| *tag == self.terms.owner)
    }

    /// The owner of a resource: first by the object that holds it here, then by its tag, then by the spec.
    pub(super) fn ownership(
        &self,
        desired: &Desired<'_, K::Object>,
        view: &View<K::Listed>,
        seen: &K::Resource,
        differences: &[Difference],
        recorded: bool,
    ) -> Ownership {
        let me = self.key;
        if let Some(holder) = self.index.other_holder(me, K::id(seen)) {
            return Ownership::Foreign(used_by::<K>(
                desired,
                seen,
                &format!("{} ({})", describe_holder(&holder, &me.namespace), K::id(seen)),
            ));
        }
        let tagged_ours = self.is_tagged_ours(seen);
        match K::tags(seen).get(OWNER_TAG) {
            Some(tag) if !tagged_ours && !self.is_left_behind(tag, me) => {
                let owner = describe_owner_tag(tag, K::NAME, self.cluster, &me.namespace);
                return Ownership::Foreign(used_by::<K>(desired, seen, &format!("{owner} ({})", K::id(seen))));
            }
            _ => {}
        }
        let is_asked_for =
            || self.object.import().is_some_and(|import| import.natural_key == Some(true) || import.id.as_deref() == Some(K::id(seen)));
        if recorded || tagged_ours || (K::is_at(desired, seen) && self.is_from_our_create(desired, view, differences)) {
            Ownership::Ours
        } else if is_asked_for() && self.is_resolved() {
            Ownership::Imported
        } else {
            let owner = format!("{}, which this object did not create; to adopt it, set spec.import", K::id(seen));
            Ownership::Foreign(used_by::<K>(desired, seen, &owner))
        }
    }

    /// Whether a tag names an object of the same namespace that is no more: what it retained may be imported.
    fn is_left_behind(&self, tag: &str, me: &ObjectKey) -> bool {
        let left = object_of(tag, K::NAME, self.cluster).filter(|owner| owner.namespace == me.namespace);
        self.whole_namespaces && self.object.import().is_some() && left.is_some_and(|owner| self.index.summary(&owner).is_none())
    }

    /// Whether an untagged resource came from a create of ours whose answer was not seen.
    ///
    /// Without tags, a resource at the natural key is ours once a create of ours may have been sent: the cloud keeps the key unique. With tags
    /// ours would carry one; but some regions drop the tags of a create, and until one is seen to keep them, what is like ours in all else is ours.
    fn is_from_our_create(&self, desired: &Desired<'_, K::Object>, view: &View<K::Listed>, differences: &[Difference]) -> bool {
        let sent = self.sent_intent().is_some();
        if !sent || !self.terms.keeps_tags || !K::tags_of(self.object).is_supported() {
            return sent;
        }
        let keeps_tags = view.iter().flat_map(|listed| K::resources(listed)).any(|seen| K::tags(&seen).contains_key(OWNER_TAG));
        let as_created = |difference: &Difference| difference.path == "name" && desired.created_as == Some(difference.observed.as_str());
        !keeps_tags && differences.iter().all(|difference| difference.path == "tags" || as_created(difference))
    }
}

/// What `desired` asks for is already used by `owner`.
fn used_by<K: Kind>(desired: &Desired<'_, K::Object>, seen: &K::Resource, owner: &str) -> String {
    let key = K::describe_natural_key(desired).filter(|_| K::is_at(desired, seen)).unwrap_or_else(|| "the resource".to_owned());
    format!("{key} is already used by {owner}")
}
