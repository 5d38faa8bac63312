//! Writes that the cloud has answered and that its reads may not show yet.
//!
//! Reads of a cloud can lag behind its writes. An answer to a write is believed: that a resource is gone, or that a change did not take, is
//! concluded only from a LIST that began `--read-lag` after the answer, or after a LIST has shown the write (`docs/design/decision.md#reads-that-lag`).

use std::time::Duration;
use tokio::time::Instant;

use crate::api::{LastWrite, WriteAction};
use crate::cloud::Call;

/// Answered writes of one object that no LIST has shown yet.
#[derive(Debug, Default)]
pub struct UnseenWrites {
    /// When the last create or update was answered: the resource existed then.
    existed: Option<Instant>,
    /// Updates and deletes, each with the time of its answer.
    calls: Vec<(Call, Instant)>,
    /// The last write of an earlier process, of which only the action is known, with the generation of the spec that it was for.
    former: Option<(WriteAction, Option<i64>, Instant)>,
    is_restored: bool,
    /// No LIST has shown the last write.
    is_unseen: bool,
}

impl UnseenWrites {
    /// Takes over what an earlier process wrote, once. `age` is the time since `last`; a clock that was set back makes it zero.
    pub fn restore(&mut self, last: Option<&LastWrite>, generation: Option<i64>, now: jiff::Timestamp) {
        if std::mem::replace(&mut self.is_restored, true) {
            return;
        }
        let Some(last) = last else { return };
        let age: Duration = now.duration_since(last.time.0).try_into().unwrap_or_default();
        // One from before this machine was started is long over.
        let Some(at) = Instant::now().checked_sub(age) else { return };
        self.former = Some((last.action, generation, at));
        self.existed = (last.action != WriteAction::Delete).then_some(at);
    }

    /// The cloud has answered a write.
    pub fn answered(&mut self, action: WriteAction, call: &Call) {
        let now = Instant::now();
        self.former = None;
        self.is_restored = true;
        self.is_unseen = true;
        self.existed = (action != WriteAction::Delete).then_some(now);
        match action {
            WriteAction::Create => self.calls.clear(),
            WriteAction::Update => {
                self.calls.retain(|(sent, _)| sent != call);
                self.calls.push((call.clone(), now));
            }
            WriteAction::Delete => {
                self.calls.retain(|(sent, _)| sent.is_delete() && sent != call);
                self.calls.push((call.clone(), now));
            }
        }
    }

    /// Until when a LIST that does not show the resource says nothing, where reads lag by `lag`.
    #[must_use]
    pub fn exists_until(&self, lag: Duration) -> Option<Instant> {
        self.existed.map(|existed| existed + lag)
    }

    /// Until when a look that calls for `call` says nothing, since `call` was answered and may not be visible yet. Of a former process only the
    /// action is known: any call like it may be the one that was sent for this `generation` of the spec.
    #[must_use]
    pub fn unseen_until(&self, call: &Call, generation: Option<i64>, lag: Duration) -> Option<Instant> {
        let sent = self.calls.iter().find(|(sent, _)| sent == call).map(|(_, at)| *at);
        let former = self.former.and_then(|(action, of, at)| {
            let is_like_it = match action {
                WriteAction::Delete => call.is_delete(),
                WriteAction::Update => !call.is_delete() && of == generation,
                WriteAction::Create => false,
            };
            is_like_it.then_some(at)
        });
        sent.or(former).map(|at| at + lag)
    }

    /// A LIST that began at `listed` shows the resource, for which only the calls that are `due` have yet to take effect. `is_guarded`: the cloud
    /// refuses a second resource, so that one look is enough to conclude later from another that the resource is gone.
    pub fn shown(&mut self, listed: Instant, due: &[&Call], is_guarded: bool) {
        self.calls.retain(|(sent, at)| *at > listed || due.contains(&sent));
        let is_due = |action| due.iter().any(|call| (call.is_delete()) == (action == WriteAction::Delete));
        self.former = self.former.filter(|(action, _, at)| *at > listed || is_due(*action));
        if self.existed.is_some_and(|existed| existed <= listed) {
            self.is_unseen = false;
            self.existed = self.existed.filter(|_| !is_guarded);
        }
    }

