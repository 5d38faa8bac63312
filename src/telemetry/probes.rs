//! The probes and the metrics. `/livez` says that the process runs, `/readyz` that it does what it is there for: that its caches are filled, or that it stands
//! by, since a replica that would never be ready could not be rolled out; where it is not, it says what is missing. A cloud that is away makes
//! neither fail: restarting the operator would not bring it back.

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::metrics::{self, Metrics};

/// What the operator waits for before it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The API server gives no answer of use.
    Unreached,
    /// These custom resources are not served yet, by their plural names.
    Unestablished(Vec<String>),
}

/// How far the process is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It does not know yet whether it leads: the lease was not read.
    Starting,
    /// Another replica leads.
    Standby,
    /// It leads, and has not asked the API server for anything yet.
    Beginning,
    /// It leads, but waits before it begins.
    Hindered(Obstacle),
    /// It leads, and reads what there is; these caches are not filled yet.
    Filling(Vec<&'static str>),
    /// It works.
    Working,
}

impl Phase {
    fn readiness(&self) -> (StatusCode, String) {
        let missing = |text: &str| (StatusCode::SERVICE_UNAVAILABLE, format!("{text}\n"));
        match self {
            Self::Starting => missing("the lease was not read yet"),
            Self::Standby => (StatusCode::OK, "ok: standby, another replica leads\n".to_owned()),
            Self::Beginning => missing("custom resource definitions were not looked for yet"),
            Self::Hindered(Obstacle::Unreached) => missing("the API server gives no answer"),
            Self::Hindered(Obstacle::Unestablished(kinds)) => {
                missing(&format!("custom resource definitions are not established: {}", kinds.join(", ")))
            }
            Self::Filling(caches) => missing(&format!("caches are not filled yet: {}", caches.join(", "))),
            Self::Working => (StatusCode::OK, "ok\n".to_owned()),
        }
    }

    /// One of the caches is filled.
    pub fn filled(&mut self, cache: &str) {
        if let Self::Filling(caches) = self {
            caches.retain(|other| *other != cache);
        }
    }
}

/// Serves until `stop` resolves.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    phase: watch::Receiver<Phase>,
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
