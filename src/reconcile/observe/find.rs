//! Finding an object's resource in the cloud, and its owner.

use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::time::Instant;

use crate::api::{ConditionType, Managed, Status, find_condition};
use crate::cache::View;
use crate::cloud::{Call, Client, ErrorClass, Listed, Priority, Unreadable};
use crate::graph::ObjectKey;
use crate::graph::owner::{OWNER_TAG, object_of};
use crate::graph::{describe_holder, describe_owner_tag};

use super::Observer;
use crate::reconcile::decide::{Duplicate, Found, Obstacle, Ownership, Presence, Unseen};
use crate::reconcile::kind::{Desired, Difference, Kind, ResourcePhase};
use crate::reconcile::reconciler::Failure;
use crate::reconcile::report::spec_changed;

impl<K: Kind> Observer<'_, '_, K> {
    /// Looks for the object's resource: by the id in status, by the import, by tag and natural key.
    pub(super) async fn find(
        &self,
        desired: &Desired<'_, K::Object>,
        view: View<K::Listed>,
    ) -> Result<(Presence, Option<K::Resource>), Failure> {
        let sent = self.context.sent_intent().is_some();
        if let Some(instant) = self.context.state.polling.fresh_after
            && !view.is_fresh(instant)
        {
            self.account.cache.demand(instant);
            return Ok((Presence::Unknown, None));
        }
        match (&self.context.status.id, self.context.object.import().and_then(|import| import.id.as_ref())) {
            // A create whose answer was lost may have replaced one that is gone: the new one has another id.
            (Some(id), _) => {
                let host = K::listed_id_of(desired, id);
                // What earlier creates made goes with the object, too.
                let made = self.context.status.created_ids.iter().filter(|_| self.context.is_deleting);
                if let Some(unreadable) = host.iter().chain(made).find_map(|id| view.get_unreadable(id)) {
                    return Ok((self.unreadable(unreadable), None));
                }
                let listed = listed::<K>(desired, &view, id);
                if listed.is_none() && !sent && self.is_unseen(&view) {
                    return Ok((Presence::NotVisible(id.clone()), None));
                }
                let seen = if listed.is_none() { self.shown(desired, id).await? } else { listed };
                match seen.filter(|seen| !self.is_not_found(seen)) {
                    Some(seen) => return self.present(desired, &view, seen, true).await,
                    // What else has our tag is a duplicate.
                    None if self.context.is_deleting && !sent => return Ok((Presence::Absent, None)),
                    None => {}
                }
            }
            // What a create may have made comes first.
            (None, _) if sent => {}
            (None, Some(_)) if !self.is_resolved() => return Ok((Presence::Absent, None)),
            (None, Some(id)) => {
                if let Some(unreadable) = K::listed_id_of(desired, id).and_then(|host| view.get_unreadable(&host)) {
                    return Ok((self.unreadable(unreadable), None));
                }
                return match self.by_id(desired, &view, id).await? {
                    // The next attempt checks first whether the object may use what the resource uses.
                    Some(seen) if view.get(K::listed_id(&seen)).is_none() => Ok((Presence::Unknown, None)),
                    Some(seen) => self.present(desired, &view, seen, false).await,
                    None => Ok((Presence::ImportNotFound(id.clone()), None)),
                };
            }
            (None, None) => {}
        }
        let (place, with_its_tag) = (K::natural_key(desired), view.owned_by(&self.account.owner));
        let at_its_place = place.iter().flat_map(|key| view.at(key));
        // What is found by both is one.
        let hosts: BTreeMap<&str, &K::Listed> = at_its_place.chain(with_its_tag).map(|listed| (listed.id(), listed.as_ref())).collect();
        let all = hosts.into_values().flat_map(|listed| K::resources(listed));
        let all = all.filter(|seen| K::phase(seen) != ResourcePhase::Gone && !self.is_not_found(seen));
        let (ours, others): (Vec<_>, Vec<_>) =
            all.filter(|seen| self.is_tagged_ours(seen) || K::is_at(desired, seen)).partition(|seen| self.is_tagged_ours(seen));
        if ours.is_empty()
            && let Some(unreadable) = view.unreadable().find(|item| self.may_be_ours(desired, place.as_deref(), item))
        {
            return Ok((self.unreadable(unreadable), None));
        }
        // What others have made says nothing of an object that has made nothing.
        if ours.is_empty() && others.len() > 1 && self.context.is_deleting && !sent {
            return Ok((Presence::Absent, None));
        }
        let mut candidates = if ours.is_empty() { others } else { ours };
        if candidates.len() > 1 {
            let mut ids: Vec<String> = candidates.iter().map(|seen| K::id(seen).to_owned()).collect();
            ids.sort_unstable();
            return Ok((Presence::Ambiguous(ids), None));
        }
        match candidates.pop() {
            Some(seen) if !sent && !self.is_tagged_ours(&seen) && self.context.object.import().is_some() && !self.is_resolved() => {
                Ok((Presence::Absent, None))
            }
            Some(seen) => self.present(desired, &view, seen, false).await,
            None if sent => Ok((Presence::Absent, None)),
            None => Ok((self.absent(desired), None)),
        }
    }

