//! Merges watches of several namespaces into the events of a single watch.
//!
//! A reflector removes all objects that are not listed between `Init` and `InitDone`, and those who wait for the cache wait for `InitDone`. So the
//! first lists are held back until all are complete, and passed on as one. No later list is passed on: an object that a watch lists again becomes
//! an `Apply`, and one that it listed before and does not list again becomes a `Delete`. The objects of the other watches stay as they are.

use futures::stream::{self, BoxStream, StreamExt};
use kube::ResourceExt;
use kube::runtime::watcher::{Error, Event};
use std::collections::{HashMap, HashSet};

use super::relist::Place;

/// Events of all `watches`, whose objects MUST NOT overlap. Errors are passed on: a watch restarts by itself.
#[must_use]
pub fn merge<K, W>(mut watches: Vec<W>) -> BoxStream<'static, Result<Event<K>, Error>>
where
    K: ResourceExt + Clone + Send + 'static,
    W: stream::Stream<Item = Result<Event<K>, Error>> + Send + 'static,
{
    // A single watch, the usual case, needs no copy of its objects.
    if watches.len() == 1
        && let Some(only) = watches.pop()
    {
        return only.boxed();
    }
    let mut merged = Merged::new(watches.len());
    let numbered = watches.into_iter().enumerate().map(|(source, watch)| watch.map(move |event| (source, event)).boxed());
    stream::select_all(numbered)
        .flat_map(move |(source, event)| {
            stream::iter(match event {
                Ok(event) => merged.take(source, event).into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error)],
            })
        })
        .boxed()
}

/// The objects of all watches.
struct Merged<K> {
    sources: Vec<Source<K>>,
    /// All first lists were complete and have been passed on.
    is_filled: bool,
}

struct Source<K> {
    objects: HashMap<Place, K>,
    /// Objects of the list that is being read, if there is one.
    listed: HashSet<Place>,
    is_complete: bool,
}

impl<K: ResourceExt + Clone> Merged<K> {
    fn new(count: usize) -> Self {
        let source = || Source { objects: HashMap::new(), listed: HashSet::new(), is_complete: false };
        Self { sources: (0..count).map(|_| source()).collect(), is_filled: false }
    }

    /// The events to pass on for an event of one watch.
    fn take(&mut self, source: usize, event: Event<K>) -> Vec<Event<K>> {
        let Some(source) = self.sources.get_mut(source) else { return Vec::new() };
        let events = source.take(event);
        if self.is_filled {
            return events;
        }
        self.is_filled = self.sources.iter().all(|source| source.is_complete);
        if !self.is_filled {
            return Vec::new();
        }
        let all = self.sources.iter().flat_map(|source| source.objects.values().cloned().map(Event::InitApply));
        std::iter::once(Event::Init).chain(all).chain(std::iter::once(Event::InitDone)).collect()
    }
}

impl<K: ResourceExt + Clone> Source<K> {
    /// The event as `Apply` and `Delete`.
    fn take(&mut self, event: Event<K>) -> Vec<Event<K>> {
        match event {
            Event::Init => {
                self.listed.clear();
                Vec::new()
            }
            Event::InitApply(object) => {
                let place = place(&object);
                self.listed.insert(place.clone());
                self.objects.insert(place, object.clone());
                vec![Event::Apply(object)]
            }
            Event::InitDone => {
                self.is_complete = true;
                let listed = std::mem::take(&mut self.listed);
                self.objects.extract_if(|place, _| !listed.contains(place)).map(|(_, object)| Event::Delete(object)).collect()
            }
            Event::Apply(object) => {
                self.objects.insert(place(&object), object.clone());
                vec![Event::Apply(object)]
            }
            Event::Delete(object) => {
                self.objects.remove(&place(&object));
                vec![Event::Delete(object)]
            }
        }
    }
}

