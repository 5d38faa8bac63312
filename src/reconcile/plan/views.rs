//! The collections of one account as a plan sees them.

use std::any::Any;
use std::collections::BTreeMap;

use crate::cache::View;
use crate::cloud::Listed;

/// The collections, by the key of their LIST.
#[derive(Default)]
pub struct Views(BTreeMap<&'static str, Box<dyn Collection>>);

/// A view of any collection.
trait Collection: Any + Send + Sync {
    /// Whether it shows a resource with this ID.
    fn has(&self, id: &str) -> bool;
}

impl<R: Listed> Collection for View<R> {
    fn has(&self, id: &str) -> bool {
        self.get(id).is_some()
    }
}

impl Views {
    /// A collection, if it is known.
    #[must_use]
    pub fn get<R: Listed>(&self) -> Option<&View<R>> {
        let collection: &dyn Any = self.0.get(R::PLURAL)?.as_ref();
        collection.downcast_ref()
    }

    /// A collection; of one that is not known yet nothing is there.
    pub fn get_mut<R: Listed>(&mut self) -> Option<&mut View<R>> {
        let collection = self.0.entry(R::PLURAL).or_insert_with(|| Box::new(View::<R>::of(Vec::new())));
        let collection: &mut dyn Any = collection.as_mut();
        collection.downcast_mut()
    }

    /// Takes a collection as it was read.
    pub fn set<R: Listed>(&mut self, view: View<R>) {
        self.0.insert(R::PLURAL, Box::new(view));
    }

    /// Whether any collection shows a resource with this ID.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.0.values().any(|collection| collection.has(id))
    }
}
