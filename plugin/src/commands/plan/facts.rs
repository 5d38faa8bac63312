//! What the user may read of the cluster and of the cloud, for the plan.

use direct_connect_operator::api::{ACCOUNT_ANNOTATION, CloudAccount, DirectConnectGrant};
use direct_connect_operator::cloud::ErrorClass;
use direct_connect_operator::kinds;
use direct_connect_operator::reconcile::Registration;
use direct_connect_operator::reconcile::plan::{AccountFacts, Action, NamespaceFacts, Planned, Subject, World};
use k8s_openapi::api::core::v1::{Namespace, Secret};
use kube::api::ListParams;
use kube::{Api, ResourceExt};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

use crate::cloud::ReadOnly;
use crate::cluster::{Cluster, Scope};
use crate::error::Error;
use crate::object::cluster_shown;

use super::manifests::Manifests;
use super::{Args, text};

/// Secrets by namespace and name; `None` for one that does not exist.
type Secrets = BTreeMap<(String, String), Option<Secret>>;

/// What is known.
pub struct Facts {
    /// What the plan needs.
    pub world: World,
    /// Secrets that the user may not read.
    pub unread: Vec<Unread>,
}

/// A Secret that a create needs and the user may not read.
#[derive(Debug)]
pub struct Unread {
    kind: &'static str,
    namespace: String,
    name: String,
    secret: String,
}

impl Unread {
    /// Whether it is what becomes of this object that was not checked by it.
    #[must_use]
    pub fn is_for(&self, planned: &Planned) -> bool {
        let Planned { kind, namespace, name, action, .. } = planned;
        *action == Action::Create && (*kind, namespace, name) == (self.kind, &self.namespace, &self.name)
    }
}

impl std::fmt::Display for Unread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secret {}/{}: needs get on secrets", self.namespace, self.secret)
    }
}

/// Puts together what the plan needs.
///
/// # Errors
/// The API server or the cloud does not answer.
pub async fn gather(cluster: &Cluster, args: &Args, manifests: &Manifests, subjects: &[Subject]) -> Result<Facts, Error> {
    let mine: BTreeSet<String> = subjects.iter().map(|subject| text(&subject.object, "/metadata/namespace").to_owned()).collect();
    let objects = objects(cluster, &mine).await?;
    let mut all: BTreeSet<String> = objects.iter().map(|object| text(object, "/metadata/namespace").to_owned()).collect();
    all.extend(mine.iter().cloned());
    let namespaces = namespaces(cluster, &all).await?;
    let grants = grants(cluster, manifests, &mine).await?;
    let named: Vec<(&'static Registration, String)> = subjects
        .iter()
        .map(|subject| &subject.object)
        .chain(&objects)
        .filter_map(|object| {
            let kind = kind(object)?;
            let namespace = text(object, "/metadata/namespace");
            let of_namespace = || {
                let named = namespaces.get(namespace).and_then(|facts: &NamespaceFacts| facts.account.clone());
                named.unwrap_or_else(|| direct_connect_operator::api::DEFAULT_ACCOUNT.to_owned())
            };
            Some((kind, kind.account_of(object, &of_namespace)?))
        })
        .collect();
    let mut accounts = accounts(cluster, manifests, named.iter().map(|(_, account)| account)).await?;
    if args.cloud {
        let of_subjects: BTreeSet<String> = named.iter().take(subjects.len()).map(|(_, account)| account.clone()).collect();
        let chosen = args.account.account.as_ref().map_or(of_subjects, |account| BTreeSet::from([account.clone()]));
        for account in chosen {
            let kinds = named.iter().filter(|(_, of)| *of == account).map(|(kind, _)| *kind).collect();
            read_cloud(cluster, &account, kinds, &mut accounts).await?;
        }
    }
    let (secrets, unread) = secrets(cluster, manifests, subjects).await?;
    let id = match &args.cluster_id {
        Some(id) => id.clone(),
        None => cluster_id(cluster, &objects).await?,
    };
    Ok(Facts { world: World::new(kinds::ALL, &id, namespaces, accounts, &grants, secrets, &objects), unread })
}

fn kind(object: &Value) -> Option<&'static Registration> {
    object["kind"].as_str().and_then(kinds::named)
}

/// All objects that the user may read: of the whole cluster, else of the namespaces of the plan.
async fn objects(cluster: &Cluster, mine: &BTreeSet<String>) -> Result<Vec<Value>, Error> {
    let everywhere = cluster.objects(&Scope::EVERYWHERE).await;
    if !everywhere.as_ref().is_err_and(Error::is_forbidden) {
        return Ok(everywhere?.into_iter().map(|object| object.value).collect());
    }
    let mut objects = Vec::new();
    for namespace in mine {
        let cluster = Cluster { namespace: namespace.clone(), ..cluster.clone() };
        objects.extend(cluster.objects(&Scope::default()).await?.into_iter().map(|object| object.value));
    }
    anstream::eprintln!("not checked: objects of other namespaces, which you may not list");
    Ok(objects)
}

/// A value that the user may be allowed to read.
fn allowed<T>(what: &str, read: kube::Result<T>) -> Result<Option<T>, Error> {
    match read {
        Err(kube::Error::Api(status)) if status.code == 403 => Ok(None),
        read => read.map(Some).map_err(Error::kubernetes(what)),
    }
}

async fn namespaces(cluster: &Cluster, names: &BTreeSet<String>) -> Result<BTreeMap<String, NamespaceFacts>, Error> {
    let api = Api::<Namespace>::all(cluster.client.clone());
    let mut facts = BTreeMap::new();
    for name in names {
        if let Some(namespace) = allowed("namespaces", api.get_opt(name).await)?.flatten() {
            let account = namespace.annotations().get(ACCOUNT_ANNOTATION).cloned();
            facts.insert(name.clone(), NamespaceFacts { labels: namespace.labels().clone(), account });
        }
    }
    Ok(facts)
}

