//! The simulator answers every operation of the vendor's documents.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::{Value, json};

use crate::{documents, harness::*};

/// The documented operations by method and path, with a value for each placeholder.
fn documented() -> BTreeMap<(String, String), BTreeSet<String>> {
    let mut found: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for document in documents::documents() {
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, definition) in methods.as_object().unwrap() {
                let operation = definition["operationId"].as_str().unwrap().to_owned();
                found.entry((method.to_uppercase(), filled(document, path))).or_default().insert(operation);
            }
        }
    }
    found
}

/// A path with a value that its parameter allows in place of each placeholder.
fn filled(document: &Value, path: &str) -> String {
    let parameters = document["components"]["parameters"].as_object().unwrap();
    let value = |part: &str| {
        let name = part.strip_prefix('{')?.strip_suffix('}')?;
        let schema = &parameters.values().find(|parameter| parameter["in"] == "path" && parameter["name"] == name)?["schema"];
        let word = schema["pattern"].as_str().filter(|pattern| pattern.chars().all(char::is_alphanumeric));
        Some(match name {
            "project_id" => PROJECT.to_owned(),
            "domain_id" => PROJECT.chars().rev().collect(),
            _ => schema["enum"][0].as_str().or(word).unwrap_or(NOBODY).to_owned(),
        })
    };
    path.split('/').map(|part| value(part).unwrap_or_else(|| part.to_owned())).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn every_documented_operation_is_answered() {
    let cloud = Simulator::start(json!({})).await;
    let documented = documented();
    assert!(documented.len() >= 60, "{}", documented.len());
    for ((method, path), names) in documented {
        let since = cloud.log(0).await.len() as u64;
        let url = format!("{}{path}", cloud.base);
        let answer = cloud.send(method.parse::<Method>().unwrap(), &url, &cloud.token, None).await.unwrap();
        let entry = cloud.log(since).await[0].clone();
        let operation = entry["operation"].as_str().unwrap();
        assert!(names.contains(operation), "{method} {path} is {operation:?} to the simulator, and {names:?} in the documents");
        assert!(!answer.code().starts_with("APIGW."), "{method} {path} does not reach the service: {}", answer.body);
        assert!(answer.status < 500, "{method} {path}: {}", answer.body);
    }
}
