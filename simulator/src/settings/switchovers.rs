//! Values of the switches for switchover tests (`docs/design/uncertain-facts.md#u41`).

use serde::{Deserialize, Serialize};

/// U41: the status of an interface whose shutdown has not been carried out yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StatusWhileStarting {
    #[serde(rename = "unchanged")]
    Unchanged,
    #[serde(rename = "ADMIN_SHUTDOWN")]
    AdminShutdown,
}

/// U46: the status of an interface after the end of its shutdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StatusAfterUndo {
    #[serde(rename = "ACTIVE")]
    Active,
    /// Until its BGP session is up. Without BGP it is ACTIVE.
    #[serde(rename = "DOWN")]
    Down,
}