fn place(object: &impl ResourceExt) -> Place {
    (object.namespace().unwrap_or_default(), object.name_any())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::watch::relist::Relist;
    use k8s_openapi::api::core::v1::Secret;
    use kube::runtime::reflector::{self, Store};
    use std::pin::pin;
    use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
    use tokio_stream::wrappers::UnboundedReceiverStream;

    type Told = Result<Event<Secret>, Error>;

    fn secret(namespace: &str, name: &str, uid: &str) -> Secret {
        let mut secret = Secret::default();
        (secret.metadata.name, secret.metadata.namespace) = (Some(name.into()), Some(namespace.into()));
        secret.metadata.uid = Some(uid.into());
        secret
    }

    /// Two watches, and what a reflector and a `Relist` make of both together.
    struct Two {
        sources: [UnboundedSender<Told>; 2],
        events: BoxStream<'static, Told>,
        store: Store<Secret>,
        relist: Relist,
    }

    impl Two {
        fn new() -> Self {
            let (a, from_a) = unbounded_channel();
            let (b, from_b) = unbounded_channel();
            let (store, writer) = reflector::store();
            let merged = merge([from_a, from_b].map(UnboundedReceiverStream::new).into());
            Self { sources: [a, b], events: reflector::reflector(writer, merged).boxed(), store, relist: Relist::default() }
        }

        /// Sends the events of one watch and returns what is told: the kinds of events, and the uids of those that are gone.
        async fn tell(&mut self, source: usize, events: Vec<Told>) -> (Vec<String>, Vec<String>) {
            for event in events {
                self.sources[source].send(event).unwrap();
            }
            let (mut told, mut gone) = (Vec::new(), Vec::new());
            let mut events = pin!(&mut self.events);
            while let std::task::Poll::Ready(Some(event)) = futures::poll!(events.next()) {
                let name = |object: &Secret| object.name_any();
                told.push(match &event {
                    Ok(Event::Init) => "init".to_owned(),
                    Ok(Event::InitApply(object)) => format!("listed {}", name(object)),
                    Ok(Event::InitDone) => "done".to_owned(),
                    Ok(Event::Apply(object)) => format!("applied {}", name(object)),
                    Ok(Event::Delete(object)) => format!("deleted {}", name(object)),
                    Err(_) => "error".to_owned(),
                });
                gone.extend(event.iter().flat_map(|event| self.relist.take(event)).map(|gone| gone.uid));
            }
            (told, gone)
        }

        fn stored(&self) -> Vec<String> {
            let mut names: Vec<String> = self.store.state().iter().map(|object| object.name_any()).collect();
            names.sort();
            names
        }

        /// Filled with `a-1` and `a-2` of one namespace, and `b-1` of another.
        async fn filled() -> Self {
            let mut two = Self::new();
            two.tell(0, list(&[secret("a", "a-1", "1"), secret("a", "a-2", "2")])).await;
            two.tell(1, list(&[secret("b", "b-1", "3")])).await;
            assert_eq!(two.stored(), ["a-1", "a-2", "b-1"]);
            two
        }
    }

    fn list(objects: &[Secret]) -> Vec<Told> {
        let objects = objects.iter().cloned().map(|object| Ok(Event::InitApply(object)));
        std::iter::once(Ok(Event::Init)).chain(objects).chain([Ok(Event::InitDone)]).collect()
    }

    fn nothing() -> (Vec<String>, Vec<String>) {
        (Vec::new(), Vec::new())
    }

    #[tokio::test]
    async fn the_first_list_is_told_when_all_are_in() {
        let mut two = Two::new();
        assert_eq!(two.tell(0, list(&[secret("a", "a-1", "1")])).await, nothing());
        // Changes of what is complete, while the other is not.
        let more = vec![Ok(Event::Apply(secret("a", "a-2", "2"))), Ok(Event::Delete(secret("a", "a-1", "1")))];
        assert_eq!(two.tell(0, more).await, nothing());
        assert_eq!(two.tell(1, vec![Ok(Event::Init), Ok(Event::InitApply(secret("b", "b-1", "3")))]).await, nothing());
        assert_eq!(two.stored(), [""; 0]);
        let (told, gone) = two.tell(1, vec![Ok(Event::InitDone)]).await;
        assert_eq!((told, gone), (["init", "listed a-2", "listed b-1", "done"].map(str::to_owned).into(), vec![]));
        assert_eq!(two.stored(), ["a-2", "b-1"]);
    }

    #[tokio::test]
    async fn a_first_list_that_breaks_off_begins_anew() {
        let mut two = Two::new();
        two.tell(0, list(&[])).await;
        let broken = vec![Ok(Event::Init), Ok(Event::InitApply(secret("b", "b-1", "3"))), Err(Error::NoResourceVersion)];
        assert_eq!(two.tell(1, broken).await, (vec!["error".to_owned()], vec![]));
        let (told, _) = two.tell(1, list(&[secret("b", "b-2", "4")])).await;
        assert_eq!(told, ["init", "listed b-2", "done"]);
        assert_eq!(two.stored(), ["b-2"]);
    }

    #[tokio::test]
    async fn a_list_of_one_says_nothing_of_the_others() {
        let mut two = Two::filled().await;
        // a-1 went meanwhile, a-2 was made anew, a-3 is new.
        let (told, gone) = two.tell(0, list(&[secret("a", "a-2", "5"), secret("a", "a-3", "6")])).await;
        assert_eq!(told, ["applied a-2", "applied a-3", "deleted a-1"]);
        assert_eq!(gone, ["2", "1"]);
        assert_eq!(two.stored(), ["a-2", "a-3", "b-1"]);
        // The namespace is emptied.
        let (_, mut gone) = two.tell(0, list(&[])).await;
        gone.sort();
        assert_eq!((gone, two.stored()), (vec!["5".to_owned(), "6".to_owned()], vec!["b-1".to_owned()]));
    }

    #[tokio::test]
    async fn an_error_of_one_changes_nothing() {
        let mut two = Two::filled().await;
        assert_eq!(two.tell(0, vec![Err(Error::NoResourceVersion), Ok(Event::Init)]).await, (vec!["error".to_owned()], vec![]));
        assert_eq!(
            two.tell(1, vec![Ok(Event::Delete(secret("b", "b-1", "3")))]).await,
            (vec!["deleted b-1".to_owned()], vec!["3".to_owned()])
        );
        // The list under way is broken off once more: what it had not listed yet is still there.
        assert_eq!(two.tell(0, vec![Ok(Event::InitApply(secret("a", "a-2", "2"))), Ok(Event::Init)]).await.1, [""; 0]);
        assert_eq!(two.stored(), ["a-1", "a-2"]);
        assert_eq!(two.tell(0, list(&[secret("a", "a-2", "2")])).await.1, ["1"]);
        assert_eq!(two.stored(), ["a-2"]);
    }
}
