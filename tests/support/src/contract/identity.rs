//! The documents of the identity services. Those of the older kind (`OpenAPI` 2) are brought into the form of the others.

use serde_json::{Map, Value, json};

use super::sources::read_documents;

/// Where the simulator has the pod identity agent, whose address the vendor leaves open.
const AGENT: &str = "/pod-identity/credentials";

/// The crates and the operations of which they are asked.
const OPERATIONS: [(&str, &[&str]); 3] = [
    ("huawei-cloud-api-definitions-STS", &["AssumeAgency", "AssumeAgencyWithOIDC"]),
    (
        "huawei-cloud-api-definitions-IAM",
        &["CreateTokenWithIdToken", "CreateTemporaryAccessKeyByToken", "CreateTemporaryAccessKeyByAgency"],
    ),
    ("huawei-cloud-api-definitions-CCE", &["AssumeAgencyForPodIdentity"]),
];

pub fn documents() -> Vec<Value> {
    let read = |(package, operations): &(&str, &[&str])| read_documents(package, Some(operations)).into_iter().map(converted);
    OPERATIONS.iter().flat_map(read).collect()
}

/// The document in the form of `OpenAPI` 3.
fn converted(mut document: Value) -> Value {
    if document["components"].is_object() {
        return document;
    }
    let definitions = document["definitions"].take();
    let mut paths = Map::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, definition) in methods.as_object().expect("methods") {
            let (path, definition) = of_agent(path, operation(definition.clone()));
            paths.insert(path, json!({method: definition}));
        }
    }
    let text = json!({"components": {"schemas": definitions}, "paths": paths}).to_string();
    serde_json::from_str(&text.replace("#/definitions/", "#/components/schemas/")).expect("still a document")
}

fn operation(mut definition: Value) -> Value {
    let parameters = definition["parameters"].take();
    let mut body = Value::Null;
    for parameter in parameters.as_array().into_iter().flatten().filter(|parameter| parameter["in"] == "body") {
        body = json!({"content": {"application/json": {"schema": parameter["schema"]}}});
    }
    definition["parameters"] = json!([]);
    definition["requestBody"] = body;
    for answer in definition["responses"].as_object_mut().expect("responses").values_mut() {
        let content = json!({"schema": answer["schema"], "example": answer["examples"]["application/json"]});
        if answer["schema"].is_object() {
            answer["content"] = json!({"application/json": content});
        }
    }
    definition
}

/// 16: the agent of a node is asked in place of its service.
fn of_agent(path: &str, mut definition: Value) -> (String, Value) {
    if definition["operationId"] != "AssumeAgencyForPodIdentity" {
        return (path.to_owned(), definition);
    }
    definition["requestBody"] = json!({"content": {"application/json": {"schema": {"type": "object", "maxProperties": 0}}}});
    (AGENT.to_owned(), definition)
}
