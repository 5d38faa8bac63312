//! `abandon`: removes objects that are being deleted, without their cloud resources.

use direct_connect_operator::api::ABANDON_ANNOTATION;
use serde_json::json;

use super::selection::Selection;
use crate::cluster::Cluster;
use crate::confirm::confirm;
use crate::error::{Error, Outcome};
use crate::output::print;

/// Arguments of `abandon`.
#[derive(clap::Args, Debug)]
#[command(
    long_about = "\
Removes objects that are being deleted although their account can't be used any more.

An object waits with its deletion until its cloud resource is gone. When the account is gone for good, that never
happens. An abandoned object is removed, and its resource stays in the cloud: it goes on to cost money, and nobody
manages it. The operator heeds the annotation only while the account can't be used, or while the cloud refuses LIST
or fails for long. Otherwise it deletes the resource as always.",
    after_help = "\
Examples:
  kubectl dc abandon vif/office
  kubectl dc abandon --all --yes        all of the namespace that are being deleted"
)]
pub struct Args {
    /// Which objects.
    #[command(flatten)]
    pub selection: Selection,
    /// Do not ask.
    #[arg(short, long)]
    pub yes: bool,
    /// Also objects that are not being deleted: the annotation takes effect once they are.
    #[arg(long)]
    pub force: bool,
}

/// Asks, and sets the annotation of each object.
///
/// # Errors
/// An object is not being deleted, the question is not answered with yes, or the API server refuses.
pub async fn run(cluster: &Cluster, args: &Args) -> Result<Outcome, Error> {
    let by_name = args.selection.is_by_name();
    let mut selected = args.selection.read(cluster).await?;
    if !args.force {
        if let Some(other) = selected.iter().find(|selected| by_name && !selected.object.is_deleting()) {
            return Err(Error::Usage(format!(
                "{} is not being deleted: delete it first; --force sets the annotation for when it is",
                other.label
            )));
        }
        selected.retain(|selected| selected.object.is_deleting());
    }
    if selected.is_empty() {
        return Err(Error::Usage("none of these objects is being deleted".to_owned()));
    }
    for selected in &selected {
        let what = match selected.object.id() {
            Some(id) => format!("{id} stays in the cloud"),
            None if selected.object.field("/status/intent").is_null() => "it has no cloud resource".to_owned(),
            None => "a create was sent for it: what came of that stays in the cloud".to_owned(),
        };
        anstream::eprintln!("{}: {what}", selected.label);
    }
    if !args.yes {
        let number = selected.len();
        confirm(&format!("Remove {number} object{} and leave what is in the cloud to nobody?", if number == 1 { "" } else { "s" }))?;
    }
    for selected in selected {
        let patch = json!({ "metadata": { "annotations": { ABANDON_ANNOTATION: "true" } } });
        selected.cluster.merge(&selected.name, &patch).await?;
        print(&format!("{} abandon requested\n", selected.label))?;
    }
    Ok(Outcome::Done)
}
