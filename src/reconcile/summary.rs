//! An object as the rest of the process knows it: its account, its summary for other objects, its newest version.

use kube::core::ObjectMeta;
use kube::runtime::reflector::ObjectRef;
use kube::{Resource, ResourceExt};
use serde_json::Value;
use std::cmp::Ordering;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use crate::api::{ConditionType, FINALIZER, Managed, Reason, Status, is_true};
use crate::cluster::finalizer;
use crate::cluster::resource_version::compare;
use crate::cluster::watch::stored::Unreadable;
use crate::cluster::watch::strip_metadata::strip_metadata;
use crate::graph::{ObjectKey, ResourceSummary};

use super::context::ObservedOf;
use super::kind::Kind;
use super::reconciler::{Reconciler, uid};
use super::report;

impl<K: Kind> Reconciler<K> {
    /// Name of the object's account.
    pub(super) fn account_name(&self, object: &K::Object) -> String {
        account_name::<K>(object, || self.namespaces.account(&object.namespace().unwrap_or_default()))
    }

    /// What others need to know of an object.
    pub(super) fn summary(&self, object: &K::Object) -> ResourceSummary {
        summary::<K>(object, || self.account_name(object))
    }

    /// The newer of what the watch and our own last write showed.
    pub(super) fn newest(&self, object: &K::Object) -> Option<Arc<K::Object>> {
        let watched = self.store.get(&ObjectRef::from_obj(object)).filter(|watched| watched.uid() == object.uid())?;
        let written = self.states.track(uid(object).ok()?, |tracked| tracked.latest.clone());
        Some(written.filter(|written| compare(written.as_ref(), watched.as_ref()) == Some(Ordering::Greater)).unwrap_or(watched))
    }

    /// Whether the watch shows no older version than what we have written ourselves.
    pub(super) fn is_news(&self, object: &K::Object) -> bool {
        let Ok(uid) = uid(object) else { return false };
        self.states
            .track(uid, |tracked| tracked.latest.as_ref().is_none_or(|latest| compare(latest.as_ref(), object) != Some(Ordering::Greater)))
    }

    /// Takes the answer to a write of ours, which may be ahead of the watch.
    pub(super) fn remember(&self, mut object: K::Object) {
        strip_metadata(&mut object);
        self.index.refresh(&Self::key(&object), self.summary(&object));
        let object = Arc::new(object);
        if let Ok(uid) = uid(object.as_ref()) {
            self.states.track(uid, |tracked| tracked.latest = Some(Arc::clone(&object)));
        }
    }
}

/// The object's account, else the one of its namespace's annotation, else the default one. An object with a resource keeps the account it was created in.
pub(super) fn account_name<K: Kind>(object: &K::Object, of_namespace: impl Fn() -> String) -> String {
    let pinned = object.status().filter(|status| status.may_be_in_cloud());
    let pinned = pinned.and_then(|status| status.account.clone());
    pinned.or_else(|| object.account_ref().map(|account| account.name.clone())).unwrap_or_else(of_namespace)
}

/// What others need to know of an object. One that has our finalizer needs its account, too.
pub(super) fn summary<K: Kind>(object: &K::Object, account: impl Fn() -> String) -> ResourceSummary {
    let namespace = object.namespace().unwrap_or_default();
    let status = object.status();
    let observed = status.and_then(|status| status.observed.as_ref());
    let ready = status.is_some_and(|status| is_true(&status.conditions, ConditionType::Ready));
    let deleting = object.meta().deletion_timestamp.is_some();
    let secret = K::secret(object).map(|secret| ObjectKey::secret(&namespace, &secret.name));
    let account = finalizer::is_on(object, FINALIZER).then(|| ObjectKey::account(&account()));
    ResourceSummary {
        id: status.and_then(|status| status.id.clone()),
        import: object.import().and_then(|import| import.id.clone()),
        ready: ready && !deleting,
        revision: status.map(revision::<K>).unwrap_or_default(),
        needs: K::references(object).iter().map(|reference| reference.key(&namespace)).chain(account).chain(secret).collect(),
        since: since(object.meta()),
        parts: observed.map(K::parts).unwrap_or_default(),
        contributions: K::contributions(object),
        parent_ids: observed.map(K::parent_ids).unwrap_or_default().into_iter().cloned().collect(),
        yields: deleting && status.is_some_and(|status| report::ready_reason(status) == Some(Reason::InUse.as_str())),
    }
}

/// What a refusal of an object that refers to this one can depend on.
fn revision<K: Kind>(status: &Status<ObservedOf<K>>) -> u64 {
    let mut hasher = DefaultHasher::new();
    status.observed_generation.hash(&mut hasher);
    status.observed.as_ref().and_then(|observed| serde_json::to_string(observed).ok()).hash(&mut hasher);
    hasher.finish()
}

/// Sorts objects by age.
fn since(meta: &ObjectMeta) -> String {
    let created = meta.creation_timestamp.as_ref().map(|time| time.0.to_string()).unwrap_or_default();
    format!("{created} {}", meta.uid.as_deref().unwrap_or_default())
}

/// What others need to know of an object that can't be read, as far as its parts can be: the resource that it holds, and what it refers to.
pub(super) fn unreadable_summary<K: Kind>(unreadable: &Unreadable) -> (ObjectKey, ResourceSummary) {
    let Unreadable { metadata, error: _, object } = unreadable;
    let text = |path: &str| object.pointer(path).and_then(Value::as_str).filter(|text| !text.is_empty());
    let namespace = metadata.namespace.clone().unwrap_or_default();
    let references = K::REFERENCES.iter().filter_map(|(field, kind)| {
        let path = field.replace('.', "/");
        let name = text(&format!("/spec/{path}/name"))?.to_owned();
        let namespace = text(&format!("/spec/{path}/namespace")).unwrap_or(&namespace).to_owned();
        Some(ObjectKey { kind, namespace, name })
    });
    let observed = object.pointer("/status/observed").cloned().and_then(|observed| serde_json::from_value(observed).ok());
    let observed: Option<ObservedOf<K>> = observed;
    let account = text("/status/account").or_else(|| text("/spec/accountRef/name")).map(ObjectKey::account);
    let summary = ResourceSummary {
        id: text("/status/id").map(str::to_owned),
        import: text("/spec/import/id").map(str::to_owned),
        needs: references.chain(account).collect(),
        since: since(metadata),
        parts: observed.as_ref().map(K::parts).unwrap_or_default(),
        parent_ids: observed.as_ref().map(K::parent_ids).unwrap_or_default().into_iter().cloned().collect(),
        ..ResourceSummary::default()
    };
    (ObjectKey { kind: K::NAME, name: metadata.name.clone().unwrap_or_default(), namespace }, summary)
}
