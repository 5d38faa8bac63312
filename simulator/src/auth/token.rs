//! Tokens of the identity service.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Caller, unauthorized};
use crate::{errors::Refusal, seeds::Account, settings::Settings};

/// Tokens that were issued; expired ones are kept, so that they can be told from unknown ones.
#[derive(Default)]
pub struct Tokens {
    issued: BTreeMap<String, Grant>,
}

/// A token, and the body that describes it.
pub struct Issued {
    pub token: String,
    pub description: Value,
}

struct Grant {
    caller: Caller,
    expires_at: Timestamp,
}

#[derive(Deserialize)]
struct Request {
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
    /// Issues a token by password.
    pub fn issue(&mut self, body: &[u8], accounts: &[Account], settings: &Settings, now: Timestamp) -> Result<Issued, Refusal> {
        let Request { auth } = serde_json::from_slice(body).map_err(|error| invalid(&error.to_string()))?;
        if auth.identity.methods != ["password"] {
            return Err(invalid("the only method is password"));
        }
        let account = account_of(&auth.identity.password.user, accounts)?;
        check_scope(auth.scope.project.as_ref(), account, settings)?;
        let expires_at =
            now.checked_add(SignedDuration::from_secs(settings.token_lifetime_s.into())).map_err(|error| invalid(&error.to_string()))?;
        let token = format!("MIISIMULATED{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let caller = Caller { user: account.user.clone(), project_id: account.project_id.clone() };
        self.issued.insert(token.clone(), Grant { caller, expires_at });
        let description = description(account, settings, now, expires_at);
        Ok(Issued { token, description })
    }

    /// Whose token this is.
    pub fn caller(&self, token: &str, now: Timestamp) -> Result<Caller, Refusal> {
        match self.issued.get(token) {
            None => Err(unauthorized("APIGW.0301", "Incorrect IAM authentication information: verify the token")),
            Some(grant) if grant.expires_at <= now => Err(unauthorized("APIGW.0307", "The token must be updated")),
            Some(grant) => Ok(grant.caller.clone()),
        }
    }

    /// Lets every token expire now.
    pub fn expire(&mut self, now: Timestamp) {
        self.issued.values_mut().for_each(|grant| grant.expires_at = now);
    }
}

fn account_of<'a>(user: &User, accounts: &'a [Account]) -> Result<&'a Account, Refusal> {
    accounts
        .iter()
        .find(|account| account.user == user.name && account.password == user.password && account.domain == user.domain.name)
        .ok_or_else(|| Refusal::identity(StatusCode::UNAUTHORIZED, "The username or password is wrong."))
}

fn check_scope(project: Option<&Project>, account: &Account, settings: &Settings) -> Result<(), Refusal> {
    let Some(Project { id, name }) = project else {
        return Err(invalid("scope.project is needed for a project-level service"));
    };
    let fits = id.as_ref().is_none_or(|id| *id == account.project_id) && name.as_ref().is_none_or(|name| *name == account.project_name);
    if settings.project_missing || !fits || (id.is_none() && name.is_none()) {
        return Err(Refusal::identity(StatusCode::NOT_FOUND, "Could not find project."));
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

/// As the identity service writes times: UTC with microseconds.
fn stamp(timestamp: Timestamp) -> String {
    timestamp.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

/// Ids need only be stable and of the right form.
pub fn domain_id(account: &Account) -> String {
    account.project_id.chars().rev().collect()
}

fn user_id(account: &Account) -> String {
    format!("{}{}", account.project_id.get(16..).unwrap_or_default(), account.project_id.get(..16).unwrap_or_default())
}

fn invalid(detail: &str) -> Refusal {
    Refusal::identity(StatusCode::BAD_REQUEST, &format!("The request body is invalid: {detail}"))
}
