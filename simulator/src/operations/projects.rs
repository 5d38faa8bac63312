//! The list of projects, an operation of IAM.

use serde_json::{Value, json};

use crate::{
    auth::{Caller, accounts::Account, tokens::domain_id},
    http::Query,
    settings::Settings,
};

/// Lists the project of the caller, unless the query names another one.
pub fn list(accounts: &[Account], caller: &Caller, query: &Query, settings: &Settings) -> Value {
    let wanted = query.first("name");
    let projects: Vec<Value> = accounts
        .iter()
        .filter(|account| account.project_id == caller.project_id && !settings.project_missing)
        .filter(|account| wanted.is_none_or(|name| name == account.project_name))
        .map(|account| {
            json!({
                "id": account.project_id, "name": account.project_name, "domain_id": domain_id(account), "parent_id": domain_id(account),
                "enabled": true, "is_domain": false, "description": "", "links": {"self": ""},
            })
        })
        .collect();
    json!({"links": {"self": "", "previous": null, "next": null}, "projects": projects})
}
