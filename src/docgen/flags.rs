//! `docs/flags.md`: the flags of `dc-operator run`, by their headings.

use clap::{Arg, CommandFactory};
use std::fmt::{self, Write};

use super::GENERATED;
use crate::config::Cli;

pub(super) fn flags(text: &mut String) -> fmt::Result {
    writeln!(text, "{GENERATED}\n\n# Flags\n")?;
    writeln!(text, "Flags of `dc-operator run`. A flag takes precedence over its environment variable. See [running.md](running.md).")?;
    let cli = Cli::command();
    let flags = cli.find_subcommand("run").into_iter().flat_map(clap::Command::get_arguments).filter(|flag| flag.get_env().is_some());
    let mut heading = None;
    for flag in flags {
        if heading != flag.get_help_heading() {
            heading = flag.get_help_heading();
            writeln!(text, "\n## {}\n\n| Flag | Environment | Default | Meaning |\n|---|---|---|---|", heading.unwrap_or_default())?;
        }
        row(text, flag)?;
    }
    Ok(())
}

fn row(text: &mut String, flag: &Arg) -> fmt::Result {
    let name = flag.get_long().unwrap_or_default();
    let variable = flag.get_env().unwrap_or_default().to_string_lossy();
    let defaults: Vec<_> =
        flag.get_default_values().iter().map(|value| value.to_string_lossy()).filter(|value| !value.is_empty()).collect();
    let default = if defaults.is_empty() { "–".to_owned() } else { format!("`{}`", defaults.join(",")) };
    let values: Vec<_> = flag.get_possible_values().iter().map(|value| format!("`{}`", value.get_name())).collect();
    let one_of = if values.is_empty() { String::new() } else { format!(" One of {}.", values.join(", ")) };
    let help = flag.get_help().map(ToString::to_string).unwrap_or_default();
    let stop = if help.ends_with(['.', '…']) { "" } else { "." };
    writeln!(text, "| `--{name}` | `{variable}` | {default} | {help}{stop}{one_of} |")
}