    /// What the account does not show may be another object's, in another account.
    fn absent(&self, desired: &Desired<'_, K::Object>) -> Presence {
        let (me, id) = (&self.context.key, K::id_before_create(self.context.object));
        match id.and_then(|id| Some((id, self.context.reconciler.index.other_holder(me, id)?))) {
            Some((id, holder)) => {
                let what = K::describe_natural_key(desired).unwrap_or_else(|| id.to_owned());
                Presence::Held(format!("{what} is already used by {}", describe_holder(&holder, &me.namespace)))
            }
            None => Presence::Absent,
        }
    }

    /// The resource with this id. One that a LIST misses is asked for by itself, and is gone only when the cloud says so there too.
    async fn by_id(&self, desired: &Desired<'_, K::Object>, view: &View<K::Listed>, id: &str) -> Result<Option<K::Resource>, Failure> {
        match listed::<K>(desired, view, id) {
            Some(seen) => Ok(Some(seen)),
            None => self.shown(desired, id).await,
        }
    }

    /// The resource with this id, as a read of it alone shows it. Such a read can lag behind the LIST: what the LIST shows stays in the cache, for
    /// this object and for others whose resource is the same item.
    async fn shown(&self, desired: &Desired<'_, K::Object>, id: &str) -> Result<Option<K::Resource>, Failure> {
        let (Some(host), parent) = (K::listed_id_of(desired, id), K::listed_under(desired)) else { return Ok(None) };
        self.shown_at(id, &host, parent.as_deref()).await
    }

    async fn shown_at(&self, id: &str, host: &str, parent: Option<&str>) -> Result<Option<K::Resource>, Failure> {
        // Nothing but the LIST shows what stands where nobody knows.
        if K::Listed::PARENT.is_some() && parent.is_none() {
            return Ok(None);
        }
        let client = &self.account.account.client;
        client.queue(&Client::read_call::<K::Listed>(host, parent), Priority::Wait).await?;
        let sent = Instant::now();
        let Some(listed) = client.show::<K::Listed>(host, parent).await.map_err(Failure::Cloud)? else { return Ok(None) };
        let seen = among::<K>(&listed, id);
        self.account.cache.put_new(listed, sent);
        Ok(seen)
    }

    /// Whether the resource, which the LIST does not show, exists all the same by our last answered write.
    fn is_unseen(&self, view: &View<K::Listed>) -> bool {
        let until = self.context.state.unseen.exists_until(self.existence_lag());
        until.is_some_and(|until| self.is_awaited(view, until))
    }

    /// Whether a look that calls for `call` says nothing yet, since the cloud has answered that call.
    fn is_answered(&self, view: &View<K::Listed>, call: &Call) -> bool {
        let lag = self.account.account.client.settings().limits.read_lag;
        let until = self.context.state.unseen.unseen_until(call, self.context.generation, lag);
        until.is_some_and(|until| self.is_awaited(view, until))
    }

    /// Whether an item with fields that can't be read, which stands nowhere in the status, may be the object's resource all the same.
    fn may_be_ours(&self, desired: &Desired<'_, K::Object>, place: Option<&str>, item: &Unreadable<K::Listed>) -> bool {
        let rest = &item.rest;
        let (keys, has_tags) = (rest.natural_keys(), K::tags_of(self.context.object).is_supported());
        let is_seen = K::resources(rest).iter().any(|seen| (has_tags && self.is_tagged_ours(seen)) || K::is_at(desired, seen));
        // What holds the resource, like the interface of a peer, may hide it.
        if is_seen || place == Some(rest.id()) {
            return true;
        }
        let sent = self.context.sent_intent().is_some();
        if self.context.is_deleting && !sent {
            return false;
        }
        let is_there = keys.is_empty() || place.is_some_and(|place| keys.iter().any(|key| key == place));
        // Without tags only the place shows that it came from a create of ours. Where the cloud takes a second one, the place that can't be read is it.
        if !has_tags {
            return sent && keys.is_empty() && !K::is_guarded(self.context.object);
        }
        is_there && (item.hides_tags() || (sent && rest.tags().is_empty()))
    }

