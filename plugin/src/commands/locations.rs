//! `locations`: where connections of the region can end.

use direct_connect_operator::cloud::{Item, Listed, Tag};
use kube::ResourceExt;
use serde::{Deserialize, Deserializer, Serialize};

use crate::accounts::{self, AccountArgs};
use crate::cluster::Cluster;
use crate::error::{Error, Outcome};
use crate::output::{Column, Format, list};

/// Arguments of `locations`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  # All locations of the region of the account
  kubectl dc locations --account main

  # One of them, with its address and its carriers
  kubectl dc locations 8d0f7c51-0000-4000-8000-000000000001 -o yaml")]
pub struct Args {
    /// ID of a location.
    #[arg(value_name = "ID")]
    id: Option<String>,
    #[command(flatten)]
    account: AccountArgs,
    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// A location, as the vendor's operations `ListDirectConnectLocations` and `ShowDirectConnectLocation` show it. What the cloud leaves out is empty.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all(serialize = "camelCase"))]
struct Location {
    id: String,
    #[serde(default, deserialize_with = "given")]
    name: String,
    #[serde(default, deserialize_with = "given")]
    description: String,
    #[serde(default, deserialize_with = "given")]
    region_id: String,
    #[serde(default, deserialize_with = "given")]
    site_code: String,
    #[serde(default, deserialize_with = "given")]
    address: Text,
    #[serde(default, deserialize_with = "given")]
    available_port_speeds: Vec<String>,
    #[serde(default, deserialize_with = "given", rename(deserialize = "provider_list", serialize = "providers"))]
    providers: Vec<Provider>,
}

/// A text in several languages.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all(serialize = "camelCase"))]
struct Text {
    #[serde(default, deserialize_with = "given")]
    en_us: String,
}

/// A carrier.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all(serialize = "camelCase"))]
struct Provider {
    #[serde(default, deserialize_with = "given")]
    short_name: String,
    #[serde(default, deserialize_with = "given", rename(deserialize = "provider_value", serialize = "name"))]
    name: Text,
}

/// Null is as absent.
fn given<'de, T: Deserialize<'de> + Default, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl Listed for Location {
    const COLLECTION: &'static str = "direct-connect-locations";
    const PLURAL: &'static str = "direct_connect_locations";
    const SINGULAR: &'static str = "direct_connect_location";
    const OPERATIONS: (&'static str, &'static str) = ("ListDirectConnectLocations", "ShowDirectConnectLocation");

    fn id(&self) -> &str {
        &self.id
    }

    fn natural_keys(&self) -> Vec<String> {
        Vec::new()
    }

    fn tags(&self) -> &[Tag] {
        &[]
    }
}

const COLUMNS: [Column<Location>; 7] = [
    Column::new("ID", |location| location.id.clone()),
    Column::new("NAME", |location| location.name.clone()),
    Column::new("REGION", |location| location.region_id.clone()),
    Column::new("SITE", |location| location.site_code.clone()),
    Column::new("PORTS", |location| location.available_port_speeds.join(",")),
    Column::new("PROVIDERS", |location| {
        let name = |provider: &Provider| {
            Some(provider.name.en_us.clone()).filter(|name| !name.is_empty()).unwrap_or_else(|| provider.short_name.clone())
        };
        location.providers.iter().map(name).collect::<Vec<_>>().join(",")
    }),
    Column::wide("ADDRESS", |location| location.address.en_us.clone()),
];

/// Prints the locations.
///
/// # Errors
/// The cloud can't be read, or has no such location.
pub async fn run(cluster: &Cluster, args: &Args) -> Result<Outcome, Error> {
    let (account, cloud) = accounts::cloud(cluster, args.account.account.as_deref()).await?;
    let mut locations: Vec<Location> = if let Some(id) = &args.id {
        let call = Location::show(id, None);
        vec![cloud.get(&call).await?.object(call.operation, call.wrapper).map_err(Error::cloud(call.operation))?]
    } else {
        let listed = cloud.list::<Location>().await.map_err(Error::cloud(Location::OPERATIONS.0))?;
        listed.into_iter().filter_map(Item::into_readable).collect()
    };
    locations.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
    list("Locations", &locations, args.output, &COLUMNS, |location| location.id.clone())?;
    if locations.is_empty() {
        anstream::eprintln!("cloudaccount/{}: its region has no locations", account.name_any());
    }
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_the_cloud_leaves_out_or_says_as_null_is_empty() {
        let provider = json!({ "short_name": "carrier", "provider_value": { "en_us": "Carrier", "zh_cn": "" } });
        let location: Location = serde_json::from_value(json!({
            "id": "1", "name": "dc-1", "region_id": null, "address": null, "available_port_speeds": ["1G", "10G"], "provider_list": [provider, {}],
        }))
        .unwrap();
        let cells: Vec<String> = COLUMNS.iter().map(|column| (column.cell)(&location)).collect();
        assert_eq!(cells, ["1", "dc-1", "", "", "1G,10G", "Carrier,", ""]);
        assert_eq!(serde_json::to_value(&location).unwrap()["availablePortSpeeds"], json!(["1G", "10G"]));
    }
}
