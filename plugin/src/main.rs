//! `kubectl dc`: what there is, what a change would do, and what has no object yet.
//!
//! Each module knows only those above it in this list:
//!
//! - [`error`]: why a command failed, and with which exit code it ends.
//! - [`escape`]: text that others wrote, inside of HTML and SVG, on a line, and on a terminal.
//! - [`output`]: tables, JSON and YAML, colours.
//! - [`confirm`], [`duration`]: a question, and durations in arguments.
//! - [`credentials`]: credentials that the vendor's own tools have.
//! - [`object`]: an object of any kind of the operator, as the API server shows it.
//! - [`summary`]: what the conditions of an object say, in one line.
//! - [`topology`]: what hangs on what.
//! - [`cluster`]: the API server, through the user's kubeconfig.
//! - [`operators`]: the operators that run in the cluster.
//! - [`survey`]: reads what a tree is about.
//! - [`watch`]: shows something again after each change.
//! - [`cloud`]: the cloud, with an account's credentials; reads only.
//! - [`accounts`]: the accounts that a command is about.
//! - [`marks`]: states inside of HTML and SVG.
//! - [`svg`]: the topology as a picture.
//! - [`page`]: the page of `report`.
//! - [`bundle`]: the archive of `report --bundle`, and what is masked in it.
//! - [`takeover`]: from resources that are there already to manifests.
//! - [`commands`]: one file for each command.
//! - [`cli`]: all arguments.

mod accounts;
mod bundle;
mod cli;
mod cloud;
mod cluster;
mod commands;
mod confirm;
mod credentials;
mod duration;
mod error;
mod escape;
#[cfg(test)]
mod fixtures;
mod marks;
mod object;
mod operators;
mod output;
mod page;
mod summary;
mod survey;
mod svg;
mod takeover;
mod topology;
mod watch;

use clap::FromArgMatches;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    // One provider of cryptography for all clients. It fails only where there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let cli = cli::Cli::from_arg_matches(&cli::command().get_matches()).unwrap_or_else(|error| error.exit());
    cli.global.color.set();
    match commands::run(cli).await {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            anstream::eprintln!("error: {}", escape::visible(&error.to_string()));
            error.exit_code()
        }
    }
}
