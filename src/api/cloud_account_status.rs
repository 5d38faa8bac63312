//! What is reported of an account, as shown in `status`.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::status::{LastError, UNOBSERVED};

/// What is reported of an account.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CloudAccountStatus {
    /// The metadata.generation that this status speaks of; 0 while the operator has told nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = UNOBSERVED))]
    pub observed_generation: Option<i64>,

    /// Ready: the credentials work and the project is known. Reconciling and Stalled are present only while true.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,

    /// Id of the project in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<String>,

    /// When the token in use expires, which is renewed by itself; absent for access keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials_expire_at: Option<Time>,

    /// Quotas of Direct Connect.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quotas: Vec<Quota>,

    /// When the cloud last answered well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_sync_time: Option<Time>,

    /// The last answer of the cloud that was an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<LastError>,

    /// How many objects use the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub managed_objects: Option<i64>,
}

/// One quota of the account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Quota {
    /// What is counted, for example virtualInterface.
    #[serde(rename = "type")]
    pub type_: String,

    /// How many are in use.
    pub used: i64,

    /// How many there may be; -1 for any number.
    pub limit: i64,
}
