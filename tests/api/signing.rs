//! Signatures equal those of the vendor's own client.

use direct_connect_operator::cloud::sign::{Signable, authorization, canonical_query};
use secrecy::SecretString;
use serde_json::Value;

const VECTORS: &str = include_str!("../fixtures/signing-vectors.json");

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn pairs(query: &Value) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for pair in query.as_array().unwrap() {
        match &pair[1] {
            Value::Array(values) => pairs.extend(values.iter().map(|value| (text(&pair[0]), text(value)))),
            value => pairs.push((text(&pair[0]), text(value))),
        }
    }
    pairs
}

#[test]
fn all_vectors_are_reproduced() {
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    let secret = SecretString::from(text(&vectors["sk"]));
    let all = vectors["vectors"].as_array().unwrap();
    assert_eq!(all.len(), 7);
    for vector in all {
        let query = pairs(&vector["query"]);
        let mut headers: Vec<_> =
            vector["headers_in"].as_object().unwrap().iter().map(|(name, value)| (name.clone(), text(value))).collect();
        headers.push(("Host".into(), text(&vectors["host"])));
        let (method, path, body) = (text(&vector["method"]), text(&vector["path"]), text(&vector["body"]));
        let request = Signable { method: &method, path: &path, query: &query, headers: &headers, body: body.as_bytes() };
        assert_eq!(authorization(&request, &text(&vectors["ak"]), &secret), text(&vector["authorization"]), "{}", vector["name"]);
        let sent = text(&vector["uri"]);
        assert_eq!(canonical_query(&query), sent.split_once('?').map_or("", |(_, query)| query), "{}", vector["name"]);
    }
}
