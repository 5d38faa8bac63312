use serde_json::json;

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

/// The example of RFC 7515, appendix A.2, and its key.
const SIGNED: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
const MODULUS: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";

#[test]
fn a_signature_is_verified_by_the_key_that_it_names() {
    let jwks = |kid: &str, modulus: &str| json!({"keys": [{"kty": "RSA", "kid": kid, "n": modulus, "e": "AQAB"}]});
    assert!(is_signed_by(SIGNED, &jwks("any", MODULUS)), "it names no key");
    assert!(!is_signed_by(SIGNED, &jwks("any", &MODULUS.replace("ofgW", "pfgW"))), "another key");
    assert!(!is_signed_by(&SIGNED.replace("eyJpc3Mi", "eyJpc3Ni"), &jwks("any", MODULUS)), "another text");
    assert!(!is_signed_by(SIGNED, &json!({"keys": []})) && !is_signed_by(SIGNED, &json!(null)));
    assert!(!is_signed_by(&token(&json!({"exp": 1})), &jwks("any", MODULUS)), "an algorithm that signs nothing");
    let provider = Provider { jwks: Some(jwks("any", MODULUS)), ..provider() };
    assert_eq!(check(&token(&json!({})), &provider, now()).err(), Some(Refusal::Signature));
}
