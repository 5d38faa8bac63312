//! `workloadIdentity` by STS: an id token for temporary keys of an agency. The request carries no other credentials.
//!
//! Source: `AssumeAgencyWithOIDC` of STS v5.

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::exchange::{Exchange, LIFE, SESSION, STS_KEYS};
use crate::cloud::endpoint::Endpoint;

pub(in crate::cloud) const OPERATION: &str = "AssumeAgencyWithOIDC";

pub(in crate::cloud) fn exchange(provider_urn: &str, agency_urn: &str, id_token: SecretString) -> Exchange {
    Exchange {
        operation: OPERATION,
        endpoint: Endpoint::Sts,
        path: "/v5/agencies/assume-with-oidc",
        query: Vec::new(),
        header: None,
        body: json!({
            "provider_urn": provider_urn, "agency_urn": agency_urn, "agency_session_name": SESSION,
            "id_token": id_token.expose_secret(), "duration_seconds": LIFE,
        }),
        secret: Some(id_token),
        read: |reply| STS_KEYS.read(reply.body),
    }
}
