//! The secrets of an account that are in use, or were a moment ago: a call that is under way may still tell them.

use secrecy::{ExposeSecret, SecretString};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::cloud::errors::redact::Secrets;

/// How many that come and go are known: several renewals of each.
const LIMIT: usize = 32;

pub(in crate::cloud) struct KnownSecrets {
    /// Those that stay.
    fixed: Vec<SecretString>,
    changing: Mutex<Changing>,
}

struct Changing {
    /// The oldest first.
    secrets: VecDeque<SecretString>,
    /// All of them, and those that stay.
    all: Arc<Secrets>,
}

impl KnownSecrets {
    pub fn new(fixed: Vec<SecretString>) -> Self {
        let all = Arc::new(Secrets::new(fixed.iter().map(ExposeSecret::expose_secret)));
        Self { fixed, changing: Mutex::new(Changing { secrets: VecDeque::new(), all }) }
    }

    /// These are to be redacted from now on.
    pub fn learn(&self, secrets: impl IntoIterator<Item = SecretString>) {
        let mut changing = self.lock();
        for secret in secrets {
            changing.secrets.retain(|known| known.expose_secret() != secret.expose_secret());
            changing.secrets.push_back(secret);
        }
        let surplus = changing.secrets.len().saturating_sub(LIMIT);
        changing.secrets.drain(..surplus);
        changing.all = Arc::new(Secrets::new(self.fixed.iter().chain(&changing.secrets).map(ExposeSecret::expose_secret)));
    }

    /// All of them, and that of one request.
    pub fn with(&self, secret: Option<&SecretString>) -> Arc<Secrets> {
        let changing = self.lock();
        match secret {
            None => Arc::clone(&changing.all),
            Some(_) => Arc::new(Secrets::new(self.fixed.iter().chain(&changing.secrets).chain(secret).map(ExposeSecret::expose_secret))),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Changing> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::errors::catalogue::OwnCode;
    use crate::cloud::errors::{CloudError, RequestOutcome};

    fn told(known: &KnownSecrets, secret: Option<&SecretString>, text: &str) -> String {
        known.with(secret).redact(CloudError::local("x", OwnCode::Malformed, text, RequestOutcome::Refused)).message
    }

    #[test]
    fn what_is_in_use_is_redacted_and_what_is_long_gone_forgotten() {
        let known = KnownSecrets::new(vec!["fixed-secret".into()]);
        known.learn(["key-first".into()]);
        for number in 0..100 {
            let (key, token) = (format!("key-{number:03}-"), format!("token-{number:03}-"));
            known.learn([key.clone().into(), token.clone().into(), "id-token".into()]);
            let request = SecretString::from("of-this-request");
            let text = format!("fixed-secret {key} {token} id-token of-this-request");
            assert_eq!(told(&known, Some(&request), &text), "*** *** *** *** ***");
            // The one before may still be in flight.
            if number > 0 {
                assert_eq!(told(&known, None, &format!("key-{:03}-", number - 1)), "***");
            }
        }
        assert_eq!(told(&known, None, "key-first of-this-request"), "key-first of-this-request");
        assert_eq!(known.lock().secrets.len(), LIMIT);
    }
}
