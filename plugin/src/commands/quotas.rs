//! `quotas`: how much of each quota of an account is in use.

use direct_connect_operator::cloud::{self, Quotas};
use kube::ResourceExt;
use serde::Serialize;

use crate::accounts::{self, InventoryArgs};
use crate::cluster::Cluster;
use crate::error::{Error, Outcome};
use crate::output::{Column, Format, list, number};

/// Arguments of `quotas`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  # The quotas of all accounts, as the operator read them within the last hour
  kubectl dc quotas

  # As they are now
  kubectl dc quotas --account main --cloud")]
pub struct Args {
    #[command(flatten)]
    source: InventoryArgs,
    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// A quota.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    account: String,
    #[serde(rename = "type")]
    type_: String,
    used: i64,
    /// -1 means no limit.
    limit: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    free: Option<i64>,
}

impl Row {
    fn new(account: &str, type_: String, used: i64, limit: i64) -> Self {
        Self { account: account.to_owned(), type_, used, limit, free: (limit >= 0).then(|| limit - used) }
    }
}

const COLUMNS: [Column<Row>; 5] = [
    Column::new("ACCOUNT", |row| row.account.clone()),
    Column::new("TYPE", |row| row.type_.clone()),
    Column::new("USED", |row| row.used.to_string()),
    Column::new("LIMIT", |row| if row.limit < 0 { "unlimited".to_owned() } else { row.limit.to_string() }),
    Column::new("FREE", |row| number(row.free)),
];

/// Prints the quotas.
///
/// # Errors
/// The accounts or the cloud can't be read.
pub async fn run(cluster: &Cluster, args: &Args) -> Result<Outcome, Error> {
    let mut rows = Vec::new();
    if args.source.cloud {
        let (account, cloud) = accounts::cloud(cluster, args.source.account.as_deref()).await?;
        let call = cloud::quotas();
        let quotas: Quotas = cloud.get(&call).await?.object(call.operation, call.wrapper).map_err(Error::cloud(call.operation))?;
        let name = account.name_any();
        rows.extend(quotas.resources.into_iter().map(|quota| Row::new(&name, quota.kind, quota.used, quota.limit)));
    } else {
        for account in accounts::read(cluster, args.source.account.as_deref()).await? {
            let name = account.name_any();
            let quotas = account.status.map(|status| status.quotas).unwrap_or_default();
            if quotas.is_empty() {
                anstream::eprintln!("cloudaccount/{name}: its status has no quotas: the account is not ready, or its region tells none");
            }
            rows.extend(quotas.into_iter().map(|quota| Row::new(&name, quota.type_, quota.used, quota.limit)));
        }
    }
    rows.sort();
    list("Quotas", &rows, args.output, &COLUMNS, |row| row.type_.clone())?;
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_limit_nothing_is_counted_as_free() {
        let free = |used, limit| Row::new("main", "virtualInterface".to_owned(), used, limit).free;
        assert_eq!([free(3, 50), free(3, -1), free(0, 0)], [Some(47), None, Some(0)]);
    }
}
