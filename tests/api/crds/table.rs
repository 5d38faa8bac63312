//! Runs the tables of the kinds.

use direct_connect_operator::{api, kinds};
use kube::api::{Api, DynamicObject, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use serde_json::{Value, json};

use support::controlplane::ControlPlane;

/// A change as a merge patch (null removes), and fragments of the refusal.
pub type Case = (Value, &'static [&'static str]);

pub const UUID: &str = "0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f";
pub const OTHER: &str = "11111111-2222-3333-4444-555555555555";
pub const PROJECT: &str = "0123456789abcdef0123456789abcdef";

pub struct Table {
    /// A valid object. Its name is unique among the tables.
    pub base: Value,
    /// Changes that leave it valid.
    pub accepted: Vec<Value>,
    /// Changes that make it invalid from the start.
    pub refused: Vec<Case>,
    /// Changes that a living object takes.
    pub mutable: Vec<Value>,
    /// Changes that a living object does not take.
    pub immutable: Vec<Case>,
}

/// Tries everything in the tables of one kind, and that they break every rule of it.
pub async fn prove(tables: Vec<Table>) {
    prove_but(&[], tables).await;
}

/// The same, but for rules of shared types that other rules of the kind leave nothing to do.
pub async fn prove_but(idle: &[&str], tables: Vec<Table>) {
    let plane = ControlPlane::shared().await;
    let client = plane.client().await;
    let kind = tables[0].base["kind"].as_str().unwrap().to_owned();
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(api::GROUP, api::VERSION, &kind));
    let objects: Api<DynamicObject> =
        if kind == "CloudAccount" { Api::all_with(client, &resource) } else { Api::default_namespaced_with(client, &resource) };
    let mut refusals = Vec::new();
    for table in &tables {
        refusals.extend(prove_one(&objects, table).await);
    }
    let is_unbroken = |message: &String| !refusals.iter().any(|refusal| refusal.contains(message.as_str()));
    let unbroken: Vec<_> = rules(&kind).into_iter().filter(is_unbroken).filter(|message| !idle.contains(&message.as_str())).collect();
    assert!(unbroken.is_empty(), "{kind}: rules that no case breaks:\n{}", unbroken.join("\n"));
}

