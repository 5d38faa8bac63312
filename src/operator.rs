//! All of it wired: clients, caches, one controller for each kind, the election, the probes, and an orderly end.

mod controllers;

use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use k8s_openapi::api::core::v1::Namespace;
use kube::client::ClientBuilder;
use kube::core::PartialObjectMeta;
use kube::runtime::reflector::{self, Store};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Resource, ResourceExt};
use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower::timeout::TimeoutLayer;

use crate::accounts::{self, Accounts};
use crate::api::{CloudAccount, DirectConnectGrant};
use crate::cluster::discovery;
use crate::cluster::leader_election::{Election, Fence, Leadership, Loss, Term, Timing};
use crate::cluster::permissions::Forbidden;
use crate::cluster::secrets::SecretNamespaces;
use crate::cluster::timeouts;
use crate::cluster::watch::relist::Relist;
use crate::cluster::watch::shard::Shard;
use crate::cluster::watch::stored::{Stored, UnreadableObjects};
use crate::cluster::watch::strip_metadata::strip_metadata;
use crate::config::{Run, UnnamedShard};
use crate::graph::Index;
use crate::kinds;
use crate::proxy;
use crate::reconcile::{Namespaces, Registration, Shared, Stores};
use crate::shutdown::{self, stopped};
use crate::telemetry::metrics::{Metrics, Source};
use crate::telemetry::probes::{self, StartupPhase};
use controllers::Controllers;

/// A pass under way may take one call to the cloud and this long besides to end after a signal: its answer is taken and the id written.
const GRACE: Duration = Duration::from_secs(10);

/// What is read before the first pass, as `/readyz` names it: these, and the objects of each kind.
const NAMESPACES: &str = "namespaces";
const GRANTS: &str = "DirectConnectGrant";
const ACCOUNTS: &str = "CloudAccount";

