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
    let cluster = Cluster::connect(&cli.global.cluster).await;
    match cli.command {
        Command::Status(args) => status::run(&cluster?, &args).await,
        Command::Tree(args) => tree::run(&cluster?, &args).await,
        Command::Report(args) => report::run(&cluster?, &args).await,
        Command::Reconcile(args) => reconcile::run(&cluster?, &args).await,
        Command::Abandon(args) => abandon::run(&cluster?, &args).await,
        Command::Plan(args) => plan::run(&cluster?, &args).await,
        Command::Pause(args) => annotate::run(&cluster?, &args, &PAUSE).await,
        Command::Resume(args) => annotate::run(&cluster?, &args, &RESUME).await,
        Command::Protect(args) => annotate::run(&cluster?, &args, &PROTECT).await,
        Command::Unprotect(args) => annotate::run(&cluster?, &args, &UNPROTECT).await,
        Command::Orphans(args) => orphans::run(&cluster?, &args).await,
        Command::Connections(args) => connections::run(&cluster?, &args).await,
        Command::Locations(args) => locations::run(&cluster?, &args).await,
        Command::Quotas(args) => quotas::run(&cluster?, &args).await,
        Command::Tags(args) => tags::run(&cluster?, &args).await,
        Command::Undo(args) => undo::run(&cluster?, &args).await,
        Command::Import(args) => import::run(&cluster?, &args).await,
        Command::FromTerraform(args) => from_terraform::run(&args),
        Command::Version(args) => version::run(cluster, &args).await,
        Command::Completion(args) => completion::script(&args),
        Command::Complete(args) => completion::complete(&args),
        Command::Docs(args) => docs::run(&args),
    }
}
