//! A request to STS or IAM that is answered with keys or a token, as a value. Made and read without IO.
//!
//! The answers hold secrets that nobody knows yet and nobody can redact: errors name the fields of an answer, and never tell what is in it.

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::Value;

use super::proof::{Fresh, Keys, Proof, Token};
use crate::cloud::endpoint::Endpoint;
use crate::cloud::errors::CloudError;
use crate::cloud::errors::class::ErrorClass;

/// Name of the session in what STS logs.
pub(in crate::cloud) const SESSION: &str = "direct-connect-operator";
/// Life of temporary keys that is asked for, in seconds: the longest that STS allows in a chain.
pub(in crate::cloud) const LIFE: u32 = 3600;

/// One exchange.
pub(in crate::cloud) struct Exchange {
    /// The vendor's operation id.
    pub operation: &'static str,
    pub endpoint: Endpoint,
    pub path: &'static str,
    pub query: Vec<(String, String)>,
    pub header: Option<(&'static str, String)>,
    pub body: Value,
    /// The secret in the body.
    pub secret: Option<SecretString>,
    pub read: Reader,
}

/// Reads an answer. An error names the field that is not there or can't be read.
pub(in crate::cloud) type Reader = fn(&Reply<'_>) -> Result<Fresh<Proof>, String>;

/// An answer with status 2xx.
pub(in crate::cloud) struct Reply<'a> {
    /// Header `X-Subject-Token`.
    pub subject_token: Option<&'a str>,
    pub body: &'a [u8],
}

/// The names of temporary keys in an answer, which differ from service to service.
pub(in crate::cloud) struct Names {
    pub wrapper: &'static str,
    pub access_key: &'static str,
    pub secret_key: &'static str,
    pub security_token: &'static str,
    pub expires_at: &'static str,
}

impl Names {
    /// Reads temporary keys.
    ///
    /// # Errors
    /// The field that is not there or can't be read.
    pub fn read(&self, body: &[u8]) -> Result<Fresh<Proof>, String> {
        let body = object(body)?;
        let keys = Keys {
            access_key: text(&body, self.wrapper, self.access_key)?.to_owned(),
            secret_key: SecretString::from(text(&body, self.wrapper, self.secret_key)?),
            security_token: Some(SecretString::from(text(&body, self.wrapper, self.security_token)?)),
        };
        Ok(Fresh { value: Proof::Keys(keys), expires_at: time(&body, self.wrapper, self.expires_at)? })
    }
}

/// Keys as STS gives them.
pub(in crate::cloud) const STS_KEYS: Names = Names {
    wrapper: "credentials",
    access_key: "access_key_id",
    secret_key: "secret_access_key",
    security_token: "security_token",
    expires_at: "expiration",
};

/// Keys as IAM and the metadata service give them.
pub(in crate::cloud) const IAM_KEYS: Names =
    Names { wrapper: "credential", access_key: "access", secret_key: "secret", security_token: "securitytoken", expires_at: "expires_at" };

/// Reads a token of IAM.
///
/// # Errors
/// The header or the field that is not there or can't be read.
pub(in crate::cloud) fn token(reply: &Reply<'_>) -> Result<Fresh<Proof>, String> {
    let body = object(reply.body)?;
    let expires_at = time(&body, "token", "expires_at")?;
    let project_id = body.pointer("/token/project/id").and_then(Value::as_str).map(str::to_owned);
    let value = reply.subject_token.filter(|token| !token.is_empty()).ok_or("the answer has no header X-Subject-Token")?;
    Ok(Fresh { value: Proof::Token(Token { value: SecretString::from(value), project_id }), expires_at })
}

fn object(body: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(body).ok().filter(Value::is_object).ok_or_else(|| "the answer is not a JSON object".to_owned())
}

fn text<'a>(body: &'a Value, wrapper: &str, name: &str) -> Result<&'a str, String> {
    let text = body.get(wrapper).and_then(|inner| inner.get(name)).and_then(Value::as_str).filter(|text| !text.is_empty());
    text.ok_or_else(|| format!("the answer has no text {wrapper}.{name}"))
}

fn time(body: &Value, wrapper: &str, name: &str) -> Result<Timestamp, String> {
    text(body, wrapper, name)?.parse().map_err(|_| format!("{wrapper}.{name} of the answer is no time like 2030-01-31T12:00:00Z"))
}

