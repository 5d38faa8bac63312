//! What a lease says and what may be done with it. Pure: the time comes from outside, and only the local monotonic clock judges. The times in
//! the lease are for people; they are written and never compared.

use k8s_openapi::api::coordination::v1::LeaseSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use std::time::Duration;
use tokio::time::Instant;

/// What may be done with a lease.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It may be taken: nobody holds it, or its holder has been silent for long enough.
    Take,
    /// Its holder may live. It can be taken after this time, if it does not change.
    Wait(Duration),
}

/// Watches how a lease changes.
pub(super) struct Judge {
    identity: String,
    /// For leases that do not tell theirs.
    duration: Duration,
    /// The lease while it was held by somebody else, and when it was first seen so.
    seen: Option<(Option<LeaseSpec>, Instant)>,
}

impl Judge {
    pub fn new(identity: &str, duration: Duration) -> Self {
        Self { identity: identity.to_owned(), duration, seen: None }
    }

    /// `now` MUST be read after the lease was: the holder may have renewed it up to that moment.
    pub fn look(&mut self, spec: Option<&LeaseSpec>, now: Instant) -> Verdict {
        let is_free = match spec {
            Some(spec) => holder(spec).is_none_or(|holder| holder == self.identity),
            // A lease that was held and is gone was deleted by hand: its holder does not know yet.
            None => self.seen.is_none(),
        };
        if is_free {
            return Verdict::Take;
        }
        let since = match &self.seen {
            Some((seen, since)) if seen.as_ref() == spec => *since,
            _ => now,
        };
        self.seen = Some((spec.cloned(), since));
        let told = spec.and_then(|spec| spec.lease_duration_seconds).and_then(|seconds| u64::try_from(seconds).ok());
        let duration = told.map_or(self.duration, Duration::from_secs);
        match duration.saturating_sub(now.saturating_duration_since(since)) {
            Duration::ZERO => Verdict::Take,
            left => Verdict::Wait(left),
        }
    }
}

/// Who holds the lease. One that was given back has an empty holder, or none.
pub(super) fn holder(spec: &LeaseSpec) -> Option<&str> {
    spec.holder_identity.as_deref().filter(|holder| !holder.is_empty())
}

/// The lease in the executor of `identity`, taken or renewed.
pub(super) fn held(last: Option<&LeaseSpec>, identity: &str, duration: Duration, now: MicroTime) -> LeaseSpec {
    let is_renewal = last.and_then(holder) == Some(identity);
    let acquired = last.and_then(|last| last.acquire_time.clone()).filter(|_| is_renewal);
    let transitions = last.map(|last| last.lease_transitions.unwrap_or(0).saturating_add(i32::from(!is_renewal)));
    LeaseSpec {
        holder_identity: Some(identity.to_owned()),
        // Others wait for this long: never shorter than what is kept to.
        lease_duration_seconds: i32::try_from(duration.as_millis().div_ceil(1000)).ok(),
        acquire_time: acquired.or_else(|| Some(now.clone())),
        renew_time: Some(now),
        lease_transitions: Some(transitions.unwrap_or(0)),
        ..LeaseSpec::default()
    }
}

/// The lease given back. The number of its holders goes on.
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

    /// What is seen at which millisecond, and what is said then. The wall clock's times in it, decades ago, say nothing.
    type Story<'a> = (&'a str, Vec<(u64, Option<&'a LeaseSpec>, Verdict)>);

    #[test]
    fn a_lease_is_taken_when_it_is_free_ours_or_was_seen_unchanged_for_its_duration() {
        let start = Instant::now();
        let (free, ours, first, second) = (released(&of("other", 1)), of("us", 1), of("other", 1), of("other", 2));
        let short = LeaseSpec { lease_duration_seconds: Some(3), ..of("other", 1) };
        let silent = LeaseSpec { lease_duration_seconds: None, ..of("other", 1) };
        let emptied = LeaseSpec { holder_identity: Some(String::new()), ..of("other", 1) };
        let wait = |millis| Verdict::Wait(Duration::from_millis(millis));
        let stories: [Story; 9] = [
            ("there is none", vec![(0, None, Verdict::Take)]),
            ("given back", vec![(0, Some(&free), Verdict::Take)]),
            ("given back by client-go", vec![(0, Some(&emptied), Verdict::Take)]),
            ("ours: an answer was lost", vec![(0, Some(&ours), Verdict::Take)]),
            ("unchanged", vec![(0, Some(&first), wait(15_000)), (14_999, Some(&first), wait(1)), (15_000, Some(&first), Verdict::Take)]),
            ("renewed", vec![(0, Some(&first), wait(15_000)), (14_999, Some(&second), wait(15_000)), (29_998, Some(&second), wait(1))]),
            ("given back while waited for", vec![(0, Some(&first), wait(15_000)), (1, Some(&free), Verdict::Take)]),
            (
                "by the holder's duration",
                vec![(0, Some(&short), wait(3_000)), (3_000, Some(&short), Verdict::Take), (3_001, Some(&silent), wait(15_000))],
            ),
            ("deleted under its holder", vec![(0, Some(&first), wait(15_000)), (9_000, None, wait(15_000)), (24_000, None, Verdict::Take)]),
        ];
        for (name, looks) in stories {
            let mut judge = Judge::new("us", LONG);
            for (millis, spec, verdict) in looks {
                assert_eq!(judge.look(spec, start + Duration::from_millis(millis)), verdict, "{name}, {millis} ms");
            }
        }
    }

    #[test]
    fn the_lease_tells_people_who_since_when_and_how_often() {
        let first = held(None, "one", Duration::from_millis(2_500), at(1));
        assert_eq!((holder(&first), first.lease_duration_seconds, first.lease_transitions), (Some("one"), Some(3), Some(0)));
        let renewed = held(Some(&first), "one", LONG, at(2));
        assert_eq!((renewed.acquire_time, renewed.renew_time, renewed.lease_transitions), (Some(at(1)), Some(at(2)), Some(0)));
        let given_back = released(&first);
        assert_eq!((holder(&given_back), given_back.lease_transitions), (None, Some(0)));
        let taken = held(Some(&given_back), "two", LONG, at(3));
        assert_eq!((holder(&taken), &taken.acquire_time, taken.lease_transitions), (Some("two"), &Some(at(3)), Some(1)));
    }
}
