//! The probes. `/livez` says that the process runs, `/readyz` that its caches are filled. A cloud that is away makes neither fail: restarting
//! the operator would not bring it back.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Serves on `address` until `stop` resolves.
///
/// # Errors
/// When the address can't be listened on.
pub async fn serve(
    address: SocketAddr,
    filled: watch::Receiver<bool>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let ready = move || {
        let filled = *filled.borrow();
        async move { if filled { (StatusCode::OK, "ok\n") } else { (StatusCode::SERVICE_UNAVAILABLE, "caches are not filled yet\n") } }
    };
    let routes = Router::new().route("/livez", get(|| async { "ok\n" })).route("/readyz", get(ready));
    let listener = TcpListener::bind(address).await?;
    tracing::info!(address = %listener.local_addr()?, "probes are served");
    axum::serve(listener, routes).with_graceful_shutdown(stop).await
}
