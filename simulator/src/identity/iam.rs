//! The older IAM: tokens by an id token, and temporary keys by a token or of an agency.

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Call, Keys, sts};
use crate::{
    auth::{
        Caller, Issued,
        accounts::Account,
        authenticate,
        id_tokens::{self, Refusal},
        tokens::{self, Scope},
    },
    http::{ApiError, HttpResponse},
    settings::IdTokens,
    state::{Object, set},
};

const DURATION: std::ops::RangeInclusive<u32> = 900..=86_400;
const DEFAULT_DURATION: u32 = 900;

#[derive(Deserialize)]
struct TokenRequest {
    auth: TokenAuth,
}

#[derive(Deserialize)]
struct TokenAuth {
    id_token: IdToken,
    #[serde(default)]
    scope: Scope,
}

#[derive(Deserialize)]
struct IdToken {
    id: String,
}

/// `CreateTokenWithIdToken`: a token for a project, for the domain, or for neither, which here is one for the domain.
pub fn create_token(issued: &mut Issued, call: &Call<'_>) -> Result<HttpResponse, ApiError> {
    let TokenRequest { auth: TokenAuth { id_token, scope } } =
        serde_json::from_slice(&call.request.body).map_err(|_| error(StatusCode::BAD_REQUEST, "Request body is invalid."))?;
    let id = call.request.header("x-idp-id").filter(|id| (1..=64).contains(&id.chars().count()));
    let id = id.ok_or_else(|| error(StatusCode::BAD_REQUEST, "Request parameter 'X-Idp-Id' is invalid."))?;
    let missing = || error(StatusCode::NOT_FOUND, &format!("Could not find identity provider: {id}."));
    let provider = call.settings.identity.providers.get(&id).ok_or_else(missing)?;
    let account = call.account(provider.domain.as_deref()).ok_or_else(missing)?;
    let subject = match call.settings.identity.id_tokens {
        IdTokens::Any => "anybody".to_owned(),
        IdTokens::Checked => id_tokens::check(&id_token.id, provider, call.now.timestamp).map_err(refused)?.0.subject,
    };
    let caller = tokens::scoped(account, &scope, call.settings).map_err(|refused| error(refused.status, &refused.message))?;
    let caller = Caller { user: subject.clone(), ..caller };
    let expires_at = call.now.after_seconds(call.settings.identity.lifetime(call.settings.token_lifetime_s)).timestamp;
    let mut description = tokens::description(account, &caller, call.settings, call.now.timestamp, expires_at);
    describe(&mut description, account, &id, &subject);
    let token = issued.tokens.add(caller, expires_at);
    call.record(issued, &subject, expires_at, None);
    let headers = vec![("x-subject-token", token)];
    Ok(HttpResponse::new(StatusCode::CREATED, headers, Some(&json!({"token": description})), call.request_id))
}

/// What is different in the description of a token that no password got.
fn describe(description: &mut Object, account: &Account, provider: &str, subject: &str) {
    set(description, "methods", json!(["mapped"]));
    let federation = json!({"identity_provider": {"id": provider}, "protocol": {"id": "oidc"}, "groups": [{"id": "0", "name": "admin"}]});
    let domain = json!({"id": account.domain_id(), "name": account.domain});
    set(description, "user", json!({"id": subject, "name": subject, "domain": domain, "OS-FEDERATION": federation}));
}

#[derive(Deserialize)]
struct KeyRequest {
    auth: KeyAuth,
}

#[derive(Deserialize)]
struct KeyAuth {
    identity: Identity,
}

#[derive(Deserialize)]
struct Identity {
    methods: Vec<String>,
    #[serde(default)]
    token: TokenIdentity,
    assume_role: Option<Role>,
}

#[derive(Default, Deserialize)]
struct TokenIdentity {
    id: Option<String>,
    duration_seconds: Option<u32>,
}

#[derive(Deserialize)]
struct Role {
    agency_name: String,
    domain_name: Option<String>,
    domain_id: Option<String>,
    duration_seconds: Option<u32>,
}

/// Whether a request for temporary keys is for those of an agency.
pub fn is_for_agency(body: &[u8]) -> bool {
    serde_json::from_slice::<KeyRequest>(body).is_ok_and(|request| request.auth.identity.methods == ["assume_role"])
}

