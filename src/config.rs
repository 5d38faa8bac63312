//! Command-line flags. Each flag has an environment variable of the same name with the prefix `DC_OPERATOR_`.

use clap::{Args, Parser, Subcommand, value_parser};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tracing_subscriber::EnvFilter;

use crate::cloud::{Limits, PodIdentity, Surroundings, check_address};
use crate::cluster::watch::shard::Shard;
use crate::telemetry::logs::LogFormat;

/// Kubernetes operator for Huawei Cloud Direct Connect.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub struct Cli {
    /// The subcommand.
    #[command(subcommand)]
    pub command: Command,
}

/// Subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the operator until SIGTERM or SIGINT.
    Run(Box<Run>),
    /// Print the custom resource definitions as YAML.
    Crd {
        /// Write one file for each definition to this folder instead.
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
    /// Write the generated reference pages: API, conditions, error codes, flags and metrics.
    Docs {
        /// Folder for the pages.
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
    },
}

/// Flags of `dc-operator run`.
#[derive(Debug, Args)]
pub struct Run {
    /// Listen address for `/livez`, `/readyz` and `/metrics`. `[::]` is all IPv4 and IPv6 addresses; on a machine without IPv6, all IPv4 addresses.
    #[arg(long, env = "DC_OPERATOR_LISTEN", default_value = "[::]:8080", help_heading = "Server")]
    pub listen: SocketAddr,

