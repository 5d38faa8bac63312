//! The key of a Secret that a create needs.

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use secrecy::SecretString;

use crate::api::SecretKeyReference;
use crate::graph::ObjectKey;
use crate::reconcile::decide::UnusableSecret;

/// Most characters of a key of a BGP session (`docs/design/cloud-api.md`).
const MOST_CHARACTERS: usize = 255;

/// The value of a key of a Secret.
pub(in crate::reconcile) fn value(mut secret: Secret, key: &str) -> Result<SecretString, String> {
    text(secret.data.as_mut().and_then(|data| data.remove(key)))
}

/// What the status tells of a Secret that can't be used.
pub(in crate::reconcile) fn unusable(reference: &SecretKeyReference, namespace: &str, problem: &str) -> UnusableSecret {
    UnusableSecret {
        secret: ObjectKey::secret(namespace, &reference.name).named_from(namespace),
        problem: format!("Secret {}, key {}: {problem}", reference.name, reference.key),
    }
}

/// The value without the line end that files and `echo` leave behind. The text says what is wrong, and nothing of the value.
fn text(bytes: Option<ByteString>) -> Result<SecretString, String> {
    let bytes = bytes.ok_or("the Secret does not have the key")?;
    let text = String::from_utf8(bytes.0).map_err(|_| "the value is not UTF-8")?;
    let text = text.trim_end_matches(['\r', '\n']);
    match text.chars().count() {
        0 => Err("the value is empty".to_owned()),
        _ if text.trim().is_empty() => Err("the value is blank".to_owned()),
        count if count > MOST_CHARACTERS => Err(format!("the value has {count} characters, and the cloud accepts {MOST_CHARACTERS}")),
        _ => Ok(SecretString::from(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn a_value_is_taken_as_it_is_or_not_at_all() {
        let of = |bytes: &[u8]| text(Some(ByteString(bytes.to_vec()))).map(|secret| secret.expose_secret().to_owned());
        for (bytes, expected) in [
            (&b"Qaz12345678"[..], Ok("Qaz12345678")),
            (b"Qaz12345678\r\n", Ok("Qaz12345678")),
            (b" inner blank ", Ok(" inner blank ")),
            (b"", Err("the value is empty")),
            (b"\n", Err("the value is empty")),
            (b" \t\n", Err("the value is blank")),
            (b"\xff\xfe", Err("the value is not UTF-8")),
        ] {
            assert_eq!(of(bytes), expected.map(str::to_owned).map_err(str::to_owned), "{bytes:?}");
        }
        assert_eq!(of("ü".repeat(255).as_bytes()), Ok("ü".repeat(255)));
        assert!(of("ü".repeat(256).as_bytes()).unwrap_err().contains("256 characters"));
        assert!(text(None).is_err());
    }
}
