//! Remembers that the cloud rejected the credentials: no further call is sent with them.
//!
//! The cloud locks a user after a few wrong passwords, and only other credentials help. A call that is refused because its token has expired or
//! the time of its signature is off says nothing about the credentials and is not remembered.

use tokio::sync::watch;

use crate::cloud::errors::class::ErrorClass;
use crate::cloud::errors::{CloudError, RequestOutcome};

/// Code for a token that has expired or is another region's.
const TOKEN_EXPIRED: &str = "APIGW.0307";
/// Code for a wrong key and for a signature whose time is off.
const KEY_OR_CLOCK: &str = "APIGW.0303";

/// Empty until the credentials are rejected.
pub(in crate::cloud) struct Rejection(watch::Sender<Option<CloudError>>);

/// What the cloud refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cloud) enum Refused {
    /// User and password at the login.
    Login,
    /// A new token.
    Token,
    /// A signature.
    Signature {
        /// Whether its time is known to be right: the answer had a time that agrees with it.
        clock_agrees: bool,
    },
}

impl Rejection {
    pub fn new() -> Self {
        Self(watch::Sender::new(None))
    }

    pub fn get(&self) -> Option<CloudError> {
        self.0.borrow().clone()
    }

    /// # Errors
    /// With the remembered error.
    pub fn check(&self) -> Result<(), CloudError> {
        self.get().map_or(Ok(()), Err)
    }

    /// Remembers `error` if it means that the credentials themselves are rejected. The first error stays.
    pub fn record(&self, error: &CloudError, refused: Refused) {
        if !rejects_credentials(error, refused) {
            return;
        }
        self.0.send_if_modified(|known| {
            let first = known.is_none();
            if first {
                tracing::warn!(
                    code = error.code,
                    request_id = error.request_id,
                    "credentials rejected, no further call is sent with them: {error}"
                );
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

fn rejects_credentials(error: &CloudError, refused: Refused) -> bool {
    error.class == ErrorClass::Auth
        && match refused {
            Refused::Login => true,
            Refused::Token => error.code != TOKEN_EXPIRED,
            Refused::Signature { clock_agrees } => clock_agrees || error.code != KEY_OR_CLOCK,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_rejection_of_the_credentials_is_remembered() {
        let keystone = r#"{"error":{"code":401,"message":"The username or password is wrong."}}"#;
        let signature = Refused::Signature { clock_agrees: true };
        let untimed = Refused::Signature { clock_agrees: false };
        let table = [
            (401, keystone, Refused::Login, true),
            (401, r#"{"error_code":"IAM.0001","error_msg":""}"#, Refused::Login, true),
            (403, r#"{"error_code":"IAM.0002","error_msg":""}"#, Refused::Login, false),
            (500, keystone, Refused::Login, false),
            (401, "<html>", Refused::Login, false),
            (401, r#"{"error_code":"APIGW.0301","error_msg":""}"#, Refused::Token, true),
            (401, r#"{"error_code":"APIGW.0305","error_msg":""}"#, Refused::Token, true),
            (401, r#"{"error_code":"APIGW.0307","error_msg":""}"#, Refused::Token, false),
            (401, r#"{"error_code":"APIGW.0301","error_msg":""}"#, untimed, true),
            (401, r#"{"error_code":"APIGW.0303","error_msg":""}"#, untimed, false),
            (401, r#"{"error_code":"APIGW.0303","error_msg":""}"#, signature, true),
            (401, r#"{"error_code":"APIGW.0307","error_msg":""}"#, signature, true),
            (403, r#"{"error_code":"APIGW.0302","error_msg":""}"#, signature, false),
            (403, r#"{"error_msg":"no"}"#, signature, false),
            (503, r#"{"error_code":"APIGW.0301","error_msg":""}"#, signature, false),
        ];
        for (status, body, refused, remembered) in table {
            let rejection = Rejection::new();
            rejection.record(&CloudError::from_answer("x", status, None, body.as_bytes()), refused);
            assert_eq!(rejection.get().is_some(), remembered, "{status} {body} {refused:?}");
        }
    }

    #[tokio::test]
    async fn the_first_error_stays_and_wakes_waiters() {
        let rejection = Rejection::new();
        let error =
            |code: &str| CloudError::from_answer("x", 401, None, format!(r#"{{"error_code":"{code}","error_msg":"no"}}"#).as_bytes());
        assert!(rejection.check().is_ok());
        let (first, second) = (error("APIGW.0301"), error("APIGW.0305"));
        tokio::join!(rejection.until(), async {
            rejection.record(&first, Refused::Login);
            rejection.record(&second, Refused::Login);
        });
        assert_eq!(rejection.check(), Err(first));
    }
}
