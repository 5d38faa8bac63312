//! The controller of one kind: its watch, its queue, and who wakes its objects.

use futures::StreamExt;
use kube::core::ObjectMeta;
use kube::runtime::controller::{Action, Config, Controller};
use kube::runtime::reflector::{self, ObjectRef, Store};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Resource, ResourceExt};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::sync::watch;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tracing::Instrument;

use super::context::{Context, Policies};
use super::failures::Failures;
use super::kind::Kind;
use super::listeners::{Listeners, listen_to_accounts};
use super::metrics::ObjectMetrics;
use super::namespaces::Namespaces;
use super::object_state::ObjectStates;
use super::reconciler::{Failure, Reconciler, uid};
use super::summary::unreadable_summary;
use crate::accounts::Accounts;
use crate::api::{FINALIZER, Managed, Status};
use crate::backoff::exponential;
use crate::cluster::finalizer;
use crate::cluster::leader_election::Leadership;
use crate::cluster::status_writer::StatusWriter;
use crate::cluster::watch::relist::Relist;
use crate::cluster::watch::shard::Shard;
use crate::cluster::watch::stored::{Stored, UnreadableObjects, readable};
use crate::graph::{Index, ObjectKey};
use crate::telemetry::logs::error_chain;
use crate::telemetry::logs::reconcile_span;
use crate::telemetry::metrics::Metrics;

/// First and longest wait after the API server refused a request or was not reached.
const RETRY: (Duration, Duration) = (Duration::from_secs(2), Duration::from_mins(1));

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
    /// What is counted.
    pub metrics: Metrics,
    /// Names this cluster in the owner's tag.
    pub cluster: String,
    /// The objects to look after.
    pub shard: Shard,
    /// Concurrent attempts per kind: most wait for the rate limiter, and a waiting one costs a few kilobytes.
    pub concurrency: u16,
    /// Objects in one page of a LIST.
    pub page: u32,
    /// True once all caches are filled: no pass begins before, since what is not yet listed would read as not there.
    pub filled: watch::Receiver<bool>,
    /// True once the process is to end.
    pub stop: watch::Receiver<bool>,
}

/// Runs the controller of one kind until the process is to end. The second value returned resolves when its cache is filled, the third is that cache.
pub fn controller<K>(shared: Shared) -> (impl Future<Output = ()> + Send, impl Future<Output = ()> + Send, Store<K::Object>)
where
    K: Kind,
    K::Object: Resource<DynamicType = ()>,
{
    let Shared { client, leadership, index, accounts, namespaces, metrics, cluster, shard, concurrency, page, filled, stop } = shared;
    let watch = shard.watch::<K::Object>(&client, page);
    let (store, writer) = reflector::store::<K::Object>();
    let objects = store.clone();
    let (wake, woken) = mpsc::unbounded_channel();
    let (fill, mut cached) = watch::channel(false);
    let reconciler = Arc::new(Reconciler::<K> {
        statuses: StatusWriter::new(client.clone()),
        failures: Failures::new(K::NAME),
        unreadable: UnreadableObjects::new(K::NAME, client.clone()),
        client,
        leadership,
        index: Arc::clone(&index),
        accounts: Arc::clone(&accounts),
        namespaces,
        states: ObjectStates::default(),
        store: store.clone(),
        wake: wake.clone(),
        listeners: Listeners::default(),
        metrics: metrics.reconcile.clone(),
        cluster,
        whole_namespaces: shard.selector.is_none(),
        stop,
    });
    metrics.attach(Arc::new(ObjectMetrics(Arc::clone(&reconciler))));
    let changes = reflector::reflector(
        writer,
        watch.filter_map({
            let reconciler = Arc::clone(&reconciler);
            let mut relist = Relist::default();
            move |event| {
                reconciler.index_event(&event, &mut relist);
                if let Ok(watcher::Event::InitDone) = event {
                    let _ = fill.send(true);
                }
                std::future::ready(match event {
                    Ok(event) => readable(event, |meta| reconciler.last_read(meta)).map(Ok),
                    Err(error) => Some(Err(error)),
                })
            }
        }),
    )
    .inspect({
        let reconciler = Arc::clone(&reconciler);
        move |event| reconciler.interrupt(event)
    })
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
        let reconciler = Arc::clone(&reconciler);
        async move {
            let wakers = tokio::spawn(forward_wakes(Arc::clone(&reconciler), to_wake));
            let listener = tokio::spawn(listen_to_accounts(Arc::clone(&reconciler)));
            Controller::for_stream(changes, store)
                .with_config(Config::default().concurrency(concurrency))
                .reconcile_on(UnboundedReceiverStream::from(woken))
                .graceful_shutdown_on({
                    let reconciler = Arc::clone(&reconciler);
                    async move { reconciler.stopped().await }
                })
                .run(
                    move |object, reconciler| reconcile(object, reconciler, filled.clone()),
                    |object, _, reconciler| Action::requeue(reconciler.retry_after(&object)),
                    reconciler,
                )
                .for_each(|_| std::future::ready(()))
                .await;
            wakers.abort();
            listener.abort();
        }
    };
    (run, cached, objects)
}

