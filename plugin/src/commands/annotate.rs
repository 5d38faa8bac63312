//! `pause`, `resume`, `protect`, `unprotect`: annotations that the operator and the chart's policy read.

use direct_connect_operator::api::{PAUSED_ANNOTATION, PROTECTED_ANNOTATION};
use serde_json::json;

use super::selection::Selection;
use crate::cluster::Cluster;
use crate::error::{Error, Outcome};
use crate::output::print;

/// The objects.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Which objects.
    #[command(flatten)]
    pub selection: Selection,
}

/// What is done to the annotation, and how that is told.
pub struct Annotation {
    key: &'static str,
    value: Option<&'static str>,
    done: &'static str,
}

/// Sets `paused`.
pub const PAUSE: Annotation = Annotation { key: PAUSED_ANNOTATION, value: Some("true"), done: "paused" };
/// Removes `paused`.
pub const RESUME: Annotation = Annotation { key: PAUSED_ANNOTATION, value: None, done: "resumed" };
/// Sets `protected`.
pub const PROTECT: Annotation = Annotation { key: PROTECTED_ANNOTATION, value: Some("true"), done: "protected" };
/// Removes `protected`.
pub const UNPROTECT: Annotation = Annotation { key: PROTECTED_ANNOTATION, value: None, done: "unprotected" };

/// Sets or removes the annotation of each object, and says of each whether that changed anything.
///
/// # Errors
/// There is no such object, or the API server refuses.
pub async fn run(cluster: &Cluster, args: &Args, annotation: &Annotation) -> Result<Outcome, Error> {
    for selected in args.selection.read(cluster).await? {
        if selected.object.annotation(annotation.key) == annotation.value {
            print(&format!("{} {} already\n", selected.label, annotation.done))?;
            continue;
        }
        let patch = json!({ "metadata": { "annotations": { annotation.key: annotation.value } } });
        selected.cluster.merge(&selected.name, &patch).await?;
        print(&format!("{} {}\n", selected.label, annotation.done))?;
    }
    Ok(Outcome::Done)
}
