//! `from-terraform`: manifests of what is in a state of Terraform. The cloud is not asked: the state has the IDs.

mod aliases;
mod mapping;
mod removal;
mod state;

use direct_connect_operator::kinds;
use direct_connect_operator::reconcile::Registration;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::io::Read as _;

use crate::error::{Error, Outcome};
use crate::escape::Line;
use crate::takeover::manifests::{Common, Present, manifests};
use crate::takeover::write::{tell, write};
use crate::takeover::{Also, Candidate, ManifestArgs, Skipped};
use mapping::{Becomes, Mapping, bgp_key, more_of_spec, of_type};
use removal::Removal;
use state::{Instance, Mark, State};

/// Annotation of an object: where its resource is in the state.
const ADDRESS: &str = "directconnect.huaweicloud.com/terraform-address";
/// Resources of Direct Connect.
const PREFIX: &str = "huaweicloud_dc_";

/// Examples of the help.
const EXAMPLES: &str = "\
Examples:
  terraform show -json | kubectl dc from-terraform - -d lines/
  kubectl dc from-terraform terraform.tfstate --account-map eu=production-eu --with-secrets

Apply the objects, wait until they are Ready without drift, then remove the resources from the state with the lines at the end of the stream, or in terraform.txt.

With --mode managed the order is the other way round: remove the resources from the state first, then apply the objects. Two must not manage the same resource.";

/// Arguments of `from-terraform`.
#[allow(clippy::doc_markdown, reason = "the help is plain text")]
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Output of `terraform show -json` of a state or a plan, or a state file of version 4; - for standard input.
    #[arg(value_name = "FILE")]
    pub file: String,
    /// How manifests are made.
    #[command(flatten)]
    pub manifests: ManifestArgs,
    /// CloudAccount of the objects. The default is that of their namespace.
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// CloudAccount of the resources of a provider with this alias; can be repeated.
    #[arg(long, value_name = "ALIAS=ACCOUNT")]
    pub account_map: Vec<String>,
    /// Print the BGP keys of the state, as Secrets.
    #[arg(long)]
    pub with_secrets: bool,
}

/// Prints the manifests. They have the namespace, if the user named it.
///
/// # Errors
/// The file can't be read, or a file can't be written.
pub fn run(namespace: Option<&str>, args: &Args) -> Result<Outcome, Error> {
    let accounts = aliases::accounts(&args.account_map)?;
    let (mut candidates, mut skipped, mut deposed) = (Vec::new(), Vec::new(), Vec::new());
    let State(instances) = state::read(&input(&args.file)?)?;
    for warning in aliases::warnings(&accounts, instances.iter().map(|(instance, _)| instance)) {
        anstream::eprintln!("{}", Line(&warning));
    }
    for (instance, attributes) in instances.iter().filter(|(instance, _)| instance.type_.starts_with(PREFIX)) {
        match becomes(instance).and_then(|mapping| of_instance(instance, mapping, attributes, args, &accounts)) {
            Ok(found) => candidates.extend(found),
            Err(why) if instance.mark == Mark::Deposed => deposed.push(Skipped { what: instance.address.clone(), why }),
            Err(why) => skipped.push(Skipped { what: instance.address.clone(), why }),
        }
    }
    let common = Common { mode: args.manifests.mode, namespace };
    let (manifests, without) = manifests(candidates, &Present::default(), common);
    skipped.extend(without);
    skipped.sort();
    let taken = manifests.iter().filter_map(|manifest| address(&manifest.object)).collect();
    let last = Removal { taken, left: &skipped, deposed: &deposed, mode: args.manifests.mode }.lines();
    skipped.extend(deposed);
    skipped.sort();
    write(&manifests, &last, &skipped, args.manifests.directory.as_deref())?;
    tell(&manifests, &skipped);
    Ok(Outcome::Done)
}

/// The address in an object's annotation.
fn address(object: &Value) -> Option<&str> {
    object.pointer("/metadata/annotations")?.get(ADDRESS)?.as_str()
}

/// How an instance becomes objects; or why it does not.
fn becomes(instance: &Instance) -> Result<&'static Mapping, String> {
    let becomes = match (instance.mark, of_type(&instance.type_)) {
        (_, Some(Becomes::Nothing(why))) => Err(*why),
        (Mark::Deposed, _) => Err("a deposed instance, which Terraform is to delete"),
        (Mark::Planned, _) => Err("it is not there yet: Terraform has only planned it"),
        (Mark::None | Mark::Tainted, Some(Becomes::Objects(mapping))) => Ok(mapping),
        (Mark::None | Mark::Tainted, None) => Err("this version of the plugin does not know such resources"),
    };
    becomes.map_err(str::to_owned)
}

/// The objects of an instance.
fn of_instance(
    instance: &Instance,
    mapping: &Mapping,
    attributes: &Map<String, Value>,
    args: &Args,
    accounts: &BTreeMap<&str, &str>,
) -> Result<Vec<Candidate>, String> {
    let item = mapping.item(attributes);
    let account = instance.alias.as_deref().and_then(|alias| accounts.get(alias).copied()).or(args.account.as_deref());
    let kinds: Vec<&'static Registration> = kinds::ALL.iter().filter(|kind| mapping.kinds.contains(&kind.kind)).collect();
    let mut candidates = Vec::new();
    for kind in kinds {
        for resource in kind.existing_in(&item).map_err(|error| error.to_string())? {
            let mut also = Also {
                source: Some(instance.address.clone()),
                account: account.map(str::to_owned),
                annotations: BTreeMap::from([(ADDRESS.to_owned(), instance.address.clone())]),
                spec: more_of_spec(kind.kind, attributes),
                comments: Vec::new(),
                bgp_key: bgp_key(attributes, &resource.id, args.with_secrets),
            };
            if instance.mark == Mark::Tainted {
                also.comments.push("It is tainted: Terraform would replace it.".to_owned());
            }
            candidates.push(Candidate { kind, resource, also });
        }
    }
    Ok(candidates)
}

fn input(file: &str) -> Result<String, Error> {
    if file != "-" {
        return std::fs::read_to_string(file).map_err(Error::file(file));
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(Error::file("standard input"))?;
    Ok(text)
}
