//! `podIdentity`: temporary keys of the agency that CCE binds to the operator's `ServiceAccount`, from the agent on the node.
//!
//! Source: `pod_identity_accessor.go` of the vendor's SDK for Go.

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;

use super::credentials::PodIdentity;
use super::exchange::Names;
use super::local::{LocalClient, LocalRequest};
use super::proof::{Fresh, Proof};
use crate::cloud::errors::CloudError;

pub(in crate::cloud) const OPERATION: &str = "GetPodIdentityCredentials";
const TIMEOUT: Duration = Duration::from_secs(10);

/// Asks the agent. It is shown the content of the token file, which is its secret.
///
/// # Errors
/// The agent refuses, or does not answer.
pub(in crate::cloud) async fn ask(identity: &PodIdentity, token: &SecretString) -> Result<Vec<u8>, CloudError> {
    let client = LocalClient::new(OPERATION, TIMEOUT)?;
    let header = Some(("Authorization", token.expose_secret()));
    let answer = client.send(LocalRequest { method: Method::POST, url: &identity.uri, header, body: Some("{}") }).await?;
    if answer.status == 200 { Ok(answer.body) } else { Err(client.refused(&answer)) }
}

/// Reads the agent's answer.
///
/// # Errors
/// The field that can't be read.
pub(in crate::cloud) fn read(body: &[u8]) -> Result<Fresh<Proof>, String> {
    const NAMES: Names = Names {
        wrapper: "credentials",
        access_key: "accessKeyId",
        secret_key: "secretAccessKey",
        security_token: "securityToken",
        expires_at: "expiration",
    };
    NAMES.read(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_agents_answer_is_read() {
        let body =
            br#"{"credentials":{"accessKeyId":"AK","secretAccessKey":"SK","securityToken":"ST","expiration":"2022-09-07T03:27:51.158Z"},
            "podIdentityAssociationId":"a","subject":{"namespace":"n","serviceAccount":"s"},"audience":"service.cce.pods"}"#;
        let fresh = read(body).unwrap();
        let Proof::Keys(keys) = fresh.value else { panic!("no keys") };
        assert_eq!((keys.access_key.as_str(), fresh.expires_at.to_string().as_str()), ("AK", "2022-09-07T03:27:51.158Z"));
        assert_eq!(read(b"{}").err().unwrap(), "the answer has no text credentials.accessKeyId");
    }
}
