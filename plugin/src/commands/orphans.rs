//! `orphans`: resources of the cloud that no object manages, and objects whose resource is gone. Deletes nothing.

#![allow(clippy::doc_markdown, reason = "docs of arguments are their help, where backticks are noise")]

use direct_connect_operator::accounts::CloudResource;
use direct_connect_operator::api::{CloudAccount, ConditionType, Reason, Unowned};
use direct_connect_operator::cloud::ErrorClass;
use direct_connect_operator::graph::ObjectKey;
use direct_connect_operator::kinds;
use direct_connect_operator::reconcile::Registration;
use kube::ResourceExt;
use serde::Serialize;
use std::collections::HashSet;

use crate::accounts::{self, InventoryArgs};
use crate::cluster::{Cluster, KUBE_SYSTEM, Scope};
use crate::error::{Error, Outcome};
use crate::escape::visible;
use crate::object::Object;
use crate::output::{Column, Format, list};

/// Arguments of `orphans`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  # What the operator knows of all accounts, as of its last look
  kubectl dc orphans

  # What is in the cloud now, also in collections that no object uses
  kubectl dc orphans --account main --cloud

  # Fail in a pipeline if there is something, or if not everything could be looked at
  kubectl dc orphans --exit-code

Nothing is deleted. To bring resources under the operator: kubectl dc import.
To delete one, or to remove its owner tag, use the console of the cloud.")]
pub struct Args {
    #[command(flatten)]
    source: InventoryArgs,
    /// ID of this cluster in owner tags, if the operator runs with --cluster-id. The default is the uid of the namespace kube-system.
    #[arg(long, value_name = "ID", requires = "cloud")]
    cluster_id: Option<String>,
    /// Exit with 1 if there is something, with 2 if not everything could be looked at.
    #[arg(long)]
    exit_code: bool,
    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// A resource without an object, or an object without its resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
struct Orphan {
    account: String,
    kind: String,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Value of the owner tag, or namespace and name of the object.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    reason: Why,
}

/// Why it is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(untagged)]
enum Why {
    /// No object has the resource.
    Resource(Unowned),
    /// The object's resource does not exist.
    Object(Gone),
}

/// As [`Unowned`], of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
enum Gone {
    ResourceGone,
}

impl Why {
    const fn as_words(self) -> &'static str {
        match self {
            Self::Resource(why) => why.as_words(),
            Self::Object(Gone::ResourceGone) => "resource is gone",
        }
    }
}

const COLUMNS: [Column<Orphan>; 6] = [
    Column::wide("ACCOUNT", |orphan| orphan.account.clone()),
    Column::new("KIND", |orphan| orphan.kind.clone()),
    Column::new("ID", |orphan| orphan.id.clone()),
    Column::new("NAME", |orphan| orphan.name.clone().unwrap_or_default()),
    Column::new("OWNER", |orphan| orphan.owner.clone().unwrap_or_default()),
    Column::new("WHY", |orphan| orphan.reason.as_words().to_owned()),
];

/// What was found, and where nobody looked.
#[derive(Default)]
struct Found {
    orphans: Vec<Orphan>,
    not_looked_at: Vec<String>,
}

/// Prints what is nobody's.
///
/// # Errors
/// The accounts, the objects or the cloud can't be read.
pub async fn run(cluster: &Cluster, args: &Args) -> Result<Outcome, Error> {
    let Found { mut orphans, not_looked_at } = if args.source.cloud { live(cluster, args).await? } else { told(cluster, args).await? };
    orphans.sort();
    list("Orphans", &orphans, args.output, &COLUMNS, |orphan| format!("{}/{}", orphan.kind, orphan.id))?;
    for what in &not_looked_at {
        anstream::eprintln!("not looked at: {}", visible(what));
    }
    if !orphans.is_empty() {
        anstream::eprintln!("to bring resources under the operator: kubectl dc import --account NAME");
    } else if not_looked_at.is_empty() {
        anstream::eprintln!("nothing was found that no object manages");
    }
    if args.exit_code && !not_looked_at.is_empty() {
        return Err(Error::Usage("not everything was looked at".to_owned()));
    }
    Ok(Outcome::found(args.exit_code && !orphans.is_empty()))
}

