//! The custom resources as the real API server sees them: each rule is proven by an object that breaks it.

#[path = "crds/bounds.rs"]
mod bounds;
#[path = "crds/manifests.rs"]
mod manifests;
#[path = "crds/refused.rs"]
mod refused;
#[path = "crds/server.rs"]
mod server;
#[path = "support/mod.rs"]
mod support;

use direct_connect_operator::api;
use direct_connect_operator::engine::OWNER_TAG;
use manifests::{changed, valid};
use server::Server;
use std::collections::BTreeMap;
use std::path::Path;

/// `UPDATE=1 cargo test --test crds` writes the files.
#[test]
fn the_generated_files_are_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("crds");
    let wanted: BTreeMap<String, String> = api::crds_yaml().unwrap().into_iter().collect();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(&folder).unwrap();
        wanted.iter().for_each(|(name, yaml)| std::fs::write(folder.join(name), yaml).unwrap());
    }
    let present: BTreeMap<String, String> = folder
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(path).unwrap()))
        .collect();
    assert!(present == wanted, "crds/ is not what the types say; run `make generate`");
}

#[test]
fn every_field_is_described_and_of_a_known_format() {
    for crd in api::crds() {
        let kind = &crd.spec.names.kind;
        for (path, schema) in bounds::fields(&bounds::schema(&crd)) {
            assert!(schema["description"].is_string() || path.ends_with("[0]") || path.ends_with(".*"), "{kind} {path} has no description");
            assert!(schema["nullable"].is_null(), "{kind} {path} is nullable");
            let format = schema["format"].as_str().unwrap_or("int64");
            assert!(["int32", "int64", "date-time"].contains(&format), "{kind} {path} has the format {format}");
        }
    }
}

#[test]
fn the_mark_of_the_owner_is_refused_to_users() {
    assert_eq!(api::OWNER_TAG, OWNER_TAG);
}

#[tokio::test]
async fn valid_objects_are_accepted() {
    let server = Server::new().await;
    for object in valid() {
        if let Err(message) = server.create(&object).await {
            panic!("{object} was refused: {message}");
        }
    }
}

#[tokio::test]
async fn broken_objects_are_refused_with_the_field_and_what_is_allowed() {
    let server = Server::new().await;
    let mut failures = Vec::new();
    for (base, change, field, message) in refused::at_create() {
        let object = changed(&base, &change);
        failures.extend(server.create(&object).await.complaint(&change, field, message));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[tokio::test]
async fn immutable_fields_are_refused_at_update_and_others_accepted() {
    let server = Server::new().await;
    let mut failures = Vec::new();
    for (base, change, expected) in refused::at_update() {
        let answer = server.update(&base, &changed(&base, &change)).await;
        match (expected, answer) {
            (Some((field, message)), answer) => failures.extend(answer.complaint(&change, field, message)),
            (None, Ok(())) => {}
            (None, Err(message)) => failures.push(format!("{change} was refused: {message}")),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// From the schema itself: whatever bound stands there is crossed by one.
#[tokio::test]
async fn every_bound_of_the_schema_is_held() {
    let server = Server::new().await;
    let mut failures = Vec::new();
    for crd in api::crds() {
        let base = valid().into_iter().find(|object| object["kind"] == crd.spec.names.kind.as_str()).unwrap();
        for crossing in bounds::crossings(&crd) {
            let object = crossing.applied_to(&base);
            failures.extend(server.create(&object).await.complaint(&crossing, &crossing.path, &crossing.allowed));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// No rule without an object that breaks it: each message of the schema is expected by a row of the tables.
#[test]
fn every_rule_is_broken_by_a_row() {
    let rows: Vec<_> = refused::at_create().into_iter().map(|(base, _, field, message)| (base, field, message)).collect();
    let updates =
        refused::at_update().into_iter().filter_map(|(base, _, expected)| expected.map(|(field, message)| (base, field, message)));
    let rows: Vec<_> = rows.into_iter().chain(updates).collect();
    let mut unproven = Vec::new();
    for crd in api::crds() {
        let kind = crd.spec.names.kind.clone();
        for (path, message) in bounds::messages(&crd) {
            let proven = rows.iter().any(|(base, field, expected)| {
                base["kind"] == kind.as_str()
                    && (message.contains(expected) || expected.contains(&message))
                    && bounds::same_field(&path, field)
            });
            if !proven {
                unproven.push(format!("{kind} {path}: {message}"));
            }
        }
    }
    assert!(unproven.is_empty(), "{}", unproven.join("\n"));
}

/// What a refusal must say.
trait Complaint {
    fn complaint(self, change: &impl std::fmt::Display, field: &str, message: &str) -> Option<String>;
}

impl Complaint for Result<(), String> {
    fn complaint(self, change: &impl std::fmt::Display, field: &str, message: &str) -> Option<String> {
        match self {
            Ok(()) => Some(format!("{change} was accepted; expected {field}: {message}")),
            Err(said) if said.contains(&format!("{field}: ")) && said.contains(message) => None,
            Err(said) => Some(format!("{change}: expected {field}: {message}\n  but: {said}")),
        }
    }
}
