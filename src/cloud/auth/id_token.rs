//! `workloadIdentity` by IAM: an id token for a token of the project.
//!
//! Source: `CreateTokenWithIdToken` of IAM v3.0. For those whose regions have no STS, and accounts that still use the old IAM.

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::exchange::{Exchange, token};
use crate::cloud::endpoint::Endpoint;

pub(in crate::cloud) const OPERATION: &str = "CreateTokenWithIdToken";

/// `project` is the project by its id or its name; without one the token is for none, which is enough to assume an agency.
pub(in crate::cloud) fn exchange(idp_id: &str, id_token: SecretString, project: Option<Value>) -> Exchange {
    let mut body = json!({ "auth": { "id_token": { "id": id_token.expose_secret() } } });
    if let (Some(project), Some(auth)) = (project, body.pointer_mut("/auth").and_then(Value::as_object_mut)) {
        auth.insert("scope".to_owned(), json!({ "project": project }));
    }
    Exchange {
        operation: OPERATION,
        endpoint: Endpoint::Iam,
        path: "/v3.0/OS-AUTH/id-token/tokens",
        query: Vec::new(),
        header: Some(("X-Idp-Id", idp_id.to_owned())),
        body,
        secret: Some(id_token),
        read: token,
    }
}
