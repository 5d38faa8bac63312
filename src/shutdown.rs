//! The end of the process.

use tokio::sync::watch;

/// Resolves when the process is to end: when `stop` shows true.
pub async fn stopped(mut stop: watch::Receiver<bool>) {
    // The sender lives as long as the process.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Resolves once the process was sent SIGTERM or SIGINT; on systems without them, at Ctrl-C.
///
/// # Errors
/// When no handler can be installed.
#[cfg(unix)]
pub fn signal() -> std::io::Result<impl Future<Output = ()> + Send> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Resolves once the process was sent SIGTERM or SIGINT; on systems without them, at Ctrl-C.
///
/// # Errors
/// When no handler can be installed.
#[cfg(windows)]
pub fn signal() -> std::io::Result<impl Future<Output = ()> + Send> {
    let mut ctrl_c = tokio::signal::windows::ctrl_c()?;
    Ok(async move { _ = ctrl_c.recv().await })
}
