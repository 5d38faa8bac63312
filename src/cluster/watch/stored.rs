//! Objects as they are stored: read one by one, so that one that can't be read does not stop the watch of its kind.
//!
//! An object can be stored in a form that the operator's type does not take: written by another version of the definition, restored from a backup, or
//! edited while the definition was relaxed. It counts as there, and nothing is done for it until it can be read.

use kube::core::ObjectMeta;
use kube::runtime::events::EventType;
use kube::runtime::watcher::Event;
use kube::{Client, Resource, ResourceExt};
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::relist::Place;
use crate::cluster::events;
use crate::telemetry::metrics::table::UNREADABLE;
use crate::telemetry::metrics::{Readings, Source};

/// An object of a watch.
#[derive(Clone, Debug)]
pub enum Stored<K> {
    Readable(Box<K>),
    Unreadable(Box<Unreadable>),
}

/// What is known of an object that can't be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Unreadable {
    pub metadata: ObjectMeta,
    /// The field, and what is wrong with it.
    pub error: String,
    /// All of it, as it is stored.
    pub object: Value,
}

impl<'de, K: DeserializeOwned> Deserialize<'de> for Stored<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// Every object has it, whatever the rest is like.
        #[derive(Deserialize)]
        struct Meta {
            #[serde(default)]
            metadata: ObjectMeta,
        }
        let object = Value::deserialize(deserializer)?;
        match serde_path_to_error::deserialize::<_, K>(&object) {
            Ok(readable) => Ok(Self::Readable(Box::new(readable))),
            Err(error) => {
                let Meta { metadata } = Meta::deserialize(&object).map_err(serde::de::Error::custom)?;
                Ok(Self::Unreadable(Box::new(Unreadable { metadata, error: error.to_string(), object })))
            }
        }
    }
}

impl<K: Resource> Resource for Stored<K> {
    type DynamicType = K::DynamicType;
    type Scope = K::Scope;

    fn kind(dt: &Self::DynamicType) -> Cow<'_, str> {
        K::kind(dt)
    }

    fn group(dt: &Self::DynamicType) -> Cow<'_, str> {
        K::group(dt)
    }

    fn version(dt: &Self::DynamicType) -> Cow<'_, str> {
        K::version(dt)
    }

    fn plural(dt: &Self::DynamicType) -> Cow<'_, str> {
        K::plural(dt)
    }

    fn meta(&self) -> &ObjectMeta {
        match self {
            Self::Readable(object) => object.meta(),
            Self::Unreadable(unreadable) => &unreadable.metadata,
        }
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        match self {
            Self::Readable(object) => object.meta_mut(),
            Self::Unreadable(unreadable) => &mut unreadable.metadata,
        }
    }
}

/// The event for those who can only work with readable objects: one that can't be read any more is gone for them. `last` is how it was last read.
pub fn readable<K>(event: Event<Stored<K>>, last: impl FnOnce(&ObjectMeta) -> Option<K>) -> Option<Event<K>> {
    match event {
        Event::Init => Some(Event::Init),
        Event::InitDone => Some(Event::InitDone),
        Event::InitApply(Stored::Readable(object)) => Some(Event::InitApply(*object)),
        // What is not among those that are listed is gone.
        Event::InitApply(Stored::Unreadable(_)) => None,
        Event::Apply(Stored::Readable(object)) => Some(Event::Apply(*object)),
        Event::Delete(Stored::Readable(object)) => Some(Event::Delete(*object)),
        Event::Apply(Stored::Unreadable(unreadable)) | Event::Delete(Stored::Unreadable(unreadable)) => {
            last(&unreadable.metadata).map(Event::Delete)
        }
    }
}

/// The objects of one kind that can't be read. Each is reported once: in the log, by an event on it, and while it lasts by a metric.
pub struct UnreadableObjects {
    kind: &'static str,
    client: Client,
    known: Mutex<HashMap<Place, Known>>,
}

struct Known {
    error: String,
    /// The list that is being read, or was last read, has it.
    is_listed: bool,
}

impl UnreadableObjects {
    #[must_use]
    pub fn new(kind: &'static str, client: Client) -> Self {
        Self { kind, client, known: Mutex::default() }
    }

