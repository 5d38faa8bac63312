//! `import`: manifests of everything in an account that has no object in the cluster.

mod found;
mod owners;
mod select;

use direct_connect_operator::api::cloud_account::Features;
use direct_connect_operator::cloud::ErrorClass;
use direct_connect_operator::kinds;

use crate::cloud::{CredentialsArgs, ReadOnly};
use crate::cluster::{Cluster, Scope};
use crate::error::{Error, Outcome};
use crate::object::Object;
use crate::takeover::manifests::{Common, Present, manifests, title};
use crate::takeover::write::{tell, write};
use crate::takeover::{ManifestArgs, Skipped};
use found::Found;

/// Examples of the help.
pub const EXAMPLES: &str = "\
Examples:
  # One file for each object, which only look at their resources
  kubectl dc import --account default -d lines/
  kubectl apply -f lines/

  # What hangs on a gateway, as a stream
  kubectl dc import --account default --gateway f6f36e69-d980-4b0a-a33d-b9b125b3896c

  # With the credentials of the vendor's tools (HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK or HW_ACCESS_KEY, HW_SECRET_KEY)
  kubectl dc import --region eu-west-101 --kind vgw --kind vif --tag team=network";

/// Arguments of `import`.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Which account.
    #[command(flatten)]
    pub cloud: CredentialsArgs,
    /// How manifests are made.
    #[command(flatten)]
    pub manifests: ManifestArgs,
    /// Which resources.
    #[command(flatten)]
    pub selection: select::Selection,
    /// Also resources that another cluster manages, by their owner tags.
    #[arg(long)]
    pub include_owned_by_others: bool,
    /// What to do when a kind of resources can't be listed: stop, or do without it and end with exit code 1.
    #[arg(long, value_enum, default_value_t, value_name = "WHAT")]
    pub on_error: OnError,
}

/// What to do when a kind of resources can't be listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum OnError {
    /// Stop.
    #[default]
    Halt,
    /// Do without it.
    Continue,
}

/// Prints the manifests. They have the namespace, if the user named it.
///
/// # Errors
/// The cluster or the cloud refuses or does not answer, or a file can't be written.
pub async fn run(cluster: &Cluster, namespace: Option<&str>, args: &Args) -> Result<Outcome, Error> {
    let selection = args.selection.checked()?;
    let (account, features, cloud) = ReadOnly::of_source(cluster, &args.cloud).await?;
    let objects = all_objects(cluster).await?;
    let found = Found::new(account, &objects);
    let (Found { candidates, mut skipped, .. }, is_whole) = read(&cloud, &features, found, &selection, args).await?;
    let candidates = selection.apply(candidates);
    let own = owners::cluster_ids(cluster, &objects).await;
    let (candidates, owned): (Vec<_>, Vec<_>) = candidates
        .into_iter()
        .partition(|candidate| args.include_owned_by_others || candidate.resource.owner().is_none_or(|owner| owners::is_of(owner, &own)));
    skipped.extend(owned.iter().map(|candidate| {
        let manager = candidate.resource.owner().unwrap_or_default();
        let why = format!("{manager} of another cluster manages it, see --include-owned-by-others");
        Skipped { what: title(candidate), why }
    }));
    let common = Common { mode: args.manifests.mode, namespace };
    let (manifests, without) = manifests(candidates, &Present::new(&objects, &cluster.namespace), common);
    skipped.extend(without);
    skipped.sort();
    write(&manifests, &[], &skipped, args.manifests.directory.as_deref())?;
    tell(&manifests, &skipped);
    Ok(Outcome::found(!is_whole))
}

/// The objects of all namespaces; where the user may not list those, of this one.
async fn all_objects(cluster: &Cluster) -> Result<Vec<Object>, Error> {
    match cluster.objects(&Scope::EVERYWHERE).await {
        Err(error) if error.is_forbidden() => {
            let namespace = &cluster.namespace;
            anstream::eprintln!(
                "you may list objects of namespace {namespace} only: those of others may stand for some of these resources"
            );
            cluster.objects(&Scope::default()).await
        }
        objects => objects,
    }
}

/// Adds what each kind of resources shows, and tells whether all of them could be listed.
async fn read(
    cloud: &ReadOnly,
    features: &Features,
    mut found: Found,
    selection: &select::Checked<'_>,
    args: &Args,
) -> Result<(Found, bool), Error> {
    let mut is_whole = true;
    for kind in kinds::ALL {
        match cloud.existing(kind, features).await {
            Ok(Some(existing)) => found.add(kind, existing, selection.wants(kind)),
            Ok(None) => {}
            Err(error) if error.class == ErrorClass::Unsupported => found.skip(kind.kind, "the region does not have such resources"),
            Err(error) if args.on_error == OnError::Continue => {
                is_whole = false;
                found.skip(kind.kind, &error.to_string());
            }
            Err(error) => return Err(Error::cloud(format!("{} (--on-error continue does without them)", kind.kind))(error)),
        }
    }
    if !found.with_objects.is_empty() {
        anstream::eprintln!("{} resources have objects already", found.with_objects.len());
    }
    Ok((found, is_whole))
}
