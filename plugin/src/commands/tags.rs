//! `tags`: the tags that resources of a project have.

use clap::ValueEnum;
use direct_connect_operator::cloud::{Call, Method, Tag};
use serde::Serialize;

use crate::accounts::{self, AccountArgs};
use crate::cluster::Cluster;
use crate::error::{Error, Outcome};
use crate::output::{Column, Format, list};

/// Arguments of `tags`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  # All tags of the project
  kubectl dc tags --account main

  # Those of virtual interfaces
  kubectl dc tags --type dc-vif")]
pub struct Args {
    /// Only tags of this type of resources; can be repeated. The default is all types.
    #[arg(long = "type", value_enum, value_name = "TYPE")]
    types: Vec<Type>,
    #[command(flatten)]
    account: AccountArgs,
    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// The types of resources that can have tags, by the words of the cloud's API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum Type {
    /// Connections.
    #[value(name = "dc-directconnect")]
    Connection,
    /// Virtual gateways.
    #[value(name = "dc-vgw")]
    Gateway,
    /// Virtual interfaces.
    #[value(name = "dc-vif")]
    Interface,
}

impl Type {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Connection => "dc-directconnect",
            Self::Gateway => "dc-vgw",
            Self::Interface => "dc-vif",
        }
    }

    /// The vendor's operation `ListProjectTags`.
    fn call(self) -> Call {
        Call::new("ListProjectTags", Method::Get, &[self.as_str(), "tags"], "tags")
    }
}

/// A tag.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Row {
    #[serde(rename = "type")]
    type_: &'static str,
    key: String,
    value: String,
}

const COLUMNS: [Column<Row>; 3] = [
    Column::new("TYPE", |row| row.type_.to_owned()),
    Column::new("KEY", |row| row.key.clone()),
    Column::new("VALUE", |row| row.value.clone()),
];

/// Prints the tags.
///
/// # Errors
/// The cloud can't be read, or its region has no tags.
pub async fn run(cluster: &Cluster, args: &Args) -> Result<Outcome, Error> {
    let (_, cloud) = accounts::cloud(cluster, args.account.account.as_deref()).await?;
    let types = if args.types.is_empty() { Type::value_variants() } else { &args.types };
    let mut rows = Vec::new();
    for type_ in types {
        let call = type_.call();
        let read = |text: &serde_json::value::RawValue| serde_json::from_str::<Tag>(text.get()).map_err(|_| "no tag".to_owned());
        let page = cloud.get(&call).await?.page(call.operation, call.wrapper, read).map_err(Error::cloud(call.operation))?;
        rows.extend(page.items.into_iter().map(|tag| Row { type_: type_.as_str(), key: tag.key, value: tag.value }));
    }
    rows.sort();
    rows.dedup();
    list("Tags", &rows, args.output, &COLUMNS, |row| format!("{}={}", row.key, row.value))?;
    if rows.is_empty() {
        anstream::eprintln!("no resource has a tag");
    }
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_have_the_words_of_the_api() {
        for type_ in Type::value_variants() {
            let word = type_.to_possible_value().map(|value| value.get_name().to_owned());
            assert_eq!(word.as_deref(), Some(type_.as_str()));
            assert_eq!(type_.call().path("p"), format!("/v3/p/{}/tags", type_.as_str()));
        }
    }
}