    /// Takes an event of the watch.
    pub fn take<K: Resource<DynamicType = ()>>(&self, event: &Event<Stored<K>>) {
        match event {
            Event::Init => self.known().values_mut().for_each(|known| known.is_listed = false),
            Event::InitDone => self.known().retain(|_, known| known.is_listed),
            Event::InitApply(object) | Event::Apply(object) => match object {
                Stored::Readable(_) => self.mended(object),
                Stored::Unreadable(unreadable) => self.found(object, unreadable),
            },
            Event::Delete(object) => _ = self.known().remove(&place(object)),
        }
    }

    fn mended<K: Resource>(&self, object: &Stored<K>) {
        let (namespace, name) = place(object);
        if self.known().remove(&(namespace.clone(), name.clone())).is_some() {
            tracing::info!(kind = self.kind, namespace, name, "the object can be read again");
        }
    }

    fn found<K: Resource<DynamicType = ()>>(&self, object: &Stored<K>, unreadable: &Unreadable) {
        let Unreadable { metadata: _, error, object: _ } = unreadable;
        let (namespace, name) = place(object);
        let known = Known { error: error.clone(), is_listed: true };
        let before = self.known().insert((namespace.clone(), name.clone()), known);
        if before.is_some_and(|before| before.error == *error) {
            return;
        }
        tracing::warn!(kind = self.kind, namespace, name, error, "the object can't be read: nothing is done for it until it is corrected");
        let note = format!("the object can't be read, and nothing is done for it until it is corrected: {error}");
        let (client, about) = (self.client.clone(), object.object_ref(&()));
        tokio::spawn(async move { events::publish(client, &about, EventType::Warning, "Unreadable", "Reconcile", note).await });
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Place, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source for UnreadableObjects {
    fn read(&self, readings: &mut Readings) {
        readings.count(&UNREADABLE, [self.kind], self.known().len());
    }
}

fn place(object: &impl Resource) -> Place {
    (object.namespace().unwrap_or_default(), object.name_any())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::VirtualInterface;
    use serde_json::json;

    fn stored(vlan: &Value) -> Stored<VirtualInterface> {
        let object = json!({
            "apiVersion": "directconnect.huaweicloud.com/v1alpha1", "kind": "VirtualInterface",
            "metadata": { "name": "vif", "namespace": "team", "uid": "1" },
            "spec": {
                "vlan": vlan, "bandwidth": 50, "routeMode": "static", "localGatewayIp": "10.0.0.1/30", "remoteGatewayIp": "10.0.0.2/30",
            },
            "status": { "id": "cloud-1" },
        });
        serde_json::from_value(object).unwrap()
    }

    #[test]
    fn one_that_can_not_be_read_is_known_by_name_and_field() {
        let Stored::Readable(readable) = stored(&json!(31)) else { panic!("it is readable") };
        assert_eq!(readable.spec.vlan, 31);
        let unreadable = stored(&json!("31"));
        assert_eq!((unreadable.name_any().as_str(), unreadable.namespace().as_deref()), ("vif", Some("team")));
        let Stored::Unreadable(unreadable) = unreadable else { panic!("it is not readable") };
        assert!(unreadable.error.starts_with("spec.vlan: "), "{}", unreadable.error);
        assert_eq!(unreadable.object["status"]["id"], "cloud-1");
    }

    #[test]
    fn for_others_it_is_gone_until_it_can_be_read_again() {
        let text = |event: Option<Event<VirtualInterface>>| match event {
            None => "nothing".to_owned(),
            Some(Event::Init | Event::InitDone) => "list".to_owned(),
            Some(Event::InitApply(_)) => "listed".to_owned(),
            Some(Event::Apply(_)) => "applied".to_owned(),
            Some(Event::Delete(_)) => "deleted".to_owned(),
        };
        let last = || match stored(&json!(31)) {
            Stored::Readable(object) => Some(*object),
            Stored::Unreadable(_) => None,
        };
        let (good, odd) = (|| stored(&json!(31)), || stored(&json!("31")));
        let rows = [
            (Event::Init, "list"),
            (Event::InitApply(good()), "listed"),
            (Event::InitApply(odd()), "nothing"),
            (Event::InitDone, "list"),
            (Event::Apply(good()), "applied"),
            (Event::Apply(odd()), "deleted"),
            (Event::Delete(good()), "deleted"),
            (Event::Delete(odd()), "deleted"),
        ];
        for (event, expected) in rows {
            assert_eq!(text(readable(event, |_| last())), expected);
        }
        assert_eq!(text(readable(Event::Apply(odd()), |_| None)), "nothing", "it was never readable");
    }
}
