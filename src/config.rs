//! Arguments and environment. Each flag has an environment variable of the same name with `DC_OPERATOR_` in front.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Kubernetes operator for Huawei Cloud Direct Connect.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Reconcile the objects of a cluster until told to stop.
    Run(Box<Run>),
    /// Print the custom resource definitions as YAML.
    Crd {
        /// Write one file for each into this folder instead.
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
    /// Write the catalogues of conditions and of error codes, as they stand in the code.
    Docs {
        /// Folder to write into.
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
    },
}

/// How to run.
#[derive(Debug, Args)]
pub struct Run {
    /// Address of the probes `/livez` and `/readyz`.
    #[arg(long, env = "DC_OPERATOR_LISTEN", default_value = "0.0.0.0:8080", help_heading = "Server")]
    pub listen: SocketAddr,

    /// Watch only this namespace.
    #[arg(long, env = "DC_OPERATOR_NAMESPACE", help_heading = "Kubernetes")]
    pub namespace: Option<String>,

    /// Names this cluster in the owner's tag of cloud resources; the uid of the namespace `kube-system` when absent.
    #[arg(long, env = "DC_OPERATOR_CLUSTER_ID", value_parser = cluster_id, help_heading = "Kubernetes")]
    pub cluster_id: Option<String>,

    /// Which of several replicas works.
    #[command(flatten)]
    pub election: LeaderElection,

    /// Longest time of one call to the cloud. A create whose answer was lost is waited out for up to twice as long.
    #[arg(long, env = "DC_OPERATOR_CALL_TIMEOUT", default_value = "60s", value_parser = duration, help_heading = "Cloud")]
    pub call_timeout: Duration,

    /// Between two LISTs while something settles, at first.
    #[arg(long, env = "DC_OPERATOR_SETTLE_INTERVAL", default_value = "2s", value_parser = duration, help_heading = "Cloud")]
    pub settle_interval: Duration,

    /// Between two LISTs while something settles, at most.
    #[arg(long, env = "DC_OPERATOR_SETTLE_INTERVAL_MAX", default_value = "15s", value_parser = duration, help_heading = "Cloud")]
    pub settle_interval_max: Duration,

    /// What is logged, as a filter of tracing: `info`, `debug`, `direct_connect_operator=trace`, …
    #[arg(long, env = "DC_OPERATOR_LOG", default_value = "info", help_heading = "Logs")]
    pub log: String,

    /// How it is logged.
    #[arg(long, env = "DC_OPERATOR_LOG_FORMAT", default_value = "text", help_heading = "Logs")]
    pub log_format: LogFormat,
}

/// Which of several replicas works.
#[derive(Debug, Args)]
#[command(next_help_heading = "Leader election")]
pub struct LeaderElection {
    /// Work only while this replica holds the lease. In a pod it does unless told otherwise, elsewhere only when told.
    #[arg(long, env = "DC_OPERATOR_LEADER_ELECT", value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub leader_elect: Option<bool>,

    /// Name of the Lease. Operators that look after different namespaces need different ones.
    #[arg(long, env = "DC_OPERATOR_LEASE_NAME", default_value = "direct-connect-operator")]
    pub lease_name: String,

    /// Namespace of the Lease; the pod's own when absent.
    #[arg(long, env = "DC_OPERATOR_LEASE_NAMESPACE")]
    pub lease_namespace: Option<String>,

    /// A replica takes the lease when it has seen it unchanged for so long.
    #[arg(long, env = "DC_OPERATOR_LEASE_DURATION", default_value = "15s", value_parser = duration)]
    pub lease_duration: Duration,

    /// The leader works for so long after its last renewal, then ends. Shorter than the lease's duration, by more than clocks can run apart.
    #[arg(long, env = "DC_OPERATOR_LEASE_RENEW_DEADLINE", default_value = "10s", value_parser = duration)]
    pub lease_renew_deadline: Duration,

    /// Time between two renewals of the leader, and between two looks of the others. Shorter than the renew deadline.
    #[arg(long, env = "DC_OPERATOR_LEASE_RETRY_PERIOD", default_value = "2s", value_parser = duration)]
    pub lease_retry_period: Duration,
}

/// How lines of the log look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What is legal in a tag, and short enough to leave room for the namespace and the name.
fn cluster_id(text: &str) -> Result<String, String> {
    const LIMIT: usize = 63;
    let is_sound = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if (1..=LIMIT).contains(&text.len()) && is_sound(text) {
        Ok(text.to_owned())
    } else {
        Err(format!("must be 1 to {LIMIT} letters, digits, dashes, underscores and dots"))
    }
}

/// `60s`, `500ms`, `1m30s`: as in the custom resources.
fn duration(text: &str) -> Result<Duration, String> {
    let parsed: jiff::SignedDuration = text.parse().map_err(|error| format!("{error}; write 500ms, 60s or 1m30s"))?;
    Duration::try_from(parsed).ok().filter(|duration| !duration.is_zero()).ok_or_else(|| "must be longer than zero".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_sound() {
        Cli::command().debug_assert();
        assert_eq!(duration("1m30s"), Ok(Duration::from_secs(90)));
        for (flag, wanted) in [("--leader-elect", true), ("--leader-elect=true", true), ("--leader-elect=false", false)] {
            let Command::Run(run) = Cli::parse_from(["dc-operator", "run", flag]).command else { panic!("{flag}") };
            assert_eq!(run.election.leader_elect, Some(wanted), "{flag}");
        }
        assert_eq!(cluster_id("4b1f-2.c_d").as_deref(), Ok("4b1f-2.c_d"));
        for wrong in ["", "a b", "a:b", "a/b", &"x".repeat(64)] {
            assert!(cluster_id(wrong).is_err(), "{wrong}");
        }
        for wrong in ["", "90", "0s", "-5s", "soon"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
