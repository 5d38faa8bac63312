//! The `status.inventory` of a `CloudAccount`: what the account shows in the cloud, and what of it no object manages.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rules;

/// Most connections and most unowned resources that an inventory lists.
pub const INVENTORY_LIMIT: usize = 100;

/// What the account shows in the cloud.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Inventory {
    /// lastUpdateTime is the time as of which the inventory is. It is written when something in it changes, and otherwise once an hour.
    pub last_update_time: Time,

    /// collections lists the collections of the cloud that the operator looked at. It lists those that its objects need; what is in other
    /// collections is not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub collections: Vec<Collection>,

    /// connections lists the connections of the account, the first 100 by ID. They are read once an hour.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = INVENTORY_LIMIT), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["id"]))]
    pub connections: Vec<ConnectionCapacity>,

    /// unowned lists resources that no object of this cluster manages or observes, the first 100 by kind and ID. Connections are not among
    /// them: they are ordered elsewhere. A peer belongs to its interface.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = INVENTORY_LIMIT), extend("x-kubernetes-list-type" = "atomic"))]
    pub unowned: Vec<UnownedResource>,

    /// unownedTotal is the number of resources that no object of this cluster manages or observes, also of those that unowned leaves out.
    pub unowned_total: i64,
}

/// A collection of the cloud.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Collection {
    /// name is the name of the collection in the cloud's API, for example virtual_gateways.
    pub name: String,

    /// resources is the number of resources in it.
    pub resources: i64,
}

/// A connection and what is left of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionCapacity {
    /// id is the ID of the connection.
    pub id: String,

    /// name is the name of the connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,

    /// status is the status in the cloud, for example ACTIVE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,

    /// bandwidth is the bandwidth of the connection in Mbit/s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<i64>,

    /// allocated is the bandwidth, in Mbit/s, that the virtual interfaces and hosted connections on it have together, as far as their
    /// collections are listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allocated: Option<i64>,

    /// location is the location of the connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
}

/// A resource that no object manages or observes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnownedResource {
    /// kind is the kind of objects that manage such resources, for example VirtualInterface.
    pub kind: String,

    /// id is the ID of the resource.
    pub id: String,

    /// name is the name of the resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,

    /// owner is the value of the owner tag, if there is one: the ID of a cluster, a namespace and the name of an object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,

    /// reason is NoTag, AnotherCluster or ObjectGone. NoTag: no owner tag says whose it is. AnotherCluster: its owner tag is of another
    /// cluster. ObjectGone: its owner tag is of this cluster, and the object does not exist any more.
    pub reason: Unowned,
}

/// Why a resource is not owned by an object of this cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = rules::described_by_its_field)]
pub enum Unowned {
    /// No owner tag says whose it is.
    NoTag,
    /// Its owner tag is of another cluster.
    AnotherCluster,
    /// Its owner tag is of this cluster, and the object is gone.
    ObjectGone,
}

impl Unowned {
    /// All reasons.
    pub const ALL: [Self; 3] = [Self::NoTag, Self::AnotherCluster, Self::ObjectGone];

    /// In the words of tables.
    #[must_use]
    pub const fn as_words(self) -> &'static str {
        match self {
            Self::NoTag => "no tag",
            Self::AnotherCluster => "another cluster",
            Self::ObjectGone => "object is gone",
        }
    }

    /// As a label of metrics.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::NoTag => "no_tag",
            Self::AnotherCluster => "another_cluster",
            Self::ObjectGone => "object_gone",
        }
    }
}
