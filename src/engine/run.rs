//! Running the engine of one kind: its watch, its wakes, its listeners.

use futures::StreamExt;
use k8s_openapi::api::core::v1::Namespace;
use kube::core::PartialObjectMeta;
use kube::runtime::controller::{Action, Config, Controller};
use kube::runtime::events::{Recorder, Reporter};
use kube::runtime::reflector::{self, ObjectRef, Store};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Resource, ResourceExt};
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::sync::watch;
use tokio_stream::wrappers::UnboundedReceiverStream;

use super::memory::{Memories, Memory};
use super::{Engine, Failure, Kind};
use crate::accounts::{Accounts, Change, Mirrored};
use crate::api::{ACCOUNT_ANNOTATION, DEFAULT_ACCOUNT};
use crate::backoff::jittered;
use crate::index::{Index, Key};
use crate::leadership::Leadership;
use crate::mirror::{Event, Mirror};
use crate::relist::Relist;
use crate::telling::MANAGER;

/// How many passes of one kind may be under way: most wait for the budget, and a waiting one costs a few kilobytes.
const CONCURRENCY: u16 = 1024;
/// After the API server refused a write or was not reached.
const RETRY: Duration = Duration::from_secs(2);

/// What all kinds share.
#[derive(Clone)]
pub struct Shared {
    /// Client of the API server. Its writes depend on leadership by themselves.
    pub client: kube::Client,
    /// What writes to the cloud depend on.
    pub leadership: Leadership,
    /// Who refers to whom.
    pub index: Arc<Index>,
    /// The cloud's accounts.
    pub accounts: Arc<Accounts>,
    /// Annotations of namespaces.
    pub namespaces: Arc<Namespaces>,
    /// Names this cluster in the owner's tag.
    pub cluster: String,
    /// Namespace to watch; all when absent.
    pub namespace: Option<String>,
    /// True once all caches are filled: no pass begins before, since what is not yet listed would read as not there.
    pub filled: watch::Receiver<bool>,
    /// True once the process is to end.
    pub stop: watch::Receiver<bool>,
}

/// The namespaces' metadata.
pub struct Namespaces(pub Store<PartialObjectMeta<Namespace>>);

impl Namespaces {
    /// Labels of a namespace.
    #[must_use]
    pub fn labels(&self, namespace: &str) -> BTreeMap<String, String> {
        self.0.get(&ObjectRef::new(namespace)).map(|found| found.labels().clone()).unwrap_or_default()
    }

    /// Account that a namespace names.
    #[must_use]
    pub fn account(&self, namespace: &str) -> String {
        let found = self.0.get(&ObjectRef::new(namespace));
        found.and_then(|found| found.annotations().get(ACCOUNT_ANNOTATION).cloned()).unwrap_or_else(|| DEFAULT_ACCOUNT.to_owned())
    }
}

/// Mirrors that a kind listens to, by address.
#[derive(Default)]
pub struct Listeners(Mutex<HashSet<usize>>);

/// Runs the controller of one kind until the process is to end. The first value returned resolves when its cache is filled.
pub fn controller<K>(shared: Shared) -> (impl Future<Output = ()> + Send, impl Future<Output = ()> + Send)
where
    K: Kind,
    K::Listed: Mirrored,
    K::Object: Resource<DynamicType = ()>,
{
    let Shared { client, leadership, index, accounts, namespaces, cluster, namespace, filled, stop } = shared;
    let api = namespace.map_or_else(|| Api::<K::Object>::all(client.clone()), |namespace| Api::namespaced(client.clone(), &namespace));
    let (store, writer) = reflector::store();
    let (wake, woken) = mpsc::unbounded_channel();
    let (fill, mut cached) = watch::channel(false);
    let reporter = Reporter { controller: MANAGER.into(), instance: std::env::var("HOSTNAME").ok() };
    let recorder = Recorder::new(client.clone(), reporter);
    let engine = Arc::new(Engine::<K> {
        client,
        leadership,
        index: Arc::clone(&index),
        accounts: Arc::clone(&accounts),
        namespaces,
        memories: Memories::default(),
        store: store.clone(),
        recorder,
        wake: wake.clone(),
        listeners: Listeners::default(),
        cluster,
        stop,
    });
    let changes = reflector::reflector(
        writer,
        watcher(api, watcher::Config::default()).default_backoff().inspect({
            let engine = Arc::clone(&engine);
            let mut relist = Relist::default();
            move |event| {
                engine.index_event(event, &mut relist);
                if let Ok(watcher::Event::InitDone) = event {
                    let _ = fill.send(true);
                }
            }
        }),
    )
    .touched_objects();
    let (keys, to_wake) = mpsc::unbounded_channel();
    index.register(K::NAME, keys);
    let cached = {
        // The store's own `wait_until_ready` wakes only the last of several waiters, and the controller is one of them.
        async move {
            // The sender lives in the controller's stream: without it the process ends.
            let _ = cached.wait_for(|cached| *cached).await;
        }
    };
    let run = {
        let engine = Arc::clone(&engine);
        async move {
            let wakers = tokio::spawn(forward_wakes(Arc::clone(&engine), to_wake));
            let listener = tokio::spawn(hear_accounts(Arc::clone(&engine)));
            Controller::for_stream(changes, store)
                .with_config(Config::default().concurrency(CONCURRENCY))
                .reconcile_on(UnboundedReceiverStream::from(woken))
                .graceful_shutdown_on({
                    let engine = Arc::clone(&engine);
                    async move { engine.stopped().await }
                })
                .run(
                    move |object, engine| reconcile(object, engine, filled.clone()),
                    |_, failure, _| {
                        tracing::debug!(%failure, "pass failed");
                        Action::requeue(jittered(RETRY))
                    },
                    engine,
                )
                .for_each(|_| std::future::ready(()))
                .await;
            wakers.abort();
            listener.abort();
        }
    };
    (run, cached)
}

