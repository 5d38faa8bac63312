//! The cloud's no to the credentials, which is remembered: it ends all calls that would be made with them.
//!
//! The cloud locks an account after a few wrong passwords, and nothing but other credentials turns its answer. What is refused for a token
//! that has aged or for the time of a signature says nothing of the credentials and is not remembered.

use tokio::sync::watch;

use crate::cloud::errors::class::ErrorClass;
use crate::cloud::errors::{CloudError, RequestOutcome};

/// Code of a token that has expired or is of another region.
const TOKEN_TO_BE_RENEWED: &str = "APIGW.0307";
/// Code of a wrong key and of a signature whose time is off.
const KEY_OR_CLOCK: &str = "APIGW.0303";

/// Empty until the credentials are rejected.
pub(in crate::cloud) struct Rejection(watch::Sender<Option<CloudError>>);

/// What was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cloud) enum Proof {
    /// User and password, at the login.
    Login,
    /// A new token.
    Token,
    /// A signature; `timely` when its time is known to have been right.
    Signature {
        /// Whether the answer told a time and the signature bore it.
        timely: bool,
    },
}

impl Rejection {
    pub fn new() -> Self {
        Self(watch::Sender::new(None))
    }

    pub fn get(&self) -> Option<CloudError> {
        self.0.borrow().clone()
    }

    /// The error that was remembered, if any.
    pub fn check(&self) -> Result<(), CloudError> {
        self.get().map_or(Ok(()), Err)
    }

    /// Remembers `error` when it says that the credentials themselves are not accepted. The first one stays.
    pub fn judge(&self, error: &CloudError, proof: Proof) {
        if !speaks_of_credentials(error, proof) {
            return;
        }
        self.0.send_if_modified(|known| {
            let first = known.is_none();
            if first {
                tracing::warn!(code = error.code, request_id = error.request_id, "no further call with these credentials: {error}");
                *known = Some(CloudError { outcome: RequestOutcome::Refused, ..error.clone() });
            }
            first
        });
    }

    /// Resolves once the credentials are rejected.
    pub async fn until(&self) {
        // The sender lives as long as the borrow, so the wait can't fail.
        let _ = self.0.subscribe().wait_for(Option::is_some).await;
    }
}

fn speaks_of_credentials(error: &CloudError, proof: Proof) -> bool {
    error.class == ErrorClass::Auth
        && match proof {
            Proof::Login => true,
            Proof::Token => error.code != TOKEN_TO_BE_RENEWED,
            Proof::Signature { timely } => timely || error.code != KEY_OR_CLOCK,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_speaks_of_credentials_is_remembered() {
        let keystone = r#"{"error":{"code":401,"message":"The username or password is wrong."}}"#;
        let signature = Proof::Signature { timely: true };
        let untimed = Proof::Signature { timely: false };
        let table = [
            (401, keystone, Proof::Login, true),
            (401, r#"{"error_code":"IAM.0001","error_msg":""}"#, Proof::Login, true),
            (403, r#"{"error_code":"IAM.0002","error_msg":""}"#, Proof::Login, false),
            (500, keystone, Proof::Login, false),
            (401, "<html>", Proof::Login, false),
            (401, r#"{"error_code":"APIGW.0301","error_msg":""}"#, Proof::Token, true),
            (401, r#"{"error_code":"APIGW.0305","error_msg":""}"#, Proof::Token, true),
            (401, r#"{"error_code":"APIGW.0307","error_msg":""}"#, Proof::Token, false),
            (401, r#"{"error_code":"APIGW.0301","error_msg":""}"#, untimed, true),
            (401, r#"{"error_code":"APIGW.0303","error_msg":""}"#, untimed, false),
            (401, r#"{"error_code":"APIGW.0303","error_msg":""}"#, signature, true),
            (401, r#"{"error_code":"APIGW.0307","error_msg":""}"#, signature, true),
            (403, r#"{"error_code":"APIGW.0302","error_msg":""}"#, signature, false),
            (403, r#"{"error_msg":"no"}"#, signature, false),
            (503, r#"{"error_code":"APIGW.0301","error_msg":""}"#, signature, false),
        ];
        for (status, body, proof, remembered) in table {
            let rejection = Rejection::new();
            rejection.judge(&CloudError::from_answer("x", status, None, body.as_bytes()), proof);
            assert_eq!(rejection.get().is_some(), remembered, "{status} {body} {proof:?}");
        }
    }

    #[tokio::test]
    async fn the_first_one_stays_and_wakes_who_waits() {
        let rejection = Rejection::new();
        let error =
            |code: &str| CloudError::from_answer("x", 401, None, format!(r#"{{"error_code":"{code}","error_msg":"no"}}"#).as_bytes());
        assert!(rejection.check().is_ok());
        let (first, second) = (error("APIGW.0301"), error("APIGW.0305"));
        tokio::join!(rejection.until(), async {
            rejection.judge(&first, Proof::Login);
            rejection.judge(&second, Proof::Login);
        });
        assert_eq!(rejection.check(), Err(first));
    }
}
