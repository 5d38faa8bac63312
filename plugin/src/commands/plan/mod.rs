//! `plan`: what the operator would do with manifests, by the operator's own decision over a dry run of the API server.

mod dry_run;
mod facts;
mod manifests;
mod render;

use direct_connect_operator::reconcile::Registration;
use direct_connect_operator::reconcile::plan::{Planned, Subject, plan};
use futures::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Value, json};
use std::path::PathBuf;

use crate::cloud::CloudArgs;
use crate::cluster::{Cluster, Scope, named};
use crate::error::{Error, Outcome};
use crate::escape::visible;
use crate::object::Object;
use crate::output::{Format, document, print};
use dry_run::DryRun;
use manifests::Manifests;

/// Dry runs that are under way at once.
const AT_ONCE: usize = 16;

/// How to use it.
const EXAMPLES: &str = "\
Examples:
  # What applying these files would do
  kubectl dc plan -f gateway.yaml -f office.yaml

  # The same for a kustomization, compared with the cloud as it is now
  kubectl dc plan -k overlays/production --cloud

  # What deleting an interface and its gateway would do, and in which order
  kubectl dc plan vif/office vgw/main --delete

  # In a pipeline: stop when anything would change or is refused
  kubectl dc plan -f . && echo nothing to do

Symbols: + create, > import, ~ update, -/+ replace, - delete, = nothing to do, ? waits, ! refused.
Exit codes, as of kubectl diff: 0 nothing changes, 1 something changes, waits or is refused, 2 an error.

Nothing is written: the API server checks the manifests in a dry run. Without --cloud they are compared with the statuses of the objects; resources \
that no object has are not seen then.";

/// Arguments of `plan`.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Objects of the cluster: KIND/NAME …, or KIND NAME ….
    #[arg(value_name = "KIND/NAME")]
    pub objects: Vec<String>,
    /// File or folder with manifests in YAML or JSON, or - for standard input; can be repeated.
    #[arg(short, long, value_name = "FILE")]
    pub filename: Vec<PathBuf>,
    /// Folder of a kustomization, which kubectl builds.
    #[arg(short, long, value_name = "DIR")]
    pub kustomize: Option<PathBuf>,
    /// Plan the deletion of the objects instead.
    #[arg(long, conflicts_with = "prune")]
    pub delete: bool,
    /// Plan also the deletion of the objects in the namespace that the selector selects and the manifests do not contain.
    #[arg(long, requires = "selector")]
    pub prune: bool,
    /// Labels of the objects that --prune deletes.
    #[arg(short = 'l', long, requires = "prune")]
    pub selector: Option<String>,
    /// Read the cloud now, instead of relying on the statuses of the objects.
    #[arg(long)]
    pub cloud: bool,
    /// With --cloud, read only the cloud of this account.
    #[command(flatten)]
    pub account: CloudArgs,
    /// Field manager of the dry run. The default is the one that has applied an object on the server's side, else kubectl.
    #[arg(long, value_name = "NAME")]
    pub field_manager: Option<String>,
    /// ID of the cluster in owner tags, if the operator was given one and no object tells it.
    #[arg(long, value_name = "ID")]
    pub cluster_id: Option<String>,
    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Format,
}

