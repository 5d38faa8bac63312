//! The context of an attempt: what is the same from its beginning to its end, worked out once.

use kube::runtime::controller::Action;
use kube::{Resource, ResourceExt};
use std::sync::Arc;

use crate::accounts::Account;
use crate::api::{ABANDON_ANNOTATION, Defaults, DeletionPolicy, DriftPolicy, Managed, Management, Status};
use crate::cache::CloudCache;
use crate::cloud::Listed;
use crate::graph::ObjectKey;
use crate::telemetry::metrics::ReconcileResult;

use super::kind::{Kind, Reference};
use super::object_state::Taken;
use super::reconciler::{Failure, Reconciler};

/// What the status of a kind's objects shows of the cloud.
pub(super) type ObservedOf<K> = <<K as Kind>::Object as Managed>::Observed;

/// What came of an attempt, and when the next one is due.
pub(super) type Ended = Result<(ReconcileResult, Action), Failure>;

/// One attempt to reconcile one object.
pub(super) struct Context<'a, K: Kind> {
    pub reconciler: &'a Arc<Reconciler<K>>,
    pub object: &'a K::Object,
    pub uid: &'a str,
    pub key: ObjectKey,
    pub generation: Option<i64>,
    pub is_deleting: bool,
    /// What was reported last.
    pub status: Status<ObservedOf<K>>,
    /// Objects that it refers to by name.
    pub references: Vec<Reference>,
    /// Name of its account.
    pub account_name: &'a str,
    /// Its own until the attempt ends.
    pub state: Taken<'a, K::Object>,
}

/// The account of an attempt, once that is known to be ready and the object may use it.
pub(super) struct AccountContext<R: Listed> {
    pub account: Arc<Account>,
    pub cache: Arc<CloudCache<R>>,
    pub policies: Policies,
    /// Value of the owner tag of the object's resource.
    pub owner: String,
}

/// The effective policy of an object: its own, else the account's default, else the general default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Policies {
    pub management: Management,
    pub deletion: DeletionPolicy,
    pub drift: DriftPolicy,
}

impl Policies {
    pub fn of<K: Kind>(object: &K::Object, defaults: Option<&Defaults>) -> Self {
        let policy = object.policy();
        Self {
            management: policy.management.unwrap_or_default(),
            deletion: K::DELETION.or(policy.deletion).or(defaults.and_then(|defaults| defaults.deletion_policy)).unwrap_or_default(),
            drift: policy.drift.or(defaults.and_then(|defaults| defaults.drift_policy)).unwrap_or_default(),
        }
    }

    /// Whether the cloud resource outlives the object.
    pub fn retain(self) -> bool {
        self.deletion == DeletionPolicy::Retain || self.management == Management::ObserveOnly
    }
}

impl<'a, K: Kind> Context<'a, K> {
    /// Begins an attempt on the newest version of an object, for which it takes the object's state.
    pub fn begin(reconciler: &'a Arc<Reconciler<K>>, object: &'a Arc<K::Object>, uid: &'a str, account_name: &'a str) -> Self {
        Self {
            reconciler,
            object,
            uid,
            key: Reconciler::<K>::key(object),
            generation: object.meta().generation,
            is_deleting: object.meta().deletion_timestamp.is_some(),
            status: object.status().cloned().unwrap_or_default(),
            references: K::references(object),
            account_name,
            state: reconciler.states.begin(uid, object, account_name),
        }
    }

    /// Whether the user accepted that the deletion leaves the resource behind in the cloud.
    pub fn is_abandoned(&self) -> bool {
        self.is_deleting && is_annotated(self.object, ABANDON_ANNOTATION)
    }

    /// Nothing in the cloud is waited for any more.
    pub fn await_nothing(&mut self) {
        self.reconciler.states.track(self.uid, |tracked| tracked.awaits_list = false);
        self.state.polling.active = None;
    }

    /// The next LIST wakes the object, whatever it shows.
    pub fn await_list(&self) {
        self.reconciler.states.track(self.uid, |tracked| tracked.awaits_list = true);
    }

    /// While the cloud is expected to change by itself, the cache is refreshed at the active interval.
    pub fn await_change(&mut self, expected: bool, cache: &CloudCache<K::Listed>) {
        self.reconciler.states.track(self.uid, |tracked| tracked.awaits_list = expected);
        self.state.polling.active = expected.then(|| cache.poll_actively(self.state.polling.active.take()));
    }

    /// A change of this listed item wakes the object.
    pub fn watch_item(&self, listed_id: &str) {
        self.reconciler.states.track(self.uid, |tracked| tracked.watched.insert(listed_id.to_owned()));
    }
}

/// Whether `annotation` is set to `true`.
pub(super) fn is_annotated(object: &impl Resource, annotation: &str) -> bool {
    object.annotations().get(annotation).is_some_and(|value| value == "true")
}
