use serde_json::{Value, json};

use super::*;

fn token(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", part(&json!({"alg": "none"})), part(claims), "c2ln")
}

fn provider() -> Provider {
    Provider { issuer: Some("https://issuer".to_owned()), client_ids: vec!["other".to_owned(), "us".to_owned()], ..Provider::default() }
}

fn now() -> Timestamp {
    Timestamp::from_second(1_000).unwrap()
}

#[test]
fn the_claims_decide() {
    let with = |key: &str, value: Value| {
        let mut claims = json!({"iss": "https://issuer", "sub": "system:serviceaccount:ns:sa", "aud": ["us"], "exp": 1_001});
        claims[key] = value;
        check(&token(&claims), &provider(), now()).map(|(claims, client)| (claims.subject, client.to_owned()))
    };
    let accepted = Ok(("system:serviceaccount:ns:sa".to_owned(), "us".to_owned()));
    assert_eq!(with("more", json!(1)), accepted);
    assert_eq!(with("aud", json!("us")), accepted);
    let table = [
        ("exp", json!(1_000), Refusal::Expired),
        ("exp", json!("soon"), Refusal::Malformed),
        ("sub", json!(""), Refusal::Malformed),
        ("sub", json!(null), Refusal::Malformed),
        ("iss", json!("https://another"), Refusal::Issuer),
        ("aud", json!(["them"]), Refusal::Audience),
        ("aud", json!([]), Refusal::Audience),
    ];
    for (key, value, refusal) in table {
        assert_eq!(with(key, value.clone()), Err(refusal), "{key}: {value}");
    }
    for text in ["", "eyJhbGciOiJSU...", "a.b", "a.b.c.d"] {
        assert_eq!(read(text, now()).err(), Some(Refusal::Malformed), "{text}");
    }
}

#[test]
fn a_signature_counts_where_the_keys_are_known() {
    let provider = Provider { jwks: Some(json!({"keys": []})), ..provider() };
    assert_eq!(check(&token(&json!({})), &provider, now()).err(), Some(Refusal::Signature));
}
