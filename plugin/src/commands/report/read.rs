//! What the page is made of.

use direct_connect_operator::api::CloudAccount;
use jiff::Timestamp;
use kube::ResourceExt;

use crate::bundle::Masks;
use crate::cluster::{Cluster, Scope};
use crate::error::Error;
use crate::object::Object;
use crate::operators::operators;
use crate::page::{Read, Unread};
use crate::survey::Survey;
use crate::topology::Topology;

/// What was read for a page.
#[derive(Debug, Default)]
pub struct Findings {
    scope: String,
    operators: Vec<String>,
    objects: Vec<Object>,
    topology: Topology,
    accounts: Vec<CloudAccount>,
    is_unreadable: bool,
    /// What could not be read.
    pub unread: Vec<Unread>,
}

impl Findings {
    /// As the page takes them.
    #[must_use]
    pub fn of(&self, at: Timestamp) -> Read<'_> {
        let mut unread = self.unread.clone();
        unread.sort();
        unread.dedup();
        Read {
            scope: self.scope.clone(),
            at,
            operators: self.operators.clone(),
            is_unreadable: self.is_unreadable,
            objects: &self.objects,
            topology: &self.topology,
            accounts: &self.accounts,
            unread,
        }
    }
}

/// Reads objects, accounts and operators. What a tenant may not read besides the objects is left out, and told.
///
/// # Errors
/// The API server does not answer, or refuses the objects.
pub async fn read(cluster: &Cluster, scope: &Scope, masks: &Masks) -> Result<Findings, Error> {
    let mut survey = Survey::of(cluster, scope).await?;
    survey.objects.iter_mut().for_each(|object| masks.object(&mut object.value));
    let topology = survey.topology();
    let mut findings = Findings { scope: named(cluster, scope), topology, objects: survey.objects, ..Findings::default() };
    match cluster.accounts().await? {
        Some(accounts) => findings.accounts = accounts.into_iter().map(|account| masked(account, masks)).collect::<Result<_, _>>()?,
        None => findings.unread.push(refused("cloudaccounts", "you may not list them; states and quotas of accounts are missing")),
    }
    match operators(cluster).await? {
        Some(operators) => findings.operators = operators.into_iter().map(|operator| masks.text(&operator.image)).collect(),
        None => findings.unread.push(refused("deployments", "you may not list them in all namespaces; the operator's version is missing")),
    }
    Ok(findings)
}

/// An account without secrets, as the archive has it.
fn masked(account: CloudAccount, masks: &Masks) -> Result<CloudAccount, Error> {
    let name = account.name_any();
    let masked = serde_json::to_value(account).and_then(|mut value| {
        masks.object(&mut value);
        serde_json::from_value(value)
    });
    masked.map_err(|error| Error::Usage(format!("cloudaccount/{name}: {error}")))
}

/// What was read; where the objects may not be read, nothing but that.
///
/// # Errors
/// The API server does not answer.
pub fn or_nothing(read: Result<Findings, Error>, cluster: &Cluster, scope: &Scope) -> Result<Findings, Error> {
    match read {
        Err(error) if error.is_forbidden() => Ok(Findings {
            scope: named(cluster, scope),
            is_unreadable: true,
            unread: vec![refused("objects of Direct Connect", &error.to_string())],
            ..Findings::default()
        }),
        read => read,
    }
}

/// What is in scope, in words.
fn named(cluster: &Cluster, scope: &Scope) -> String {
    let place = if scope.all_namespaces { "all namespaces".to_owned() } else { format!("namespace {}", cluster.namespace) };
    match &scope.selector {
        Some(selector) => format!("{place}, {selector}"),
        None => place,
    }
}

fn refused(what: &str, why: &str) -> Unread {
    Unread { what: what.to_owned(), why: why.to_owned() }
}
