//! The end of the process.

use tokio::sync::watch;

/// Resolves when the process is to end: when `stop` shows true.
pub async fn stopped(mut stop: watch::Receiver<bool>) {
    // The sender lives as long as the process.
    let _ = stop.wait_for(|stop| *stop).await;
}