    fn unreadable(&self, item: &Unreadable<K::Listed>) -> Presence {
        let (id, problem) = (item.told_id(), &item.problem);
        let way_out =
            if self.context.is_deleting { "; to delete the object and keep the resource, set spec.policy.deletion: Retain" } else { "" };
        Presence::Unreadable(format!(
            "the cloud shows {id}, which is or may be the resource of this object, in a form that can't be read: {problem}; nothing is done to it \
             until it can be read{way_out}"
        ))
    }

    /// Whether the cloud said "not found" when the resource was to be deleted.
    fn is_not_found(&self, seen: &K::Resource) -> bool {
        let not_found = &self.context.state.not_found;
        !not_found.is_empty() && K::delete(seen).is_some_and(|delete| not_found.contains(&delete))
    }

    /// Whether a resource that is about to be taken over is gone, although the LIST shows it: what an earlier object deleted can still have our tag
    /// there. What a create of ours has made just now is not asked for.
    async fn is_ghost(&self, desired: &Desired<'_, K::Object>, seen: &K::Resource) -> Result<bool, Failure> {
        let id = K::id(seen);
        let Some(host) = K::listed_id_of(desired, id).filter(|_| self.context.sent_intent().is_none()) else { return Ok(false) };
        // What stands elsewhere than the spec says is looked for where it stands.
        let parent = K::listed_at(seen).map(str::to_owned).or_else(|| K::listed_under(desired));
        Ok(self.shown_at(id, &host, parent.as_deref()).await?.is_none())
    }

    /// Whether a resource that the LIST shows is gone when it is read by itself.
    async fn is_gone(&self, desired: &Desired<'_, K::Object>, id: &str) -> Result<bool, Failure> {
        Ok(K::listed_id_of(desired, id).is_some() && self.shown(desired, id).await?.is_none())
    }

    /// Resources with our tag besides the recorded one.
    pub(super) async fn duplicates(&self, desired: &Desired<'_, K::Object>, view: &View<K::Listed>) -> Result<Vec<Duplicate>, Failure> {
        let status = &self.context.status;
        let Some(recorded) = &status.id else { return Ok(Vec::new()) };
        let tagged = view.owned_by(&self.account.owner).flat_map(|listed| K::resources(listed));
        let others = tagged.filter(|seen| {
            K::id(seen) != recorded && self.is_tagged_ours(seen) && K::phase(seen) != ResourcePhase::Gone && !self.is_not_found(seen)
        });
        let mut duplicates = Vec::new();
        for seen in others {
            let (id, delete) = (K::id(&seen), K::delete(&seen));
            if !is_named(status, id) && self.is_gone(desired, id).await? {
                continue;
            }
            duplicates.push(Duplicate {
                id: id.to_owned(),
                is_deleting: K::phase(&seen) == ResourcePhase::Deleting
                    || delete.as_ref().is_some_and(|delete| self.is_answered(view, delete)),
                delete: delete.filter(|_| status.created_ids.iter().any(|created| created == id)),
            });
        }
        duplicates.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(duplicates)
    }

