//! What is reported of an object: `status`, its conditions, and the pure merge of conditions.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `status.observedGeneration` of an object of which nothing was told yet. The definitions give it to every object as a default: without
/// it, kstatus and all that is built upon it take an object without a status for one that is settled.
pub(super) const UNOBSERVED: i64 = 0;

/// What is reported of the object: where it is, what the cloud says of it, and what it waits for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Status<O> {
    /// Id of the cloud object, a UUID. Written as soon as it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,

    /// Name of the CloudAccount in whose project the cloud object is. While there is one, the object keeps to it, whatever its namespace says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,

    /// The metadata.generation that this status speaks of; 0 while the operator has told nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = UNOBSERVED))]
    pub observed_generation: Option<i64>,

    /// Ready (exists, settled, matches the spec), Synced (the last comparison found no difference, or it was corrected),
    /// Healthy (the line works); Reconciling and Stalled are present only while true.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,

    /// A create that was begun and whose outcome is not yet confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<Intent>,

    /// What the cloud says of the object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed: Option<O>,

    /// In which fields the cloud differs from the spec.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<Drift>,

    /// The objects that are waited for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting_for: Vec<WaitingFor>,

    /// The last answer of the cloud that was an error; absent once the object is Ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<LastError>,

    /// When the cloud was last compared with the spec.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_sync_time: Option<Time>,

    /// The value of the annotation directconnect.huaweicloud.com/reconcile-at that was acted upon last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,
}

impl<O> Status<O> {
    /// Whether a pass has told anything: what the API server fills in by itself is no word of ours.
    #[must_use]
    pub(super) fn is_told(&self) -> bool {
        self.observed_generation != Some(UNOBSERVED) || !self.conditions.is_empty()
    }

    /// Whether the object has something in the cloud, or a create was announced that may bring it.
    #[must_use]
    pub const fn may_be_in_cloud(&self) -> bool {
        self.id.is_some() || self.intent.is_some()
    }
}

/// A write to the cloud that may have happened though its answer was never seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Intent {
    /// When the write was decided on.
    pub time: Time,

    /// Until when the write can still take effect: its time plus twice the time limit of a call.
    pub deadline: Time,

    /// Where the cloud object was to be made: what comes of the write is looked for there, whatever became of the spec's words since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
}

/// Where a create was to make its cloud object, as far as the spec alone can't tell it later.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// The name that the cloud object was to have.
    pub name: String,

    /// Ids in the cloud of the objects referred to, by the field that refers to them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub references: BTreeMap<String, String>,
}

/// One field in which the cloud differs from the spec.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Drift {
    /// The field, for example spec.bandwidth.
    pub path: String,

    /// The value of the spec.
    pub desired: String,

    /// The value in the cloud.
    pub observed: String,
}

/// An object that is waited for.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WaitingFor {
    /// Kind of the object, for example VirtualGateway.
    pub kind: String,

    /// Namespace of the object; absent for one that has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,

    /// Name of the object.
    pub name: String,
}

/// An answer of the cloud that was an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LastError {
    /// The cloud's code, for example DC.1209; the operator's own word where the cloud gave none.
    pub code: String,

    /// The cloud's message.
    pub message: String,

    /// HTTP status; absent when there was no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_status: Option<i32>,

    /// The cloud's id of the request, for its support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,

    /// The operation that failed, for example CreateVirtualInterface.
    pub operation: String,

    /// When it failed.
    pub time: Time,
}
