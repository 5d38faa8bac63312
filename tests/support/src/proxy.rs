//! A proxy through which an operator reaches the API server and its cloud, and in which a request can be caught.
//!
//! It numbers the requests that change something. At a chosen one it springs its trap: it lets nothing pass any more until the operator is
//! dead, and the caught request was carried out never, already, or only after that death. Changes go on when their sender dies: a cloud does
//! not stop working because a connection is closed. It can also hold one request alone, so that others overtake it. The operator behind it sees one account only, as if it were alone in the cluster.

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{Method, header};
use axum::response::Response;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};

use crate::controlplane::{ADMIN_TOKEN, ControlPlane};
use crate::eventually;

/// Larger than any body that either side takes.
const MAX_BODY: usize = 32 << 20;

/// When the operator dies, seen from the request that is caught.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The request never leaves.
    Before,
    /// It is carried out, and its answer never arrives.
    After,
    /// It is on its way, and carried out so long after it was sent.
    Late(Duration),
    /// Nobody dies: it is held, while all others pass, until it is let go.
    Held,
}

/// Which request is caught.
#[derive(Clone, Copy, Debug)]
pub struct Trap {
    /// Number of the request, from 1, among those that change something.
    pub number: usize,
    pub moment: Moment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// None passes: the connection is closed.
    Shut,
    /// All pass.
    Open,
    /// One is caught: none passes.
    Sprung,
    /// The operator is dead: the next one's pass.
    Released,
}

pub struct Proxy {
    shared: Arc<Shared>,
    url: String,
    kubeconfig: PathBuf,
    server: tokio::task::JoinHandle<()>,
}

struct Shared {
    apiserver: String,
    cloud: String,
    account: String,
    http: reqwest::Client,
    trap: Mutex<Option<Trap>>,
    caught: Mutex<Option<String>>,
    /// What changed something, in order.
    changes: Mutex<Vec<String>>,
    let_go: Notify,
    phase: watch::Sender<Phase>,
    under_way: AtomicUsize,
    cloud_calls: AtomicU64,
}

impl Proxy {
    /// For the operator of `account`, whose cloud is at `cloud`.
    pub async fn start(plane: &ControlPlane, cloud: &str, account: &str) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let kubeconfig = plane.dir().join(format!("kubeconfig-proxy-{account}"));
        std::fs::write(&kubeconfig, kubeconfig_yaml(&url)).unwrap();
        let shared = Arc::new(Shared {
            apiserver: plane.url(),
            cloud: cloud.to_owned(),
            account: account.to_owned(),
            // A watch may be silent for minutes: no limit.
            http: reqwest::Client::builder().tls_danger_accept_invalid_certs(true).build().unwrap(),
            trap: Mutex::new(None),
            caught: Mutex::new(None),
            changes: Mutex::default(),
            let_go: Notify::new(),
            phase: watch::Sender::new(Phase::Open),
            under_way: AtomicUsize::new(0),
            cloud_calls: AtomicU64::new(0),
        });
        let router = Router::new().fallback(pass).with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { shared, url, kubeconfig, server }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Turns away who comes, as a server does that is not there.
    pub fn shut(&self) {
        self.shared.phase.send_replace(Phase::Shut);
    }

    /// Lets all pass again.
    pub fn open(&self) {
        self.shared.phase.send_replace(Phase::Open);
    }

    pub fn arm(&self, trap: Trap) {
        *lock(&self.shared.trap) = Some(trap);
    }

    /// Waits until the trap has sprung: now the operator is to be killed.
    pub async fn sprung(&self) {
        let _ = self.shared.phase.subscribe().wait_for(|phase| *phase == Phase::Sprung).await;
    }

    /// The operator is dead: what comes now is the next one's.
    pub fn release(&self) {
        self.shared.phase.send_replace(Phase::Released);
    }

    /// The request that is held goes on.
    pub fn let_go(&self) {
        self.shared.let_go.notify_one();
    }

    /// The request that was caught.
    pub fn caught(&self) -> Option<String> {
        lock(&self.shared.caught).clone()
    }

    /// What changed something so far, in order.
    pub fn changes(&self) -> Vec<String> {
        lock(&self.shared.changes).clone()
    }

    /// Calls to the cloud so far, whatever became of them.
    pub fn cloud_calls(&self) -> u64 {
        self.shared.cloud_calls.load(Ordering::SeqCst)
    }

