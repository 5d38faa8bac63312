//! Quotas of the account (operation `ShowQuotas`).

use serde::Deserialize;

use crate::cloud::client::call::{Call, Method};
use crate::cloud::resources::wire::list;

/// Types of quotas that are known (operation `ShowQuotas`, and what regions call that of gateways).
pub const QUOTA_TYPES: [&str; 7] =
    ["physicalConnect", "virtualGateway", "virtualInterface", "connectGateway", "geip", "globalDcGateway", "peerLinkPerGdgw"];

/// A type of quota as a label of metrics: one that is not known is `other`.
#[must_use]
pub fn quota_label(kind: &str) -> &'static str {
    QUOTA_TYPES.into_iter().find(|known| *known == kind).unwrap_or("other")
}

/// One quota.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Quota {
    /// E.g. `virtualInterface`.
    #[serde(rename = "type")]
    pub kind: String,
    /// How many exist.
    #[serde(default)]
    pub used: i64,
    /// How many may exist; -1 for no limit.
    #[serde(rename = "quota", default)]
    pub limit: i64,
}

/// What stands under `quotas`.
#[derive(Clone, Debug, Deserialize)]
pub struct Quotas {
    /// All that the account has.
    #[serde(deserialize_with = "list")]
    pub resources: Vec<Quota>,
}

/// Reads all quotas.
#[must_use]
pub fn quotas() -> Call {
    Call::new("ShowQuotas", Method::Get, &["dcaas", "quotas"], "quotas")
}
