//! The accounts that a command is about. They are the platform team's: what a tenant lacks is said in so many words.

#![allow(clippy::doc_markdown, reason = "docs of arguments are their help, where backticks are noise")]

use clap::Args;
use direct_connect_operator::api::CloudAccount;
use kube::ResourceExt;

use crate::cloud::ReadOnly;
use crate::cluster::Cluster;
use crate::error::Error;

/// What may be read by whom, for messages.
const PLATFORM: &str = "CloudAccounts belong to the platform team, and the chart's roles for tenants do not include them";

/// Which accounts, and whether to ask the cloud.
#[derive(Args, Clone, Debug)]
pub struct InventoryArgs {
    /// Only this CloudAccount. The default is all of them.
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// Ask the cloud now, with the credentials of the account, in place of reading the account's status. Needs the right to read the account's Secret.
    #[arg(long)]
    pub cloud: bool,
}

/// The account whose cloud is asked.
#[derive(Args, Clone, Debug)]
pub struct AccountArgs {
    /// Ask the cloud with the credentials of this CloudAccount. Can be left out if there is only one. Needs the right to read it and its Secret.
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
}

/// The account of this name, or all, by name.
///
/// # Errors
/// There is none, or the user may not read them.
pub async fn read(cluster: &Cluster, name: Option<&str>) -> Result<Vec<CloudAccount>, Error> {
    let accounts = match name {
        Some(name) => match cluster.account(name).await {
            Ok(account) => Some(vec![account]),
            Err(kube::Error::Api(status)) if status.code == 403 => None,
            Err(error) => return Err(Error::kubernetes(format!("cloudaccount/{name}"))(error)),
        },
        None => cluster.accounts().await?,
    };
    let mut accounts = accounts.ok_or_else(|| forbidden(name))?;
    accounts.sort_by_key(ResourceExt::name_any);
    Ok(accounts)
}

/// The name of the only account, unless one is named.
///
/// # Errors
/// There is none or there are several, or the user may not read them.
pub async fn only(cluster: &Cluster, name: Option<&str>) -> Result<String, Error> {
    if let Some(name) = name {
        return Ok(name.to_owned());
    }
    let names: Vec<String> = read(cluster, None).await?.iter().map(ResourceExt::name_any).collect();
    match names.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(Error::Usage("there is no CloudAccount".to_owned())),
        several => Err(Error::Usage(format!("there are several CloudAccounts: name one with --account ({})", several.join(", ")))),
    }
}

/// A client of the account that is named, or of the only one, and its name.
///
/// # Errors
/// As [`only`] and [`ReadOnly::of_account`].
pub async fn cloud(cluster: &Cluster, name: Option<&str>) -> Result<(CloudAccount, ReadOnly), Error> {
    let name = only(cluster, name).await?;
    ReadOnly::of_account(cluster, &name).await.map_err(explained)
}

/// Says whose right it is that the user lacks.
pub fn explained(error: Error) -> Error {
    error.if_forbidden(format!("; to ask the cloud, you need the right `get` for it. {PLATFORM}"))
}

fn forbidden(name: Option<&str>) -> Error {
    let (verb, what) = name.map_or(("list", "cloudaccounts".to_owned()), |name| ("get", format!("cloudaccount/{name}")));
    Error::Usage(format!("{what}: forbidden; this needs the right `{verb}` for cloudaccounts.directconnect.huaweicloud.com. {PLATFORM}"))
}
