//! Wakes the controller of an object, so that nothing is polled for what the graph knows.

use std::collections::HashMap;
use tokio::sync::mpsc::UnboundedSender;

use super::ObjectKey;

#[derive(Default)]
pub(super) struct Wakers {
    by_kind: HashMap<&'static str, UnboundedSender<ObjectKey>>,
}

impl Wakers {
    pub(super) fn register(&mut self, kind: &'static str, waker: UnboundedSender<ObjectKey>) {
        self.by_kind.insert(kind, waker);
    }

    pub(super) fn kinds(&self) -> impl Iterator<Item = &'static str> {
        self.by_kind.keys().copied()
    }

    pub(super) fn wake(&self, key: &ObjectKey) {
        if let Some(waker) = self.by_kind.get(key.kind) {
            // Fails only when the controller has stopped.
            let _ = waker.send(key.clone());
        }
    }

    pub(super) fn wake_all<'a>(&self, keys: impl IntoIterator<Item = &'a ObjectKey>) {
        for key in keys {
            self.wake(key);
        }
    }
}
