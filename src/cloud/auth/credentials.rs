//! Credentials: access keys, which sign requests, or a password, and the cached IAM token that it is exchanged for
//! (`docs/design/cloud-api.md#authentication`).

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde::Deserialize;

/// Credentials of one account. Has no `Debug`: it holds secrets.
#[derive(Clone)]
pub enum Credentials {
    /// Requests are signed; with a security token when the key is temporary.
    AccessKey {
        /// Access key ID: half of a secret, and redacted too.
        access_key: String,
        secret_key: SecretString,
        /// Token of a temporary key, sent as `X-Security-Token` and signed.
        security_token: Option<SecretString>,
        /// Expiry of a temporary key, if it is known.
        expires_at: Option<Timestamp>,
    },
    /// A token is fetched from IAM and sent as `X-Auth-Token`.
    Password {
        /// Name of the Huawei Cloud account.
        domain: String,
        /// Name of the IAM user.
        user: String,
        password: SecretString,
    },
}

impl Credentials {
    /// What must be redacted.
    pub(in crate::cloud) fn secrets(&self) -> Vec<SecretString> {
        match self {
            Self::AccessKey { access_key, secret_key, security_token, expires_at: _ } => {
                let pair = [SecretString::from(access_key.as_str()), secret_key.clone()];
                pair.into_iter().chain(security_token.clone()).collect()
            }
            Self::Password { domain: _, user: _, password } => vec![password.clone()],
        }
    }

    /// When they expire, unless they are renewed automatically.
    pub(in crate::cloud) const fn end(&self) -> Option<Timestamp> {
        match self {
            Self::AccessKey { expires_at, .. } => *expires_at,
            Self::Password { .. } => None,
        }
    }
}

/// A project-scoped token.
#[derive(Clone)]
pub(in crate::cloud) struct Token {
    pub value: SecretString,
    pub project_id: String,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
}

/// A token is renewed when less than this remains (or half of its lifetime, if that is less): longer than any call, so that no token expires in
/// flight.
const RENEW_BEFORE: SignedDuration = SignedDuration::from_mins(10);

impl Token {
    /// Whether the token can be used for a call at `now`.
    pub fn is_usable(&self, now: Timestamp) -> bool {
        let margin = RENEW_BEFORE.min(self.expires_at.duration_since(self.issued_at) / 2);
        self.expires_at.duration_since(now) > margin
    }
}

/// Body of a token answer; the token itself is in the header `X-Subject-Token`.
#[derive(Deserialize)]
pub(in crate::cloud) struct TokenAnswer {
    pub token: TokenBody,
}

#[derive(Deserialize)]
pub(in crate::cloud) struct TokenBody {
    pub expires_at: Timestamp,
    pub project: TokenProject,
}

#[derive(Deserialize)]
pub(in crate::cloud) struct TokenProject {
    pub id: String,
}

/// Answer of the project lookup.
#[derive(Deserialize)]
pub(in crate::cloud) struct Projects {
    pub projects: Vec<TokenProject>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(life_seconds: i64) -> Token {
        let issued_at = Timestamp::UNIX_EPOCH;
        let expires_at = issued_at + SignedDuration::from_secs(life_seconds);
        Token { value: SecretString::from("t"), project_id: String::new(), issued_at, expires_at }
    }

    #[test]
    fn a_token_is_renewed_before_it_expires() {
        for (life, age, usable) in [(86_400, 0, true), (86_400, 85_799, true), (86_400, 85_801, false), (60, 29, true), (60, 31, false)] {
            let now = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(age);
            assert_eq!(token(life).is_usable(now), usable, "life {life} s, age {age} s");
        }
    }
}