/// What the statuses of the accounts and of the objects tell.
async fn told(cluster: &Cluster, args: &Args) -> Result<Found, Error> {
    let accounts = accounts::read(cluster, args.source.account.as_deref()).await?;
    let Found { mut orphans, mut not_looked_at } = Found::default();
    for account in &accounts {
        let name = account.name_any();
        let Some(inventory) = account.status.as_ref().and_then(|status| status.inventory.as_ref()) else {
            not_looked_at.push(format!(
                "cloudaccount/{name}: its status has no inventory: no object uses it, it is not ready, or its operator sees one shard only; ask the cloud with \
                 --account {name} --cloud"
            ));
            continue;
        };
        let collections: Vec<&str> = inventory.collections.iter().map(|collection| collection.name.as_str()).collect();
        anstream::eprintln!("cloudaccount/{name}: as of {}, in {}", inventory.last_update_time.0, collections.join(", "));
        let left_out = usize::try_from(inventory.unowned_total).unwrap_or_default().saturating_sub(inventory.unowned.len());
        if left_out > 0 {
            anstream::eprintln!("cloudaccount/{name}: {left_out} more are left out; --account {name} --cloud shows all");
        }
        orphans.extend(inventory.unowned.iter().cloned().map(|one| Orphan {
            account: name.clone(),
            kind: one.kind,
            id: one.id,
            name: one.name,
            owner: one.owner,
            reason: Why::Resource(one.reason),
        }));
    }
    let is_gone = |object: &Object| {
        let ready = object.condition(ConditionType::Ready);
        ready.is_some_and(|ready| ready.reason == Reason::NotFound.as_str()) && !object.is_deleting()
    };
    let objects = all_objects(cluster).await?;
    orphans.extend(objects.iter().filter(|object| is_gone(object)).filter_map(|object| of_object(object, &accounts)));
    Ok(Found { orphans, not_looked_at })
}

/// What the cloud shows now.
async fn live(cluster: &Cluster, args: &Args) -> Result<Found, Error> {
    let (account, cloud) = accounts::cloud(cluster, args.source.account.as_deref()).await?;
    let id = match &args.cluster_id {
        Some(id) => id.clone(),
        None => cluster_id(cluster).await?,
    };
    let objects = all_objects(cluster).await?;
    let features = account.spec.features.clone().unwrap_or_default();
    let Found { mut orphans, mut not_looked_at } = Found::default();
    for kind in kinds::ALL.iter().filter(|kind| !kind.is_disabled(&features)) {
        let found = match cloud.resources(kind).await {
            Ok(found) => found,
            Err(error) if error.class == ErrorClass::Unsupported => {
                anstream::eprintln!("{}: the region does not have such resources", kind.plural());
                continue;
            }
            Err(error) => {
                not_looked_at.push(format!("{}: {error}", kind.plural()));
                continue;
            }
        };
        if !found.is_whole {
            not_looked_at.push(format!("{}: some of them can't be read", kind.plural()));
        }
        let all_are_read = found.is_whole;
        let there: HashSet<&str> = found.resources.iter().map(|resource| resource.id.as_str()).collect();
        let missing = objects.iter().filter(|object| object.kind.kind == kind.kind && all_are_read && !object.is_deleting());
        let missing = missing.filter(|object| object.id().is_some_and(|id| !there.contains(id)));
        orphans.extend(missing.filter_map(|object| of_object(object, std::slice::from_ref(&account))));
        orphans.extend(nobodys(kind, &found.resources, &objects, &id).map(|(resource, why)| Orphan {
            account: account.name_any(),
            kind: kind.kind.to_owned(),
            id: resource.id.clone(),
            name: resource.name.clone(),
            owner: resource.owner.clone(),
            reason: Why::Resource(why),
        }));
    }
    Ok(Found { orphans, not_looked_at })
}

