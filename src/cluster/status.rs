//! Parts that the statuses of all kinds have in common.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use crate::api::LastError;
use crate::cloud::CloudError;

/// The present time, in the whole seconds of conditions.
#[must_use]
pub fn now() -> Time {
    Time(jiff::Timestamp::from_second(jiff::Timestamp::now().as_second()).unwrap_or_default())
}

/// An error as a status shows it: the last one, with its time and request id. One without a request id that repeats keeps the time of the first one,
/// so that the status does not change with each try to reach the cloud.
#[must_use]
pub fn last_error(last: Option<&LastError>, error: &CloudError, now: &Time) -> LastError {
    let same = last.filter(|last| last.code == error.code && last.message == error.message && last.operation == error.operation);
    let same = same.filter(|last| error.request_id.is_none() || last.request_id == error.request_id);
    same.cloned().unwrap_or_else(|| LastError {
        code: error.code.clone(),
        message: error.message.clone(),
        http_status: error.http_status.map(i32::from),
        request_id: error.request_id.clone(),
        operation: error.operation.to_owned(),
        time: now.clone(),
    })
}

/// Names in a message: the first few, and how many more there are.
#[must_use]
pub fn join_names(names: impl ExactSizeIterator<Item = String>) -> String {
    const LIMIT: usize = 5;
    let more = names.len().saturating_sub(LIMIT);
    let more = (more > 0).then(|| format!("{more} more"));
    names.take(LIMIT).chain(more).collect::<Vec<_>>().join(", ")
}
