//! `completion`, and what kubectl asks for when somebody presses the tab key after `kubectl dc`.
//!
//! kubectl runs `kubectl_complete-dc WORDS…`, a script beside the plugin that calls `kubectl-dc __complete`, and reads the protocol of cobra: one candidate a line,
//! after a tab its description, and in the last line a colon and what the shell is to do besides; 4 is not to complete names of files.

use clap::FromArgMatches;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::time::Duration;

use crate::cli::command;
use crate::cluster::{Cluster, ClusterArgs, Scope};
use crate::error::{Error, Outcome};
use crate::object::{kind_of, short_name};
use crate::output::print;
use direct_connect_operator::kinds;

/// Longest time for which a key press may wait for the API server.
const PATIENCE: Duration = Duration::from_secs(2);

/// The shell.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Shell.
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// The words so far, the last of which is to be completed.
#[derive(clap::Args, Debug)]
pub struct CompleteArgs {
    /// Words after `kubectl dc`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub words: Vec<OsString>,
}

/// Prints the script of a shell.
///
/// # Errors
/// Standard output can't be written.
pub fn script(args: &Args) -> Result<Outcome, Error> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command(), "kubectl-dc", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(Outcome::Done)
}

/// Prints the candidates for the last word.
///
/// # Errors
/// Standard output can't be written.
pub fn complete(args: &CompleteArgs) -> Result<Outcome, Error> {
    let words: Vec<OsString> = std::iter::once("kubectl-dc".into()).chain(args.words.iter().cloned()).collect();
    let last = words.len().saturating_sub(1).max(1);
    // What can't be completed has no candidates.
    let candidates = clap_complete::engine::complete(&mut command(), words, last, None).unwrap_or_default();
    let mut text = String::new();
    for candidate in candidates.iter().filter(|candidate| !candidate.is_hide_set()) {
        let help = candidate.get_help().map(ToString::to_string).unwrap_or_default();
        let help = help.lines().next().unwrap_or_default();
        let separator = if help.is_empty() { "" } else { "\t" };
        let _ = writeln!(text, "{}{separator}{help}", candidate.get_value().to_string_lossy());
    }
    print(&format!("{text}:4\n"))?;
    Ok(Outcome::Done)
}

/// Completes `KIND/NAME` by the objects of the namespace.
#[must_use]
pub fn objects() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let current = current.to_string_lossy();
        let Some((word, name)) = current.split_once('/') else {
            let kinds = kinds::ALL.iter().map(|kind| (short_name(kind), kind.kind));
            let matching = kinds.filter(|(short, _)| short.starts_with(&*current));
            return matching.map(|(short, kind)| CompletionCandidate::new(format!("{short}/")).help(Some(kind.into()))).collect();
        };
        let Some(kind) = kind_of(word) else { return Vec::new() };
        let names = in_time(async move {
            let cluster = Cluster::connect(&cluster_of_the_command_line()).await?;
            let listed = cluster.list(kind, &Scope::default()).await?;
            Ok::<_, Error>(listed.iter().map(|object| object.name().to_owned()).collect::<Vec<_>>())
        });
        let matching = names.into_iter().filter(|listed| listed.starts_with(name));
        matching.map(|name| CompletionCandidate::new(format!("{word}/{name}"))).collect()
    })
}

/// Which cluster the words so far name.
fn cluster_of_the_command_line() -> ClusterArgs {
    // The program's name stays, the `__complete` goes.
    let words = std::env::args_os().enumerate().filter_map(|(place, word)| (place != 1).then_some(word));
    let matches = command().ignore_errors(true).try_get_matches_from(words);
    let cluster = matches.ok().and_then(|matches| ClusterArgs::from_arg_matches(&matches).ok());
    cluster.unwrap_or_default()
}

/// The names that are there in time; none where the API server does not answer.
fn in_time(names: impl Future<Output = Result<Vec<String>, Error>> + Send + 'static) -> Vec<String> {
    // A completer is no future, and the runtime of the process can't be waited for from within.
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
        runtime.block_on(async { tokio::time::timeout(PATIENCE, names).await }).ok()?.ok()
    });
    thread.join().ok().flatten().unwrap_or_default()
}
