//! Tokens of IAM.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Caller, accounts::Account, unauthorized};
use crate::{
    http::{ApiError, Request},
    settings::Settings,
    state::{Object, set},
};

/// Error code for a token that has expired.
pub const EXPIRED: &str = "APIGW.0307";

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
pub struct Scope {
    project: Option<Reference>,
    domain: Option<Reference>,
}

/// A project or a domain, by its id, its name or both.
#[derive(Deserialize)]
struct Reference {
    id: Option<String>,
    name: Option<String>,
}

impl Reference {
    fn is_to(&self, id: &str, name: &str) -> bool {
        let fits = |given: &Option<String>, actual: &str| given.as_deref().is_none_or(|given| given == actual);
        (self.id.is_some() || self.name.is_some()) && fits(&self.id, id) && fits(&self.name, name)
    }
}

impl Tokens {
    pub fn issue(&mut self, request: &Request, accounts: &[Account], settings: &Settings, now: Timestamp) -> Result<NewToken, ApiError> {
        let TokenRequest { auth } = serde_json::from_slice(&request.body).map_err(|error| invalid(&error.to_string()))?;
        if auth.identity.methods != ["password"] {
            return Err(invalid("the only method is password"));
        }
        let account = find_account(&auth.identity.password.user, accounts)?;
        let caller = scoped(account, &auth.scope, settings)?;
        let expires_at =
            now.checked_add(SignedDuration::from_secs(settings.token_lifetime_s.into())).map_err(|error| invalid(&error.to_string()))?;
        let mut description = description(account, &caller, settings, now, expires_at);
        // Any value but an empty one counts as true.
        if request.query.first("nocatalog").is_some_and(|value| !value.is_empty()) {
            description.remove("catalog");
        }
        let token = self.add(caller, expires_at);
        Ok(NewToken { token, description: json!({"token": description}) })
    }

    /// A new token of this caller.
    pub fn add(&mut self, caller: Caller, expires_at: Timestamp) -> String {
        let token = format!("MIISIMULATED{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        self.issued.insert(token.clone(), IssuedToken { caller, expires_at });
        token
    }

    pub fn caller(&self, token: &str, now: Timestamp) -> Result<Caller, ApiError> {
        match self.issued.get(token) {
            None => Err(unauthorized("APIGW.0301", "Incorrect IAM authentication information: verify the token")),
            Some(token) if token.expires_at <= now => Err(unauthorized(EXPIRED, "The token must be updated")),
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

/// A project wins over a domain. Without both, the token is for the domain of the user.
pub fn scoped(account: &Account, scope: &Scope, settings: &Settings) -> Result<Caller, ApiError> {
    match scope {
        Scope { project: Some(project), .. } => {
            if settings.project_missing || !project.is_to(&account.project_id, &account.project_name) {
                return Err(ApiError::iam(StatusCode::NOT_FOUND, "Could not find project."));
            }
            Ok(Caller::for_project(account))
        }
        Scope { domain: Some(domain), .. } if !domain.is_to(&account.domain_id(), &account.domain) => {
            Err(ApiError::iam(StatusCode::NOT_FOUND, "Could not find domain."))
        }
        _ => Ok(Caller::for_domain(account)),
    }
}

pub fn description(account: &Account, caller: &Caller, settings: &Settings, issued_at: Timestamp, expires_at: Timestamp) -> Object {
    let domain = json!({"id": account.domain_id(), "name": account.domain});
    let mut description = Object::new();
    set(&mut description, "methods", json!(["password"]));
    set(&mut description, "issued_at", stamp(issued_at));
    set(&mut description, "expires_at", stamp(expires_at));
    set(&mut description, "user", json!({"id": user_id(account), "name": account.user, "domain": domain, "password_expires_at": ""}));
    set(&mut description, "roles", json!([{"id": "0", "name": "dc_adm"}]));
    if let Some(project_id) = &caller.project_id {
        set(&mut description, "project", json!({"id": project_id, "name": account.project_name, "domain": domain}));
        set(&mut description, "catalog", catalog(account, settings));
    } else {
        set(&mut description, "domain", domain);
        set(&mut description, "catalog", json!([]));
    }
    description
}

fn catalog(account: &Account, settings: &Settings) -> Value {
    let url = format!("https://dcaas.{}.{}/v3/{}/dcaas", account.project_name, settings.switches.u18_endpoint_domain, account.project_id);
    json!([{"id": "dcaas", "type": "dcaas", "name": "dcaas", "endpoints": [
        {"id": "dcaas", "interface": "public", "region": account.project_name, "region_id": account.project_name, "url": url},
    ]}])
}

/// The format of IAM's timestamps: UTC with microseconds.
pub fn stamp(timestamp: Timestamp) -> String {
    timestamp.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

fn user_id(account: &Account) -> String {
    format!("{}{}", account.project_id.get(16..).unwrap_or_default(), account.project_id.get(..16).unwrap_or_default())
}

fn invalid(detail: &str) -> ApiError {
    ApiError::iam(StatusCode::BAD_REQUEST, &format!("The request body is invalid: {detail}"))
}
