//! Readings that all controllers have in common: objects by reason, and the work queue.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use tokio::time::Instant;

use super::Readings;
use super::table::{OBJECTS, QUEUE_DEPTH, QUEUE_OLDEST, STALLED};
use crate::api::{ConditionType, Reason, find_condition, is_true};

/// Counts an object by its conditions.
pub fn count_object(readings: &mut Readings, kind: &'static str, conditions: &[Condition]) {
    let reason = find_condition(conditions, ConditionType::Ready)
        .map_or("none", |ready| Reason::ALL.iter().map(|reason| reason.as_str()).find(|known| *known == ready.reason).unwrap_or("other"));
    readings.count(&OBJECTS, [kind, reason], 1);
    readings.count(&STALLED, [kind], usize::from(is_true(conditions, ConditionType::Stalled)));
}

/// Counts the objects in the work queue, each queued since an instant.
pub fn count_queue(readings: &mut Readings, kind: &'static str, since: impl Iterator<Item = Instant>) {
    readings.add(&QUEUE_DEPTH, [kind], 0.0);
    readings.add(&QUEUE_OLDEST, [kind], 0.0);
    for since in since {
        readings.count(&QUEUE_DEPTH, [kind], 1);
        readings.highest(&QUEUE_OLDEST, [kind], since.elapsed().as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{NewCondition, set_condition};
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
    use std::time::Duration;

    fn conditions(reason: Reason, stalled: bool) -> Vec<Condition> {
        let mut conditions = Vec::new();
        for (type_, status) in [(ConditionType::Ready, !stalled), (ConditionType::Stalled, stalled)] {
            let new = NewCondition { type_, status: status.into(), reason, message: String::new(), observed_generation: None };
            set_condition(&mut conditions, new, Time(jiff::Timestamp::UNIX_EPOCH));
        }
        conditions
    }

    #[test]
    fn an_object_counts_by_a_known_reason() {
        let mut readings = Readings::default();
        let mut foreign = conditions(Reason::Conflict, true);
        for condition in &mut foreign {
            condition.reason = "OfAnotherVersion".to_owned();
        }
        for conditions in [conditions(Reason::Available, false), conditions(Reason::Conflict, true), foreign, Vec::new()] {
            count_object(&mut readings, "Peer", &conditions);
        }
        for reason in ["Available", "Conflict", "other", "none"] {
            assert_eq!(readings.get(&OBJECTS, ["Peer", reason]), Some(1.0), "{reason}");
        }
        assert_eq!(readings.get(&STALLED, ["Peer"]), Some(2.0));
        assert_eq!(readings.get(&OBJECTS, ["Peer", "OfAnotherVersion"]), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_queue_is_as_old_as_its_oldest_object() {
        let mut readings = Readings::default();
        let begun = Instant::now();
        tokio::time::advance(Duration::from_secs(30)).await;
        count_queue(&mut readings, "Peer", [Instant::now(), begun].into_iter());
        count_queue(&mut readings, "VirtualGateway", std::iter::empty());
        assert_eq!((readings.get(&QUEUE_DEPTH, ["Peer"]), readings.get(&QUEUE_OLDEST, ["Peer"])), (Some(2.0), Some(30.0)));
        assert_eq!(readings.get(&QUEUE_OLDEST, ["VirtualGateway"]), Some(0.0));
    }
}
