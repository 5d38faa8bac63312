//! The `status` of the namespaced kinds.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::rules;

/// `status.observedGeneration` of an object that was not reconciled yet. The CRDs set it as a default: without it, kstatus and the tools that
/// use it treat an object without a status as ready.
pub(super) const UNOBSERVED: i64 = 0;

/// The observed state of an object: the state of its cloud resource, and what it waits for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Status<O> {
    /// id is the ID of the cloud resource, a UUID. It is set as soon as it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,

    /// account is the name of the CloudAccount in whose project the cloud resource is. While the cloud resource exists, the object keeps
    /// using this account, even if the annotation of the namespace changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,

    /// observedGeneration is the metadata.generation that this status applies to; 0 until the operator has reconciled the object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = UNOBSERVED))]
    pub observed_generation: Option<i64>,

    /// conditions describe the state of the object. Ready: the cloud resource exists, is in a stable state and matches the spec. Synced:
    /// the last comparison found no difference, or it was corrected. Healthy: the cloud resource works. Reconciling and Stalled are only
    /// present while they are True.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,

    /// intent is set while a create call was started and its outcome is not confirmed yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<Intent>,

    /// lastWrite is the last change of the cloud resource that the operator made and the cloud accepted. Reads of the cloud may show it
    /// later: until then the operator does not conclude that the resource is gone or that the change had no effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_write: Option<LastWrite>,

    /// createdIds lists the IDs that the cloud returned when the operator created the cloud resource for this object, the newest last, at
    /// most 5. It has more than one item if the resource was created again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub created_ids: Vec<String>,

    /// observed is the state of the cloud resource as reported by the cloud.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed: Option<O>,

    /// drift lists the fields in which the cloud resource differs from the spec.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<Drift>,

    /// waitingFor lists the objects that this object waits for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting_for: Vec<WaitingFor>,

    /// lastError is the last error that the cloud returned. It is removed when the object is Ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<LastError>,

    /// lastSyncTime is the last time at which the cloud resource was compared with the spec.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_sync_time: Option<Time>,

    /// lastHandledReconcileAt is the last value of the annotation directconnect.huaweicloud.com/reconcile-at that was handled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,
}

impl<O> Status<O> {
    /// Whether the operator has written the status. The API server sets the default of `observedGeneration` without it.
    #[must_use]
    pub(super) fn is_told(&self) -> bool {
        self.observed_generation != Some(UNOBSERVED) || !self.conditions.is_empty()
    }

    /// Whether the object has a cloud resource, or a create was started that may still make one.
    #[must_use]
    pub const fn may_be_in_cloud(&self) -> bool {
        self.id.is_some() || self.intent.is_some()
    }
}

/// A create call that may have been executed although its response was not received.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Intent {
    /// time is the time at which the operator decided to create the cloud resource.
    pub time: Time,

    /// deadline is the time until which the call can still take effect: time plus twice the timeout of a call.
    pub deadline: Time,

    /// target identifies the cloud resource that the call creates. The operator looks for this resource, even if the spec has changed
    /// since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
}

/// A change of the cloud resource that the cloud accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LastWrite {
    /// action is Create, Update or Delete.
    pub action: WriteAction,

    /// time is the time of the response.
    pub time: Time,
}

/// The kind of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = rules::described_by_its_field)]
pub enum WriteAction {
    /// The resource was created.
    Create,
    /// It was changed.
    Update,
    /// It was deleted.
    Delete,
}

/// The part of a create call that identifies its resource and that cannot be derived from a changed spec.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// name is the name of the cloud resource in the call.
    pub name: String,

    /// references maps the fields of references to the cloud IDs of the referenced objects.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub references: BTreeMap<String, String>,
}

/// One field in which the cloud resource differs from the spec.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Drift {
    /// path is the path of the field, for example spec.bandwidth.
    pub path: String,

    /// desired is the value in the spec.
    pub desired: String,

    /// observed is the value in the cloud.
    pub observed: String,
}

/// An object that is waited for.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WaitingFor {
    /// kind is the kind of the object, for example VirtualGateway.
    pub kind: String,

    /// namespace is the namespace of the object. Not set for objects without a namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,

    /// name is the name of the object.
    pub name: String,
}

/// An error that the cloud returned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LastError {
    /// code is the error code of the cloud, for example DC.1209. If the cloud returned no code, it is a code of the operator.
    pub code: String,

    /// message is the error message of the cloud.
    pub message: String,

    /// httpStatus is the HTTP status code. Not set if there was no response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_status: Option<i32>,

    /// requestId is the ID of the request, for the support of the cloud.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,

    /// operation is the operation that failed, for example CreateVirtualInterface.
    pub operation: String,

    /// time is the time at which the operation failed.
    pub time: Time,
}