/// `CreateTemporaryAccessKeyByToken`. The token is in the header or in the body, and the one in the header counts.
pub fn keys_by_token(issued: &mut Issued, call: &Call<'_>) -> Result<HttpResponse, ApiError> {
    let identity = key_request(call)?;
    if identity.methods != ["token"] {
        return Err(invalid("the method must be token or assume_role"));
    }
    let TokenIdentity { id, duration_seconds } = identity.token;
    let duration = duration(duration_seconds)?;
    let token = call.request.header("x-auth-token").or(id).ok_or_else(unauthenticated)?;
    let caller = issued.caller_of_token(&token, call.now).map_err(|_| unauthenticated())?;
    let account = call.accounts.iter().find(|account| account.domain_id() == caller.domain_id).ok_or_else(unauthenticated)?;
    let keys = call.issue_keys(issued, account, &caller.user, &caller.user, duration);
    Ok(created(&keys, call))
}

/// `CreateTemporaryAccessKeyByAgency`.
pub fn keys_of_agency(issued: &mut Issued, call: &Call<'_>) -> Result<HttpResponse, ApiError> {
    let caller = authenticate(call.request, call.accounts, issued, call.settings, call.now)?;
    let role = key_request(call)?.assume_role.ok_or_else(|| invalid("assume_role is missing"))?;
    let Role { agency_name, domain_name, domain_id, duration_seconds } = role;
    if domain_name.is_none() && domain_id.is_none() {
        return Err(invalid("domain_name and domain_id are missing"));
    }
    let duration = duration(duration_seconds)?;
    let found = call.settings.identity.agencies.get(&agency_name).and_then(|agency| Some((call.account_of(agency)?, agency)));
    let is_of = |account: &Account| {
        domain_name.as_ref().is_none_or(|name| *name == account.domain) && domain_id.as_ref().is_none_or(|id| *id == account.domain_id())
    };
    let (account, agency) = found
        .filter(|(account, _)| is_of(account))
        .ok_or_else(|| ApiError::iam(StatusCode::NOT_FOUND, &format!("Could not find agency: {agency_name}.")))?;
    if !sts::trusts(agency, &caller, call) {
        return Err(ApiError::iam(StatusCode::FORBIDDEN, "You are not authorized to perform the requested action."));
    }
    let keys = call.issue_keys(issued, account, &agency_name, &caller.user, duration);
    Ok(created(&keys, call))
}

fn key_request(call: &Call<'_>) -> Result<Identity, ApiError> {
    let request: KeyRequest = serde_json::from_slice(&call.request.body).map_err(|error| invalid(&error.to_string()))?;
    Ok(request.auth.identity)
}

fn duration(asked: Option<u32>) -> Result<u32, ApiError> {
    let asked = asked.unwrap_or(DEFAULT_DURATION);
    if DURATION.contains(&asked) { Ok(asked) } else { Err(invalid("duration_seconds is out of range")) }
}

fn created(keys: &Keys, call: &Call<'_>) -> HttpResponse {
    HttpResponse::new(StatusCode::CREATED, Vec::new(), Some(&credential(keys)), call.request_id)
}

/// The answer of IAM, which is also that of the metadata service.
pub fn credential(keys: &Keys) -> Value {
    json!({"credential": {
        "access": keys.key.id, "secret": keys.key.secret, "securitytoken": keys.security_token(),
        "expires_at": tokens::stamp(keys.expires_at),
    }})
}

fn invalid(detail: &str) -> ApiError {
    ApiError::iam(StatusCode::BAD_REQUEST, &format!("The request body is invalid: {detail}"))
}

fn unauthenticated() -> ApiError {
    ApiError::iam(StatusCode::UNAUTHORIZED, "The request you have made requires authentication.")
}

fn refused(refusal: Refusal) -> ApiError {
    let status = if refusal == Refusal::Malformed { StatusCode::BAD_REQUEST } else { StatusCode::UNAUTHORIZED };
    error(status, refusal.message())
}

/// An error of the operation by id tokens, with the documented code of its status.
fn error(status: StatusCode, message: &str) -> ApiError {
    let code = match status {
        StatusCode::BAD_REQUEST => "IAM.0011",
        StatusCode::UNAUTHORIZED => "IAM.0001",
        StatusCode::FORBIDDEN => "IAM.0002",
        StatusCode::NOT_FOUND => "IAM.0004",
        _ => "IAM.0006",
    };
    ApiError::identity(status, code, message)
}
