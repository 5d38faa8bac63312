//! All arguments, and the help with the commands in groups.

use clap::{Args, CommandFactory, Parser, Subcommand};
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::Path;

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

/// The groups of the help, and the commands of each.
const GROUPS: [(&str, &[&str]); 5] = [
    ("See what there is", &["status", "tree", "report"]),
    ("Before a change", &["plan"]),
    ("Everyday", &["reconcile", "pause", "resume", "protect", "unprotect", "abandon"]),
    ("Take over, and what nobody owns", &["import", "from-terraform", "orphans", "connections", "locations", "quotas", "tags", "undo"]),
    ("About the plugin", &["version", "completion"]),
];

/// The command line with its help. It is called as its file is: a plugin of kubectl can be installed under another name.
#[must_use]
pub fn command() -> clap::Command {
    let name = called_as(std::env::args_os().next().as_deref().unwrap_or_default());
    let command = Cli::command().name(name.clone()).bin_name(name);
    let template =
        format!("{{about-with-newline}}\n{{usage-heading}} {{usage}}\n{}\nOptions:\n{{options}}{{after-help}}", groups(&command));
    command.help_template(template)
}

/// How users call a plugin with this file: `kubectl-huawei_dc` is `kubectl huawei-dc`.
fn called_as(file: &OsStr) -> String {
    let stem = Path::new(file).file_stem().unwrap_or_default().to_string_lossy();
    stem.strip_prefix("kubectl-").map_or_else(|| "kubectl dc".to_owned(), |name| format!("kubectl {}", name.replace('_', "-")))
}

/// The commands, in their groups.
fn groups(command: &clap::Command) -> String {
    let mut text = String::new();
    for (title, names) in GROUPS {
        let _ = write!(text, "\n{title}:\n");
        for command in names.iter().filter_map(|name| command.find_subcommand(name)) {
            let _ = writeln!(text, "  {:<16}{}", command.get_name(), command.get_about().map(ToString::to_string).unwrap_or_default());
        }
    }
    text
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
    /// Shows the operator, the accounts and all objects at a glance, those that do not work first.
    Status(commands::status::Args),
    /// Shows what hangs on what: connections, interfaces with their peers, gateways, networks.
    #[command(visible_alias = "trace")]
    Tree(commands::tree::Args),
    /// Writes a page of lines, topology, conditions and quotas; or an archive for support.
    Report(commands::report::Args),
    /// Asks the operator to look at objects now, and waits for what comes of it.
    Reconcile(commands::reconcile::Args),
    /// Removes objects that are being deleted, without their cloud resources. Asks first.
    Abandon(commands::abandon::Args),
    /// Shows what the operator would do with manifests, or with the deletion of objects; writes nothing.
    Plan(commands::plan::Args),
    /// Pauses the reconciliation of objects, including their deletion.
    Pause(commands::annotate::Args),
    /// Resumes the reconciliation of paused objects.
    Resume(commands::annotate::Args),
    /// Protects objects from deletion, where the chart's protection policy is installed.
    Protect(commands::annotate::Args),
    /// Allows the deletion of protected objects.
    Unprotect(commands::annotate::Args),
    /// Lists resources of the cloud that no object manages, and objects whose resource is gone.
    Orphans(commands::orphans::Args),
    /// Lists connections with their bandwidth, and what is left of it.
    Connections(commands::connections::Args),
    /// Lists the locations at which connections of the region end.
    Locations(commands::locations::Args),
    /// Shows how much of each quota is in use.
    Quotas(commands::quotas::Args),
    /// Lists the tags of the project's resources.
    Tags(commands::tags::Args),
    /// Ends a switchover test that somebody left on.
    Undo(commands::undo::Args),
    /// Prints manifests of everything in an account that has no object.
    Import(commands::import::Args),
    /// Prints manifests of the resources in a state of Terraform.
    FromTerraform(commands::from_terraform::Args),
    /// Shows the versions of the plugin and of the operator.
    Version(commands::version::Args),
    /// Prints the completion script of a shell for `kubectl-dc`; for `kubectl dc` see the plugin's page.
    Completion(commands::completion::Args),
    /// Candidates for kubectl's completion, one a line.
    #[command(name = "__complete", hide = true, disable_help_flag = true)]
    Complete(commands::completion::CompleteArgs),
    /// Writes the man pages, or the reference of the commands.
    #[command(name = "__docs", hide = true)]
    Docs(commands::docs::Args),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_is_in_one_group_of_the_help() {
        let command = command();
        let shown = command.get_subcommands().filter(|command| !command.is_hide_set());
        for command in shown {
            let groups = GROUPS.iter().flat_map(|(_, names)| *names).filter(|name| **name == command.get_name()).count();
            assert_eq!(groups, 1, "{}", command.get_name());
            assert!(command.get_about().is_some(), "{} has no text", command.get_name());
        }
    }

    #[test]
    fn the_help_calls_the_plugin_as_its_file_is_called() {
        let rows = [
            ("/bin/kubectl-dc", "kubectl dc"),
            ("kubectl-huawei_dc", "kubectl huawei-dc"),
            ("kubectl-dc.exe", "kubectl dc"),
            ("", "kubectl dc"),
        ];
        for (file, name) in rows {
            assert_eq!(called_as(OsStr::new(file)), name, "{file}");
        }
    }

    #[test]
    fn arguments_that_would_be_ignored_are_refused() {
        for line in
            [&["undo", "vif/office", "--account", "other"][..], &["undo", "--account", "other"], &["status", "--request-timeout", "soon"]]
        {
            assert!(command().try_get_matches_from(["kubectl-dc"].iter().chain(line)).is_err(), "{line:?}");
        }
    }

    #[test]
    fn the_arguments_are_well_formed() {
        command().debug_assert();
    }
}