async fn reconcile<K>(object: Arc<K::Object>, engine: Arc<Engine<K>>, mut filled: watch::Receiver<bool>) -> Result<Action, Failure>
where
    K: Kind,
    K::Listed: Mirrored,
{
    let filled = tokio::select! {
        filled = filled.wait_for(|filled| *filled) => filled.is_ok(),
        () = engine.stopped() => false,
    };
    if !filled {
        return Ok(Action::await_change());
    }
    let Some(newest) = engine.newest(&object) else {
        return Ok(Action::await_change());
    };
    engine.memories.with(&newest.uid().unwrap_or_default(), |memory| memory.latest = Some(Arc::clone(&newest)));
    engine.pass(&newest).await
}

/// The index knows kinds by name only; here a name becomes an object of this kind again.
async fn forward_wakes<K: Kind>(engine: Arc<Engine<K>>, mut keys: UnboundedReceiver<Key>) {
    while let Some(Key { kind: _, namespace, name }) = keys.recv().await {
        let _ = engine.wake.send(ObjectRef::new(&name).within(&namespace));
    }
}

/// An account that changes concerns all its objects.
async fn hear_accounts<K: Kind>(engine: Arc<Engine<K>>) {
    let mut changes = engine.accounts.subscribe();
    loop {
        match changes.recv().await {
            Ok(Change::State(name)) => engine.wake_where(&name, |_| true),
            Ok(Change::Room(name)) => engine.wake_where(&name, Memory::take_room),
            Ok(Change::Listed) | Err(RecvError::Lagged(_)) => {
                for object in engine.store.state() {
                    let _ = engine.wake.send(ObjectRef::from_obj(object.as_ref()));
                }
            }
            Err(RecvError::Closed) => return,
        }
    }
}

impl Listeners {
    fn add(&self, address: usize) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(address)
    }

    fn remove(&self, address: usize) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&address);
    }
}

impl<K: Kind> Engine<K> {
    fn index_event(&self, event: &Result<watcher::Event<K::Object>, watcher::Error>, relist: &mut Relist) {
        let event = match event {
            Ok(event) => event,
            Err(error) => return tracing::warn!(kind = K::NAME, %error, "watch failed; it is begun again"),
        };
        for gone in relist.take(event) {
            self.memories.forget(&gone.uid);
            if !gone.replaced {
                let (namespace, name) = gone.place;
                self.index.forget(&Key { kind: K::NAME, namespace, name });
            }
        }
        match event {
            // What we wrote ourselves may be ahead of the watch: an older card does not take its place.
            watcher::Event::Apply(object) | watcher::Event::InitApply(object) if self.is_news(object) => {
                self.index.apply(&Self::key(object), self.card(object));
            }
            // A list is read page by page, and the store changes at its end: one whose turn came in between was looked up in vain.
            watcher::Event::InitDone => {
                for (namespace, name) in relist.places() {
                    let _ = self.wake.send(ObjectRef::new(name).within(namespace));
                }
            }
            _ => {}
        }
    }

    /// Hears a mirror from the first time one of its objects is looked at.
    pub(super) fn listen(self: &Arc<Self>, account: &str, mirror: &Arc<Mirror<K::Listed>>) {
        let address = Arc::as_ptr(mirror).addr();
        if !self.listeners.add(address) {
            return;
        }
        let (engine, account, mut events) = (Arc::clone(self), account.to_owned(), mirror.subscribe());
        tokio::spawn(async move {
            loop {
                match events.recv().await {
                    Ok(Event::Listed(changed)) => {
                        engine.wake_where(&account, |memory| memory.looking || memory.watched.iter().any(|id| changed.contains(id)));
                    }
                    Ok(Event::Failed) => engine.wake_where(&account, |memory| memory.looking),
                    Err(RecvError::Lagged(_)) => engine.wake_where(&account, |_| true),
                    // The mirror is gone, and with it its address.
                    Err(RecvError::Closed) => return engine.listeners.remove(address),
                }
            }
        });
    }

    fn wake_where(&self, account: &str, concerned: impl Fn(&mut Memory<K::Object>) -> bool) {
        for object in self.memories.concerned(account, concerned) {
            let _ = self.wake.send(ObjectRef::from_obj(object.as_ref()));
        }
    }
}
