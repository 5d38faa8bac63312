//! What accounts tell at a scrape: their objects, and for each account in use its rate limiters, its circuit breakers, its caches, its quotas and its keys.

use kube::runtime::reflector::Store;
use std::sync::Arc;
use std::time::Duration;

use super::caches::{AnyCache, CloudCaches};
use super::context::Context;
use crate::api::cloud_account::Quota;
use crate::api::{CloudAccount, Unowned};
use crate::cloud::quota_label;
use crate::graph::ObjectKey;
use crate::telemetry::metrics::objects::count_object;
use crate::telemetry::metrics::objects::count_queue;
use crate::telemetry::metrics::table::{
    CACHE_AGE, CACHE_OVERDUE, CACHE_SIZE, CACHE_UNREADABLE, CIRCUIT_BREAKER, CREDENTIALS_EXPIRY, QUOTA_LIMIT, QUOTA_USED,
    RATE_LIMIT_PAUSED, RATE_LIMIT_RATIO, RATE_LIMIT_WAITING, STALLED, UNOWNED,
};
use crate::telemetry::metrics::{Readings, Source};

/// Reads the accounts.
pub(super) struct AccountMetrics {
    pub context: Arc<Context>,
    pub store: Store<CloudAccount>,
}

impl Source for AccountMetrics {
    fn read(&self, readings: &mut Readings) {
        let kind = ObjectKey::account("").kind;
        readings.add(&STALLED, [kind], 0.0);
        for account in self.store.state() {
            count_object(readings, kind, account.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default());
        }
        readings.open(&RATE_LIMIT_WAITING);
        readings.open(&RATE_LIMIT_PAUSED);
        readings.open(&CIRCUIT_BREAKER);
        for type_ in self.context.accounts.types().iter() {
            readings.add(&CACHE_OVERDUE, [type_.collection], 0.0);
            readings.add(&CACHE_SIZE, [type_.collection], 0.0);
            readings.add(&CACHE_UNREADABLE, [type_.collection], 0.0);
        }
        // Who sees one shard only can't tell what the others own.
        if self.context.shard.is_whole() {
            for type_ in self.context.accounts.types().iter().filter(|type_| !type_.is_ordered_elsewhere) {
                for why in Unowned::ALL {
                    readings.add(&UNOWNED, [type_.kind, why.label()], 0.0);
                }
            }
        }
        let known = self.context.all_known();
        count_queue(readings, kind, known.values().filter_map(|known| known.queued));
        let mut nearest = Vec::new();
        for built in known.values().filter_map(|known| known.built.as_ref()) {
            calls(readings, &built.caches);
            for started in built.caches.refreshed() {
                cache(readings, started.as_ref(), built.caches.schedule.idle);
            }
            keep_nearest(&mut nearest, &built.quotas);
        }
        for ((kind, why), number) in known.values().filter_map(|known| known.looks.told.as_ref()).flat_map(|told| &told.counts) {
            readings.count(&UNOWNED, [kind, why.label()], *number);
        }
        for (type_, quota) in nearest {
            readings.add(&QUOTA_USED, [type_], float(quota.used));
            if quota.limit >= 0 {
                readings.add(&QUOTA_LIMIT, [type_], float(quota.limit));
            }
        }
    }
}

fn calls(readings: &mut Readings, caches: &CloudCaches) {
    let client = &caches.client;
    for (direction, state) in client.rate_limiters() {
        for (priority, waiting) in state.waiting {
            readings.count(&RATE_LIMIT_WAITING, [direction, priority], waiting);
        }
        readings.lowest(&RATE_LIMIT_RATIO, [direction], state.ratio);
        readings.count(&RATE_LIMIT_PAUSED, [direction], usize::from(state.paused));
    }
    for (endpoint, state) in client.breakers() {
        readings.count(&CIRCUIT_BREAKER, [endpoint.label(), state.label()], 1);
    }
    if let Some(end) = client.credentials_end() {
        readings.lowest(&CREDENTIALS_EXPIRY, [], float(end.as_second()));
    }
}

fn cache(readings: &mut Readings, cache: &dyn AnyCache, idle: Duration) {
    let (collection, (age, size)) = (cache.collection(), cache.age_and_size());
    let overdue = age.saturating_sub(idle.mul_f64(1.2));
    readings.highest(&CACHE_AGE, [collection], age.as_secs_f64());
    readings.highest(&CACHE_OVERDUE, [collection], overdue.as_secs_f64());
    readings.count(&CACHE_SIZE, [collection], size);
    readings.count(&CACHE_UNREADABLE, [collection], cache.unreadable().len());
}

/// Of each type the quota that has the least room.
fn keep_nearest<'a>(nearest: &mut Vec<(&'static str, &'a Quota)>, quotas: &'a [Quota]) {
    for quota in quotas {
        let type_ = quota_label(&quota.type_);
        match nearest.iter_mut().find(|(other, _)| *other == type_) {
            Some((_, present)) if fullness(quota) > fullness(present) => *present = quota,
            Some(_) => {}
            None => nearest.push((type_, quota)),
        }
    }
}

/// Less than 0 where there is no limit, or a limit of 0, which nobody comes near to.
fn fullness(quota: &Quota) -> f64 {
    match quota.limit {
        ..0 => -1.0,
        0 => -0.5,
        limit => float(quota.used) / float(limit),
    }
}

#[allow(clippy::cast_precision_loss, reason = "a float is what a metric is; no figure here comes near to its 53 bits")]
const fn float(number: i64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quota_with_the_least_room_is_told() {
        let quota = |type_: &str, used, limit| Quota { type_: type_.to_owned(), used, limit };
        let accounts = [
            vec![quota("virtualInterface", 40, 50), quota("physicalConnect", 7, -1), quota("new", 1, 10)],
            vec![quota("virtualInterface", 9, 10), quota("physicalConnect", 1, 10), quota("newer", 2, 10)],
            vec![quota("virtualInterface", 80, 100), quota("geip", 0, 0), quota("newest", 0, 0)],
        ];
        let mut nearest = Vec::new();
        for quotas in &accounts {
            keep_nearest(&mut nearest, quotas);
        }
        let told: Vec<_> = nearest.into_iter().map(|(type_, quota)| (type_, quota.used, quota.limit)).collect();
        assert_eq!(told, [("virtualInterface", 9, 10), ("physicalConnect", 1, 10), ("other", 2, 10), ("geip", 0, 0)]);
    }
}
