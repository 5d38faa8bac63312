//! Metrics of a kind's objects: what is read of them at a scrape, and when one of them became ready.

use std::sync::Arc;
use tokio::time::Instant;

use crate::api::{ConditionType, Managed, Reason, Status, find_condition, is_true};
use crate::cluster::age;
use crate::telemetry::metrics::objects::count_object;
use crate::telemetry::metrics::objects::count_queue;
use crate::telemetry::metrics::table::{DRIFT_CONFLICTS, DRIFT_OBJECTS, DUPLICATED, STALLED};
use crate::telemetry::metrics::{Readings, Source};

use super::context::{Context, ObservedOf};
use super::kind::Kind;
use super::object_state::{Readiness, Tracked};
use super::reconciler::Reconciler;
use super::report;

/// Reads the objects of a kind.
pub(super) struct ObjectMetrics<K: Kind>(pub Arc<Reconciler<K>>);

impl<K: Kind> Source for ObjectMetrics<K> {
    fn read(&self, readings: &mut Readings) {
        let Self(reconciler) = self;
        for metric in [&STALLED, &DRIFT_OBJECTS, &DRIFT_CONFLICTS, &DUPLICATED] {
            readings.add(metric, [K::NAME], 0.0);
        }
        for object in reconciler.store.state() {
            let status = object.status();
            let conditions = status.map(|status| status.conditions.as_slice()).unwrap_or_default();
            count_object(readings, K::NAME, conditions);
            readings.count(&DUPLICATED, [K::NAME], usize::from(is_true(conditions, ConditionType::Duplicated)));
            readings.count(&DRIFT_OBJECTS, [K::NAME], usize::from(status.is_some_and(|status| !status.drift.is_empty())));
        }
        let (mut queued, mut conflicts) = (Vec::new(), 0);
        reconciler.states.for_each(|tracked| {
            queued.extend(tracked.queued);
            conflicts += usize::from(is_in_conflict(tracked));
        });
        count_queue(readings, K::NAME, queued.into_iter());
        reconciler.unreadable.read(readings);
        readings.count(&DRIFT_CONFLICTS, [K::NAME], conflicts);
    }
}

/// Whether an object stalls because a field of it is set by somebody else again and again.
fn is_in_conflict<O: Managed>(tracked: &Tracked<O>) -> bool {
    let stalls = |status: &Status<O::Observed>| {
        report::ready_reason(status) == Some(Reason::Drifted.as_str()) && is_true(&status.conditions, ConditionType::Stalled)
    };
    tracked.drift_conflict_until.is_some_and(|until| until > Instant::now())
        && tracked.latest.as_ref().and_then(|object| object.status()).is_some_and(stalls)
}

impl<K: Kind> Context<'_, K> {
    /// Counts the first time that an object is ready. Once it was, its condition `Synced` is known for ever; and what was not seen before that
    /// by this process is not counted, since a `Synced` that is false does not say what was before.
    pub(super) fn count_readiness(&mut self, next: &Status<ObservedOf<K>>) {
        let synced = find_condition(&self.status.conditions, ConditionType::Synced);
        let is_new = synced.is_none_or(|synced| synced.status == "Unknown");
        if is_new && self.state.readiness == Readiness::Unknown {
            self.state.readiness = Readiness::Awaited;
        }
        if self.state.readiness == Readiness::Awaited && is_true(&next.conditions, ConditionType::Ready) {
            self.state.readiness = Readiness::Counted;
            if let Some(age) = age(self.object) {
                self.reconciler.metrics.ready(K::NAME, age);
            }
        }
    }
}
