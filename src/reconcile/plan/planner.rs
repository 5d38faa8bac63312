//! What a plan needs of a kind, as values: who plans goes over the kinds and names none of them.

use futures::future::BoxFuture;
use kube::ResourceExt;
use serde::Deserialize;
use serde_json::Value;

use crate::accounts::Behind;
use crate::api::{Managed, Management, SecretKeyReference};
use crate::cache::View;
use crate::cloud::{Client, CloudError, Listed, Priority};
use crate::graph::owner::{OWNER_TAG, owner};
use crate::graph::{Contributions, ObjectKey};
use crate::reconcile::context::Policies;
use crate::reconcile::kind::{Desired, Kind, Links, Tagging};
use crate::reconcile::registration::behind_in;
use crate::reconcile::summary::{account_name, summary};

use super::course::Course;
use super::turn::{Effect, turn};
use super::views::Views;
use super::world::{AccountFacts, World};

/// The parts of a plan that differ by kind.
#[derive(Clone, Copy)]
pub(in crate::reconcile) struct Planner {
    /// Tells the others of an object.
    pub enter: fn(&World, &Value),
    /// Takes the resource of an object from its status, unless the cloud was read.
    pub remember: fn(&mut World, &Value),
    /// What stands behind an id.
    pub behind: fn(&AccountFacts, &str, &str) -> Behind,
    /// One object in one round: whether it acts.
    pub turn: fn(&World, &mut Course, usize, &mut Vec<Effect>) -> bool,
    /// The account of an object, where its namespace names this one.
    pub account: fn(&Value, &dyn Fn() -> String) -> Option<String>,
    /// The Secret that its create needs.
    pub secret: fn(&Value) -> Option<SecretKeyReference>,
    /// Reads the collection of the kind.
    pub read: for<'a> fn(&'a Client, &'a mut Views) -> BoxFuture<'a, Result<(), CloudError>>,
}

impl Planner {
    pub const fn of<K: Kind>() -> Self {
        Self {
            enter: enter::<K>,
            remember: remember::<K>,
            behind: behind::<K>,
            turn: turn::<K>,
            account: |object, of_namespace| Some(account_name::<K>(&read::<K>(object)?, of_namespace)),
            secret: |object| K::secret(&read::<K>(object)?).cloned(),
            read: |client, views| {
                Box::pin(async {
                    views.set(View::of(client.list::<K::Listed>(Priority::Wait).await?));
                    Ok(())
                })
            },
        }
    }
}

fn read<K: Kind>(object: &Value) -> Option<K::Object> {
    K::Object::deserialize(object).ok()
}

/// Its key.
pub(super) fn key<K: Kind>(object: &K::Object) -> ObjectKey {
    ObjectKey { kind: K::NAME, namespace: object.namespace().unwrap_or_default(), name: object.name_any() }
}

fn enter<K: Kind>(world: &World, object: &Value) {
    let Some(object) = read::<K>(object) else { return };
    let (key, account) = (key::<K>(&object), account_in::<K>(world, &object));
    world.index.apply(&key, summary::<K>(&object, || account.clone()));
}

/// Name of the account of an object.
pub(super) fn account_in<K: Kind>(world: &World, object: &K::Object) -> String {
    account_name::<K>(object, || world.account_of_namespace(&object.namespace().unwrap_or_default()))
}

fn behind<K: Kind>(account: &AccountFacts, id: &str, cluster: &str) -> Behind {
    let is_used = K::FEATURE.is_none_or(|feature| account.allows(feature));
    behind_in::<K>(is_used, || account.views.get::<K::Listed>().cloned(), id, cluster)
}

fn remember<K: Kind>(world: &mut World, object: &Value) {
    let Some(object) = read::<K>(object) else { return };
    let Some(status) = object.status() else { return };
    let Some(id) = &status.id else { return };
    let (key, name) = (key::<K>(&object), account_in::<K>(world, &object));
    let links = links::<K>(world, &key, &object);
    let owner = owner(&world.cluster, &key.namespace, &key.name);
    let Some(account) = world.accounts.get_mut(&name) else { return };
    let defaults = account.account.as_ref().and_then(|account| account.spec.defaults.clone()).unwrap_or_default();
    let policies = Policies::of::<K>(&object, Some(&defaults));
    let desired = Desired {
        object: &object,
        links: &links,
        created_as: None,
        defaults: &defaults,
        owner: Some(&owner),
        tagging: Tagging::All,
        contributions: Contributions::none(),
        secret: None,
    };
    if !account.is_live
        && let Some(observed) = &status.observed
        && let Some(seen) = K::recalled(&desired, id, Some(observed))
    {
        put::<K>(&mut account.views, seen);
    }
    let made_here = policies.management == Management::Managed && status.created_ids.contains(id);
    if made_here && K::tags_of(&object).is_supported() {
        let view = account.views.get::<K::Listed>();
        let seen = view.and_then(|view| view.get(id)).and_then(|listed| K::resources(listed).pop());
        if let Some(seen) = seen {
            account.saw_tag(K::TAG_SCOPE, K::tags(&seen).contains_key(OWNER_TAG));
        }
    }
}

/// Ids of what an object refers to.
fn links<K: Kind>(world: &World, key: &ObjectKey, object: &K::Object) -> Links {
    let id = |reference: &crate::reconcile::kind::Reference| {
        let summary = world.index.referenced(key, &reference.key(&key.namespace))?;
        reference.id_in(&summary).cloned()
    };
    K::references(object).iter().filter_map(|reference| Some((reference.field, id(reference)?))).collect()
}

/// Puts a resource into the view: into the item that holds it, of which nothing else may be known.
pub(super) fn put<K: Kind>(views: &mut Views, seen: K::Resource) {
    let Some(view) = views.get_mut::<K::Listed>() else { return };
    let host = K::listed_id(&seen).to_owned();
    let known = view.get(&host).cloned().or_else(|| {
        let bare = serde_json::json!({ *K::Listed::ID.first()?: host });
        serde_json::from_value(bare).ok().map(std::sync::Arc::new)
    });
    if let Some(listed) = K::place(known.as_deref(), seen) {
        view.put(listed);
    }
}
