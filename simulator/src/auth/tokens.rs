//! Tokens of IAM.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Caller, accounts::Account, unauthorized};
use crate::{http::ApiError, settings::Settings};

/// The issued tokens. Expired ones are kept, as they are rejected with another error code than unknown ones.
#[derive(Default)]
pub struct Tokens {
    issued: BTreeMap<String, IssuedToken>,
}

pub struct NewToken {
    pub token: String,
    /// The body of the response.
    pub description: Value,
}

struct IssuedToken {
    caller: Caller,
    expires_at: Timestamp,
}

#[derive(Deserialize)]
struct TokenRequest {
    auth: Auth,
}

#[derive(Deserialize)]
struct Auth {
    identity: Identity,
    #[serde(default)]
    scope: Scope,
}

#[derive(Deserialize)]
struct Identity {
    methods: Vec<String>,
    password: Password,
}

#[derive(Deserialize)]
struct Password {
    user: User,
}

#[derive(Deserialize)]
struct User {
    name: String,
    password: String,
    domain: Domain,
}

#[derive(Deserialize)]
struct Domain {
    name: String,
}

#[derive(Default, Deserialize)]
struct Scope {
    project: Option<Project>,
}

#[derive(Deserialize)]
struct Project {
    id: Option<String>,
    name: Option<String>,
}

impl Tokens {
    pub fn issue(&mut self, body: &[u8], accounts: &[Account], settings: &Settings, now: Timestamp) -> Result<NewToken, ApiError> {
        let TokenRequest { auth } = serde_json::from_slice(body).map_err(|error| invalid(&error.to_string()))?;
        if auth.identity.methods != ["password"] {
            return Err(invalid("the only method is password"));
        }
        let account = find_account(&auth.identity.password.user, accounts)?;
        check_scope(auth.scope.project.as_ref(), account, settings)?;
        let expires_at =
            now.checked_add(SignedDuration::from_secs(settings.token_lifetime_s.into())).map_err(|error| invalid(&error.to_string()))?;
        let token = format!("MIISIMULATED{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let caller = Caller { user: account.user.clone(), project_id: account.project_id.clone() };
        self.issued.insert(token.clone(), IssuedToken { caller, expires_at });
        let description = description(account, settings, now, expires_at);
        Ok(NewToken { token, description })
    }

    pub fn caller(&self, token: &str, now: Timestamp) -> Result<Caller, ApiError> {
        match self.issued.get(token) {
            None => Err(unauthorized("APIGW.0301", "Incorrect IAM authentication information: verify the token")),
            Some(token) if token.expires_at <= now => Err(unauthorized("APIGW.0307", "The token must be updated")),
            Some(token) => Ok(token.caller.clone()),
        }
    }

    pub fn expire_all(&mut self, now: Timestamp) {
        self.issued.values_mut().for_each(|token| token.expires_at = now);
    }
}

fn find_account<'a>(user: &User, accounts: &'a [Account]) -> Result<&'a Account, ApiError> {
    accounts
        .iter()
        .find(|account| account.user == user.name && account.password == user.password && account.domain == user.domain.name)
        .ok_or_else(|| ApiError::iam(StatusCode::UNAUTHORIZED, "The username or password is wrong."))
}

fn check_scope(project: Option<&Project>, account: &Account, settings: &Settings) -> Result<(), ApiError> {
    let Some(Project { id, name }) = project else {
        return Err(invalid("scope.project is needed for a project-level service"));
    };
    let fits = id.as_ref().is_none_or(|id| *id == account.project_id) && name.as_ref().is_none_or(|name| *name == account.project_name);
    if settings.project_missing || !fits || (id.is_none() && name.is_none()) {
        return Err(ApiError::iam(StatusCode::NOT_FOUND, "Could not find project."));
    }
    Ok(())
}

fn description(account: &Account, settings: &Settings, issued_at: Timestamp, expires_at: Timestamp) -> Value {
    let domain = json!({"id": domain_id(account), "name": account.domain});
    let url = format!("https://dcaas.{}.{}/v3/{}/dcaas", account.project_name, settings.switches.u18_endpoint_domain, account.project_id);
    json!({"token": {
        "methods": ["password"],
        "issued_at": stamp(issued_at),
        "expires_at": stamp(expires_at),
        "project": {"id": account.project_id, "name": account.project_name, "domain": domain},
        "user": {"id": user_id(account), "name": account.user, "domain": domain, "password_expires_at": ""},
        "roles": [{"id": "0", "name": "dc_adm"}],
        "catalog": [{"id": "dcaas", "type": "dcaas", "name": "dcaas", "endpoints": [
            {"id": "dcaas", "interface": "public", "region": account.project_name, "region_id": account.project_name, "url": url},
        ]}],
    }})
}

/// The format of IAM's timestamps: UTC with microseconds.
fn stamp(timestamp: Timestamp) -> String {
    timestamp.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

/// Derived from the project: the id must only be stable and have the right format.
pub fn domain_id(account: &Account) -> String {
    account.project_id.chars().rev().collect()
}

fn user_id(account: &Account) -> String {
    format!("{}{}", account.project_id.get(16..).unwrap_or_default(), account.project_id.get(..16).unwrap_or_default())
}

fn invalid(detail: &str) -> ApiError {
    ApiError::iam(StatusCode::BAD_REQUEST, &format!("The request body is invalid: {detail}"))
}
