//! The cloud client against servers that answer as the simulator never would.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use axum::Router;
use axum::extract::{Query, Request};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::any;
use direct_connect_operator::cloud::{Class, Client, CloudError, Credentials, Listed, Outcome, Priority, Settings, VirtualGateway};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Serves `answer` to everything on a port of its own.
async fn serve<R, F>(answer: F) -> (String, Arc<AtomicUsize>)
where
    R: IntoResponse,
    F: Fn(HashMap<String, String>, Request) -> R + Clone + Send + Sync + 'static,
{
    let hits = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&hits);
    let handler = move |Query(query): Query<HashMap<String, String>>, request: Request| {
        counted.fetch_add(1, Ordering::Relaxed);
        let answer = answer(query, request).into_response();
        async move { answer }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(any(handler))).await });
    (url, hits)
}

fn client(url: &str) -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let settings = Settings {
        region: "r".into(),
        dc_endpoint: url.into(),
        iam_endpoint: url.into(),
        project_id: Some("p".into()),
        ca_bundle: None,
        reads_per_minute: 6000,
        writes_per_minute: 6000,
        burst: 100,
        call_limit: Duration::from_secs(2),
    };
    let credentials = Credentials::AccessKey { access_key: "AK".into(), secret_key: "SK".into(), security_token: None };
    Client::new(settings, credentials).unwrap()
}

async fn show(url: &str) -> Result<VirtualGateway, CloudError> {
    client(url).fetch(&VirtualGateway::show("1")).await
}

#[tokio::test]
async fn all_pages_are_read_and_a_marker_that_stands_still_is_an_error() {
    let (url, hits) = serve(|query, _| {
        assert_eq!(query["limit"], "2000");
        let (ids, next) = match query.get("marker").map(String::as_str) {
            None => (["1", "2"].as_slice(), Some("2")),
            Some("2") => (["3", "4"].as_slice(), Some("4")),
            Some(_) => (["5"].as_slice(), None),
        };
        let items: Vec<Value> = ids.iter().map(|id| json!({ "id": id, "tags": null, "new_field": {} })).collect();
        axum::Json(json!({ "virtual_gateways": items, "page_info": { "next_marker": next, "current_count": items.len() } }))
    })
    .await;
    let all = client(&url).list::<VirtualGateway>(Priority::Look).await.unwrap();
    assert_eq!(all.iter().map(|gateway| gateway.id.as_str()).collect::<Vec<_>>(), ["1", "2", "3", "4", "5"]);
    assert_eq!(hits.load(Ordering::Relaxed), 3);

    let (url, _) = serve(|_, _| axum::Json(json!({ "virtual_gateways": [{ "id": "1" }], "page_info": { "next_marker": "1" } }))).await;
    assert_eq!(client(&url).list::<VirtualGateway>(Priority::Look).await.unwrap_err().code, "Malformed");
}

#[tokio::test]
async fn credentials_follow_no_redirect() {
    let (elsewhere, visits) = serve(|_, _| "stolen").await;
    let (url, _) = serve(move |_, _| (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, elsewhere.clone())])).await;
    let error = show(&url).await.unwrap_err();
    assert_eq!((error.class, error.http_status), (Class::Server, Some(307)), "{error}");
    assert_eq!(visits.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn whatever_is_no_answer_is_an_error_of_class_server_with_unknown_effect() {
    let bodies: [&[u8]; 6] = [b"", b"<html>", b"{\"virtual_gateway\":", b"[]", b"{\"virtual_gateway\": 5}", b"\xff\xfe"];
    for body in bodies {
        let (url, _) = serve(move |_, _| body).await;
        let error = show(&url).await.unwrap_err();
        assert_eq!((error.class, error.outcome, error.code.as_str()), (Class::Server, Outcome::Unknown, "Malformed"), "{body:?}");
    }
    let (url, _) = serve(|_, _| vec![b' '; 40 << 20]).await;
    assert_eq!(show(&url).await.unwrap_err().code, "TooLarge");
    let refused = show("http://127.0.0.1:1").await.unwrap_err();
    assert_eq!((refused.class, refused.outcome), (Class::Server, Outcome::Refused), "nothing was sent: {refused}");
}

#[tokio::test]
async fn a_silent_server_is_given_up_in_time() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let silent = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            held.push(connection);
        }
    });
    let error = show(&url).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.outcome), ("Timeout", Outcome::Unknown));
    silent.abort();
}