    async fn present(
        &self,
        desired: &Desired<'_, K::Object>,
        view: &View<K::Listed>,
        seen: K::Resource,
        recorded: bool,
    ) -> Result<(Presence, Option<K::Resource>), Failure> {
        let host = K::listed_id(&seen).to_owned();
        self.context.watch_item(&host);
        let differences = K::compare(desired, &seen);
        let owner = self.ownership(desired, view, &seen, &differences, recorded);
        if !recorded && !matches!(owner, Ownership::Foreign(_)) && self.is_ghost(desired, &seen).await? {
            return Ok((Presence::Absent, None));
        }
        let ignored = &self.context.object.policy().ignore_fields;
        // What can't be changed decides whether a resource is taken at all: before that it is not ignored.
        let is_compared = |difference: &Difference| {
            (!recorded && !difference.mutable) || !ignored.iter().any(|field| is_same_field(field, difference.path))
        };
        let (mut differences, ignored): (Vec<_>, Vec<_>) = differences.into_iter().partition(is_compared);
        let update = self.update(desired, &seen, &mut differences);
        let (id, delete) = (K::id(&seen).to_owned(), K::delete(&seen));
        let found = Found {
            orphaned: owner == Ownership::Ours && self.is_orphaned(&seen, &differences).await?,
            owner,
            recorded,
            phase: K::phase(&seen),
            unseen: Unseen {
                update: update.as_ref().is_some_and(|call| self.is_answered(view, call)),
                delete: delete.as_ref().is_some_and(|delete| self.is_answered(view, delete)),
            },
            update,
            delete,
            obstacle: obstacle::<K>(view.get(&host).map(Arc::as_ref), &seen),
            differences,
            ignored: ignored.into_iter().filter(|difference| difference.is_shown).collect(),
            id,
        };
        Ok((Presence::Present(Box::new(found)), Some(seen)))
    }

    /// The next update call. A field that the cloud does not show may have any value: it is no drift, and a wish of the spec for it is sent once.
    fn update(&self, desired: &Desired<'_, K::Object>, seen: &K::Resource, differences: &mut Vec<Difference>) -> Option<Call> {
        let is_wish = spec_changed(&self.context.status, self.context.generation);
        differences.retain(|difference| difference.is_shown || is_wish);
        loop {
            let update = K::update(desired, seen, differences)?;
            if !self.context.state.has_sent(&update, self.context.generation) {
                return Some(update);
            }
            let without =
                |path: &str| -> Vec<Difference> { differences.iter().filter(|difference| difference.path != path).cloned().collect() };
            let is_part = |difference: &&Difference| K::update(desired, seen, &without(difference.path)).as_ref() != Some(&update);
            let parts: Vec<(&str, bool)> =
                differences.iter().filter(is_part).map(|difference| (difference.path, difference.is_shown)).collect();
            if parts.is_empty() || parts.iter().any(|(_, is_shown)| *is_shown) {
                return Some(update);
            }
            differences.retain(|difference| parts.iter().all(|(path, _)| *path != difference.path));
        }
    }

    /// Whether all that can't be changed differs because what the resource hangs on is gone from the cloud.
    async fn is_orphaned(&self, seen: &K::Resource, differences: &[Difference]) -> Result<bool, Failure> {
        let Some((field, call)) = K::parent(seen) else { return Ok(false) };
        let only_there = differences.iter().all(|difference| difference.mutable || is_same_field(difference.path, field));
        if !only_there || differences.iter().all(|difference| difference.mutable) {
            return Ok(false);
        }
        self.account.account.client.queue(&call, Priority::Wait).await?;
        match self.account.account.client.send(&call).await {
            Ok(_) => Ok(false),
            Err(error) if error.class == ErrorClass::Absent => Ok(true),
            Err(error) => Err(Failure::Cloud(error)),
        }
    }

    fn is_tagged_ours(&self, seen: &K::Resource) -> bool {
        K::tags(seen).get(OWNER_TAG).is_some_and(|tag| *tag == self.account.owner)
    }

    /// The owner of a resource: first by the object that holds it here, then by its tag, then by the spec.
    fn ownership(
        &self,
        desired: &Desired<'_, K::Object>,
        view: &View<K::Listed>,
        seen: &K::Resource,
        differences: &[Difference],
        recorded: bool,
    ) -> Ownership {
        let me = &self.context.key;
        if let Some(holder) = self.context.reconciler.index.other_holder(me, K::id(seen)) {
            return Ownership::Foreign(used_by::<K>(
                desired,
                seen,
                &format!("{} ({})", describe_holder(&holder, &me.namespace), K::id(seen)),
            ));
        }
        let tagged_ours = self.is_tagged_ours(seen);
        match K::tags(seen).get(OWNER_TAG) {
            Some(tag) if !tagged_ours && !self.is_left_behind(tag, me) => {
                let owner = describe_owner_tag(tag, K::NAME, &self.context.reconciler.cluster, &me.namespace);
                return Ownership::Foreign(used_by::<K>(desired, seen, &format!("{owner} ({})", K::id(seen))));
            }
            _ => {}
        }
        let is_asked_for = || {
            self.context.object.import().is_some_and(|import| import.natural_key == Some(true) || import.id.as_deref() == Some(K::id(seen)))
        };
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
        let left = object_of(tag, K::NAME, &self.context.reconciler.cluster).filter(|owner| owner.namespace == me.namespace);
        self.context.reconciler.whole_namespaces
            && self.context.object.import().is_some()
            && left.is_some_and(|owner| self.context.reconciler.index.summary(&owner).is_none())
    }