/// Prints the plan.
///
/// # Errors
/// A file can't be read, or the API server or the cloud does not answer.
pub async fn run(cluster: &Cluster, args: &Args) -> Result<Outcome, Error> {
    if args.account.account.is_some() && !args.cloud {
        return Err(Error::Usage("--account is for --cloud: add it".to_owned()));
    }
    let mut manifests = Manifests::read(&args.filename, args.kustomize.as_deref(), &cluster.namespace)?;
    let names = named(&args.objects)?;
    if args.filename.is_empty() && args.kustomize.is_none() && names.is_empty() {
        return Err(Error::Usage("name manifests with -f or -k, or objects as in vif/office".to_owned()));
    }
    remark(&manifests, names.is_empty());
    let selected = if args.prune { pruned(cluster, args, &manifests).await? } else { Vec::new() };
    let present = names.iter().map(async |name| {
        let object = cluster.get(name).await?;
        if args.delete {
            return dry_run::delete(cluster, object).await;
        }
        Ok(DryRun::Accepted(Subject { present: Some(object.value.clone()), object: object.value, is_deleted: false }))
    });
    let mut tried = at_once(present).await?;
    let written = std::mem::take(&mut manifests.objects).into_iter().map(async |object| {
        if args.delete {
            return dry_run::delete(cluster, object).await;
        }
        dry_run::apply(cluster, object, args.field_manager.as_deref()).await
    });
    tried.extend(at_once(written).await?);
    tried.extend(at_once(selected.into_iter().map(async |object| dry_run::delete(cluster, object).await)).await?);
    let (mut subjects, mut refused) = (Vec::new(), Vec::new());
    for tried in tried {
        sort(tried, &mut subjects, &mut refused);
    }
    let facts = facts::gather(cluster, args, &manifests, &subjects).await?;
    let mut planned = plan(facts.world, subjects);
    for planned in &mut planned {
        let needed = facts.unread.iter().filter(|unread| unread.is_for(planned)).map(ToString::to_string);
        let needed: Vec<String> = needed.collect();
        planned.not_checked.extend(needed);
    }
    planned.append(&mut refused);
    // What acts first comes first.
    let place = |planned: &Planned| {
        let kind = direct_connect_operator::kinds::ALL.iter().position(|kind: &Registration| kind.kind == planned.kind);
        (planned.step.unwrap_or(usize::MAX), kind, planned.namespace.clone(), planned.name.clone())
    };
    planned.sort_by_key(place);
    tell(args, &planned)?;
    Ok(Outcome::found(planned.iter().any(Planned::is_found)))
}

/// Carries these out, several at once, and keeps their order.
async fn at_once<F: Future<Output = Result<DryRun, Error>>>(tries: impl Iterator<Item = F>) -> Result<Vec<DryRun>, Error> {
    stream::iter(tries).buffered(AT_ONCE).try_collect().await
}

/// What of the manifests is no part of the plan.
fn remark(manifests: &Manifests, is_asked: bool) {
    for left_out in &manifests.left_out {
        anstream::eprintln!("left out: {}", visible(left_out));
    }
    if !(manifests.accounts.is_empty() && manifests.grants.is_empty()) {
        anstream::eprintln!("CloudAccounts and DirectConnectGrants are taken into account, and what becomes of them is not planned");
    }
    if is_asked && manifests.objects.is_empty() {
        anstream::eprintln!("the manifests have no object that stands for a resource of the cloud");
    }
}

/// Puts what a dry run came to where it belongs.
fn sort(tried: DryRun, subjects: &mut Vec<Subject>, refused: &mut Vec<Planned>) {
    match tried {
        DryRun::Accepted(subject) => subjects.push(subject),
        DryRun::Refused(planned) => refused.push(*planned),
        DryRun::NotThere => {}
    }
}

/// Objects that the selector selects and the manifests do not contain.
async fn pruned(cluster: &Cluster, args: &Args, manifests: &Manifests) -> Result<Vec<Object>, Error> {
    let scope = Scope { all_namespaces: false, selector: args.selector.clone() };
    let key = |object: &Object| (object.kind.kind, object.namespace().to_owned(), object.name().to_owned());
    let kept: Vec<_> = manifests.objects.iter().map(key).collect();
    Ok(cluster.objects(&scope).await?.into_iter().filter(|object| !kept.contains(&key(object))).collect())
}

fn tell(args: &Args, planned: &[Planned]) -> Result<(), Error> {
    match args.output {
        Format::Json | Format::Yaml => {
            let content = json!({ "objects": planned, "summary": render::counts(planned) });
            document("Plan", &content, args.output)?;
        }
        Format::Name => {
            let changed = planned.iter().filter(|planned| planned.is_found());
            print(&changed.map(|planned| render::slash_name(planned) + "\n").collect::<String>())?;
        }
        Format::Table | Format::Wide => print(&render::text(planned, args.output == Format::Wide))?,
    }
    let mut not_checked: Vec<&String> = planned.iter().flat_map(|planned| &planned.not_checked).collect();
    not_checked.sort_unstable();
    not_checked.dedup();
    for what in not_checked {
        anstream::eprintln!("not checked: {}", visible(what));
    }
    Ok(())
}

/// A pointer into JSON, as text.
fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
