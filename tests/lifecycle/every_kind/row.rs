//! What a row says, and what the tests do with it.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use support::line::{id, object, with};
use support::world::World;

/// Name of the object.
pub const NAME: &str = "it";

/// IDs in the cloud.
pub struct Ids {
    /// Of the objects of [`Row::before`], by their names.
    pub before: BTreeMap<String, String>,
    /// One that no other test uses: the operator goes by all namespaces.
    pub own: String,
}

/// One kind.
pub struct Row {
    pub kind: &'static str,
    /// Objects that it needs, each before those that need it.
    pub before: fn() -> Vec<Value>,
    /// A spec without policy and import; a second object with it stands for the same resource.
    pub spec: fn(&Ids) -> Value,
    /// What `status.observed` shows then, among other fields.
    pub observed: fn() -> Value,
    /// Status of the condition Healthy, where there is one.
    pub healthy: Option<&'static str>,
    /// Columns that are empty.
    pub blank: &'static [&'static str],
    /// The table in the simulator.
    pub table: &'static str,
    /// The kind of the simulator's admin API, and its resource as somebody else would have made it by the spec.
    pub foreign: (&'static str, fn(&Ids) -> Value),
    pub list: &'static str,
    /// `None`: it is never created, and each test begins with a resource of somebody else.
    pub create: Option<&'static str>,
    /// The one that changes the field of [`Row::drift`]. `None`: nothing can change.
    pub update: Option<&'static str>,
    pub delete: Option<&'static str>,
    /// All fields that can change, in the order in which they are changed.
    pub changes: fn() -> Vec<Change>,
    /// A field of the spec, which the spec sets, and what somebody makes of it in the cloud.
    pub drift: fn() -> Drift,
    /// Whether its resource can be imported by its ID.
    pub by_id: bool,
    /// Whether it can be imported by its natural key.
    pub by_natural_key: bool,
    /// The simulator's setting of its quota.
    pub quota: Option<&'static str>,
    /// The switch in `spec.features` of the account.
    pub feature: Option<&'static str>,
}

/// A change of the spec.
pub struct Change {
    pub spec: Value,
    /// Fields of the resource in the cloud that show it.
    pub shown: Value,
    /// The calls that carry it out.
    pub calls: &'static [&'static str],
}

/// A change in the cloud.
pub struct Drift {
    /// Of the spec, e.g. `description`.
    pub field: &'static str,
    /// The cloud's fields as the spec has them.
    pub ours: Value,
    /// What somebody sets.
    pub theirs: Value,
}

impl Row {
    /// A namespace with all that the kind needs.
    pub async fn world(&self) -> (World, Ids) {
        let world = World::new().await;
        let ids = self.furnish(&world).await;
        (world, ids)
    }

    /// The objects that it needs.
    pub async fn furnish(&self, world: &World) -> Ids {
        let number = world.namespace.bytes().filter(u8::is_ascii_digit).map(char::from).collect::<String>();
        let mut ids = Ids { before: BTreeMap::new(), own: format!("0a1b2c3d-0a1b-2c3d-4e5f-{number:0>12}") };
        for object in (self.before)() {
            let (kind, name) = (object["kind"].as_str().unwrap(), object["metadata"]["name"].as_str().unwrap());
            world.apply(&object).await;
            ids.before.insert(name.to_owned(), id(&world.wait_ready(kind, name).await));
        }
        // What one of them changes of another, as an interface does of its gateway, has been seen before a test begins: a refusal can depend on it.
        for object in (self.before)() {
            world.look(object["kind"].as_str().unwrap(), object["metadata"]["name"].as_str().unwrap()).await;
        }
        ids
    }

    /// The object, with these fields of its spec besides.
    pub fn object(&self, ids: &Ids, more: &Value) -> Value {
        with(object(self.kind, NAME, &(self.spec)(ids)), more)
    }

    /// Applies the object and waits until it is Ready. What can't be created is there before, and asked for.
    pub async fn up(&self, world: &World, ids: &Ids) -> Value {
        if self.create.is_none() {
            self.make_foreign(world, ids).await;
        }
        world.apply(&self.object(ids, &self.asked_for())).await;
        world.wait_ready(self.kind, NAME).await
    }

    /// What the spec says besides for a kind that is never created.
    pub fn asked_for(&self) -> Value {
        if self.create.is_none() { json!({ "import": { "naturalKey": true } }) } else { json!({}) }
    }

    /// What the spec describes, made by somebody else.
    pub async fn make_foreign(&self, world: &World, ids: &Ids) -> String {
        let (kind, body) = self.foreign;
        let id = world.cloud.create(kind, body(ids)).await["id"].as_str().unwrap().to_owned();
        // It may be listed with what was there before.
        for object in (self.before)() {
            world.look(object["kind"].as_str().unwrap(), object["metadata"]["name"].as_str().unwrap()).await;
        }
        id
    }

    /// Writes about resources of the kind since entry `since` of the log, in their order: those that were carried out.
    pub async fn written(&self, world: &World, since: u64) -> Vec<String> {
        let (log, _) = world.cloud.log_since(since).await;
        let writes = log.iter().filter(|entry| entry["method"] != "GET" && entry["committed"] == true);
        writes.filter_map(|entry| entry["operation"].as_str()).map(str::to_owned).collect()
    }

    /// Requests to write since entry `since` of the log, whatever became of them.
    pub async fn asked(&self, world: &World, since: u64) -> Vec<String> {
        let (log, _) = world.cloud.log_since(since).await;
        let writes = log.iter().filter(|entry| entry["method"] != "GET");
        writes.filter_map(|entry| entry["operation"].as_str()).map(str::to_owned).collect()
    }

    /// Number of the next entry of the log.
    pub async fn now(&self, world: &World) -> u64 {
        world.cloud.log_since(0).await.1
    }

    /// Looks twice: what has settled is not written.
    pub async fn is_settled(&self, world: &World) -> Value {
        let since = self.now(world).await;
        world.look(self.kind, NAME).await;
        world.look(self.kind, NAME).await;
        let ready = world.wait_ready(self.kind, NAME).await;
        assert_eq!(self.asked(world, since).await, Vec::<String>::new(), "{}: written after it settled", self.kind);
        ready
    }

    /// The resource in the cloud.
    pub async fn shown(&self, world: &World, id: &str) -> Value {
        world.cloud.find(id).await.unwrap_or_else(|| panic!("{} {id} is not in the cloud", self.kind))
    }
}

/// Whether `whole` has all fields of `part` with these values.
pub fn holds(whole: &Value, part: &Value) -> bool {
    part.as_object().unwrap().iter().all(|(field, value)| whole[field] == *value)
}
