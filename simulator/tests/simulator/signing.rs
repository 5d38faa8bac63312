//! Signed requests.

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use reqwest::Method;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::harness::{Answer, Simulator};

/// An access key, with its security token if it is temporary.
#[derive(Clone, Debug)]
pub struct Key {
    pub id: String,
    pub secret: String,
    pub token: Option<String>,
    /// When it signs, if not now.
    pub at: Option<Timestamp>,
    /// Whether it signs the security token that it sends.
    pub signs_token: bool,
}

impl Key {
    pub fn new(id: &str, secret: &str, token: &str) -> Self {
        let token = Some(token.to_owned()).filter(|token| !token.is_empty());
        Self { id: id.to_owned(), secret: secret.to_owned(), token, at: None, signs_token: true }
    }

    /// The key of the first account.
    pub fn own() -> Self {
        Self::new("AKSIMULATOR000000001", "SKsimulator/000000000000000000000000000+", "")
    }

    pub async fn call(&self, cloud: &Simulator, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let date = self.at.unwrap_or_else(Timestamp::now).strftime("%Y%m%dT%H%M%SZ").to_string();
        let host = cloud.base.trim_start_matches("http://");
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut headers = vec![("host", host), ("x-sdk-date", date.as_str())];
        headers.extend(self.token.as_deref().filter(|_| self.signs_token).map(|token| ("x-security-token", token)));
        let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
        let lines: String = headers.iter().flat_map(|(name, value)| [*name, ":", *value, "\n"]).collect();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let canonical = format!("{method}\n{path}/\n{query}\n{lines}\n{names}\n{}", hex(&Sha256::digest(&body)));
        let to_sign = format!("SDK-HMAC-SHA256\n{date}\n{}", hex(&Sha256::digest(canonical)));
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()).unwrap();
        mac.update(to_sign.as_bytes());
        let signature = hex(&mac.finalize().into_bytes());
        let authorization = format!("SDK-HMAC-SHA256 Access={}, SignedHeaders={names}, Signature={signature}", self.id);
        let mut request = cloud.client.request(method, format!("{}{path}?{query}", cloud.base)).header("Authorization", authorization);
        request = request.header("X-Sdk-Date", &date).body(body);
        if let Some(token) = &self.token {
            request = request.header("X-Security-Token", token);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or(Value::Null);
        Answer { status, body, headers }
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