/// Probes and scrapes under way may take this long to end.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// Where a pod finds the name of its namespace.
const POD_NAMESPACE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/// Why the operator could not run, or not go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No way to the API server is configured.
    #[error("no Kubernetes configuration: set KUBECONFIG, or run in a pod")]
    Configuration(#[from] kube::config::InferConfigError),
    /// The API server refused or was not reached.
    #[error("the API server")]
    Kubernetes(#[from] kube::Error),
    /// The namespace whose uid names the cluster has none.
    #[error("the namespace kube-system has no uid: set --cluster-id")]
    NoCluster,
    /// Outside of a pod the lease's namespace must be told.
    #[error("leader election needs a namespace for its lease: set --lease-namespace")]
    NoLeaseNamespace,
    /// Two leaders would be possible.
    #[error("--lease-duration must be longer than --lease-renew-deadline, and that longer than --lease-retry-period")]
    Timing,
    /// Another replica may work now.
    #[error("leadership was lost")]
    Leadership(#[from] Loss),
    /// Operators of different shards must not be taken for each other.
    #[error(transparent)]
    Shard(#[from] UnnamedShard),
    /// The API server does not understand the label selector.
    #[error("--selector {selector:?}: the API server says {message:?}; write it as in `kubectl -l`")]
    Selector { selector: String, message: String },
    /// A signal handler or the listener.
    #[error("the system")]
    System(#[from] std::io::Error),
}

/// Runs these kinds until SIGTERM or SIGINT, or until another replica may work.
///
/// # Errors
/// When it can't begin, or leads no longer. While it leads it recovers from everything else by itself. When leadership is lost the caller MUST
/// end the process without waiting for what is under way.
pub async fn run(config: &Run, kinds: &[Registration]) -> Result<(), Error> {
    let stop = stop_signal()?;
    config.shard()?;
    let election = election(config).await?;
    let phase = watch::Sender::new(StartupPhase::Starting);
    let metrics = Metrics::new();
    let listener = listen(config.listen).await?;
    let probes = tokio::spawn(probes::serve(listener, phase.subscribe(), metrics.clone(), stopped(stop.clone())));
    match election {
        None => work(config, kinds, configuration(config.api_server_timeout).await?, Leadership::alone(), &phase, &metrics, stop).await?,
        Some(election) => tokio::select! {
            term = election.win(|| _ = phase.send_replace(StartupPhase::Standby)) => lead(config, kinds, term, &phase, &metrics, stop).await?,
            () = stopped(stop.clone()) => {}
        },
    }
    // Who has sent half a request does not hold up the end.
    match tokio::time::timeout(LAST_ANSWERS, probes).await {
        Ok(served) => Ok(served.unwrap_or_else(|error| Err(std::io::Error::other(error)))?),
        Err(_) => Ok(()),
    }
}

/// Works for one term. In its orderly end, too, only as long as it leads.
async fn lead(
    config: &Run,
    kinds: &[Registration],
    mut term: Term,
    phase: &watch::Sender<StartupPhase>,
    metrics: &Metrics,
    stop: watch::Receiver<bool>,
) -> Result<(), Error> {
    let (cluster, leadership) = (configuration(config.api_server_timeout).await?, term.leadership());
    let worked = tokio::select! {
        loss = term.keep() => {
            tracing::error!(%loss, "leadership was lost: this process ends at once");
            return Err(loss.into());
        }
        worked = work(config, kinds, cluster, leadership, phase, metrics, stop) => worked,
    };
    term.release().await;
    worked
}

/// The controllers of these kinds and of accounts, until `stop`. They write only while `leadership` holds, and go on when it holds again.
///
/// # Errors
/// When it can't begin.
pub async fn work(
    config: &Run,
    kinds: &[Registration],
    cluster: kube::Config,
    leadership: Leadership,
    phase: &watch::Sender<StartupPhase>,
    metrics: &Metrics,
    stop: watch::Receiver<bool>,
) -> Result<(), Error> {
    let own_shard = config.shard()?;
    let (fill, filled) = watch::channel(false);
    // What is not known yet is not told as none.
    metrics.lead(&kinds::registered(kinds), {
        let (leadership, filled) = (leadership.clone(), filled.clone());
        move || leadership.holds() && *filled.borrow()
    });
    phase.send_replace(StartupPhase::Connecting);
    let client = client(config, cluster, &leadership, metrics)?;
    let cluster = tokio::select! {
        cluster = prepare(config, kinds, &own_shard, &client, phase) => cluster?,
        () = stopped(stop.clone()) => return Ok(()),
    };
    phase.send_replace(StartupPhase::Filling(
        [NAMESPACES, GRANTS, ACCOUNTS].into_iter().chain(kinds.iter().map(|kind| kind.kind)).collect(),
    ));
    let accounts = Arc::new(Accounts::new(
        (config.settle_interval, config.settle_interval_max),
        config.limits(),
        config.surroundings(),
        SecretNamespaces::new(config.secret_namespaces.clone()),
        kinds.iter().map(|kind| kind.resource_type),
        cluster.clone(),
    ));
    let index = Arc::new(Index::default());
    let namespaces = watch_namespaces(&client, Arc::clone(&index));
    let (granted, mut grants_cached) = watch::channel(false);
    let unreadable = Arc::new(UnreadableObjects::new(GRANTS, client.clone()));
    metrics.attach(Arc::clone(&unreadable) as Arc<dyn Source>);
    tokio::spawn(watch_reference_grants(client.clone(), Arc::clone(&index), granted, unreadable));
    let shared = Shared {
        client: client.clone(),
        leadership,
        index: Arc::clone(&index),
        accounts: Arc::clone(&accounts),
        namespaces: Arc::new(Namespaces(namespaces.clone())),
        metrics: metrics.clone(),
        cluster,
        shard: own_shard.clone(),
        concurrency: config.concurrency,
        page: config.watch_page_size,
        filled: filled.clone(),
        stop: stop.clone(),
    };
    let accounts_controller =
        accounts::controller(client, Arc::clone(&accounts), index, own_shard, filled.clone(), stop.clone(), metrics.clone());
    let mut controllers = Controllers::new(metrics.reconcile.clone());
    controllers.spawn(ACCOUNTS, accounts_controller);
    let (mut stores, mut listed) = (Stores::default(), Vec::new());
    for kind in kinds {
        let (run, kind_listed) = kind.controller(shared.clone()).keep_store(&mut stores);
        let name = kind.kind;
        controllers.spawn(name, run);
        listed.push(kind_listed.map(move |()| name).boxed());
    }
    kinds.iter().filter_map(|kind| kind.metrics(&stores)).for_each(|source| metrics.attach(source));
    let cached = async {
        let filled = |cache: &'static str| phase.send_modify(|phase| phase.filled(cache));
        // What tells that a cache is filled lives as long as its watch does.
        futures::join!(
            async {
                let _ = namespaces.wait_until_ready().await;
                filled(NAMESPACES);
            },
            async {
                let _ = grants_cached.wait_for(|cached| *cached).await;
                filled(GRANTS);
            },
            accounts.until_listed().map(|()| filled(ACCOUNTS)),
            async {
                let mut listed: FuturesUnordered<_> = listed.into_iter().collect();
                while let Some(kind) = listed.next().await {
                    filled(kind);
                }
            },
        );
        let _ = fill.send(true);
        phase.send_replace(StartupPhase::Running);
        tracing::info!("caches are filled");
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = controllers.ended() => {}
        () = cached => {}
        () = stopped(stop) => {}
    }
    // Before, no reconcile has begun, and a controller whose store is not filled does not end by itself.
    if *filled.borrow() {
        controllers.finish(config.call_timeout + GRACE).await;
    }
    Ok(())
}

/// A client whose writes depend on leadership, whose calls end in time, and that reports what is forbidden.
fn client(config: &Run, cluster: kube::Config, leadership: &Leadership, metrics: &Metrics) -> Result<kube::Client, Error> {
    let forbidden = Forbidden::default();
    metrics.attach(Arc::new(forbidden.clone()));
    let builder = ClientBuilder::try_from(cluster)?.with_layer(&forbidden).with_layer(&Fence(leadership.clone()));
    Ok(builder.with_layer(&TimeoutLayer::new(config.api_server_timeout)).build())
}

/// Waits for what the operator needs of the API server, and returns how the cluster is called.
async fn prepare(
    config: &Run,
    kinds: &[Registration],
    shard: &Shard,
    client: &kube::Client,
    phase: &watch::Sender<StartupPhase>,
) -> Result<String, Error> {
    let told = |obstacle| _ = phase.send_replace(StartupPhase::Blocked(obstacle));
    let ours = [CloudAccount::plural(&()), DirectConnectGrant::plural(&())].map(Cow::into_owned);
    let plurals: Vec<String> = ours.into_iter().chain(kinds.iter().map(Registration::plural)).collect();
    discovery::kinds_served(client, &plurals, told).await;
    if let (Err(message), Some(selector)) = (discovery::selector_understood(client, shard, told).await, &shard.selector) {
        return Err(Error::Selector { selector: selector.clone(), message });
    }
    match &config.cluster_id {
        Some(id) => Ok(id.clone()),
        None => discovery::cluster_id(client, told).await?.ok_or(Error::NoCluster),
    }
}

/// `None` where this replica is the only one.
async fn election(run: &Run) -> Result<Option<Election>, Error> {
    let config = &run.election;
    let pod_namespace = std::fs::read_to_string(POD_NAMESPACE).ok();
    if !config.leader_elect.unwrap_or(pod_namespace.is_some()) {
        return Ok(None);
    }
    let namespace = config.lease_namespace.clone().or(pod_namespace).ok_or(Error::NoLeaseNamespace)?;
    let timing = Timing {
        lease_duration: config.lease_duration,
        renew_deadline: config.lease_renew_deadline,
        retry_period: config.lease_retry_period,
    };
    if !timing.is_sound() {
        return Err(Error::Timing);
    }
    let identity = format!("{}_{}", hostname::get()?.to_string_lossy(), uuid::Uuid::new_v4());
    // A client of its own, so that no renewal queues behind other work; and without retries, since the election does its own.
    let mut configuration = configuration(run.api_server_timeout).await?;
    configuration.default_retry = false;
    let client = kube::Client::try_from(configuration)?;
    Ok(Some(Election::new(Api::namespaced(client, namespace.trim()), run.lease_name(), identity, timing)))
}

/// How the API server is called, each time within `limit`.
async fn configuration(limit: Duration) -> Result<kube::Config, Error> {
    let mut config = kube::Config::infer().await?;
    config.proxy_url = proxy::of_api_server(&config.cluster_url, config.proxy_url);
    if let Some(proxy) = &config.proxy_url {
        tracing::info!(proxy = proxy::without_userinfo(&proxy.to_string()), "the API server is called through a proxy");
    }
    timeouts::limit(&mut config, limit);
    Ok(config)
}

fn watch_namespaces(client: &kube::Client, index: Arc<Index>) -> Store<PartialObjectMeta<Namespace>> {
    let (store, writer) = reflector::store();
    // Metadata alone: the labels and annotations are what is read.
    let api = Api::<PartialObjectMeta<Namespace>>::all(client.clone());
    let stream = watcher(api, watcher::Config::default()).default_backoff().modify(strip_metadata);
    tokio::spawn(reflector::reflector(writer, stream).for_each(move |event| {
        match event {
            // Its account may be another, or may be open to it now.
            Ok(watcher::Event::Apply(namespace)) => index.wake_namespace(&namespace.name_any()),
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "watch of namespaces failed; it is begun again"),
        }
        std::future::ready(())
    }));
    store
}

/// Grants of all namespaces, also when only one is watched: they are given by the others. One that can't be read grants nothing.
async fn watch_reference_grants(client: kube::Client, index: Arc<Index>, cached: watch::Sender<bool>, unreadable: Arc<UnreadableObjects>) {
    let mut relist = Relist::default();
    let mut events =
        pin!(watcher(Api::<Stored<DirectConnectGrant>>::all(client), watcher::Config::default()).default_backoff().modify(strip_metadata));
    while let Some(event) = events.next().await {
        let event = match event {
            Ok(event) => event,
            Err(error) => {
                tracing::warn!(%error, "watch of reference grants failed; it is begun again");
                continue;
            }
        };
        for gone in relist.take(&event).into_iter().filter(|gone| !gone.replaced) {
            index.grant(&gone.place.0, &gone.place.1, None);
        }
        unreadable.take(&event);
        match event {
            watcher::Event::Apply(Stored::Unreadable(grant)) | watcher::Event::InitApply(Stored::Unreadable(grant)) => {
                let [namespace, name] = [grant.metadata.namespace, grant.metadata.name].map(Option::unwrap_or_default);
                index.grant(&namespace, &name, None);
            }
            watcher::Event::Apply(Stored::Readable(grant)) | watcher::Event::InitApply(Stored::Readable(grant)) => {
                index.grant(&grant.namespace().unwrap_or_default(), &grant.name_any(), Some(&grant.spec));
            }
            watcher::Event::InitDone => {
                let _ = cached.send(true);
            }
            watcher::Event::Init | watcher::Event::Delete(_) => {}
        }
    }
}

/// Listens at `address`; where all IPv6 addresses are asked for and the machine has none, at all IPv4 addresses.
async fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    match TcpListener::bind(address).await {
        Err(_) if address.ip() == Ipv6Addr::UNSPECIFIED => TcpListener::bind((Ipv4Addr::UNSPECIFIED, address.port())).await,
        bound => bound,
    }
}

/// True once the process was told to stop.
fn stop_signal() -> Result<watch::Receiver<bool>, Error> {
    let (sender, receiver) = watch::channel(false);
    let told = shutdown::signal()?;
    tokio::spawn(async move {
        told.await;
        let _ = sender.send(true);
        // Receivers that come later read the value as long as the sender lives.
        sender.closed().await;
    });
    Ok(receiver)
}
