//! The pod identity agent of a node: keys of the agency that is associated with the service account of a pod. Errors are plain text.

use axum::http::StatusCode;
use serde_json::json;
use uuid::Uuid;

use super::{Call, sts};
use crate::{
    auth::{
        Issued,
        id_tokens::{self, Refusal},
    },
    http::{ApiError, HttpResponse},
    settings::PodIdentity,
};

/// Issues keys for the token in `Authorization`, which is that of a service account.
pub fn assume(issued: &mut Issued, call: &Call<'_>) -> Result<HttpResponse, ApiError> {
    let PodIdentity { associations, audience, trust_agencies, key_lifetime_s } = &call.settings.identity.pod_identity;
    let refuse = |status: StatusCode, reason: &str| Ok(HttpResponse::text(status, reason, call.request_id));
    if !serde_json::from_slice::<serde_json::Value>(&call.request.body).is_ok_and(|body| body.is_object()) {
        return refuse(StatusCode::BAD_REQUEST, "the request body is no JSON object");
    }
    let token = call.request.header("authorization").unwrap_or_default();
    let claims = match id_tokens::read(&token, call.now.timestamp) {
        Ok(claims) if claims.is_for(audience) => claims,
        Ok(_) => return refuse(StatusCode::UNAUTHORIZED, Refusal::Audience.message()),
        Err(refusal) => return refuse(StatusCode::UNAUTHORIZED, refusal.message()),
    };
    let account = claims.subject.strip_prefix("system:serviceaccount:").and_then(|account| account.split_once(':'));
    let Some((namespace, service_account)) = account else {
        return refuse(StatusCode::UNAUTHORIZED, "the token is not that of a service account");
    };
    let agency = associations.get(&format!("{namespace}/{service_account}"));
    let found = agency.and_then(|name| Some((name, call.settings.identity.agencies.get(name)?)));
    let Some((agency, owner)) = found.and_then(|(name, agency)| Some((name, call.account_of(agency)?))) else {
        return refuse(StatusCode::NOT_FOUND, "the service account has no association");
    };
    let keys = call.issue_keys(issued, owner, agency, &claims.subject, *key_lifetime_s);
    let mut answer = json!({
        "credentials": {
            "accessKeyId": keys.key.id, "secretAccessKey": keys.key.secret, "securityToken": keys.security_token(),
            "expiration": keys.expiration(),
        },
        "podIdentityAssociationId": Uuid::new_v4().to_string(),
        "subject": {"namespace": namespace, "serviceAccount": service_account},
    });
    if let (true, Some(fields)) = (trust_agencies, answer.as_object_mut()) {
        let session = format!("cce-{}", Uuid::new_v4());
        let assumed = json!({"urn": sts::session_urn(owner, agency, &session), "id": sts::session_id(owner, &session)});
        fields.insert("assumedAgency".to_owned(), assumed);
        fields.insert("audience".to_owned(), json!(audience));
    }
    Ok(HttpResponse::new(StatusCode::OK, Vec::new(), Some(&answer), call.request_id))
}