async fn prove_one(objects: &Api<DynamicObject>, table: &Table) -> Vec<String> {
    let dry = PostParams { dry_run: true, ..PostParams::default() };
    let mut failures = Vec::new();
    let mut refusals = Vec::new();
    for change in std::iter::once(&json!({})).chain(&table.accepted) {
        if let Err(error) = objects.create(&dry, &changed(&table.base, change)).await {
            failures.push(format!("{change}: must be accepted, but: {error}"));
        }
    }
    for (change, expected) in &table.refused {
        let answer = objects.create(&dry, &changed(&table.base, change)).await;
        judge(change, expected, answer, &mut refusals, &mut failures);
    }
    if let Err(error) = objects.create(&PostParams::default(), &changed(&table.base, &json!({}))).await {
        failures.push(format!("{}: {error}", table.base));
    }
    let name = table.base["metadata"]["name"].as_str().unwrap();
    if table.base["status"].is_object() {
        let status = json!({ "status": table.base["status"] });
        objects.patch_status(name, &PatchParams::default(), &Patch::Merge(status)).await.unwrap();
    }
    let update = PatchParams { dry_run: true, ..PatchParams::default() };
    for change in &table.mutable {
        if let Err(error) = objects.patch(name, &update, &Patch::Merge(change)).await {
            failures.push(format!("{change}: must be accepted by a living object, but: {error}"));
        }
    }
    for (change, expected) in &table.immutable {
        let answer = objects.patch(name, &update, &Patch::Merge(change)).await;
        judge(change, expected, answer, &mut refusals, &mut failures);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    refusals
}

fn judge(
    change: &Value,
    expected: &[&str],
    answer: Result<DynamicObject, kube::Error>,
    refusals: &mut Vec<String>,
    failures: &mut Vec<String>,
) {
    match answer {
        Ok(_) => failures.push(format!("{change}: must be refused with {expected:?}, but was accepted")),
        Err(kube::Error::Api(status)) if status.code == 422 => {
            let missing: Vec<_> = expected.iter().filter(|part| !status.message.contains(**part)).collect();
            if !missing.is_empty() {
                failures.push(format!("{change}: the refusal lacks {missing:?}: {}", status.message));
            }
            refusals.push(status.message);
        }
        Err(error) => failures.push(format!("{change}: must be refused as invalid, but: {error}")),
    }
}

fn changed(base: &Value, change: &Value) -> DynamicObject {
    let mut object = base.clone();
    merge(&mut object, change);
    serde_json::from_value(object).unwrap()
}

fn merge(target: &mut Value, change: &Value) {
    let Value::Object(fields) = change else {
        *target = change.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (name, value) in fields {
        if value.is_null() {
            target.as_object_mut().unwrap().remove(name);
        } else {
            merge(&mut target[name.as_str()], value);
        }
    }
}

/// The messages of all rules of a kind.
fn rules(kind: &str) -> Vec<String> {
    let mut messages = Vec::new();
    for crd in kinds::crds().iter().filter(|crd| crd.spec.names.kind == kind) {
        let schema = serde_json::to_value(crd).unwrap()["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone();
        walk(&schema, kind, &mut |path, schema| {
            for rule in schema["x-kubernetes-validations"].as_array().into_iter().flatten() {
                let message = rule["message"].as_str();
                messages.push(message.unwrap_or_else(|| panic!("{path}: {rule} has no message")).to_owned());
            }
        });
    }
    messages
}

/// Visits a schema and all below it.
fn walk(schema: &Value, path: &str, visit: &mut impl FnMut(&str, &Value)) {
    visit(path, schema);
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        if !(path.split('.').count() == 1 && ["metadata", "apiVersion", "kind"].contains(&name.as_str())) {
            walk(property, &format!("{path}.{name}"), visit);
        }
    }
    for (part, mark) in [("items", "[]"), ("additionalProperties", "{}")] {
        if schema[part].is_object() {
            walk(&schema[part], &format!("{path}{mark}"), visit);
        }
    }
}

/// A spec's change.
pub fn spec(change: Value) -> Value {
    Value::from_iter([("spec", change)])
}

/// Several texts from a pattern, each one different.
pub fn many(count: usize, text: impl Fn(usize) -> String) -> Value {
    Value::from((0..count).map(text).collect::<Vec<_>>())
}

/// Cases that every namespaced kind shares, with descriptions of at most 128 characters.
pub fn common() -> Vec<Case> {
    common_with_description(128)
}

/// The same with descriptions of at most this many characters.
pub fn common_with_description(most: u8) -> Vec<Case> {
    let most = usize::from(most);
    vec![
        (spec(json!({ "accountRef": { "name": "Not_A_Name" } })), &["spec.accountRef.name", "name must be the name of an object"]),
        (spec(json!({ "accountRef": { "name": "" } })), &["spec.accountRef.name", "at least 1"]),
        (spec(json!({ "policy": { "management": "Watch" } })), &["spec.policy.management", "\"Managed\", \"ObserveOnly\""]),
        (spec(json!({ "policy": { "deletion": "Keep" } })), &["spec.policy.deletion", "\"Delete\", \"Retain\""]),
        (spec(json!({ "policy": { "drift": "Fix" } })), &["spec.policy.drift", "\"Correct\", \"Detect\", \"Ignore\""]),
        (spec(json!({ "policy": { "ignoreFields": ["colour"] } })), &["policy.ignoreFields must contain only fields", "description"]),
        (spec(json!({ "policy": { "ignoreFields": ["name", "name"] } })), &["spec.policy.ignoreFields[1]", "Duplicate"]),
        (spec(json!({ "policy": { "ignoreTags": ["a/b"] } })), &["spec.policy.ignoreTags[0]", "ignoreTags must contain only keys of tags"]),
        (spec(json!({ "policy": { "ignoreTags": ["a*b"] } })), &["spec.policy.ignoreTags[0]", "ignoreTags must contain only keys of tags"]),
        (spec(json!({ "policy": { "ignoreTags": ["*"] } })), &["spec.policy.ignoreTags[0]", "ignoreTags must contain only keys of tags"]),
        (spec(json!({ "import": {} })), &["spec.import", "import must have exactly one of id, naturalKey"]),
        (spec(json!({ "import": { "id": UUID, "naturalKey": true } })), &["import must have exactly one of id, naturalKey"]),
        (spec(json!({ "import": { "id": "vgw-1" } })), &["spec.import.id", "import.id must be a UUID"]),
        (spec(json!({ "import": { "naturalKey": false } })), &["spec.import.naturalKey", "import.naturalKey can only be true"]),
        (spec(json!({ "name": "" })), &["spec.name", "at least 1"]),
        (spec(json!({ "name": "with space" })), &["spec.name", "name must have 1 to 64 characters: letters, digits"]),
        (spec(json!({ "name": "n".repeat(65) })), &["spec.name", "64"]),
        (spec(json!({ "description": "a<b" })), &["spec.description", "description must not contain < or >"]),
        (spec(json!({ "description": "a>b" })), &["spec.description", "description must not contain < or >"]),
        (
            spec(json!({ "description": "d".repeat(most + 1) })),
            if most == 128 { &["spec.description", "128"] } else { &["spec.description", "255"] },
        ),
        (json!({ "metadata": { "name": "n".repeat(65) } }), &["spec.name", "name is required if the name of the object"]),
    ]
}

/// Changes that leave every namespaced kind valid.
pub fn common_accepted() -> Vec<Value> {
    vec![
        spec(json!({ "name": "Gateway_1.a-专线", "description": "专线 (main), 50% \"quoted\"" })),
        spec(json!({ "name": "n".repeat(64), "description": "d".repeat(128) })),
        json!({ "metadata": { "name": "n".repeat(65) }, "spec": { "name": "short" } }),
        json!({ "metadata": { "name": "n".repeat(64) } }),
        spec(json!({ "import": { "id": UUID } })),
        spec(json!({ "import": { "naturalKey": true } })),
        spec(json!({ "accountRef": { "name": "team.a" } })),
        spec(
            json!({ "policy": { "management": "ObserveOnly", "deletion": "Retain", "drift": "Detect", "ignoreFields": ["description"] } }),
        ),
        // An explicit null says nothing.
        spec(json!({ "accountRef": null, "import": null })),
    ]
}

/// Cases of kinds with tags.
pub fn tags() -> Vec<Case> {
    let tags = |count: usize| (0..count).map(|i| (format!("k{i}"), json!("v"))).collect::<serde_json::Map<_, _>>();
    let allowed: &[&str] = &["spec.tags", "tags must have keys of 1 to 128 letters, digits, spaces and _ . : = + - @"];
    let allowed_values: &[&str] = &["spec.tags[k]", "a tag must have a value of up to 255 letters"];
    vec![
        (spec(json!({ "tags": tags(10) })), &["spec.tags", "9"]),
        (spec(json!({ "tags": { "": "v" } })), allowed),
        (spec(json!({ "tags": { "k".repeat(129): "v" } })), allowed),
        (spec(json!({ "tags": { "_sys_a": "v" } })), allowed),
        (spec(json!({ "tags": { "direct-connect-operator-owner": "v" } })), allowed),
        (spec(json!({ "tags": { "k": "v".repeat(256) } })), &["spec.tags.k", "255"]),
        (spec(json!({ "tags": { "app.kubernetes.io/name": "v" } })), allowed),
        (spec(json!({ "tags": { " k": "v" } })), allowed),
        (spec(json!({ "tags": { "k ": "v" } })), allowed),
        (spec(json!({ "tags": { "k#": "v" } })), allowed),
        (spec(json!({ "tags": { "k": "a*b" } })), allowed_values),
        (spec(json!({ "tags": { "k": " v" } })), allowed_values),
        (spec(json!({ "tags": { "k": "v " } })), allowed_values),
    ]
}

/// Changes of tags that are valid.
pub fn tags_accepted() -> Vec<Value> {
    let nine = (0..9).map(|i| (format!("k{i}"), json!(""))).collect::<serde_json::Map<_, _>>();
    vec![
        spec(json!({ "tags": nine })),
        spec(json!({ "tags": { "k".repeat(128): "v".repeat(255) } })),
        spec(json!({ "tags": { "Ключ 键.:=+-@_1": "Ä/b c", "k": "" }, "policy": { "ignoreTags": ["team", "cost:*", "a b"] } })),
        spec(json!({ "tags": {} })),
    ]
}
