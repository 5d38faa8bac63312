//! The `status` of a `CloudAccount`.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cloud_account_inventory::Inventory;
use super::status::{LastError, UNOBSERVED};

/// The observed state of a CloudAccount.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CloudAccountStatus {
    /// observedGeneration is the metadata.generation that this status applies to; 0 until the operator has reconciled the object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = UNOBSERVED))]
    pub observed_generation: Option<i64>,

    /// conditions describe the state of the account. Ready: the credentials are accepted and the project is known. Reconciling and Stalled
    /// are only present while they are True.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,

    /// projectId is the ID of the project that is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<String>,

    /// endpoints lists the base URLs that the operator calls. Which one of a region's two names is used depends on which one resolves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoints: Option<EndpointsInUse>,

    /// credentialsExpireAt is the time at which the credentials expire. Only set if nobody renews them in time: for access keys whose Secret
    /// has expiresAt, and for credentials whose renewal has failed for long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials_expire_at: Option<Time>,

    /// quotas lists the quotas of Direct Connect.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quotas: Vec<Quota>,

    /// lastSyncTime is the time of the last successful response of the cloud.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_sync_time: Option<Time>,

    /// lastError is the last error that the cloud returned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<LastError>,

    /// managedObjects is the number of objects that use the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub managed_objects: Option<i64>,

    /// inventory is what the account shows in the cloud, and what of it no object manages. Not set while nothing is known, and by an
    /// operator that does not see all objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inventory: Option<Inventory>,
}

/// The base URLs that the operator calls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EndpointsInUse {
    /// dc is the base URL of Direct Connect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dc: Option<String>,

    /// iam is the base URL of IAM. Not set while the operator has made no call to IAM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iam: Option<String>,

    /// sts is the base URL of STS. Not set while the operator has made no call to STS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sts: Option<String>,
}

/// One quota of the account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Quota {
    /// type is the type of the resources that are counted, for example virtualInterface.
    #[serde(rename = "type")]
    pub type_: String,

    /// used is the number of resources in use.
    pub used: i64,

    /// limit is the maximum number of resources; -1 means no limit.
    pub limit: i64,
}