/// An error of an exchange: whatever it is that the service refuses, it is the credentials that do not lead to keys.
pub(in crate::cloud) fn refusal(error: CloudError) -> CloudError {
    let is_refused = matches!(error.http_status, Some(401 | 403 | 404)) && !error.class.is_transient();
    let class = match error.class {
        ErrorClass::Unsupported => ErrorClass::Unsupported,
        _ if is_refused => ErrorClass::Auth,
        class => class,
    };
    CloudError { class, ..error }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;
    use serde_json::json;

    fn keys(fresh: &Fresh<Proof>) -> [String; 4] {
        let Proof::Keys(Keys { access_key, secret_key, security_token }) = &fresh.value else { panic!("no keys") };
        let token = security_token.as_ref().unwrap().expose_secret().to_owned();
        [access_key.clone(), secret_key.expose_secret().to_owned(), token, fresh.expires_at.to_string()]
    }

    #[test]
    fn keys_are_read_by_the_names_of_each_service() {
        let sts = json!({ "credentials": { "access_key_id": "AK", "secret_access_key": "SK", "security_token": "ST", "expiration": "2022-09-07T03:27:51.158Z" } });
        let iam =
            json!({ "credential": { "access": "AK", "secret": "SK", "securitytoken": "ST", "expires_at": "2020-01-08T03:50:07.574000Z" } });
        for (names, body, end) in [(STS_KEYS, sts, "2022-09-07T03:27:51.158Z"), (IAM_KEYS, iam, "2020-01-08T03:50:07.574Z")] {
            let fresh = names.read(body.to_string().as_bytes()).unwrap();
            assert_eq!(keys(&fresh), ["AK", "SK", "ST", end]);
        }
    }

    /// Whatever is missing or odd is named, and nothing of the answer is told.
    #[test]
    fn what_can_not_be_read_is_named_and_not_told() {
        let whole = json!({ "credential": { "access": "SECRET1", "secret": "SECRET2", "securitytoken": "SECRET3", "expires_at": "2020-01-08T03:50:07Z" } });
        for field in ["access", "secret", "securitytoken", "expires_at"] {
            for odd in [json!(null), json!(""), json!(5), json!(["SECRET"]), json!({ "SECRET": 1 })] {
                let mut body = whole.clone();
                body["credential"][field] = odd;
                let error = IAM_KEYS.read(body.to_string().as_bytes()).err().unwrap();
                assert!(error.contains(&format!("credential.{field}")) && !error.contains("SECRET"), "{error}");
            }
        }
        let mut body = whole.clone();
        body["credential"]["expires_at"] = json!("SECRET4");
        assert!(!IAM_KEYS.read(body.to_string().as_bytes()).err().unwrap().contains("SECRET"));
        for body in ["", "SECRET", "[\"SECRET\"]", "{\"credential\":\"SECRET\"}", "{\"credential\":{\"access\":\"SECRET\""] {
            assert!(!IAM_KEYS.read(body.as_bytes()).err().unwrap().contains("SECRET"), "{body}");
        }
    }

    #[test]
    fn a_token_is_read_from_header_and_body() {
        let scoped = br#"{"token":{"expires_at":"2030-01-31T12:00:00.168000Z","project":{"id":"p","name":"r"}}}"#;
        let unscoped = br#"{"token":{"expires_at":"2030-01-31T12:00:00.168000Z","methods":["mapped"]}}"#;
        for (body, project) in [(scoped.as_slice(), Some("p")), (unscoped, None)] {
            let fresh = token(&Reply { subject_token: Some("T"), body }).unwrap();
            let Proof::Token(Token { value, project_id }) = fresh.value else { panic!("no token") };
            assert_eq!((value.expose_secret(), project_id.as_deref()), ("T", project));
            assert!(token(&Reply { subject_token: None, body }).is_err());
        }
        assert!(token(&Reply { subject_token: Some("T"), body: b"{}" }).is_err());
    }

    #[test]
    fn what_a_service_refuses_is_a_matter_of_the_credentials() {
        let rows = [
            (400, "STS5.1001", ErrorClass::Invalid),
            (400, "IAM.0011", ErrorClass::Invalid),
            (401, "IAM.0001", ErrorClass::Auth),
            (403, "IAM.0002", ErrorClass::Auth),
            (403, "STS5.1002", ErrorClass::Auth),
            (404, "IAM.0004", ErrorClass::Auth),
            (404, "STS5.1005", ErrorClass::Auth),
            (404, "APIGW.0101", ErrorClass::Unsupported),
            (429, "APIGW.0308", ErrorClass::Throttled),
            (500, "IAM.0006", ErrorClass::Server),
            (503, "STS5.1001", ErrorClass::Server),
        ];
        for (status, code, class) in rows {
            let body = json!({ "error_code": code, "error_msg": "no" }).to_string();
            assert_eq!(refusal(CloudError::from_answer("x", status, None, body.as_bytes())).class, class, "{status} {code}");
        }
        // A page of a proxy says nothing of the credentials.
        assert_eq!(refusal(CloudError::from_answer("x", 403, None, b"<html>")).class, ErrorClass::Server);
    }
}