/// The grants between namespaces, with those of the manifests over them.
async fn grants(cluster: &Cluster, manifests: &Manifests, mine: &BTreeSet<String>) -> Result<Vec<DirectConnectGrant>, Error> {
    let what = "directconnectgrants";
    let everywhere = Api::<DirectConnectGrant>::all(cluster.client.clone()).list(&ListParams::default()).await;
    let everywhere = allowed(what, everywhere)?;
    let is_everywhere = everywhere.is_some();
    let mut grants = everywhere.map(|list| list.items).unwrap_or_default();
    for namespace in mine.iter().filter(|_| !is_everywhere) {
        let here = Api::<DirectConnectGrant>::namespaced(cluster.client.clone(), namespace).list(&ListParams::default()).await;
        grants.extend(allowed(what, here)?.into_iter().flat_map(|list| list.items));
    }
    grants.extend(manifests.grants.iter().cloned());
    Ok(grants)
}

/// The accounts. To a user who may not read them all that are named are there, and nothing else is known of them.
async fn accounts(
    cluster: &Cluster,
    manifests: &Manifests,
    named: impl Iterator<Item = &String>,
) -> Result<BTreeMap<String, AccountFacts>, Error> {
    let facts = |account: &CloudAccount| AccountFacts::of(Some(account.clone()));
    let mut accounts: BTreeMap<String, AccountFacts> = match cluster.accounts().await? {
        Some(accounts) => accounts.iter().map(|account| (account.name_any(), facts(account))).collect(),
        None => named.map(|name| (name.clone(), AccountFacts::of(None))).collect(),
    };
    for manifest in &manifests.accounts {
        let status = accounts.get(&manifest.name_any()).and_then(|known| known.account.as_ref()?.status.clone());
        accounts.insert(manifest.name_any(), facts(&CloudAccount { status, ..manifest.clone() }));
    }
    Ok(accounts)
}

/// Reads the collections of these kinds and of those that they refer to.
async fn read_cloud(
    cluster: &Cluster,
    name: &str,
    kinds: Vec<&'static Registration>,
    accounts: &mut BTreeMap<String, AccountFacts>,
) -> Result<(), Error> {
    let (account, cloud) = ReadOnly::of_account(cluster, name).await?;
    let facts = accounts.entry(name.to_owned()).or_default();
    facts.account.get_or_insert(account);
    facts.is_live = true;
    let features = facts.account.as_ref().and_then(|account| account.spec.features.clone()).unwrap_or_default();
    let needed: BTreeSet<&str> = kinds.iter().map(|kind| kind.kind).collect();
    let referred: BTreeSet<&str> = kinds.iter().flat_map(|kind| kind.references).map(|(_, kind)| *kind).collect();
    let read = kinds::ALL.iter().filter(|kind| needed.contains(kind.kind) || referred.contains(kind.kind));
    for kind in read.filter(|kind| !kind.is_disabled(&features)) {
        match cloud.read(kind, &mut facts.views).await {
            Err(error) if error.class == ErrorClass::Unsupported => {
                anstream::eprintln!("cloudaccount/{name}: {}: the region does not have such resources", kind.plural());
            }
            // What is only referred to tells of grants, and they are said not to be known then.
            Err(error) if needed.contains(kind.kind) => {
                return Err(Error::cloud(format!("cloudaccount/{name}: {}", kind.plural()))(error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The Secrets that creates need, as far as the user may read them.
async fn secrets(cluster: &Cluster, manifests: &Manifests, subjects: &[Subject]) -> Result<(Secrets, Vec<Unread>), Error> {
    let (mut secrets, mut unread) = (Secrets::new(), Vec::new());
    let written = |namespace: &str, name: &str| {
        manifests.secrets.iter().any(|secret| secret.namespace().as_deref() == Some(namespace) && secret.name_any() == name)
    };
    for subject in subjects.iter().filter(|subject| subject.object.pointer("/status/id").is_none()) {
        let Some(kind) = kind(&subject.object) else { continue };
        let Some(reference) = kind.secret_of(&subject.object) else { continue };
        let namespace = text(&subject.object, "/metadata/namespace").to_owned();
        if written(&namespace, &reference.name) {
            continue;
        }
        let api = Api::<Secret>::namespaced(cluster.client.clone(), &namespace);
        if let Some(secret) = allowed("secrets", api.get_opt(&reference.name).await)? {
            secrets.insert((namespace, reference.name), secret);
        } else {
            let name = text(&subject.object, "/metadata/name").to_owned();
            unread.push(Unread { kind: kind.kind, namespace, name, secret: reference.name });
        }
    }
    for secret in &manifests.secrets {
        secrets.insert((secret.namespace().unwrap_or_default(), secret.name_any()), Some(secret.clone()));
    }
    Ok((secrets, unread))
}

/// The cluster's ID in owner tags: as a resource that the operator has made carries it, else the uid of `kube-system`, which it is unless the operator
/// was given another one.
async fn cluster_id(cluster: &Cluster, objects: &[Value]) -> Result<String, Error> {
    let told = objects.iter().find_map(|object| {
        let made = object.pointer("/status/createdIds")?.as_array()?;
        made.contains(object.pointer("/status/id")?).then_some(())?;
        cluster_shown(object)
    });
    if let Some(told) = told {
        return Ok(told);
    }
    Ok(allowed("namespace kube-system", cluster.uid().await)?.flatten().unwrap_or_default())
}
