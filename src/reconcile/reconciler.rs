//! What all attempts of one kind share, and why an attempt fails.

use kube::Api;
use kube::runtime::reflector::{ObjectRef, Store};
use kube::{Resource, ResourceExt};
use std::sync::Arc;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;

use crate::accounts::Accounts;
use crate::cloud::{CloudError, QueueFull};
use crate::cluster::leader_election::Leadership;
use crate::cluster::status_writer::StatusWriter;
use crate::cluster::watch::stored::UnreadableObjects;
use crate::graph::{Index, ObjectKey};
use crate::shutdown;
use crate::telemetry::metrics::{self, ReconcileResult};

use super::failures::Failures;
use super::kind::Kind;
use super::listeners::Listeners;
use super::namespaces::Namespaces;
use super::object_state::ObjectStates;

/// The reconciler of one kind.
pub struct Reconciler<K: Kind> {
    pub(super) client: kube::Client,
    pub(super) statuses: StatusWriter<K::Object>,
    pub(super) leadership: Leadership,
    pub(super) index: Arc<Index>,
    pub(super) accounts: Arc<Accounts>,
    pub(super) namespaces: Arc<Namespaces>,
    pub(super) states: ObjectStates<K::Object>,
    pub(super) store: Store<K::Object>,
    pub(super) wake: UnboundedSender<ObjectRef<K::Object>>,
    pub(super) listeners: Listeners,
    pub(super) metrics: metrics::Reconcile,
    /// Attempts that failed.
    pub(super) failures: Failures,
    /// Objects that can't be read.
    pub(super) unreadable: UnreadableObjects,
    /// Identifies this cluster in the owner tag.
    pub(super) cluster: String,
    /// An object of a watched namespace that is not known here does not exist: no label selector is set.
    pub(super) whole_namespaces: bool,
    /// True once the process is to end.
    pub(super) stop: watch::Receiver<bool>,
}

/// Why an attempt did not end as decided.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The cloud refused, or gave no answer: reported in the status.
    #[error("the cloud")]
    Cloud(#[source] CloudError),
    /// The API server refused, or gave no answer: it can only be logged.
    #[error("the API server")]
    Kubernetes(#[from] kube::Error),
    /// The rate limiter's queue is full: nobody's error, and nothing to report.
    #[error("the rate limiter")]
    QueueFull(#[from] QueueFull),
    /// The API server gives every object a uid; without one its state would be another object's.
    #[error("the object has no uid")]
    NoUid,
}

impl Failure {
    pub(super) const fn result(&self) -> ReconcileResult {
        match self {
            Self::Cloud(_) => ReconcileResult::CloudError,
            Self::Kubernetes(_) | Self::NoUid => ReconcileResult::KubernetesError,
            Self::QueueFull(_) => ReconcileResult::Waited,
        }
    }
}

impl<K: Kind> Reconciler<K> {
    pub(super) fn key(object: &K::Object) -> ObjectKey {
        ObjectKey { kind: K::NAME, namespace: object.namespace().unwrap_or_default(), name: object.name_any() }
    }

    pub(super) fn api(&self, object: &K::Object) -> Api<K::Object> {
        Api::namespaced(self.client.clone(), &object.namespace().unwrap_or_default())
    }

    /// Resolves when the process is to end.
    pub(super) async fn stopped(&self) {
        shutdown::stopped(self.stop.clone()).await;
    }
}

/// The uid of an object.
pub(super) fn uid(object: &impl Resource) -> Result<&str, Failure> {
    object.meta().uid.as_deref().filter(|uid| !uid.is_empty()).ok_or(Failure::NoUid)
}
