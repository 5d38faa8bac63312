//! Projects, as the identity service lists them.

use serde_json::{Value, json};

use super::Query;
use crate::{
    auth::{Caller, token::domain_id},
    seeds::Account,
    settings::Settings,
};

/// The caller's project, if its name is asked for or none is.
pub fn list(accounts: &[Account], caller: &Caller, query: &Query, settings: &Settings) -> Value {
    let wanted = query.one("name");
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
