//! Signatures of JSON web tokens (RFC 7515) by the keys that an issuer publishes (RFC 7517), with the algorithms of API servers: RS256 and ES256.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
}

/// Whether a key of the set has signed the token: the one that the token names, if it names one.
pub fn is_signed_by(token: &str, jwks: &Value) -> bool {
    let verified = || {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, _) = signed.split_once('.')?;
        let Header { alg, kid } = serde_json::from_slice(&decoded(header)?).ok()?;
        let signature = decoded(signature)?;
        let keys = jwks.get("keys")?.as_array()?.iter();
        let mut fitting = keys.filter(|key| kid.is_none() || text(key, "kid") == kid.as_deref());
        fitting.find_map(|key| verify(key, &alg, signed.as_bytes(), &signature))
    };
    verified().is_some()
}

fn verify(key: &Value, algorithm: &str, signed: &[u8], signature: &[u8]) -> Option<()> {
    let number = |name: &str| decoded(text(key, name)?);
    match (algorithm, text(key, "kty")?) {
        ("RS256", "RSA") => {
            let public = RsaPublicKeyComponents { n: number("n")?, e: number("e")? };
            public.verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature).ok()
        }
        ("ES256", "EC") => {
            // An uncompressed point.
            let public = [vec![4], number("x")?, number("y")?].concat();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public).verify(signed, signature).ok()
        }
        _ => None,
    }
}

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key)?.as_str()
}

fn decoded(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The claims of the examples of RFC 7515.
    const CLAIMS: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

    /// The example of appendix A.2 with its key.
    fn rs256() -> (String, Value) {
        let signature = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
        let modulus = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
        (format!("eyJhbGciOiJSUzI1NiJ9.{CLAIMS}.{signature}"), json!({"kty": "RSA", "kid": "1", "n": modulus, "e": "AQAB"}))
    }

    /// The example of appendix A.3 with its key.
    fn es256() -> (String, Value) {
        let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
        let (x, y) = ("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
        (format!("eyJhbGciOiJFUzI1NiJ9.{CLAIMS}.{signature}"), json!({"kty": "EC", "kid": "2", "crv": "P-256", "x": x, "y": y}))
    }

    #[test]
    fn a_signature_is_verified_by_the_key_that_fits() {
        let (rsa, ec) = (rs256(), es256());
        for ((token, key), (_, other)) in [(&rsa, &ec), (&ec, &rsa)] {
            assert!(is_signed_by(token, &json!({"keys": [other, key]})), "{token}");
            assert!(!is_signed_by(token, &json!({"keys": [other]})), "another key: {token}");
            assert!(!is_signed_by(&token.replace("eyJpc3Mi", "eyJpc3Ni"), &json!({"keys": [key]})), "another text");
            for jwks in [json!({"keys": []}), json!({}), json!(null)] {
                assert!(!is_signed_by(token, &jwks), "{jwks}");
            }
        }
        let (_, key) = &rsa;
        for token in ["", "a.b.c", &format!("eyJhbGciOiJub25lIn0.{CLAIMS}.")] {
            assert!(!is_signed_by(token, &json!({"keys": [key]})), "{token}");
        }
    }
}
