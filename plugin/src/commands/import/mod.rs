//! `import`: manifests of everything in an account that has no object in the cluster.

mod owners;
mod select;

use direct_connect_operator::api::cloud_account::Features;
use direct_connect_operator::cloud::ErrorClass;
use direct_connect_operator::kinds;
use direct_connect_operator::reconcile::ResourcePhase;
use std::collections::BTreeSet;

use crate::cloud::{ReadOnly, SourceArgs};
use crate::cluster::{Cluster, Scope};
use crate::error::{Error, Outcome};
use crate::object::{Object, short_name};
use crate::takeover::manifests::{Present, manifests, title};
use crate::takeover::write::{tell, write};
use crate::takeover::{Also, Candidate, ManifestArgs, Skipped};

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
    pub cloud: SourceArgs,
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

/// Prints the manifests.
///
/// # Errors
/// The cluster or the cloud refuses or does not answer, or a file can't be written.
pub async fn run(cluster: &Cluster, args: &Args) -> Result<Outcome, Error> {
    let selection = args.selection.checked()?;
    let (account, features, cloud) = ReadOnly::of_source(cluster, &args.cloud).await?;
    let objects = all_objects(cluster).await?;
    let seen = Seen { account, features, objects: &objects };
    let (candidates, mut skipped, is_whole) = seen.read(&cloud, &selection, args).await?;
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
    let (manifests, without) = manifests(candidates, &Present::new(&objects, &cluster.namespace), args.manifests.mode);
    skipped.extend(without);
    skipped.sort();
    write(&manifests, &[], &skipped, args.manifests.directory.as_deref())?;
    tell(&manifests, &skipped);
    Ok(Outcome::found(!is_whole))
}

/// The objects of all namespaces; where the user may not list those, of this one.
async fn all_objects(cluster: &Cluster) -> Result<Vec<Object>, Error> {
    let all = Scope { all_namespaces: true, selector: None };
    match cluster.objects(&all).await {
        Err(Error::Kubernetes { error: kube::Error::Api(status), .. }) if status.code == 403 => {
            let namespace = &cluster.namespace;
            anstream::eprintln!(
                "you may list objects of namespace {namespace} only: those of others may stand for some of these resources"
            );
            cluster.objects(&Scope::default()).await
        }
        objects => objects,
    }
}

/// What is known before the cloud is read.
struct Seen<'a> {
    account: Option<String>,
    features: Features,
    objects: &'a [Object],
}

impl Seen<'_> {
    /// The resources that have no object, what is left out, and whether everything could be listed.
    async fn read(
        self,
        cloud: &ReadOnly,
        selection: &select::Checked<'_>,
        args: &Args,
    ) -> Result<(Vec<Candidate>, Vec<Skipped>, bool), Error> {
        // What an object asks for is its own before it has it.
        let ids = |object: &Object| {
            [object.field("/status/id").as_str(), object.field("/spec/import/id").as_str()].map(|id| id.map(str::to_owned))
        };
        let taken: BTreeSet<(&str, String)> =
            self.objects.iter().flat_map(|object| ids(object).into_iter().flatten().map(|id| (object.kind.kind, id))).collect();
        let (mut candidates, mut skipped, mut is_whole, mut have_objects) = (Vec::<Candidate>::new(), Vec::new(), true, 0);
        for kind in kinds::ALL {
            let found = match cloud.existing(kind, &self.features).await {
                Ok(Some(found)) => found,
                Ok(None) => continue,
                Err(error) if error.class == ErrorClass::Unsupported => {
                    skipped.push(Skipped { what: kind.kind.to_owned(), why: "the region does not have such resources".to_owned() });
                    continue;
                }
                Err(error) if args.on_error == OnError::Continue => {
                    is_whole = false;
                    skipped.push(Skipped { what: kind.kind.to_owned(), why: error.to_string() });
                    continue;
                }
                Err(error) => return Err(Error::cloud(format!("{} (--on-error continue does without them)", kind.kind))(error)),
            };
            if selection.wants(kind) {
                let unreadable = found.unreadable.into_iter();
                skipped.extend(unreadable.map(|(id, why)| Skipped { what: format!("{} {id}", short_name(kind)), why }));
            }
            for resource in found.resources {
                if taken.contains(&(kind.kind, resource.id.clone())) {
                    have_objects += 1;
                    continue;
                }
                if matches!(resource.phase, ResourcePhase::Deleting | ResourcePhase::Gone) {
                    let what = format!("{} {}", short_name(kind), resource.id);
                    skipped.push(Skipped { what, why: "it is being deleted".to_owned() });
                    continue;
                }
                // A partner may see a line twice: as one of the kind that says more.
                candidates.retain(|other| other.resource.id != resource.id);
                candidates.push(Candidate { kind, resource, also: Also { account: self.account.clone(), ..Also::default() } });
            }
        }
        if have_objects > 0 {
            anstream::eprintln!("{have_objects} resources have objects already");
        }
        Ok((candidates, skipped, is_whole))
    }
}
