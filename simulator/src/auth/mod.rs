//! Authentication by token or by signature, and authorization for a project.

pub mod accounts;
mod signature;
pub mod tokens;

use axum::http::StatusCode;

use crate::{
    clock::Moment,
    http::{ApiError, Request},
};

use accounts::Account;
use tokens::Tokens;

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
    fn for_project(account: &Account) -> Self {
        Self { project_id: Some(account.project_id.clone()), ..Self::for_domain(account) }
    }

    fn for_domain(account: &Account) -> Self {
        Self { user: account.user.clone(), domain_id: account.domain_id(), project_id: None }
    }
}

pub fn authenticate(request: &Request, accounts: &[Account], tokens: &Tokens, now: Moment) -> Result<Caller, ApiError> {
    if let Some(token) = request.header("x-auth-token") {
        return tokens.caller(&token, now.timestamp);
    }
    if let Some(authorization) = request.header("authorization") {
        return signature::verify(request, &authorization, accounts, now.timestamp);
    }
    Err(unauthorized("APIGW.0301", "Incorrect IAM authentication information: no token or signature"))
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
