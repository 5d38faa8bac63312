//! A client of an account for tools that run beside the operator.

use k8s_openapi::api::core::v1::Secret;

use super::credentials::{from_secret, with_agency, without_secret};
use super::prepare::settings;
use crate::api::CloudAccount;
use crate::cloud::{Client, Limits, Surroundings};
use crate::telemetry::metrics::Metrics;

/// A client of `account` as the operator would use it. `secret` is the Secret to which its credentials refer, if they do.
///
/// # Errors
/// The field or the key that is missing, and what it needs.
pub fn connect(account: &CloudAccount, secret: Option<&Secret>, surroundings: &Surroundings) -> Result<Client, String> {
    let spec = &account.spec.credentials;
    let credentials = match (spec.secret(), secret) {
        (None, _) => without_secret(spec, surroundings),
        (Some(_), Some(secret)) => from_secret(spec, secret),
        (Some(reference), None) => return Err(format!("Secret {}/{} does not exist", reference.namespace, reference.name)),
    };
    let credentials = credentials.map_err(|problem| problem.message)?;
    Client::new(settings(account, Limits::default()), with_agency(spec, credentials), Metrics::new().cloud)
}
