//! Which objects are gone, also those that were deleted while the watch was interrupted: it then lists all objects again, and an object that was
//! known and is not listed is gone.

use kube::ResourceExt;
use kube::runtime::watcher::Event;
use std::collections::HashMap;

/// Tracks the objects of one watch by its events.
#[derive(Debug, Default)]
pub struct Relist {
    known: HashMap<Place, String>,
    listed: HashMap<Place, String>,
}

/// Namespace (empty for an object without one) and name.
pub type Place = (String, String);

/// An object that is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    pub place: Place,
    pub uid: String,
    /// Another object has its place now.
    pub replaced: bool,
}

impl Relist {
    /// The places of all objects that exist.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        self.known.keys()
    }

    /// Takes an event and returns the objects that it shows to be gone.
    pub fn take<K: ResourceExt>(&mut self, event: &Event<K>) -> Vec<Gone> {
        let read = |object: &K| ((object.namespace().unwrap_or_default(), object.name_any()), object.uid().unwrap_or_default());
        match event {
            Event::Init => {
                self.listed.clear();
                Vec::new()
            }
            Event::InitApply(object) => {
                self.listed.extend([read(object)]);
                Vec::new()
            }
            Event::InitDone => {
                let listed = std::mem::take(&mut self.listed);
                let gone = self.known.drain().filter(|(place, uid)| listed.get(place) != Some(uid));
                let gone = gone.map(|(place, uid)| Gone { replaced: listed.contains_key(&place), place, uid }).collect();
                self.known = listed;
                gone
            }
            Event::Apply(object) => {
                let (place, uid) = read(object);
                let old = self.known.insert(place.clone(), uid.clone()).filter(|old| *old != uid);
                old.map(|uid| Gone { place, uid, replaced: true }).into_iter().collect()
            }
            Event::Delete(object) => {
                let (place, uid) = read(object);
                self.known.remove(&place);
                vec![Gone { place, uid, replaced: false }]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::api::core::v1::Secret;

    fn secret(name: &str, uid: &str) -> Secret {
        let mut secret = Secret::default();
        (secret.metadata.name, secret.metadata.namespace, secret.metadata.uid) = (Some(name.into()), Some("team".into()), Some(uid.into()));
        secret
    }

    fn sorted(gone: Vec<Gone>) -> Vec<(String, String, bool)> {
        let mut gone: Vec<_> = gone.into_iter().map(|gone| (gone.place.1, gone.uid, gone.replaced)).collect();
        gone.sort();
        gone
    }

    #[test]
    fn what_is_not_listed_again_is_gone() {
        let mut relist = Relist::default();
        for event in [Event::Init, Event::InitApply(secret("a", "1")), Event::InitApply(secret("b", "2")), Event::InitDone] {
            assert!(relist.take(&event).is_empty());
        }
        assert!(relist.take(&Event::Apply(secret("c", "3"))).is_empty());
        assert!(relist.take(&Event::Apply(secret("c", "3"))).is_empty());
        assert_eq!(sorted(relist.take(&Event::Delete(secret("a", "1")))), [("a".into(), "1".into(), false)]);
        // While the watch is interrupted, b is deleted and c is deleted and created again.
        for event in [Event::Init, Event::InitApply(secret("c", "4"))] {
            assert!(relist.take(&event).is_empty());
        }
        let gone = sorted(relist.take(&Event::<Secret>::InitDone));
        assert_eq!(gone, [("b".into(), "2".into(), false), ("c".into(), "3".into(), true)]);
    }
}
