//! The HTTP server of probes and metrics. `/livez` succeeds while the process runs. `/readyz` succeeds when the leader's caches are filled, and
//! on a standby, since a rollout waits for all replicas; otherwise it says what is missing. An unavailable cloud fails neither: a restart of the
//! operator would not help.

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::metrics::{self, Metrics};

/// What the operator waits for before it starts the controllers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The API server does not respond, or not usefully.
    ApiServerUnavailable,
    /// The plural names of custom resources that are not served yet.
    NotEstablished(Vec<String>),
}

/// How far the startup of the process is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartupPhase {
    /// The lease was not read yet.
    Starting,
    /// Another replica is the leader.
    Standby,
    /// It is the leader, and has not sent a request to the API server yet.
    Connecting,
    /// It is the leader, and waits before it starts the controllers.
    Blocked(Obstacle),
    /// It is the leader, and these caches are not filled yet.
    Filling(Vec<&'static str>),
    /// The controllers run.
    Running,
}

impl StartupPhase {
    fn readiness(&self) -> (StatusCode, String) {
        let missing = |text: &str| (StatusCode::SERVICE_UNAVAILABLE, format!("{text}\n"));
        match self {
            Self::Starting => missing("the lease was not read yet"),
            Self::Standby => (StatusCode::OK, "ok: standby, another replica leads\n".to_owned()),
            Self::Connecting => missing("custom resource definitions were not checked yet"),
            Self::Blocked(Obstacle::ApiServerUnavailable) => missing("the API server does not respond"),
            Self::Blocked(Obstacle::NotEstablished(kinds)) => {
                missing(&format!("custom resource definitions are not established: {}", kinds.join(", ")))
            }
            Self::Filling(caches) => missing(&format!("caches are not filled yet: {}", caches.join(", "))),
            Self::Running => (StatusCode::OK, "ok\n".to_owned()),
        }
    }

    /// Records that one of the caches is filled.
    pub fn filled(&mut self, cache: &str) {
        if let Self::Filling(caches) = self {
            caches.retain(|other| *other != cache);
        }
    }
}

/// Serves probes and metrics until `stop` resolves.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    phase: watch::Receiver<StartupPhase>,
    metrics: Metrics,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let ready = move || std::future::ready(phase.borrow().readiness());
    let scrape = move || {
        let text = metrics.render().map(|text| ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], text));
        std::future::ready(text.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR))
    };
    let routes = Router::new().route("/livez", get(|| async { "ok\n" })).route("/readyz", get(ready)).route("/metrics", get(scrape));
    tracing::info!(address = %listener.local_addr()?, "probes and metrics are served");
    axum::serve(listener, routes).with_graceful_shutdown(stop).await
}
