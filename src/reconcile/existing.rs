//! What is in the cloud already, with the object that would stand for it. For tools that take it over: the operator itself makes no objects.

use kube::core::object::HasSpec;
use kube::{CustomResourceExt, Resource};
use serde::Deserialize;
use serde::de::Error as _;
use serde_json::{Value, json};
use std::collections::BTreeMap;

use super::kind::{Kind, ResourcePhase};
use crate::api::{ObjectReference, Tags};
use crate::cloud::{Client, CloudError, Item, Listed, Priority};
use crate::graph::owner::OWNER_TAG;

/// Finds the object that stands for a resource, or for a part of one: by its kind and the ID of the resource or of the part.
pub type Refer<'a> = dyn Fn(&'static str, &str) -> Option<ObjectReference> + 'a;

/// Makes the spec of the object for a resource.
type SpecOf = Box<dyn Fn(&Refer<'_>) -> Result<Value, String> + Send + Sync>;

/// A resource that the cloud shows.
pub struct Existing {
    /// Kind of the object that would stand for it.
    pub kind: &'static str,
    pub id: String,
    /// All tags, that of the owner too.
    pub tags: Tags,
    /// IDs of its parts, by their names.
    pub parts: BTreeMap<&'static str, String>,
    pub phase: ResourcePhase,
    /// As `status.observed` would show it.
    pub observed: Value,
    /// Why no object can manage it, if that is so: it can only be observed.
    pub only_observed: Option<&'static str>,
    spec: SpecOf,
}

/// What a collection of the cloud shows for a kind.
#[derive(Default)]
pub struct ExistingResources {
    pub resources: Vec<Existing>,
    /// IDs of items that can't be read, and what is wrong with them.
    pub unreadable: Vec<(String, String)>,
}

impl Existing {
    /// The spec of the object for it, without account and policy. Where `refer` finds an object, the spec refers to it, else it names the ID.
    ///
    /// # Errors
    /// Why no object can stand for it.
    pub fn spec(&self, refer: &Refer<'_>) -> Result<Value, String> {
        (self.spec)(refer)
    }

    /// Value of the tag that names its owner.
    #[must_use]
    pub fn owner(&self) -> Option<&str> {
        self.tags.get(OWNER_TAG).map(String::as_str)
    }

    /// Its name in the cloud; none if it is empty, or if such resources have no names.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.observed.get("name").and_then(Value::as_str).filter(|name| !name.is_empty())
    }

    fn new<K: Kind>(seen: K::Resource) -> Self
    where
        K::Object: CustomResourceExt,
    {
        let observed = K::observed(&seen);
        Self {
            kind: K::NAME,
            id: K::id(&seen).to_owned(),
            tags: K::tags(&seen),
            parts: K::parts(&observed),
            phase: K::phase(&seen),
            observed: serde_json::to_value(&observed).unwrap_or_default(),
            only_observed: K::only_observed(&seen),
            spec: Box::new(move |refer| spec::<K>(&seen, refer)),
        }
    }
}

/// The spec of the object for `seen`, with its import.
fn spec<K: Kind>(seen: &K::Resource, refer: &Refer<'_>) -> Result<Value, String> {
    let spec: <K::Object as HasSpec>::Spec = K::spec_of(seen, refer)?;
    let mut spec = serde_json::to_value(spec).map_err(|error| error.to_string())?;
    let object = json!({
        "apiVersion": K::Object::api_version(&()), "kind": K::NAME, "metadata": { "name": "example" }, "spec": spec,
    });
    let object = K::Object::deserialize(object).map_err(|error| error.to_string())?;
    // What the spec identifies by itself needs no ID, and takes none.
    let import = if K::id_before_create(&object).is_some() { json!({ "naturalKey": true }) } else { json!({ "id": K::id(seen) }) };
    spec.as_object_mut().map(|fields| fields.insert("import".to_owned(), import));
    Ok(spec)
}

/// What an item of the LIST shows for the kind.
pub(super) fn of_item<K: Kind>(item: &Value) -> serde_json::Result<Vec<Existing>>
where
    K::Object: CustomResourceExt,
{
    let text = serde_json::value::to_raw_value(item)?;
    match Item::<K::Listed>::read(&text).map_err(serde_json::Error::custom)? {
        Item::Readable(listed) => Ok(of_listed::<K>(&listed)),
        Item::Unreadable(item) => Err(serde_json::Error::custom(item.problem)),
    }
}

/// What the cloud shows for the kind.
pub(super) async fn of_cloud<K: Kind>(client: &Client) -> Result<ExistingResources, CloudError>
where
    K::Object: CustomResourceExt,
{
    let mut found = ExistingResources::default();
    for item in client.list::<K::Listed>(Priority::Wait).await? {
        match item {
            Item::Readable(listed) => found.resources.extend(of_listed::<K>(&listed)),
            Item::Unreadable(item) => found.unreadable.push((item.told_id().to_owned(), item.problem)),
        }
    }
    Ok(found)
}

fn of_listed<K: Kind>(listed: &K::Listed) -> Vec<Existing>
where
    K::Object: CustomResourceExt,
{
    let all = if listed.is_kept() { K::resources(listed) } else { Vec::new() };
    let own = all.into_iter().filter(|seen| !K::is_told_by_parent(listed, seen));
    own.map(Existing::new::<K>).collect()
}