async fn reconcile<K: Kind>(
    object: Arc<K::Object>,
    reconciler: Arc<Reconciler<K>>,
    mut filled: watch::Receiver<bool>,
) -> Result<Action, Failure> {
    let filled = tokio::select! {
        filled = filled.wait_for(|filled| *filled) => filled.is_ok(),
        () = reconciler.stopped() => false,
    };
    if !filled {
        return Ok(Action::await_change());
    }
    let Some(newest) = reconciler.newest(&object) else {
        return Ok(Action::await_change());
    };
    let (namespace, name, account) = (newest.namespace().unwrap_or_default(), newest.name_any(), reconciler.account_name(&newest));
    let attempted = async {
        let attempt = reconciler.metrics.begin(K::NAME);
        let ended = match uid(newest.as_ref()) {
            Ok(uid) => Context::begin(&reconciler, &newest, uid, &account).attempt().await,
            Err(failure) => Err(failure),
        };
        attempt.ended(ended.as_ref().map_or_else(Failure::result, |(result, _)| *result));
        reconciler.note_failure(&newest, ended.as_ref().err());
        ended.map(|(_, action)| action)
    };
    attempted.instrument(reconcile_span(K::NAME, &namespace, &name, &account)).await
}

/// The index knows kinds by name only; here a name becomes an object of this kind again.
async fn forward_wakes<K: Kind>(reconciler: Arc<Reconciler<K>>, mut keys: UnboundedReceiver<ObjectKey>) {
    while let Some(ObjectKey { kind: _, namespace, name }) = keys.recv().await {
        reconciler.wake_by_name(&namespace, &name);
    }
}

impl<K: Kind> Reconciler<K> {
    fn index_event(&self, event: &Result<watcher::Event<Stored<K::Object>>, watcher::Error>, relist: &mut Relist) {
        let event = match event {
            Ok(event) => event,
            Err(error) => return tracing::warn!(kind = K::NAME, %error, "watch failed; it is begun again"),
        };
        for gone in relist.take(event) {
            self.states.forget(&gone.uid);
            if !gone.replaced {
                let (namespace, name) = gone.place;
                self.index.forget(&ObjectKey { kind: K::NAME, namespace, name });
            }
        }
        self.unreadable.take(event);
        match event {
            watcher::Event::Apply(Stored::Readable(object)) | watcher::Event::InitApply(Stored::Readable(object)) => {
                match uid(object.as_ref()) {
                    Ok(uid) => self.states.add(uid),
                    Err(error) => tracing::warn!(kind = K::NAME, name = object.name_any(), %error, "object is not reconciled"),
                }
                // What we wrote ourselves may be ahead of the watch: an older summary does not take its place.
                if object.meta().deletion_timestamp.is_some() && !finalizer::is_on(object.as_ref(), FINALIZER) {
                    // It has nothing in the cloud any more, whoever else keeps it: it holds nobody.
                    self.index.forget(&Self::key(object));
                } else if self.is_news(object) {
                    self.index.apply(&Self::key(object), self.summary(object));
                }
            }
            // It is there: what it holds is nobody else's, and what it refers to is kept.
            watcher::Event::Apply(Stored::Unreadable(object)) | watcher::Event::InitApply(Stored::Unreadable(object)) => {
                object.metadata.uid.iter().for_each(|uid| self.states.forget(uid));
                let (key, mut summary) = unreadable_summary::<K>(object);
                // What it added to the lists of others is there still.
                summary.contributions = self.index.summary(&key).map(|known| known.contributions).unwrap_or_default();
                self.index.apply(&key, summary);
            }
            watcher::Event::Delete(Stored::Readable(object)) if is_left_behind::<K>(object.as_ref()) => {
                let (namespace, name) = (object.namespace(), object.name_any());
                let id = object.status().and_then(|status| status.id.as_deref());
                tracing::warn!(
                    kind = K::NAME,
                    namespace,
                    name,
                    id,
                    "object was deleted without our finalizer: its resource is left in the cloud"
                );
            }
            // A list is read page by page, and the store changes at its end: one whose turn came in between was looked up in vain.
            watcher::Event::InitDone => {
                for (namespace, name) in relist.places() {
                    self.wake_by_name(namespace, name);
                }
            }
            _ => {}
        }
    }

