//! The page of `report`: one HTML file with all in it. Pure: from what was read to text.
//!
//! It runs no script and loads nothing, so it can be sent, printed, or put on a server as it is. Nothing in it depends on the order of answers.

#[cfg(test)]
mod chromium;
mod compose;
mod html;
#[cfg(test)]
pub mod sample;
mod sections;
#[cfg(test)]
mod tests;

use crate::summary::State;

pub use compose::{Read, page};
pub use html::html;

/// All that the page shows.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// What was read, e.g. `namespace network`.
    pub scope: String,
    /// When, in UTC.
    pub at: String,
    /// Version of the plugin.
    pub plugin: String,
    /// The operators that were found: their images.
    pub operators: Vec<String>,
    /// The topology as SVG; nothing if there is none to draw.
    pub topology: String,
    /// Whether the objects could not be read at all.
    pub is_unreadable: bool,
    /// The lines, sick ones first.
    pub lines: Vec<Line>,
    /// The objects with their conditions, sick ones first.
    pub objects: Vec<Checked>,
    /// Fields in which the cloud differs from the spec.
    pub drift: Vec<Drift>,
    /// The accounts that could be read.
    pub accounts: Vec<Account>,
    /// What could not be read.
    pub unread: Vec<Unread>,
}

/// One line: a virtual interface.
#[derive(Clone, Debug)]
pub struct Line {
    /// How it is.
    pub state: State,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The gateway that it leads to.
    pub gateway: String,
    /// The connection that it is on.
    pub connection: String,
    /// VLAN.
    pub vlan: String,
    /// Bandwidth in Mbit/s.
    pub bandwidth: String,
    /// State of its BGP sessions, or that it has static routes.
    pub routing: String,
    /// Since when it is in this state, in UTC.
    pub since: String,
    /// What is wrong; nothing if it works.
    pub message: String,
}

/// An object with its conditions.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The worst of its conditions.
    pub state: State,
    /// Its namespace; nothing for accounts.
    pub namespace: String,
    /// As arguments name it, e.g. `vif/office`.
    pub name: String,
    /// Its conditions.
    pub conditions: Vec<Condition>,
    /// What the reasons of the conditions that are not good mean, and what to do.
    pub advice: Vec<(String, String)>,
}

/// A condition.
#[derive(Clone, Debug)]
pub struct Condition {
    /// How good its status is.
    pub state: State,
    /// Type, e.g. `Ready`.
    pub name: String,
    /// Status.
    pub status: String,
    /// Reason.
    pub reason: String,
    /// Message.
    pub message: String,
    /// Since when, in UTC.
    pub since: String,
}

/// A field in which the cloud differs from the spec.
#[derive(Clone, Debug)]
pub struct Drift {
    /// Namespace of the object.
    pub namespace: String,
    /// As arguments name the object.
    pub name: String,
    /// Path of the field.
    pub path: String,
    /// Value in the spec.
    pub desired: String,
    /// Value in the cloud.
    pub observed: String,
}

/// An account.
#[derive(Clone, Debug)]
pub struct Account {
    /// How it is.
    pub state: State,
    /// Its name.
    pub name: String,
    /// Region.
    pub region: String,
    /// ID of the project.
    pub project: String,
    /// Number of objects that use it.
    pub objects: String,
    /// When its keys end, in UTC.
    pub keys_end: String,
    /// Last answer of the cloud, in UTC.
    pub synced: String,
    /// Quotas.
    pub quotas: Vec<Quota>,
}

/// A quota.
#[derive(Clone, Debug)]
pub struct Quota {
    /// What is counted.
    pub name: String,
    /// How many are used.
    pub used: i64,
    /// How many there may be; negative: as many as one likes.
    pub limit: i64,
}

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unread {
    /// What, e.g. `cloudaccounts`.
    pub what: String,
    /// Why.
    pub why: String,
}
