//! The services that issue temporary keys and tokens.

mod contract;
mod exchanges;
mod iam;
mod nodes;
mod sts;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{harness::*, signing::Key};

pub const OIDC: &str = "v5/agencies/assume-with-oidc";
pub const ASSUME: &str = "v5/agencies/assume";
pub const TOKENS: &str = "v3.0/OS-AUTH/id-token/tokens";
pub const KEYS: &str = "v3.0/OS-CREDENTIAL/securitytokens";
pub const METADATA_TOKEN: &str = "meta-data/latest/api/token";
pub const METADATA_KEYS: &str = "openstack/latest/securitykey";
pub const AGENT: &str = "pod-identity/credentials";

/// The ids of the domains of the two accounts.
pub const DOMAIN: &str = "37829608110c28f2675d0033a8675060";
pub const PARTNERS_DOMAIN: &str = "47829608110c28f2675d0033a8675060";

/// An id token of the operator's service account, which ends in an hour, with some claims changed.
pub fn id_token(changes: Value) -> String {
    let claims = json!({
        "iss": "https://kubernetes.default.svc", "sub": "system:serviceaccount:direct-connect:direct-connect-operator",
        "aud": ["direct-connect-operator"], "exp": Timestamp::now().as_second() + 3600,
    });
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", part(json!({"alg": "RS256"})), part(with(claims, changes)), "c2ln")
}

/// The token that a pod has for the agent.
pub fn pod_token(changes: Value) -> String {
    id_token(with(json!({"aud": ["service.cce.pods"]}), changes))
}

/// The answer of a service, whose errors can be plain text.
pub async fn send(cloud: &Simulator, method: Method, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> Answer {
    let mut request = cloud.client.request(method, format!("{}/{path}", cloud.base));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(body) = body {
        request = request.json(&body);
    }
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::from(text));
    Answer { status, body, headers }
}

pub fn oidc_request(token: &str) -> Value {
    json!({
        "provider_urn": format!("iam::{DOMAIN}:oidcProvider:cluster"), "agency_urn": format!("iam::{DOMAIN}:agency:direct-connect"),
        "agency_session_name": "direct-connect-operator", "id_token": token,
    })
}

/// The key in an answer of any of the services, with the text of its end.
pub fn key_of(answer: &Answer) -> (Key, Timestamp) {
    assert!([200, 201].contains(&answer.status), "{} {}", answer.status, answer.body);
    let inner = answer.body.get("credentials").or(answer.body.get("credential")).unwrap_or_else(|| panic!("no keys: {}", answer.body));
    let text = |names: [&str; 3]| names.iter().find_map(|name| inner[name].as_str()).unwrap_or_else(|| panic!("{names:?}: {inner}"));
    let id = text(["access_key_id", "access", "accessKeyId"]);
    let secret = text(["secret_access_key", "secret", "secretAccessKey"]);
    let token = text(["security_token", "securitytoken", "securityToken"]);
    let expires_at = text(["expiration", "expires_at", "expiration"]);
    (Key::new(id, secret, token), expires_at.parse().unwrap())
}

/// The status and the code with which the key reads the gateways of a project.
pub async fn read(cloud: &Simulator, key: &Key, project: &str) -> (u16, String) {
    let path = format!("/v3/{project}/dcaas/virtual-gateways?limit=1");
    let answer = key.call(cloud, Method::GET, &path, None).await;
    (answer.status, answer.code().to_owned())
}

pub async fn exchanges(cloud: &Simulator) -> Value {
    cloud.admin(Method::GET, "exchanges", None).await.body
}

/// The text of an error.
pub fn message(answer: &Answer) -> &str {
    let texts = [&answer.body["error_msg"], &answer.body["error"]["message"], &answer.body];
    texts.into_iter().find_map(Value::as_str).unwrap_or_default()
}