    /// Interrupts attempts that wait for the rate limiter, so that they see the new version of their object. The store MUST show the event already.
    /// The state of a deleted object is dropped, which ends its attempt's wait.
    fn interrupt(&self, event: &Result<watcher::Event<K::Object>, watcher::Error>) {
        let call = |object: &K::Object| {
            let interrupt = uid(object).ok().and_then(|uid| self.states.track(uid, |tracked| tracked.interrupt.take()));
            // The wait may be over.
            let _ = interrupt.map(|interrupt| interrupt.send(()));
        };
        match event {
            Ok(watcher::Event::Apply(object)) => call(object),
            Ok(watcher::Event::InitDone) => self.store.state().iter().for_each(|object| call(object)),
            Ok(watcher::Event::Init | watcher::Event::InitApply(_) | watcher::Event::Delete(_)) | Err(_) => {}
        }
    }

    /// Counts an attempt that failed at the API server, or forgets those before one that did not.
    fn note_failure(&self, object: &K::Object, failure: Option<&Failure>) {
        if let Some(failure) = failure {
            tracing::debug!(error = error_chain(failure), "reconcile failed");
            self.failures.count(failure);
        }
        if let Ok(uid) = uid(object) {
            self.states.track(uid, |tracked| tracked.failures = if failure.is_some() { tracked.failures.saturating_add(1) } else { 0 });
        }
    }

    fn retry_after(&self, object: &K::Object) -> Duration {
        let failures = uid(object).map_or(1, |uid| self.states.track(uid, |tracked| tracked.failures));
        exponential(RETRY.0, RETRY.1, failures.max(1))
    }

    /// An object as it was last read.
    fn last_read(&self, meta: &ObjectMeta) -> Option<K::Object> {
        let place = ObjectRef::new(meta.name.as_deref()?).within(meta.namespace.as_deref()?);
        self.store.get(&place).map(|object| object.as_ref().clone())
    }

    /// What is not there, or not yet, is woken in vain and waits for nothing.
    pub(super) fn wake_by_name(&self, namespace: &str, name: &str) {
        let place = ObjectRef::new(name).within(namespace);
        match self.store.get(&place) {
            Some(object) => self.wake(object.as_ref()),
            None => _ = self.wake.send(place),
        }
    }

    pub(super) fn wake(&self, object: &K::Object) {
        if let Ok(uid) = uid(object) {
            self.states.queue(uid);
        }
        let _ = self.wake.send(ObjectRef::from_obj(object));
    }
}

/// Whether an object was deleted at once, between the removal of our finalizer by somebody and its return. One that only left the shard has it.
fn is_left_behind<K: Kind>(object: &K::Object) -> bool {
    object.meta().deletion_timestamp.is_none()
        && !finalizer::is_on(object, FINALIZER)
        && object.status().is_some_and(Status::may_be_in_cloud)
        && !Policies::of::<K>(object, None).retain()
}
