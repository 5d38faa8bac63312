//! Authentication by token or by signature, and authorization for a project.

pub mod accounts;
pub mod id_tokens;
mod jwks;
mod signature;
pub mod temporary_keys;
pub mod tokens;

use axum::http::StatusCode;

use crate::{
    clock::Moment,
    http::{ApiError, Request},
    identity::metadata::MetadataTokens,
    settings::Settings,
};

use accounts::Account;
use temporary_keys::{Exchanges, TemporaryKeys};
use tokens::Tokens;

/// All that was issued, with a record of it.
#[derive(Default)]
pub struct Issued {
    pub tokens: Tokens,
    pub keys: TemporaryKeys,
    pub metadata_tokens: MetadataTokens,
    pub exchanges: Exchanges,
}

impl Issued {
    /// The caller of a token for requests.
    pub fn caller_of_token(&mut self, token: &str, now: Moment) -> Result<Caller, ApiError> {
        let caller = self.tokens.caller(token, now.timestamp);
        if caller.as_ref().is_err_and(|error| error.code == tokens::EXPIRED) {
            self.exchanges.rejected_tokens += 1;
        }
        caller
    }
}

/// The authenticated user of a request.
#[derive(Clone)]
pub struct Caller {
    pub user: String,
    pub domain_id: String,
    /// None with a token for the domain.
    pub project_id: Option<String>,
}

impl Caller {
    /// The user of an account, for its project.
    pub fn for_project(account: &Account) -> Self {
        Self { project_id: Some(account.project_id.clone()), ..Self::for_domain(account) }
    }

    fn for_domain(account: &Account) -> Self {
        Self { user: account.user.clone(), domain_id: account.domain_id(), project_id: None }
    }
}

pub fn authenticate(
    request: &Request,
    accounts: &[Account],
    issued: &mut Issued,
    settings: &Settings,
    now: Moment,
) -> Result<Caller, ApiError> {
    if let Some(token) = request.header("x-auth-token") {
        return issued.caller_of_token(&token, now);
    }
    by_signature(request, accounts, &mut issued.keys, settings, now)
}

/// The caller of a signed request.
pub fn by_signature(
    request: &Request,
    accounts: &[Account],
    keys: &mut TemporaryKeys,
    settings: &Settings,
    now: Moment,
) -> Result<Caller, ApiError> {
    let Some(authorization) = request.header("authorization") else {
        return Err(unauthorized("APIGW.0301", "Incorrect IAM authentication information: no token or signature"));
    };
    let signer = signature::verify(request, &authorization, accounts, keys, now.timestamp)?;
    if keys.count_call(&signer.access_key, now.timestamp) {
        return Ok(signer.caller);
    }
    Err(unauthorized(&settings.identity.expired_key_code, "Incorrect IAM authentication information: the security token has expired"))
}

/// Checks that the project in the path is that of the caller.
pub fn authorize(caller: &Caller, project_id: &str) -> Result<(), ApiError> {
    if caller.project_id.as_deref() == Some(project_id) {
        return Ok(());
    }
    Err(forbidden("project"))
}

/// Checks that the domain in the path is that of the caller.
pub fn authorize_domain(caller: &Caller, domain_id: &str) -> Result<(), ApiError> {
    if caller.domain_id == domain_id { Ok(()) } else { Err(forbidden("domain")) }
}

fn forbidden(owner: &str) -> ApiError {
    let message = format!("The IAM user is not authorized to access the {owner} of the URL");
    ApiError::api_gateway(StatusCode::FORBIDDEN, "APIGW.0302", &message)
}

fn unauthorized(code: &str, message: &str) -> ApiError {
    ApiError::api_gateway(StatusCode::UNAUTHORIZED, code, message)
}
