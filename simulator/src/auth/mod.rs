//! Who is calling: by token or by signature, and for which project.

pub mod sign;
pub mod token;

use axum::http::StatusCode;

use crate::{engine::Moment, errors::Refusal, http::Received, seeds::Account};

use token::Tokens;

/// The account and project on whose behalf a request runs.
#[derive(Clone)]
pub struct Caller {
    pub user: String,
    pub project_id: String,
}

/// Answers who is calling, or with what the API gateway says to strangers.
pub fn authenticate(received: &Received, accounts: &[Account], tokens: &Tokens, now: Moment) -> Result<Caller, Refusal> {
    if let Some(token) = received.header("x-auth-token") {
        return tokens.caller(&token, now.timestamp);
    }
    if let Some(authorization) = received.header("authorization") {
        return sign::verify(received, &authorization, accounts, now.timestamp);
    }
    Err(unauthorized("APIGW.0301", "Incorrect IAM authentication information: no token or signature"))
}

/// Holds the project in the path against that of the caller.
pub fn authorize(caller: &Caller, project_id: &str) -> Result<(), Refusal> {
    if caller.project_id == project_id {
        return Ok(());
    }
    Err(Refusal::gateway(StatusCode::FORBIDDEN, "APIGW.0302", "The IAM user is not authorized to access the project of the URL"))
}

fn unauthorized(code: &str, message: &str) -> Refusal {
    Refusal::gateway(StatusCode::UNAUTHORIZED, code, message)
}