    /// Waits until nothing is on its way that could change something.
    pub async fn quiet(&self, bound: Duration) {
        let under_way = || std::future::ready((self.shared.under_way.load(Ordering::SeqCst) == 0).then_some(()));
        eventually("nothing is on its way", bound, under_way).await;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// What becomes of a request.
enum Fate {
    Passes,
    Caught(Moment),
    /// It came after the caught one, of an operator that is about to die.
    Stays,
    QueueFull,
}

async fn pass(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY).await else { return dropped_connection() };
    match shared.fate(&parts) {
        Fate::Passes => return shared.carry(parts, body, Duration::ZERO).await,
        Fate::QueueFull => return dropped_connection(),
        Fate::Caught(Moment::Held) => {
            shared.let_go.notified().await;
            return shared.carry(parts, body, Duration::ZERO).await;
        }
        Fate::Caught(Moment::After) => drop(Arc::clone(&shared).carry(parts, body, Duration::ZERO).await),
        Fate::Caught(Moment::Late(late)) => drop(tokio::spawn(Arc::clone(&shared).carry(parts, body, late))),
        Fate::Caught(Moment::Before) | Fate::Stays => {}
    }
    // Whoever catches tells; for who stays it changes nothing.
    shared
        .phase
        .send_if_modified(|phase| std::mem::replace(phase, if *phase == Phase::Open { Phase::Sprung } else { *phase }) == Phase::Open);
    let _ = shared.phase.subscribe().wait_for(|phase| *phase == Phase::Released).await;
    dropped_connection()
}

impl Shared {
    fn fate(&self, parts: &Parts) -> Fate {
        self.cloud_calls.fetch_add(is_cloud(parts).into(), Ordering::SeqCst);
        let mut trap = lock(&self.trap);
        let mut changes = lock(&self.changes);
        match *self.phase.borrow() {
            Phase::Shut => return Fate::QueueFull,
            Phase::Sprung => return Fate::Stays,
            Phase::Open | Phase::Released => {}
        }
        if !is_change(parts) {
            return Fate::Passes;
        }
        changes.push(format!("{} {}", parts.method, parts.uri.path()));
        let Some(trap) = trap.take_if(|trap| trap.number == changes.len()) else { return Fate::Passes };
        *lock(&self.caught) = changes.last().cloned();
        Fate::Caught(trap.moment)
    }

    /// Carries a request to its server. What changes something goes on when its sender dies.
    async fn carry(self: Arc<Self>, parts: Parts, body: Bytes, late: Duration) -> Response {
        if parts.method == Method::GET {
            return self.forward(parts, body).await;
        }
        self.under_way.fetch_add(1, Ordering::SeqCst);
        let carried = tokio::spawn(async move {
            tokio::time::sleep(late).await;
            let answer = self.forward(parts, body).await;
            self.under_way.fetch_sub(1, Ordering::SeqCst);
            answer
        });
        carried.await.unwrap_or_else(|_| dropped_connection())
    }

    /// What a collection shows to the operator of this account only, which lives in the namespace of its name.
    fn own(&self, path: &str) -> Option<String> {
        match path.rsplit('/').next()? {
            "cloudaccounts" => Some(format!("metadata.name%3D{}", self.account)),
            "secrets" => Some(format!("metadata.namespace%3D{}", self.account)),
            _ => None,
        }
    }

    async fn forward(&self, mut parts: Parts, body: Bytes) -> Response {
        let server = if is_cloud(&parts) { &self.cloud } else { &self.apiserver };
        let mut target = format!("{server}{}", parts.uri);
        if let (&Method::GET, Some(selected)) = (&parts.method, self.own(parts.uri.path())) {
            target = format!("{target}{}fieldSelector={selected}", if parts.uri.query().is_some() { "&" } else { "?" });
        }
        // The host is signed, so the cloud must see the one that its caller named; the API server's is another.
        if !is_cloud(&parts) {
            parts.headers.remove(header::HOST);
        }
        parts.headers.remove(header::CONTENT_LENGTH);
        let request = self.http.request(parts.method, target).headers(parts.headers).body(body);
        match request.send().await {
            Ok(answer) => streamed(answer),
            Err(_) => dropped_connection(),
        }
    }
}

/// Whether a request changes what the life is about: the account with its Secret and the events are beside it, and a login changes nothing.
fn is_change(parts: &Parts) -> bool {
    let beside = ["/events", "/cloudaccounts", "/secrets", "/leases", "/auth/tokens"];
    let reads = [Method::GET, Method::HEAD];
    !reads.contains(&parts.method) && !beside.iter().any(|word| parts.uri.path().contains(word))
}

fn is_cloud(parts: &Parts) -> bool {
    parts.uri.path().starts_with("/v3/")
}

/// An answer as it comes: a watch tells while it runs.
fn streamed(answer: reqwest::Response) -> Response {
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        if ![header::TRANSFER_ENCODING, header::CONNECTION, header::CONTENT_LENGTH].contains(name) {
            response = response.header(name, value);
        }
    }
    let chunks = futures::stream::try_unfold(answer, |mut answer| async move {
        Ok::<_, reqwest::Error>(answer.chunk().await?.map(|chunk| (chunk, answer)))
    });
    response.body(Body::from_stream(chunks)).unwrap()
}

/// Nothing is answered and the connection is closed.
fn dropped_connection() -> Response {
    let aborted = std::io::Error::from(std::io::ErrorKind::ConnectionAborted);
    Response::new(Body::from_stream(futures::stream::once(std::future::ready(Err::<Bytes, _>(aborted)))))
}

fn kubeconfig_yaml(url: &str) -> String {
    json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "test",
        "clusters": [{ "name": "test", "cluster": { "server": url } }],
        "users": [{ "name": "test", "user": { "token": ADMIN_TOKEN } }],
        "contexts": [{ "name": "test", "context": { "cluster": "test", "user": "test" } }],
    })
    .to_string()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
