//! Events of objects.

use k8s_openapi::api::core::v1::ObjectReference;
use kube::Client;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};

use crate::api::FIELD_MANAGER;

/// Publishes an event about an object. One that can't be written is only logged.
pub async fn publish(client: Client, about: &ObjectReference, type_: EventType, reason: &str, action: &'static str, note: String) {
    let event = Event { type_, reason: reason.to_owned(), note: Some(note), action: action.to_owned(), secondary: None };
    let reporter = Reporter { controller: FIELD_MANAGER.into(), instance: std::env::var("HOSTNAME").ok() };
    // A recorder keeps its events for minutes, searches all of them for each new one, and reports a repeated event only by its count, without its
    // note. No event here repeats another, so each one has a recorder of its own.
    if let Err(error) = Recorder::new(client, reporter).publish(&event, about).await {
        tracing::debug!(%error, "event not written");
    }
}
