//! Connections (direct connects): ordered in the console, only read here.

use serde::Deserialize;

use super::Listed;
use super::tag::Tag;

/// A physical or hosted connection, as far as this operator reads it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct DirectConnect {
    /// The cloud's id.
    pub id: String,
    /// Name, 0..64 characters.
    pub name: Option<String>,
    /// `ACTIVE`, `DOWN`, `BUILD`, … (API document §2.1).
    pub status: Option<String>,
    /// `standard`, `hosting`, `hosted`, …
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Mbit/s.
    pub bandwidth: Option<i64>,
    /// VLAN of a hosted connection.
    pub vlan: Option<i32>,
    /// Where it ends.
    pub location: Option<String>,
    /// Device that it ends at.
    pub device_id: Option<String>,
}

impl Listed for DirectConnect {
    const COLLECTION: &'static str = "direct-connects";
    const PLURAL: &'static str = "direct_connects";
    const SINGULAR: &'static str = "direct_connect";
    const OPERATIONS: (&'static str, &'static str) = ("ListDirectConnects", "ShowDirectConnect");

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