    /// Whether an untagged resource came from a create of ours whose answer was not seen.
    ///
    /// Without tags, a resource at the natural key is ours once a create of ours may have been sent: the cloud keeps the key unique. With tags
    /// ours would carry one; but some regions drop the tags of a create, and until one is seen to keep them, what is like ours in all else is ours.
    fn is_from_our_create(&self, desired: &Desired<'_, K::Object>, view: &View<K::Listed>, differences: &[Difference]) -> bool {
        let sent = self.context.sent_intent().is_some();
        if !sent || !self.account.account.keeps_tags(K::TAG_SCOPE) || !K::tags_of(self.context.object).is_supported() {
            return sent;
        }
        let keeps_tags = view.iter().flat_map(|listed| K::resources(listed)).any(|seen| K::tags(&seen).contains_key(OWNER_TAG));
        let as_created = |difference: &Difference| difference.path == "name" && desired.created_as == Some(difference.observed.as_str());
        !keeps_tags && differences.iter().all(|difference| difference.path == "tags" || as_created(difference))
    }
}

fn obstacle<K: Kind>(listed: Option<&K::Listed>, seen: &K::Resource) -> Option<Obstacle> {
    let listed = listed?;
    if K::is_shut_down(listed) {
        return Some(Obstacle::ShutDown);
    }
    K::is_deleted_with_parent(listed, seen).then_some(Obstacle::DeletedWithParent)
}

/// Whether the status names a resource as a duplicate.
fn is_named<O>(status: &Status<O>, id: &str) -> bool {
    find_condition(&status.conditions, ConditionType::Duplicated).is_some_and(|named| named.message.contains(id))
}

/// The resource with this id, as the LIST shows it.
fn listed<K: Kind>(desired: &Desired<'_, K::Object>, view: &View<K::Listed>, id: &str) -> Option<K::Resource> {
    // One that is bound elsewhere by now is another binding.
    let is_there = |seen: &K::Resource| {
        let (known, shown) = (K::listed_under(desired), K::listed_at(seen));
        known.is_none() || shown.is_none() || known.as_deref() == shown
    };
    match K::listed_id_of(desired, id) {
        Some(host) => view.get(&host).and_then(|listed| among::<K>(listed, id)).filter(is_there),
        None => view.iter().find_map(|listed| among::<K>(listed, id)),
    }
}

/// The resource with this id in an item of the LIST.
fn among<K: Kind>(listed: &K::Listed, id: &str) -> Option<K::Resource> {
    K::resources(listed).into_iter().find(|seen| K::id(seen) == id && K::phase(seen) != ResourcePhase::Gone)
}

/// What `desired` asks for is already used by `owner`.
fn used_by<K: Kind>(desired: &Desired<'_, K::Object>, seen: &K::Resource, owner: &str) -> String {
    let key = K::describe_natural_key(desired).filter(|_| K::is_at(desired, seen)).unwrap_or_else(|| "the resource".to_owned());
    format!("{key} is already used by {owner}")
}

/// Whether two names mean the same field of a spec: a reference can be by name (`virtualGatewayRef`) or by ID (`virtualGatewayId`).
fn is_same_field(a: &str, b: &str) -> bool {
    let stem = |field: &str| field.strip_suffix("Ref").or_else(|| field.strip_suffix("Id")).unwrap_or(field).to_owned();
    a == b || stem(a) == stem(b)
}

#[cfg(test)]
mod tests {
    use super::is_same_field;

    #[test]
    fn a_reference_is_the_same_field_by_name_and_by_id() {
        let rows = [
            ("virtualGatewayRef", "virtualGatewayId", true),
            ("virtualInterfaceId", "virtualInterfaceRef", true),
            ("bandwidth", "bandwidth", true),
            ("connectionId", "virtualGatewayId", false),
            ("name", "description", false),
        ];
        for (a, b, same) in rows {
            assert_eq!(is_same_field(a, b), same, "{a} {b}");
        }
    }
}
