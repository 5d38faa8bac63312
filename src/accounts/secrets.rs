//! Secrets, watched by their metadata alone: who waits for one is woken when it changes, and one that holds an account's credentials stays as
//! long as objects need the account. What is in a Secret is read only by those who use it, when they use it.

use futures::{Stream, StreamExt};
use k8s_openapi::api::core::v1::Secret;
use kube::api::Patch;
use kube::core::PartialObjectMeta;
use kube::runtime::reflector::{self, ObjectRef, Store};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, ResourceExt};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::watch;

use crate::cluster::finalizer::{self, RenamedFinalizer};
use crate::cluster::secrets::SecretNamespaces;
use crate::graph::{Index, ObjectKey};

/// After the API server refused or was not reached.
const RETRY: Duration = Duration::from_secs(5);

/// Keeps Secrets for as long as they are needed. Dropping the future ends it. None is let go before `known` says that all
/// objects and all accounts are.
pub async fn keep(
    client: kube::Client,
    namespaces: SecretNamespaces,
    index: Arc<Index>,
    finalizer: RenamedFinalizer,
    known: [watch::Receiver<bool>; 2],
) {
    let (sender, changes) = mpsc::unbounded_channel();
    index.register(ObjectKey::secret("", "").kind, sender.clone());
    // A store for each watch: one that fails, for example because its namespace is gone, does not hold up the others.
    let (stores, watches): (Vec<_>, Vec<_>) = namespaces
        .apis(&client)
        .into_iter()
        .map(|api| {
            let (store, writer) = reflector::store();
            let stream = watcher(api, watcher::Config::default()).default_backoff().modify(forget_what_is_not_needed);
            (store.clone(), watch_secrets(reflector::reflector(writer, stream), store, &index, &finalizer, &sender))
        })
        .unzip();
    tokio::select! {
        _ = futures::future::join_all(watches) => {}
        () = async {
            for mut known in known {
                let _ = known.wait_for(|known| *known).await;
            }
            mind(&client, &index, &finalizer, &stores, changes, &sender).await;
        } => {}
    }
}

async fn watch_secrets(
    events: impl Stream<Item = watcher::Result<watcher::Event<PartialObjectMeta<Secret>>>>,
    store: Store<PartialObjectMeta<Secret>>,
    index: &Index,
    finalizer: &RenamedFinalizer,
    sender: &UnboundedSender<ObjectKey>,
) {
    let mut events = pin!(events);
    while let Some(event) = events.next().await {
        if let Ok(watcher::Event::InitDone) = event {
            // While a list is read page by page, what is looked up may not be there yet.
            for secret in store.state().into_iter().filter(|secret| finalizer.is_on(secret.as_ref())) {
                let _ = sender.send(key(&secret));
            }
        }
        hear(index, finalizer, sender, event);
    }
}

/// A cluster has many Secrets, and what is in their annotations can be large.
fn forget_what_is_not_needed(secret: &mut PartialObjectMeta<Secret>) {
    secret.metadata.managed_fields = None;
    secret.metadata.annotations = None;
    secret.metadata.labels = None;
    secret.metadata.owner_references = None;
}

fn hear(
    index: &Index,
    finalizer: &RenamedFinalizer,
    sender: &UnboundedSender<ObjectKey>,
    event: Result<watcher::Event<PartialObjectMeta<Secret>>, watcher::Error>,
) {
    match event {
        Ok(watcher::Event::Apply(secret) | watcher::Event::InitApply(secret) | watcher::Event::Delete(secret)) => {
            let key = key(&secret);
            index.touch(&key, secret.resource_version());
            // Only one that is kept, or that is to be, needs a look.
            if finalizer.is_on(&secret) || !index.users(&key).is_empty() {
                let _ = sender.send(key);
            }
        }
        Ok(watcher::Event::Init | watcher::Event::InitDone) => {}
        Err(error) => tracing::warn!(%error, "watch of secrets failed; it is begun again"),
    }
}

async fn mind(
    client: &kube::Client,
    index: &Index,
    finalizer: &RenamedFinalizer,
    stores: &[Store<PartialObjectMeta<Secret>>],
    mut changes: UnboundedReceiver<ObjectKey>,
    again: &UnboundedSender<ObjectKey>,
) {
    while let Some(key) = changes.recv().await {
        let place = ObjectRef::new(&key.name).within(&key.namespace);
        let Some(secret) = stores.iter().find_map(|store| store.get(&place)) else { continue };
        let needed = index.users(&key).iter().any(|user| *user == ObjectKey::account(&user.name) && !index.users(user).is_empty());
        let as_needed = if needed { finalizer.is_current(secret.as_ref()) } else { !finalizer.is_on(secret.as_ref()) };
        // No finalizer can be added to one that is being deleted.
        if as_needed || (needed && secret.metadata.deletion_timestamp.is_some()) {
            continue;
        }
        let api = Api::<PartialObjectMeta<Secret>>::namespaced(client.clone(), &key.namespace);
        let patch = finalizer.patch(secret.as_ref(), needed);
        match api.patch_metadata(&key.name, &finalizer::patch_params(), &Patch::Merge(patch)).await {
            Ok(_) => {}
            // Gone, or changed: the watch brings what is newer.
            Err(kube::Error::Api(status)) if status.is_not_found() || status.is_conflict() => {}
            Err(error) => {
                tracing::warn!(%error, namespace = key.namespace, name = key.name, "the Secret's finalizer could not be set; it is tried again");
                let again = again.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(RETRY).await;
                    let _ = again.send(key);
                });
            }
        }
    }
}

fn key(secret: &PartialObjectMeta<Secret>) -> ObjectKey {
    ObjectKey::secret(&secret.namespace().unwrap_or_default(), &secret.name_any())
}
