//! What a request proves with who sends it: access keys, which sign it, or a token.

use jiff::Timestamp;
use secrecy::SecretString;

/// Access keys. Has no `Debug`: it holds secrets.
#[derive(Clone)]
pub struct Keys {
    /// Half of a secret, and redacted too.
    pub access_key: String,
    pub secret_key: SecretString,
    /// Of temporary keys; sent as `X-Security-Token` and signed.
    pub security_token: Option<SecretString>,
}

impl Keys {
    /// What must be redacted.
    pub(in crate::cloud) fn secrets(&self) -> Vec<SecretString> {
        let pair = [SecretString::from(self.access_key.as_str()), self.secret_key.clone()];
        pair.into_iter().chain(self.security_token.clone()).collect()
    }
}

/// A token of IAM, sent as `X-Auth-Token`. Has no `Debug`: it holds a secret.
#[derive(Clone)]
pub(in crate::cloud) struct Token {
    pub value: SecretString,
    /// The project that it is for, if it is for one.
    pub project_id: Option<String>,
}

/// Keys or a token.
#[derive(Clone)]
pub(in crate::cloud) enum Proof {
    /// Requests are signed.
    Keys(Keys),
    /// Requests carry it.
    Token(Token),
}

impl Proof {
    /// What must be redacted.
    pub fn secrets(&self) -> Vec<SecretString> {
        match self {
            Self::Keys(keys) => keys.secrets(),
            Self::Token(Token { value, project_id: _ }) => vec![value.clone()],
        }
    }
}

/// What an exchange gave, and when it ends.
pub(in crate::cloud) struct Fresh<T> {
    pub value: T,
    /// In the cloud's time.
    pub expires_at: Timestamp,
}
