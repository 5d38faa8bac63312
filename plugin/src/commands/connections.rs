//! `connections`: the connections of an account, and what is left of each.

use direct_connect_operator::accounts::{Allocation, capacities};
use direct_connect_operator::api::ConnectionCapacity;
use direct_connect_operator::cloud::{Connection, Item};
use direct_connect_operator::kinds;
use kube::ResourceExt;
use serde::Serialize;

use crate::accounts::{self, InventoryArgs};
use crate::cluster::Cluster;
use crate::error::{Error, Outcome};
use crate::output::{Column, Format, list, number};

/// Arguments of `connections`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  # The connections of all accounts, as the operator read them within the last hour
  kubectl dc connections

  # As they are now, with the VLANs in use
  kubectl dc connections --account main --cloud")]
pub struct Args {
    #[command(flatten)]
    source: InventoryArgs,
    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// A connection.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    account: String,
    #[serde(flatten)]
    connection: ConnectionCapacity,
    #[serde(skip_serializing_if = "Option::is_none")]
    free: Option<i64>,
    /// Only read from the cloud.
    #[serde(skip_serializing_if = "Option::is_none")]
    vlans: Option<Vec<i32>>,
}

impl Row {
    fn new(account: &str, connection: ConnectionCapacity, vlans: Option<Vec<i32>>) -> Self {
        let free = connection.bandwidth.zip(connection.allocated).map(|(all, taken)| all - taken);
        Self { account: account.to_owned(), connection, free, vlans }
    }
}

const COLUMNS: [Column<Row>; 9] = [
    Column::new("ACCOUNT", |row| row.account.clone()),
    Column::new("NAME", |row| row.connection.name.clone().unwrap_or_default()),
    Column::wide("ID", |row| row.connection.id.clone()),
    Column::new("STATE", |row| row.connection.status.clone().unwrap_or_default()),
    Column::new("MBIT", |row| number(row.connection.bandwidth)),
    Column::new("ALLOCATED", |row| number(row.connection.allocated)),
    Column::new("FREE", |row| number(row.free)),
    Column::new("VLANS", |row| row.vlans.iter().flatten().map(ToString::to_string).collect::<Vec<_>>().join(",")),
    Column::new("LOCATION", |row| row.connection.location.clone().unwrap_or_default()),
];

/// Prints the connections.
///
/// # Errors
/// The accounts or the cloud can't be read.
pub async fn run(cluster: &Cluster, args: &Args) -> Result<Outcome, Error> {
    let rows = if args.source.cloud { live(cluster, args).await? } else { told(cluster, args).await? };
    list("Connections", &rows, args.output, &COLUMNS, |row| row.connection.id.clone())?;
    Ok(Outcome::Done)
}

async fn told(cluster: &Cluster, args: &Args) -> Result<Vec<Row>, Error> {
    let mut rows = Vec::new();
    for account in accounts::read(cluster, args.source.account.as_deref()).await? {
        let name = account.name_any();
        let inventory = account.status.and_then(|status| status.inventory).filter(|inventory| !inventory.connections.is_empty());
        match inventory {
            Some(inventory) => {
                anstream::eprintln!("cloudaccount/{name}: as of {}", inventory.last_update_time.0);
                rows.extend(inventory.connections.into_iter().map(|connection| Row::new(&name, connection, None)));
            }
            None => anstream::eprintln!(
                "cloudaccount/{name}: its status shows no connection: no object uses it, the operator has not listed them yet, or there are none; ask the cloud \
                 with --account {name} --cloud"
            ),
        }
    }
    Ok(rows)
}

async fn live(cluster: &Cluster, args: &Args) -> Result<Vec<Row>, Error> {
    let (account, cloud) = accounts::cloud(cluster, args.source.account.as_deref()).await?;
    let listed = cloud.list::<Connection>().await.map_err(Error::cloud("ListDirectConnects"))?;
    let connections: Vec<Connection> = listed.into_iter().filter_map(Item::into_readable).collect();
    let (mut allocations, mut all_are_read) = (Vec::new(), true);
    for kind in kinds::ALL.iter().filter(|kind| kind.resource_type.allocates) {
        match cloud.resources(kind).await {
            Ok(found) => allocations.extend(found.resources.into_iter().filter_map(|resource| resource.allocation)),
            Err(error) => {
                anstream::eprintln!("{}: not looked at: {error}", kind.plural());
                all_are_read = false;
            }
        }
    }
    let capacities = capacities(&connections, all_are_read.then_some(allocations.as_slice()));
    let row = |connection: ConnectionCapacity| {
        let vlans = vlans(&allocations, &connection.id);
        Row::new(&account.name_any(), connection, all_are_read.then_some(vlans))
    };
    Ok(capacities.into_iter().map(row).collect())
}

/// The VLANs in use on a connection.
fn vlans(allocations: &[Allocation], connection: &str) -> Vec<i32> {
    let on_it = allocations.iter().filter(|allocation| allocation.connection == connection);
    let mut vlans: Vec<i32> = on_it.filter_map(|allocation| allocation.vlan).collect();
    vlans.sort_unstable();
    vlans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_free_is_what_nobody_takes() {
        let row = |bandwidth, allocated| {
            Row::new("main", ConnectionCapacity { bandwidth, allocated, ..ConnectionCapacity::default() }, None).free
        };
        assert_eq!(
            [row(Some(1000), Some(130)), row(Some(100), Some(130)), row(None, Some(1)), row(Some(1), None)],
            [Some(870), Some(-30), None, None]
        );
    }

    #[test]
    fn the_vlans_of_a_connection_are_sorted() {
        let takes = |connection: &str, vlan| Allocation { connection: connection.to_owned(), bandwidth: 1, vlan: Some(vlan) };
        assert_eq!(vlans(&[takes("a", 30), takes("b", 7), takes("a", 4)], "a"), [4, 30]);
    }
}
