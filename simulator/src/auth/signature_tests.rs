use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::Value;

use super::*;
use crate::http::Query;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../tests/fixtures/signing-vectors.json")).unwrap()
}

fn accounts() -> Vec<Account> {
    let document = vectors();
    let key = |token: Option<&str>| AccessKey {
        id: document["ak"].as_str().unwrap().to_owned(),
        secret: document["sk"].as_str().unwrap().to_owned(),
        security_token: token.map(str::to_owned),
    };
    ["plain", "temporary"]
        .map(|user| Account {
            domain: String::new(),
            user: user.to_owned(),
            password: String::new(),
            project_id: "0605768a3300d5762f82c01180692873".to_owned(),
            project_name: String::new(),
            keys: vec![key((user == "temporary").then_some("TESTSECURITYTOKEN0123456789+/="))],
        })
        .into()
}

/// The request of a vector as it would arrive: the query escaped, the host added.
fn request(vector: &Value) -> Request {
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_str(vectors()["host"].as_str().unwrap()).unwrap());
    for (name, value) in vector["headers_in"].as_object().unwrap() {
        let name = HeaderName::from_bytes(name.to_lowercase().as_bytes()).unwrap();
        headers.insert(name, HeaderValue::from_str(value.as_str().unwrap()).unwrap());
    }
    let canonical = vector["canonical_request"].as_str().unwrap().lines().nth(2).unwrap();
    Request {
        method: Method::from_bytes(vector["method"].as_str().unwrap().as_bytes()).unwrap(),
        path: vector["path"].as_str().unwrap().to_owned(),
        query: Query::parse(canonical),
        headers,
        body: vector["body"].as_str().unwrap().to_owned().into(),
    }
}

fn outcome(request: &Request, authorization: &str, now: &str) -> Result<String, String> {
    let accounts = accounts();
    // Both accounts share the access key; the one that fits the security token is asked.
    let temporary = request.header("x-security-token").is_some();
    let account = &accounts[usize::from(temporary)..=usize::from(temporary)];
    let none = TemporaryKeys::default();
    verify(request, authorization, account, &none, now.parse().unwrap()).map(|signer| signer.caller.user).map_err(|error| error.code)
}

const SIGNED_AT: &str = "2026-04-25T09:30:00Z";

#[test]
fn every_vector_is_accepted() {
    for vector in vectors()["vectors"].as_array().unwrap() {
        let request = request(vector);
        let signed: Vec<&str> = vector["authorization"].as_str().unwrap().split(['=', ',']).nth(3).unwrap().split(';').collect();
        assert_eq!(canonical_request(&request, &signed), vector["canonical_request"].as_str().unwrap());
        let answer = outcome(&request, vector["authorization"].as_str().unwrap(), SIGNED_AT);
        assert!(answer.is_ok(), "{}: {answer:?}", vector["name"]);
    }
}

#[test]
fn a_signature_over_the_date_alone_is_accepted() {
    let document = vectors();
    let request = request(&document["vectors"][0]);
    let signed = |names: &str| {
        let names: Vec<&str> = names.split(';').collect();
        let date = request.header("x-sdk-date").unwrap();
        let account = &accounts()[0];
        let signature = signature(&request, &names, &date, &account.keys[0].secret);
        let authorization = format!("{ALGORITHM} Access={}, SignedHeaders={}, Signature={signature}", account.keys[0].id, names.join(";"));
        outcome(&request, &authorization, SIGNED_AT)
    };
    assert!(signed("x-sdk-date").is_ok());
    assert_eq!(signed("host").unwrap_err(), "APIGW.0301");
}

#[test]
fn what_differs_is_refused() {
    let document = vectors();
    let vector = &document["vectors"][2];
    let authorization = vector["authorization"].as_str().unwrap();
    let changed = |change: fn(&mut Request)| {
        let mut request = request(vector);
        change(&mut request);
        outcome(&request, authorization, SIGNED_AT).unwrap_err()
    };
    assert_eq!(changed(|request| request.body = "{}".into()), "APIGW.0301");
    assert_eq!(changed(|request| request.path.push('x')), "APIGW.0301");
    assert_eq!(changed(|request| request.method = Method::PUT), "APIGW.0301");
    assert_eq!(changed(|request| request.query = Query::parse("limit=1")), "APIGW.0301");
    assert_eq!(changed(|request| drop(request.headers.remove("x-sdk-date"))), "APIGW.0301");
    let other_key = authorization.replace("AKTEST", "AKNONE");
    assert_eq!(outcome(&request(vector), &other_key, SIGNED_AT).unwrap_err(), "APIGW.0301");
    assert_eq!(outcome(&request(vector), "Bearer x", SIGNED_AT).unwrap_err(), "APIGW.0301");
}

#[test]
fn the_clock_may_be_fifteen_minutes_off() {
    let document = vectors();
    let vector = &document["vectors"][0];
    let at = |now| outcome(&request(vector), vector["authorization"].as_str().unwrap(), now).err();
    assert_eq!(at("2026-04-25T09:45:00Z"), None);
    assert_eq!(at("2026-04-25T09:15:00Z"), None);
    assert_eq!(at("2026-04-25T09:45:01Z").as_deref(), Some("APIGW.0303"));
    assert_eq!(at("2026-04-25T09:14:59Z").as_deref(), Some("APIGW.0303"));
}
