//! Requests to the two services that are near the pod: the metadata service of the node, and the agent of pod identity.
//!
//! They have a client of their own. No proxy is asked: both answer for who asks, and the metadata service refuses what was forwarded. No redirect is followed, and
//! plain HTTP goes only to addresses that do not leave the site.

use reqwest::redirect::Policy;
use reqwest::{Method, Url};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use crate::cloud::errors::catalogue::OwnCode;
use crate::cloud::errors::{CloudError, ErrorClass, RequestOutcome, innermost};

/// Largest answer that is read, in bytes.
const BODY_LIMIT: usize = 256 << 10;

/// Sends requests to one of them.
pub(in crate::cloud) struct LocalClient {
    http: reqwest::Client,
    operation: &'static str,
}

/// One request.
pub(in crate::cloud) struct LocalRequest<'a> {
    pub method: Method,
    pub url: &'a str,
    /// A header that may hold a secret.
    pub header: Option<(&'static str, &'a str)>,
    pub body: Option<&'static str>,
}

/// Any answer.
pub(in crate::cloud) struct LocalAnswer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl LocalClient {
    /// # Errors
    /// The system has no trust store.
    pub fn new(operation: &'static str, timeout: Duration) -> Result<Self, CloudError> {
        let builder = reqwest::Client::builder().no_proxy().redirect(Policy::none()).connect_timeout(timeout).timeout(timeout);
        let http = builder.build().map_err(|error| CloudError::local(operation, OwnCode::Internal, error, RequestOutcome::Refused))?;
        Ok(Self { http, operation })
    }

    /// # Errors
    /// The address is not allowed, or there is no answer.
    pub async fn send(&self, request: LocalRequest<'_>) -> Result<LocalAnswer, CloudError> {
        let local = |code: OwnCode, what: String| CloudError::local(self.operation, code, what, RequestOutcome::Refused);
        let url = check(request.url).map_err(|what| local(OwnCode::AddressNotAllowed, what))?;
        let mut builder = self.http.request(request.method, url);
        if let Some((name, value)) = request.header {
            builder = builder.header(name, value);
        }
        if let Some(body) = request.body {
            builder = builder.header("Content-Type", "application/json; charset=utf-8").body(body);
        }
        let unanswered = |error: &reqwest::Error| {
            let code = if error.is_timeout() { OwnCode::Timeout } else { OwnCode::Unreachable };
            local(code, format!("{}: {}", request.url, innermost(error)))
        };
        let mut response = builder.send().await.map_err(|error| unanswered(&error))?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| unanswered(&error))? {
            if body.len() + chunk.len() > BODY_LIMIT {
                return Err(local(OwnCode::TooLarge, format!("the answer is larger than {BODY_LIMIT} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(LocalAnswer { status, body })
    }

    /// The error of an answer that is none of the expected ones. Such answers are texts, not the cloud's JSON.
    pub fn refused(&self, answer: &LocalAnswer) -> CloudError {
        let error = CloudError::from_answer(self.operation, answer.status, None, &answer.body);
        let class = match answer.status {
            401 | 403 | 404 => ErrorClass::Auth,
            400 => ErrorClass::Invalid,
            429 => ErrorClass::Throttled,
            _ => ErrorClass::Server,
        };
        CloudError { class, outcome: RequestOutcome::Refused, ..error }
    }
}

/// Whether the metadata service or the agent may be asked at `url`: by HTTPS anywhere, by HTTP only at a loopback, link-local or private address.
///
/// # Errors
/// What is wrong with it, and what is allowed.
pub fn check_address(url: &str) -> Result<(), String> {
    check(url).map(|_| ())
}

fn check(url: &str) -> Result<Url, String> {
    const ALLOWED: &str = "use https://, or http:// with a loopback, link-local or private IP address";
    let parsed = Url::parse(url).map_err(|error| format!("{url}: {error}; {ALLOWED}"))?;
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err(format!("the address must not have a user or password; {ALLOWED}"));
    }
    let host = parsed.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let is_allowed = match parsed.scheme() {
        "https" => true,
        "http" => address.is_ok_and(stays_on_site),
        _ => false,
    };
    if is_allowed { Ok(parsed) } else { Err(format!("{url} is not allowed: {ALLOWED}")) }
}

fn stays_on_site(address: IpAddr) -> bool {
    let v4 = |address: Ipv4Addr| address.is_loopback() || address.is_link_local() || address.is_private();
    let v6 = |address: Ipv6Addr| address.is_loopback() || address.is_unicast_link_local() || address.is_unique_local();
    match address.to_canonical() {
        IpAddr::V4(address) => v4(address),
        IpAddr::V6(address) => v6(address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::http::{StatusCode, header};
    use axum::routing::any;
    use proptest::prelude::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn plain_http_goes_only_to_addresses_that_stay_on_site() {
        let rows = [
            ("http://169.254.169.254", true),
            ("http://127.0.0.1:8080/x", true),
            ("http://10.1.2.3/x", true),
            ("http://172.31.0.1", true),
            ("http://192.168.1.1", true),
            ("http://[::1]:80", true),
            ("http://[fe80::1]", true),
            ("http://[fd00::23]/v1/credentials", true),
            ("http://[::ffff:10.0.0.1]", true),
            ("https://agent.example.com/x", true),
            ("https://203.0.113.1", true),
            ("http://203.0.113.1", false),
            ("http://172.32.0.1", false),
            ("http://100.64.0.1", false),
            ("http://0.0.0.0", false),
            ("http://[2001:db8::1]", false),
            ("http://[::ffff:203.0.113.1]", false),
            ("http://[::]", false),
            ("http://localhost", false),
            ("http://agent.example.com", false),
            ("http://10.0.0.1.example.com", false),
            ("http://10.0.0.1@203.0.113.1", false),
            ("https://user:secret@agent.example.com", false),
            ("ftp://127.0.0.1", false),
            ("file:///etc/passwd", false),
            ("127.0.0.1", false),
            ("", false),
        ];
        for (url, allowed) in rows {
            let checked = check_address(url);
            assert_eq!(checked.is_ok(), allowed, "{url}: {checked:?}");
            if let Err(message) = checked {
                assert!(message.contains("https://") && !message.contains("secret"), "{message}");
            }
        }
    }

    proptest! {
        /// However the address is written: as one number, in octal, in hexadecimal.
        #[test]
        fn no_way_of_writing_a_public_address_is_allowed(address: u32, form in 0..3) {
            let v4 = Ipv4Addr::from(address);
            let text = match form {
                0 => v4.to_string(),
                1 => address.to_string(),
                _ => format!("{address:#x}"),
            };
            let stays = v4.is_loopback() || v4.is_link_local() || v4.is_private();
            prop_assert_eq!(check_address(&format!("http://{text}/")).is_ok(), stays);
        }
    }

    #[tokio::test]
    async fn no_redirect_is_followed() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let visits = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&visits);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let elsewhere = format!("{url}/elsewhere");
        let handler = move || {
            counted.fetch_add(1, Ordering::Relaxed);
            let elsewhere = elsewhere.clone();
            async move { (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, elsewhere)]) }
        };
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(any(handler))).await });
        let client = LocalClient::new("x", Duration::from_secs(3)).unwrap();
        let request = LocalRequest { method: Method::POST, url: &url, header: Some(("Authorization", "t")), body: Some("{}") };
        let answer = client.send(request).await.unwrap();
        assert_eq!((answer.status, visits.load(Ordering::Relaxed)), (307, 1));
        assert_eq!(client.refused(&answer).class, ErrorClass::Server);
    }
}
