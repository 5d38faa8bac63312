//! Quotas of the account (operation `ShowQuotas`).

use serde::Deserialize;

use crate::cloud::call::{Call, Method};
use crate::cloud::resources::wire::list;

/// Known types of quotas: those of `ShowQuotas`, and the names that regions use for gateways.
pub const QUOTA_TYPES: [&str; 8] = [
    "physicalConnect",
    "virtualGateway",
    "virtualInterface",
    "connectGateway",
    "geip",
    "globalDcGateway",
    "peerLinkPerGdgw",
    "localGateway",
];

/// A type of quota as a label of metrics: `other` if it is not known.
#[must_use]
pub fn quota_label(kind: &str) -> &'static str {
    QUOTA_TYPES.into_iter().find(|known| *known == kind).unwrap_or("other")
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Quota {
    /// For example `virtualInterface`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Number of existing resources.
    #[serde(default)]
    pub used: i64,
    /// -1 for no limit.
    #[serde(rename = "quota", default)]
    pub limit: i64,
}

/// The object under `quotas`.
#[derive(Clone, Debug, Deserialize)]
pub struct Quotas {
    #[serde(deserialize_with = "list")]
    pub resources: Vec<Quota>,
}

/// The call that reads all quotas.
#[must_use]
pub fn quotas() -> Call {
    Call::new("ShowQuotas", Method::Get, &["dcaas", "quotas"], "quotas")
}
