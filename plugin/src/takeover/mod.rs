//! Taking over: from resources that are there already to manifests of their objects. What `import` and `from-terraform` have in common.
//!
//! - [`names`]: names of objects.
//! - [`manifests`]: the objects, which refer to each other.
//! - [`mod@write`]: where they are written to.

pub mod manifests;
pub mod names;
pub mod write;

use clap::{Args, ValueEnum};
use direct_connect_operator::reconcile::{Existing, Registration};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::escape::Line;

/// A resource that is to have an object.
pub struct Candidate {
    /// The kind of the object.
    pub kind: &'static Registration,
    /// What is known of the resource.
    pub resource: Existing,
    /// What the object says beside.
    pub also: Also,
}

/// What an object says that does not come from its resource.
#[derive(Default)]
pub struct Also {
    /// How the source names the resource, if it has a name for it.
    pub source: Option<String>,
    /// Name of its `CloudAccount`, if it is to say it.
    pub account: Option<String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
    /// Fields of its spec; null takes one away.
    pub spec: Map<String, Value>,
    /// Lines above the object.
    pub comments: Vec<String>,
    /// Its BGP key, and whether the source has one.
    pub bgp_key: BgpKey,
}

/// The BGP key of a session, as far as it is known.
#[derive(Default)]
pub enum BgpKey {
    /// Whether there is one is not known: the cloud does not show keys.
    #[default]
    Unknown,
    /// There is none.
    None,
    /// There is one, and nobody asked for it.
    Withheld,
    /// There is this one. No `Debug`: it is a secret.
    Known(secrecy::SecretString),
}

/// What is left out, and why. It is shown on one line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skipped {
    /// A resource or a collection, as the source names it.
    pub what: String,
    /// Why.
    pub why: String,
}

impl std::fmt::Display for Skipped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", Line(&self.what), Line(&self.why))
    }
}

/// What the objects do at first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// They only look: `management: ObserveOnly` and `deletion: Retain`.
    #[default]
    Observe,
    /// They manage their resources from the beginning, and delete them when they are deleted.
    Managed,
}

/// How manifests are made, and where they go.
#[derive(Args, Clone, Debug)]
pub struct ManifestArgs {
    /// What the objects do at first.
    #[arg(long, value_enum, default_value_t)]
    pub mode: Mode,
    /// Write one file for each object to this folder, and what is skipped to skipped.txt in it. The default is a stream of YAML.
    #[arg(short, long, value_name = "DIR")]
    pub directory: Option<PathBuf>,
}