    /// Name of the shard: at most 48 lowercase letters, digits and dashes, unique in the cluster. Required with `--watch-namespaces` and
    /// `--selector`. The finalizers on accounts and Secrets and the default Lease are named after it.
    #[arg(
        long,
        env = "DC_OPERATOR_SHARD",
        value_name = "NAME",
        default_value = "",
        hide_default_value = true,
        value_parser = shard_name,
        help_heading = "Kubernetes"
    )]
    pub shard: ShardName,

    /// Namespaces whose gateways, interfaces and peers are managed. Empty: all.
    #[arg(
        long,
        env = "DC_OPERATOR_WATCH_NAMESPACES",
        value_name = "NS,NS",
        default_value = "",
        hide_default_value = true,
        value_parser = namespaces,
        help_heading = "Kubernetes"
    )]
    pub watch_namespaces: BTreeSet<String>,

    /// Label selector for the gateways, interfaces and peers that are managed, as in `kubectl -l`. Empty: all.
    #[arg(
        long,
        env = "DC_OPERATOR_SELECTOR",
        value_name = "SELECTOR",
        default_value = "",
        hide_default_value = true,
        value_parser = selector,
        help_heading = "Kubernetes"
    )]
    pub selector: Selector,

    /// Namespaces in which Secrets are read and watched. A Secret in any other namespace counts as missing. Empty: all.
    #[arg(
        long,
        env = "DC_OPERATOR_SECRET_NAMESPACES",
        value_name = "NS,NS",
        default_value = "",
        hide_default_value = true,
        value_parser = namespaces,
        help_heading = "Kubernetes"
    )]
    pub secret_namespaces: BTreeSet<String>,

    /// Cluster ID in the owner tag of cloud resources. Default: the uid of the namespace `kube-system`.
    #[arg(long, env = "DC_OPERATOR_CLUSTER_ID", value_parser = cluster_id, help_heading = "Kubernetes")]
    pub cluster_id: Option<String>,

    /// Maximum number of concurrent reconciles per kind, 1 to 65535. Most of them wait for the account's rate limiter or for a response of the cloud.
    #[arg(long, env = "DC_OPERATOR_CONCURRENCY", default_value_t = 1024, value_parser = value_parser!(u16).range(1..), help_heading = "Kubernetes")]
    pub concurrency: u16,

    /// Page size of a LIST of the Kubernetes API, in objects, 1 to 10000.
    #[arg(long, env = "DC_OPERATOR_WATCH_PAGE_SIZE", default_value_t = 500, value_parser = value_parser!(u32).range(1..=10_000), help_heading = "Kubernetes")]
    pub watch_page_size: u32,

    /// Timeout of a request to the API server, until the response begins. A watch that is silent for five times as long is started again.
    #[arg(long, env = "DC_OPERATOR_API_SERVER_TIMEOUT", default_value = "30s", value_parser = duration, help_heading = "Kubernetes")]
    pub api_server_timeout: Duration,

    /// Leader election.
    #[command(flatten)]
    pub election: LeaderElection,

    /// Timeout of a request to the cloud. When the response to a create request is lost, the operator waits up to twice as long before it creates again.
    #[arg(long, env = "DC_OPERATOR_CALL_TIMEOUT", default_value = "60s", value_parser = duration, help_heading = "Cloud")]
    pub call_timeout: Duration,

    /// Longest time for which reads of the cloud may not show a write that the cloud has answered. Until then the operator does not conclude that a
    /// resource is gone or that a change had no effect. Five times as long where the cloud would accept a second resource.
    #[arg(long, env = "DC_OPERATOR_READ_LAG", default_value = "2m", value_parser = duration, help_heading = "Cloud")]
    pub read_lag: Duration,

    /// Page size of a LIST of the cloud, in resources, 1 to 2000.
    #[arg(long, env = "DC_OPERATOR_LIST_PAGE_SIZE", default_value_t = Limits::default().page, value_parser = value_parser!(u32).range(1..=2000), help_heading = "Cloud")]
    pub list_page_size: u32,

    /// Pause of an account's requests after a 429 response without Retry-After. They continue at half the rate.
    #[arg(long, env = "DC_OPERATOR_THROTTLE_PAUSE", default_value = "60s", value_parser = duration, help_heading = "Cloud")]
    pub throttle_pause: Duration,

    /// Lower bound of an account's rate after repeated 429 responses, as a divisor of its limit, 1 to 1000: 16 is one sixteenth.
    #[arg(long, env = "DC_OPERATOR_THROTTLE_FLOOR", default_value_t = Limits::default().floor, value_parser = value_parser!(u32).range(1..=1000), help_heading = "Cloud")]
    pub throttle_floor: u32,

    /// Increase of the rate with each successful response, as a divisor of the limit, 1 to 1000: 32 raises it by 1/32.
    #[arg(long, env = "DC_OPERATOR_THROTTLE_GAIN", default_value_t = Limits::default().gain, value_parser = value_parser!(u32).range(1..=1000), help_heading = "Cloud")]
    pub throttle_gain: u32,

    /// Maximum number of requests that wait for the rate limiter, per account, priority and direction, 1 to 10000. A reconcile that finds the queue
    /// full ends and is retried later.
    #[arg(long, alias = "budget-line", env = "DC_OPERATOR_QUEUE_LIMIT", default_value_t = Limits::default().queue, value_parser = value_parser!(u32).range(1..=10_000), help_heading = "Cloud")]
    pub queue_limit: u32,

    /// Consecutive failures after which the circuit breaker of an endpoint opens, 1 to 1000. Later, one read at a time probes the endpoint.
    #[arg(long, env = "DC_OPERATOR_BREAKER_FAILURES", default_value_t = Limits::default().failures, value_parser = value_parser!(u32).range(1..=1000), help_heading = "Cloud")]
    pub breaker_failures: u32,

    /// Time for which the circuit breaker stays open before the first probe. Each failed probe doubles it.
    #[arg(long, env = "DC_OPERATOR_BREAKER_REST", default_value = "1s", value_parser = duration, help_heading = "Cloud")]
    pub breaker_rest: Duration,

    /// Maximum time between two probes.
    #[arg(long, env = "DC_OPERATOR_BREAKER_REST_MAX", default_value = "30s", value_parser = duration, help_heading = "Cloud")]
    pub breaker_rest_max: Duration,

    /// Shortest interval between two LISTs of the cloud while a resource settles.
    #[arg(long, env = "DC_OPERATOR_SETTLE_INTERVAL", default_value = "2s", value_parser = duration, help_heading = "Cloud")]
    pub settle_interval: Duration,

    /// Longest interval between two LISTs of the cloud while a resource settles.
    #[arg(long, env = "DC_OPERATOR_SETTLE_INTERVAL_MAX", default_value = "15s", value_parser = duration, help_heading = "Cloud")]
    pub settle_interval_max: Duration,

    /// Base URL of the metadata service of the node, for accounts with `credentials.metadata`: `https://`, or `http://` with a loopback, link-local or
    /// private IP address.
    #[arg(
        long,
        env = "DC_OPERATOR_METADATA_ENDPOINT",
        value_name = "URL",
        default_value = "http://169.254.169.254",
        value_parser = metadata_endpoint,
        help_heading = "Cloud"
    )]
    pub metadata_endpoint: String,

    /// Log level or filter directives: `info`, `debug`, `direct_connect_operator=trace`, …
    #[arg(long, env = "DC_OPERATOR_LOG", default_value = "info", value_parser = log, help_heading = "Logs")]
    pub log: String,

    /// Log format.
    #[arg(long, env = "DC_OPERATOR_LOG_FORMAT", default_value = "text", help_heading = "Logs")]
    pub log_format: LogFormat,

    /// Base URL of an OpenTelemetry collector. The operator sends a trace of each reconcile as OTLP over HTTP. Requires a build with the feature `otlp`.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL", value_parser = endpoint, help_heading = "Traces")]
    pub otlp_endpoint: Option<Endpoint>,
}

