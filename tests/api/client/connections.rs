//! Requests that would order or cancel a connection, or change what it costs: they do not leave.

use axum::http::StatusCode;
use direct_connect_operator::cloud::{Call, ErrorClass, Method, Priority, RequestOutcome, UpdateConnection};
use serde_json::json;
use std::sync::atomic::Ordering;

use super::{client, serve};

#[tokio::test]
async fn what_costs_or_ends_a_connection_does_not_leave() {
    let (url, hits) = serve(|_, _| (StatusCode::OK, r#"{"direct_connect": {"id": "c-1"}}"#)).await;
    let client = client(&url);
    let (one, all): (&[&str], &[&str]) = (&["dcaas", "direct-connects", "c-1"], &["dcaas", "direct-connects"]);
    let body = json!({ "direct_connect": { "name": "a", "bandwidth": 2 } });
    let refused = [
        Call::new("DeleteDirectConnect", Method::Delete, one, "direct_connect"),
        Call::new("DeleteDirectConnect", Method::Delete, &["dcaas", "hosted-connects", "..", "direct-connects", "c-1"], "direct_connect"),
        Call::new("CreateDirectConnect", Method::Post, all, "direct_connect").with_bare_body(body.clone()),
        Call::new("UpdateDirectConnect", Method::Put, one, "direct_connect").with_bare_body(body),
    ];
    // Often enough to open a circuit breaker, if they were failures of the cloud.
    for call in refused.iter().cycle().take(40) {
        client.permit(call, Priority::Change).await;
        let Err(error) = client.send(call).await else { panic!("it was sent: {call:?}") };
        assert_eq!((error.code.as_str(), error.class), ("ConnectionProtected", ErrorClass::Invalid), "{error}");
        assert_eq!(error.outcome, RequestOutcome::Refused, "{error}");
    }
    assert_eq!(hits.load(Ordering::Relaxed), 0);
    let update = UpdateConnection { name: Some("a".to_owned()), ..UpdateConnection::default() }.call("c-1");
    client.permit(&update, Priority::Change).await;
    client.send(&update).await.unwrap();
    assert_eq!(hits.load(Ordering::Relaxed), 1);
}
