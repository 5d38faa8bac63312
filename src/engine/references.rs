//! Who refers to whom: one index over all kinds, fed by their watches.
//!
//! It answers the two questions of a pass (is what I refer to ready? who refers to me?) and wakes those whom a change concerns, so that
//! nobody waits on a timer. It holds a card of each object, not the object.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc::UnboundedSender;

use crate::api::WaitingFor;

/// Names one object.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Kind, e.g. `VirtualGateway`.
    pub kind: &'static str,
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
}

/// What others need to know of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Card {
    /// The cloud's id, once known.
    pub id: Option<String>,
    /// Its condition `Ready` is true and it is not being deleted.
    pub ready: bool,
    /// Objects that it refers to.
    pub needs: Vec<Key>,
}

/// The index.
#[derive(Default)]
pub struct Index {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    cards: HashMap<Key, Card>,
    needed_by: HashMap<Key, BTreeSet<Key>>,
    wakers: HashMap<&'static str, UnboundedSender<Key>>,
}

impl Index {
    /// Wakes for `kind` go to `waker` from now on.
    pub fn register(&self, kind: &'static str, waker: UnboundedSender<Key>) {
        self.state().wakers.insert(kind, waker);
    }

    /// Takes the present card of an object.
    pub fn apply(&self, key: &Key, card: Card) {
        let mut state = self.state();
        for need in &card.needs {
            state.needed_by.entry(need.clone()).or_default().insert(key.clone());
        }
        let (id, ready) = (card.id.clone(), card.ready);
        let needs = card.needs.clone();
        let old = state.cards.insert(key.clone(), card);
        for gone in old.iter().flat_map(|old| &old.needs).filter(|need| !needs.contains(need)) {
            state.unlink(key, gone);
        }
        if old.is_none_or(|old| old.id != id || old.ready != ready) {
            state.wake_dependants(key);
        }
    }

    /// The object is gone.
    pub fn forget(&self, key: &Key) {
        let mut state = self.state();
        let Some(card) = state.cards.remove(key) else { return };
        for need in &card.needs {
            state.unlink(key, need);
        }
        state.wake_dependants(key);
    }

    /// The card of an object, if there is one.
    #[must_use]
    pub fn card(&self, key: &Key) -> Option<Card> {
        self.state().cards.get(key).cloned()
    }

    /// Objects that refer to `key`, as `namespace` may see them: names of another namespace are not told.
    #[must_use]
    pub fn dependants(&self, key: &Key) -> Vec<WaitingFor> {
        let state = self.state();
        let dependants = state.needed_by.get(key).into_iter().flatten();
        dependants.map(|dependant| dependant.seen_from(&key.namespace)).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// `key` no longer needs `need`, which may have waited for that.
    fn unlink(&mut self, key: &Key, need: &Key) {
        if let Some(keys) = self.needed_by.get_mut(need) {
            keys.remove(key);
            if keys.is_empty() {
                self.needed_by.remove(need);
            }
        }
        self.wake(need);
    }

    fn wake_dependants(&self, key: &Key) {
        for dependant in self.needed_by.get(key).into_iter().flatten() {
            self.wake(dependant);
        }
    }

    fn wake(&self, key: &Key) {
        if let Some(waker) = self.wakers.get(key.kind) {
            // A controller that has stopped needs no wake.
            let _ = waker.send(key.clone());
        }
    }
}

impl Key {
    /// A `CloudAccount`, which has no namespace.
    #[must_use]
    pub fn account(name: &str) -> Self {
        Self { kind: "CloudAccount", namespace: String::new(), name: name.to_owned() }
    }

    /// As it is named in the status of an object of `namespace`.
    #[must_use]
    pub fn seen_from(&self, namespace: &str) -> WaitingFor {
        let Self { kind, namespace: own, name } = self;
        WaitingFor { kind: (*kind).to_owned(), namespace: (own != namespace).then(|| own.clone()), name: name.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

    fn key(kind: &'static str, name: &str) -> Key {
        Key { kind, namespace: "team".into(), name: name.into() }
    }

    fn woken(receiver: &mut UnboundedReceiver<Key>) -> Vec<String> {
        std::iter::from_fn(|| receiver.try_recv().ok()).map(|key| key.name).collect()
    }

    #[test]
    fn a_change_wakes_those_whom_it_concerns_and_nobody_else() {
        let index = Index::default();
        let (gateways, mut to_gateways) = unbounded_channel();
        let (interfaces, mut to_interfaces) = unbounded_channel();
        index.register("VirtualGateway", gateways);
        index.register("VirtualInterface", interfaces);
        let gateway = key("VirtualGateway", "gw");
        let card = |ready| Card { id: Some("1".into()), ready, needs: vec![] };

        index.apply(&key("VirtualInterface", "a"), Card { needs: vec![gateway.clone()], ..Card::default() });
        index.apply(&key("VirtualInterface", "b"), Card::default());
        index.apply(&gateway, card(false));
        assert_eq!(woken(&mut to_interfaces), ["a"], "the gateway appeared");
        index.apply(&gateway, card(false));
        assert!(woken(&mut to_interfaces).is_empty(), "nothing changed");
        index.apply(&gateway, card(true));
        assert_eq!(woken(&mut to_interfaces), ["a"], "it became ready");
        assert_eq!(index.dependants(&gateway), [WaitingFor { kind: "VirtualInterface".into(), namespace: None, name: "a".into() }]);
        assert!(woken(&mut to_gateways).is_empty());
        index.forget(&key("VirtualInterface", "a"));
        assert_eq!(woken(&mut to_gateways), ["gw"], "its last dependant went");
        assert!(index.dependants(&gateway).is_empty());
    }
}
