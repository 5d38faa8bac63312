//! The key of a Secret that a create needs.

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use secrecy::SecretString;

use crate::api::SecretKeyReference;
use crate::graph::ObjectKey;
use crate::reconcile::decide::UnusableSecret;
use crate::reconcile::kind::Kind;
use crate::reconcile::reconciler::Failure;

use super::Observer;

/// Most characters of a key of a BGP session (`docs/design/cloud-api.md`).
const MOST_CHARACTERS: usize = 255;

impl<K: Kind> Observer<'_, '_, K> {
    /// The value that a spec refers to, or why a create can't use it. The watch of Secrets wakes the object when the Secret changes.
    pub(super) async fn secret(&self, reference: &SecretKeyReference) -> Result<Result<SecretString, UnusableSecret>, Failure> {
        let (reconciler, namespace) = (self.context.reconciler, &self.context.key.namespace);
        let secrets = reconciler.accounts.secrets();
        let value = match secrets.get(&reconciler.client, namespace, &reference.name).await? {
            Some(mut secret) => value(take(&mut secret, &reference.key)),
            None if secrets.include(namespace) => Err("the Secret does not exist".to_owned()),
            None => Err("the operator may not read Secrets of this namespace (--secret-namespaces)".to_owned()),
        };
        Ok(value.map_err(|problem| UnusableSecret {
            secret: ObjectKey::secret(namespace, &reference.name).named_from(namespace),
            problem: format!("Secret {}, key {}: {problem}", reference.name, reference.key),
        }))
    }
}

fn take(secret: &mut Secret, key: &str) -> Option<ByteString> {
    secret.data.as_mut()?.remove(key)
}

/// The value without the line end that files and `echo` leave behind. The text says what is wrong, and nothing of the value.
fn value(bytes: Option<ByteString>) -> Result<SecretString, String> {
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
        let of = |bytes: &[u8]| value(Some(ByteString(bytes.to_vec()))).map(|secret| secret.expose_secret().to_owned());
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
        assert!(value(None).is_err());
    }
}
