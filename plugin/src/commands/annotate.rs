//! `pause`, `resume`, `protect`, `unprotect`: annotations that the operator and the chart's policy read.

use direct_connect_operator::api::{PAUSED_ANNOTATION, PROTECTED_ANNOTATION};
use serde_json::json;

use crate::cluster::{Cluster, named};
use crate::error::{Error, Outcome};

/// The objects.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Objects: KIND/NAME …, or KIND NAME ….
    #[arg(required = true, value_name = "KIND/NAME", add = super::completion::objects())]
    pub objects: Vec<String>,
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

/// Sets or removes the annotation of each object.
///
/// # Errors
/// There is no such object, or the API server refuses.
pub async fn run(cluster: &Cluster, args: &Args, annotation: &Annotation) -> Result<Outcome, Error> {
    for name in named(&args.objects)? {
        let patch = json!({ "metadata": { "annotations": { annotation.key: annotation.value } } });
        cluster.merge(&name, &patch).await?;
        crate::output::print(&format!("{name} {}\n", annotation.done))?;
    }
    Ok(Outcome::Done)
}
