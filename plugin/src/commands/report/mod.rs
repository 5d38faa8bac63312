//! `report`: a page of what there is, or an archive for support.

mod gather;
mod operators;
mod read;
#[cfg(test)]
mod tests;
mod write;

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::bundle::{Files, Masks, zip};
use crate::cluster::{Cluster, Scope};
use crate::error::{Error, Outcome};
use crate::page::{html, page};
use gather::Gather;

/// Arguments of `report`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  kubectl dc report                                   writes report.html, of the namespace
  kubectl dc report -A -f lines.html                  of all namespaces
  kubectl dc report -A -f - > lines.html              the same to standard output
  kubectl dc report -A --bundle support.zip --logs    an archive for support

The page is one file that loads nothing and runs no script: it can be sent, printed, or served as it is.
The archive holds the page, all objects of Direct Connect, their events, and of the operator the Deployment, its ReplicaSets and pods with
their events, its Lease, metrics and, with --logs, the last log lines. It lists what could not be read. Secrets are never read, and what looks
like a key is masked; look through it before you send it all the same. Only you can read the new file.")]
pub struct Args {
    /// Which objects.
    #[command(flatten)]
    pub scope: Scope,
    /// Where the page is written; - is standard output.
    #[arg(short, long, value_name = "FILE", default_value = "report.html", conflicts_with = "bundle")]
    pub file: PathBuf,
    /// Write an archive for support instead; - is standard output.
    #[arg(long, value_name = "FILE.zip")]
    pub bundle: Option<PathBuf>,
    /// With the last 10,000 log lines of each pod of the operator, at most 20 MB.
    #[arg(long, requires = "bundle")]
    pub logs: bool,
}

/// Writes the page or the archive.
///
/// # Errors
/// The API server does not answer or, for the page, refuses; the file can't be written.
pub async fn run(cluster: &Cluster, args: &Args) -> Result<Outcome, Error> {
    let masks = Masks::new().map_err(|error| Error::Usage(format!("masks: {error}")))?;
    let at = Timestamp::now();
    if let Some(file) = &args.bundle {
        bundle(cluster, args, &masks, at, file).await?;
        return Ok(Outcome::Done);
    }
    let read = read::read(cluster, &args.scope, &masks).await?;
    let text = html(&page(read.of(at)));
    write::page(&args.file, &text)?;
    Ok(Outcome::Done)
}

async fn bundle(cluster: &Cluster, args: &Args, masks: &Masks, at: Timestamp, file: &Path) -> Result<(), Error> {
    write::check(file)?;
    let (files, unread) = files(cluster, args, masks, at).await?;
    let folder = write::folder(file);
    let archive = zip(&folder, &files).map_err(|error| Error::Usage(format!("{}: {error}", file.display())))?;
    write::archive(file, &archive)?;
    if unread > 0 {
        anstream::eprintln!("not all could be read ({unread} not): {folder}/unread.yaml in it says what, and why");
    }
    Ok(())
}

/// The files of the archive, and how many things could not be read.
async fn files(cluster: &Cluster, args: &Args, masks: &Masks, at: Timestamp) -> Result<(Files, usize), Error> {
    let mut gather = Gather::new(cluster, masks);
    gather.all(&args.scope, args.logs, at).await?;
    let (mut files, unread) = gather.finish()?;
    let count = unread.len();
    // The page tells of all that could not be read, and is made of what could.
    let mut read = read::or_nothing(read::read(cluster, &args.scope, masks).await, cluster, &args.scope)?;
    read.unread.extend(unread);
    files.insert("index.html".to_owned(), html(&page(read.of(at))));
    Ok((files, count))
}
