//! All arguments.

use clap::{Args, Parser, Subcommand};

use crate::cluster::ClusterArgs;
use crate::commands;
use crate::output::Color;

/// See, plan and take over lines of Huawei Cloud Direct Connect.
#[derive(Debug, Parser)]
#[command(name = "kubectl dc", bin_name = "kubectl dc", version, disable_help_subcommand = true)]
pub struct Cli {
    /// Arguments of all commands.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// Arguments of all commands.
#[derive(Args, Debug)]
pub struct Global {
    /// Which cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
    /// When to use colours.
    #[arg(long, value_enum, default_value_t, global = true, help_heading = "Output")]
    pub color: Color,
}

/// The commands, in the order of the help.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Pauses the reconciliation of objects, including their deletion.
    Pause(commands::annotate::Args),
    /// Resumes the reconciliation of paused objects.
    Resume(commands::annotate::Args),
    /// Protects objects from deletion, where the chart's protection policy is installed.
    Protect(commands::annotate::Args),
    /// Allows the deletion of protected objects.
    Unprotect(commands::annotate::Args),
    /// Shows the versions of the plugin and of the operator.
    Version(commands::version::Args),
}