    /// Whether the next LIST is to be read soon, since none has shown the last write.
    #[must_use]
    pub const fn await_list(&self) -> bool {
        self.is_unseen
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::Method;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

    const LAG: Duration = Duration::from_mins(1);

    fn call(method: Method, what: &'static str) -> Call {
        Call::new(what, method, &[], "")
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_believed_until_a_list_shows_it_or_the_lag_is_over() {
        let (create, name, tags) = (call(Method::Post, "create"), call(Method::Put, "name"), call(Method::Post, "tags"));
        let second = Duration::from_secs(1);
        let mut writes = UnseenWrites::default();
        assert_eq!((writes.exists_until(LAG), writes.await_list()), (None, false));
        let created = Instant::now();
        writes.answered(WriteAction::Create, &create);
        assert_eq!((writes.exists_until(LAG), writes.await_list()), (Some(created + LAG), true));
        // A LIST that began before the answer, and one after it.
        writes.shown(created - second, &[], true);
        assert!(writes.exists_until(LAG).is_some());
        writes.shown(created, &[], true);
        assert_eq!((writes.exists_until(LAG), writes.await_list()), (None, false));

        tokio::time::advance(second).await;
        let updated = Instant::now();
        writes.answered(WriteAction::Update, &name);
        writes.answered(WriteAction::Update, &tags);
        assert_eq!(writes.unseen_until(&name, None, LAG), Some(updated + LAG));
        writes.shown(updated, &[&name], true);
        assert_eq!(writes.unseen_until(&name, None, LAG), Some(updated + LAG), "the LIST does not show it");
        assert_eq!(writes.unseen_until(&tags, None, LAG), None, "the LIST shows it");
        writes.shown(updated, &[], true);
        assert_eq!(writes.unseen_until(&name, None, LAG), None);
    }

    #[tokio::test(start_paused = true)]
    async fn where_the_cloud_takes_a_second_one_a_look_is_not_enough() {
        let mut writes = UnseenWrites::default();
        let created = Instant::now();
        writes.answered(WriteAction::Create, &call(Method::Post, "create"));
        writes.shown(created, &[], false);
        assert_eq!((writes.exists_until(LAG), writes.await_list()), (Some(created + LAG), false));
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_delete_absence_is_what_is_expected() {
        let (update, delete) = (call(Method::Put, "name"), call(Method::Delete, "delete"));
        let mut writes = UnseenWrites::default();
        writes.answered(WriteAction::Update, &update);
        writes.answered(WriteAction::Delete, &delete);
        assert_eq!(writes.exists_until(LAG), None);
        assert_eq!(writes.unseen_until(&delete, Some(2), LAG), Some(Instant::now() + LAG));
        assert_eq!(writes.unseen_until(&update, Some(2), LAG), None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_an_earlier_process_wrote_counts_by_its_time() {
        let time: jiff::Timestamp = "2026-04-25T09:30:00Z".parse().unwrap();
        let after = |seconds: i64| time.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap();
        let (update, delete) = (call(Method::Put, "name"), call(Method::Delete, "delete"));
        tokio::time::advance(Duration::from_secs(1000)).await;
        let left = |action, at, call: &Call, generation| {
            let mut writes = UnseenWrites::default();
            writes.restore(Some(&LastWrite { action, time: Time(time) }), Some(1), at);
            let left = |until: Option<Instant>| until.map(|until| until.saturating_duration_since(Instant::now()).as_secs());
            (left(writes.exists_until(LAG)), left(writes.unseen_until(call, Some(generation), LAG)))
        };
        assert_eq!(left(WriteAction::Create, after(20), &update, 1), (Some(40), None));
        assert_eq!(left(WriteAction::Create, after(-20), &update, 1), (Some(60), None), "the clock was set back");
        assert_eq!(left(WriteAction::Update, after(20), &update, 1), (Some(40), Some(40)));
        assert_eq!(left(WriteAction::Update, after(20), &update, 2), (Some(40), None), "another spec wants something else");
        assert_eq!(left(WriteAction::Delete, after(20), &delete, 2), (None, Some(40)));
        assert_eq!(left(WriteAction::Delete, after(20), &update, 1), (None, None));
        let mut writes = UnseenWrites::default();
        writes.restore(None, Some(1), time);
        writes.restore(Some(&LastWrite { action: WriteAction::Update, time: Time(time) }), Some(1), time);
        assert_eq!(writes.exists_until(LAG), None, "only at the first attempt: later this process knows better");
    }
}
