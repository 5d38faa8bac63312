//! `status`: the operator, the accounts and all objects at a glance, those that do not work first.

mod accounts;
mod lines;
mod text;

use futures::future::try_join_all;
use serde::Serialize;

use crate::cluster::{Cluster, Scope, kind, named};
use crate::error::{Error, Outcome};
use crate::operators::{Operator, is_alike, operators};
use crate::output::{Format, document_text, print};
use crate::watch;
use accounts::Account;
use lines::Line;

/// Arguments of `status`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
The exit code is 0; with --exit-code it is 1 if an object is not Ready or not Healthy, and 2 if no object has the labels of -l. What you may not read, like the operator's
Deployment and the accounts, is left out; -v says so.

Examples:
  kubectl dc status                     all objects of the namespace, those that do not work first
  kubectl dc status -A -o wide          of all namespaces, with ids and whole messages
  kubectl dc status vif                 interfaces only
  kubectl dc status vif/office -v       one object with what the cloud shows, its drift and its last error
  kubectl dc status -w                  again after each change
  kubectl dc status --exit-code -l env=production > /dev/null || echo 'not all lines work'")]
pub struct Args {
    /// Only these objects: KIND/NAME …, KIND NAME …, or all of a KIND. Without it: all objects of the namespace.
    #[arg(value_name = "KIND/NAME", add = super::completion::objects())]
    pub objects: Vec<String>,
    /// Which objects.
    #[command(flatten)]
    pub scope: Scope,
    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Format,
    /// Also what the cloud shows, drift and the last error of each object.
    #[arg(short, long)]
    pub verbose: bool,
    /// Print it again after each change, until it is interrupted.
    #[arg(short, long)]
    pub watch: bool,
    /// End with exit code 1 if an object is not Ready or not Healthy.
    #[arg(long, conflicts_with = "watch")]
    pub exit_code: bool,
}

/// All that is shown.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    plugin: &'static str,
    /// `None`: the user may not read Deployments.
    #[serde(skip_serializing_if = "Option::is_none")]
    operators: Option<Vec<Operator>>,
    /// `None`: the user may not read accounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    accounts: Option<Vec<Account>>,
    objects: Vec<Line>,
}

/// Prints the status.
///
/// # Errors
/// The API server refuses or does not answer, or there is no such object.
pub async fn run(cluster: &Cluster, args: &Args) -> Result<Outcome, Error> {
    let status = read(cluster, args).await?;
    if args.exit_code && status.objects.is_empty() && args.scope.selector.is_some() {
        return Err(Error::Usage("no object has these labels: nothing was looked at".to_owned()));
    }
    remark(cluster, &status, args);
    let text = text_of(&status, args)?;
    if args.watch {
        watch::follow(cluster, &args.scope, text, async || text_of(&read(cluster, args).await?, args)).await?;
    } else {
        print(&text)?;
    }
    let all_healthy = status.objects.iter().all(|line| line.summary.is_healthy());
    Ok(Outcome::found(args.exit_code && !all_healthy))
}

async fn read(cluster: &Cluster, args: &Args) -> Result<Status, Error> {
    let objects = async {
        match args.objects.as_slice() {
            [] => cluster.objects(&args.scope).await,
            [word] if !word.contains('/') => cluster.list(kind(word)?, &args.scope).await,
            words => {
                args.scope.check_names()?;
                try_join_all(named(words)?.iter().map(|name| cluster.get(name))).await
            }
        }
    };
    let (objects, accounts, operators) = tokio::try_join!(objects, cluster.accounts(), operators(cluster))?;
    let accounts = accounts.map(|accounts| accounts.iter().map(Account::of).collect());
    Ok(Status { plugin: env!("CARGO_PKG_VERSION"), operators, accounts, objects: lines::lines(&objects, args.verbose) })
}

fn text_of(status: &Status, args: &Args) -> Result<String, Error> {
    match args.output {
        Format::Json | Format::Yaml => document_text("Status", status, args.output),
        Format::Name => Ok(status.objects.iter().map(|line| line.resource_name() + "\n").collect()),
        Format::Table => Ok(text::text(status, false, args.verbose)),
        Format::Wide => Ok(text::text(status, true, args.verbose)),
    }
}

/// What is worth a word beside the data.
fn remark(cluster: &Cluster, status: &Status, args: &Args) {
    for operator in status.operators.iter().flatten().filter(|operator| !is_alike(status.plugin, &operator.version)) {
        let Operator { namespace, name, version, .. } = operator;
        let version = if version.is_empty() { "of unknown version" } else { version };
        anstream::eprintln!(
            "this plugin is {}, the operator {namespace}/{name} is {version}: use the plugin of the operator's version",
            status.plugin
        );
    }
    if status.objects.is_empty() {
        let place = format!(" in namespace {}; -A looks in all namespaces", cluster.namespace);
        anstream::eprintln!("there are no objects{}", if args.scope.all_namespaces { "" } else { &place });
    }
    if args.verbose && status.operators.is_none() {
        anstream::eprintln!("the operator is left out: you may not list deployments of all namespaces");
    }
    if args.verbose && status.accounts.is_none() {
        anstream::eprintln!("accounts are left out: you may not list cloudaccounts");
    }
}
