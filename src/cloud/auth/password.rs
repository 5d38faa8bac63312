//! `password`: name and password of an IAM user for a token.
//!
//! Source: `KeystoneCreateUserTokenByPassword` of IAM v3.

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::exchange::{Exchange, token};
use crate::cloud::endpoint::Endpoint;

pub(in crate::cloud) const OPERATION: &str = "KeystoneCreateUserTokenByPassword";

/// `project` is the project by its id or its name; without one the token is for the user's account, as to assume an agency.
pub(in crate::cloud) fn exchange(domain: &str, user: &str, password: &SecretString, project: Option<Value>) -> Exchange {
    let scope = project.map_or_else(|| json!({ "domain": { "name": domain } }), |project| json!({ "project": project }));
    Exchange {
        operation: OPERATION,
        endpoint: Endpoint::Iam,
        path: "/v3/auth/tokens",
        query: vec![("nocatalog".to_owned(), "true".to_owned())],
        header: None,
        body: json!({ "auth": {
            "identity": { "methods": ["password"], "password": { "user": {
                "name": user, "password": password.expose_secret(), "domain": { "name": domain } } } },
            "scope": scope,
        }}),
        secret: None,
        read: token,
    }
}
