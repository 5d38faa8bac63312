//! Finding an object's resource in the cloud, and how it differs.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::{ConditionType, Managed, Status, find_condition};
use crate::cache::View;
use crate::cloud::{Call, Listed, Unreadable};
use crate::graph::describe_holder;

use super::look::{Around, Look};
use crate::reconcile::decide::{Duplicate, Found, Obstacle, Ownership, Presence, Unseen};
use crate::reconcile::kind::{Desired, Difference, Kind, ResourcePhase};
use crate::reconcile::reconciler::Failure;
use crate::reconcile::report::spec_changed;

impl<K: Kind, A: Around<K::Listed>> Look<'_, K, A> {
    /// Looks for the object's resource: by the id in status, by the import, by tag and natural key.
    pub(super) async fn find(
        &self,
        desired: &Desired<'_, K::Object>,
        view: View<K::Listed>,
    ) -> Result<(Presence, Option<K::Resource>), Failure> {
        let sent = self.sent_intent().is_some();
        if let Some(instant) = self.state.polling.fresh_after
            && !view.is_fresh(instant)
        {
            self.around.demand(instant);
            return Ok((Presence::Unknown, None));
        }
        match (&self.status.id, self.object.import().and_then(|import| import.id.as_ref())) {
            // A create whose answer was lost may have replaced one that is gone: the new one has another id.
            (Some(id), _) => {
                let host = K::listed_id_of(desired, id);
                // What earlier creates made goes with the object, too.
                let made = self.status.created_ids.iter().filter(|_| self.is_deleting);
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
                    None if self.is_deleting && !sent => return Ok((Presence::Absent, None)),
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
        let (place, with_its_tag) = (K::natural_key(desired), view.owned_by(self.terms.owner));
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
        if ours.is_empty() && others.len() > 1 && self.is_deleting && !sent {
            return Ok((Presence::Absent, None));
        }
        let mut candidates = if ours.is_empty() { others } else { ours };
        if candidates.len() > 1 {
            let mut ids: Vec<String> = candidates.iter().map(|seen| K::id(seen).to_owned()).collect();
            ids.sort_unstable();
            return Ok((Presence::Ambiguous(ids), None));
        }
        match candidates.pop() {
            Some(seen) if !sent && !self.is_tagged_ours(&seen) && self.object.import().is_some() && !self.is_resolved() => {
                Ok((Presence::Absent, None))
            }
            Some(seen) => self.present(desired, &view, seen, false).await,
            None if sent => Ok((Presence::Absent, None)),
            None => Ok((self.absent(desired), None)),
        }
    }

    /// What the account does not show may be another object's, in another account.
    fn absent(&self, desired: &Desired<'_, K::Object>) -> Presence {
        let (me, id) = (self.key, K::id_before_create(self.object));
        match id.and_then(|id| Some((id, self.index.other_holder(me, id)?))) {
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
        Ok(self.around.show(host, parent).await?.and_then(|listed| among::<K>(&listed, id)))
    }

    /// Whether the resource, which the LIST does not show, exists all the same by our last answered write.
    fn is_unseen(&self, view: &View<K::Listed>) -> bool {
        let until = self.state.unseen.exists_until(self.existence_lag());
        until.is_some_and(|until| self.is_awaited(view, until))
    }

    /// Whether a look that calls for `call` says nothing yet, since the cloud has answered that call.
    fn is_answered(&self, view: &View<K::Listed>, call: &Call) -> bool {
        let lag = self.terms.read_lag;
        let until = self.state.unseen.unseen_until(call, self.generation, lag);
        until.is_some_and(|until| self.is_awaited(view, until))
    }

    /// Whether an item with fields that can't be read, which stands nowhere in the status, may be the object's resource all the same.
    fn may_be_ours(&self, desired: &Desired<'_, K::Object>, place: Option<&str>, item: &Unreadable<K::Listed>) -> bool {
        let rest = &item.rest;
        let (keys, has_tags) = (rest.natural_keys(), K::tags_of(self.object).is_supported());
        let is_seen = K::resources(rest).iter().any(|seen| (has_tags && self.is_tagged_ours(seen)) || K::is_at(desired, seen));
        // What holds the resource, like the interface of a peer, may hide it.
        if is_seen || place == Some(rest.id()) {
            return true;
        }
        let sent = self.sent_intent().is_some();
        if self.is_deleting && !sent {
            return false;
        }
        let is_there = keys.is_empty() || place.is_some_and(|place| keys.iter().any(|key| key == place));
        // Without tags only the place shows that it came from a create of ours. Where the cloud takes a second one, the place that can't be read is it.
        if !has_tags {
            return sent && keys.is_empty() && !K::is_guarded(self.object);
        }
        is_there && (item.hides_tags() || (sent && rest.tags().is_empty()))
    }

    fn unreadable(&self, item: &Unreadable<K::Listed>) -> Presence {
        let (id, problem) = (item.told_id(), &item.problem);
        let way_out = if self.is_deleting { "; to delete the object and keep the resource, set spec.policy.deletion: Retain" } else { "" };
        Presence::Unreadable(format!(
            "the cloud shows {id}, which is or may be the resource of this object, in a form that can't be read: {problem}; nothing is done to it \
             until it can be read{way_out}"
        ))
    }

    /// Whether the cloud said "not found" when the resource was to be deleted.
    fn is_not_found(&self, seen: &K::Resource) -> bool {
        let not_found = &self.state.not_found;
        !not_found.is_empty() && K::delete(seen).is_some_and(|delete| not_found.contains(&delete))
    }

    /// Whether a resource that is about to be taken over is gone, although the LIST shows it: what an earlier object deleted can still have our tag
    /// there. What a create of ours has made just now is not asked for.
    async fn is_ghost(&self, desired: &Desired<'_, K::Object>, seen: &K::Resource) -> Result<bool, Failure> {
        let id = K::id(seen);
        let Some(host) = K::listed_id_of(desired, id).filter(|_| self.sent_intent().is_none()) else { return Ok(false) };
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
        let status = self.status;
        let Some(recorded) = &status.id else { return Ok(Vec::new()) };
        let tagged = view.owned_by(self.terms.owner).flat_map(|listed| K::resources(listed));
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
        self.around.watch(&host);
        let differences = K::compare(desired, &seen);
        let owner = self.ownership(desired, view, &seen, &differences, recorded);
        if !recorded && !matches!(owner, Ownership::Foreign(_)) && self.is_ghost(desired, &seen).await? {
            return Ok((Presence::Absent, None));
        }
        let ignored = &self.object.policy().ignore_fields;
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
        let is_wish = spec_changed(self.status, self.generation);
        differences.retain(|difference| difference.is_shown || is_wish);
        loop {
            let update = K::update(desired, seen, differences)?;
            if !self.state.has_sent(&update, self.generation) {
                return Some(update);
            }
            let parts = parts::<K>(desired, seen, differences, &update);
            if parts.is_empty() || parts.iter().any(|(_, is_shown)| *is_shown) {
                return Some(update);
            }
            differences.retain(|difference| parts.iter().all(|(path, _)| *path != difference.path));
        }
    }

    /// All calls that remove `differences`, one after the other, as far as they follow from what is seen now.
    pub(in crate::reconcile) fn series(&self, seen: &K::Resource, differences: &[Difference]) -> Vec<Call> {
        let (links, _) = self.resolve();
        let contributions = self.index.contributions(None);
        let desired = Desired { contributions: &contributions, ..self.desired(&links) };
        let mut left = differences.to_vec();
        let mut calls = Vec::new();
        while let Some(call) = K::update(&desired, seen, &left) {
            let parts = parts::<K>(&desired, seen, &left, &call);
            calls.push(call);
            if parts.is_empty() {
                break;
            }
            left.retain(|difference| parts.iter().all(|(path, _)| *path != difference.path));
        }
        calls
    }

    /// Whether all that can't be changed differs because what the resource hangs on is gone from the cloud.
    async fn is_orphaned(&self, seen: &K::Resource, differences: &[Difference]) -> Result<bool, Failure> {
        let Some((field, call)) = K::parent(seen) else { return Ok(false) };
        let only_there = differences.iter().all(|difference| difference.mutable || is_same_field(difference.path, field));
        if !only_there || differences.iter().all(|difference| difference.mutable) {
            return Ok(false);
        }
        self.around.is_absent(&call).await
    }
}

/// The differences that `update` removes, and whether the cloud shows a value.
fn parts<K: Kind>(
    desired: &Desired<'_, K::Object>,
    seen: &K::Resource,
    differences: &[Difference],
    update: &Call,
) -> Vec<(&'static str, bool)> {
    let without = |path: &str| -> Vec<Difference> { differences.iter().filter(|difference| difference.path != path).cloned().collect() };
    let is_part = |difference: &&Difference| K::update(desired, seen, &without(difference.path)).as_ref() != Some(update);
    differences.iter().filter(is_part).map(|difference| (difference.path, difference.is_shown)).collect()
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