/// The resources of a kind that no object has, imports or is named for.
fn nobodys<'a>(
    kind: &'static Registration,
    resources: &'a [CloudResource],
    objects: &[Object],
    cluster: &str,
) -> impl Iterator<Item = (&'a CloudResource, Unowned)> {
    let of_kind = || objects.iter().filter(|object| object.kind.kind == kind.kind);
    let held: HashSet<String> = of_kind().flat_map(|object| [object.text("/status/id"), object.text("/spec/import/id")]).collect();
    let names: HashSet<(String, String)> = of_kind().map(|object| (object.namespace().to_owned(), object.name().to_owned())).collect();
    let cluster = cluster.to_owned();
    resources.iter().filter_map(move |resource| {
        let exists = |owner: &ObjectKey| names.contains(&(owner.namespace.clone(), owner.name.clone()));
        Some((resource, kind.resource_type.unowned(resource, &cluster, |id| held.contains(id), exists)?))
    })
}

/// An object whose resource is gone, if it uses one of these accounts.
fn of_object(object: &Object, accounts: &[CloudAccount]) -> Option<Orphan> {
    let account = object.text("/status/account");
    let is_of_these = account.is_empty() || accounts.iter().any(|one| one.name_any() == account);
    is_of_these.then(|| Orphan {
        account,
        kind: object.kind.kind.to_owned(),
        id: object.id().map_or_else(|| object.text("/spec/import/id"), str::to_owned),
        name: Some(object.text("/status/observed/name")).filter(|name| !name.is_empty()),
        owner: Some(format!("{}/{}", object.namespace(), object.name())),
        reason: Why::Object(Gone::ResourceGone),
    })
}

async fn all_objects(cluster: &Cluster) -> Result<Vec<Object>, Error> {
    let objects = cluster.objects(&Scope::EVERYWHERE).await;
    objects.map_err(|error| error.if_forbidden("; this command needs the right `list` for all kinds in all namespaces"))
}

/// How owner tags name this cluster.
async fn cluster_id(cluster: &Cluster) -> Result<String, Error> {
    let uid = cluster.uid().await.map_err(Error::kubernetes(format!("namespace/{KUBE_SYSTEM}")))?;
    uid.ok_or_else(|| Error::Usage(format!("the namespace {KUBE_SYSTEM} has no uid: pass --cluster-id")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::kind_of;
    use serde_json::json;

    fn object(word: &str, name: &str, rest: &serde_json::Value) -> Object {
        let mut value = rest.clone();
        value["metadata"] = json!({ "namespace": "team", "name": name });
        Object { kind: kind_of(word).unwrap(), value }
    }

    #[test]
    fn what_no_object_has_is_found() {
        let objects = [
            object("vgw", "held", &json!({ "status": { "id": "1" } })),
            object("vgw", "imported", &json!({ "spec": { "import": { "id": "2" } } })),
            object("vgw", "named", &json!({})),
            object("vif", "other-kind", &json!({ "status": { "id": "4" } })),
        ];
        let resource = |id: &str, owner: Option<&str>| CloudResource {
            id: id.to_owned(),
            owner: owner.map(str::to_owned),
            ..CloudResource::default()
        };
        let resources = [
            resource("1", None),
            resource("2", None),
            resource("3", Some("here:team/named")),
            resource("4", None),
            resource("5", Some("there:team/named")),
            resource("6", Some("here:team/gone")),
            CloudResource { is_part: true, ..resource("7", None) },
            CloudResource { is_going: true, ..resource("8", None) },
        ];
        let found = |word| {
            let found = nobodys(kind_of(word).unwrap(), &resources, &objects, "here");
            found.map(|(resource, why)| (resource.id.as_str(), why)).collect::<Vec<_>>()
        };
        assert_eq!(found("vgw"), [("4", Unowned::NoTag), ("5", Unowned::AnotherCluster), ("6", Unowned::ObjectGone)]);
        assert_eq!(found("dcconn"), [], "connections are ordered elsewhere");
    }
}
