//! Values of the switches for global gateways, their links and their routes (`docs/design/uncertain-facts.md#u21`).

use serde::{Deserialize, Serialize};

/// U26: the answer to the deletion of a global gateway in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UsedGatewayDelete {
    #[serde(rename = "DC.0001")]
    InvalidParameter,
    #[serde(rename = "DC.1106")]
    InUse,
    #[serde(rename = "accept")]
    Accept,
}

/// U28: what becomes of the tags in the create of a global gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CreateTags {
    Keep,
    Drop,
    Refuse,
}

/// U32: the routes in the answer to an update of a route table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoutesAnswer {
    /// Those of the request.
    Request,
    /// The whole table.
    Table,
    Empty,
}

/// U51: the next hop of a route of type `gdgw`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GatewayNextHop {
    Gateway,
    PeerLink,
}