/// `None` for the only operator of a cluster.
pub type ShardName = Option<String>;

/// `None` for objects with any labels.
pub type Selector = Option<String>;

/// Base URL of a collector; `None` when the variable is there but empty.
pub type Endpoint = Option<String>;

impl Run {
    /// The objects that this operator manages.
    ///
    /// # Errors
    /// They are a part of the cluster's objects, and the shard has no name.
    pub fn shard(&self) -> Result<Shard, UnnamedShard> {
        let shard = Shard { name: self.shard.clone(), namespaces: self.watch_namespaces.clone(), selector: self.selector.clone() };
        if shard.name.is_none() && !shard.is_whole() { Err(UnnamedShard) } else { Ok(shard) }
    }

    /// Name of the Lease. Each shard needs its own.
    #[must_use]
    pub fn lease_name(&self) -> String {
        const DEFAULT: &str = "direct-connect-operator";
        let named = self.election.lease_name.clone();
        named.unwrap_or_else(|| self.shard.as_ref().map_or_else(|| DEFAULT.to_owned(), |shard| format!("{DEFAULT}-{shard}")))
    }

    /// Limits of the requests to the cloud.
    #[must_use]
    pub fn limits(&self) -> Limits {
        Limits {
            call: self.call_timeout,
            read_lag: self.read_lag,
            page: self.list_page_size,
            pause: self.throttle_pause,
            floor: self.throttle_floor,
            gain: self.throttle_gain,
            queue: self.queue_limit,
            failures: self.breaker_failures,
            open_for: (self.breaker_rest.min(self.breaker_rest_max), self.breaker_rest_max),
        }
    }
}

impl Run {
    /// What the pod finds around it. The agent of pod identity is in variables that CCE sets.
    #[must_use]
    pub fn surroundings(&self) -> Surroundings {
        Surroundings { metadata_endpoint: self.metadata_endpoint.clone(), pod_identity: PodIdentity::from_env() }
    }
}

/// A shard has no name that stays the same when its namespaces and labels change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("--watch-namespaces and --selector require --shard, a name for the part of the objects that this operator manages")]
pub struct UnnamedShard;

