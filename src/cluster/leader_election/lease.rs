//! When a lease may be taken, and what is written into it. Pure: the time is passed in, and only the local monotonic clock counts. The times in
//! the lease are for people; they are written and never compared.

use k8s_openapi::api::coordination::v1::LeaseSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use std::time::Duration;
use tokio::time::Instant;

/// Whether a lease may be taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Availability {
    /// It has no holder, or its holder has not renewed it for its whole duration.
    Free,
    /// Its holder may still lead. The lease becomes free after this time, unless it changes.
    Held(Duration),
}

/// Observes a lease that another replica holds.
pub(super) struct LeaseObserver {
    identity: String,
    /// Lease duration, if the lease itself has none.
    duration: Duration,
    /// The lease as it was last seen, and when it was first seen so.
    seen: Option<(Option<LeaseSpec>, Instant)>,
}

impl LeaseObserver {
    pub fn new(identity: &str, duration: Duration) -> Self {
        Self { identity: identity.to_owned(), duration, seen: None }
    }

    /// `now` MUST be read after the lease was: the holder may have renewed it up to that moment.
    pub fn observe(&mut self, spec: Option<&LeaseSpec>, now: Instant) -> Availability {
        let is_free = match spec {
            Some(spec) => holder(spec).is_none_or(|holder| holder == self.identity),
            // A lease that was held and is gone was deleted by hand, and its holder may not know yet.
            None => self.seen.is_none(),
        };
        if is_free {
            return Availability::Free;
        }
        let since = match &self.seen {
            Some((seen, since)) if seen.as_ref() == spec => *since,
            _ => now,
        };
        self.seen = Some((spec.cloned(), since));
        let own = spec.and_then(|spec| spec.lease_duration_seconds).and_then(|seconds| u64::try_from(seconds).ok());
        let duration = own.map_or(self.duration, Duration::from_secs);
        match duration.saturating_sub(now.saturating_duration_since(since)) {
            Duration::ZERO => Availability::Free,
            left => Availability::Held(left),
        }
    }
}

/// The holder's identity. A lease that was released has an empty one, or none.
pub(super) fn holder(spec: &LeaseSpec) -> Option<&str> {
    spec.holder_identity.as_deref().filter(|holder| !holder.is_empty())
}

/// The lease as `identity` acquires or renews it.
pub(super) fn held(last: Option<&LeaseSpec>, identity: &str, duration: Duration, now: MicroTime) -> LeaseSpec {
    let is_renewal = last.and_then(holder) == Some(identity);
    let acquired = last.and_then(|last| last.acquire_time.clone()).filter(|_| is_renewal);
    let transitions = last.map(|last| last.lease_transitions.unwrap_or(0).saturating_add(i32::from(!is_renewal)));
    LeaseSpec {
        holder_identity: Some(identity.to_owned()),
        // The others wait for this long: it MUST NOT be rounded down.
        lease_duration_seconds: i32::try_from(duration.as_millis().div_ceil(1000)).ok(),
        acquire_time: acquired.or_else(|| Some(now.clone())),
        renew_time: Some(now),
        lease_transitions: Some(transitions.unwrap_or(0)),
        ..LeaseSpec::default()
    }
}

/// The lease after its release. It keeps the number of transitions.
pub(super) fn released(last: &LeaseSpec) -> LeaseSpec {
    LeaseSpec { lease_transitions: last.lease_transitions, ..LeaseSpec::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(15);

    fn at(second: i64) -> MicroTime {
        MicroTime(jiff::Timestamp::from_second(second).unwrap())
    }

    fn of(identity: &str, renewed: i64) -> LeaseSpec {
        held(None, identity, LONG, at(renewed))
    }

    /// What is read at which millisecond, and whether it is free then. The times in the leases are decades ago and do not matter.
    type Story<'a> = (&'a str, Vec<(u64, Option<&'a LeaseSpec>, Availability)>);

    #[test]
    fn a_lease_is_free_when_it_has_no_holder_is_ours_or_was_seen_unchanged_for_its_duration() {
        let start = Instant::now();
        let (free, ours, first, second) = (released(&of("other", 1)), of("us", 1), of("other", 1), of("other", 2));
        let short = LeaseSpec { lease_duration_seconds: Some(3), ..of("other", 1) };
        let silent = LeaseSpec { lease_duration_seconds: None, ..of("other", 1) };
        let emptied = LeaseSpec { holder_identity: Some(String::new()), ..of("other", 1) };
        let wait = |millis| Availability::Held(Duration::from_millis(millis));
        let stories: [Story; 9] = [
            ("there is none", vec![(0, None, Availability::Free)]),
            ("released", vec![(0, Some(&free), Availability::Free)]),
            ("released by client-go", vec![(0, Some(&emptied), Availability::Free)]),
            ("ours: a response was lost", vec![(0, Some(&ours), Availability::Free)]),
            (
                "unchanged",
                vec![(0, Some(&first), wait(15_000)), (14_999, Some(&first), wait(1)), (15_000, Some(&first), Availability::Free)],
            ),
            ("renewed", vec![(0, Some(&first), wait(15_000)), (14_999, Some(&second), wait(15_000)), (29_998, Some(&second), wait(1))]),
            ("released while waited for", vec![(0, Some(&first), wait(15_000)), (1, Some(&free), Availability::Free)]),
            (
                "by the holder's duration",
                vec![(0, Some(&short), wait(3_000)), (3_000, Some(&short), Availability::Free), (3_001, Some(&silent), wait(15_000))],
            ),
            (
                "deleted under its holder",
                vec![(0, Some(&first), wait(15_000)), (9_000, None, wait(15_000)), (24_000, None, Availability::Free)],
            ),
        ];
        for (name, looks) in stories {
            let mut observer = LeaseObserver::new("us", LONG);
            for (millis, spec, availability) in looks {
                assert_eq!(observer.observe(spec, start + Duration::from_millis(millis)), availability, "{name}, {millis} ms");
            }
        }
    }

    #[test]
    fn the_lease_says_who_leads_since_when_and_how_often_that_changed() {
        let first = held(None, "one", Duration::from_millis(2_500), at(1));
        assert_eq!((holder(&first), first.lease_duration_seconds, first.lease_transitions), (Some("one"), Some(3), Some(0)));
        let renewed = held(Some(&first), "one", LONG, at(2));
        assert_eq!((renewed.acquire_time, renewed.renew_time, renewed.lease_transitions), (Some(at(1)), Some(at(2)), Some(0)));
        let after_release = released(&first);
        assert_eq!((holder(&after_release), after_release.lease_transitions), (None, Some(0)));
        let taken = held(Some(&after_release), "two", LONG, at(3));
        assert_eq!((holder(&taken), &taken.acquire_time, taken.lease_transitions), (Some("two"), &Some(at(3)), Some(1)));
    }
}
