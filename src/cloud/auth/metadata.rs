//! `metadata`: temporary keys of the agency of the node, from its metadata service.
//!
//! Source: `metadata_accessor.go` of the vendor's SDK for Go. Version 2 of the service wants a token of its own first; where there is no version 2 it says so.

use reqwest::Method;
use std::time::Duration;

use super::exchange::IAM_KEYS;
use super::local::{LocalAnswer, LocalClient, LocalRequest};
use super::proof::{Fresh, Proof};
use crate::cloud::errors::CloudError;
use crate::cloud::errors::class::ErrorClass;

pub(in crate::cloud) const OPERATION: &str = "GetMetadataSecurityKey";
const TIMEOUT: Duration = Duration::from_secs(3);
/// Life of the service's own token, in seconds: it is used at once.
const TOKEN_LIFE: &str = "60";
/// How the service says that the node has no agency.
const NO_AGENCY: &str = "configure Cloud Service Agency";

/// Asks the service at the base URL `endpoint`.
///
/// # Errors
/// The node has no agency, or the service does not answer.
pub(in crate::cloud) async fn ask(endpoint: &str) -> Result<Vec<u8>, CloudError> {
    let client = LocalClient::new(OPERATION, TIMEOUT)?;
    let endpoint = endpoint.trim_end_matches('/');
    let answer = ask_once(&client, endpoint).await?;
    // The token may have ended meanwhile.
    let again = answer.status == 401 && !says_no_agency(&answer);
    let answer = if again { ask_once(&client, endpoint).await? } else { answer };
    match answer.status {
        200 => Ok(answer.body),
        _ if says_no_agency(&answer) => {
            let what = "the node has no agency: set one for the ECS in the console, or use a node pool that has one";
            Err(CloudError { message: what.to_owned(), class: ErrorClass::Auth, ..client.refused(&answer) })
        }
        _ => Err(client.refused(&answer)),
    }
}

async fn ask_once(client: &LocalClient, endpoint: &str) -> Result<LocalAnswer, CloudError> {
    let (token_url, keys_url) = (format!("{endpoint}/meta-data/latest/api/token"), format!("{endpoint}/openstack/latest/securitykey"));
    let life = Some(("X-Metadata-Token-Ttl-Seconds", TOKEN_LIFE));
    let token = client.send(LocalRequest { method: Method::PUT, url: &token_url, header: life, body: None }).await?;
    let token = match token.status {
        200 => Some(String::from_utf8_lossy(&token.body).trim().to_owned()).filter(|token| !token.is_empty()),
        404 | 405 | 503 => None,
        _ => return Ok(token),
    };
    let header = token.as_deref().map(|token| ("X-Metadata-Token", token));
    client.send(LocalRequest { method: Method::GET, url: &keys_url, header, body: None }).await
}

fn says_no_agency(answer: &LocalAnswer) -> bool {
    answer.status == 401 && String::from_utf8_lossy(&answer.body).contains(NO_AGENCY)
}

/// Reads the service's answer.
///
/// # Errors
/// The field that can't be read.
pub(in crate::cloud) fn read(body: &[u8]) -> Result<Fresh<Proof>, String> {
    IAM_KEYS.read(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::extract::Request;
    use axum::http::StatusCode;
    use axum::routing::any;
    use std::sync::{Arc, Mutex};

    const KEYS: &str = r#"{"credential":{"access":"AK","secret":"SK","securitytoken":"ST","expires_at":"2030-01-31T12:00:00.000000Z"}}"#;
    const NO_AGENCY: &str = "Please configure Cloud Service Agency first";

    /// Answers, what becomes of them, and the requests.
    type Row = (&'static [(u16, &'static str)], Result<(), ErrorClass>, Vec<String>);

    /// A service that answers in this order, and what it was asked: method and token.
    async fn serve(answers: &[(u16, &'static str)]) -> (String, Arc<Mutex<Vec<String>>>) {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, mut answers) = (Arc::clone(&asked), answers.to_vec());
        answers.reverse();
        let answers = Arc::new(Mutex::new(answers));
        let handler = move |request: Request| {
            let token = request.headers().get("X-Metadata-Token").map_or("-", |token| token.to_str().unwrap()).to_owned();
            log.lock().unwrap().push(format!("{} {} {token}", request.method(), request.uri().path()));
            let (status, body) = answers.lock().unwrap().pop().unwrap();
            async move { (StatusCode::from_u16(status).unwrap(), body) }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(any(handler))).await });
        (url, asked)
    }

    #[tokio::test]
    async fn version_2_is_tried_first_and_version_1_where_there_is_none() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let put = "PUT /meta-data/latest/api/token -";
        let get = |token: &str| format!("GET /openstack/latest/securitykey {token}");
        let rows: Vec<Row> = vec![
            (&[(200, "T1\n"), (200, KEYS)], Ok(()), vec![put.into(), get("T1")]),
            (&[(404, ""), (200, KEYS)], Ok(()), vec![put.into(), get("-")]),
            (&[(405, ""), (200, KEYS)], Ok(()), vec![put.into(), get("-")]),
            (&[(503, ""), (200, KEYS)], Ok(()), vec![put.into(), get("-")]),
            (&[(200, "T1"), (401, "expired"), (200, "T2"), (200, KEYS)], Ok(()), vec![put.into(), get("T1"), put.into(), get("T2")]),
            (
                &[(200, "T1"), (401, "expired"), (200, "T2"), (401, "expired")],
                Err(ErrorClass::Auth),
                vec![put.into(), get("T1"), put.into(), get("T2")],
            ),
            (&[(200, "T1"), (401, NO_AGENCY)], Err(ErrorClass::Auth), vec![put.into(), get("T1")]),
            (&[(404, ""), (404, "")], Err(ErrorClass::Auth), vec![put.into(), get("-")]),
            (&[(500, "")], Err(ErrorClass::Server), vec![put.into()]),
            (&[(200, "T1"), (500, "")], Err(ErrorClass::Server), vec![put.into(), get("T1")]),
        ];
        for (answers, expected, requests) in rows {
            let (url, asked) = serve(answers).await;
            let got = ask(&url).await;
            assert_eq!(got.as_ref().map(|_| ()).map_err(|error| error.class), expected, "{answers:?}");
            assert_eq!(*asked.lock().unwrap(), requests);
            if answers.last() == Some(&(401, NO_AGENCY)) {
                assert!(got.err().unwrap().message.contains("the node has no agency"));
            }
        }
        let fresh = read(KEYS.as_bytes()).unwrap();
        assert_eq!(fresh.expires_at.to_string(), "2030-01-31T12:00:00Z");
    }
}
