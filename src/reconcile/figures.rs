//! What the objects of a kind tell at a scrape, and when one of them became ready.

use kube::Resource;
use std::sync::Arc;

use crate::api::{ConditionType, Managed, Reason, Status, find_condition, is_true};
use crate::cluster::age;
use crate::telemetry::metrics::objects::count_object;
use crate::telemetry::metrics::objects::count_queue;
use crate::telemetry::metrics::table::{DRIFT_OBJECTS, FIGHTS, STALLED};
use crate::telemetry::metrics::{Readings, Source};

use super::kind::Kind;
use super::object_state::{ObjectState, Readiness};
use super::{Reconciler, report};

/// Reads the objects of a kind.
pub(super) struct Figures<K: Kind>(pub Arc<Reconciler<K>>);

impl<K: Kind> Source for Figures<K> {
    fn read(&self, readings: &mut Readings) {
        let Self(reconciler) = self;
        for metric in [&STALLED, &DRIFT_OBJECTS, &FIGHTS] {
            readings.add(metric, [K::NAME], 0.0);
        }
        for object in reconciler.store.state() {
            let status = object.status();
            count_object(readings, K::NAME, status.map(|status| status.conditions.as_slice()).unwrap_or_default());
            readings.count(&DRIFT_OBJECTS, [K::NAME], usize::from(status.is_some_and(|status| !status.drift.is_empty())));
        }
        reconciler.states.read(|states| {
            count_queue(readings, K::NAME, states.values().filter_map(|state| state.queued));
            readings.count(&FIGHTS, [K::NAME], states.values().filter(|state| has_given_up(state)).count());
        });
    }
}

/// Whether an object stalls because somebody else sets a field again and again.
fn has_given_up<O: Managed>(state: &ObjectState<O>) -> bool {
    let stalls = |status: &Status<O::Observed>| {
        report::ready_reason(status) == Some(Reason::Drifted.as_str()) && is_true(&status.conditions, ConditionType::Stalled)
    };
    state.drift_conflicts.left().is_some() && state.latest.as_ref().and_then(|object| object.status()).is_some_and(stalls)
}

impl<K: Kind> Reconciler<K> {
    /// Counts the first time that an object is ready. Once it was, its condition `Synced` is known for ever; and what was not seen before that
    /// by this process is not counted, since a `Synced` that is false tells nothing of what was before.
    pub(super) fn note_readiness(
        &self,
        object: &K::Object,
        last: &Status<<K::Object as Managed>::Observed>,
        next: &Status<<K::Object as Managed>::Observed>,
    ) {
        let is_new = find_condition(&last.conditions, ConditionType::Synced).is_none_or(|synced| synced.status == "Unknown");
        let is_ready = is_true(&next.conditions, ConditionType::Ready);
        let uid = object.meta().uid.as_deref().unwrap_or_default();
        let first = self.states.with(uid, |state| {
            if is_new && state.readiness == Readiness::Unknown {
                state.readiness = Readiness::Awaited;
            }
            let first = is_ready && state.readiness == Readiness::Awaited;
            if first {
                state.readiness = Readiness::Counted;
            }
            first
        });
        if let Some(age) = age(object).filter(|_| first) {
            self.metrics.ready(K::NAME, age);
        }
    }
}