/// Flags of the leader election.
#[derive(Debug, Args)]
#[command(next_help_heading = "Leader election")]
pub struct LeaderElection {
    /// Enables leader election. Default: true in a pod, otherwise false.
    #[arg(long, env = "DC_OPERATOR_LEADER_ELECT", value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub leader_elect: Option<bool>,

    /// Name of the Lease. Default: `direct-connect-operator`, or `direct-connect-operator-SHARD`.
    #[arg(long, env = "DC_OPERATOR_LEASE_NAME")]
    pub lease_name: Option<String>,

    /// Namespace of the Lease. Default: the namespace of the pod.
    #[arg(long, env = "DC_OPERATOR_LEASE_NAMESPACE")]
    pub lease_namespace: Option<String>,

    /// Time without a renewal after which another replica takes over the Lease.
    #[arg(long, env = "DC_OPERATOR_LEASE_DURATION", default_value = "15s", value_parser = duration)]
    pub lease_duration: Duration,

    /// Time without a successful renewal after which the leader exits. Shorter than the lease duration by more than clocks can drift apart.
    #[arg(long, env = "DC_OPERATOR_LEASE_RENEW_DEADLINE", default_value = "10s", value_parser = duration)]
    pub lease_renew_deadline: Duration,

    /// Interval at which the leader renews the Lease and other replicas check it. Shorter than the renew deadline.
    #[arg(long, env = "DC_OPERATOR_LEASE_RETRY_PERIOD", default_value = "2s", value_parser = duration)]
    pub lease_retry_period: Duration,
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

fn log(text: &str) -> Result<String, String> {
    EnvFilter::try_new(text)
        .map(|_| text.to_owned())
        .map_err(|error| format!("{error}; write info, debug or direct_connect_operator=trace,info"))
}

/// Names of namespaces with commas between them.
fn namespaces(text: &str) -> Result<BTreeSet<String>, String> {
    const LIMIT: usize = 63;
    let is_sound = |name: &str| {
        name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !name.starts_with('-')
            && !name.ends_with('-')
            && (1..=LIMIT).contains(&name.len())
    };
    let names = text.split(',').map(str::trim).filter(|_| !text.trim().is_empty());
    names
        .map(
            |name| if is_sound(name) { Ok(name.to_owned()) } else { Err(format!("{name:?} is no name of a namespace; write NS or NS,NS")) },
        )
        .collect()
}

/// The API server parses it.
#[allow(clippy::unnecessary_wraps, reason = "clap wants a result")]
fn selector(text: &str) -> Result<Selector, String> {
    Ok(Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned))
}

/// What is legal at the end of a finalizer's name and of a Lease's.
fn shard_name(text: &str) -> Result<ShardName, String> {
    const LIMIT: usize = 48;
    let is_sound = |text: &str| {
        text.len() <= LIMIT
            && !text.starts_with('-')
            && !text.ends_with('-')
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    match text.trim() {
        "" => Ok(None),
        name if is_sound(name) => Ok(Some(name.to_owned())),
        _ => Err(format!("must be at most {LIMIT} lowercase letters, digits and dashes, with a letter or digit at both ends")),
    }
}

fn endpoint(text: &str) -> Result<Endpoint, String> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let url = reqwest::Url::parse(text.trim()).map_err(|error| format!("{error}; write http://HOST:4318 or https://HOST"))?;
    match url.scheme() {
        "http" | "https" => Ok(Some(url.as_str().trim_end_matches('/').to_owned())),
        other => Err(format!("the scheme is {other}; write http://HOST:4318 or https://HOST")),
    }
}

