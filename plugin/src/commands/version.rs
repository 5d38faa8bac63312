//! `version`: of the plugin, and of the operator that runs.

use serde::Serialize;

use crate::cluster::Cluster;
use crate::error::{Error, Outcome};
use crate::operators::{LABEL, Operator, operators};
use crate::output::{Format, document, print};

/// Arguments of `version`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Only the plugin's own version; no request is sent.
    #[arg(long)]
    pub client: bool,
    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Format,
}

/// The versions.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Versions {
    plugin: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    operators: Option<Vec<Operator>>,
}

/// Prints the versions.
///
/// # Errors
/// The API server refuses or does not answer.
pub async fn run(cluster: impl AsyncFnOnce() -> Result<Cluster, Error>, args: &Args) -> Result<Outcome, Error> {
    let operators = if args.client { None } else { Some(operators(&cluster().await?).await?.unwrap_or_default()) };
    let versions = Versions { plugin: env!("CARGO_PKG_VERSION"), operators };
    let found = versions.operators.iter().flatten();
    match args.output {
        Format::Json | Format::Yaml => document("Version", &versions, args.output)?,
        // A version has no name: of the operators those that kubectl prints.
        Format::Name => {
            print(&found.fold(String::new(), |names, operator| names + "deployment.apps/" + &operator.name + "\n"))?;
        }
        Format::Table | Format::Wide => {
            print(&format!("plugin: {}\n", versions.plugin))?;
            for Operator { namespace, name, image, .. } in found {
                print(&format!("operator: {image} (deployment {namespace}/{name})\n"))?;
            }
        }
    }
    if versions.operators.is_some_and(|operators| operators.is_empty()) {
        anstream::eprintln!("no operator was found: no Deployment that you may read has the label {LABEL}");
    }
    Ok(Outcome::Done)
}
