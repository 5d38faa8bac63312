//! Logs.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::config::LogFormat;

/// Of an answer that it can't read the client of Kubernetes logs the whole text, as a warning; and that may be a Secret.
const QUIET: &str = "kube_client::client=error";

/// Installs the logger of the process. Whatever `filter` says, nothing is logged that may hold a secret.
///
/// # Errors
/// When `filter` is no filter, or a logger is installed already.
pub fn install(filter: &str, format: LogFormat) -> Result<(), String> {
    let filter = filter_of(filter).map_err(|error| format!("--log {filter}: {error}"))?;
    let logger = tracing_subscriber::fmt().with_env_filter(filter).with_span_events(FmtSpan::NONE).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => logger.with_ansi(false).try_init(),
        LogFormat::Json => logger.json().flatten_event(true).try_init(),
    }
    .map_err(|error| error.to_string())
}

fn filter_of(filter: &str) -> Result<EnvFilter, ParseError> {
    // Of two directives for one target the later holds; and the longer target before the shorter.
    Ok(EnvFilter::try_new(filter)?.add_directive(QUIET.parse()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_filter_makes_the_quiet_talk() {
        for filter in ["trace", "kube_client::client=trace", "kube_client=trace,info"] {
            let filter = filter_of(filter).unwrap().to_string();
            assert!(filter.contains(QUIET) && !filter.contains("kube_client::client=trace"), "{filter}");
        }
    }
}