fn metadata_endpoint(text: &str) -> Result<String, String> {
    check_address(text).map(|()| text.to_owned())
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
        let Command::Run(run) = Cli::parse_from(["dc-operator", "run"]).command else { panic!("run") };
        assert_eq!(run.limits(), Limits::default());
        let Command::Run(run) = Cli::parse_from(["dc-operator", "run", "--budget-line", "7"]).command else { panic!("run") };
        assert_eq!(run.queue_limit, 7, "the flag's former name");
        assert_eq!(cluster_id("4b1f-2.c_d").as_deref(), Ok("4b1f-2.c_d"));
        for wrong in ["", "a b", "a:b", "a/b", &"x".repeat(64)] {
            assert!(cluster_id(wrong).is_err(), "{wrong}");
        }
        for wrong in ["", "90", "0s", "-5s", "soon"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_flag_has_a_heading_a_variable_and_help() {
        let cli = Cli::command();
        let run = cli.find_subcommand("run").unwrap();
        let flags: Vec<&clap::Arg> = run.get_arguments().filter(|flag| flag.get_id() != "help").collect();
        assert!(flags.len() > 10);
        for flag in flags {
            let name = flag.get_long().unwrap();
            let variable = match name {
                // The name that all programs know.
                "otlp-endpoint" => "OTEL_EXPORTER_OTLP_ENDPOINT".to_owned(),
                name => format!("DC_OPERATOR_{}", name.to_uppercase().replace('-', "_")),
            };
            assert_eq!(flag.get_env().unwrap().to_str().unwrap(), variable);
            assert!(flag.get_help_heading().is_some() && flag.get_help().is_some(), "{name}");
        }
    }

    #[test]
    fn a_shard_is_read_from_flags_and_empty_variables_are_no_shard() {
        let run = |flags: &[&str]| {
            let cli = Cli::try_parse_from(["dc-operator", "run"].iter().chain(flags)).map_err(|error| error.to_string())?;
            let Command::Run(run) = cli.command else { panic!("run") };
            Ok::<_, String>(run)
        };
        assert_eq!(run(&[]).unwrap().shard(), Ok(Shard::default()));
        let empty = run(&["--shard", "", "--watch-namespaces", "", "--selector", "", "--otlp-endpoint", ""]).unwrap();
        assert_eq!(empty.shard(), Ok(Shard::default()));
        assert!(empty.otlp_endpoint.flatten().is_none());
        let one = run(&["--shard", "a-1", "--watch-namespaces", "b, a", "--selector", " team in (a, b),!old "]).unwrap();
        let named = |name: &str| Some(name.to_owned());
        let namespaces = ["a", "b"].map(str::to_owned).into();
        assert_eq!(one.shard(), Ok(Shard { name: named("a-1"), namespaces, selector: named("team in (a, b),!old") }));
        assert_eq!(run(&["--shard", "a"]).unwrap().shard(), Ok(Shard { name: named("a"), ..Shard::default() }));
        for part in [["--watch-namespaces", "a"], ["--selector", "x=1"]] {
            assert_eq!(run(&part).unwrap().shard(), Err(UnnamedShard), "{part:?}");
        }
        for (flags, lease) in [
            (&[][..], "direct-connect-operator"),
            (&["--shard", "team-a"], "direct-connect-operator-team-a"),
            (&["--shard", "a", "--lease-name", "mine"], "mine"),
        ] {
            assert_eq!(run(flags).unwrap().lease_name(), lease);
        }
        let longest = "x".repeat(48);
        assert_eq!(run(&["--shard", &longest]).unwrap().shard, Some(longest.clone()));
        let too_long = longest + "x";
        for (flag, wrong) in [
            ("--watch-namespaces", "a,"),
            ("--watch-namespaces", "Team"),
            ("--shard", "a.b"),
            ("--shard", "A"),
            ("--shard", "a-"),
            ("--shard", &too_long),
            ("--otlp-endpoint", "collector:4318"),
            ("--listen", "8080"),
            ("--call-timeout", "60"),
            ("--metadata-endpoint", "http://metadata.example.com"),
            ("--metadata-endpoint", "169.254.169.254"),
            ("--log-format", "xml"),
            ("--log", "direct_connect_operator=loud"),
        ] {
            let told = run(&[flag, wrong]).unwrap_err();
            assert!(told.contains(&format!("invalid value '{wrong}' for '{flag} ")), "{told}");
        }
    }
}
