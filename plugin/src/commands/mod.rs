//! One file for each command: its arguments, and what it does.

pub mod abandon;
pub mod annotate;
pub mod completion;
pub mod connections;
pub mod docs;
pub mod from_terraform;
pub mod import;
pub mod locations;
pub mod orphans;
pub mod plan;
pub mod quotas;
pub mod reconcile;
pub mod report;
mod selection;
pub mod status;
pub mod tags;
pub mod tree;
pub mod undo;
pub mod version;

use crate::cli::{Cli, Command};
use crate::cluster::Cluster;
use crate::error::{Error, Outcome};
use annotate::{PAUSE, PROTECT, RESUME, UNPROTECT};

/// Runs a command.
///
/// # Errors
/// As the command says.
pub async fn run(cli: Cli) -> Result<Outcome, Error> {
    // Each command for itself: a kubeconfig may name a program that asks for credentials, and not all commands need them.
    let cluster = || Cluster::connect(&cli.global.cluster);
    let namespace = cli.global.cluster.namespace.as_deref();
    match cli.command {
        Command::Status(args) => status::run(&cluster().await?, &args).await,
        Command::Tree(args) => tree::run(&cluster().await?, &args).await,
        Command::Report(args) => report::run(&cluster().await?, &args).await,
        Command::Reconcile(args) => reconcile::run(&cluster().await?, &args).await,
        Command::Abandon(args) => abandon::run(&cluster().await?, &args).await,
        Command::Plan(args) => plan::run(&cluster().await?, &args).await,
        Command::Pause(args) => annotate::run(&cluster().await?, &args, &PAUSE).await,
        Command::Resume(args) => annotate::run(&cluster().await?, &args, &RESUME).await,
        Command::Protect(args) => annotate::run(&cluster().await?, &args, &PROTECT).await,
        Command::Unprotect(args) => annotate::run(&cluster().await?, &args, &UNPROTECT).await,
        Command::Orphans(args) => orphans::run(&cluster().await?, &args).await,
        Command::Connections(args) => connections::run(&cluster().await?, &args).await,
        Command::Locations(args) => locations::run(&cluster().await?, &args).await,
        Command::Quotas(args) => quotas::run(&cluster().await?, &args).await,
        Command::Tags(args) => tags::run(&cluster().await?, &args).await,
        Command::Undo(args) => undo::run(&cluster().await?, &args).await,
        Command::Import(args) => import::run(&cluster().await?, namespace, &args).await,
        Command::FromTerraform(args) => from_terraform::run(namespace, &args),
        Command::Version(args) => version::run(cluster, &args).await,
        Command::Completion(args) => completion::script(&args),
        Command::Complete(args) => completion::complete(&args),
        Command::Docs(args) => docs::run(&args),
    }
}
