//! Events of objects.

use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::PostParams;
use kube::core::ObjectMeta;
use kube::runtime::events::EventType;
use kube::{Api, Client};

use crate::api::FIELD_MANAGER;

/// Longest name of an object.
const NAME_LIMIT: usize = 253;
/// Longest note of an event, in bytes.
const NOTE_LIMIT: usize = 1024;

/// Publishes an event about an object. One that can't be written is only logged.
///
/// The recorder of kube-runtime names an event by the whole name of its object, so that none is written about an object with a long name.
pub async fn publish(client: Client, about: &ObjectReference, type_: EventType, reason: &str, action: &'static str, note: String) {
    let event = event(about, type_, reason, action, note, jiff::Timestamp::now());
    let events = Api::<Event>::namespaced(client, about.namespace.as_deref().unwrap_or("default"));
    if let Err(error) = events.create(&PostParams::default(), &event).await {
        tracing::debug!(%error, "event not written");
    }
}

fn event(about: &ObjectReference, type_: EventType, reason: &str, action: &'static str, mut note: String, now: jiff::Timestamp) -> Event {
    let unique = format!(".{:x}", now.as_nanosecond());
    let name = about.name.as_deref().unwrap_or(FIELD_MANAGER);
    // Cut, it may not end in what no part of a name can end in.
    let name = name[..name.floor_char_boundary(NAME_LIMIT - unique.len())].trim_end_matches(['-', '.']);
    note.truncate(note.floor_char_boundary(NOTE_LIMIT));
    Event {
        metadata: ObjectMeta { name: Some(format!("{name}{unique}")), ..ObjectMeta::default() },
        regarding: Some(about.clone()),
        type_: Some(match type_ {
            EventType::Normal => "Normal".to_owned(),
            EventType::Warning => "Warning".to_owned(),
        }),
        reason: Some(reason.to_owned()),
        action: Some(action.to_owned()),
        note: Some(note),
        event_time: Some(MicroTime(now)),
        reporting_controller: Some(FIELD_MANAGER.to_owned()),
        reporting_instance: Some(std::env::var("HOSTNAME").unwrap_or_else(|_| FIELD_MANAGER.to_owned())),
        ..Event::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_and_a_long_note_are_cut() {
        let now = "2026-04-25T09:30:00Z".parse().unwrap();
        let name = |name: &str| {
            let about = ObjectReference { name: Some(name.to_owned()), ..ObjectReference::default() };
            let event = event(&about, EventType::Normal, "Created", "Create", "ä".repeat(600), now);
            assert_eq!(event.note.map(|note| note.len()), Some(1024));
            assert_eq!(event.regarding.and_then(|about| about.name).as_deref(), Some(name));
            event.metadata.name.unwrap()
        };
        assert_eq!(name("office"), "office.18a98f957201f000");
        let long = "n".repeat(253);
        assert_eq!(name(&long), format!("{}.18a98f957201f000", "n".repeat(236)));
        let dashes = format!("{}--{}", "n".repeat(234), "n".repeat(17));
        assert_eq!(name(&dashes), format!("{}.18a98f957201f000", "n".repeat(234)));
    }
}
