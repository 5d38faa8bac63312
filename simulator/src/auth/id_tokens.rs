//! Id tokens: JSON web tokens of OIDC providers (RFC 7519), of which the claims are checked, and the signature if its keys are known.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde::{Deserialize, de::DeserializeOwned};

use super::jwks::is_signed_by;
use crate::{settings::Provider, state::Object};

/// What a token says of its subject.
#[derive(Deserialize)]
pub struct Claims {
    #[serde(rename = "iss")]
    pub issuer: String,
    #[serde(rename = "sub")]
    pub subject: String,
    #[serde(rename = "aud", default)]
    audience: Audience,
    /// Seconds since 1970.
    #[serde(rename = "exp")]
    expires_at: i64,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Default for Audience {
    fn default() -> Self {
        Self::Several(Vec::new())
    }
}

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    Malformed,
    Expired,
    Issuer,
    Audience,
    Signature,
}

impl Refusal {
    pub const fn message(self) -> &'static str {
        match self {
            Self::Malformed => "the id token is malformed",
            Self::Expired => "the id token has expired",
            Self::Issuer => "the issuer of the id token is not that of the identity provider",
            Self::Audience => "the audience of the id token is no client id of the identity provider",
            Self::Signature => "the signature of the id token is invalid",
        }
    }
}

/// The claims of a token that has not expired. Its signature is not verified.
pub fn read(token: &str, now: Timestamp) -> Result<Claims, Refusal> {
    let [header, claims, _] = parts(token).ok_or(Refusal::Malformed)?;
    let _: Object = decoded(header).ok_or(Refusal::Malformed)?;
    let claims: Claims = decoded(claims).filter(|claims: &Claims| !claims.subject.is_empty()).ok_or(Refusal::Malformed)?;
    if claims.expires_at <= now.as_second() { Err(Refusal::Expired) } else { Ok(claims) }
}

/// Checks a token as `provider` does. Returns its claims and the client id that it is for.
pub fn check<'p>(token: &str, provider: &'p Provider, now: Timestamp) -> Result<(Claims, &'p str), Refusal> {
    if provider.jwks.as_ref().is_some_and(|jwks| !is_signed_by(token, jwks)) {
        return Err(Refusal::Signature);
    }
    let claims = read(token, now)?;
    if provider.issuer.as_ref().is_some_and(|issuer| *issuer != claims.issuer) {
        return Err(Refusal::Issuer);
    }
    let client = provider.client_ids.iter().find(|client| claims.is_for(client)).ok_or(Refusal::Audience)?;
    Ok((claims, client))
}

impl Claims {
    pub fn is_for(&self, audience: &str) -> bool {
        match &self.audience {
            Audience::One(one) => one == audience,
            Audience::Several(several) => several.iter().any(|one| one == audience),
        }
    }
}

fn parts(token: &str) -> Option<[&str; 3]> {
    token.split('.').collect::<Vec<_>>().try_into().ok()
}

fn decoded<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

#[cfg(test)]
#[path = "id_tokens_tests.rs"]
mod tests;
