//! The list of projects, an operation of IAM.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::{
    auth::{Caller, accounts::Account},
    http::{ApiError, Query},
    settings::Settings,
};

/// Lists the project of the caller's domain, if it passes the filters of the query.
pub fn list(accounts: &[Account], caller: &Caller, query: &Query, settings: &Settings) -> Result<Value, ApiError> {
    let is = |key: &str, value: &str| query.first(key).is_none_or(|wanted| wanted == value);
    let enabled = match query.first("enabled") {
        None | Some("true") => true,
        Some("false") => false,
        Some(_) => return Err(ApiError::iam(StatusCode::BAD_REQUEST, "enabled must be true or false.")),
    };
    let projects: Vec<Value> = accounts
        .iter()
        .filter(|account| account.domain_id() == caller.domain_id && !settings.project_missing)
        .filter(|account| enabled && is("name", &account.project_name))
        .filter(|account| is("domain_id", &account.domain_id()) && is("parent_id", &account.domain_id()))
        .map(|account| {
            json!({
                "id": account.project_id, "name": account.project_name, "domain_id": account.domain_id(),
                "parent_id": account.domain_id(), "enabled": true, "is_domain": false, "description": "",
                "links": links(account, settings, &format!("/{}", account.project_id)),
            })
        })
        .collect();
    let own = accounts.iter().find(|account| account.domain_id() == caller.domain_id);
    Ok(json!({"links": own.map(|account| links(account, settings, "")), "projects": projects}))
}

/// The links of the list, or of an item of it. There is only one page.
fn links(account: &Account, settings: &Settings, path: &str) -> Value {
    let itself = format!("https://iam.{}.{}/v3/projects{path}", account.project_name, settings.switches.u18_endpoint_domain);
    json!({"self": itself, "previous": null, "next": null})
}
