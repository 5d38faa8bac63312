//! The probes. `/livez` says that the process runs, `/readyz` that it does what it is there for: that its caches are filled, or that it stands
//! by, since a replica that would never be ready could not be rolled out. A cloud that is away makes neither fail: restarting the operator
//! would not bring it back.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How far the process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It does not know yet whether it leads: the lease was not read.
    Starting,
    /// Another replica leads.
    Standby,
    /// It leads, and reads what there is.
    Filling,
    /// It works.
    Working,
}

impl Phase {
    const fn readiness(self) -> (StatusCode, &'static str) {
        match self {
            Self::Starting => (StatusCode::SERVICE_UNAVAILABLE, "the lease was not read yet\n"),
            Self::Standby => (StatusCode::OK, "ok: standby, another replica leads\n"),
            Self::Filling => (StatusCode::SERVICE_UNAVAILABLE, "caches are not filled yet\n"),
            Self::Working => (StatusCode::OK, "ok\n"),
        }
    }
}

/// Serves on `address` until `stop` resolves.
///
/// # Errors
/// When the address can't be listened on.
pub async fn serve(
    address: SocketAddr,
    phase: watch::Receiver<Phase>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let ready = move || std::future::ready(phase.borrow().readiness());
    let routes = Router::new().route("/livez", get(|| async { "ok\n" })).route("/readyz", get(ready));
    let listener = TcpListener::bind(address).await?;
    tracing::info!(address = %listener.local_addr()?, "probes are served");
    axum::serve(listener, routes).with_graceful_shutdown(stop).await
}
