//! Man pages for the archives of a release, and the page `docs/plugin.md` but for the recorded session.

use std::fmt::Write as _;
use std::path::PathBuf;

use crate::cli::command;
use crate::error::{Error, Outcome};
use crate::output::print;

/// What stands before the commands.
const INTRODUCTION: &str = include_str!("../../page.md");

/// What is written.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Folder for the man pages; without it, the page is printed.
    #[arg(long, value_name = "DIR")]
    pub man: Option<PathBuf>,
}

/// Writes man pages, or prints the page.
///
/// # Errors
/// The folder can't be written.
pub fn run(args: &Args) -> Result<Outcome, Error> {
    match &args.man {
        Some(folder) => {
            clap_mangen::generate_to(command().name("kubectl-dc"), folder).map_err(Error::file(folder.display().to_string()))?;
        }
        None => print(&format!("{INTRODUCTION}\n{}", reference()))?,
    }
    Ok(Outcome::Done)
}

/// A section for each command: its help as the user sees it, and the place of what it prints.
fn reference() -> String {
    let mut root = command();
    root.build();
    let mut text = format!("\n## Commands\n\n```\n{}\n```\n", wrapped(root.clone()));
    for mut command in root.get_subcommands().filter(|command| !command.is_hide_set()).cloned() {
        let name = command.get_name().to_owned();
        // The arguments of all commands are told once.
        command = command.mut_args(|argument| if is_global(&argument) { argument.hide(true) } else { argument });
        let _ = write!(text, "\n## {name}\n\n```\n{}\n```\n\n<!-- session of {name} -->\n", wrapped(command));
    }
    text
}

/// The help of a command, in lines that fit the page.
fn wrapped(command: clap::Command) -> String {
    let help = command.term_width(110).render_help().to_string();
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    lines.join("\n").trim_end().to_owned()
}

fn is_global(argument: &clap::Arg) -> bool {
    argument.is_global_set() || argument.get_id() == "help"
}
