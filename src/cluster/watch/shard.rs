//! Which objects this operator manages, if several operators share a cluster: those of some namespaces, those with some labels, or both.
//!
//! A shard has gateways, interfaces and peers. Accounts, namespaces, Secrets and grants belong to all shards. Each namespace has a watch of its
//! own, so that permissions in these namespaces suffice.

use kube::Resource;
use kube::api::ListParams;
use kube::core::NamespaceResourceScope;
use kube::runtime::{WatchStreamExt, watcher};
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::fmt::Debug;

use super::merge;
use super::stored::Stored;
use super::strip_metadata::strip_metadata;
use crate::cluster::apis_in;
use crate::cluster::finalizer::RenamedFinalizer;
use crate::graph::owner::short_hash;

/// The objects that one operator manages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shard {
    /// Distinguishes the shards of a cluster. Stays the same when the other two change.
    pub name: Option<String>,
    /// Namespaces of the objects; all when empty.
    pub namespaces: BTreeSet<String>,
    /// Label selector of the objects; all when absent. The API server parses it.
    pub selector: Option<String>,
}

impl Shard {
    /// Whether it has all objects of the cluster.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.namespaces.is_empty() && self.selector.is_none()
    }

    /// The finalizer `prefix` of this shard, which differs from those of other shards on the same object.
    #[must_use]
    pub fn finalizer(&self, prefix: &str) -> RenamedFinalizer {
        let suffixed = |suffix: &str| format!("{prefix}.{suffix}");
        let former = match (&self.name, self.is_whole()) {
            (None, _) => Vec::new(),
            // No other operator can have added it.
            (Some(_), true) => vec![prefix.to_owned()],
            (Some(_), false) => vec![suffixed(&self.hash())],
        };
        RenamedFinalizer { name: self.name.as_deref().map_or_else(|| prefix.to_owned(), suffixed), former }
    }

    /// Stood for the shard before shards had names: of the namespaces, and of the requirements on labels in the order of their texts.
    fn hash(&self) -> String {
        let namespaces = self.namespaces.iter().map(String::as_str).collect::<Vec<_>>().join(",");
        let Some(selector) = &self.selector else { return short_hash(&namespaces) };
        let mut depth = 0;
        let requirements = selector.split(|sign| {
            depth += i32::from(sign == '(') - i32::from(sign == ')');
            sign == ',' && depth == 0
        });
        let requirements: BTreeSet<&str> = requirements.map(str::trim).collect();
        short_hash(&format!("{namespaces}|{}", requirements.into_iter().collect::<Vec<_>>().join(",")))
    }

    /// The watch of its objects of one kind, which are listed in pages of this size.
    pub fn watch<K>(
        &self,
        client: &kube::Client,
        page: u32,
    ) -> impl futures::Stream<Item = watcher::Result<watcher::Event<Stored<K>>>> + Send + use<K>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + DeserializeOwned + Debug + Send + 'static,
    {
        let config = watcher::Config::default().page_size(page);
        let config = self.selector.iter().fold(config, |config, selector| config.labels(selector));
        let watches = apis_in::<Stored<K>>(&self.namespaces, client)
            .into_iter()
            .map(|api| watcher(api, config.clone()).default_backoff().modify(strip_metadata));
        merge::merge(watches.collect())
    }

    /// Asks the API server whether it understands the selector.
    ///
    /// # Errors
    /// The API server refused the request, with code 400 if it does not understand the selector, or was not reached.
    pub async fn try_selector<K>(&self, client: &kube::Client) -> Result<(), kube::Error>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + DeserializeOwned + Debug,
    {
        let (Some(selector), Some(api)) = (&self.selector, apis_in::<K>(&self.namespaces, client).into_iter().next()) else {
            return Ok(());
        };
        api.list_metadata(&ListParams::default().labels(selector).limit(1)).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shard(name: &str, namespaces: &[&str], selector: &str) -> Shard {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Shard { name: some(name), namespaces: namespaces.iter().map(ToString::to_string).collect(), selector: some(selector) }
    }

    #[test]
    fn a_finalizer_is_of_the_shard_s_name_and_takes_over_what_was_of_its_hash() {
        // Former names as earlier versions derived them.
        let rows = [
            (shard("", &[], ""), "in-use", None),
            (shard("all", &[], ""), "in-use.all", Some("in-use".to_owned())),
            (shard("a", &["team"], ""), "in-use.a", Some(format!("in-use.{}", short_hash("team")))),
            (shard("a", &["b", "a"], "y=2, x=1"), "in-use.a", Some(format!("in-use.{}", short_hash("a,b|x=1,y=2")))),
            (shard("a", &[], "team notin (a,b),team"), "in-use.a", Some(format!("in-use.{}", short_hash("|team,team notin (a,b)")))),
        ];
        for (shard, name, former) in rows {
            let finalizer = shard.finalizer("in-use");
            assert_eq!((finalizer.name.as_str(), finalizer.former.first()), (name, former.as_ref()), "{shard:?}");
        }
    }
}
