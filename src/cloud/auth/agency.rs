//! `assumeAgency`: temporary keys of an agency, with keys or a token that one has.
//!
//! Sources: `AssumeAgency` of STS v5, whose request must be signed; `CreateTemporaryAccessKeyByAgency` of IAM v3.0, which takes a token too.

use serde_json::json;

use super::credentials::Agency;
use super::exchange::{Exchange, IAM_KEYS, LIFE, Reader, SESSION, STS_KEYS};
use crate::cloud::endpoint::Endpoint;

const BY_URN: &str = "AssumeAgency";
const BY_NAME: &str = "CreateTemporaryAccessKeyByAgency";

impl Agency {
    pub(in crate::cloud) const fn operation(&self) -> &'static str {
        match self {
            Self::Urn { .. } => BY_URN,
            Self::Name { .. } => BY_NAME,
        }
    }

    pub(in crate::cloud) fn exchange(&self) -> Exchange {
        let (endpoint, path, body, read): (_, _, _, Reader) = match self {
            Self::Urn { urn, external_id } => {
                let mut body = json!({ "agency_urn": urn, "agency_session_name": SESSION, "duration_seconds": LIFE });
                if let (Some(external_id), Some(body)) = (external_id, body.as_object_mut()) {
                    body.insert("external_id".to_owned(), json!(external_id));
                }
                (Endpoint::Sts, "/v5/agencies/assume", body, |reply| STS_KEYS.read(reply.body))
            }
            Self::Name { agency, domain } => {
                let role = json!({ "agency_name": agency, "domain_name": domain, "duration_seconds": LIFE });
                let body = json!({ "auth": { "identity": { "methods": ["assume_role"], "assume_role": role } } });
                (Endpoint::Iam, "/v3.0/OS-CREDENTIAL/securitytokens", body, |reply| IAM_KEYS.read(reply.body))
            }
        };
        Exchange { operation: self.operation(), endpoint, path, query: Vec::new(), header: None, body, secret: None, read }
    }
}
