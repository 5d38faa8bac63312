//! All that a plan knows of the cluster and of the cloud.

use k8s_openapi::api::core::v1::Secret;
use secrecy::SecretString;
use serde_json::Value;
use std::collections::BTreeMap;

use crate::accounts::{Behind, TagScope};
use crate::api::cloud_account::{Feature, Features};
use crate::api::{CloudAccount, DEFAULT_ACCOUNT, DirectConnectGrant, SecretKeyReference};
use crate::graph::Index;
use crate::reconcile::observe::value;
use crate::reconcile::registration::Registration;

use super::views::Views;

/// All that is known.
pub struct World {
    kinds: &'static [Registration],
    pub(super) index: Index,
    /// Identifies this cluster in the owner tag.
    pub(super) cluster: String,
    pub(super) namespaces: BTreeMap<String, NamespaceFacts>,
    pub(super) accounts: BTreeMap<String, AccountFacts>,
    secrets: BTreeMap<(String, String), Option<Secret>>,
}

/// What is known of a namespace.
#[derive(Clone, Debug, Default)]
pub struct NamespaceFacts {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// The account that it names.
    pub account: Option<String>,
}

/// What is known of an account.
#[derive(Default)]
pub struct AccountFacts {
    /// The account, if the user may read it.
    pub account: Option<CloudAccount>,
    /// Its resources: all of them, or those that statuses tell of.
    pub views: Views,
    /// They were read from the cloud.
    pub is_live: bool,
    /// Of resources that carry tags from their create: whether the owner's is still on them.
    tagged: Vec<(TagScope, bool)>,
}

/// An object of a plan.
#[derive(Clone, Debug)]
pub struct Subject {
    /// As the API server would store it.
    pub object: Value,
    /// As it stores it now, if it does.
    pub present: Option<Value>,
    /// It is to be deleted.
    pub is_deleted: bool,
}

impl World {
    /// A cluster with `objects`, all that refer to each other. `accounts` without an entry do not exist.
    #[must_use]
    pub fn new(
        kinds: &'static [Registration],
        cluster: &str,
        namespaces: BTreeMap<String, NamespaceFacts>,
        accounts: BTreeMap<String, AccountFacts>,
        grants: &[DirectConnectGrant],
        secrets: BTreeMap<(String, String), Option<Secret>>,
        objects: &[Value],
    ) -> Self {
        let mut world = Self { kinds, index: Index::default(), cluster: cluster.to_owned(), namespaces, accounts, secrets };
        for grant in grants {
            let (namespace, name) = (grant.metadata.namespace.as_deref(), grant.metadata.name.as_deref());
            world.index.grant(namespace.unwrap_or_default(), name.unwrap_or_default(), Some(&grant.spec));
        }
        let of_kind = |kind: &'static Registration| objects.iter().filter(move |object| object["kind"].as_str() == Some(kind.kind));
        for kind in kinds {
            of_kind(kind).for_each(|object| (kind.planner().enter)(&world, object));
        }
        // A resource that is part of another's item comes after it.
        for kind in kinds {
            of_kind(kind).for_each(|object| (kind.planner().remember)(&mut world, object));
        }
        world
    }

    /// The kind of an object.
    pub(super) fn kind_of(&self, object: &Value) -> Option<&'static Registration> {
        self.kinds.iter().find(|kind| object["kind"].as_str() == Some(kind.kind))
    }

    /// The account that objects of a namespace use which name none.
    pub(super) fn account_of_namespace(&self, namespace: &str) -> String {
        let named = self.namespaces.get(namespace).and_then(|facts| facts.account.clone());
        named.unwrap_or_else(|| DEFAULT_ACCOUNT.to_owned())
    }

    /// What stands behind an id. What no object has can be anything, as long as the cloud was not read.
    pub(super) fn behind(&self, account: &AccountFacts, kind: &str, id: &str) -> Behind {
        let kind = self.kinds.iter().find(|registration| registration.kind == kind);
        match kind.map(|kind| (kind.planner().behind)(account, id, &self.cluster)) {
            None => Behind::NotNameable,
            Some(Behind::Absent(_)) if !account.is_live => Behind::Unknown(None),
            Some(behind) => behind,
        }
    }

    /// The value that a spec refers to, or what is wrong with it. One that can't be read is taken for usable: the operator may read it.
    pub(super) fn secret(&self, namespace: &str, reference: &SecretKeyReference) -> Result<SecretString, String> {
        match self.secrets.get(&(namespace.to_owned(), reference.name.clone())) {
            None => Ok(SecretString::default()),
            Some(None) => Err("the Secret does not exist".to_owned()),
            Some(Some(secret)) => value(secret.clone(), &reference.key),
        }
    }
}

impl AccountFacts {
    /// An account, or one of which nothing more is known than that objects name it.
    #[must_use]
    pub fn of(account: Option<CloudAccount>) -> Self {
        Self { account, ..Self::default() }
    }

    /// What of the API it uses.
    pub(super) fn features(&self) -> Features {
        self.account.as_ref().and_then(|account| account.spec.features.clone()).unwrap_or_default()
    }

    /// Whether `feature` may be used.
    pub(super) fn allows(&self, feature: fn(&Features) -> Option<Feature>) -> bool {
        self.features().allow(feature)
    }

    /// A resource that carried the owner's tag from its create has it still, or has not.
    pub(super) fn saw_tag(&mut self, scope: TagScope, is_there: bool) {
        if !self.tagged.contains(&(scope, is_there)) {
            self.tagged.push((scope, is_there));
        }
    }

    /// Whether the region keeps the tags of these resources, as far as is known.
    pub(super) fn keeps_tags(&self, scope: TagScope) -> bool {
        match self.features().tags.unwrap_or_default() {
            Feature::Disabled => false,
            Feature::Enabled => true,
            Feature::Auto => self.tagged.contains(&(scope, true)) || !self.tagged.contains(&(scope, false)),
        }
    }
}
