//! The metadata service of a node: keys of its agency, for everybody who reaches it (V1) or has a token (V2). Errors are plain text.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use jiff::Timestamp;
use uuid::Uuid;

use super::{Call, iam};
use crate::{
    auth::Issued,
    http::{ApiError, HttpResponse},
    settings::{Metadata, MetadataVersions},
};

const TTL: std::ops::RangeInclusive<u32> = 60..=21_600;
const DEFAULT_TTL: u32 = 21_600;

/// The tokens that it has issued, with their ends.
#[derive(Default)]
pub struct MetadataTokens(BTreeMap<String, Timestamp>);

impl MetadataTokens {
    fn add(&mut self, expires_at: Timestamp) -> String {
        let token = format!("SIMULATEDMETADATATOKEN{}", Uuid::new_v4().simple());
        self.0.insert(token.clone(), expires_at);
        token
    }

    fn is_valid(&self, token: &str, now: Timestamp) -> bool {
        self.0.get(token).is_some_and(|expires_at| now < *expires_at)
    }

    pub fn expire_all(&mut self, now: Timestamp) {
        self.0.values_mut().for_each(|expires_at| *expires_at = (*expires_at).min(now));
    }
}

/// Issues a token of V2.
pub fn create_token(issued: &mut Issued, call: &Call<'_>) -> Result<HttpResponse, ApiError> {
    let Metadata { versions, no_v2_status, token_lifetime_s, .. } = &call.settings.identity.metadata;
    if *versions == MetadataVersions::V1 {
        let status = StatusCode::from_u16(*no_v2_status).unwrap_or(StatusCode::NOT_FOUND);
        return text(call, status, status.canonical_reason().unwrap_or_default());
    }
    if is_forwarded(call) {
        return text(call, StatusCode::FORBIDDEN, "Forbidden");
    }
    let asked = call.request.header("x-metadata-token-ttl-seconds").map_or(Some(DEFAULT_TTL), |asked| asked.parse().ok());
    let Some(asked) = asked.filter(|asked| TTL.contains(asked)) else {
        return text(call, StatusCode::BAD_REQUEST, "X-Metadata-Token-Ttl-Seconds is out of range");
    };
    let token = issued.metadata_tokens.add(call.now.after_seconds(token_lifetime_s.unwrap_or(asked)).timestamp);
    text(call, StatusCode::OK, &token)
}

/// Issues keys of the agency of the node.
pub fn show_keys(issued: &mut Issued, call: &Call<'_>) -> Result<HttpResponse, ApiError> {
    let Metadata { versions, agency, key_lifetime_s, .. } = &call.settings.identity.metadata;
    if is_forwarded(call) {
        return text(call, StatusCode::FORBIDDEN, "Forbidden");
    }
    let token = call.request.header("x-metadata-token");
    let valid = token.map(|token| issued.metadata_tokens.is_valid(&token, call.now.timestamp));
    let admitted = match versions {
        MetadataVersions::V1 => true,
        MetadataVersions::V2 => valid == Some(true),
        MetadataVersions::Both => valid != Some(false),
    };
    if !admitted {
        return text(call, StatusCode::UNAUTHORIZED, "Unauthorized");
    }
    let Some(account) = call.settings.identity.agencies.get(agency).and_then(|agency| call.account_of(agency)) else {
        return text(call, StatusCode::UNAUTHORIZED, "Please configure Cloud Service Agency first");
    };
    let keys = call.issue_keys(issued, account, agency, agency, *key_lifetime_s);
    Ok(HttpResponse::new(StatusCode::OK, Vec::new(), Some(&iam::credential(&keys)), call.request_id))
}

/// A request that came by a proxy is refused.
fn is_forwarded(call: &Call<'_>) -> bool {
    call.request.header("x-forwarded-for").is_some()
}

#[expect(clippy::unnecessary_wraps, reason = "the end of operations that return a result")]
fn text(call: &Call<'_>, status: StatusCode, text: &str) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::text(status, text, call.request_id))
}
